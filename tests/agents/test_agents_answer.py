"""The answer in a model's last words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.agents.answer import answer_of, has_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ANSWER: 42", "42"),
        ("It is so.\nANSWER: 42", "42"),
        ("answer: 42", "42"),
        ("Answer : 42", "42"),
        ("Final Answer: 42", "42"),
        ("**ANSWER: 42**", "42"),
        ("**ANSWER:** 42", "42"),
        ("**ANSWER**: 42", "42"),
        ("**Final Answer:** **42**", "42"),
        ("*ANSWER:* 42", "42"),
        ("__ANSWER: 42__", "42"),
        ("`ANSWER: 42`", "42"),
        ("ANSWER: **42**", "42"),
        ("ANSWER: `42`", "42"),
        ("> ANSWER: 42", "42"),
        ("## Answer: 42", "42"),
        ("ANSWER: 1\nNo, wait.\nANSWER: 2", "2"),
        ("ANSWER: 42\nANSWER:", "42"),
        ("ANSWER:\n42", "42"),
        ("ANSWER:\none\ntwo\n", "one\ntwo"),
        ("ANSWER:\n```\none\n two\n```", "one\n two"),
        ("**ANSWER:**\n\none", "one"),
        ("ANSWER: a: b", "a: b"),
        ("ANSWER: __init__", "__init__"),
        ("ANSWER: 2 * 3 * 4", "2 * 3 * 4"),
        ('ANSWER: {"a": 1}', '{"a": 1}'),
        ("ANSWER:", ""),
    ],
)
def test_the_marked_answer_is_cut_out(text: str, answer: str) -> None:
    """Letter case, emphasis, quotes and a second thought do not matter; dunder names survive."""
    assert has_answer(text)
    assert answer_of(text) == answer


@pytest.mark.parametrize(
    "text", ["42", "The answer: 42", "The final answer is 42", "my ANSWER: 42", "ANSWERS: 1", ""]
)
def test_without_a_mark_the_whole_text_is_the_answer(text: str) -> None:
    """A mark stands at the beginning of a line and is followed by a colon."""
    assert not has_answer(text)
    assert answer_of(f"\n{text} \n") == text


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), st.text())
def test_an_answer_comes_back(answer: str, before: str) -> None:
    """Whatever was said before, the last marked line wins."""
    assert answer_of(f"{before}\nANSWER: {answer}") == answer


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    """No text raises."""
    assert answer_of(text) == answer_of(text).strip() or "```" in text


@pytest.mark.parametrize("text", ["answer" + " " * 100_000, "*" * 100_000, "final" + " " * 100_000])
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    """Long runs of marks and spaces cost no more than a second."""
    start = time.process_time()
    has_answer(text)
    answer_of(text)
    assert time.process_time() - start < 1.0
