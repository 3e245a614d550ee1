"""Near-duplicates: what counts as one, and how they are found among many."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.tasks.alike import FAMILY, Index, alike, shape

TRAIN = "A train leaves the station at 9 and runs 120 miles; how long does the whole journey take?"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (TRAIN, TRAIN, True),
        (TRAIN, TRAIN.upper().replace(";", " --"), True),
        ("Is it so?", "is it so", True),
        (TRAIN, TRAIN.replace("miles", "kilometres"), True),
        (TRAIN, TRAIN.replace("whole ", ""), True),
        (TRAIN, TRAIN.replace("120", "130"), False),
        (TRAIN, TRAIN.replace("120 miles", "120.5 miles"), False),
        (TRAIN, TRAIN.replace("leaves the station", "enters a tunnel"), False),
        (TRAIN, f"{TRAIN} Give it in hours and minutes.", False),
        ("What is the capital of France?", "What is the capital of Spain?", False),
        ("Solve $x+1=2$.", "Solve $x-1=2$.", False),
        ("Solve $x + 1 = 2$.", "Solve:  $x+1=2$", True),
        ("Find $\\sin x$ exactly.", "Find $\\cos x$ exactly.", False),
        ("What is 5!", "What is 5", False),
        ("A well-known fact and/or claim.", "A well known fact and or claim", True),
        ("Wie hei\u00dft die Stadt?", "WIE HEISST DIE STADT", True),
        ("法国的首都是哪个城市你知道吗", "法国的首都是哪座城市你知道吗?", True),
        ("法国的首都是哪里", "德国的首都是哪里", False),
        ("", "?", True),
    ],
)
def test_pairs(one: str, other: str, verdict: bool) -> None:
    """Punctuation and one word in ten may differ; figures may not."""
    assert alike(shape(one), shape(other)) is verdict
    assert alike(shape(other), shape(one)) is verdict


def test_where_a_word_changes_the_answer() -> None:
    """It is another task; other punctuation makes none."""
    asked = "Spell the following word from its end to its start: {}"
    one, other = shape(asked.format("lamp"), "pmal"), shape(asked.format("river"), "revir")
    assert not alike(one, other)
    assert alike(one, shape(asked.format("lamps"), " PMAL "))
    assert alike(one, shape(asked.format("lamp."), "p-m-a-l"))


def test_a_template_is_no_copy() -> None:
    """Many that differ in a word are a family, two are copies; so are those of one wording."""
    asked = "Please write the following word backward, from its last letter to its first one: {}"
    words = ["lamp", "river", "stone", "cloud", "table", "window"]
    few, many = ([shape(asked.format(word)) for word in words[:count]] for count in (2, FAMILY + 2))
    assert list(Index(few).pairs()) == [(1, 0)] and Index(few).models() == {1: 0}
    assert list(Index(many).pairs()) == []
    again = [*many, shape(f"{asked.format('stone')}!")]
    assert list(Index(again).pairs()) == [(FAMILY + 2, 2)]


_WORDS = st.lists(st.sampled_from(["some", "small", "old", "words", "1", "x"]), max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.lists(_WORDS, max_size=12))
def test_the_index_misses_nothing(questions: list[list[str]]) -> None:
    """What comparing all with all finds within a small group, the index finds."""
    shapes = [shape(" ".join(words)) for words in questions]
    every = {(b, a) for a, b in combinations(range(len(shapes)), 2) if alike(shapes[a], shapes[b])}
    found = set(Index(shapes).pairs())
    assert found <= every
    for later, earlier in every:
        crowd = [pair for pair in every if {later, earlier} & set(pair)]
        covered = any(later in pair or earlier in pair for pair in found)
        assert covered or len(crowd) > FAMILY


@settings(max_examples=60, deadline=None)
@given(_WORDS.filter(lambda words: len(words) >= 10), st.integers(0, 9))
def test_one_word_left_out(words: list[str], place: int) -> None:
    """Any word but a figure may go from ten."""
    rest = [*words[:place], *words[place + 1 :]]
    gone = words[place] in ("1", "x")
    assert alike(shape(" ".join(words)), shape(" ".join(rest))) is (not gone and len(rest) >= 10)


def test_thousands() -> None:
    """A copy is found among thousands of questions of few words and without any figure."""
    draw = random.Random(1)
    words = [f"{a}{b}" for a in "bcdfglmnprst" for b in ("ab", "em", "ol", "ut", "ix", "an", "or")]
    asked = [" ".join(draw.choices(words, k=25)) for _ in range(3_000)]
    one = asked[77].split()
    one[12] = "another"
    assert list(Index([shape(text) for text in [*asked, " ".join(one)]]).pairs()) == [(3_000, 77)]
