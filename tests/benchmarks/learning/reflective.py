"""The package gepa: one candidate text is the module with all functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.learning import child
from benchmarks.learning.ledger import Ledger, counts
from benchmarks.learning.modules import code_of
from benchmarks.learning.proxy import Proxy
from benchmarks.learning.stand import EMPTY, Stand
from rivals.environment import interpreter
from scripted_server import Fail

from fnopt.errors import FnoptError
from fnopt.library.function import Library, read
from fnopt.models.connect import endpoint_name
from fnopt.records import Task, Trial
from fnopt.train.attempts import observe

PACKAGE = "gepa==0.1.4"
SCRIPT = Path(__file__).with_name("gepa_child.py")
PATH = "functions/learned.py"
START = "# This module has no functions yet."
TEMPERATURE = 0.6
REPLY = 3_000  # tokens of a module
IDLE = 30  # proposals in a row that cost no trial: none of them can be read
TEMPLATE = """\
An assistant answers questions by calling the functions of this Python module:
```python
<curr_param>
```

These are questions that it was asked, what it did with that module, and feedback:
```
<side_info>
```

Your task is to write the improved module. Keep every function that works as it is. For each kind \
of question that was answered wrongly, add one function that computes the answer, or mend the \
function that was called for it.

Rules for the code:
- A function takes what stands in the question (numbers, strings, lists), never the answer; it \
computes the answer and returns it in the form that is expected.
- It must be general: it has to work for other questions of this kind too.
- Named parameters, a type annotation on each of them and on the result (plain str, int, float, \
bool, list, dict), and a docstring that says in one sentence what it returns.
- No printing, no input, no example calls, nothing at top level but imports and definitions.
- Import only from the standard library.

Provide the whole new module within one ```python block."""


def learn(stand: Stand) -> str:
    """Evolve the module until the budget is spent; the best on val is accepted each time."""
    role = stand.session.config.optimizer
    endpoint = endpoint_name(role.model, role.base_url)
    proxy = Proxy(stand.optimizer(), role.model, endpoint, REPLY)
    with child.started(interpreter(PACKAGE), SCRIPT, stand.folder) as rival:
        orders = {"start": START, "template": TEMPLATE, "budget": stand.ledger.budget}
        rival.tell({**orders, "train": _instances(stand, "train"), "val": _instances(stand, "val")})
        return _serve(stand, rival, proxy)


def _instances(stand: Stand, split: str) -> list[dict[str, str]]:
    tasks = stand.train if split == "train" else stand.val
    return [{"id": task.id, "split": split, "question": task.question} for task in tasks]


@dataclass
class Paid:
    """Counts the trials of the budget that evaluations came to; to a run that is started again they
    count as they did when they were made."""

    ledger: Ledger
    _known: set[int] = field(default_factory=set)

    def count(self, library: Library, tasks: Collection[Task]) -> int:
        """Trials of a library at these tasks that were not counted yet."""
        ids = {task.id for task in tasks}
        found = {
            at
            for at, row in enumerate(self.ledger.rows)
            if row["library"] == library.digest and row["task"] in ids and counts(row)
        }
        fresh = found - self._known
        self._known |= fresh
        return len(fresh)


def _serve(stand: Stand, rival: child.Child, proxy: Proxy) -> str:
    idle, paid = 0, Paid(stand.ledger)
    while (said := rival.hear())["kind"] != "done":
        if said["kind"] == "best":
            stand.say(f"the best so far: {said['score']:.3f} on val")
            stand.accept(library_of(said["text"])[0])
        elif said["kind"] == "reflect":
            idle += 1
            if idle > IDLE:
                return f"finished: {IDLE} proposals in a row cost no trial"
            rival.tell({"text": _reflected(proxy, said["prompt"])})
        else:
            answer = _evaluated(stand, said, paid)
            idle = 0 if answer["calls"] else idle
            rival.tell(answer)
    return "budget: all trials are spent"


def _reflected(proxy: Proxy, prompt: str) -> str:
    """The reply with its code in the one block that gepa looks for."""
    body = {"messages": [{"role": "user", "content": prompt}], "temperature": TEMPERATURE}
    answer = proxy.respond(body)
    if isinstance(answer, Fail):
        raise proxy.error or FnoptError("the reflection failed", "start the command again")
    assert isinstance(answer, dict), "BUG: a proxy answers with a completion"
    reply = str(answer["choices"][0]["message"]["content"])
    return f"```python\n{code_of(reply).strip()}\n```"


def library_of(text: str) -> tuple[Library, str]:
    """The library of a module's text; the empty one with the reason when it cannot be read."""
    library = read({PATH: text.encode("utf-8", "replace")})
    if library.functions:
        return library, ""
    said = "; ".join(fault.message for fault in library.faults)
    return EMPTY, said if library.faults else ""


def _evaluated(stand: Stand, asked: Mapping[str, Any], paid: Paid) -> dict[str, Any]:
    """The scores of a candidate on tasks, with what the reflection is told of each.

    A task can stand in a minibatch twice; it is one trial.
    """
    known = {task.id: task for task in (*stand.train, *stand.val)}
    tasks = [known[one] for one in dict.fromkeys(asked["ids"])]
    library, broken = library_of(asked["text"])
    if broken:
        said = f"The module cannot be read: {broken}"
        results = {task.id: _result(task, 0.0, "nothing", said) for task in tasks}
        calls = 0
    else:
        done = stand.evaluate_all(library, asked["split"], tasks)
        results = {trial.task: _told(known[trial.task], trial) for trial in done.trials}
        calls = paid.count(library, tasks)
    return {"results": [results[one] for one in asked["ids"]], "calls": calls}


def _told(task: Task, trial: Trial) -> dict[str, Any]:
    seen = observe(trial)
    did = "\n".join([*(f"It called {call}" for call in seen.calls), f"It answered: {seen.answer}"])
    if trial.right:
        return _result(task, 1.0, did, "Right.")
    hint = "" if trial.calls else " It called no function: none of them fits this kind of question."
    return _result(task, 0.0, did, f"Wrong. The expected answer is: {task.answer}{hint}")


def _result(task: Task, score: float, did: str, feedback: str) -> dict[str, Any]:
    record = {"Inputs": task.question, "Generated Outputs": did, "Feedback": feedback}
    return {"score": score, "record": record}
