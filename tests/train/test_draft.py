"""What a draft is made of: functions that are spared, and proposals that were tried before."""

from __future__ import annotations

from fnopt.library.edit import Add, Remove, Revise
from fnopt.library.likeness import likeness
from fnopt.library.proposal import Proposal
from fnopt.records import Call, Evaluation, Score, Task, Trial
from fnopt.train.draft import _busy, _tried_again
from fnopt.train.focus import like

CODE = 'def twice(n: int) -> int:\n    """Return twice n."""\n    return 2 * n\n'
SHAPES = frozenset({likeness(CODE) or ""})


def trial(task: str, value: float, *called: str) -> Trial:
    calls = tuple(Call(name, "{}", "1") for name in called)
    return Trial(task, 0, "key", score=Score(value), calls=calls)


def test_the_same_function_under_another_name_is_not_tried_again() -> None:
    """Name and docstring make no difference; another computation does; a removal has no shape."""
    again = CODE.replace("twice", "double")
    (fault,) = _tried_again(Proposal((Add("double", again),), ""), SHAPES)
    assert (fault.rule, fault.function) == ("tried", "double")
    assert _tried_again(Proposal((Revise("twice", CODE),), ""), SHAPES)
    assert not _tried_again(Proposal((Add("thrice", CODE.replace("2", "3")),), ""), SHAPES)
    assert not _tried_again(Proposal((Remove("twice"),), ""), SHAPES)


def test_functions_that_serve_other_tasks_are_busy() -> None:
    """Right answers elsewhere spare a function, unless it helps here too, or only failed."""
    trials = (
        trial("a", 0.0, "elsewhere", "both", "useless"),
        trial("b", 1.0, "both"),
        trial("c", 1.0, "elsewhere", "both"),
        trial("d", 0.0, "useless"),
    )
    evaluation = Evaluation("train", "digest", trials)
    assert _busy(evaluation, frozenset({"a", "b"})) == {"elsewhere"}


def test_tasks_of_a_kind_are_found_right_or_wrong() -> None:
    """Those that look like the group, whether or not they fail."""
    sums = [Task(f"s{n}", f"Add the numbers {n} and {n + 1} and give the sum.", "") for n in (0, 1)]
    words = [Task(f"w{w}", f"Spell the word {w} from its end.", "") for w in ("oak", "elm")]
    assert like(sums[:1], [*sums, *words]) == {"s0", "s1"}
