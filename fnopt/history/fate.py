"""What became of a run on the branch that it was for: seen by what its functions say.

A merge leaves the run's commits in the branch, a rebase other commits of the same messages, a
squash one commit with nothing in common but the text. That text is what is looked for: a function
has landed when it stood in the branch, since the run began, as it stands at the run's head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.changes import Change, changes
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing

Fate = Literal["merged", "changed", "dropped", "absent"]
"""Of a function: as the run left it; changed since it came in; taken out again since; never met."""


@dataclass(frozen=True)
class Landing:
    """What a branch has of a run. ``commit`` is the branch's head that was looked at."""

    commit: str
    functions: Mapping[str, Fate]

    @property
    def landed(self) -> bool:
        """Whether all that the run changed came in, whatever people made of it since."""
        fates = self.functions.values()
        return bool(fates) and "absent" not in fates


def landing(run: RunBranch, onto: str, layout: Layout, *, merged: bool = False) -> Landing:
    """What the branch at commit ``onto`` has of a run; ``merged``: a forge says that it came in,
    so that a function that differs was changed by people on its way.

    Raises GitStateError where the commits are not here.
    """
    repo, head = run.repo, run.head()
    start = repo.resolve((run.evidence.document("run.json") or {}).get("base") or head)
    before, after, now = (_library(repo, one, layout) for one in (start, head, onto))
    made = changes(before, after)
    if repo.is_ancestor(head, onto):
        return Landing(onto, {one.name: _since(one, after, now) for one in made})
    met = list(_met(repo, start, onto, layout)) if made else []
    fates = {one.name: _fate(one, (before, after, now), met, merged=merged) for one in made}
    return Landing(onto, fates)


def seen_in(run: RunBranch, layout: Layout) -> tuple[str, Landing] | None:
    """Where a run has landed as far as this clone knows: the branch that it came from, here or as a
    remote has it, by its short name; None where it has not."""
    start = run.evidence.document("run.json") or {}
    name, base = start.get("from"), start.get("base")
    own = run.branch.removeprefix("refs/heads/")  # who begins on the run's branch came from there
    if not run.exists or name in (None, own) or base in (None, run.head()):
        return None
    there = [f"refs/heads/{name}", *run.repo.refs(f"refs/remotes/*/{name}")]
    for ref in there:
        onto = run.repo.ref(ref)
        if onto is None or onto == base:
            continue
        found = landing(run, onto, layout)
        if found.landed:
            return ref.removeprefix("refs/").removeprefix("heads/").removeprefix("remotes/"), found
    return None


def _fate(
    change: Change,
    libraries: tuple[Library, Library, Library],
    met: Iterable[Library],
    *,
    merged: bool,
) -> Fate:
    before, after, now = libraries
    wanted = _text(after, change)
    if any(_text(one, change) == wanted for one in (now, *met)):
        return _since(change, after, now)
    if not merged:
        return "absent"
    return "changed" if _text(now, change) not in (None, _text(before, change)) else "dropped"


def _since(change: Change, after: Library, now: Library) -> Fate:
    """What became of a function that came in."""
    wanted, there = _text(after, change), _text(now, change)
    if there == wanted:
        return "merged"
    return "changed" if there is not None else "dropped"


def _text(library: Library, change: Change) -> str | None:
    """What the function says there, with the helpers that it needs; None where it is not."""
    return listing(library, change.name) if library.get(change.name) else None


def _met(repo: Repository, start: str, onto: str, layout: Layout) -> Iterator[Library]:
    """The libraries that the branch has had since a run began, newest first."""
    where = [f":(top,literal){one}" if one else ":(top)" for one in layout.roots]
    span = [onto, f"^{start}"] if repo.is_ancestor(start, onto) else [onto]
    words = ("log", "--first-parent", "--format=%H", "--end-of-options", *span, "--", *where)
    for commit in repo.git(*words).text.split():
        yield _library(repo, commit, layout)


def _library(repo: Repository, commit: str, layout: Layout) -> Library:
    return read(repo.files(commit, layout))
