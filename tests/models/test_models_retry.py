"""Retries on a clock that only the retries move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Answer, Fail, ScriptedServer

from fnopt.errors import EndpointError
from fnopt.models import Reply, Request
from fnopt.models.endpoint import Endpoint
from fnopt.models.retry import RetriesSpent, Retrying, Transient, is_transient, retry_after

ASKED = Request("m", ({"role": "user", "content": "hi"},))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes by sleeping only."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds
        self.slept.append(seconds)


@dataclass
class Failing:
    """A client that fails as told, then answers."""

    failures: Iterator[Exception]

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Raise the next failure, if one is left."""
        for failure in self.failures:
            raise failure
        return Reply("ok")


def retrying(
    failures: Iterator[Exception], clock: Clock, random: Callable[[], float] = lambda: 1.0
) -> Retrying:
    """Retries within 60 seconds of the clock."""
    return Retrying(
        Failing(failures), 60.0, sleep=clock.sleep, clock=lambda: clock.now, random=random
    )


def test_asks_again_with_exponential_back_off() -> None:
    """The pauses double up to the cap; the reply comes through."""
    clock = Clock()
    client = retrying(iter([Transient("x") for _ in range(7)]), clock)
    assert client.complete(ASKED).content == "ok"
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 20]


def test_pauses_are_jittered() -> None:
    """Full jitter: anything from nothing to the whole pause."""
    clock = Clock()
    retrying(iter([Transient("x")] * 3), clock, random=iter([0.0, 0.5, 0.25]).__next__).complete(
        ASKED
    )
    assert clock.slept == [0, 0.5, 0.5]


def test_gives_up_at_the_deadline() -> None:
    """With what went wrong, and as a failure of infrastructure."""
    clock = Clock()
    with pytest.raises(RetriesSpent, match="busy; given up after 8 attempts in 60 s") as caught:
        retrying(iter(lambda: Transient("busy"), None), clock).complete(ASKED)
    assert clock.now <= 60
    assert caught.value.exit_code == 5


def test_waits_as_long_as_the_server_asks() -> None:
    """And a little longer, lest all come back in one instant."""
    clock = Clock()
    retrying(iter([Transient("x", retry_after=7.0)]), clock, random=lambda: 0.5).complete(ASKED)
    assert clock.slept == [7.25]


def test_does_not_wait_beyond_the_deadline() -> None:
    """A server that asks for two minutes when one is left gets no wait at all."""
    clock = Clock()
    with pytest.raises(RetriesSpent, match="asks to wait 120 s, 60 s are left"):
        retrying(iter([Transient("busy", retry_after=120.0)]), clock).complete(ASKED)
    assert clock.slept == []


def test_other_errors_pass_at_once() -> None:
    """A wrong key does not get better by asking again."""
    clock = Clock()
    with pytest.raises(EndpointError, match="wrong key") as caught:
        retrying(iter([EndpointError("wrong key")]), clock).complete(ASKED)
    assert not isinstance(caught.value, RetriesSpent)
    assert clock.slept == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Fri, 02 Jan 2026 03:05:05 GMT"}, 60),
        ({"retry-after": "Fri, 02 Jan 2026 03:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after-ms": "nan", "retry-after": "2"}, 2),
    ],
)
def test_reads_what_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds first, then seconds or a date; nonsense counts as nothing."""
    assert retry_after(headers, NOW) == seconds


def test_a_date_is_held_against_the_servers_own() -> None:
    """A clock of ours that went back by a day, or was never right, makes nobody wait a day."""
    headers = {
        "date": "Sat, 03 Jan 2026 03:04:00 GMT",
        "retry-after": "Sat, 03 Jan 2026 03:04:30 GMT",
    }
    assert retry_after(headers, NOW) == 30
    assert retry_after({**headers, "date": "today"}, NOW) == 24 * 3600 + 25


@given(st.text(max_size=30))
def test_no_header_breaks_the_reading(text: str) -> None:
    """Whatever a server sends as Retry-After, it is a number of seconds or nothing."""
    seconds = retry_after({"retry-after": text}, NOW)
    assert seconds is None or seconds >= 0


def test_which_statuses_are_transient() -> None:
    """The server's own word counts more than the status."""
    assert is_transient(503, {}) and is_transient(429, {}) and not is_transient(400, {})
    assert is_transient(404, {"x-should-retry": "true"})
    assert not is_transient(503, {"x-should-retry": "false"})


def test_over_real_http(scripted_server: ScriptedServer) -> None:
    """A rate limit, a broken gateway and a dying connection, then an answer."""
    answers: Iterator[Answer] = iter(
        [Fail(429, {"retry-after-ms": "10"}), Fail(502, body="<html>"), Fail(200, dies=True), "ok"]
    )
    scripted_server.respond = lambda _: next(answers)
    client = Retrying(Endpoint(scripted_server.url), base=0.01)
    assert client.complete(ASKED).content == "ok"
    assert len(scripted_server.requests) == 4
