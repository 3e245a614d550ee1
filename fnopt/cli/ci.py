"""The CI files that `fnopt init` writes: for which forge, and where they belong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fnopt.config import ReviewConfig
from fnopt.history.repo import Repository

CI = Literal["github", "gitlab", "gitea", "none"]
CHOICES: tuple[CI, ...] = ("github", "gitlab", "gitea", "none")

GITHUB = ".github/workflows"
GITEA = (".forgejo/workflows", ".gitea/workflows", GITHUB)
"""Where Forgejo and Gitea look for workflows, in order. They read the first folder that is there
and no other: a folder of our own would turn off the workflows in the next."""
GITLAB = ".gitlab/fnopt.yml"
GITLAB_ROOT = ".gitlab-ci.yml"
INCLUDE = f"include:\n  - local: {GITLAB}"


@dataclass(frozen=True)
class Workflow:
    """What the workflow says of the forge that it runs at: ``actions`` is put before the name of
    an action, ``token`` the variable that fnopt reads, ``name`` and ``email`` who commits."""

    kind: CI
    actions: str
    token: str
    name: str
    email: str


WORKFLOWS = {
    "github": Workflow(
        "github",
        "",
        "GITHUB_TOKEN",
        "github-actions[bot]",
        "41898282+github-actions[bot]@users.noreply.github.com",
    ),
    # where actions come from is a setting there, and a mirror may lack what is pinned
    "gitea": Workflow(
        "gitea", "https://github.com/", "GITEA_TOKEN", "fnopt", "fnopt@noreply.localhost"
    ),
}


def ci_of(repo: Repository, review: ReviewConfig) -> CI:
    """What the repository is hosted at: as the configuration says, else by the remote's host, else
    by the files that are there; GitHub where nothing tells."""
    if review.forge != "auto":
        return review.forge
    host = _host(review.url or _remote_url(repo, review.remote)).lower()
    if "gitlab" in host:
        return "gitlab"
    if any(word in host for word in ("gitea", "forgejo", "codeberg.org")):
        return "gitea"
    return "github" if host == "github.com" else _by_files(repo.root)


def _by_files(root: Path) -> CI:
    if (root / GITLAB_ROOT).exists():
        return "gitlab"
    return "gitea" if any((root / folder).is_dir() for folder in GITEA[:-1]) else "github"


def workflow_path(root: Path, ci: CI) -> str:
    """Where the workflow goes, relative to the root: into the folder that is in use there."""
    if ci != "gitea":
        return f"{GITHUB}/fnopt.yml"
    used = (folder for folder in GITEA if (root / folder).is_dir())
    return f"{next(used, '.gitea/workflows')}/fnopt.yml"


def _remote_url(repo: Repository, named: str | None) -> str:
    names = repo.git("remote").text.split()
    first = next((one for one in (named, "origin", *names) if one in names), None)
    return repo.git("remote", "get-url", first, check=False).text if first else ""


def _host(url: str) -> str:
    """The host of a URL, or of git's short form (``git@host:path``); nothing for a path."""
    match = re.match(r"(?:[a-z+]+://)(?:[^@/]*@)?([^:/]+)|(?:[^@/:]+@)?([^:/]{2,}):", url)
    return (match[1] or match[2]) if match else ""
