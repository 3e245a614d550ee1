"""Which forge a remote is at, and what stands there.

A host that is not known is recognised by its name, else it is asked, once and without a token, for
what only one forge has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit

from fnopt.config import ReviewConfig
from fnopt.errors import ForgeError, UsageError
from fnopt.review.api import Api, Refused
from fnopt.review.forge import Kind, Place
from fnopt.review.remote_url import WEB, RemoteUrl, read

KNOWN: Mapping[str, Kind] = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "gitea.com": "gitea",
    "codeberg.org": "gitea",
}
NAMES: Mapping[str, Kind] = {
    "github": "github",
    "ghe": "github",
    "gitlab": "gitlab",
    "gitea": "gitea",
    "forgejo": "gitea",
    "codeberg": "gitea",
}
"""Parts of a host's name that say what stands there."""
OVER_SSH = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
"""Hosts that stand for others where only port 443 is open."""
ELSEWHERE = re.compile(r"bitbucket|dev\.azure|visualstudio|sourcehut|\bsr\.ht|amazonaws|gerrit")
"""Hosts of forges that are not spoken to: there is no need to ask."""
ASKED: tuple[tuple[Kind, str, str], ...] = (
    ("gitea", "api/v1/version", "version"),
    ("gitlab", "api/v4/version", "message"),  # 401: it wants a token
    ("github", "api/v3/meta", "verifiable_password_authentication"),
)
BEHIND: Mapping[Kind, str] = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
SILENCE = 5.0  # seconds
_PART = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]+")
CHOICES = "set review.forge to github, gitlab, gitea, or none (it is pushed, and that is all)"

Recognise = Callable[[str], Kind | None]


def recognise(web: str) -> Kind | None:
    """What stands at an address, by asking for what only one forge has."""
    api = Api(web, patience=0, read=SILENCE)
    try:
        return next((kind for kind, path, key in ASKED if _has(api, path, key)), None)
    finally:
        api.close()


def place(remote: str, review: ReviewConfig, ask: Recognise = recognise) -> Place | None:
    """The repository that a remote's address stands for; None where no forge is behind it: a
    folder, or ``review.forge = "none"``.

    Raises UsageError where the address, or what stands there, is not understood.
    """
    found = read(remote)
    if found is None or review.forge == "none":
        return None
    web = _web(found, review)
    kind = _kind(web, review, ask)
    return Place(kind, web, _api(kind, web, review), _repository(found, web, kind))


def _web(found: RemoteUrl, review: ReviewConfig) -> str:
    if review.url is not None:
        return _address(review.url, "review.url")
    host = OVER_SSH.get(found.host, found.host)
    if found.scheme not in WEB:
        return f"https://{host}"
    return f"{found.scheme}://{host}{f':{found.port}' if found.port else ''}"


def _kind(web: str, review: ReviewConfig, ask: Recognise) -> Kind:
    if review.forge not in ("auto", "none"):
        return review.forge  # type: ignore[return-value]
    host = (urlsplit(web).hostname or "").lower()
    kind = by_name(host) or (None if ELSEWHERE.search(host) else ask(web))
    if kind is None:
        raise UsageError(f"it is not known what forge stands at {web}", CHOICES)
    return kind


def by_name(host: str) -> Kind | None:
    """The forge that a host's name stands for."""
    if host in KNOWN:
        return KNOWN[host]
    parts = re.split(r"[.-]", host)
    return next((kind for name, kind in NAMES.items() if name in parts), None)


def _api(kind: Kind, web: str, review: ReviewConfig) -> str:
    if review.api is not None:
        return _address(review.api, "review.api")
    host = urlsplit(web).netloc
    if kind == "github" and (host == "github.com" or host.endswith(".ghe.com")):
        return f"https://api.{host}"
    return f"{web}{BEHIND[kind]}"


def _repository(found: RemoteUrl, web: str, kind: Kind) -> str:
    """The repository's path; a forge may live behind a path of its own, which is no part of it."""
    inside = urlsplit(web).path.strip("/")
    path = found.path
    if inside and found.scheme in WEB and path.startswith(f"{inside}/"):
        path = path[len(inside) + 1 :]
    parts = path.split("/")
    least, most = (2, 20) if kind == "gitlab" else (2, 2)
    plain = all(_PART.fullmatch(one) and one not in (".", "..") for one in parts)
    if not plain or not least <= len(parts) <= most:
        shape = "GROUP/NAME" if kind == "gitlab" else "OWNER/NAME"
        said = f"the remote's path {path!r} is no repository at {web}: {shape} is expected"
        raise UsageError(said, "see git remote get-url; review.url is the forge's own address")
    return path


def _address(given: str, key: Literal["review.url", "review.api"]) -> str:
    try:
        parts = urlsplit(given)
        good = parts.scheme in WEB and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        said = f"{key} is no address of a forge"
        raise UsageError(said, f'{key} = "https://HOST", without user, password or query')
    return given.rstrip("/")


def _has(api: Api, path: str, key: str) -> bool:
    """Whether there is JSON with that key; of a refusal its words are enough."""
    try:
        found = api.get(path)
    except Refused as refusal:
        return key == "message" and refusal.status == 401 and "Unauthorized" in refusal.said
    except ForgeError:
        return False
    return isinstance(found, dict) and key in found
