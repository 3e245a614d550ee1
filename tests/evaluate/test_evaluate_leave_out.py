"""What is lost without a function: real sandbox, real store, a scripted model."""

from __future__ import annotations

import json
import re

import pytest

from fnopt.agents.agent import Setup
from fnopt.agents.choose import choose
from fnopt.errors import BudgetSpent
from fnopt.evaluate.credit import Contribution, contributions
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.leave_out import LeftOut, compared, leave_out
from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library, read
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Score, Task, Trial, Usage
from fnopt.sandbox import Sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact

FILES = {
    "functions/double.py": b'def double(n: int) -> int:\n    """Double."""\n    return 2 * n\n',
    "functions/fourfold.py": b"from functions.double import double\n\n\n"
    b'def fourfold(n: int) -> int:\n    """Four times."""\n    return double(double(n))\n',
    "functions/shout.py": b'def shout(word: str) -> str:\n    """Shout."""\n    return word\n',
}
TASKS = [
    *(Task(f"double-{n}", f"double {n}", str(2 * n)) for n in range(3)),
    *(Task(f"fourfold-{n}", f"fourfold {n}", str(4 * n)) for n in range(2)),
    *(Task(f"known-{n}", f"nothing {n}", "unknown") for n in range(4)),
]


def answers(request: Request) -> Reply:
    """Calls the function that the question names if it is offered; else it does not know."""
    last = request.messages[-1]
    if last["role"] == "tool":
        return Reply(f"ANSWER: {last['content']}", usage=Usage(1, 10, 1, 0.0))
    (name, number) = re.findall(r"(\w+) (\d+)$", request.messages[1]["content"])[0]
    if name not in {tool["function"]["name"] for tool in request.tools}:
        return Reply("ANSWER: unknown", usage=Usage(1, 10, 1, 0.0))
    call = ToolCall("c", name, json.dumps({"n": int(number)}))
    return Reply("", (call,), Usage(1, 10, 1, 0.0))


class Lab:
    """A library of three functions, its evaluation, and what the model was asked."""

    def __init__(self, box: Sandbox, *, python: bool = False, trials: int = 1) -> None:
        self.left = 10**6  # replies that may still be paid for
        self.client = Scripted(self._answer)
        self.library: Library = read(FILES)
        setup = Setup(self.client, Prose(), "m")
        bench = Bench(choose("tools", setup), box, Checked(exact), python)
        self.evaluator = Evaluator(bench, Store(None), concurrency=1, trials=trials)
        self.whole = self.evaluator.evaluate(self.library, "val", TASKS)
        self.found = contributions(self.library, self.whole)
        self.begun: list[tuple[str, int]] = []

    def measure(self, *, every: bool = False) -> dict[str, LeftOut]:
        self.begun.clear()
        pairs = leave_out(
            self.evaluator,
            self.library,
            TASKS,
            self.whole,
            self.found,
            every=every,
            begin=lambda name, tasks: self.begun.append((name, tasks)),
        )
        return {one.function: left for one, left in pairs}

    def _answer(self, request: Request) -> Reply:
        if self.left <= 0:
            raise BudgetSpent("no more", "")
        self.left -= 1
        return answers(request)

    def asked(self) -> int:
        return len(self.client.requests)


def test_what_is_lost_without_each(box: Sandbox) -> None:
    """A function takes along what calls it; one that nobody calls is missed by nobody."""
    found = Lab(box).measure()
    double, fourfold, shout = (found[name] for name in ("double", "fourfold", "shout"))
    assert (double.tasks, double.rerun, double.right, double.without) == (9, 5, 9, 4)
    assert (fourfold.tasks, fourfold.rerun, fourfold.right, fourfold.without) == (9, 2, 9, 7)
    assert (shout.rerun, shout.right, shout.without, shout.lost) == (0, 9, 9, 0.0)
    assert double.lost == pytest.approx(5 / 9)
    assert double.low < double.lost < double.high
    assert shout.low < 0 < shout.high  # that nothing changed on nine tasks is no certainty


def test_the_cheapest_come_first_and_others_are_not_asked_again(box: Sandbox) -> None:
    """Nothing is asked for a function that no trial used, nor of a task that used none."""
    lab = Lab(box)
    before = lab.asked()
    lab.measure()
    assert lab.begun == [("shout", 0), ("fourfold", 2), ("double", 5)]
    assert lab.asked() - before == 7  # one request a task: the function is not offered
    again = lab.asked()
    lab.measure()
    assert lab.asked() == again


def test_every_task_may_be_run_again(box: Sandbox) -> None:
    """So that nothing is assumed of tasks that never called it."""
    lab = Lab(box)
    found = lab.measure(every=True)
    assert [one.rerun for one in found.values()] == [9, 9, 9]
    assert found["double"].without == 4


def test_to_the_cache_it_is_as_if_the_function_were_removed(box: Sandbox) -> None:
    """The library that a removal leads to has been measured then."""
    lab = Lab(box)
    lab.measure(every=True)
    before = lab.asked()
    left = {path: code for path, code in FILES.items() if path == "functions/shout.py"}
    assert lab.evaluator.evaluate(read(left), "val", TASKS).right == 4
    assert lab.asked() == before


def test_code_of_the_agents_own_may_have_used_it(box: Sandbox) -> None:
    """Its trials are run again for every function."""
    lab = Lab(box, python=True)
    ran = Trial("known-0", 0, "k", score=Score(1.0), calls=(Call("python", "{}", "1"),))
    others = tuple(one for one in lab.whole.trials if one.task != ran.task)
    lab.whole = Evaluation("val", lab.whole.library, (*others, ran))
    assert lab.measure()["shout"].rerun == 1


def test_what_was_measured_before_the_budget_ended_is_given(box: Sandbox) -> None:
    """And what was paid for is not asked again."""
    lab = Lab(box)
    lab.left = 3
    measured: list[Contribution] = []
    with pytest.raises(BudgetSpent):
        for one, _ in leave_out(lab.evaluator, lab.library, TASKS, lab.whole, lab.found):
            measured.append(one)
    assert [one.function for one in measured] == ["shout", "fourfold"]
    lab.left = 10
    lab.measure()
    assert lab.left == 10 - 4  # of the five tasks that double takes, one was paid for


def scored(*values: float | None, task: str = "t") -> tuple[Trial, ...]:
    return tuple(
        Trial(f"{task}{n}", 0, "k", score=None if value is None else Score(value))
        for n, value in enumerate(values)
    )


def test_what_infrastructure_failed_is_in_no_pair() -> None:
    """Neither with the function nor without it; parts of a task count as parts."""
    whole = Evaluation("val", "d", scored(1.0, 1.0, 0.5, None))
    again = Evaluation("val", "d", scored(0.0, None))
    left = compared(whole, again)
    assert (left.tasks, left.rerun, left.trials, left.right, left.without) == (2, 2, 2, 1, 0)
    assert left.lost == 0.5


def test_trials_of_a_task_are_averaged_first() -> None:
    """A task counts once, however often it was tried."""
    whole = Evaluation(
        "val", "d", (Trial("a", 0, "k", score=Score(1)), Trial("a", 1, "k", score=Score(1)))
    )
    again = Evaluation(
        "val", "d", (Trial("a", 0, "k", score=Score(0)), Trial("a", 1, "k", score=Score(1)))
    )
    left = compared(whole, again)
    assert (left.tasks, left.trials, left.right, left.without, left.lost) == (1, 2, 2, 1, 0.5)


def test_the_interval_narrows_with_the_tasks() -> None:
    """Half of forty lost is proven, of six it is not; without a pair nothing is known."""
    whole, again = scored(*[1.0] * 40), scored(*[0.0, 1.0] * 20)
    many = compared(Evaluation("val", "d", whole), Evaluation("val", "d", again))
    few = compared(Evaluation("val", "d", whole[:6]), Evaluation("val", "d", again[:6]))
    assert 0.2 < many.low < many.lost == 0.5 < many.high < 0.8
    assert few.low < 0 < few.high
    none = compared(Evaluation("val", "d", ()), Evaluation("val", "d", ()))
    assert (none.lost, none.low, none.high) == (0.0, -1.0, 1.0)
