"""What a branch would be without what one commit did to it: by git's merge, else by function."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fnopt.history.blame import ours
from fnopt.history.refusal import broken
from fnopt.history.repo import Repository
from fnopt.library.edit import Remove, apply
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing
from fnopt.library.restore import restore


def undo(
    repo: Repository, head: str, bad: str, functions: Sequence[str], layout: Layout
) -> str | tuple[str, ...]:
    """The tree of ``head`` without what the commit ``bad`` did to ``functions`` (and all else).

    Where git cannot tell its lines from later ones, and no later commit changed one of the
    functions itself, what it did to them is undone by function. Else the paths that conflict.
    """
    tree, conflicts = repo.merge_revert(head, bad)
    return tree or _by_function(repo, head, bad, functions, layout) or conflicts


def _by_function(
    repo: Repository, head: str, bad: str, functions: Sequence[str], layout: Layout
) -> str | None:
    """None also where the functions do not come apart."""
    now, done, before = (read(repo.files(commit, layout)) for commit in (head, bad, f"{bad}^"))
    after = now
    for name in functions:
        undone = _undone(repo, head, (after, done, before), name)
        if undone is None:
            return None
        after = undone
    if after == now or broken(now, after, before):
        return None
    return repo.exchange(repo.tree(head), now.files, after.files)


def _undone(
    repo: Repository, head: str, libraries: tuple[Library, Library, Library], name: str
) -> Library | None:
    """The first library with the function as it was in the last, if it is as in the second."""
    now, done, before = libraries
    texts = [listing(one, name) if one.get(name) else None for one in (now, done)]
    if texts[0] != texts[1]:
        return None
    return as_in(repo, head, now, before, name)


def as_in(repo: Repository, head: str, now: Library, then: Library, name: str) -> Library | None:
    """The library ``now``, that of ``head``, with the function as ``then`` has it, or without it if
    that has none; None where that cannot be."""
    blamed = partial(ours, repo, head)
    if then.get(name) is not None:
        after = restore(now, then, name, ours=blamed)
    else:
        after = apply(now, Remove(name), "", blamed)
    return after if isinstance(after, Library) else None
