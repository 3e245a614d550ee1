"""A three-way merge without a working tree: git's by lines, and by function where lines conflict.

Where git cannot tell lines apart, functions can: two that were added at the end of one file are no
conflict. One is where both sides changed the same function, or a file that is not the library's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.history.refusal import Refusal, broken, listed
from fnopt.history.repo import Repository
from fnopt.history.undo import as_in
from fnopt.library.changes import changes
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing

NOBODY = b"fnopt <fnopt> 0 +0000"
"""Who wrote the commits that only dress trees for git, and that no reference ever has."""


@dataclass(frozen=True)
class Sides:
    """Three commits: what both sides began with, and the two. ``base`` None: as their history
    says."""

    ours: str
    theirs: str
    base: str | None = None


@dataclass(frozen=True)
class Conflict:
    """Both sides changed these functions, or these files."""

    functions: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def what(self) -> str:
        """In words."""
        files = listed(self.files)
        return f"{listed(self.functions)} ({files})" if self.functions else files


def merge(repo: Repository, sides: Sides, layout: Layout) -> str | Conflict:
    """The tree that has what both sides did."""
    ours, theirs = _dressed(repo, sides)
    tree, conflicts = repo.merge(ours, theirs)
    return _by_function(repo, sides, tree, conflicts, layout) if conflicts else tree


def merge_whole(
    repo: Repository, sides: Sides, layout: Layout, mend: str
) -> tuple[str, tuple[str, ...]] | Refusal:
    """The tree of a merge of branches, with the functions that it changes in ours; a refusal, to be
    mended as ``mend`` says, where they conflict or what resolved no longer would."""
    tree = merge(repo, sides, layout)
    if isinstance(tree, Conflict):
        said = f"both sides changed {tree.what}"
        return Refusal(said, mend, tree.functions, tree.files, (sides.theirs,))
    before, other, after = (
        read(repo.files(one, layout)) for one in (sides.ours, sides.theirs, tree)
    )
    return broken(before, after, other) or (tree, changed(before, after))


def changed(before: Library, after: Library) -> tuple[str, ...]:
    """The functions that differ, by the names that they have now, or had."""
    ends = (end for one in changes(before, after) for end in one.ends if end)
    return tuple(sorted({end.name for end in ends}))


def _dressed(repo: Repository, sides: Sides) -> tuple[str, str]:
    """git 2.39 has no ``--merge-base``: with a base of our own, the trees are made commits that
    have it as their parent."""
    if sides.base is None:
        return sides.ours, sides.theirs
    middle = _plain(repo, sides.base)
    return _plain(repo, sides.ours, middle), _plain(repo, sides.theirs, middle)


def _plain(repo: Repository, commit: str, *parents: str) -> str:
    above = b"".join(b"parent %s\n" % parent.encode() for parent in parents)
    who = b"author %s\ncommitter %s\n\n." % (NOBODY, NOBODY)
    return repo.write_commit(b"tree %s\n" % repo.tree(commit).encode() + above + who)


def _by_function(
    repo: Repository, sides: Sides, tree: str, conflicts: tuple[str, ...], layout: Layout
) -> str | Conflict:
    """The tree of a merge whose conflicts are settled by function, or why it cannot be."""
    if foreign := tuple(path for path in conflicts if not layout.holds(path)):
        return Conflict((), foreign)
    base = sides.base or repo.git("merge-base", sides.ours, sides.theirs).text
    start, mine, theirs = (
        read(repo.files(one, layout)) for one in (base, sides.ours, sides.theirs)
    )
    here, there = changed(start, mine), changed(start, theirs)
    both = [one for one in here if one in there and _text(mine, one) != _text(theirs, one)]
    if both:
        return Conflict(tuple(both), conflicts)
    files = repo.files(tree, layout)
    after = read(_with_theirs(files, theirs, conflicts))
    for name in (one for one in here if _text(after, one) != _text(mine, one)):
        moved = as_in(repo, sides.theirs, after, mine, name)
        if moved is None:
            return Conflict((name,), conflicts)
        after = moved
    return repo.exchange(tree, files, after.files)


def _with_theirs(
    files: Mapping[str, bytes], theirs: Library, conflicts: Iterable[str]
) -> dict[str, bytes]:
    """The files of a merge, with those that conflict as the other side has them."""
    clean = {path: data for path, data in files.items() if path not in conflicts}
    return clean | {path: theirs.files[path] for path in conflicts if path in theirs.files}


def _text(library: Library, name: str) -> str | None:
    return listing(library, name) if library.get(name) else None
