"""What functions did in an evaluation, counted."""

from __future__ import annotations

from collections.abc import Sequence

from fnopt.evaluate.credit import Contribution, contributions, single_use, with_callers
from fnopt.library.function import Library, read
from fnopt.records import Call, Evaluation, Score, Trial

FILES = {
    "functions/half.py": b'def half(n: int) -> int:\n    """Halve."""\n    return n // 2\n',
    "functions/quarter.py": b"from functions.half import half\n\n\n"
    b'def quarter(n: int) -> int:\n    """Quarter."""\n    return half(half(n))\n',
    "functions/eighth.py": b"from functions.quarter import quarter\n\n\n"
    b'def eighth(n: int) -> int:\n    """An eighth."""\n    return quarter(n) // 2\n',
    "functions/shout.py": b'def shout(word: str) -> str:\n    """Shout."""\n    return word\n',
}


def library() -> Library:
    return read(FILES)


def trial(task: str, right: bool | None, *called: str, number: int = 0) -> Trial:
    """A trial that called these; ``name!`` is a call that failed."""
    calls = tuple(
        Call(name.rstrip("!"), "{}", "1", error="it failed" if name.endswith("!") else None)
        for name in called
    )
    score = None if right is None else Score(float(right))
    error = "rate limit" if right is None else None
    return Trial(task, number, "k", score=score, calls=calls, error=error)


def measured(*trials: Trial) -> Evaluation:
    return Evaluation("val", "digest", trials)


def of(name: str, found: Sequence[Contribution]) -> Contribution:
    return next(one for one in found if one.function == name)


def test_calls_tasks_and_right_answers() -> None:
    """Calls of every trial; tasks once, however many trials and calls they have."""
    found = contributions(
        library(),
        measured(
            trial("a", True, "half", "half"),
            trial("a", False, "half", number=1),
            trial("b", False, "half!"),
            trial("c", True, "shout"),
            trial("d", None, "half"),
        ),
    )
    half = of("half", found)
    assert (half.calls, half.tasks, half.through, half.right, half.reused) == (4, 2, 0, 1, 1)
    assert [one.function for one in found] == ["eighth", "half", "quarter", "shout"]


def test_a_function_is_used_through_those_that_call_it() -> None:
    """They cannot be without it; what they did counts for it, apart from its own calls."""
    found = contributions(
        library(),
        measured(trial("a", True, "half"), trial("b", True, "eighth"), trial("c", False)),
    )
    half = of("half", found)
    assert (half.calls, half.tasks, half.through, half.right, half.reused) == (1, 1, 1, 2, 2)
    assert half.goes == ("eighth", "quarter")
    assert of("quarter", found).tasks == 0
    assert not of("quarter", found).is_idle
    assert of("shout", found).is_idle
    assert with_callers(library(), "eighth") == {"eighth"}


def test_reuse_is_beyond_the_tasks_that_it_was_written_for() -> None:
    """And only where a call of it returned and the answer was right."""
    trials = measured(
        trial("a", True, "half"),
        trial("b", True, "half"),
        trial("c", True, "half!"),
        trial("d", False, "half"),
    )
    found = contributions(library(), trials, {"half": frozenset({"a", "z"})})
    assert of("half", found).reused == 1
    assert of("half", found).is_single_use
    assert of("half", contributions(library(), trials)).reused == 2


def test_functions_of_single_use_are_named() -> None:
    """Among those that are asked for: two tasks are enough, one and none are not."""
    trials = measured(
        trial("a", True, "half", "shout"), trial("b", True, "half"), trial("c", False, "shout")
    )
    assert single_use(library(), trials, ["half", "shout"]) == ("shout",)
    assert single_use(library(), trials, ["half"]) == ()
    assert single_use(library(), measured(), ["half", "gone"]) == ("half",)


def test_an_empty_library_has_no_functions() -> None:
    """And nothing to say of what was called by a name that nobody knows."""
    assert contributions(read({}), measured(trial("a", True, "half"))) == ()
