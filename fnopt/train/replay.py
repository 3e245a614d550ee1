"""A revised function must still do what worked: recorded calls of right answers, made again.

Free: the calls and their results stand in the training trials of the incumbent, and the sandbox
makes them. A result may change where the new one is the expected answer itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from fnopt.agents.calls import arguments_of
from fnopt.agents.toolbox import Toolbox
from fnopt.library.compared import Compared
from fnopt.library.function import Function, Library
from fnopt.records import Fault, Task
from fnopt.sandbox import Sandbox
from fnopt.tasks.scorers import Scorer
from fnopt.train.credit import Credit

SHOWN = 120  # characters of a call and of a result that are told


def faults(
    before: Library,
    after: Library,
    revised: Mapping[str, str],
    credit: Mapping[str, Credit],
    tasks: Sequence[Task],
    sandbox: Sandbox,
    scorer: Scorer,
) -> tuple[Fault, ...]:
    """The first recorded call of each revised function that no longer gives what it gave.

    ``revised`` maps a function's name to what it is called now. Where it no longer takes what it
    took, the agent would call it otherwise: nothing can be replayed.
    """
    by_id = {task.id: task for task in tasks}
    found = []
    for name, now in revised.items():
        old, new = before.get(name), after.get(now)
        if old and new and Compared(before, after, old, new).takes_as_before:
            fault = _broken(after, new, credit.get(name, Credit()), by_id, sandbox, scorer)
            found += [fault] if fault else []
    return tuple(found)


def _broken(
    after: Library,
    new: Function,
    credit: Credit,
    tasks: Mapping[str, Task],
    sandbox: Sandbox,
    scorer: Scorer,
) -> Fault | None:
    toolbox = Toolbox(after, sandbox)
    for one in credit.works:
        call = toolbox.call(new.name, one.arguments)
        if call.error is None and call.result == one.result:
            continue
        task = tasks.get(one.task)
        if call.error is None and task and scorer(call.result, task).value >= 1.0:
            continue
        came = (call.error or call.result).strip().splitlines()[-1:] or [""]
        return _fault(new, one.arguments, came[0], one.result)
    return None


def _fault(new: Function, arguments: str, came: str, before: str) -> Fault:
    values = arguments_of(arguments)
    shown = arguments if isinstance(values, str) else json.dumps(values, ensure_ascii=False)
    message = (
        f"{new.name} with {shown[:SHOWN]} returns {came[:SHOWN]!r}; it returned {before[:SHOWN]!r}"
        " in a question that was answered right"
    )
    mend = "Keep what worked; change only what failed."
    return Fault("replay", message, mend, new.name, new.path, new.line)
