"""The words that questions of one kind share."""

from __future__ import annotations

import pytest

from fnopt.records import Task
from fnopt.train.wording import LONGEST, wording

LONG = "Please be careful, since nobody is going to look at it again after you have been there. "


def worded(*questions: str) -> str:
    return wording([Task(str(n), one, "answer") for n, one in enumerate(questions)])


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        (("Add 2 and 3.", "Add 10 and 4.", "Add 1 and 1."), "Add … and …"),
        (("Sort: b, a", "Sort: jam, egg, oil"), "Sort: …"),
        (("2 + 3", "5 + 9"), "… + …"),
        (("one", "two"), ""),
        (("Add 2 and 3.",), ""),
        ((), ""),
        (("How many? 5", "How many? 5"), "How many? 5"),
    ],
)
def test_what_differs_is_left_out(questions: tuple[str, ...], words: str) -> None:
    """Numbers, names, lists: of one task alone."""
    assert (worded(*questions) if questions else "") == words


def test_the_words_next_to_what_differs_count() -> None:
    """Long introductions are cut from their beginning, what comes behind at its end."""
    found = worded(*(LONG * 3 + f"Now double {n}. " + LONG * 3 for n in (5, 71)))
    assert "Now double …" in found
    assert len(found) <= LONGEST
    assert found.endswith(("look", "at", "be", "careful,", "is", "going", "to"))


def test_the_longest_questions_take_no_time() -> None:
    """Of a megabyte the beginning is looked at."""
    assert worded("word " * 200_000 + "1", "word " * 200_000 + "2").startswith("word word")
