"""Does the agent call a function that computes what is expected? If not, its looks are at fault."""

from __future__ import annotations

from collections.abc import Sequence

from fnopt.library.callgraph import callers
from fnopt.library.function import Library
from fnopt.records import Evaluation, Fault, Task

SHOWN = 300  # characters of a question that are told
RULE = "uncalled"


def called(evaluation: Evaluation, library: Library, name: str) -> bool:
    """Whether a trial called ``name``, itself or through other functions of the library; also where
    infrastructure took them all."""
    trials, ways = evaluation.scored, _ways(library, name)
    return not trials or any(call.function in ways for trial in trials for call in trial.calls)


def _ways(library: Library, name: str) -> set[str]:
    """The function, and all from which a call can come to it."""
    ways, pending = {name}, [name]
    while pending:
        new = callers(library, pending.pop()) - ways
        ways |= new
        pending += new
    return ways


def faults(
    evaluation: Evaluation, library: Library, name: str, tasks: Sequence[Task]
) -> tuple[Fault, ...]:
    """What to tell of a function that no trial on these tasks called."""
    if called(evaluation, library, name) or not tasks:
        return ()
    question = " ".join(tasks[0].question.split())[:SHOWN]
    message = f"{name} is right, but the assistant did not call it when it was asked: {question}"
    mend = "Keep what it does; give it a name and a docstring in the words of the question."
    return (Fault(RULE, message, mend, name),)
