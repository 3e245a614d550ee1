"""What are functions and their modules called?"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from fnopt.library.module import GIVEN, Module
from fnopt.library.rules.registry import Settings, fault, rule
from fnopt.records import Fault

MAX_NAME = 64
"""Characters that OpenAI's protocol allows in a tool's name."""

_SNAKE = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


def name_faults(name: str) -> Iterator[Fault]:
    """What is wrong with the name of a function, wherever it is to stand."""
    mend = "Name it in snake_case, e.g. count_letter."
    shown = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
    if not _SNAKE.fullmatch(name):
        yield Fault("name", f"{shown!r} is not a snake_case name in ASCII", mend, shown)
    elif len(name) > MAX_NAME:
        yield Fault("name", f"{shown} has more than {MAX_NAME} characters", mend, shown)
    elif keyword.iskeyword(name) or name in GIVEN:
        yield Fault("name", f"{name} is a word of Python itself", "Choose another name.", name)
    elif name.startswith("_"):
        yield Fault("name", f"{name} is private", "Drop the leading underscore.", name)


@rule("name", "A function's name is snake_case, ASCII, 64 characters at most, no word of Python.")
def _name(module: Module, _: Settings) -> Iterator[Fault]:
    for one in module.statements:
        for found in name_faults(one.name) if one.is_public else ():
            yield fault(module, "name", one.name, one.line, found.message, found.mend)


@rule("module", "A module's path can be imported.")
def _module(module: Module, _: Settings) -> Iterator[Fault]:
    parts = PurePosixPath(module.path).with_suffix("").parts
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        mend = "Rename the file or folder to a Python identifier."
        yield fault(module, "module", None, 1, f"{module.path} cannot be imported", mend)
    elif parts[0] in sys.stdlib_module_names:
        message = f"{module.path} has the name of the module {parts[0]} of the standard library"
        mend = "Rename it, or move it into a folder: imports would find one in place of the other."
        yield fault(module, "module", None, 1, message, mend)


@rule("module-name", "A module that offers one function alone is named after it.", "warning")
def _module_name(module: Module, _: Settings) -> Iterator[Fault]:
    offered = [
        one
        for one in module.statements
        if one.kind in ("function", "class") and not one.name.startswith("_")
    ]
    stem = PurePosixPath(module.path).stem
    if module.is_package or len(offered) != 1 or not offered[0].is_public:
        return
    if offered[0].name != stem:
        (only,) = offered
        message = f"{module.path} holds {only.name} alone and is named otherwise"
        mend = f"Rename the file to {only.name}.py, or the function to {stem}."
        yield fault(module, "module-name", only.name, only.line, message, mend)
