"""Whose name to act in: a token for the forge's host, and for no other.

A token of the environment is for the host that the environment says, or for the one that the user's
own remote is at. What a repository's configuration alone names gets none: else whoever wrote it
could collect tokens. GitHub's ``gh`` and GitLab's ``glab`` keep theirs by host.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fnopt.errors import UsageError
from fnopt.review.forge import Kind, Place
from fnopt.review.http import Secret
from fnopt.review.remote_url import read

PATIENCE = 10.0  # seconds for gh or glab; glab may renew a token
PUBLIC = ("github.com", "gitlab.com", "codeberg.org", "gitea.com")
JOB = "CI_JOB_TOKEN"
VARIABLES: Mapping[Kind, tuple[str, ...]] = {
    "github": ("GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("GITLAB_TOKEN", JOB),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
}
ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
HOSTS: Mapping[Kind, tuple[str, ...]] = {
    "github": ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GH_HOST"),
    "gitlab": ("CI_SERVER_URL", "CI_API_V4_URL", "GITLAB_HOST"),
    "gitea": ("GITEA_SERVER_URL", "GITHUB_SERVER_URL", "FORGEJO_SERVER_URL"),
}
"""Variables that name the forge: those of CI, and of the forges' own programs."""
OURS = ("FNOPT_REVIEW_URL", "FNOPT_REVIEW_API")
PROGRAMS: Mapping[Kind, tuple[str, ...]] = {
    "github": ("gh", "auth", "token", "--hostname"),
    "gitlab": ("glab", "config", "get", "token", "--host"),
}
THEIRS = frozenset({"GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN", *ENTERPRISE}.union(*VARIABLES.values()))
"""Variables that the programs would answer for any host."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True)
class Token:
    """A token, and where it was found (``GITHUB_TOKEN``, ``gh auth token``).

    ``job``: GitLab's of a CI job, which may push where the project allows it, but neither read nor
    open merge requests (docs.gitlab.com, "CI/CD job token").
    """

    secret: str = field(repr=False)
    source: str
    job: bool = False

    def header(self, kind: Kind) -> Secret:
        """The header that the forge wants it in."""
        if self.job:
            return Secret("JOB-TOKEN", self.secret, self.secret)
        word = "token" if kind == "gitea" else "Bearer"
        return Secret("Authorization", f"{word} {self.secret}", self.secret)

    def user(self, kind: Kind) -> str:
        """The user whose password the token is when git pushes over HTTP."""
        if self.job:
            return "gitlab-ci-token"
        return "oauth2" if kind == "gitlab" else "x-access-token"


Run = Callable[[Sequence[str], Mapping[str, str]], str]


def token(
    place: Place, remote: str, environ: Mapping[str, str] = os.environ, run: Run | None = None
) -> Token | None:
    """The token for a place; None where there is none.

    ``remote`` is the address of the git remote, as git says it. Raises UsageError where a variable
    holds what is no token, or where its token would go to a host that only the repository's own
    configuration names.
    """
    found = _of_environment(place, environ)
    if found is not None and vouched(place, remote, environ):
        return found
    own = _of_program(place, environ, run or _run)
    if own is None and found is not None:
        host = urlsplit(place.api).netloc
        said = f"{found.source} is not sent to {host}: only the repository's configuration names it"
        raise UsageError(said, f"if that is right: export FNOPT_REVIEW_URL={place.web}")
    return own


def how_to_give(place: Place) -> str:
    """The command, and the variable, with which a person gives a token for a place."""
    host = urlsplit(place.web).netloc
    names = " or ".join(one for one in _variables(place, {}) if one != JOB)
    login = {
        "github": f"gh auth login --hostname {host}, or ",
        "gitlab": f"glab auth login --hostname {host}, or ",
    }
    return f"{login.get(place.kind, '')}export {names}"


def vouched(place: Place, remote: str, environ: Mapping[str, str]) -> bool:
    """Whether somebody else than the repository's configuration names the API's host."""
    named = [environ.get(one, "") for one in (*HOSTS[place.kind], *OURS)]
    hosts = {_host(one) for one in named if one} | set(PUBLIC)
    at = read(remote)
    if at is not None:
        hosts |= {at.host, at.host.removeprefix("ssh.").removeprefix("altssh.")}
    host = _host(place.api)
    return host in hosts or host.removeprefix("api.") in hosts


def _of_environment(place: Place, environ: Mapping[str, str]) -> Token | None:
    for name in _variables(place, environ):
        value = environ.get(name, "").strip()
        if value and not _TOKEN.fullmatch(value):
            raise UsageError(f"{name} holds what is no token", f"mend or unset {name}")
        if value:
            return Token(value, name, job=name == JOB)
    return None


def _variables(place: Place, environ: Mapping[str, str]) -> tuple[str, ...]:
    """As gh has it, GITHUB_TOKEN is github.com's or that of the server that CI runs at, and
    GH_ENTERPRISE_TOKEN any other's."""
    names = VARIABLES[place.kind]
    if place.kind == "gitlab" and _host(environ.get("CI_SERVER_URL", "")) != _host(place.web):
        return tuple(one for one in names if one != JOB)
    host = _host(place.web)
    if place.kind != "github" or host == "github.com" or host.endswith(".ghe.com"):
        return names
    here = host in {_host(environ.get(one, "")) for one in (*HOSTS["github"], *OURS)}
    return (*names, *ENTERPRISE) if here else ENTERPRISE


def _of_program(place: Place, environ: Mapping[str, str], run: Run) -> Token | None:
    words = PROGRAMS.get(place.kind)
    host = urlsplit(place.web).netloc
    if words is None or host.startswith("-"):
        return None
    said = run((*words, host), environ).strip()
    return Token(said, " ".join(words[:3])) if _TOKEN.fullmatch(said) else None


def _run(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a program says on standard output; nothing where it is not there or fails."""
    kept = {name: value for name, value in environ.items() if name not in THEIRS}
    try:
        done = subprocess.run(
            list(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
            env={**kept, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _host(address: str) -> str:
    """The host's name in an address, or in ``HOST[:PORT]``; without the port."""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "").lower()
    except ValueError:
        return ""
