"""What git takes for the address of a repository, read (git-fetch(1), "GIT URLS")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

WEB = ("http", "https")
_OTHER = ("ssh", "git+ssh", "ssh+git", "git")
_SCP = re.compile(r"(?:[^/:@]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:\[\]]+):(?P<path>.+)")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]+")


@dataclass(frozen=True)
class RemoteUrl:
    """``host`` and ``port`` of a server, ``path`` of a repository there (without ``.git``).

    ``scheme`` is ``http``, ``https`` or ``ssh``. No user and no password is kept.
    """

    scheme: str
    host: str
    port: int | None
    path: str


def read(url: str) -> RemoteUrl | None:
    """What a remote's address says; None for a folder or file, and for what no forge speaks."""
    url = url.strip()
    if _DRIVE.match(url) or "::" in url.partition("/")[0].partition("[")[0]:
        return None  # a Windows folder; a remote helper's own address
    return _url(url) if "://" in url else _scp(url)


def _url(url: str) -> RemoteUrl | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in (*WEB, *_OTHER) or not host or not _HOST.fullmatch(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    return RemoteUrl(scheme if scheme in WEB else "ssh", shown, port, _path(unquote(parts.path)))


def _scp(url: str) -> RemoteUrl | None:
    """``user@host:path``: a colon before the first slash."""
    match = _SCP.fullmatch(url)
    if match is None or not _HOST.fullmatch(match["host"]):
        return None
    return RemoteUrl("ssh", match["host"].lower(), None, _path(match["path"]))


def _path(given: str) -> str:
    return given.strip("/").removesuffix(".git").strip("/")
