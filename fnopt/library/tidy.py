"""What may be mended in a draft without asking again: nothing that changes what it does."""

from __future__ import annotations

import ast
from dataclasses import replace

from fnopt.library.edit import Edit, Remove
from fnopt.library.function import read
from fnopt.library.policy import check
from fnopt.library.proposal import Proposal

DRAFT = "draft.py"


def tidy(proposal: Proposal) -> Proposal:
    """The proposal without star imports that nothing in its code needs."""
    return replace(proposal, edits=tuple(_tidy(edit) for edit in proposal.edits))


def without_idle_stars(code: str) -> str:
    """Code without its ``from module import *`` lines, if every name is defined without them.

    Small models begin modules with such lines by habit. Where a name does come from one of them,
    the code stays as it is, and the policy says why it cannot be taken.
    """
    if DRAFT not in read({DRAFT: code.encode("utf-8", "replace")}).modules:
        return code  # no Python, or too much of it: the policy says so
    dropped = {
        line
        for node in ast.parse(code).body
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = code.splitlines(keepends=True)
    rest = "".join(line for number, line in enumerate(lines, 1) if number not in dropped)
    faults = check(read({DRAFT: rest.encode("utf-8", "replace")}))
    needed = any(fault.rule in ("undefined-name", "syntax") for fault in faults)
    return code if needed or not dropped else rest.lstrip("\n")


def _tidy(edit: Edit) -> Edit:
    return edit if isinstance(edit, Remove) else replace(edit, code=without_idle_stars(edit.code))
