"""The free filters: what must hold of a proposal before a single trial is paid for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fnopt.library.edit import Add, Edit, Remove, Revise, apply
from fnopt.library.function import Library
from fnopt.library.layout import Layout
from fnopt.library.locked import is_locked
from fnopt.library.ours import Ours, Provenance, brought
from fnopt.library.policy import PLAIN, new_faults
from fnopt.library.proposal import Proposal
from fnopt.library.rules.registry import Settings
from fnopt.records import Fault, Task

_COMMENT = re.compile(r"#\s*fnopt:[^\n]*")
MOST_ANSWERS = 2  # distinct training answers that a function may hold as literals
SHORTEST_ANSWER = 4  # characters; shorter ones turn up by chance


@dataclass(frozen=True)
class Screen:
    """What a library's configuration and training tasks demand of every edit."""

    layout: Layout
    rules: Settings = PLAIN
    locked: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, layout: Layout, rules: Settings, locked: Sequence[str], train: Iterable[Task]
    ) -> Screen:
        """A screen that knows the training tasks' answers."""
        answers = tuple({task.answer.strip() for task in train})
        return cls(layout, rules, tuple(locked), answers)

    def apply(
        self, library: Library, proposal: Proposal, ours: Provenance | None = None
    ) -> Library | tuple[Fault, ...]:
        """The library after a proposal, or the faults for which it is refused.

        ``ours`` says what of the files of ``library`` came by earlier updates.
        """
        after = library
        for edit in proposal.edits:
            if faults := self._may_edit(library, edit):
                return faults
            home = self.layout.home(after.files)
            if home is None and isinstance(edit, Add) and not edit.module:
                return (_homeless(edit),)
            known = _since(library, after, ours) if ours else None
            edited = apply(after, edit, home or "", known)
            if not isinstance(edited, Library):
                return edited
            after = edited
        faults = (*self._untouched(library, after), *new_faults(library, after, self.rules))
        return (*faults, *self._answers(proposal)) or after

    def locked_names(self, library: Library) -> tuple[str, ...]:
        """The functions that may be read and never edited."""
        return _locked(library, self.locked)

    def _may_edit(self, library: Library, edit: Edit) -> tuple[Fault, ...]:
        if told := _told_off(library, edit):
            return told
        mend = "leave it as it is; write another function"
        names = (edit.name, edit.new_name) if isinstance(edit, Revise) else (edit.name,)
        locked = (name for name in names if name and self._is_locked(library, name))
        return tuple(Fault("locked", f"{name} is locked", mend, name) for name in locked)

    def _untouched(self, library: Library, after: Library) -> tuple[Fault, ...]:
        """Faults of locked functions that call what was renamed, and of files put elsewhere."""
        mend = "keep the name; write another function"
        locked = (name for name in self.locked_names(library) if _differs(library, after, name))
        new = sorted(after.files.keys() - library.files.keys())
        outside = (path for path in new if not self.layout.holds(path))
        return (
            *(Fault("locked", f"{one} is locked, and would change", mend, one) for one in locked),
            *(
                Fault("home", f"{one} is no file of the library", mend, None, one)
                for one in outside
            ),
        )

    def _is_locked(self, library: Library, name: str) -> bool:
        return is_locked(library, name, self.locked)

    def _answers(self, proposal: Proposal) -> tuple[Fault, ...]:
        return tuple(
            Fault(
                "answers",
                f"{edit.name} carries {len(carried)} answers of the training tasks",
                "compute the answer from the arguments",
                edit.name,
            )
            for edit in proposal.edits
            if not isinstance(edit, Remove)
            and len(carried := _literals(edit.code) & _long(self.answers)) > MOST_ANSWERS
        )


@lru_cache(maxsize=4)
def _locked(library: Library, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """An incumbent is looked at once."""
    return tuple(f.name for f in library.functions if is_locked(library, f.name, patterns))


def _homeless(edit: Add) -> Fault:
    message = f"library.functions names no folder for the file of {edit.name}"
    return Fault("no-home", message, "add a folder to library.functions", edit.name)


def _since(before: Library, now: Library, ours: Provenance) -> Provenance:
    """What is fnopt's of a file that earlier edits of the same proposal may have changed."""

    def known(path: str) -> Ours:
        came = brought(before.files.get(path), now.files[path])
        if path in before.files:
            return ours(path) | came
        moved = [brought(None, data) for old, data in before.files.items() if old not in now.files]
        theirs = frozenset(key for one in moved for key in one.imports)
        return replace(came, imports=came.imports - theirs)

    return known


def _differs(before: Library, after: Library, name: str) -> bool:
    return getattr(before.get(name), "source", None) != getattr(after.get(name), "source", None)


def _told_off(library: Library, edit: Edit) -> tuple[Fault, ...]:
    """The fault of code that tells fnopt to look away; such comments are for people to write."""
    if isinstance(edit, Remove):
        return ()
    function = library.get(edit.name)
    there = function.source if function else ""
    new = [one for one in _COMMENT.findall(edit.code) if one not in there]
    mend = "Leave that comment out."
    message = f"the code of {edit.name} holds a comment that is for people to write: {{:.60}}"
    return tuple(Fault("comment", message.format(one), mend, edit.name) for one in new[:1])


def _long(answers: Iterable[str]) -> set[str]:
    """Answers that cannot turn up by chance; the sign of a number is no part of its literal."""
    unsigned = (answer.removeprefix("-") for answer in answers)
    return {answer for answer in unsigned if len(answer) >= SHORTEST_ANSWER}


def _literals(code: str) -> set[str]:
    """Every literal as text, those that are put together or cut up at once included."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # the policy has said so already
    return {text for node in ast.walk(tree) for text in _texts(node)}


def _texts(node: ast.AST) -> list[str]:
    match node:
        case ast.Constant(value=value):
            return [_text(value)]
        case ast.BinOp(op=ast.Add()):
            return [_joined(node)]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr=method)):
            by = [one.value for one in node.args if isinstance(one, ast.Constant)]
            at = by[0] if by and isinstance(by[0], str) and by[0] else None
            return [one.strip() for one in text.split(at)] if "split" in method else []
    return []


def _joined(node: ast.AST) -> str:
    """``"ti" + "ger"``; with an own stack, since chains may be long."""
    parts: list[str] = []
    stack = [node]
    while stack:
        match stack.pop():
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                stack += [right, left]
            case ast.Constant(value=str() as text):
                parts.append(text)
            case _:
                return ""
    return "".join(parts).strip()


def _text(value: object) -> str:
    """A literal as an answer would be written."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return str(value).strip()
    except ValueError:  # an integer of thousands of digits, as 0xfff… can spell it
        return ""
