"""A commit made again with another tree or other parents: same author, same dates, same words.

Nothing else goes into it, so that the same is made of the same, on whatever machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from fnopt.history.repo import Repository

KEPT = (b"author ", b"committer ", b"encoding ")
"""Headers that go along. A signature does not: it would not hold."""


def rewritten(
    repo: Repository, commit: str, tree: str, parents: Sequence[str], text: bytes | None = None
) -> str:
    """The commit upon other parents, with another tree or message (None: its own); the commit
    itself, signature and all, where none of it is another."""
    head, _, said = repo.read(commit).partition(b"\n\n")
    lines = head.split(b"\n")
    text = said if text is None else text
    now = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents)]
    if text == said and now == [one for one in lines if one.startswith((b"tree ", b"parent "))]:
        return commit
    kept = [line for line in lines if line.startswith(KEPT)]
    return repo.write_commit(b"\n".join([*now, *kept]) + b"\n\n" + text)


def message_of(repo: Repository, commit: str) -> bytes:
    """The message of a commit as its bytes are."""
    return repo.read(commit).partition(b"\n\n")[2]
