"""What a forge's answer says about asking again, and when.

GitHub refuses with 403 or 429 (docs.github.com, "Rate limits for the REST API"): with Retry-After,
or with nothing left and the time at which it begins anew, or, for its secondary limits, with words
alone, and then a minute is what it wants. GitLab says 429 with Retry-After and RateLimit-Reset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LOST = frozenset({408, 500, 502, 503, 504, 520, 522, 524})
"""Statuses with which the request may have been carried out all the same."""
A_MINUTE = 60.0
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining")
_IN_WORDS = re.compile(r"rate limit|abuse detection", re.IGNORECASE)


@dataclass(frozen=True)
class Wait:
    """Ask again: after ``seconds`` (None: whenever), at ``until`` by the forge's clock.

    ``limited``: it was one request too many and was not carried out; else it may have been.
    """

    seconds: float | None = None
    until: datetime | None = None
    limited: bool = False


def wait(status: int, headers: Mapping[str, str], said: str, now: datetime) -> Wait | None:
    """Whether to ask again; None where another time would bring the same.

    ``headers`` have lower-case names; ``said`` is the forge's message, ``now`` our clock.
    """
    if status in LOST:
        return _after(_retry_after(headers, now), now, limited=False)
    if status == 429 or (status == 403 and _is_limit(headers, said)):
        return _after(_limit(headers, now), now, limited=True)
    return None


def _is_limit(headers: Mapping[str, str], said: str) -> bool:
    spent = _number(headers, "x-ratelimit-remaining") == 0
    return "retry-after" in headers or spent or bool(_IN_WORDS.search(said))


def _limit(headers: Mapping[str, str], now: datetime) -> float:
    """The seconds to wait: what is said outright, else until all is anew, else a minute."""
    asked = _retry_after(headers, now)
    if asked is not None:
        return asked
    left = next((n for name in _LEFT if (n := _number(headers, name)) is not None), 0)
    reset = next((n for name in _RESETS if (n := _number(headers, name)) is not None), None)
    if reset is None or left > 0:
        return A_MINUTE
    return max(0.0, reset - _clock(headers, now).timestamp()) + 1  # it counts whole seconds


def _after(seconds: float | None, now: datetime, *, limited: bool) -> Wait:
    until = None if seconds is None else now + timedelta(seconds=min(seconds, 1e8))
    return Wait(seconds, until, limited)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After is seconds or a date (RFC 9110, 10.2.3)."""
    seconds = _number(headers, "retry-after")
    if seconds is not None:
        return seconds
    date = _date(headers.get("retry-after", ""))
    return max(0.0, (date - _clock(headers, now)).total_seconds()) if date else None


def _clock(headers: Mapping[str, str], now: datetime) -> datetime:
    """The forge's own clock, where it says it: ours may be wrong."""
    return _date(headers.get("date", "")) or now


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    text = headers.get(name, "").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", text) else None
