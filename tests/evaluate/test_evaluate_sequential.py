"""The sign-flip test in blocks: its level is exact, and it ends when the verdict is clear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.evaluate.permutation import sign_flip
from fnopt.evaluate.sequential import LOOKS, Look, look, looks

Blocks = list[list[float]]
SIZES = st.sampled_from([0.0, 1 / 3, 0.5, 1.0])
MADE = st.lists(st.lists(SIZES, min_size=1, max_size=3), min_size=1, max_size=3)


def ended(blocks: Sequence[Sequence[float]], alpha: float, rho: float = 1.0) -> tuple[int, Look]:
    """At which look the test ends on these differences, and what it then says."""
    tasks = sum(map(len, blocks))
    for number in range(1, len(blocks) + 1):
        found = look(blocks[:number], tasks, alpha, rho=rho)
        if found.outcome != "open":
            return number, found
    raise AssertionError("the last look ends it")


def patterns(sizes: Blocks) -> Iterator[Blocks]:
    """Every way to sign the sizes: under the null hypothesis all are as likely."""
    flat = [size for block in sizes for size in block]
    for signs in product((-1, 1), repeat=len(flat)):
        signed = iter(size * sign for size, sign in zip(flat, signs, strict=True))
        yield [[next(signed) for _ in block] for block in sizes]


@settings(max_examples=20, deadline=None)
@given(MADE, st.sampled_from([0.05, 0.2, 0.4, 0.5]), st.sampled_from([0.5, 1.0, 3.0]))
def test_the_level_holds_exactly_over_all_sign_patterns(
    sizes: Blocks, alpha: float, rho: float
) -> None:
    """At most alpha of them are called better, and at most u of them get a p of u."""
    found = [ended(signed, alpha, rho)[1] for signed in patterns(sizes)]
    assert sum(one.outcome == "better" for one in found) <= alpha * len(found) + 1e-9
    for one in found:
        as_small = sum(other.p <= one.p + 1e-12 for other in found)
        assert as_small <= one.p * len(found) + 1e-6
        assert one.p <= alpha + 1e-9 or one.outcome != "better"


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=30))
def test_one_look_is_the_fixed_test(differences: list[float]) -> None:
    """With all tasks in one block there is nothing sequential about it."""
    found = look([differences], len(differences), 0.3)
    p = sign_flip(differences)
    assert found.p == pytest.approx(p)
    assert (found.outcome == "better") == (p <= 0.3 + 1e-12 and sum(differences) > 0)


def test_a_clear_gain_and_a_clear_loss_end_it_early() -> None:
    """After the first of four blocks, whichever way; no effect is seen at the end."""
    assert ended([[1.0] * 20] * 4, 0.4) == (1, Look("better", 0.5**20))
    number, found = ended([[-1.0] * 20] * 4, 0.4)
    assert (number, found.outcome, found.p) == (1, "futile", 1.0)
    assert ended([[0.0] * 20] * 4, 0.4) == (4, Look("futile", 1.0))


def test_what_an_early_look_could_have_spent_counts_at_the_end() -> None:
    """The p-value adds the chance of an earlier end: it is larger than that of one look."""
    blocks = [[1.0, -1.0] * 4, [1.0] * 7 + [-1.0]]
    number, found = ended(blocks, 0.2)
    assert number == 2
    assert found.outcome == "better"
    assert sign_flip([*blocks[0], *blocks[1]]) < found.p <= 0.2


def test_differences_off_the_grid_are_rounded_to_both_sides_alike() -> None:
    """Any scores can be tested; many of them on a coarser grid."""
    values = [0.1234567, -0.0345678, 0.9876543, 0.5]
    assert look([values], 4, 0.4).p == pytest.approx(sign_flip(values))
    many = [[0.31 + at / 7919 for at in range(300)], [-0.2 - at / 7919 for at in range(200)]]
    assert ended(many, 0.4)[1].outcome == "better"


@pytest.mark.parametrize(
    ("tasks", "number"), [(0, 1), (1, 1), (39, 1), (40, 2), (100, 5), (160, LOOKS), (9999, LOOKS)]
)
def test_small_sets_are_looked_at_once(tasks: int, number: int) -> None:
    """Blocks hold twenty tasks or more."""
    assert looks(tasks) == number
