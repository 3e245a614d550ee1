"""What may be mended in a draft without asking again: nothing that changes what it does."""

from __future__ import annotations

from dataclasses import replace

from fnopt.library.edit import Edit, Remove
from fnopt.library.function import read
from fnopt.library.module import Statement, read_module
from fnopt.library.policy import check
from fnopt.library.proposal import Proposal
from fnopt.library.splice import Patch, patch
from fnopt.records import Fault

DRAFT = "draft.py"


def tidy(proposal: Proposal) -> Proposal:
    """The proposal without star imports that nothing in its code needs."""
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


def _is_star(one: Statement) -> bool:
    return one.kind == "import" and any(alias.bound == "*" for alias in one.names.imports)


def _tidy(edit: Edit) -> Edit:
    return edit if isinstance(edit, Remove) else replace(edit, code=without_idle_stars(edit.code))
