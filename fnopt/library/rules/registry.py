"""What a rule is, which there are, and what a configuration makes of them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from fnopt.errors import UsageError
from fnopt.library.function import Library
from fnopt.library.module import Module
from fnopt.records import Fault, Level

Switch = Literal["error", "warning", "off"]


@dataclass(frozen=True)
class Settings:
    """What a configuration says of the rules.

    ``packages``: the names that functions may import beside the standard library; ``absent`` are
    those of them that are not installed where functions run.
    ``levels``: rules that have another level than their own, or are off. ``max_lines`` of a
    function and its ``max_complexity`` (McCabe's) are where ``length`` and ``complexity`` begin.
    ``granted``: pairs of a function (or ``*``, all) and a rule that it is free of, since the
    sandbox lets it reach that far.
    """

    packages: tuple[str, ...] = ()
    levels: tuple[tuple[str, Switch], ...] = ()
    max_lines: int = 80
    max_complexity: int = 15
    absent: tuple[str, ...] = ()
    granted: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        packages: Iterable[str] = (),
        levels: Mapping[str, Switch] | None = None,
        max_lines: int = max_lines,
        max_complexity: int = max_complexity,
        absent: Iterable[str] = (),
        granted: Iterable[tuple[str, str]] = (),
    ) -> Settings:
        """The settings of a configuration. Raises UsageError for a rule that there is not."""
        switched = tuple(sorted((levels or {}).items()))
        for name, _ in switched:
            if name not in RULES:
                near = difflib.get_close_matches(name, RULES, n=1)
                mend = f"did you mean {near[0]}?" if near else "see fnopt/library/README.md"
                raise UsageError(f"library.rules: there is no rule {name!r:.80}", mend)
        limits, free = (max_lines, max_complexity), frozenset(granted)
        return cls(tuple(packages), switched, *limits, tuple(absent), free)

    def frees(self, functions: Iterable[str], rule: str) -> bool:
        """Whether one of the functions is granted what the rule is about."""
        return bool(self.granted) and any((one, rule) in self.granted for one in (*functions, "*"))


Check = Callable[[Module, Settings], Iterator[Fault]]
Linked = Callable[[Library, Module, Settings], Iterator[Fault]]
Survey = Callable[[Library, Settings], Iterator[Fault]]


@dataclass(frozen=True)
class Rule:
    """One rule: its id, the level that its faults have, and what it looks for.

    Either of a module alone, or of a module and what it imports of the library, or of the library
    as a whole.
    """

    name: str
    level: Level
    what: str
    module: Check | None = None
    linked: Linked | None = None
    library: Survey | None = None


RULES: dict[str, Rule] = {}
"""Every rule, by id."""


def rule(name: str, what: str, level: Level = "error") -> Callable[[Check], Check]:
    """Register a rule that needs nothing but a module."""

    def register(function: Check) -> Check:
        RULES[name] = Rule(name, level, what, module=function)
        return function

    return register


def linked_rule(name: str, what: str, level: Level = "error") -> Callable[[Linked], Linked]:
    """Register a rule that looks at a module and at what it imports of the library."""

    def register(function: Linked) -> Linked:
        RULES[name] = Rule(name, level, what, linked=function)
        return function

    return register


def library_rule(name: str, what: str, level: Level = "error") -> Callable[[Survey], Survey]:
    """Register a rule that looks at several modules."""

    def register(function: Survey) -> Survey:
        RULES[name] = Rule(name, level, what, library=function)
        return function

    return register


def known(name: str, what: str, level: Level = "error") -> None:
    """Register the id of faults that reading and screening find."""
    RULES[name] = Rule(name, level, what)


def levelled(faults: Iterable[Fault], settings: Settings) -> Iterator[Fault]:
    """The faults with the levels that the rules have here; those of rules that are off go."""
    switched = dict(settings.levels)
    for fault in faults:
        rule = RULES.get(fault.rule)
        level = switched.get(fault.rule, rule.level if rule else fault.level)
        if level != "off":
            yield fault if fault.level == level else replace(fault, level=level)


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def fault(
    module: Module, rule: str, function: str | None, line: int, message: str, mend: str
) -> Fault:
    """A fault at a place of a module."""
    return Fault(rule, message, mend, function, module.path, line)


known("duplicate-name", "Two functions of one name: agents call by name alone.")
known("encoding", "A file that is no text: not UTF-8, NUL bytes, an unknown coding.")
known("link", "No module is a symbolic link: what it leads to is not under version control.")
known("repository", "No module lies in a submodule or another repository.")
known("folder", "What the configuration calls a folder is one.")
known("unreadable", "Every file of the library may be read.")
known("size", "A file that is too large to be read in time.")
known("depth", "Code that nests deeper than can be read safely.")
known("answers", "Three or more answers of training tasks as literals (of proposals alone).")
known("import", "A module can be imported; tried in the sandbox (of proposals alone).")
known("doctest", "An example in a docstring that does not give what it says (`--doctests`).")
