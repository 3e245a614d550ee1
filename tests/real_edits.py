"""What must hold of every edit of every real function; each property tells what came of it.

A property returns ``held``, or ``skipped: RULE`` where the edit was refused by a rule that may do
so; anything else is a failure, and says what is wrong.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

from fuzz.real_functions import RealModule

from fnopt.library import policy
from fnopt.library.edit import Add, Edit, Remove, Revise, apply
from fnopt.library.function import Library, definition, read
from fnopt.library.listing import listing
from fnopt.library.module import Statement
from fnopt.library.ours import Ours, brought
from fnopt.library.proposal import Proposal
from fnopt.library.tidy import tidy

HELD = "held"
HOME = "functions/home.py"
HOME_TEXT = b'''#!/usr/bin/env python
"""A module that is there already."""

from __future__ import annotations

from json import (
    dumps,  # to write
)

_LIMIT = 3  # of all


# about keep_this
def keep_this(x: int) -> str:
    """Stay as you are."""
    return dumps(['a', "b"] * _LIMIT * x)

    # an end
'''
EXTRA = "import zlib as _zz\n\n\ndef _zz_more():\n    return _zz\n\n\n"
EXTRA_LINES = ("import zlib as _zz", "def _zz_more():", "    return _zz")

Property = Callable[[Library, str], str]


def trial(module: RealModule) -> list[tuple[str, str, str]]:
    """Property, function and outcome, for each public function of a module."""
    library = module.library
    return [
        (name, f"{module.name}: {function.name}", held(library, function.name))
        for function in library.functions
        for name, held in PROPERTIES.items()
    ]


def itself(library: Library, name: str) -> str:
    """Revised with its own listing, or its own text, it does not change."""
    outcome = apply(library, Revise(name, listing(library, name)), "functions")
    if _rules(outcome) == ["work-at-import"]:  # the listing brings what no draft may
        outcome = apply(library, Revise(name, _source(library, name)), "functions")
    if isinstance(outcome, Library):
        return HELD if outcome.files == library.files else "revised with itself, it changed"
    return HELD if _rules(outcome) == ["no-change"] else _skipped(outcome)


def revised(library: Library, name: str) -> str:
    """A longer body, an import and a helper come in; every other byte stays, and it compiles."""
    statement = _statement(library, name)
    before = _content(library)
    if statement is None or not statement.alone:
        return "skipped: ambiguous"
    code = _longer(library, name)
    if code is None:
        return "skipped: one line"
    after = apply(library, Revise(name, EXTRA + code), "functions")
    if isinstance(after, tuple):
        return _skipped(after)
    return _kept(library, after, name) or _around(before, _content(after), statement, code)


def replaced(library: Library, name: str) -> str:
    """With a body of its own nothing but the function, and what only it needed, is another."""
    statement = _statement(library, name)
    if statement is None:
        return "skipped: ambiguous"
    after = apply(library, Revise(name, f"def {name}() -> None:\n    'Nothing.'\n"), "functions")
    if isinstance(after, tuple):
        return _skipped(after)
    (module,), (new,) = library.modules.values(), after.modules.values()
    left = [module.source(one) for one in module.statements if one is not statement]
    found = [new.source(one) for one in new.statements if one.name != name]
    gone = [one.strip() for one in left]
    for one in found:
        if one.strip() not in gone:
            return f"a statement changed: {one[:80]!r}"
        del gone[: gone.index(one.strip()) + 1]  # in their order
    return _kept(library, after, name) or HELD


def added(library: Library, name: str) -> str:
    """A file of its own comes and goes."""
    return _there_and_back(name, read({HOME: HOME_TEXT}), Add(name, listing(library, name)))


def inserted(library: Library, name: str) -> str:
    """It comes into a module that is there, and goes; the module says what it wants, or little."""
    bare = HOME_TEXT.replace(b"from __future__ import annotations\n\n", b"").replace(b"\n", b"\r\n")
    edit = Add(name, listing(library, name), module=HOME)
    told = [_there_and_back(name, read({HOME: text}), edit) for text in (HOME_TEXT, bare)]
    return next((one for one in told if one != HELD), HELD)


PROPERTIES: dict[str, Property] = {
    "itself": itself,
    "revised": revised,
    "replaced": replaced,
    "added": added,
    "inserted": inserted,
}


def _there_and_back(name: str, base: Library, edit: Edit) -> str:
    (edit,) = tidy(Proposal((edit,), "")).edits
    after = apply(base, edit, "functions")
    if isinstance(after, tuple):
        return _skipped(after)
    if "star-import" in _rules(policy.new_faults(base, after)):
        return "skipped: star-import"  # no such proposal becomes a commit
    ours = partial(_ours, base, after)
    back = apply(after, Remove(name), "functions", ours)
    if isinstance(back, tuple):
        return _skipped(back)
    wrong = _kept(base, after, name)
    return wrong or (HELD if back.files == base.files else f"left: {_left(base, back)}")


def _ours(base: Library, after: Library, path: str) -> Ours:
    """What the edit brought into a file, as the history of the repository would tell it."""
    return brought(base.files.get(path), after.files[path])


def _left(base: Library, back: Library) -> str:
    differing = [data for path, data in back.files.items() if base.files.get(path) != data]
    return b"".join(differing)[:2_000].decode(errors="replace") or "less than before"


def _kept(before: Library, after: Library, name: str) -> str | None:
    """What is wrong with a library: it does not compile, or other functions are not as before."""
    for path, data in after.files.items():
        if data != before.files.get(path):
            _compile(data)
    others = {one.name: one.source for one in before.functions if one.name != name}
    if {one.name: one.source for one in after.functions if one.name != name} != others:
        return "other functions changed"
    return None if after.get(name) else "the function is not there"


def _compile(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(data, "a.py", "exec", dont_inherit=True)


def _around(before: bytes, after: bytes, statement: Statement, code: str) -> str:
    """Whether just these lines came into the file, and the new text into the function's place."""
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    text = code.encode().replace(b"\n", newline)
    head, tail = before[: statement.above], before[statement.end :]
    if not after.endswith(text.rstrip() + tail) and not after.endswith(text + tail):
        return "what stands behind the function changed"
    above = after[: after.rindex(text.rstrip() + tail if tail == b"" else text + tail)]
    come = list(_inserted(head.splitlines(keepends=True), above.splitlines(keepends=True)))
    if sorted(come) != sorted(one.encode() for one in EXTRA_LINES):
        return f"above the function: {come!r:.500}"
    return HELD


def _inserted(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    """The lines of ``new`` that are not in ``old``, blank ones aside; or one that went."""
    at = 0
    for line in new:
        if at < len(old) and line == old[at]:
            at += 1
        elif line.strip():
            yield line.rstrip()
    yield from (b"gone: " + line for line in old[at:] if line.strip())


def _longer(library: Library, name: str) -> str | None:
    """The function with one statement more; None where the body stands on the line of ``def``."""
    source = _source(library, name)
    node = definition(source)
    if node.body[0].lineno == node.lineno or "\t" in source:
        return None
    return f"{source.rstrip()}\n{' ' * node.body[0].col_offset}_zz_more()\n"


def _source(library: Library, name: str) -> str:
    function = library.get(name)
    assert function is not None
    return function.source


def _content(library: Library) -> bytes:
    (data,) = library.files.values()
    return data


def _statement(library: Library, name: str) -> Statement | None:
    """The statement that defines the function, if exactly one does."""
    (module,) = library.modules.values()
    places = module.bound[name]
    return module.statements[places[0]] if len(places) == 1 else None


def _rules(outcome: Library | tuple[object, ...]) -> list[str]:
    return [] if isinstance(outcome, Library) else [str(vars(one)["rule"]) for one in outcome]


def _skipped(outcome: tuple[object, ...]) -> str:
    return f"skipped: {', '.join(sorted(set(_rules(outcome))))}"
