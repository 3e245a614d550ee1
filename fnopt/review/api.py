"""A forge's API: JSON there and back, retries that end, pages, and what a refusal means.

What changes something at the forge is tried again only after a look whether it came to pass: of a
time-out and of a 5xx nobody knows.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fnopt.errors import ForgeError
from fnopt.review.http import READ, Failure, Http, Secret
from fnopt.review.response import Query, Response, next_page, said
from fnopt.review.waiting import Wait, wait

PATIENCE = 90.0  # seconds in which a request is tried again
TRIES = 3  # at a host that cannot be reached: most often it is not there
MOST_PAGES = 1000

T = TypeVar("T")
Outcome = Response | Failure


class Refused(ForgeError):
    """The forge answered, and says no: with ``status``, and ``said`` in its own words."""

    def __init__(self, status: int, said: str, message: str, mend: str) -> None:
        super().__init__(message, mend)
        self.status = status
        self.said = said


class Api:
    """The API at ``base``; paths go behind that. For one thread; use :meth:`close`.

    ``patience`` (seconds) bounds how long a request is tried again, ``read`` a silence of the
    forge. Every call raises ForgeError; Refused for a status that no other try would change.
    """

    def __init__(
        self,
        base: str,
        secret: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        patience: float = PATIENCE,
        read: float = READ,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base = base.rstrip("/")
        self.host = urlsplit(self.base).netloc.rpartition("@")[2]
        self._secret = secret
        self._http = Http(self.base, secret, headers, read)
        self._patience, self._sleep, self._clock = patience, sleep, clock

    def close(self) -> None:
        """Close the connections; they open again when needed."""
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        """What stands at a path, from JSON."""
        return self._json(self._good("GET", path, query))

    def text(self, path: str, query: Query | None = None) -> str:
        """What stands at a path, as text."""
        return self._good("GET", path, query).text

    def pages(self, path: str, query: Query | None = None) -> list[Any]:
        """All items of a list that comes in pages: by the Link header (RFC 8288), else by
        ``X-Next-Page`` or ``X-Total-Count``."""
        items: list[Any] = []
        asked: Query | None = query or {}
        for _ in range(MOST_PAGES):
            answer = self._good("GET", path, asked)
            found = self._json(answer)
            if not isinstance(found, list):
                raise self._strange("no list where one was expected")
            items += found
            asked = next_page(answer.headers, asked or {}, len(items)) if found else None
            if asked is None:
                return items
        raise self._strange(f"more than {MOST_PAGES} pages of {path}")

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        there: Callable[[], T | None] | None = None,
    ) -> Any | T:
        """Send JSON; the JSON that is answered.

        ``there`` looks for what the request makes. It is asked before a request whose answer was
        lost is tried again, and what it finds is returned instead. Without it the request must be
        one that does no harm when it comes twice.
        """
        found = self._sent(method, path, None, body, there)
        return self._json(found) if isinstance(found, Response) else found

    def read(self, parse: Callable[[Any], T], given: Any) -> T:
        """A value from JSON; an error that says so where the JSON is of another shape."""
        try:
            return parse(given)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            told = f"{type(error).__name__} {error}"[:120]
            raise self._strange(f"JSON of another shape than expected ({told})") from None

    def _good(self, method: str, path: str, query: Query | None) -> Response:
        found = self._sent(method, path, query)
        assert isinstance(found, Response), "BUG: nothing else was looked for"
        return found

    def _sent(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Mapping[str, Any] | None = None,
        there: Callable[[], T | None] | None = None,
    ) -> Response | T:
        """An answer of 2xx, or what ``there`` found."""
        end = self._clock() + self._patience
        for attempt in count(1):
            outcome = self._http.exchange(method, f"{self.base}/{path}", query, body)
            again = _again(outcome, attempt)
            if again is None:
                return self._success(outcome, method, path)
            pause = _pause(again, attempt)
            spent = self._clock() + pause > end
            if not spent:
                self._sleep(pause)
            lost = not again.limited and not (isinstance(outcome, Failure) and outcome.unreached)
            if there is not None and lost and (found := there()) is not None:
                return found
            if spent:
                raise self._spent(outcome, again)
        raise AssertionError("BUG: counting has no end")

    def _success(self, outcome: Outcome, method: str, path: str) -> Response:
        if isinstance(outcome, Failure):
            raise ForgeError(self._clean(f"{self.host}: {outcome.why}"), outcome.mend)
        if 200 <= outcome.status < 300:
            return outcome
        words = self._clean(said(outcome).removeprefix(f"{outcome.status} "))
        message = f"{self.host} refuses {method} {path}: {outcome.status} {words}".strip()
        raise Refused(outcome.status, words, message, _mend(outcome.status, bool(self._secret)))

    def _spent(self, outcome: Outcome, again: Wait) -> ForgeError:
        if again.limited and again.until is not None:
            ends = f"{again.until:%Y-%m-%d %H:%M:%S} UTC, in {again.seconds or 0:.0f} s"
            more = "" if self._secret else ", or with a token: it is allowed more"
            mend = f"run the command again after that{more}"
            return ForgeError(f"{self.host}: the rate limit is reached; it ends at {ends}", mend)
        if isinstance(outcome, Failure):
            why = outcome.why
        else:
            why = f"it answered {outcome.status} {said(outcome)}".strip()
        message = self._clean(f"{self.host}: {why}; given up after {self._patience:.0f} s")
        return ForgeError(message, "run the command again later: nothing is done twice")

    def _json(self, answer: Response) -> Any:
        if not answer.body.strip():
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            kind = answer.headers.get("content-type", "").partition(";")[0].strip() or "no JSON"
            raise self._strange(f"{kind[:60]} where JSON was expected") from None

    def _strange(self, what: str) -> ForgeError:
        mend = f"is {self.base} the address of the forge's API? see review.api"
        return ForgeError(self._clean(f"{self.host} answered {what}"), mend)

    def _clean(self, text: str) -> str:
        return self._secret.without(text) if self._secret else text


def _again(outcome: Outcome, attempt: int) -> Wait | None:
    """Whether, and when, to try again after the attempt of that number."""
    if isinstance(outcome, Response):
        return wait(outcome.status, outcome.headers, said(outcome), datetime.now(UTC))
    if outcome.final or (outcome.unreached and attempt >= TRIES):
        return None
    return Wait()


def _pause(again: Wait, attempt: int) -> float:
    """Seconds: back-off with full jitter (Brooker, "Exponential Backoff And Jitter")."""
    jitter = random.random() * min(15.0, 0.5 * 2.0 ** min(attempt, 10))
    return jitter if again.seconds is None else again.seconds + min(jitter, 1.0)


def _mend(status: int, token: bool) -> str:
    if status == 401 and token:
        return "the token is wrong, expired or revoked: make a new one, or: gh auth login"
    if status in (401, 403, 404) and not token:
        return "give a token: GITHUB_TOKEN, GITLAB_TOKEN or GITEA_TOKEN, or: gh auth login"
    if status in (403, 404):
        return "see that the address is right and what the token may: fnopt doctor"
    return "see what it says, and: fnopt doctor"
