"""What is paid for: the meter, the cache, scripts and recordings."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fnopt.errors import BudgetSpent, EndpointError, FnoptError
from fnopt.models import Reply, Request
from fnopt.models.cache import Cached
from fnopt.models.meter import Metered, price
from fnopt.models.recorded import Recorded, Recorder
from fnopt.models.scripted import Scripted
from fnopt.records import Usage
from fnopt.store import Store

ASKED = Request("gpt-5-mini", ({"role": "user", "content": "hi"},))
OTHER = replace(ASKED, seed=1)
TOKENS = Usage(1, 1000, 100, None)


@dataclass
class Books:
    """A meter that writes down what it is told."""

    entries: list[Usage | None] = field(default_factory=list)
    forbids: bool = False

    def before(self, request: Request) -> None:
        """Allow the call, unless told otherwise."""
        if self.forbids:
            raise BudgetSpent("enough")

    def after(self, request: Request, usage: Usage | None) -> None:
        """Write down."""
        self.entries.append(usage)


def test_prices_come_from_the_table() -> None:
    """By model and by who serves it."""
    assert price("gpt-5-mini", TOKENS) == pytest.approx(0.00045)
    assert price("openai/gpt-5-mini", TOKENS, "https://openrouter.ai/api/v1") is not None


def test_an_unknown_price_is_unknown() -> None:
    """Never 0: neither for an unknown model nor for a known one on an unknown server."""
    assert price("no-such-model", TOKENS) is None
    assert price("gpt-5-mini", TOKENS, "http://localhost:8000/v1") is None


def test_the_embedded_model_is_free() -> None:
    """It costs time only."""
    assert price("local", TOKENS, "local") == 0.0


def test_the_meter_books_each_call_with_its_price() -> None:
    """The reply carries the same usage."""
    books = Books()
    reply = Metered(Scripted([Reply("a", usage=TOKENS)]), books).complete(ASKED)
    assert books.entries == [reply.usage]
    assert (reply.usage.calls, reply.usage.cost) == (1, pytest.approx(0.00045))


def test_a_budget_forbids_the_call() -> None:
    """Nothing is asked, nothing is booked."""
    books, model = Books(forbids=True), Scripted(["a"])
    with pytest.raises(BudgetSpent):
        Metered(model, books).complete(ASKED)
    assert (model.requests, books.entries) == ([], [])


def test_a_call_that_failed_is_closed_in_the_books() -> None:
    """The meter hears that it cost nothing."""
    books = Books()
    with pytest.raises(FnoptError):
        Metered(Scripted([]), books).complete(ASKED)
    assert books.entries == [None]


def test_the_cache_pays_once() -> None:
    """The second reply is the first one, marked as cached, with what it cost when it was made."""
    model = Scripted([Reply("a", usage=TOKENS)])
    client = Cached(model, Store(None))
    first, second = client.complete(ASKED), client.complete(ASKED)
    assert not first.cached
    assert second == replace(first, cached=True)
    assert second.usage == TOKENS
    assert len(model.requests) == 1


def test_the_cache_tells_trials_and_requests_apart() -> None:
    """Another trial or another seed is another question."""
    client = Cached(Scripted(["a", "b", "c"]), Store(None))
    said = [client.complete(ASKED), client.complete(ASKED, 1), client.complete(OTHER)]
    assert [reply.content for reply in said] == ["a", "b", "c"]


def test_the_cache_outlives_the_process(tmp_path: Path) -> None:
    """It is a file."""
    Cached(Scripted(["a"]), Store(tmp_path / "store.db")).complete(ASKED)
    again = Cached(Scripted([]), Store(tmp_path / "store.db")).complete(ASKED)
    assert (again.content, again.cached) == ("a", True)


def test_failures_are_not_cached() -> None:
    """What raised is asked again."""
    client = Cached(Scripted(iter([])), Store(None))
    for _ in range(2):
        with pytest.raises(FnoptError):
            client.complete(ASKED)


def test_an_entry_of_another_shape_is_a_miss() -> None:
    """A store that another version wrote costs money, never truth."""
    store = Store(None)
    store.keep_reply(ASKED.key(0), {"text": "old"})
    assert Cached(Scripted(["new"]), store).complete(ASKED).content == "new"


def test_threads_that_ask_the_same_pay_once() -> None:
    """Different questions do not wait for each other."""
    everyone = threading.Barrier(3)

    def answer(request: Request) -> str:
        if request == OTHER:
            return "at once"
        time.sleep(0.05)
        return "slowly"

    model = Scripted(answer)
    client = Cached(model, Store(None))

    def ask(request: Request) -> str:
        everyone.wait(5)
        return client.complete(request).content

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, [ASKED, ASKED, OTHER])) == ["slowly", "slowly", "at once"]
    assert len(model.requests) == 2


def test_a_script_says_when_it_is_at_its_end() -> None:
    """And remembers what it was asked."""
    model = Scripted(["a", Reply("b")])
    assert [model.complete(ASKED).content, model.complete(OTHER).content] == ["a", "b"]
    with pytest.raises(FnoptError, match="request 3"):
        model.complete(ASKED)
    assert model.requests == [ASKED, OTHER, ASKED]


def test_a_recording_plays_back(tmp_path: Path) -> None:
    """Whoever plays it need not name the model that had answered."""
    recorder = Recorder(Scripted([Reply("a", usage=TOKENS), "b"]), tmp_path / "run.jsonl")
    recorded = [recorder.complete(ASKED), recorder.complete(ASKED, 1)]
    recorder.close()
    player = Recorded(tmp_path / "run.jsonl")
    played = [player.complete(replace(ASKED, model="x", endpoint="y"), n) for n in (0, 1)]
    assert played == recorded


def test_a_recording_is_the_same_whatever_the_order(tmp_path: Path) -> None:
    """Threads answer in any order; the file is sorted, and the first reply to a request stays."""
    for name, requests in (("one", [ASKED, OTHER, ASKED]), ("two", [OTHER, ASKED])):
        recorder = Recorder(Scripted(lambda request: str(request.seed)), tmp_path / name)
        for request in requests:
            recorder.complete(request)
        recorder.close()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_recording_is_added_to(tmp_path: Path) -> None:
    """A run that goes on keeps what was recorded before."""
    for request in (ASKED, OTHER):
        recorder = Recorder(Scripted(["a"]), tmp_path / "run.jsonl")
        recorder.complete(request)
        recorder.close()
    assert len((tmp_path / "run.jsonl").read_text().splitlines()) == 2


def test_a_miss_says_why_it_may_be(tmp_path: Path) -> None:
    """Another version asks other questions."""
    (tmp_path / "run.jsonl").write_text("")
    with pytest.raises(EndpointError, match="no reply to this request") as caught:
        Recorded(tmp_path / "run.jsonl").complete(ASKED)
    assert "version" in caught.value.message


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "k"}', json.dumps({"key": 1, "reply": {}})])
def test_a_damaged_recording_names_the_line(tmp_path: Path, line: str) -> None:
    """With its number."""
    (tmp_path / "run.jsonl").write_text(line + "\n")
    with pytest.raises(EndpointError, match="line 1"):
        Recorded(tmp_path / "run.jsonl")
    with pytest.raises(EndpointError, match="cannot read"):
        Recorded(tmp_path / "absent.jsonl")
