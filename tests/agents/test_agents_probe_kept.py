"""A profile is found once and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import scripted_endpoints as those
from scripted_server import Fail, ScriptedServer

from fnopt.agents.probe_kept import PREFIX, FirstUse, keep, kept, key_of, recall
from fnopt.agents.profile import LOCAL, OPENAI, Profile
from fnopt.errors import BudgetSpent
from fnopt.models.connect import connect
from fnopt.models.endpoint import Endpoint
from fnopt.models.retry import RetriesSpent, Retrying
from fnopt.store import Store
from fnopt.train.budget import Budget, Limits

FOUND = Profile(strict=True, json=("json_schema", "json_object"))
OTHER = Profile("text", results="user")


@dataclass
class Desk:
    """Makes first uses of one server's model, each as another process would: on a store's file."""

    server: ScriptedServer
    path: Path
    budget: Budget = field(default_factory=lambda: Budget(Limits()))
    said: list[str] = field(default_factory=list)
    told: list[tuple[str, Profile]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return key_of("m", self.server.url)

    def store(self) -> Store:
        return Store(self.path)

    def first(self, **options: Any) -> FirstUse:
        store = self.store()
        client = connect("m", self.server.url, store, meter=self.budget)
        tell: Callable[[str, Profile], None] = lambda *one: self.told.append(one)  # noqa: E731
        return FirstUse(
            **{
                "client": client,
                "model": "m",
                "endpoint": self.server.url,
                "store": store,
                "say": self.said.append,
                "tell": tell,
                **options,
            }
        )


@pytest.fixture
def desk(scripted_server: ScriptedServer, tmp_path: Path) -> Desk:
    """A server that can do all, and an empty store."""
    scripted_server.respond = those.able
    return Desk(scripted_server, tmp_path / "store.db")


def test_it_is_probed_at_first_use_and_never_again(desk: Desk) -> None:
    """Not when it is built; once for all uses, in this process and in others; paid and told."""
    first = desk.first()
    assert desk.server.requests == []
    assert first() == first() == FOUND
    assert len(desk.server.requests) == desk.budget.spent.calls == 5
    assert desk.said == [f"probed m: {FOUND.said}"]
    assert desk.first(role="optimizer")() == FOUND
    assert len(desk.server.requests) == 5
    assert len(desk.said) == 1
    assert desk.told == [(desk.key, FOUND)] * 2


def test_threads_probe_once(desk: Desk) -> None:
    """Eight trials that begin together wait for one probe."""
    first = desk.first()
    found: list[Profile] = []
    threads = [threading.Thread(target=lambda: found.append(first())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [FOUND] * 8
    assert len(desk.server.requests) == 5


def test_another_model_or_endpoint_is_another_profile(desk: Desk) -> None:
    """What one can do says nothing of another; no two pairs share a key."""
    desk.first()()
    assert kept(desk.store(), key_of("other", desk.server.url)) is None
    assert kept(desk.store(), key_of("m", "http://elsewhere/v1")) is None
    assert key_of("a", "b") != key_of("b", "a")


@pytest.mark.parametrize(("tools", "calls"), [("native", "parallel"), ("text", "text")])
def test_by_force_nothing_is_probed(desk: Desk, tools: str, calls: str) -> None:
    """The rest is OpenAI's own format then, and nothing is kept."""
    found = desk.first(tools=tools)()
    assert found == OPENAI.overruled(tools)  # type: ignore[arg-type]
    assert found.calls == calls
    assert desk.server.requests == []
    assert kept(desk.store(), desk.key) is None


def test_force_overrules_tools_alone(desk: Desk) -> None:
    """What doctor found of the rest holds."""
    keep(desk.store(), desk.key, Profile("parallel", True, False))
    assert desk.first(tools="text")() == Profile("text", True, False, "user")
    keep(desk.store(), desk.key, Profile("text", False, False, "user"))
    assert desk.first(tools="native")() == Profile("parallel", False, False)
    assert desk.server.requests == []


@pytest.mark.parametrize("model", ["local", "recorded:x.jsonl"])
def test_what_ships_is_never_probed_or_replaced(desk: Desk, model: str) -> None:
    """Whatever a store says."""
    keep(desk.store(), key_of(model, desk.server.url), OTHER)
    assert desk.first(model=model)() is LOCAL
    assert desk.first(model=model, tools="native")() == LOCAL.overruled("native")
    assert desk.server.requests == []
    assert desk.told == []


def test_anew_replaces_what_was_known(desk: Desk) -> None:
    """As doctor does it, whatever the configuration says."""
    keep(desk.store(), desk.key, OTHER)
    assert desk.first()() == OTHER
    assert desk.first(tools="text").anew() == FOUND
    assert desk.first()() == FOUND


@pytest.mark.parametrize("document", [{}, {"format": 0}, {**FOUND.to_json(), "calls": "x"}])
def test_what_another_version_kept_is_found_out_anew(desk: Desk, document: dict[str, Any]) -> None:
    """It is worth no more than a miss, and replaced."""
    desk.store().replace_reply(desk.key, document)
    assert desk.first()() == FOUND
    assert kept(desk.store(), desk.key) == FOUND


def test_a_failure_keeps_nothing_and_may_pass(desk: Desk) -> None:
    """The error says how not to be asked; the next use asks again."""
    client = Retrying(Endpoint(desk.server.url), deadline_seconds=0.05)
    first = desk.first(client=client, role="optimizer")
    desk.server.respond = lambda _: Fail(503)
    with pytest.raises(RetriesSpent, match="answered 503") as caught:
        first()
    assert 'optimizer.tools = "native" or "text"' in caught.value.mend
    assert kept(desk.store(), desk.key) is None
    desk.server.respond = those.able
    assert first() == FOUND


def test_a_spent_budget_forbids_it(desk: Desk) -> None:
    """It is paid for like everything else; what was asked by then is not paid for again."""
    desk.budget = Budget(Limits(tokens=1_800))
    with pytest.raises(BudgetSpent):
        desk.first()()
    asked = len(desk.server.requests)
    assert asked < 5
    assert kept(desk.store(), desk.key) is None
    desk.budget = Budget(Limits())
    assert desk.first()() == FOUND
    assert len(desk.server.requests) == 5


def test_answers_are_bounded_by_the_configuration(desk: Desk) -> None:
    """A smaller bound than the probe's own counts, and the temperature."""
    desk.first(max_tokens=99, temperature=0.5)()
    sent = [(r["max_tokens"], r["temperature"]) for r in desk.server.requests]
    assert set(sent) == {(99, 0.5)}


def test_profiles_come_from_elsewhere_where_none_is_known(desk: Desk) -> None:
    """Under keys of their own only, in a shape that is sound; what is known here stays."""
    store = desk.store()
    keep(store, key_of("mine", ""), FOUND)
    recall(
        store,
        {
            desk.key: OTHER.to_json(),
            key_of("mine", ""): OTHER.to_json(),
            f"{PREFIX}bad": {"format": 1},
            f"{PREFIX}worse": 5,
            "evidence:abc": OTHER.to_json(),
        },
    )
    assert kept(store, desk.key) == OTHER
    assert kept(store, key_of("mine", "")) == FOUND
    assert store.reply(f"{PREFIX}bad") is None
    assert store.reply(f"{PREFIX}worse") is None
    assert store.reply("evidence:abc") is None
