"""What a draft is made of: functions that are spared, and proposals that were tried before."""

from __future__ import annotations

from dataclasses import replace

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.evaluate.trial import Bench
from fnopt.history.updates import Update
from fnopt.library.edit import Add, Remove, Revise
from fnopt.library.function import read
from fnopt.library.likeness import likeness
from fnopt.library.proposal import Proposal
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Score, Task, Trial
from fnopt.sandbox import sandbox
from fnopt.tasks.scorers import Checked, exact
from fnopt.train import noticed, serving
from fnopt.train.attempts import Attempt, Observation
from fnopt.train.draft import _shapes
from fnopt.train.filters import _tried_again
from fnopt.train.focus import choose, kin, like
from fnopt.train.situation import Situation

CODE = 'def twice(n: int) -> int:\n    """Return twice n."""\n    return 2 * n\n'
EXACT = Checked(exact)
LIBRARY = read({"lib.py": CODE.encode()})
SHAPES = frozenset({likeness(CODE) or ""})


def trial(task: str, value: float, *called: str) -> Trial:
    calls = tuple(Call(name, "{}", "1") for name in called)
    return Trial(task, 0, "key", score=Score(value), calls=calls)


def test_the_same_function_under_another_name_is_not_tried_again() -> None:
    """Name and docstring make no difference; another computation does; a removal has no shape."""
    lost = Situation(read({}), (), shapes=SHAPES)
    again = CODE.replace("twice", "double")
    (fault,) = _tried_again(Proposal((Add("double", again),), ""), lost)
    assert (fault.rule, fault.function) == ("tried", "double")
    assert _tried_again(Proposal((Revise("twice", CODE),), ""), lost)
    assert not _tried_again(Proposal((Add("thrice", CODE.replace("2", "3")),), ""), lost)
    assert not _tried_again(Proposal((Remove("twice"),), ""), lost)


def test_what_was_never_called_may_come_under_another_name() -> None:
    """The same code is right, perhaps, and was not seen; to the letter it is the same again."""
    update = Update("c", "r", 1, "add", "twice", None, None, "reverted", "screened", 0, None)
    observed = (Observation("s0", ("other({}) -> 1",), "1"),)
    attempt = Attempt(update, ("s0",), CODE, observed)
    assert attempt.unnoticed
    assert not replace(attempt, observed=(Observation("s0", ("twice({}) -> 1",), "1"),)).unnoticed
    assert not replace(attempt, observed=()).unnoticed
    assert not replace(attempt, update=replace(update, verdict="kept")).unnoticed
    assert _shapes([attempt]) == frozenset()
    assert _shapes([replace(attempt, observed=())]) == SHAPES
    assert _shapes([attempt, attempt]) == SHAPES
    seen = Situation(read({}), (), unseen=frozenset({CODE.strip()}))
    assert _tried_again(Proposal((Add("twice", CODE),), ""), seen)
    renamed = CODE.replace("twice", "double")
    assert not _tried_again(Proposal((Add("double", renamed),), ""), seen)


def test_a_function_that_no_trial_called_is_told_so() -> None:
    """One call is enough; what infrastructure took says nothing."""
    tasks = [Task("s0", "What is\ntwice 4?", "8"), Task("s1", "What is twice 5?", "10")]
    silent = Evaluation("train", "d", (trial("s0", 0.0), trial("s1", 0.0, "other")))
    (fault,) = noticed.faults(silent, LIBRARY, "twice", tasks)
    assert (fault.rule, fault.function) == ("uncalled", "twice")
    assert "What is twice 4?" in fault.message
    one = Evaluation("train", "d", (trial("s0", 0.0), trial("s1", 0.0, "twice")))
    lost = Evaluation("train", "d", (Trial("s0", 0, "key", error="gone"),))
    for seen in (one, lost):
        assert not noticed.faults(seen, LIBRARY, "twice", tasks)


def test_a_function_that_is_reached_through_others_was_called() -> None:
    """A call of what calls it, at whatever depth, is a call of it; not the other way round."""
    four, eight = (
        f'def {name}(n: int) -> int:\n    """Return more."""\n    return {value}\n'
        for name, value in (("four_times", "twice(twice(n))"), ("eight", "twice(four_times(n))"))
    )
    library = read({"lib.py": f"{CODE}\n\n{four}\n\n{eight}".encode()})
    above = Evaluation("train", "d", (trial("s0", 0.0, "eight"),))
    below = Evaluation("train", "d", (trial("s0", 0.0, "twice"),))
    assert noticed.called(above, library, "twice")
    assert noticed.called(above, library, "four_times")
    assert not noticed.called(below, library, "eight")


def called(task: str, function: str, number: int, result: str, value: float = 1.0) -> Trial:
    """A trial with one call."""
    call = Call(function, f'{{"number": {number}}}', result)
    return Trial(task, 0, "key", score=Score(value), calls=(call,))


def test_functions_that_serve_other_tasks_are_busy() -> None:
    """A function serves where it computed an answer from what stands in the question."""
    tasks = [Task(name, f"Twice {number}?", str(2 * number)) for name, number in NUMBERS.items()]
    trials = (
        called("a", "elsewhere", 4, "7", 0.0),
        called("a", "lucky", 10, "8"),  # no such number stands there
        called("b", "both", 5, "10"),
        called("b", "mostly elsewhere", 5, "10"),
        called("c", "elsewhere", 6, "12"),
        called("c", "both", 6, "12"),
        called("c", "mostly elsewhere", 6, "12"),
        called("d", "lucky", 7, "14"),
        called("d", "mostly elsewhere", 7, "14"),
        called("d", "useless", 7, "1", 0.0),
    )
    evaluation = Evaluation("train", "digest", trials)
    found = serving.busy(evaluation, EXACT, tasks, frozenset({"a", "b"}))
    assert found == {"elsewhere", "lucky", "mostly elsewhere"}
    counts = [serving.needed(evaluation, EXACT, tasks, name) for name in ("both", "useless")]
    assert counts == [2, 0]


NUMBERS = {"a": 4, "b": 5, "c": 6, "d": 7}


SUMS = [
    Task(f"s{n}", f"Add the numbers {n} and {n + 1} and give the sum.", str(2 * n + 1))
    for n in range(4)
]


def test_what_was_right_without_a_function_counts_as_luck() -> None:
    """Where a call returned the expected answer it is none."""
    computed = Trial("s1", 0, "key", score=Score(1.0), calls=(Call("add", '{"one": 1}', "3"),))
    trials = (trial("s0", 0.0), computed, trial("s2", 1.0), trial("s3", 1.0, "other"))
    evaluation = Evaluation("train", "digest", trials)
    assert serving.by_luck(evaluation, EXACT, SUMS, (SUMS[0],)) == 2


def test_a_group_is_served_by_a_function_that_computes_all_of_it() -> None:
    """It was called at tasks of this kind; what the agent made of it is another matter."""
    add = 'def add(one: int, other: int) -> int:\n    """Add."""\n    return one {} other\n'
    bench = Bench(ToolsAgent(Setup(Scripted([]), Prose(), "m")), sandbox("process", 10.0), EXACT)
    trained = Evaluation("train", "digest", (trial("s0", 0.0), trial("s1", 1.0, "add")))
    for sign, expected in (("+", True), ("-", False)):
        library = read({"functions/add.py": add.format(sign).encode()})
        assert serving.served(library, trained, bench, SUMS, tuple(SUMS[1:2])) == expected
    assert not serving.served(library, Evaluation("train", "d", ()), bench, SUMS, tuple(SUMS))


def test_groups_that_are_served_wait_and_luck_weighs_half() -> None:
    """One failing task with two lucky ones comes before one alone; a served group is the last."""
    lone, lucky = (SUMS[0],), (Task("w", "Spell oak.", "kao"),)
    assert choose([lone, lucky], [], lambda group: 2 * (group is lucky)) == lucky
    assert choose([lucky, lone], [], served=lambda group: group is lucky) == lone


def test_tasks_of_a_kind_are_found_right_or_wrong() -> None:
    """Those that look like the group, whether or not they fail."""
    sums = [Task(f"s{n}", f"Add the numbers {n} and {n + 1} and give the sum.", "") for n in (0, 1)]
    words = [Task(f"w{w}", f"Spell the word {w} from its end.", "") for w in ("oak", "elm")]
    assert like(sums[:1], [*sums, *words]) == {"s0", "s1"}
    assert kin(sums[:1], [*sums, *words]) == (sums[1],)
