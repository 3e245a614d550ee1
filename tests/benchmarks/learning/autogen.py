"""AutoGen 0.2's AgentOptimizer: an epoch is all training tasks, a step at most three actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning import child
from benchmarks.learning.described import library_of
from benchmarks.learning.proxy import Proxy, serving
from benchmarks.learning.stand import EMPTY, Stand
from rivals.environment import interpreter

from fnopt.models.connect import endpoint_name
from fnopt.records import Evaluation, Task, Trial

PACKAGE = "autogen-agentchat==0.2.40"
SCRIPT = Path(__file__).with_name("autogen_child.py")
ACTIONS = 3  # of a step at most, as in its paper
PATIENCE = 10  # steps in vain before it stops, as in its paper
TEMPERATURE = 0.6  # its retries send the same prompt again: cold, they would get the same reply
REPLY = 1_200  # tokens
MESSAGE = 1_500  # characters of a message; it cuts none, and the model's context has an end
CONVERSATIONS = 28_000  # characters of them all
RIGHT = "The result is Correct. Please reply me with TERMINATE."
WRONG = "The result is wrong. The expected answer is: {answer}"
STUCK = 10  # steps in a row that crashed, or changed nothing: as patient as with steps in vain


def learn(stand: Stand) -> str:
    """Epochs until early stop ends it, or the budget is spent.

    TERMINATE ends its step, as in its notebook, and not the run: the next epoch asks again.
    """
    role = stand.session.config.optimizer
    endpoint = endpoint_name(role.model, role.base_url)
    proxy = Proxy(stand.optimizer(), role.model, endpoint, REPLY)
    with serving(proxy) as url, child.started(interpreter(PACKAGE), SCRIPT, stand.folder) as rival:
        orders = {"url": url, "model": role.model, "temperature": TEMPERATURE}
        rival.tell({**orders, "max_actions": ACTIONS})
        return _epochs(stand, rival, proxy)


def _epochs(stand: Stand, rival: child.Child, proxy: Proxy) -> str:
    library, best, in_vain, stuck = EMPTY, -1.0, 0, 0
    while True:
        trained = stand.evaluate_all(library, "train", stand.train)
        performance = trained.right / len(trained.trials)
        in_vain = 0 if performance >= best else in_vain + 1
        if performance >= best:  # a tie is accepted, as it does
            best = performance
            stand.accept(library)
        if in_vain >= PATIENCE:
            return f"patience: {in_vain} steps in vain"
        rival.tell({"conversations": conversations(trained, stand.train)})
        reply = rival.hear()
        if proxy.error is not None:
            raise proxy.error
        after = library_of(reply["functions"])
        stand.say(_words(performance, reply))
        stuck = stuck + 1 if after == library else 0
        if stuck >= STUCK:
            return f"finished: {stuck} steps in a row changed nothing"
        library = after


def _words(performance: float, reply: Mapping[str, Any]) -> str:
    names = ", ".join(str(one.get("name")) for one in reply["functions"]) or "none"
    crash = f"; crashed: {reply['crash']}" if reply["crash"] else ""
    return f"train {performance:.2f}; {reply['actions']} actions; functions now: {names}{crash}"


def conversations(trained: Evaluation, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What is recorded of each trial: the conversation without the system's words, and the user's
    last word. That tells the expected answer, which its notebook leaves out and every other arm
    has."""
    known = {task.id: task for task in tasks}
    longest = min(MESSAGE, CONVERSATIONS // max(1, len(trained.trials)) // 2)
    return [
        {"history": _history(trial, known[trial.task], longest), "satisfied": trial.right}
        for trial in trained.trials
    ]


def _history(trial: Trial, task: Task, longest: int) -> list[dict[str, str]]:
    last = RIGHT if trial.right else WRONG.format(answer=task.answer)
    said = [one for one in trial.messages if one.get("role") != "system"]
    turns = [{"content": str(one.get("content") or ""), "role": str(one["role"])} for one in said]
    cut = [{**one, "content": one["content"][:longest]} for one in turns]
    return [*cut, {"content": last[:longest], "role": "user"}]
