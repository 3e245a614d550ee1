"""The optimizer's model is asked once for all functions, or once for each kind of failing task."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.learning.modules import Taken, take
from benchmarks.learning.stand import EMPTY, Stand

from fnopt.library.function import Library
from fnopt.models.client import Request
from fnopt.models.connect import endpoint_name
from fnopt.records import Task
from fnopt.train import focus

SYSTEM = """\
You write the library of Python functions that an assistant answers questions with, by calling \
them. You see questions that it failed, with the expected answers. Reply with {what}. {each} has \
this form, every argument and the result with its type:

```python
def name_of_it(text: str, numbers: list[int]) -> str:
    \"\"\"One sentence that says what it returns.\"\"\"
    return ...
```

Rules for the code:
- Its arguments are what stands in the question (numbers, strings, lists), never the answer; it \
computes the answer and returns it in the form that is expected.
- It must be general: it has to work for other questions of this kind too.
- Named parameters (no *args) with plain types: str, int, float, bool, list, dict.
- No printing, no input, no example calls, nothing at top level but imports and definitions.
- Import only from the standard library."""
ALL = (
    "one Python module in one ```python block: one complete, general function for each kind of "
    "question among them"
)
ONE = "one complete, general function with its imports, in one ```python block"
TASK = "Question: {question}\nExpected answer: {answer}\n"
END_ALL = "Write the module now: one function for each kind of question, {kinds} in all."
END_ONE = "Write the one function that would answer all of these questions and others like them."
LONGEST = 1_200  # characters of a question
CONTEXT = 30_000  # characters of the questions in a prompt: less than a slot of the model holds
REPLY = 2_500  # tokens of the module


def once(stand: Stand) -> str:
    """One ask with the failing training tasks of every kind, in turn."""
    kinds = _failing(stand)
    if not kinds:
        return "finished: nothing to learn"
    end = END_ALL.format(kinds=len(kinds))
    _use(stand, _ask(stand, kinds, SYSTEM.format(what=ALL, each="Each function"), end), EMPTY)
    return "finished: asked once"


def once_each(stand: Stand) -> str:
    """One ask for each kind of failing task."""
    library = EMPTY
    for kind in _failing(stand):
        reply = _ask(stand, [kind], SYSTEM.format(what=ONE, each="The function"), END_ONE)
        library = _use(stand, reply, library)
    return "finished: asked once for each kind"


def _failing(stand: Stand) -> list[tuple[Task, ...]]:
    """The training tasks that fail without functions, those that look alike together."""
    trained = stand.evaluate(EMPTY, "train", stand.train)
    wrong = {trial.task for trial in trained.scored if not trial.right}
    return focus.groups([task for task in stand.train if task.id in wrong], stand.train)


def _ask(stand: Stand, kinds: Sequence[tuple[Task, ...]], system: str, end: str) -> str:
    role = stand.session.config.optimizer
    request = Request(
        model=role.model,
        messages=(
            {"role": "system", "content": system},
            {"role": "user", "content": f"{_told(kinds)}\n{end}"},
        ),
        temperature=0.0,
        max_tokens=REPLY,
        endpoint=endpoint_name(role.model, role.base_url),
    )
    return stand.optimizer().complete(request).content


def _told(kinds: Sequence[tuple[Task, ...]]) -> str:
    """The tasks, kind by kind; where they do not all fit, fewer of each kind."""
    for most in range(max(map(len, kinds)), 0, -1):
        told = "\n".join(_one(task) for kind in kinds for task in kind[:most])
        if len(told) <= CONTEXT:
            return f"The assistant failed these questions:\n\n{told}"
    return f"The assistant failed these questions:\n\n{told[:CONTEXT]}"


def _one(task: Task) -> str:
    return TASK.format(question=task.question.strip()[:LONGEST], answer=task.answer)


def _use(stand: Stand, reply: str, library: Library) -> Library:
    taken: Taken = take(stand, reply, library)
    for name, faults in taken.faults.items():
        stand.say(f"{name} is not taken: {faults[0].message}")
    if taken.library != library:
        stand.accept(taken.library)
    return taken.library
