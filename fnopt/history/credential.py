"""How git is run against a remote: nobody is asked, and a token is in the environment only.

git reads configuration from ``GIT_CONFIG_COUNT`` and the variables that go with it (git-config(1),
ENVIRONMENT), so that a token never stands in an argument, a URL or a file. git's own traces leave
the header out.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

PATIENCE = 60  # seconds in which a server may send nothing
SSH = "ssh -o BatchMode=yes -o ConnectTimeout=30"
USER = "x-access-token"
"""Every forge takes a token as the password of some user; GitHub's apps want this one."""


@dataclass(frozen=True)
class Credential:
    """A token for one host (``github.com``, ``host:8443``), as the password of ``user``."""

    host: str
    secret: str = field(repr=False)
    user: str = USER

    def fits(self, url: str) -> bool:
        """Whether the token is meant for what stands at a URL."""
        parts = urlsplit(url) if "://" in url else None
        known = parts and parts.scheme in ("http", "https")
        return bool(parts and known and _host(parts) == self.host.lower())

    @property
    def header(self) -> str:
        """The header of HTTP's basic authentication (RFC 7617)."""
        pair = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        return f"Authorization: Basic {pair}"

    def without(self, text: str) -> str:
        """A text without the token, in whatever form it was handed over."""
        for secret in (self.secret, self.header.rsplit(" ", 1)[1]):
            text = text.replace(secret, "[redacted]") if secret else text
        return text


def environment(
    url: str,
    credential: Credential | None,
    environ: Mapping[str, str] = os.environ,
    *,
    ssh: bool = True,
) -> dict[str, str]:
    """What git needs in its environment for an exchange with ``url``. ``ssh``: the user has not
    said how ssh is to be run."""
    found = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "GIT_TRACE_REDACT": "1"}
    stalls = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": str(PATIENCE)}
    found |= {key: value for key, value in stalls.items() if key not in environ}
    if ssh and not {"GIT_SSH", "GIT_SSH_COMMAND"} & environ.keys():
        found["GIT_SSH_COMMAND"] = SSH
    if credential is not None and credential.fits(url):
        found |= _settings(url, credential, environ)
    return found


def plain(url: str) -> str:
    """A URL without the user and password that may stand in it."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _settings(url: str, credential: Credential, environ: Mapping[str, str]) -> dict[str, str]:
    """An empty header first: it takes away what a checkout in CI has left in the configuration,
    and two are an error to GitHub."""
    given = environ.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isdecimal() else 0
    key = f"http.{plain(url)}.extraHeader"
    found = {"GIT_CONFIG_COUNT": str(count + 2)}
    for number, value in enumerate(("", credential.header), count):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2].lower()
