"""The remotes of a repository: which one is meant, what is there, and how git speaks to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from fnopt.errors import GitStateError, UsageError
from fnopt.history.command import Answer
from fnopt.history.credential import Credential, environment, plain
from fnopt.history.remote_failure import failure
from fnopt.history.repo import Repository

REMOTES = "refs/fnopt/remotes/"
"""What was last seen at each remote: ``refs/fnopt/remotes/REMOTE/heads/fnopt/RUN`` and so on."""
LOOK = 60.0  # seconds that a look at the references may take


@dataclass(frozen=True)
class Remote:
    """A remote of the repository: git's name for it, and where it is fetched from and pushed to."""

    name: str
    fetch_url: str
    push_url: str

    @property
    def shown(self) -> str:
        """The address as people may see it: no user and no password."""
        return f"{self.name} ({plain(self.push_url)})"

    def seen(self, ref: str) -> str:
        """Where it is noted here what a reference was at when it was last seen there."""
        return f"{REMOTES}{self.name}/{ref.removeprefix('refs/').removeprefix('fnopt/')}"


def remotes(repo: Repository) -> list[Remote]:
    """The remotes of the repository, by name."""
    return [_remote(repo, name) for name in repo.git("remote").text.split()]


def choose_remote(repo: Repository, named: str | None, base: str | None) -> Remote | None:
    """Where to push: the remote that is named, else that of the branch ``base`` (``main`` or
    ``origin/main``), else origin, else the only one; None where there is none at all.

    Raises UsageError where there is none by that name, or several and nothing says which.
    """
    names = repo.git("remote").text.split()
    known = f"remotes: {', '.join(names)}" if names else "git remote add origin URL"
    if named is not None and named not in names:
        raise UsageError(f"there is no remote {named!r}", known)
    chosen = named or _upstream(repo, names, base) or ("origin" if "origin" in names else None)
    if chosen is None and len(names) > 1:
        raise UsageError(
            f"there are {len(names)} remotes, and nothing says which: {', '.join(names)}",
            "name it: review.remote in fnopt.toml, or FNOPT_REVIEW_REMOTE",
        )
    chosen = chosen or next(iter(names), None)
    return _remote(repo, chosen) if chosen else None


def look(
    repo: Repository,
    remote: Remote,
    patterns: Sequence[str],
    credential: Credential | None = None,
    *,
    timeout: float = LOOK,
) -> dict[str, str]:
    """The references at a remote that fit the patterns (full names, or with ``*``), each with its
    object. Raises GitStateError where it cannot be asked."""
    words = ("ls-remote", "--quiet", "--refs", "--end-of-options", remote.name, *patterns)
    answer = exchange(repo, remote.fetch_url, words, credential, timeout)
    if answer.code:
        raise failure(remote.shown, "read the references of", answer)
    pairs = (line.split("\t", 1) for line in answer.text.splitlines())
    return {ref: name for name, ref in pairs}


def note_seen(repo: Repository, remote: Remote, ref: str, commit: str | None) -> None:
    """Note what a reference is at, as seen at the remote (None: it is not there)."""
    seen = remote.seen(ref)
    old = repo.ref(seen)
    with suppress(GitStateError):  # somebody else noted something newer
        if commit is None:
            if old is not None:
                repo.delete(seen, old)
        elif commit != old:
            repo.move(seen, commit, old, f"seen at {remote.name}")


def exchange(
    repo: Repository,
    url: str,
    words: Sequence[str],
    credential: Credential | None,
    timeout: float,
) -> Answer:
    """Run a git command that speaks to ``url``; nobody is asked anything."""
    unsaid = repo.setting("core.sshCommand") is None
    env = environment(url, credential, ssh=unsaid)
    answer = repo.git(*words, check=False, env=env, timeout=timeout)
    said = credential.without(answer.error) if credential else answer.error
    return Answer(answer.code, answer.out, said.replace(url, plain(url)))


def _remote(repo: Repository, name: str) -> Remote:
    get = ("remote", "get-url")
    fetched = repo.git(*get, name).text
    return Remote(name, fetched, repo.git(*get, "--push", name).text.split("\n")[0])


def _upstream(repo: Repository, names: Sequence[str], base: str | None) -> str | None:
    if base is None:
        return None
    tracked = repo.setting(f"branch.{base.removeprefix('refs/heads/')}.remote")
    if tracked in names:
        return tracked
    short = base.removeprefix("refs/remotes/")
    return next((one for one in names if short.startswith(f"{one}/")), None)
