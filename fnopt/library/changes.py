"""What became of each function between two libraries: by name, then by what it says."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fnopt.library.function import Function, Library
from fnopt.library.likeness import shape
from fnopt.library.listing import listing

Kind = Literal["added", "removed", "revised", "renamed", "moved", "same"]

SIMILAR = 0.6
"""How much of what two functions say must agree for one to be the other under a new name."""

_TELLING = 4  # words below which a function says too little to be known by them
_ALIKE = 50  # functions of one shape that are told apart by their names
_CANDIDATES = 4  # functions that are compared closely with one
_SAYING = 100  # functions that say one word and are looked at for it
_WORDS = 2_000  # words of a function that are compared
_WORD = re.compile(r"\w+")
_PARTS = re.compile(r"(\w+)")
_COMMON = frozenset(
    {*keyword.kwlist, "str", "int", "float", "bool", "list", "dict", "tuple", "set", "self", "_"}
)


@dataclass(frozen=True)
class Change:
    """One function before and after; None where it is not there.

    ``revised``: it, or a helper or import of its module that it uses, says something else; its
    new name aside.
    """

    before: Function | None
    after: Function | None
    revised: bool = False

    @property
    def ends(self) -> tuple[Function | None, Function | None]:
        """Before and after."""
        return self.before, self.after

    @property
    def name(self) -> str:
        """What it is called now, or was called last."""
        return self.now.name

    @property
    def now(self) -> Function:
        """The function as it is, or as it was last."""
        found = self.after or self.before
        assert found is not None, "BUG: a change is of a function"
        return found

    @property
    def renamed(self) -> bool:
        """Whether it is there under another name."""
        return bool(self.before and self.after and self.before.name != self.after.name)

    @property
    def moved(self) -> bool:
        """Whether it is there in another file."""
        return bool(self.before and self.after and self.before.path != self.after.path)

    @property
    def kind(self) -> Kind:
        """The word that says most: what was renamed may be moved and revised, too."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        if self.renamed:
            return "renamed"
        if self.moved:
            return "moved"
        return "revised" if self.revised else "same"


def changes(before: Library, after: Library) -> tuple[Change, ...]:
    """The functions that are not the same in both, by their present names."""
    return tuple(one for one in pairs(before, after) if one.kind != "same")


def pairs(before: Library, after: Library) -> tuple[Change, ...]:
    """Every function of either library with what it was or became, by their present names.

    Two are the same when they have one name, wherever they stand; of the others, when they differ
    in name and docstring alone; of those left, when most of what they say agrees.
    """
    old = {one.name: one for one in before.functions}
    new = {one.name: one for one in after.functions}
    met = [(old[name], new[name]) for name in old.keys() & new.keys()]
    lost = [one for name, one in sorted(old.items()) if name not in new]
    found = [one for name, one in sorted(new.items()) if name not in old]
    for match in (_alike, _similar):
        matched = list(match(lost, found))
        met += matched
        lost = _without(lost, (one for one, _ in matched))
        found = _without(found, (one for _, one in matched))
    whole = [
        *(Change(one, other, _revised(before, after, one, other)) for one, other in met),
        *(Change(one, None) for one in lost),
        *(Change(None, one) for one in found),
    ]
    return tuple(sorted(whole, key=lambda one: (one.name, one.after is None)))


def origin(before: Library, after: Library, name: str) -> Function | None:
    """What the function ``name`` of ``after`` was in ``before``; None when it is new.

    Raises KeyError when ``after`` has no such function.
    """
    if after.get(name) is None:
        raise KeyError(name)
    same = before.get(name)
    if same is not None:
        return same
    return next(one.before for one in pairs(before, after) if one.after and one.name == name)


def diff(before: Library, after: Library, change: Change) -> str:
    """A unified diff of the function with the helpers of its module that it needs."""
    old = listing(before, change.before.name) if change.before else ""
    new = listing(after, change.after.name) if change.after else ""
    first, second = (f"{one.path}:{one.name}" if one else "/dev/null" for one in change.ends)
    lines = difflib.unified_diff(_lines(old), _lines(new), first, second, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def elsewhere(before: Library, after: Library) -> tuple[tuple[str, str], ...]:
    """Path and unified diff of the files that changed, while no function of theirs did."""
    ends = [one for change in changes(before, after) for one in change.ends if one]
    told = {one.path for one in ends}
    paths = sorted((before.files.keys() | after.files.keys()) - told)
    changed = [path for path in paths if before.files.get(path) != after.files.get(path)]
    return tuple((path, _of_files(path, before.files, after.files)) for path in changed)


def _of_files(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    old, new = (files.get(path, b"").decode(errors="replace") for files in (before, after))
    first, second = (path if path in files else "/dev/null" for files in (before, after))
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), first, second, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


def _without(functions: list[Function], gone: Iterable[Function]) -> list[Function]:
    names = {one.name for one in gone}
    return [one for one in functions if one.name not in names]


def _revised(before: Library, after: Library, old: Function, new: Function) -> bool:
    here = old.name == new.name and old.path == new.path
    if here and before.files[old.path] == after.files[new.path]:
        return False
    first = _PARTS.split(listing(before, old.name))
    second = _PARTS.split(listing(after, new.name))
    return len(first) != len(second) or any(
        one != other and (one, other) != (old.name, new.name)
        for one, other in zip(first, second, strict=True)
    )


Pairs = Iterator[tuple[Function, Function]]


def _alike(lost: Collection[Function], found: Collection[Function]) -> Pairs:
    """Those that differ in name and docstring alone; of several, the likelier names."""
    by_shape: dict[str, list[Function]] = {}
    for one in found if lost else ():
        by_shape.setdefault(shape(one), []).append(one)
    near = {one.name: _nearby(one, by_shape.get(shape(one), [])) for one in lost if found}
    return _best(lost, near, _nearness)


def _nearby(one: Function, others: list[Function]) -> list[Function]:
    """Of many that are alike, first those of the same file: little functions may be legion."""
    return sorted(others, key=lambda other: other.path != one.path)[:_ALIKE]


def _nearness(one: Function, other: Function) -> float:
    names = difflib.SequenceMatcher(None, one.name, other.name, autojunk=False).ratio()
    return 1 + (one.path == other.path) + names


def _similar(lost: Collection[Function], found: Collection[Function]) -> Pairs:
    """Those of whose words most agree, in their order."""
    index: dict[str, list[Function]] = {}
    for one in found if lost else ():
        for word in {one.path, *_words(one)}:
            index.setdefault(word, []).append(one)
    near = {one.name: _sharing(one, index) for one in lost if found}
    return _best(lost, near, similarity)


def _sharing(one: Function, index: dict[str, list[Function]]) -> list[Function]:
    """The few functions that share most with it: a word counts by how few say it; so do files."""
    shared: dict[str, float] = {}
    named: dict[str, Function] = {}
    for word in sorted({one.path, *_words(one)} & index.keys()):
        for other in index[word][:_SAYING]:
            named[other.name] = other
            shared[other.name] = shared.get(other.name, 0.0) + 1 / len(index[word])
    return [named[name] for name in sorted(shared, key=lambda it: (-shared[it], it))[:_CANDIDATES]]


def similarity(one: Function, other: Function) -> float:
    """How much of what two functions say agrees, 0 to 1; keywords and plain types say nothing."""
    first, second = _words(one), _words(other)
    if min(len(first), len(second)) < _TELLING:
        return 0.0
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < SIMILAR or matcher.quick_ratio() < SIMILAR:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= SIMILAR else 0.0


@lru_cache(maxsize=4_096)
def _words(function: Function) -> tuple[str, ...]:
    left_out = _COMMON | {function.name}
    found = (word for word in _WORD.findall(function.source) if word not in left_out)
    return tuple(word for word, _ in zip(found, range(_WORDS), strict=False))


def _best(
    lost: Collection[Function],
    near: dict[str, list[Function]],
    score: Callable[[Function, Function], float],
) -> Pairs:
    """Each function at most once, the best matches first."""
    scored = [(score(one, other), one, other) for one in lost for other in near.get(one.name, ())]
    taken: set[tuple[str, str]] = set()
    for points, one, other in sorted(scored, key=lambda it: (-it[0], it[1].name, it[2].name)):
        ends = {("before", one.name), ("after", other.name)}
        if points > 0 and not ends & taken:
            taken |= ends
            yield one, other
