"""What may be mended in a draft without asking again: nothing that changes what it does."""

from __future__ import annotations

import re
from dataclasses import replace

from fnopt.library.concrete import anchored
from fnopt.library.edit import Edit, Remove
from fnopt.library.function import read
from fnopt.library.futures import is_idle
from fnopt.library.module import Module, Statement, read_module
from fnopt.library.policy import check
from fnopt.library.proposal import Proposal
from fnopt.library.prune import Cut, pruned
from fnopt.library.splice import Patch, patch
from fnopt.library.unused import unused
from fnopt.records import Fault

DRAFT = "draft.py"
_WORD = re.compile(r"[^\W\d]\w*")


def tidy(proposal: Proposal) -> Proposal:
    """The proposal without the imports that nothing in its code needs."""
    return replace(proposal, edits=tuple(_tidy(edit) for edit in proposal.edits))


def without_idle_stars(code: str) -> str:
    """Code without its ``from module import *`` lines, if every name is defined without them.

    Small models begin modules with such lines by habit. Where a name does come from one of them,
    the code stays as it is, and the policy says why it cannot be taken.
    """
    module = read_module(DRAFT, code.encode("utf-8", "replace"))
    if isinstance(module, Fault) or module.text.encoding != "utf-8":
        return code  # no Python, or too much of it: the policy says so
    dropped = [one for one in module.statements if one.alone and _is_star(one)]
    rest = patch(module.text, [Patch(one.start, one.end, b"") for one in dropped]).body
    faults = check(read({DRAFT: rest}))
    needed = any(fault.rule in ("undefined-name", "syntax") for fault in faults)
    return code if needed or not dropped else rest.decode("utf-8").lstrip("\n")


def without_idle_imports(code: str) -> str:
    """Code without the imported names that stand nowhere else in it, not even in a text.

    They would come into a module and stay when the function goes, since nothing tells whose they
    were.
    """
    module = read_module(DRAFT, code.encode("utf-8", "replace"))
    if isinstance(module, Fault) or module.text.encoding != "utf-8":
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
        if one.what.bound not in words:
            idle.setdefault(one.index, set()).add(one.position)
    whole = {i for i, at in idle.items() if len(at) == len(there.statements[i].names.imports)}
    names = {i: frozenset(at) for i, at in idle.items() if i not in whole}
    after = pruned(there, Cut(frozenset(i for i in whole if there.statements[i].alone), names))
    return code if isinstance(after, Fault) or not idle else after.text.body.decode().lstrip("\n")


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
    return (
        edit
        if isinstance(edit, Remove)
        else replace(edit, code=without_idle_imports(without_idle_stars(edit.code)))
    )
