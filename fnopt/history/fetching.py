"""What a remote has of a run: fetched into places of its own, and what of ours goes there.

What was fetched lies under ``refs/fnopt/remotes/REMOTE/`` and touches nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from fnopt.errors import GitStateError
from fnopt.history import openings
from fnopt.history.credential import Credential
from fnopt.history.remote import LONGEST, Refs
from fnopt.history.remote_failure import failure
from fnopt.history.remotes import LOOK, Remote, exchange, look, note_seen
from fnopt.history.repo import Repository
from fnopt.history.runs import BRANCHES, NAME, RUNS, RunBranch
from fnopt.history.scrub import scrubbed


@dataclass(frozen=True)
class Fetched:
    """What a run is at, at a remote: commits, None for what is not there."""

    remote: Remote
    run: str
    branch: str | None
    evidence: str | None
    openings: str | None


def runs_at(
    repo: Repository, remote: Remote, credential: Credential | None = None
) -> tuple[str, ...]:
    """The runs whose branch or evidence is at a remote. Raises GitStateError."""
    found = look(repo, remote, [f"{RUNS}*", f"{BRANCHES}*"], credential)
    names = {ref.removeprefix(RUNS).removeprefix(BRANCHES) for ref in found}
    return tuple(sorted(name for name in names if NAME.fullmatch(name)))


def fetch(
    repo: Repository,
    remote: Remote,
    run: RunBranch,
    credential: Credential | None = None,
    *,
    timeout: float = LONGEST,
) -> Fetched:
    """Bring a run's branch, evidence and the openings of the seal, as they are at a remote.

    Raises GitStateError where the clone is shallow, the run is held, or the remote cannot be read.
    """
    if repo.shallow():
        raise GitStateError(
            "the clone is shallow: the log of a run is cut off in it",
            "git fetch --unshallow (in CI: fetch-depth: 0)",
        )
    wanted = (run.branch, run.evidence.ref, openings.REF)
    with run.lock():
        there = look(repo, remote, wanted, credential, timeout=LOOK)
        _unlocked(repo, remote, wanted)
        pairs = [f"+{ref}:{remote.seen(ref)}" for ref in wanted if ref in there]
        if pairs:
            _fetched(repo, remote, pairs, credential, timeout)
        for ref in wanted:
            if ref not in there:
                note_seen(repo, remote, ref, None)
    return seen(repo, remote, run)


def seen(repo: Repository, remote: Remote, run: RunBranch) -> Fetched:
    """What a run was at when it was last fetched from a remote, or pushed there."""
    refs = (run.branch, run.evidence.ref, openings.REF)
    return Fetched(remote, run.name, *(repo.ref(remote.seen(ref)) for ref in refs))


def is_first_push(repo: Repository, remote: Remote, run: RunBranch) -> bool:
    """Whether no evidence of the run has been at the remote, as far as was seen: fetch first."""
    return seen(repo, remote, run).evidence is None


def outgoing(run: RunBranch, remote: Remote, *, scores: bool = False) -> Refs:
    """What to push of a run that was joined: evidence (figures alone for ``scores``), openings and
    branch, in this order, each expected where it was seen last."""
    repo, at = run.repo, seen(run.repo, remote, run)
    refs: dict[str, tuple[str, str | None]] = {}
    if (mine := run.evidence.commit) is not None:
        source = scrubbed(run.evidence, at.evidence) if scores else mine
        refs[source] = (run.evidence.ref, at.evidence)
    if repo.ref(openings.REF) is not None:
        refs[openings.REF] = (openings.REF, at.openings)
    return {**refs, run.branch: (run.branch, at.branch)}


def _fetched(
    repo: Repository,
    remote: Remote,
    pairs: list[str],
    credential: Credential | None,
    timeout: float,
) -> None:
    quiet = ("--quiet", "--atomic", "--no-tags", "--no-write-fetch-head", "--refmap=")
    words = ("fetch", *quiet, "--no-recurse-submodules", "--no-auto-maintenance")
    line = (*words, "--end-of-options", remote.name, *pairs)
    answer = exchange(repo, remote.fetch_url, line, credential, timeout)
    if answer.code:
        raise failure(remote.shown, "fetch from", answer)


def _unlocked(repo: Repository, remote: Remote, refs: Iterable[str]) -> None:
    """What a fetch that was killed left behind. The run is held, so that it is nobody else's."""
    for ref in refs:
        with suppress(NotADirectoryError):
            (repo.folder.parent / f"{remote.seen(ref)}.lock").unlink(missing_ok=True)
