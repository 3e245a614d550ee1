"""Trials on executors: real pools of threads and processes, real HTTP, real sandboxes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from scripted_server import Answer, Fail, Json, ScriptedServer, text

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import BudgetSpent, FnoptError, UsageError
from fnopt.evaluate.elsewhere import Elsewhere
from fnopt.evaluate.evaluation import Evaluator, Progress
from fnopt.evaluate.executor import Lease, Own, choose
from fnopt.evaluate.plan import Plan, blind, pack, unpack
from fnopt.evaluate.trial import Bench
from fnopt.models.client import Request
from fnopt.models.connect import connect
from fnopt.prose import Prose
from fnopt.records import Evaluation, Task, Usage
from fnopt.sandbox import Sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.budget import Budget, Limits

from .doubling import DOUBLE, library, number_of, respond, tasks

MODEL = "m"


@dataclass
class Lab:
    """Evaluators on one store and one server: of this process's threads, or of an executor."""

    box: Sandbox
    url: str
    store: Store = field(default_factory=lambda: Store(None))
    budget: Budget = field(default_factory=lambda: Budget(Limits()))
    model: str = MODEL
    at_once: int = 4
    trials: int = 1
    progress: list[Progress] = field(default_factory=list)
    opened: list[Executor] = field(default_factory=list)

    @property
    def plan(self) -> Plan:
        """The agent by values."""
        return Plan("tools", self.model, self.url, self.url, max_turns=4)

    def bench(self) -> Bench:
        """The agent by its parts, in this process."""
        client = connect(self.model, self.url, self.store, meter=self.budget)
        setup = Setup(client, Prose(), self.model, self.url, max_turns=4)
        return Bench(ToolsAgent(setup), self.box, Checked(exact))

    def here(self, asked: list[Task]) -> Evaluation:
        """The tasks evaluated one by one, in this process."""
        evaluator = Evaluator(self.bench(), self.store, concurrency=1, trials=self.trials)
        return evaluator.evaluate(library(), "val", asked)

    def on(self, make: Callable[[], Executor], asked: list[Task], code: str = DOUBLE) -> Evaluation:
        """The tasks evaluated on an executor."""

        def opened() -> Executor:
            self.opened.append(make())
            return self.opened[-1]

        bench, lease = self.bench(), Lease(Own("made", opened))
        ours = Elsewhere(lease, lambda: self.plan, bench, self.store, self.budget, self.at_once)
        evaluator = Evaluator(
            bench, self.store, trials=self.trials, on_progress=self.progress.append, workers=ours
        )
        try:
            return evaluator.evaluate(library(code), "val", asked)
        finally:
            lease.close()
            for one in self.opened:
                one.shutdown(wait=True)


@pytest.fixture
def lab(box: Sandbox, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A lab whose model doubles."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    scripted_server.respond = respond
    return Lab(box, scripted_server.url)


def threads() -> Executor:
    """An executor of four threads."""
    return ThreadPoolExecutor(4)


def processes() -> Executor:
    """An executor of two processes that share nothing with this one."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes find fnopt and the modules of these tests."""
    here = Path(__file__).parent
    paths = (here.parents[1], here.parent, here)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, paths)))


def test_it_comes_to_what_a_serial_run_comes_to(lab: Lab, scripted_server: ScriptedServer) -> None:
    """Equal trials in the order of the tasks; as many requests; all kept, and free from then on."""
    lab.trials = 2
    serial = lab.here(tasks(6))
    other = replace(lab, store=Store(None), budget=Budget(Limits()))
    before = len(scripted_server.requests)
    assert other.on(threads, tasks(6)) == serial
    assert len(scripted_server.requests) - before == before == 24
    assert [len(other.store.trials(one.key)) for one in serial.trials] == [1] * 12
    assert [one.done for one in other.progress] == list(range(1, 13))
    assert other.on(threads, tasks(6)) == serial == other.here(tasks(6))
    assert len(scripted_server.requests) == 2 * before
    assert (other.budget.spent.calls, other.budget.spent.tokens) == (24, 360)


@pytest.mark.slow
def test_processes_come_to_the_same(lab: Lab, importable: None) -> None:
    """Nothing that a trial needs is left behind in this process."""
    assert lab.on(processes, tasks(4)) == replace(lab, store=Store(None)).here(tasks(4))


def test_what_is_sent_holds_no_answer_and_no_key(lab: Lab) -> None:
    """The expected answer stays here, as the key does; everything can be pickled."""
    task = replace(tasks(1)[0], answer="expected-answer-7f3a")
    sent = pickle.dumps((lab.plan.attempt, pack(library()), blind(task)))
    assert b"expected-answer" not in sent
    assert b"a-key" not in sent
    assert unpack(pack(library())) == library()
    assert lab.on(threads, [task]).right == 0


def test_replies_are_known_there_too(lab: Lab, scripted_server: ScriptedServer) -> None:
    """A changed body costs the requests that see what it returns, as it does with threads."""
    lab.here(tasks(3))
    before = len(scripted_server.requests)
    changed = DOUBLE.replace("2 * number", "number + number")
    assert lab.on(threads, tasks(3), changed).right == 3
    assert len(scripted_server.requests) == before  # it returns the same: no request differs
    wrong = DOUBLE.replace("2 * number", "3 * number + 1")
    assert lab.on(threads, tasks(3), wrong).right == 0
    assert len(scripted_server.requests) == before + 3
    assert lab.on(threads, tasks(3)).right == 3
    assert len(scripted_server.requests) == before + 3


def test_a_second_attempt_pays_for_what_failed_alone(
    lab: Lab, scripted_server: ScriptedServer
) -> None:
    """What infrastructure did not let happen is asked for once more, and goes on where it was."""
    refusals = iter([Fail(503, {"retry-after": "3600"})])

    def told(request: Json) -> bool:
        return bool(request["messages"][-1]["role"] == "tool")

    def once(request: Json) -> Answer:
        return (told(request) and next(refusals, None)) or respond(request)

    scripted_server.respond = once
    assert lab.on(threads, tasks(1)).right == 1
    assert Counter(map(told, scripted_server.requests)) == {False: 1, True: 2}
    assert lab.budget.spent.calls == 2


def test_a_refused_request_takes_its_own_trial(lab: Lab, scripted_server: ScriptedServer) -> None:
    """It is left out; where all are refused, that is raised."""
    scripted_server.respond = lambda r: (
        Fail(400, body={"error": {"message": "too long"}}) if number_of(r) == 2 else respond(r)
    )
    found = lab.on(threads, tasks(4))
    assert [one.error is None for one in found.trials] == [True, True, False, True]
    scripted_server.respond = lambda r: Fail(400, body={"error": {"message": "too long"}})
    with pytest.raises(FnoptError, match="too long"):
        lab.on(threads, [replace(one, id=f"x{one.id}") for one in tasks(2)])


def test_an_error_comes_out_after_the_others_are_kept(
    lab: Lab, scripted_server: ScriptedServer
) -> None:
    """A wrong key on a worker ends the evaluation, and says where; what ended is kept."""
    scripted_server.respond = lambda r: Fail(401) if number_of(r) == 1 else respond(r)
    with pytest.raises(FnoptError, match="401") as caught:
        lab.on(threads, tasks(30))
    assert "worker" in caught.value.mend
    done = len(lab.progress)
    assert 1 <= done < 30
    scripted_server.respond = respond
    assert lab.on(threads, tasks(30)).right == 30
    assert lab.progress[-1].cached >= done


def test_a_budget_is_never_broken(lab: Lab, scripted_server: ScriptedServer) -> None:
    """Near a limit fewer trials run at once, by the most that each may ask; then none does."""
    limited = replace(lab, budget=Budget(Limits(tokens=40_000)), at_once=8)
    heavy = text("ANSWER: 1")
    heavy["usage"] = {"prompt_tokens": 3_000, "completion_tokens": 100}
    scripted_server.respond = lambda _: heavy
    with pytest.raises(BudgetSpent):
        limited.on(threads, tasks(40))
    assert 25_000 < limited.budget.spent.tokens <= 40_000
    assert len(limited.progress) == limited.budget.spent.calls


def test_a_worker_with_another_fnopt_is_found_out(lab: Lab) -> None:
    """It would make another trial than the one that was asked for."""
    task = tasks(1)[0]
    gone = lab.plan.attempt(pack(library()), "val", task, 0, "no such key", {})
    assert gone.trial is None
    assert isinstance(gone.error, UsageError)
    assert "another trial" in gone.error.message


@pytest.mark.slow
def test_a_trial_that_kills_its_worker_takes_no_other_with_it(lab: Lab, importable: None) -> None:
    """A pool of processes breaks with a worker: it is opened again, and the others run to the end.

    The killer is found by running the suspects alone, and is a failure of infrastructure.
    """
    deadly = replace(lab, model="evaluate.deadly_client:Deadly")
    bench = deadly.bench()
    plan = replace(deadly.plan, base_url=None)
    opened: list[Executor] = []

    def make() -> Executor:
        opened.append(processes())
        return opened[-1]

    lease = Lease(Own("made", make))
    ours = Elsewhere(lease, lambda: plan, bench, lab.store, lab.budget, 4)
    found = Evaluator(bench, lab.store, workers=ours).evaluate(library(), "val", tasks(8))
    lease.close()
    assert [one.task for one in found.trials if one.error] == ["t3"]
    assert "its worker died at it 2 times" in str(found.trials[3].error)
    assert (found.right, len(found.scored)) == (7, 7)
    assert 2 <= len(opened) <= 4


class Unclosable(ThreadPoolExecutor):
    """A pool that fails at being shut down, as Dask's does once its scheduler is gone."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Its threads end all the same."""
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        raise OSError("no scheduler")


def test_an_executor_that_cannot_be_shut_down_is_let_go() -> None:
    """What it fails with hides nothing that went wrong before; the next one is opened."""
    opened: list[Executor] = []

    def make() -> Executor:
        opened.append(Unclosable(1))
        return opened[-1]

    lease = Lease(Own("made", make))
    assert lease.submit(abs, -1).result() == 1
    lease.drop()
    assert lease.submit(abs, -2).result() == 2
    lease.close()
    assert len(opened) == 2


def test_no_executor_is_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are told apart with a mend: unknown, not there, no executor, no address."""
    (tmp_path / "odd_pools.py").write_text("def make():\n    return 5\n\nnone = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert choose("threads", None) is None
    made = choose("odd_pools:make", None)
    assert made is not None
    for name, said in _wrong(made.open):
        with pytest.raises(UsageError, match=said) as caught:
            name()
        assert caught.value.mend


def _wrong(open_it: Callable[[], Executor]) -> Iterator[tuple[Callable[[], object], str]]:
    yield open_it, "gave int, which is no executor"
    yield lambda: choose("ray", None), "no executor is called 'ray'"
    yield lambda: choose("odd_pools:other", None), "odd_pools:other"
    yield lambda: choose("odd_pools:none", None), "is not a function"
    yield lambda: choose("no_such_module:make", None), "no_such_module"
    yield lambda: choose("dask:", None), "names no scheduler"


def test_the_price_of_a_trial_is_that_of_its_replies(lab: Lab) -> None:
    """As the worker found them, added up; what was known before costs nothing again."""
    seen: list[Usage | None] = []

    class Books:
        def before(self, request: Request) -> None:
            """Allow."""

        def after(self, request: Request, usage: Usage | None) -> None:
            """Write down."""
            seen.append(usage)

    bench, lease = lab.bench(), Lease(Own("made", threads))
    ours = Elsewhere(lease, lambda: lab.plan, bench, lab.store, Books(), 2)
    Evaluator(bench, lab.store, workers=ours).evaluate(library(), "val", tasks(2))
    lease.close()
    assert seen == [Usage(2, 20, 10, None)] * 2
