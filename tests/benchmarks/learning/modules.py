"""Code that a model wrote in one go, as a library: what is readable and passes fnopt's checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.learning.stand import EMPTY, Stand

from fnopt.library.edit import Add
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.library.rules.registry import levelled
from fnopt.library.tidy import tidy
from fnopt.records import Fault
from fnopt.train import examples, loading
from fnopt.train.screen import Screen

FENCE = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CONTEXT = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.ClassDef)


@dataclass
class Taken:
    """The library of the functions that were taken, and the faults of those that were not."""

    library: Library
    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict)


def take(stand: Stand, reply: str, library: Library = EMPTY) -> Taken:
    """Add every public function of a reply that fnopt's own checks let through, one by one."""
    session = stand.session
    screen = Screen.of(session.layout, session.rules, (), stand.train)
    taken = Taken(library)
    for name, code in functions(code_of(reply)):
        proposal = tidy(Proposal((Add(name, code),), ""))
        after = screen.apply(taken.library, proposal)
        found = after if isinstance(after, tuple) else _when_run(stand, taken.library, after, name)
        if found:
            taken.faults[name] = found
        elif isinstance(after, Library):
            taken.library = after
    return taken


def _when_run(stand: Stand, before: Library, after: Library, name: str) -> tuple[Fault, ...]:
    """What importing the function's module and trying its examples comes to."""
    sandbox = stand.session.sandbox
    if idle := tuple(loading.faults(before, after, [name], sandbox)):
        return idle
    found = examples.faults(after, [name], sandbox)
    rules = stand.session.rules
    return tuple(one for one in levelled(found, rules) if one.level == "error")


def code_of(reply: str) -> str:
    """The code of a reply: its Python blocks, closed or not; without any, all of it."""
    text = reply.replace("\r\n", "\n")
    blocks = [code for kind, code in FENCE.findall(text) if kind.lower() in ("", "py", "python")]
    return "\n\n".join(blocks) if blocks else text


def functions(code: str) -> Iterator[tuple[str, str]]:
    """Each public function with the imports, constants and private helpers of its module.

    The last of a name counts. A module that was cut off is read as far as it goes.
    """
    tree = readable(code)
    if tree is None:
        return
    public = {one.name: one for one in tree.body if isinstance(one, DEFINITIONS) if _public(one)}
    for name, function in public.items():
        needed = [one for one in tree.body if one is function or _context(one)]
        yield name, ast.unparse(ast.Module(needed, [])) + "\n"


def readable(code: str) -> ast.Module | None:
    """The tree of the longest beginning of whole lines that is Python; None when nothing is."""
    lines = code.expandtabs(4).splitlines()
    while lines:
        try:
            return ast.parse("\n".join(lines) + "\n")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            lines.pop()
    return None


def _public(one: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return not one.name.startswith("_")


def _context(one: ast.stmt) -> bool:
    """Whether a statement may be needed by any function of its module."""
    return isinstance(one, CONTEXT) or (isinstance(one, DEFINITIONS) and not _public(one))
