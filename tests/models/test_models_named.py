"""A model that answers under another name than it was asked by."""

from __future__ import annotations

import pytest
from scripted_server import ScriptedServer, text

from fnopt.models.client import Request
from fnopt.models.connect import connect
from fnopt.models.named import differ
from fnopt.store import Store
from fnopt.train.budget import Budget, Limits

ASKED = Request("gpt-5", ({"role": "user", "content": "hi"},))


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5", "gpt-5"),
        ("gpt-5", "gpt-5-2026-01-01"),
        ("gpt-4", "gpt-4-0613"),
        ("mistral-small-latest", "mistral-small-2503"),
        ("openai/gpt-5", "gpt-5"),
        ("qwen2.5:latest", "Qwen2.5"),
        ("phi-4", "/models/phi-4.gguf"),
        ("gpt-5", ""),
    ],
)
def test_names_of_one_model(asked: str, answered: str) -> None:
    """Dates, versions, providers and folders make no other model."""
    assert not differ(asked, answered)
    assert not answered or not differ(answered, asked)


@pytest.mark.parametrize("answered", ["gpt-4", "gpt-5-mini", "gpt-5-mini-2026-01-01", "qwen2.5:7b"])
def test_names_of_others(answered: str) -> None:
    """Another number or size is another model."""
    assert differ("gpt-5", answered)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-4", ["the endpoint answered as gpt-4, asked was gpt-5"]),
        ("gpt-5-2026-01-01", []),
        (None, []),
    ],
)
def test_who_answered_is_told(
    scripted_server: ScriptedServer, model: str | None, said: list[str]
) -> None:
    """Where the reply names another model; from the cache nothing new is told."""
    scripted_server.respond = lambda _: {**text("ok"), "model": model}
    told: list[str] = []
    client = connect(
        "gpt-5", scripted_server.url, Store(None), meter=Budget(Limits()), say=told.append
    )
    assert {client.complete(ASKED).content, client.complete(ASKED).content} == {"ok"}
    client.close()
    assert told == said
