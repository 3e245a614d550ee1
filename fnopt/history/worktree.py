"""How a working tree follows the branch that it shows, and why it may not.

Nothing is overwritten that git does not hold: a working tree follows only when it is clean and
nothing lies where a new file has to go, which is settled before the branch moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import GitStateError
from fnopt.history.repo import Repository
from fnopt.library.layout import Layout

MEND = "commit or stash those changes, or check out another branch"


@dataclass(frozen=True)
class Change:
    """One path that differs between two commits; a blob is None where it does not exist."""

    path: str
    before: str | None
    after: str | None


def require_followable(
    repo: Repository, worktree: Path, layout: Layout, old: str, new: str
) -> None:
    """Raise GitStateError if :func:`follow` could lose anything. Takes no lock.

    Ignored files count where a new file goes: ``git read-tree`` would overwrite them.
    """
    require_clean(repo, worktree, layout)
    added = [change.path for change in changes(repo, old, new) if change.before is None]
    blocked = [path for path in added if _lies_there(worktree / path)]
    if blocked:
        raise _refusal(worktree, "files that git does not know are in the way", blocked)


def rehearse(repo: Repository, worktree: Path, old: str, new: str) -> None:
    """Raise GitStateError unless :func:`follow` is sure to work. Locks the index for a moment."""
    _refresh(repo, worktree)
    answer = repo.git("-C", str(worktree), "read-tree", "-nmu", old, new, check=False)
    if answer.code:
        raise GitStateError(f"{worktree} cannot follow the branch: {answer.complaint}", MEND)


def require_clean(repo: Repository, worktree: Path, layout: Layout) -> None:
    """Raise GitStateError if a working tree has changes that following could lose."""
    dirty = repo.changes_in(worktree, layout)
    if dirty:
        raise _refusal(worktree, "not clean", dirty)


def follow(repo: Repository, worktree: Path, old: str, new: str) -> None:
    """Bring a clean working tree and its index from commit ``old`` to ``new``."""
    _refresh(repo, worktree)
    repo.git("-C", str(worktree), "read-tree", "-mu", old, new)


def finish(repo: Repository, worktree: Path, old: str, new: str) -> None:
    """Complete a :func:`follow` that was killed, in a working tree whose index is still at ``old``.

    A file that is neither as it was before nor as it should be was edited since, and stays.
    """
    here = ("-C", str(worktree))
    answer = repo.git(*here, "diff-index", "--cached", "--quiet", old, check=False)
    if answer.code:
        return  # done already, or somebody has begun something of their own
    stale = [c for c in changes(repo, old, new) if _blob(repo, worktree, c.path) == c.before]
    repo.git(*here, "read-tree", "-mi", old, new)
    written = [c.path.encode(errors="surrogateescape") + b"\0" for c in stale if c.after]
    repo.git(*here, "checkout-index", "-fuz", "--stdin", stdin=b"".join(written))
    for change in stale:
        if change.after is None:
            (worktree / change.path).unlink(missing_ok=True)
    _refresh(repo, worktree)


def changes(repo: Repository, old: str, new: str) -> list[Change]:
    """The paths that differ between two commits."""
    out = repo.git("diff-tree", "-r", "-z", "--no-renames", "--raw", old, new).out
    fields = out.decode(errors="surrogateescape").split("\0")[:-1]
    entries = [(head.split(), path) for head, path in zip(fields[::2], fields[1::2], strict=True)]
    return [Change(path, _known(head[2]), _known(head[3])) for head, path in entries]


def _known(blob: str) -> str | None:
    return blob if blob.strip("0") else None


def _lies_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _blob(repo: Repository, worktree: Path, path: str) -> str | None:
    if not (worktree / path).is_file():
        return None
    return repo.git("-C", str(worktree), "hash-object", "--", path).text


def _refresh(repo: Repository, worktree: Path) -> None:
    # read-tree refuses a file that was touched but not changed; git status does not show it
    repo.git("-C", str(worktree), "update-index", "-q", "--refresh", check=False)


def _refusal(worktree: Path, what: str, paths: list[str]) -> GitStateError:
    shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    return GitStateError(f"{worktree} shows the branch: {what}: {shown}", MEND)
