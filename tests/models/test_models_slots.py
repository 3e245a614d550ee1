"""Slots of the embedded server: no prefix is read twice."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fnopt.models import Request
from fnopt.models.slots import KEPT, Slots, common, turns_of

LONG = "You may call these functions. " * 50


class Engine:
    """Writes down what it is told to do."""

    def __init__(self, *, works: bool = True) -> None:
        self.did: list[tuple[str, int]] = []
        self.forgot: list[str] = []
        self.works = works

    def slots(self, count: int = 2) -> Slots:
        """Slots of this engine."""
        return Slots(count, self.read, self.restore, self.forgot.append)

    def read(self, request: Request, slot: int, name: str) -> bool:
        """Read a prefix."""
        self.did.append(("read", slot))
        return self.works

    def restore(self, slot: int, name: str) -> bool:
        """Restore a prefix."""
        self.did.append(("restore", slot))
        return self.works


def conversation(*turns: str, system: str = LONG) -> Request:
    """A system prompt and then turns."""
    messages: list[Mapping[str, Any]] = [{"role": "system", "content": system}]
    return Request("m", (*messages, *({"role": "user", "content": turn} for turn in turns)))


def test_a_prefix_is_read_once_and_restored_elsewhere() -> None:
    """Two conversations at once, then two more in the same slots."""
    engine = Engine()
    slots = engine.slots()
    with slots.slot_for(conversation("a")) as one, slots.slot_for(conversation("b")) as other:
        assert {one, other} == {0, 1}
    with slots.slot_for(conversation("c")), slots.slot_for(conversation("d")):
        pass
    assert engine.did == [("read", one), ("restore", other)]


def test_a_conversation_goes_on_in_its_slot() -> None:
    """Even when the other slot was used longer ago."""
    slots = Engine().slots()
    with slots.slot_for(conversation("a")) as one, slots.slot_for(conversation("b")) as other:
        pass
    with slots.slot_for(conversation("b", "more")) as again:
        assert again == other
    with slots.slot_for(conversation("a", "more")) as again:
        assert again == one


def test_short_prefixes_are_left_alone() -> None:
    """Reading them is faster than saving them."""
    engine = Engine()
    with engine.slots().slot_for(conversation("a", system="short")):
        pass
    assert engine.did == []


def test_a_slot_whose_request_failed_is_taken_for_empty() -> None:
    """Nobody knows what it holds."""
    engine = Engine()
    slots = engine.slots(1)
    for _ in range(2):
        try:
            with slots.slot_for(conversation("a")):
                raise RuntimeError
        except RuntimeError:
            pass
    assert engine.did == [("read", 0), ("restore", 0)]


def test_saving_that_fails_costs_time_only() -> None:
    """Each slot then reads for itself."""
    engine = Engine(works=False)
    slots = engine.slots()
    with slots.slot_for(conversation("a")), slots.slot_for(conversation("b")):
        pass
    assert engine.did == [("read", 0), ("read", 1)]


def test_old_prefixes_are_forgotten() -> None:
    """Their files would fill the disk."""
    engine = Engine()
    slots = engine.slots(1)
    for number in range(KEPT + 2):
        with slots.slot_for(conversation("a", system=f"{number} {LONG}")):
            pass
    assert len(engine.forgot) == 2


def test_more_threads_than_slots_take_turns() -> None:
    """No slot is ever given to two."""
    slots = Engine().slots(3)
    taken: set[int] = set()
    guard = threading.Lock()

    def ask(number: int) -> None:
        with slots.slot_for(conversation(str(number))) as slot:
            with guard:
                assert slot not in taken
                taken.add(slot)
            with guard:
                taken.remove(slot)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(ask, range(200)))


@given(st.lists(st.sampled_from("ab")), st.lists(st.sampled_from("ab")))
def test_common_turns(one: list[str], other: list[str]) -> None:
    """The length of the longest common beginning."""
    shared = common(tuple(one), tuple(other))
    assert one[:shared] == other[:shared]
    assert one[: shared + 1] != other[: shared + 1] or shared == min(len(one), len(other))


def test_turns_extend() -> None:
    """A conversation that goes on begins with the turns of what it was."""
    short, long = turns_of(conversation("a")), turns_of(conversation("a", "b"))
    assert long[: len(short)] == short
    assert turns_of(conversation("a", system="other" + LONG))[0] != short[0]
