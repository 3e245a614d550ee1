"""Every rule over a library, and what an edit makes worse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from fnopt.library import rules as rules
from fnopt.library.derived import Derived, change
from fnopt.library.function import Library, functions_of
from fnopt.library.links import touched_through
from fnopt.library.module import Module
from fnopt.library.rules.naming import name_faults as name_faults
from fnopt.library.rules.registry import RULES, Settings, levelled
from fnopt.library.rules.state import WORK_MEND as WORK_MEND
from fnopt.library.touched import by_module
from fnopt.records import Fault

PLAIN = Settings()
"""What holds without a configuration."""

_SILENCED = re.compile(rb"#\s*fnopt:\s*ignore(?:\[([\w\s,-]*)\])?")


def check(library: Library, settings: Settings = PLAIN) -> tuple[Fault, ...]:
    """Every rule over every function, by file and line.

    A line that says ``# fnopt: ignore[rule]`` is not blamed for that rule, and without brackets
    for none.
    """
    return _checked(library, library.faults, settings)


@lru_cache(maxsize=8)
def _checked(library: Library, unread: tuple[Fault, ...], settings: Settings) -> tuple[Fault, ...]:
    """By content: what was ``unread`` is no part of that. An incumbent is checked once."""
    found = list(unread)
    for faults in _by_module(settings).of(library).values():
        found += faults
    for rule in RULES.values():
        if rule.library is not None and not _is_off(rule.name, settings):
            found += (one for one in rule.library(library, settings) if _counts(library, one))
    return tuple(sorted(levelled(found, settings), key=_place))


def _place(fault: Fault) -> tuple[str, int]:
    return (fault.file or "", fault.line or 0)


def _is_off(name: str, settings: Settings) -> bool:
    return dict(settings.levels).get(name) == "off"


@lru_cache(maxsize=8)
def _by_module(settings: Settings) -> Derived[Mapping[str, tuple[Fault, ...]]]:
    """The faults of the rules that need a module and what it imports, by path."""

    def make(library: Library, module: Module) -> tuple[Fault, ...]:
        linked = (
            fault
            for rule in RULES.values()
            if rule.linked is not None and not _is_off(rule.name, settings)
            for fault in rule.linked(library, module, settings)
            if not _is_silenced(module, fault)
        )
        return (*_of_module(module, settings), *linked)

    return by_module(make, touched_through)


@lru_cache(maxsize=20_000)
def _of_module(module: Module, settings: Settings) -> tuple[Fault, ...]:
    """The faults of the rules that need nothing but the module."""
    return tuple(
        fault
        for rule in RULES.values()
        if rule.module is not None and not _is_off(rule.name, settings)
        for fault in rule.module(module, settings)
        if not _is_silenced(module, fault)
    )


def _counts(library: Library, fault: Fault) -> bool:
    module = library.modules.get(fault.file or "")
    return module is None or not _is_silenced(module, fault)


def _is_silenced(module: Module, fault: Fault) -> bool:
    """Whether a comment on the fault's line says that it is meant so."""
    if b"fnopt:" not in module.text.body or not fault.line:
        return False
    lines = module.text.body.splitlines()
    said = _SILENCED.search(lines[fault.line - 1]) if fault.line <= len(lines) else None
    if said is None:
        return False
    return said[1] is None or fault.rule in re.findall(r"[\w-]+", said[1].decode())


def new_faults(before: Library, after: Library, settings: Settings = PLAIN) -> tuple[Fault, ...]:
    """The errors of functions that changed, and those that were not there before.

    A fault is known by rule, function and message, so that moved lines make none new: whatever
    people's code is guilty of already does not block an edit elsewhere. Warnings refuse nothing.
    """
    changed = {one for one in _names(before, after) if _source(before, one) != _source(after, one)}
    known = Counter(_identity(one) for one in _errors(before, settings))
    found = []
    for fault in _errors(after, settings):
        known[_identity(fault)] -= 1
        if fault.function in changed or known[_identity(fault)] < 0:
            found.append(fault)
    return tuple(found)


def _errors(library: Library, settings: Settings) -> Iterator[Fault]:
    return (one for one in check(library, settings) if one.level == "error")


def _identity(fault: Fault) -> tuple[str, str | None, str | None, str]:
    message = re.sub(r"(?<=:)\d+|(?<=line )\d+", "", fault.message)
    return (fault.rule, fault.function, fault.file, message)


def _names(before: Library, after: Library) -> set[str]:
    """The functions, there now, of the modules that differ."""
    what = change(before, after)
    modules = [*what.new.values(), *what.gone.values()]
    names = {one.name for module in modules for one in functions_of(module)}
    return {name for name in names if after.get(name) is not None}


def _source(library: Library, name: str) -> str | None:
    function = library.get(name)
    return function.source if function else None
