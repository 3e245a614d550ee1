"""What the prompt of one action shows, and how much of each thing.

All lengths are in characters. What does not fit is cut: the longest texts first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from fnopt.library.callgraph import closure
from fnopt.library.edit import Edit
from fnopt.library.function import Library
from fnopt.records import Evaluation, Trial
from fnopt.train.credit import Credit, credits_of
from fnopt.train.paper_cut import LEAST, cut, fitted
from fnopt.train.paper_memory import Failed

LINE = 120  # of a name, a task's id, an expected answer
SHARES = {"table": 0.1, "accepted": 0.3, "after": 0.15, "failed": 0.15, "names": 0.1, "notes": 0.1}
"""Of the room, at most; the transcripts have what is left."""


@dataclass(frozen=True)
class View:
    """All that one action is chosen by.

    ``accepted`` is the library that ``trained`` measured, ``after`` what the ``edits`` of the step
    made of it so far. ``expected`` answers, by task, are no ingredient of the paper's.
    """

    accepted: Library
    trained: Evaluation
    after: Library
    edits: tuple[Edit, ...] = ()
    failed: tuple[Failed, ...] = ()
    locked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    expected: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def transcripts(self) -> list[tuple[Trial, str]]:
        """Every trial that was scored with its transcript, those that were wrong first."""
        trials = sorted(self.trained.scored, key=lambda trial: trial.right)
        return [(trial, transcript(trial)) for trial in trials]


def shown(view: View, room: int) -> dict[str, Any]:
    """Values for the template, their texts together no longer than about ``room`` characters."""
    rooms = {part: int(share * room) for part, share in SHARES.items()}
    scored = view.trained.scored
    credit = credits_of(view.trained)
    values: dict[str, Any] = {
        "right": sum(trial.right for trial in scored),
        "total": len(scored),
        "rate": f"{view.trained.score:.3f}",
        "accepted": _accepted(view.accepted, credit, rooms["accepted"]),
        "edits": _listed([_said(edit) for edit in view.edits], rooms["names"]),
        "number": len(view.edits) + 1,
        "names": _listed([one.name for one in view.after.functions], rooms["names"]),
        "after": fitted(_changed(view.accepted, view.after), rooms["after"]),
        "failed": _failed(view, rooms["failed"]),
        "locked": _listed(view.locked, rooms["names"]),
        "notes": fitted(view.notes, rooms["notes"]),
        "table": _listed(_table(scored), rooms["table"]),
    }
    left = room - sum(_length(value) for value in values.values())
    texts = fitted([text for _, text in view.transcripts], max(0, left))
    heads = [_head(trial, view.expected) for trial, _ in view.transcripts[: len(texts)]]
    pairs = list(zip(heads, texts, strict=True))
    return {**values, "transcripts": pairs, "unseen": len(scored) - len(pairs)}


def transcript(trial: Trial) -> str:
    """The conversation of a trial without the system's words, a paragraph for each turn.

    Where an agent tells none, its calls; its answer stands at the end.
    """
    turns = [_turn(one) for one in trial.messages if one.get("role") != "system"]
    called = [f"call: {c.function}({c.arguments}) -> {c.error or c.result}" for c in trial.calls]
    return "\n".join([*(turns or called), f"answer: {trial.answer or 'none'}"])


@lru_cache(maxsize=2_048)
def code_of(library: Library, name: str) -> str:
    """A function with what its module holds for it: imports, constants, private helpers.

    Raises KeyError when the library has no such function.
    """
    function = library.get(name)
    if function is None:
        raise KeyError(name)
    module = library.modules[function.path]
    own = [index for path, index in closure(library, name) if path == function.path]
    statements = [module.statements[index] for index in sorted(own)]
    wanted = [one for one in statements if not one.is_public or one.name == name]
    return "\n".join(module.source(one, comments=True).decode("utf-8") for one in wanted)


def _turn(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    said = [content.strip()] if isinstance(content, str) and content.strip() else []
    for call in message.get("tool_calls") or ():
        function = call.get("function", {})
        said.append(f"{function.get('name')}({function.get('arguments')})")
    return f"{message.get('role')}: {' '.join(said)}"


def _head(trial: Trial, expected: Mapping[str, str]) -> str:
    answer = expected.get(trial.task)
    more = "" if answer is None else f"; expected: {cut(answer, LINE)}"
    return f"{cut(trial.task, LINE)}: {int(trial.right)}{more}"


def _table(scored: Sequence[Trial]) -> list[str]:
    """``train-1 0``; of several trials of a task ``train-1 0 1``."""
    found: dict[str, list[str]] = defaultdict(list)
    for trial in scored:
        found[trial.task].append(str(int(trial.right)))
    return [" ".join([cut(task, LINE), *results]) for task, results in found.items()]


def _accepted(library: Library, credit: Mapping[str, Credit], room: int) -> list[tuple[str, str]]:
    """Code and success rate, the functions that were called most before the others."""
    nothing = Credit()
    called = sorted(library.functions, key=lambda one: -credit.get(one.name, nothing).calls)
    few = called[: max(1, room // LEAST)]
    texts = fitted([code_of(library, one.name) for one in few], room)
    return [
        (text, f"{cut(one.name, LINE)}: {credit.get(one.name, nothing).said}")
        for one, text in zip(few, texts, strict=False)
    ]


def _failed(view: View, room: int) -> list[dict[str, Any]]:
    codes = ["\n\n".join(_changed(view.accepted, one.library)) for one in view.failed]
    pairs = list(zip(view.failed, fitted(codes, room), strict=False))
    share = room // max(1, len(pairs))
    return [
        {
            "score": f"{one.score:.3f}",
            "names": _listed([function.name for function in one.library.functions], share),
            "code": code,
        }
        for one, code in pairs
    ]


def _changed(before: Library, after: Library) -> list[str]:
    """The code of the functions that are not as they were."""
    return [
        code_of(after, one.name) for one in after.functions if _differs(before, after, one.name)
    ]


def _differs(before: Library, after: Library, name: str) -> bool:
    old, new = before.get(name), after.get(name)
    if old is None or new is None:
        return old is not new
    if old == new and before.files[old.path] == after.files[new.path]:
        return False  # the usual case, cheap in a library of thousands
    return code_of(before, name) != code_of(after, name)


def _said(edit: Edit) -> str:
    return f"{type(edit).__name__.lower()} {cut(edit.name, LINE)}"


def _listed(words: Sequence[str], room: int) -> list[str]:
    """As many words as there is room for, and how many more there are."""
    kept: list[str] = []
    for word in words:
        room -= len(word := cut(word, LINE)) + 2
        if room < 0:
            return [*kept, f"and {len(words) - len(kept)} more"]
        kept.append(word)
    return kept


def _length(value: Any) -> int:
    """The characters of all texts in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return sum(map(_length, value)) if isinstance(value, list | tuple) else 0
