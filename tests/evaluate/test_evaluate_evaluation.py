"""Trials and evaluations: real sandbox, real store, a scripted model."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from fnopt.agents.agent import Setup
from fnopt.agents.choose import choose
from fnopt.agents.profile import LOCAL, OPENAI, Profile
from fnopt.errors import BudgetSpent, EndpointError
from fnopt.evaluate.evaluation import Evaluator, Progress
from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library, read
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.failures import RequestRefused
from fnopt.models.retry import RetriesSpent
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Evaluation, Score, Task, Trial, Usage
from fnopt.sandbox import Outcome, Sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, contains, exact

DOUBLE = '''
def double(number: int) -> int:
    """Double a number."""
    return _times(number)


def _times(number: int) -> int:
    return 2 * number
'''
TRIPLE = '''
def triple(number: int) -> int:
    """Triple a number."""
    return 3 * number
'''
TASKS = [Task(f"t{n}", f"Double the number {n}", str(2 * n)) for n in range(6)]


def library(double: str = DOUBLE, triple: str = TRIPLE) -> Library:
    return read({"functions/a.py": double.encode(), "functions/b.py": triple.encode()})


def doubles(request: Request) -> Reply:
    """Calls double on the question's number, then answers what it returned."""
    if request.messages[-1]["role"] == "tool":
        return Reply(f"ANSWER: {request.messages[-1]['content']}", usage=Usage(1, 10, 1, 0.1))
    [number] = re.findall(r"\d+", request.messages[1]["content"])
    call = ToolCall("c", "double", json.dumps({"number": int(number)}))
    return Reply("", (call,), Usage(1, 10, 1, 0.1))


class Lab:
    """An evaluator on one store, and what its model was asked."""

    def __init__(self, box: Sandbox, **options: Any) -> None:
        self.client = Scripted(options.pop("script", doubles))
        self.store = options.pop("store", None) or Store(None)
        self.progress: list[Progress] = []
        self._kind = options.pop("kind", "tools")
        profile = options.pop("profile", OPENAI)
        self._setup = {"profile": lambda: profile, **options.pop("setup", {})}
        self._scorer = options.pop("scorer", Checked(exact))
        self._python = options.pop("python", False)
        self._options = {"on_progress": self.progress.append, **options}
        self._box = box

    def evaluate(
        self, tasks: list[Task] = TASKS, of: Library | None = None, split: str = "val"
    ) -> Evaluation:
        setup = Setup(self.client, Prose(), "m", **self._setup)
        bench = Bench(choose(self._kind, setup), self._box, self._scorer, self._python)
        evaluator = Evaluator(bench, self.store, **self._options)
        return evaluator.evaluate(of or library(), split, tasks)

    def asked(self, tasks: list[Task] = TASKS, of: Library | None = None) -> int:
        """How many requests an evaluation makes."""
        before = len(self.client.requests)
        self.evaluate(tasks, of)
        return len(self.client.requests) - before


def test_trials_come_in_the_order_of_the_tasks(box: Sandbox) -> None:
    """Whoever ends first; with answers, scores, calls and what they cost."""
    lab = Lab(box)
    found = lab.evaluate(TASKS[::-1])
    assert [trial.task for trial in found.trials] == [task.id for task in TASKS[::-1]]
    assert (found.split, found.library, found.score) == ("val", library().digest, 1.0)
    assert (found.usage.calls, found.usage.tokens) == (12, 132)
    assert found.usage.cost == pytest.approx(1.2)
    assert [trial.calls[0].result for trial in found.trials] == [t.answer for t in TASKS[::-1]]
    assert [p.done for p in lab.progress] == [1, 2, 3, 4, 5, 6]
    assert (lab.progress[-1].right, lab.progress[-1].cached, lab.progress[-1].total) == (6, 0, 6)


def test_one_and_eight_threads_come_to_the_same(box: Sandbox) -> None:
    """An evaluation does not depend on how many trials run at once."""
    one, eight = (Lab(box, concurrency=n, trials=2).evaluate() for n in (1, 8))
    assert one == eight
    assert [(trial.task, trial.number) for trial in one.trials][:3] == [
        ("t0", 0),
        ("t0", 1),
        ("t1", 0),
    ]


def test_the_same_again_costs_nothing(box: Sandbox) -> None:
    """A second evaluation is equal and asks nothing; progress says that it was cached."""
    lab = Lab(box)
    first = lab.evaluate()
    assert lab.asked() == 0
    assert lab.evaluate() == first
    assert lab.progress[-1].cached == 6


def test_what_a_trial_never_called_may_change(box: Sandbox) -> None:
    """The body of a function that was not called is no part of the trial."""
    lab = Lab(box)
    lab.evaluate()
    changed = library(triple=TRIPLE.replace("3 * number", "number + number + number"))
    assert lab.asked(of=changed) == 0


@pytest.mark.parametrize(
    "changed",
    [
        library(DOUBLE.replace("return _times(number)", "return _times(number) + 0")),
        library(DOUBLE.replace("2 * number", "number + number")),
        library(triple=TRIPLE.replace("number: int", "number: float")),
        library(triple=TRIPLE.replace("Triple a number.", "Triple it.")),
        library(triple=""),
        library(triple=TRIPLE + TRIPLE.replace("triple", "thrice")),
    ],
    ids=["body", "private", "signature", "docstring", "removed", "added"],
)
def test_what_a_trial_saw_may_not_change(box: Sandbox, changed: Library) -> None:
    """A called body, its private parts, and all that is offered are what a trial saw."""
    lab = Lab(box)
    lab.evaluate(TASKS[:1])
    assert lab.asked(TASKS[:1], changed) == 2
    assert lab.asked(TASKS[:1]) == 0  # back to what it was: a revert costs nothing
    assert lab.asked(TASKS[:1], changed) == 0


def test_code_that_ran_saw_the_whole_library(box: Sandbox) -> None:
    """Where the agent ran Python itself, any change anywhere is a change."""

    def runs(request: Request) -> Reply:
        if request.messages[-1]["role"] == "tool":
            return Reply("ANSWER: 2")
        return Reply("", (ToolCall("c", "python", '{"code": "1 + 1"}'),))

    lab = Lab(box, script=runs, python=True)
    lab.evaluate(TASKS[:1])
    changed = library(triple=TRIPLE.replace("3 * number", "number * 3"))
    assert lab.asked(TASKS[:1]) == 0
    assert lab.asked(TASKS[:1], changed) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"setup": {"max_turns": 5}},
        {"setup": {"temperature": 0.5}},
        {"setup": {"max_tokens": 7}},
        {"setup": {"endpoint": "elsewhere"}},
        {"profile": LOCAL},
        {"profile": Profile(strict=True)},
        {"profile": Profile(system=False)},
        {"profile": Profile(calls="single")},
        {"profile": Profile(results="user")},
        {"kind": "react"},
        {"python": True},
    ],
    ids=str,
)
def test_another_agent_is_another_trial(box: Sandbox, options: dict[str, Any]) -> None:
    """Kind, limits, sampling, endpoint and profile are part of what is measured."""
    lab = Lab(box, script=lambda _: "ANSWER: 0")
    lab.evaluate(TASKS[:1])
    other = Lab(box, script=lambda _: "ANSWER: 0", store=lab.store, **options)
    assert other.asked(TASKS[:1]) == 1


def test_another_question_is_another_trial(box: Sandbox) -> None:
    """So is the same question as another task, and another trial of it."""
    lab = Lab(box)
    lab.evaluate(TASKS[:1])
    assert lab.asked([replace(TASKS[0], question="What is twice 0?")]) == 2
    assert lab.asked([replace(TASKS[0], id="other")]) == 2
    more = Lab(box, store=lab.store, trials=3)
    assert more.asked(TASKS[:1]) == 4


def test_an_id_belongs_to_one_split(box: Sandbox) -> None:
    """What train and val both call t0 are two trials, whatever an agent's first request shows."""
    lab = Lab(box)
    [trained] = lab.evaluate(TASKS[:1], split="train").trials
    [held] = lab.evaluate(TASKS[:1], split="val").trials
    assert trained.key != held.key
    assert [len(lab.store.trials(one.key)) for one in (trained, held)] == [1, 1]


def test_answers_are_scored_anew(box: Sandbox) -> None:
    """A corrected expected answer or another scorer counts at once, and costs nothing."""
    lab = Lab(box)
    assert lab.evaluate(TASKS[:2]).right == 2
    wrong = [TASKS[0], replace(TASKS[1], answer="3")]
    assert lab.asked(wrong) == 0
    assert lab.evaluate(wrong).right == 1

    def half(answer: str, task: Task) -> Score:
        return Score(0.5, "half")

    other = Lab(box, store=lab.store, scorer=half)
    found = other.evaluate(TASKS[:2])
    assert (other.client.requests, found.score, found.trials[0].score) == (
        [],
        0.5,
        Score(0.5, "half"),
    )
    assert Lab(box, store=lab.store, scorer=Checked(contains)).evaluate(TASKS[:2]).score == 1.0


def test_a_trial_of_another_shape_is_a_miss(box: Sandbox) -> None:
    """What another version kept is paid for again instead of breaking the run."""
    store, lab = Store(None), Lab(box)
    key = lab.evaluate(TASKS[:1]).trials[0].key
    store.keep_trial({"key": key, "closures": {}, "colour": "green"})
    assert Lab(box, store=store).asked(TASKS[:1]) == 2


class Failing:
    """A script that raises for some questions, so many times."""

    def __init__(self, error: Exception, number: str, times: int = 10**9) -> None:
        self.error, self.number, self.times = error, number, times
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            if request.messages[1]["content"].endswith(self.number) and self.times > 0:
                self.times -= 1
                raise self.error
        return doubles(request)


def test_spent_retries_make_a_trial_neither_right_nor_wrong(box: Sandbox) -> None:
    """It is tried once more, kept as an error, and never cached."""
    lab = Lab(box, script=Failing(RetriesSpent("rate limit"), "3"))
    found = lab.evaluate()
    lost = found.trials[3]
    assert (lost.error, lost.score, lost.answer) == ("rate limit", None, "")
    assert (len(found.scored), found.score) == (5, 1.0)
    assert sum(r.messages[1]["content"].endswith("3") for r in lab.client.requests) == 2
    assert lab.store.trials(lost.key) == []
    assert lab.asked() == 2  # two more attempts at that one alone


def test_a_second_attempt_may_succeed(box: Sandbox) -> None:
    """One failure of infrastructure leaves no trace."""
    found = Lab(box, script=Failing(RetriesSpent("rate limit"), "3", times=1)).evaluate()
    assert (len(found.scored), found.trials[3].error) == (6, None)


def test_a_refused_request_takes_its_own_trial_alone(box: Sandbox) -> None:
    """A question that a filter does not let through, or that is too long, ends no evaluation."""
    lab = Lab(box, script=Failing(RequestRefused("it was filtered", ""), "3"))
    found = lab.evaluate()
    assert (found.trials[3].error, found.trials[3].score) == ("it was filtered", None)
    assert (len(found.scored), found.score) == (5, 1.0)
    assert lab.asked() == 1  # no second attempt: it would be refused again
    assert lab.evaluate(TASKS[3:4]).scored == ()


def test_where_all_requests_are_refused_the_endpoint_says_why(box: Sandbox) -> None:
    """Nothing can be learned there: better said at once, with the mend."""
    refusal = RequestRefused("this model takes no tools", "see: fnopt doctor")
    with pytest.raises(RequestRefused) as caught:
        Lab(box, script=Failing(refusal, "")).evaluate()
    assert caught.value is refusal


class Breaks:
    """A sandbox that has no process left."""

    tier = "process"

    def call(self, *_: Any) -> Outcome:
        return Outcome(ok=False, error="no process left", fault=True)

    def run(self, *_: Any) -> Outcome:
        return self.call()


def test_a_broken_sandbox_makes_a_trial_neither_right_nor_wrong() -> None:
    """What the machine could not do is not held against the library."""
    lab = Lab(Breaks())
    found = lab.evaluate(TASKS[:1])
    assert (found.trials[0].error, found.scored) == ("no process left", ())
    assert lab.store.trials(found.trials[0].key) == []


@pytest.mark.parametrize("error", [EndpointError("no such model"), BudgetSpent("no tokens left")])
def test_what_cannot_go_on_comes_out_after_the_others_are_kept(
    box: Sandbox, error: Exception
) -> None:
    """Trials under way end and are kept; those not begun are not begun."""
    barrier = threading.Barrier(3, timeout=30)
    met = threading.local()

    def script(request: Request) -> Reply:
        if not hasattr(met, "once"):
            met.once = True
            barrier.wait()  # the first three trials are under way together
        if request.messages[1]["content"].endswith(" 0"):
            raise error
        return doubles(request)

    lab = Lab(box, script=script, concurrency=3)
    many = [Task(f"t{n}", f"Double the number {n}", str(2 * n)) for n in range(60)]
    with pytest.raises(type(error)) as caught:
        lab.evaluate(many)
    assert caught.value is error
    assert len(lab.client.requests) < 60
    again = Lab(box, store=lab.store)
    assert again.asked(many[1:3]) == 0


def test_a_key_says_nothing_of_the_answer(box: Sandbox) -> None:
    """Tasks that differ in their expected answer alone have one key."""
    lab = Lab(box)
    [one] = lab.evaluate(TASKS[:1]).trials
    [other] = lab.evaluate([replace(TASKS[0], answer="x")]).trials
    assert one.key == other.key
    assert (one.right, other.right) == (True, False)


MARKER = "expected-answer-7f3a"


class Watched:
    """The real sandbox, and all that ever goes into it."""

    def __init__(self, box: Sandbox) -> None:
        self.tier, self._box, self.seen = box.tier, box, ""

    def call(
        self, files: Mapping[str, bytes], module: str, function: str, arguments: Mapping[str, Any]
    ) -> Outcome:
        self.seen += repr((files, module, function, arguments))
        return self._box.call(files, module, function, arguments)

    def run(self, files: Mapping[str, bytes], code: str) -> Outcome:
        self.seen += repr((files, code))
        return self._box.run(files, code)


SCRIPTS: dict[str, Callable[[Request], Reply | str]] = {
    "tools": doubles,
    "text": lambda r: (
        "ANSWER: 2"
        if len(r.messages) > 2
        else '{"name": "python", "arguments": {"code": "print(dir())"}}'
    ),
    "react": lambda r: (
        "Final Answer: 2" if len(r.messages) > 2 else 'Action: double\nAction Input: {"number": 1}'
    ),
}


@pytest.mark.parametrize("kind", list(SCRIPTS))
def test_an_expected_answer_goes_nowhere(box: Sandbox, kind: str) -> None:
    """Not into a request, the sandbox, a transcript or the store; neither do the metadata."""
    watched = Watched(box)
    task = Task("t", "Double the number 1", MARKER, {"note": MARKER})
    lab = Lab(
        watched,
        script=SCRIPTS[kind],
        kind="react" if kind == "react" else "tools",
        profile=OPENAI if kind == "tools" else LOCAL,
        python=True,
        trials=2,
    )
    found = lab.evaluate([task])
    assert found.right == 0
    assert watched.seen
    assert lab.client.requests
    asked = repr([vars(request) for request in lab.client.requests])
    kept = json.dumps([lab.store.trials(trial.key) for trial in found.trials])
    told = json.dumps([trial.to_json() for trial in found.trials])
    for text in (asked, watched.seen, kept, told):
        assert "double" in text.lower() or kind == "text"
        assert MARKER not in text


def test_a_trial_survives_the_store(box: Sandbox) -> None:
    """What comes back from the cache is equal to what was measured."""
    [trial] = Lab(box).evaluate(TASKS[:1]).trials
    assert Trial.from_json(json.loads(json.dumps(trial.to_json()))) == trial
