"""The code of an edit, as a model wrote it: a little module with exactly one public function."""

from __future__ import annotations

import re
from dataclasses import replace

from fnopt.library.concrete import anchored
from fnopt.library.fingerprint import fingerprint
from fnopt.library.importing import Effect
from fnopt.library.module import Module, Statement, module_of
from fnopt.library.policy import WORK_MEND
from fnopt.library.source import Text, compiles, decode, parse
from fnopt.records import Fault

_INDENT = re.compile(r"^[ ]*\t[ \t]*", re.MULTILINE)
_BLANK = re.compile(r"\A(?:[ \t\f]*\n)+")
_CODING = re.compile(r"\A((?:[ \t\f]*(?:#[^\n]*)?\n)?)[ \t\f]*#[^\n]*?coding[:=][^\n]*(?:\n|\Z)")
_PLACE = "the code"
_MAX_SHOWN = 5
_ONCE = "Define the function once, and nothing else of its name."


def read_draft(code: str, name: str) -> Module | tuple[Fault, ...]:
    """The code as a module whose one public function is ``name``, or what is wrong with it."""
    module = parse_draft(code)
    if isinstance(module, tuple):
        return module
    faults = (*_only_definitions(module, name), *_one_function(module, name))
    return faults or _concrete(module)


def _concrete(module: Module) -> Module | tuple[Fault, ...]:
    """The draft along libcst's nodes, whose texts are what is spliced; it comes back as it is."""
    draft = anchored(module)
    if isinstance(draft, Fault):
        return (_placeless(draft),)
    if draft.concrete:
        return draft
    mend = "Leave out form feeds, and comments that are indented like no code around them."
    return (Fault("cst", "the code would not come back byte for byte", mend),)


def parse_draft(code: str) -> Module | tuple[Fault, ...]:
    """The code with line ends, tabs and the end of the file made uniform; nothing else changes."""
    try:
        data = _uncoded(code.removeprefix("\ufeff")).encode("utf-8")
    except UnicodeEncodeError:
        mend = "Write plain Unicode text."
        return (Fault("encoding", "the code holds half of a surrogate pair", mend),)
    text = decode(data, _PLACE)
    if isinstance(text, Fault):
        return (_placeless(text),)
    text = _tidy(text)
    fault = compiles(text, _PLACE)
    module = fault or module_of(text, _PLACE)
    return (_placeless(module),) if isinstance(module, Fault) else module


def _uncoded(code: str) -> str:
    """The code with Unix line ends, without lines above it that are blank or name an encoding.

    It came as characters: what such a line says is wrong, or would be where the code is put
    (PEP 263 reads the first two lines).
    """
    plain = code.replace("\r\n", "\n").replace("\r", "\n")
    while (less := _CODING.sub(r"\1", _BLANK.sub("", plain))) != plain:
        plain = less
    return plain


def public_function(module: Module) -> Statement | None:
    """The one public function of the draft, or None when there is none or more than one."""
    public = [one for one in module.statements if one.is_public]
    return public[0] if len(public) == 1 else None


def _placeless(fault: Fault) -> Fault:
    """A fault of the code itself: it has a line and no file."""
    return replace(fault, file=None)


def _tidy(text: Text) -> Text:
    """One line end at the end; tabs of the indentation become spaces where no string changes."""
    body = text.body.decode("utf-8").rstrip() + "\n"
    spaced = _INDENT.sub(lambda match: match.group().expandtabs(8), body)
    plain, expanded = Text(body.encode("utf-8")), Text(spaced.encode("utf-8"))
    if spaced == body:
        return plain
    before, after = parse(plain, _PLACE), parse(expanded, _PLACE)
    if isinstance(before, Fault) or isinstance(after, Fault):
        return plain
    return expanded if fingerprint(before) == fingerprint(after) else plain


def _only_definitions(module: Module, name: str) -> list[Fault]:
    return [
        Fault("work-at-import", _work(one), WORK_MEND, name, None, one.line)
        for one in module.statements
        if one.kind == "guard" or one.effect is Effect.WORKS
    ]


def _work(one: Statement) -> str:
    if one.kind == "guard":
        return 'the code has an `if __name__ == "__main__":` block'
    return f"line {one.line} of the code does work when it is imported"


def _one_function(module: Module, name: str) -> list[Fault]:
    public = [one for one in module.statements if one.is_public]
    if not public:
        mend = f"Define the function {name} at the top level."
        return [Fault("one-function", "the code defines no public function", mend, name)]
    if len(public) > 1:
        names = ", ".join(one.name for one in public[:_MAX_SHOWN])
        message = f"the code defines {len(public)} public functions: {names}"
        mend = f"Define only {name}; begin the names of its helpers with an underscore."
        return [Fault("one-function", message, mend, name, None, public[1].line)]
    if public[0].name != name:
        message = f"the code defines {public[0].name}, not {name}"
        mend = f"Name the function {name}, as the action does."
        return [Fault("name-mismatch", message, mend, name, None, public[0].line)]
    return [
        Fault("one-function", f"the code binds {name} more than once", _ONCE, name, None, one.line)
        for one in module.statements
        if one is not public[0] and one.kind != "overload" and name in one.names.binds
    ]
