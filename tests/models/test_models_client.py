"""Requests and replies as values."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fnopt.models import Reply, Request, ToolCall
from fnopt.records import Usage

ASKED = Request("m", ({"role": "user", "content": "hi"},))


def test_equal_requests_have_equal_keys() -> None:
    """The order of a message's fields does not matter, everything else does."""
    other = Request("m", ({"content": "hi", "role": "user"},))
    assert ASKED.key() == other.key()


def test_every_field_and_the_trial_enter_the_key() -> None:
    """No two requests that could be answered differently share a key."""
    variants = [
        replace(ASKED, model="n"),
        replace(ASKED, messages=({"role": "user", "content": "ho"},)),
        replace(ASKED, tools=({"type": "function"},)),
        replace(ASKED, temperature=0.0),
        replace(ASKED, max_tokens=1),
        replace(ASKED, seed=1),
        replace(ASKED, endpoint="http://x/v1"),
        replace(ASKED, stop=("END",)),
        replace(ASKED, response_format={"type": "json_object"}),
    ]
    keys = {ASKED.key(), ASKED.key(1), *(variant.key() for variant in variants)}
    assert len(keys) == len(variants) + 2


def test_keys_stay_as_they_were() -> None:
    """What was paid for, and the recordings that ship, are found by keys of earlier versions."""
    assert ASKED.key() == "c34913cc5a3408853536e51b37aa2ff6d5adba85be5c4eacb373aa636a37cfd4"


@given(st.text(), st.text(), st.text(), st.integers(0, 9))
def test_a_reply_survives_json(content: str, name: str, arguments: str, tokens: int) -> None:
    """``from_json`` is the inverse of ``to_json``."""
    reply = Reply(content, (ToolCall("1", name, arguments),), Usage(1, tokens, 2, None), "m", "x")
    assert Reply.from_json(reply.to_json()) == reply


def test_a_reply_becomes_the_assistants_message() -> None:
    """Calls stand in OpenAI's format; a reply without any has no such field."""
    assert Reply("hi").to_message() == {"role": "assistant", "content": "hi"}
    message = Reply("", (ToolCall("7", "gcd", "{"),)).to_message()
    function = {"name": "gcd", "arguments": "{"}
    assert message["tool_calls"] == [{"id": "7", "type": "function", "function": function}]
