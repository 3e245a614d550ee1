"""Where a run is pushed to, and the push: atomic, by compare-and-swap, never a rewrite.

Each reference goes with the object that it is expected to be at, as ``--force-with-lease`` has it
(git-push(1)). That option would also allow a rewrite, so it is made sure before that the new
commit has the old one in its history: what is pushed is always a fast-forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from fnopt.errors import GitStateError
from fnopt.history.command import Answer
from fnopt.history.credential import Credential
from fnopt.history.remote_failure import failure, hook_failure, is_network
from fnopt.history.remotes import Remote, choose_remote, exchange, look, note_seen
from fnopt.history.repo import Repository

__all__ = ["Credential", "Moved", "Pushed", "PushedRef", "Refs", "Remote", "choose_remote", "push"]

LONGEST = 600.0  # seconds that an exchange may take

_NO_ATOMIC = "does not support --atomic"
_UNSAID = "failed to report status"
"""The reason where the server's answer was lost."""
_RACES = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "failed to update ref",
)
"""Reasons that git and servers give where somebody else was faster."""

Refs = Mapping[str, tuple[str, str | None]]
"""Local reference or commit, to the reference at the remote with the object that it is expected to
be at; None: it is not there yet."""


@dataclass(frozen=True)
class PushedRef:
    """A reference at the remote, from ``old`` (None: it was not there) to ``new``."""

    ref: str
    old: str | None
    new: str
    state: Literal["new", "updated", "unchanged"]


@dataclass(frozen=True)
class Pushed:
    """All of it is there. ``atomic``: the remote took it as one."""

    remote: Remote
    refs: tuple[PushedRef, ...]
    atomic: bool = True


@dataclass(frozen=True)
class Moved:
    """Somebody was faster: ``ref`` is at ``found`` there (None: it was deleted), not at
    ``expected``. Nothing was pushed, or, without ``--atomic``, nothing behind it."""

    remote: Remote
    ref: str
    expected: str | None
    found: str | None

    @property
    def message(self) -> str:
        """What happened, on one line."""
        if self.found is None:
            return f"{self.ref} was deleted at {self.remote.shown}"
        what = "moved" if self.expected else "made"
        return f"{self.ref} was {what} by somebody else at {self.remote.shown}: {self.found[:10]}"

    @property
    def mend(self) -> str:
        """What a person can do."""
        if self.found is None:
            return f"give the run up (fnopt abandon), or: git push {self.remote.name} BRANCH"
        return "run the command again: it takes in first what is there"


@dataclass(frozen=True)
class _Wanted:
    source: str
    ref: str
    old: str | None
    new: str

    @property
    def pushed(self) -> PushedRef:
        state: Literal["new", "updated", "unchanged"] = "updated" if self.old else "new"
        return PushedRef(
            self.ref, self.old, self.new, "unchanged" if self.old == self.new else state
        )


def push(
    repo: Repository,
    remote: Remote,
    refs: Refs,
    credential: Credential | None = None,
    *,
    timeout: float = LONGEST,
) -> Pushed | Moved:
    """Push references, all or none; one by one, in their order, where the remote cannot do that.

    An exchange that breaks off is looked into: it may have been carried out. Raises GitStateError
    where a reference would be rewritten, the remote cannot be reached or refuses (no right, a
    protected branch, a hook), or the user's own pre-push hook does.
    """
    wanted = [_wanted(repo, remote, source, *at) for source, at in refs.items()]
    atomic = True
    answer = _sent(repo, remote, wanted, credential, timeout, "--atomic")
    if _NO_ATOMIC in answer.error:
        atomic = False
        for one in wanted:
            answer = _sent(repo, remote, [one], credential, timeout)
            if answer.code:
                break
    if answer.code:
        missed = _missed(repo, remote, wanted, answer, credential)
        if missed is not None:
            return missed
    for one in wanted:
        note_seen(repo, remote, one.ref, one.new)
    return Pushed(remote, tuple(one.pushed for one in wanted), atomic)


def _wanted(repo: Repository, remote: Remote, source: str, ref: str, old: str | None) -> _Wanted:
    new = (repo.ref(source) if source.startswith("refs/") else None) or repo.resolve(source)
    if old is not None and not repo.is_ancestor(old, new):
        raise GitStateError(
            f"{new[:10]} does not have {old[:10]}, which is {ref} at {remote.shown}",
            "fnopt never forces a push: take in first what is there, by git fetch and git merge",
        )
    return _Wanted(source, ref, old, new)


def _sent(
    repo: Repository,
    remote: Remote,
    wanted: Sequence[_Wanted],
    credential: Credential | None,
    timeout: float,
    *options: str,
) -> Answer:
    leases = [f"--force-with-lease={one.ref}:{one.old or ''}" for one in wanted]
    pairs = [f"{one.new}:{one.ref}" for one in wanted]
    words = ("push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", *options)
    words = (*words, *leases, "--end-of-options", remote.name, *pairs)
    return exchange(repo, remote.push_url, words, credential, timeout)


def _missed(
    repo: Repository,
    remote: Remote,
    wanted: Sequence[_Wanted],
    answer: Answer,
    credential: Credential | None,
) -> Moved | None:
    """What a push that failed means; None where it was carried out after all."""
    reasons = _reasons(answer)
    if all(_UNSAID in reason for reason in reasons.values()) and is_network(answer):
        with suppress(GitStateError):
            there = look(repo, remote, [one.ref for one in wanted], credential)
            if all(there.get(one.ref) == one.new for one in wanted):
                return None
        raise failure(remote.shown, "push to", answer)
    if any(race in reason for reason in reasons.values() for race in _RACES):
        there = look(repo, remote, [one.ref for one in wanted], credential)
        for one in wanted:
            found = there.get(one.ref)
            if found not in (one.old, one.new):
                note_seen(repo, remote, one.ref, None) if found is None else None
                return Moved(remote, one.ref, one.old, found)
    if not reasons and answer.code == 1 and "fatal: " not in answer.error:
        raise hook_failure(remote.shown, answer)
    told = [f"{ref}: {reason}" for ref, reason in reasons.items() if "atomic" not in reason]
    raise failure(remote.shown, "push to", answer, told)


def _reasons(answer: Answer) -> dict[str, str]:
    """Why single references were rejected, by ``git push --porcelain`` (git-push(1), OUTPUT)."""
    found: dict[str, str] = {}
    for line in answer.out.decode(errors="replace").splitlines():
        flag, _, rest = line.partition("\t")
        pair, _, summary = rest.partition("\t")
        if flag == "!" and summary:
            found[pair.partition(":")[2]] = summary
    return found
