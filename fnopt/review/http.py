"""One exchange of HTTP with a forge; the only importer of httpx2 in this room.

The token goes into a header and to the API's own origin alone: no redirect can lead it elsewhere,
and what a failure says never has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from fnopt import __version__
from fnopt.errors import ForgeError
from fnopt.review.response import Query, Response

if TYPE_CHECKING:
    import httpx2

CONNECT = 10.0  # seconds
READ = 30.0  # seconds in which the forge may send nothing
LONGEST = 120.0  # seconds that one answer may take
LARGEST = 32 << 20  # bytes of one answer
HOPS = 3  # redirects in a row
PROXIES = "see HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"


@dataclass(frozen=True)
class Secret:
    """The header that says who asks, and the token in it. Neither is shown anywhere."""

    name: str
    value: str = field(repr=False)
    token: str = field(repr=False)

    def without(self, text: str) -> str:
        """A text without them."""
        return text.replace(self.value, "[redacted]").replace(self.token, "[redacted]")


@dataclass(frozen=True)
class Failure:
    """No answer. ``final``: another try would bring the same; ``unreached``: the forge did not get
    the request (else it may have carried it out)."""

    why: str
    mend: str
    final: bool = False
    unreached: bool = False


class Http:
    """Connections to the forge that ``origin`` (an address) is at, with proxies and certificates
    as the environment says. ``read`` (seconds) bounds its silence. Use :meth:`close`."""

    def __init__(
        self,
        origin: str,
        secret: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        read: float = READ,
    ) -> None:
        self._origin = _origin(origin)
        self._headers = {"User-Agent": f"fnopt/{__version__}", **(headers or {})}
        if secret is not None:
            self._headers[secret.name] = secret.value
        self._read = read
        self._client: httpx2.Client | None = None

    def close(self) -> None:
        """Close the connections; they open again when needed."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def exchange(
        self, method: str, url: str, query: Query | None, body: Mapping[str, Any] | None
    ) -> Response | Failure:
        """What is answered behind redirects, as far as they stay at this origin."""
        for _ in range(HOPS):
            outcome = self._once(method, url, query, body)
            if isinstance(outcome, Failure) or outcome.status not in (301, 302, 303, 307, 308):
                return outcome
            target = urljoin(url, outcome.headers.get("location", url))
            kept = outcome.status in (307, 308)
            if _origin(target) != self._origin or not (kept or method == "GET"):
                return _moved(target)
            url, query = target, None
        return Failure("it redirects without an end", "see review.api", final=True)

    def _once(
        self, method: str, url: str, query: Query | None, body: Mapping[str, Any] | None
    ) -> Response | Failure:
        import httpx2

        client = self._open()
        try:
            with client.stream(method, url, params=query or None, json=body) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                whole = _body(response, time.monotonic)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return _failure(error)
        if whole is None:
            what = f"its answer is beyond {LARGEST >> 20} MB or {LONGEST:.0f} s"
            return Failure(what, "see review.api", final=True)
        return Response(response.status_code, headers, whole)

    def _open(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            timeout = httpx2.Timeout(self._read, connect=CONNECT)
            try:
                self._client = httpx2.Client(headers=self._headers, timeout=timeout)
            except (ImportError, ValueError, httpx2.InvalidURL) as error:
                lacks = ": SOCKS needs the package socksio" if "SOCKS" in str(error) else ""
                raise ForgeError(f"the proxy cannot be used{lacks}", PROXIES) from None
        return self._client


def _body(response: httpx2.Response, clock: Callable[[], float]) -> bytes | None:
    """The whole body; None beyond the bounds: each piece renews the time-out for reading."""
    end = clock() + LONGEST
    whole = bytearray()
    for piece in response.iter_bytes():
        whole += piece
        if len(whole) > LARGEST or clock() > end:
            return None
    return bytes(whole)


def _moved(target: str) -> Failure:
    parts = urlsplit(target)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]
    why = f"it redirects to {shown}, where the request is not sent"
    return Failure(why, "has it moved? see git remote get-url, review.url, review.api", final=True)


def _failure(error: Exception) -> Failure:
    """What a failed exchange means. The words of a request that cannot be sent may hold headers:
    they are left out."""
    import httpx2

    told = " ".join(str(error).split())[:200]
    later = "run the command again later"
    if isinstance(
        error, httpx2.LocalProtocolError | httpx2.InvalidURL | httpx2.UnsupportedProtocol
    ):
        why = f"the request cannot be sent ({type(error).__name__})"
        return Failure(why, "see review.api and the token", final=True)
    if isinstance(error, httpx2.ProxyError):
        return Failure(f"the proxy refuses: {told}", PROXIES, final=True)
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return _unreached(told or type(error).__name__)
    if isinstance(error, httpx2.TimeoutException):
        return Failure("it did not answer in time", later)
    return Failure(f"the connection broke: {type(error).__name__}", later)


def _unreached(told: str) -> Failure:
    distrusted = "certificate" in told.lower()
    mend = "see the network, the proxy (HTTPS_PROXY) and review.url"
    if distrusted:
        mend = "set SSL_CERT_FILE to the certificates of your authority"
    return Failure(f"it cannot be reached: {told}", mend, final=distrusted, unreached=True)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no address."""
    usual = {"http": 80, "https": 443}
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or usual.get(parts.scheme)
    except ValueError:
        return None
