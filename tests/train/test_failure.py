"""What went wrong at a task, what each function was good for, and what must go on to work."""

from __future__ import annotations

import pytest

from fnopt.library.function import Library, read
from fnopt.records import Call, Evaluation, Score, Task, Trial
from fnopt.sandbox import sandbox
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.credit import Credit, Works, credits_of
from fnopt.train.failure import Failure, Kind, failures, kind, talk, to_differ
from fnopt.train.replay import faults

TASK = Task("t", "Twice 4?", "8")
EXACT = Checked(exact)


def trial(*calls: Call, score: float | None = 0.0, task: str = "t") -> Trial:
    made = None if score is None else Score(score)
    return Trial(task, 0, "key", "answer", made, tuple(calls))


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ((), "no call"),
        ((Call("gone", "{}", "", "no function is called gone; known: f"),), "unknown"),
        ((Call("f", "{}", "", "f() misses number"),), "arguments"),
        ((Call("f", "{}", "", "Traceback (most recent call last):\n  …\nValueError"),), "raised"),
        ((Call("f", "{}", "8"),), "wording"),
        ((Call("f", "{}", "9"), Call("f", "{}", "8")), "wording"),
        ((Call("other", "{}", "7"),), "wrong function"),
        ((Call("f", "{}", "", "f() misses number"), Call("f", "{}", "7")), "result"),
    ],
)
def test_what_went_wrong_is_told_by_the_calls(calls: tuple[Call, ...], expected: Kind) -> None:
    """One kind for each way to fail."""
    assert kind(trial(*calls), TASK, EXACT, busy={"other"}) == expected


def test_the_first_wrong_trial_of_a_task_is_its_failure() -> None:
    """Right ones and those that infrastructure took are none."""
    trials = (trial(score=1.0), trial(score=None), trial(Call("f", "{}", "7")), trial())
    [found] = failures([TASK, Task("u", "?", "")], Evaluation("train", "d", trials), EXACT)
    assert (found.task, found.kind) == (TASK, "result")


def test_a_conversation_is_told_without_system_and_question() -> None:
    """Who said what, calls included; whatever a message lacks."""
    messages = (
        {"role": "system", "content": "s"},
        {"role": "user", "content": "question"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "7"},
    )
    assert talk(Trial("t", 0, "k", messages=messages)) == ("assistant: f({})", "tool: 7")


def test_the_first_few_differ_most() -> None:
    """One of each kind first, each in its order."""
    kinds: list[Kind] = ["no call", "no call", "raised", "no call", "raised", "result"]
    observed = failures([TASK], Evaluation("train", "d", (trial(),)), EXACT)[0].observed
    found = [Failure(Task(str(n), "", ""), observed, one) for n, one in enumerate(kinds)]
    assert [one.task.id for one in to_differ(found)] == ["0", "2", "5", "1", "4", "3"]


def test_credit_counts_tasks_and_keeps_what_worked() -> None:
    """Calls, distinct tasks, right ones; trials that infrastructure took are left out."""
    call = Call("f", '{"n": 1}', "2")
    trials = (
        trial(call, call, score=1.0, task="a"),
        trial(call, score=0.0, task="b"),
        trial(call, score=None, task="c"),
        trial(Call("f", "{}", "", "failed"), score=1.0, task="d"),
    )
    found = credits_of(Evaluation("train", "d", trials))["f"]
    assert found == Credit(4, 3, 2, (Works("a", '{"n": 1}', "2"),))
    assert found.said == "right in 2 of 3 tasks that called it"
    assert Credit().said == "never called"


def library(body: str, head: str = "def f(n: int) -> int:") -> Library:
    return read({"functions/f.py": f'{head}\n    """Do."""\n    {body}\n'.encode()})


def replayed(after: Library, *works: Works) -> list[str]:
    credit = {"f": Credit(1, 1, 1, works)}
    before = library("return n * 2")
    box = sandbox("process", 10.0)
    given = (before, after, {"f": "f"}, credit, [TASK], box, EXACT)
    return [fault.rule for fault in faults(*given)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return n + n", []),
        ("return n * 2 if n > 1 else 5", ["replay"]),
        ("raise ValueError('no')", ["replay"]),
    ],
)
def test_a_revision_must_do_what_worked(body: str, expected: list[str]) -> None:
    """The recorded calls of right answers are made again; an error is a fault like any other."""
    works = (Works("t", '{"n": 4}', "8"), Works("x", '{"n": 1}', "2"))
    assert replayed(library(body), *works) == expected


def test_another_result_is_fine_where_it_is_the_expected_answer() -> None:
    """What was recorded was not."""
    assert replayed(library("return 8"), Works("t", '{"n": 4}', "about 8")) == []


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("def f(number: int) -> int:", []),
        ("def f(n: str) -> int:", []),
        ("def f(n: int, more: int) -> int:", []),
        ("def f(n: float) -> float:", ["replay"]),
        ("def f(n: int, more: int = 0) -> int:", ["replay"]),
    ],
)
def test_what_takes_more_than_before_is_replayed_too(head: str, expected: list[str]) -> None:
    """What takes something else the agent will call otherwise."""
    after = library("return 1", head)
    assert replayed(after, Works("t", '{"n": 4}', "8")) == expected
