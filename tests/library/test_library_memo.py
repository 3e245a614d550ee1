"""Results that are made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fnopt.library.memo import Memo


def test_the_last_results_are_kept() -> None:
    """By their keys, so many."""
    memo, made = Memo[int](2), list[int]()

    def get(key: int) -> int:
        return memo.get(key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    assert [get(key) for key in (1, 2, 1, 2, 3, 1)] == [1, 2, 1, 2, 3, 1]
    assert made == [1, 2, 3, 1]
    memo.clear()
    assert get(1) == 1
    assert made == [1, 2, 3, 1, 1]


def test_threads_do_not_disturb_each_other() -> None:
    """While each drops what another has just looked up."""
    memo = Memo[int](3)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: memo.get(n % 11, lambda: n % 11), range(20_000)))
    assert found == [n % 11 for n in range(20_000)]
