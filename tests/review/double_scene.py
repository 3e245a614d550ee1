"""What tests of the double share: a client, the addresses, and how a repository begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from review.forge_double import Double
from review.forge_double.values import Kind

Forges = Callable[..., Double]
Clone = Callable[[Double], Callable[..., str]]
KINDS: tuple[Kind, ...] = ("github", "gitlab", "gitea")
SCHEMES = {"github": "Bearer", "gitlab": "Bearer", "gitea": "token"}


def client(double: Double, token: str | None = "secret-token") -> httpx2.Client:
    """A client of the double's API."""
    headers = {"Authorization": f"{SCHEMES[double.kind]} {token}"} if token else {}
    return httpx2.Client(base_url=double.api, headers=headers, trust_env=False, verify=False)


def repo(double: Double) -> str:
    """The repository in the API."""
    if double.kind == "gitlab":
        return "/projects/acme%2Ftools"
    return "/repos/acme/tools"


def pulls(double: Double) -> str:
    """The list of pull requests in the API."""
    return repo(double) + ("/merge_requests" if double.kind == "gitlab" else "/pulls")


def opening(double: Double, head: str = "work", **more: Any) -> dict[str, Any]:
    """A body that opens a pull request."""
    if double.kind == "gitlab":
        return {"source_branch": head, "target_branch": "main", "title": "T", **more}
    return {"head": head, "base": "main", "title": "T", "body": "B", **more}


WORDS = "def a(): ...\ndef b(): ...\n\n"
FILE = "functions/words.py"


def began(double: Double) -> Double:
    """A main with three lines, and a branch ``work`` with a commit that adds a fourth."""
    double.commit("main", {FILE: WORDS}, "start")
    double.commit("work", {FILE: WORDS + "def c(): ...\n"}, "feat: c\n\nWhy.\n")
    return double


def went_on(double: Double) -> None:
    """A second commit on ``work``."""
    words = WORDS + "def c(): ...\ndef d(): ...\n"
    double.commit("work", {FILE: words}, "feat: d\n\nWhy.\n")
