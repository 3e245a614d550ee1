"""Many texts in little room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fnopt.train.paper_cut import CUT, LEAST, cut, fitted

TEXTS = st.lists(st.integers(0, 5_000).map(lambda size: "x" * size), max_size=40)


def test_what_fits_stays_as_it_is() -> None:
    """Also when it fits to the character."""
    texts = ["a" * 10, "", "b" * 100]
    assert fitted(texts, 110) == texts
    assert fitted([], 0) == []
    assert cut("abc", 3) == "abc"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    """The end of a conversation says how it ended."""
    said = cut("a" * 500 + "b" * 500, 100)
    assert len(said) == 100
    assert said.startswith("a" * 50)
    assert said.endswith("b" * 20)
    assert CUT in said


def test_long_texts_pay_before_short_ones() -> None:
    """What a short one leaves of its share goes to the long ones."""
    short, one, other = fitted(["s" * 100, "m" * 900, "l" * 90_000], 1_500)
    assert short == "s" * 100
    assert len(one) == len(other) == 700


def test_texts_that_would_say_nothing_are_left_out() -> None:
    """Better a few that can be read; the last ones go."""
    texts = [f"{number}" + "x" * 1_000 for number in range(100)]
    kept = fitted(texts, 500)
    assert 0 < len(kept) <= 500 // LEAST
    assert [text[0] for text in kept] == [text[0] for text in texts[: len(kept)]]
    assert fitted(texts, LEAST - 1) == []


@given(TEXTS, st.integers(0, 20_000))
def test_the_room_is_never_exceeded(texts: list[str], room: int) -> None:
    """Whatever the sizes; and no more is cut than need be."""
    kept = fitted(texts, room)
    assert sum(map(len, kept)) <= room
    assert all(len(text) <= len(whole) for text, whole in zip(kept, texts, strict=False))
    if sum(map(len, texts)) <= room:
        assert kept == texts


@given(st.text(max_size=60), st.integers(0, 80))
def test_a_cut_text_has_its_length(text: str, most: int) -> None:
    """As long as it may be, and no longer."""
    assert len(cut(text, most)) == min(len(text), most)
