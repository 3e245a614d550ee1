"""The kept updates alone, as a clean chain of commits: rebuilt in memory, for a pull request.

What lost goes, with what took it back; what a person brought back stands where that was done, and
people's commits are in it as they are. Authors, dates and messages are the originals', so that the
same run gives the same commits. Where the tree is as it was, it is the very same tree, so that the
library is the one that was measured. Nothing is signed: a signature is another one each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fnopt.errors import GitStateError
from fnopt.history import message
from fnopt.history.merging import Conflict, Sides, merge
from fnopt.history.refusal import Refusal, broken
from fnopt.history.repo import Repository
from fnopt.history.rewrite import rewritten
from fnopt.history.runs import RunBranch
from fnopt.library.function import read
from fnopt.library.layout import Layout


@dataclass(frozen=True)
class _Commit:
    sha: str
    parents: tuple[str, ...]
    text: str

    @property
    def short(self) -> str:
        return f"{self.sha[:10]} ({self.text.splitlines()[0][:60] if self.text else ''})"


def kept_only(run: RunBranch, layout: Layout, onto: str | None = None) -> str | Refusal:
    """The last commit of the chain, upon where the run began, or upon the commit ``onto`` (the head
    of the base branch); no reference points to it.

    A refusal where a commit cannot be had without what lost, or upon ``onto``. Raises GitStateError
    where it is not known where the run began, or a commit is not here.
    """
    repo = run.repo
    start = repo.resolve(_base(run))
    at = begin = repo.resolve(onto) if onto else start
    head = run.head()
    commits = _history(repo, start, head)
    for one in _picks(repo, head, commits):
        picked = _upon(repo, at, one, layout)
        if isinstance(picked, Conflict):
            return _refusal(run, one.short, picked.what, picked)
        at = picked
    return _wrong(run, (begin, start, head), at, layout) or at


def lost(commits: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The commits, of all with their messages, newest first, that a clean chain leaves out: what
    was taken back with what took it back, and of what was brought back all but the last."""
    reverts: dict[str, str] = {}
    known = {sha[:7]: sha for sha, _ in commits}
    for sha, text in commits:
        bad = message.reverted(text)
        whole = known.get(bad[:7], "") if bad else ""
        if bad and whole.startswith(bad):
            reverts.setdefault(whole, sha)
    out: set[str] = set()
    for first in reverts.keys() - set(reverts.values()):
        chain = [first]
        while chain[-1] in reverts and reverts[chain[-1]] not in chain:
            chain.append(reverts[chain[-1]])
        out.update(chain if len(chain) % 2 == 0 else chain[:-1])
    return frozenset(out)


def _base(run: RunBranch) -> str:
    start = (run.evidence.document("run.json") or {}).get("base")
    if not isinstance(start, str):
        raise GitStateError(
            f"where run {run.name} began is not known here: its evidence is missing",
            f"git fetch ORIGIN {run.evidence.ref}:{run.evidence.ref}",
        )
    return start


def _picks(repo: Repository, head: str, commits: dict[str, _Commit]) -> Iterator[_Commit]:
    """What the chain is made of, oldest first: merges of what is not the run's stay merges, those
    of the run's own branch dissolve into what they brought."""
    gone = lost([(one.sha, one.text) for one in commits.values()])
    line = _first_parents(commits, head)
    own = {one.sha for one in line}
    for one in line:
        forks = (
            repo.git("merge-base", one.parents[0], p, check=False).text for p in one.parents[1:]
        )
        apart = [fork for fork in forks if fork not in own]
        if len(one.parents) > 1 and not apart:
            words = ("rev-list", "--reverse", "--topo-order", "--no-merges")
            brought = repo.git(*words, *one.parents[1:], f"^{one.parents[0]}").text.split()
            yield from (commits[sha] for sha in brought if sha not in gone)
        elif one.sha not in gone:
            yield one


def _first_parents(commits: dict[str, _Commit], head: str) -> list[_Commit]:
    found: list[_Commit] = []
    while head in commits:
        found.append(commits[head])
        if not commits[head].parents:
            break
        head = commits[head].parents[0]
    return found[::-1]


def _upon(repo: Repository, at: str, one: _Commit, layout: Layout) -> str | Conflict:
    """The commit upon another; that other where it brings nothing that is not there."""
    others = [parent for parent in one.parents[1:] if not repo.is_ancestor(parent, at)]
    if len(one.parents) > 1 and not others:
        return at
    before, after, now = (repo.tree(end) for end in (one.parents[0], one.sha, at))
    if now == before:
        tree: str | Conflict = after
    elif after == before:
        tree = now
    else:
        tree = merge(repo, Sides(at, one.sha, one.parents[0]), layout)
    if isinstance(tree, Conflict):
        return tree
    if tree == now and after != before and not others:
        return at
    return rewritten(repo, one.sha, tree, [at, *others])


def _wrong(run: RunBranch, ends: tuple[str, str, str], at: str, layout: Layout) -> Refusal | None:
    """Why the chain will not do: without what lost, it does not come to what the run came to."""
    repo, (begin, start, head) = run.repo, ends
    if begin == start and repo.tree(at) != repo.tree(head):
        return _refusal(run, f"fnopt/{run.name}", "what stayed and what was taken back")
    before, after, other = (read(repo.files(one, layout)) for one in (begin, at, head))
    return broken(before, after, other)


def _refusal(run: RunBranch, which: str, what: str, conflict: Conflict | None = None) -> Refusal:
    return Refusal(
        f"{which} cannot be had alone: what lost, or the base branch, has a part in {what}",
        "push the whole branch, or bring it up to date first: fnopt update",
        conflict.functions if conflict else (),
        conflict.files if conflict else (),
    )


def _history(repo: Repository, start: str, head: str) -> dict[str, _Commit]:
    """Every commit since the run began, merged ones included, newest first."""
    form = ("-z", "--topo-order", "--no-show-signature", "--encoding=UTF-8", "--format=%H%n%P%n%B")
    out = repo.git("log", *form, "--end-of-options", head, f"^{start}", "--").out
    entries = [one for one in out.decode(errors="replace").split("\0") if one]
    found = (entry.split("\n", 2) for entry in entries)
    return {sha: _Commit(sha, tuple(parents.split()), text) for sha, parents, text in found}
