"""The optimizer speaks as its endpoint wants it, which may have to be found out first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fnopt.library.function import read
from fnopt.models.client import Reply
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Fault, Task
from fnopt.train.attempts import Observation
from fnopt.train.failure import Failure
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.situation import Situation

FAILED = Failure(Task("7", "What is twice 7?", "14"), Observation("7", (), "15"))
SITUATION = Situation(read({}), (FAILED,))
FAULT = Fault("docstring", "there is none", "Write one.")


def ask(voice: Voice) -> Optimizer:
    return Optimizer(Scripted([]), Prose(), voice)


@pytest.mark.parametrize("native", [True, False])
def test_without_a_system_role_nothing_is_lost(native: bool) -> None:
    """The system's text stands in front of the first message; a second chance begins with it."""
    voice = Voice("big", native_tools=native, retry_temperature=0.7)
    plain = replace(voice, system_role=False)
    system, user = ask(voice).ask(SITUATION, 1).messages
    first = ask(plain).ask(SITUATION, 1)
    assert first.messages == (
        {"role": "user", "content": f"{system['content']}\n\n{user['content']}"},
    )
    again = ask(plain).again(first, Reply("add x\nWhy."), [FAULT])
    assert again.messages[:1] == first.messages
    assert [one["role"] for one in again.messages] == ["user", "assistant", "user"]
    twice = ask(plain).again(again, Reply("add y\nWhy."), [FAULT])
    assert [one["role"] for one in twice.messages] == ["user", "assistant", "user"]
    assert "add y" in twice.messages[1]["content"]


def test_a_voice_is_found_out_when_it_is_needed() -> None:
    """Building an optimizer takes no call of a model."""
    asked: list[str] = []

    def find() -> Voice:
        asked.append("now")
        return Voice("big", native_tools=False)

    optimizer = Optimizer(Scripted([]), Prose(), find)
    assert asked == []
    assert optimizer.ask(SITUATION, 1).tools == ()
    assert asked
