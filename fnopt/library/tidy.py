"""What may be mended in a draft without asking again: nothing that changes what is meant."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

from fnopt.library.arithmetic import without_eval
from fnopt.library.complete import with_types
from fnopt.library.concrete import anchored
from fnopt.library.edit import Edit, Remove, Revise
from fnopt.library.function import read
from fnopt.library.futures import is_idle
from fnopt.library.module import GIVEN, Module, Statement, read_module
from fnopt.library.policy import check
from fnopt.library.proposal import Proposal
from fnopt.library.prune import Cut, pruned
from fnopt.library.rename import hidden, renamed
from fnopt.library.scope import Import
from fnopt.library.splice import Patch, patch
from fnopt.library.unused import unused
from fnopt.records import Fault

DRAFT = "draft.py"
_WORD = re.compile(r"[^\W\d]\w*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SHADOWED = {
    "math": frozenset({"pow"}),
    "operator": frozenset({"abs", "pow"}),
    **dict.fromkeys(
        ("os", "io", "codecs", "gzip", "bz2", "lzma", "tokenize", "shelve", "dbm", "webbrowser"),
        frozenset({"open"}),
    ),
}
"""The builtins that star imports from the standard library hide."""


def tidy(proposal: Proposal) -> Proposal:
    """The proposal without the imports that nothing in its code needs, with the types that its
    signatures leave out and its docstrings name, with helpers made private, with arithmetic in
    place of ``eval``, and with new functions named in snake_case."""
    return replace(proposal, edits=tuple(_tidy(edit) for edit in proposal.edits))


def without_idle_stars(code: str) -> str:
    """Code without its ``from module import *`` lines, if every name is defined without them.

    Small models begin modules with such lines by habit. Where a name does come from one of them,
    the code stays as it is, and the policy says why it cannot be taken.
    """
    module = _read(code)
    if module is None:
        return code  # no Python, or too much of it: the policy says so
    words = _words(module)
    stars = [one for one in module.statements if one.alone and _is_star(one)]
    if any(module.statements[i].dynamic for i in range(len(module.statements))):
        return code
    dropped = [one for one in stars if not _shadows(one, words)]
    rest = patch(module.text, [Patch(one.start, one.end, b"") for one in dropped]).body
    faults = check(read({DRAFT: rest}))
    needed = any(fault.rule in ("undefined-name", "syntax") for fault in faults)
    return code if needed or not dropped else rest.decode("utf-8").lstrip("\n")


def without_idle_imports(code: str) -> str:
    """Code without the imported names that stand nowhere else in it, not even in a text.

    They would come into a module and stay when the function goes, since nothing tells whose they
    were.
    """
    module = _read(code)
    if module is None:
        return code
    there = anchored(module)
    if isinstance(there, Fault):
        return code
    words = _words(there)
    idle = {
        i: set(range(len(one.names.imports)))
        for i, one in enumerate(there.statements)
        if is_idle(one)
    }
    for one in unused(read({DRAFT: there.text.body}), there):
        if one.what.bound not in words and not _does_more(one.what, words):
            idle.setdefault(one.index, set()).add(one.position)
    whole = {i for i, at in idle.items() if len(at) == len(there.statements[i].names.imports)}
    names = {i: frozenset(at) for i, at in idle.items() if i not in whole}
    after = pruned(there, Cut(frozenset(i for i in whole if there.statements[i].alone), names))
    return code if isinstance(after, Fault) or not idle else after.text.body.decode().lstrip("\n")


def with_private_helpers(code: str, name: str) -> str:
    """Code that defines ``name`` and other public functions which are used in it, with these made
    private: a model may forget that one function is offered, and means its helpers."""
    library = read({DRAFT: code.encode("utf-8", "replace")})
    named = [one.name for one in library.functions]
    if named.count(name) != 1:
        return code
    statements = library.modules[DRAFT].statements
    for other in named:
        if other != name and any(other in s.names.reaches for s in statements if s.name != other):
            after = hidden(library, other)
            library = library if isinstance(after, tuple) else after
    return library.files[DRAFT].decode("utf-8")


def in_snake_case(name: str, code: str) -> tuple[str, str]:
    """A new function's name as Python writes names, and the code that defines it so; both as they
    are where that cannot be."""
    other = _HUMP.sub("_", name).lower()
    if other == name or not name.isascii():
        return name, code
    after = renamed(read({DRAFT: code.encode("utf-8", "replace")}), name, other)
    return (name, code) if isinstance(after, tuple) else (other, after.files[DRAFT].decode("utf-8"))


def _read(code: str) -> Module | None:
    """The code as a module; None for what is no text, no Python, or in another encoding."""
    try:
        module = read_module(DRAFT, code.encode("utf-8"))
    except UnicodeEncodeError:
        return None
    return None if isinstance(module, Fault) or module.text.encoding != "utf-8" else module


def _does_more(one: Import, words: frozenset[str]) -> bool:
    """Whether importing it may matter though its name is not used: ``import xml.dom as d`` brings
    ``xml.dom`` into ``xml``, and packages' modules may change others."""
    root = one.module.partition(".")[0]
    if "." in one.module and root in words:
        return True
    return "." in one.module and root not in sys.stdlib_module_names


def _shadows(one: Statement, words: frozenset[str]) -> bool:
    """Whether the star import may give a builtin's name that is used another meaning."""
    for alias in one.names.imports:
        given = _SHADOWED.get(alias.module)
        if given is None and alias.module.partition(".")[0] not in sys.stdlib_module_names:
            given = GIVEN  # nobody knows what it brings
        if words & (given or frozenset()):
            return True
    return False


def _words(module: Module) -> frozenset[str]:
    """Every word that stands outside of the imports, in docstrings and comments too."""
    text, at = b"", 0
    for one in module.statements:
        if one.kind == "import":
            text += module.text.body[at : one.start] + b"\n"
            at = one.end
    return frozenset(_WORD.findall((text + module.text.body[at:]).decode("utf-8")))


def _is_star(one: Statement) -> bool:
    return one.kind == "import" and any(alias.bound == "*" for alias in one.names.imports)


def _tidy(edit: Edit) -> Edit:
    if isinstance(edit, Remove):
        return edit
    code = without_eval(without_idle_imports(without_idle_stars(edit.code)))
    defined = (edit.new_name if isinstance(edit, Revise) else None) or edit.name
    code = with_types(with_private_helpers(code, defined), defined)
    if isinstance(edit, Revise):
        return replace(edit, code=code)
    name, code = in_snake_case(defined, code)
    return replace(edit, name=name, code=code)
