"""The pace of requests: its rules on a clock that is told, and a server that enforces a rate."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Fail, ScriptedServer

from fnopt.models import Request
from fnopt.models.allowance import Allowance, allowances, seconds
from fnopt.models.endpoint import Endpoint
from fnopt.models.pace import FIRST_GAP, LONGEST, Pace, Window
from fnopt.models.retry import RetriesSpent, Retrying

HERE = Path(__file__).parent
SECONDS = st.floats(0, 100)


def window(under_way: int, at: float = 0.0) -> Window:
    """A window with so many requests under way."""
    made = Window()
    for _ in range(under_way):
        made.begin(at)
    return made


def test_nothing_holds_what_nobody_refuses() -> None:
    """As many at once as there are threads, with no gap."""
    made = window(1_000)
    for _ in range(1_000):
        made.went_well(10)
    assert not made.full
    assert made.begins == 0.0


def test_a_refusal_halves_what_may_be_under_way_once_a_round() -> None:
    """Requests that were under way when it was heeded say nothing new; later ones do."""
    made = window(32)
    made.slow_down(began=0.0, now=1.0, hold=None)
    assert made.most == 16
    made.slow_down(began=0.5, now=1.1, hold=None)
    assert made.most == 16
    made.slow_down(began=1.2, now=1.3, hold=None)
    assert made.most == 8
    assert made.full


def test_it_grows_by_one_a_round_where_it_is_used() -> None:
    """A window that is not full says nothing of what the endpoint could do."""
    made = window(8)
    made.slow_down(0.0, 1.0, None)
    made.under_way = 4
    for _ in range(4):
        made.went_well(10)
    assert 4.8 < made.most < 5.0
    made.under_way = 1
    before = made.most
    made.went_well(10)
    assert made.most == before


def test_where_one_at_a_time_is_too_much_there_is_a_gap() -> None:
    """It doubles with each refusal, eases with each answer, and goes; then it grows again."""
    made = window(1)
    made.most = 1.0
    made.slow_down(0.0, 1.0, None)
    assert made.gap == FIRST_GAP
    made.slow_down(1.1, 1.2, None)
    assert made.gap == 2 * FIRST_GAP
    made.begin(2.0)
    assert made.begins == pytest.approx(2.0 + 2 * FIRST_GAP)
    for _ in range(60):
        made.went_well(10)
    assert made.gap == 0.0
    assert made.most > 1.0


def test_others_wait_as_long_as_is_asked_of_one() -> None:
    """But never longer than ``LONGEST`` without a try."""
    made = window(1)
    made.slow_down(0.0, 5.0, 7.0)
    assert made.begins == 12.0
    made.slow_down(5.5, 6.0, 3_600.0)
    assert made.begins == 6.0 + LONGEST


def test_what_is_left_is_spread() -> None:
    """Enough for those under way: no gap. Less: the rate at which it comes back. None: a wait."""
    made = window(4)
    assert made.heard(Allowance("requests", 5, 10.0, 10), 0.0) == 0.0
    assert made.heard(Allowance("requests", 4, 12.0, 10), 0.0) == 2.0
    assert made.begins == 0.0
    assert made.heard(Allowance("requests", 0, 20.0, 10), 1.0) == 2.0
    assert made.begins == 3.0
    made.went_well(500)
    assert made.heard(Allowance("tokens", 1_000, 60.0, 61_000), 3.0) == pytest.approx(0.5)
    assert made.heard(Allowance("requests", 0, 3.0), 3.0) == 3.0  # of a limit that is not said


@given(st.lists(st.tuples(st.sampled_from(["begin", "well", "refused", "heard"]), SECONDS)))
def test_no_history_stops_it_for_good(history: list[tuple[str, float]]) -> None:
    """One may always be under way, and the next begins within two minutes."""
    made, now = Window(), 0.0
    for what, value in history:
        now += value / 10
        if what == "begin" and not made.full and made.begins <= now:
            made.begin(now)
        elif what == "refused":
            made.slow_down(now - value, now, value * 50)
        elif what == "heard":
            made.spread = made.heard(Allowance("requests", value, value * 1_000, 50.0), now)
        elif made.under_way:
            made.went_well(int(value))
            made.under_way -= 1
    assert made.most >= 1
    assert made.begins - now <= 2 * LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("2m59.56s", 179.56),
        ("1h0m1s", 3601.0),
        ("7.5", 7.5),
        ("soon", None),
        ("1s or so", None),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("1741305600000", 600.0),
        ("1741305600", 600.0),
        ("1741304000000", 0.0),
    ],
)
def test_how_resets_are_written(text: str, expected: float | None) -> None:
    """As OpenAI, Groq, Azure and OpenRouter write them; nonsense counts as nothing."""
    assert seconds(text, lambda: 1_741_305_000.0) == pytest.approx(expected)


def test_what_headers_say() -> None:
    """Of requests and of tokens; what is half said or nonsense is left out."""
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert list(allowances(headers)) == [
        Allowance("requests", 59, 1.0, 60),
        Allowance("tokens", 149_984, 360.0),
    ]
    assert list(allowances({"x-ratelimit-remaining-requests": "5"})) == []
    plain = {
        "x-ratelimit-limit": "20",
        "x-ratelimit-remaining": "3",
        "x-ratelimit-reset": "9",
    }
    assert list(allowances(plain)) == [Allowance("requests", 3, 9.0, 20)]
    assert list(allowances(plain | headers)) == list(allowances(headers))
    odd = {**headers, "x-ratelimit-remaining-requests": "some"}
    assert [one.kind for one in allowances(odd)] == ["tokens"]


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_breaks_the_reading(one: str, other: str) -> None:
    """Whatever a server sends, the pace goes on."""
    pace = Pace()
    pace.heard({"x-ratelimit-remaining-requests": one, "x-ratelimit-reset-requests": other})
    assert pace.window.spread >= 0


def test_a_turn_waits_for_one_that_ends() -> None:
    """With room for one, the second begins when the first is through; a failure ends a turn too."""
    pace, order = Pace(), []
    pace.window.most = 1.0
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with pace.turn():
            order.append("second")

    with pytest.raises(RuntimeError), pace.turn():
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait()
        time.sleep(0.05)
        order.append("first")
        raise RuntimeError
    thread.join(timeout=5)
    assert order == ["first", "second"]
    assert pace.window.under_way == 0


def test_a_wait_that_is_too_long_for_one_holds_no_other(scripted_server: ScriptedServer) -> None:
    """A quota that is back tomorrow: every request is told so at once."""
    scripted_server.respond = lambda _: Fail(429, {"retry-after": "80000"})
    client = Retrying(Endpoint(scripted_server.url, "a-key"))
    began = time.monotonic()
    for number in range(3):
        with pytest.raises(RetriesSpent, match="asks to wait 80000 s"):
            client.complete(asked(number))
    assert time.monotonic() - began < 20


def asked(number: int, model: str = "m") -> Request:
    """One request of many."""
    return Request(model, ({"role": "user", "content": str(number)},))


@contextmanager
def limited(monkeypatch: pytest.MonkeyPatch, rates: str, tells: str) -> Iterator[str]:
    """A server with a rate limit in a process of its own; its URL."""
    monkeypatch.setenv("RATES", rates)
    monkeypatch.setenv("TELLS", tells)
    script = HERE.parent / "scripted_server.py"
    words = [sys.executable, str(script), str(HERE / "rate_limited.py")]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def counts(url: str) -> tuple[int, int]:
    """How many requests the server answered and refused."""
    answered, refused = json.loads(Endpoint(url, "a-key").complete(asked(0, "count")).content)
    return answered, refused


def all_asked(url: str, many: int, at_once: int = 32) -> float:
    """Ask many requests with many threads; the seconds that it took."""
    pace = Pace()
    client = Retrying(Endpoint(url, "a-key", heard=pace.heard), pace=pace)
    answer: Callable[[int], str] = lambda number: client.complete(asked(number)).content  # noqa: E731
    with ThreadPoolExecutor(at_once) as pool:
        answer(0)
        began = time.monotonic()
        assert set(pool.map(answer, range(1, many))) == {"ok"}
        return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rates", "tells", "most_refused", "slowest"),
    [
        ("0:50", "left", 0.15, 2.0),
        ("0:50", "after", 0.6, 2.0),
        ("0:50", "", 0.6, 4.0),
        ("0:100,150:15,200:100", "left", 0.2, 2.0),
        ("0:100,150:15,200:100", "after", 0.8, 2.5),
    ],
)
def test_the_rate_of_a_server_is_met(
    rates: str,
    tells: str,
    most_refused: float,
    slowest: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """32 at once, also where the rate changes: all are answered, few refused, in little more time
    than the rate allows for."""
    with limited(monkeypatch, rates, tells) as url:
        took = all_asked(url, 300)
        answered, refused = counts(url)
    ideal = 300 / 50 if "," not in rates else 150 / 100 + 50 / 15 + 100 / 100
    assert answered == 300
    assert refused <= most_refused * answered
    assert took <= slowest * ideal
