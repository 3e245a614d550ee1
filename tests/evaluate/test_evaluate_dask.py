"""Trials on Dask: schedulers and workers in processes of their own, on loopback."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dask_cluster import Cluster, kill
from scripted_server import ScriptedServer

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import FnoptError
from fnopt.evaluate.dask import Dask
from fnopt.evaluate.elsewhere import Elsewhere
from fnopt.evaluate.evaluation import Evaluator, Progress
from fnopt.evaluate.executor import Lease
from fnopt.evaluate.plan import Plan
from fnopt.evaluate.trial import Bench
from fnopt.models.connect import connect
from fnopt.prose import Prose
from fnopt.records import Evaluation
from fnopt.sandbox import Sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.budget import Budget, Limits

from .doubling import library, number_of, slowly, tasks

pytest.importorskip("distributed")

COUNT = 40
NOWHERE = "tcp://127.0.0.1:1"  # nobody listens there


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A scheduler and two workers without nannies: who dies stays dead."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    found = Cluster(tmp_path)
    found.start_scheduler()
    for _ in range(2):
        found.start_worker("--no-nanny")
    yield found
    found.stop()


@dataclass
class Desk:
    """One who evaluates on a cluster; ``seen`` are the trials as they ended."""

    box: Sandbox
    url: str
    model: str = "m"
    store: Store = field(default_factory=lambda: Store(None))
    seen: list[Progress] = field(default_factory=list)

    def here(self, count: int = COUNT) -> Evaluation:
        """The tasks one by one in this process, with a store of its own."""
        other = Desk(self.box, self.url, self.model)
        bench = other.bench()
        return Evaluator(bench, other.store, concurrency=1).evaluate(library(), "val", tasks(count))

    def on(self, address: str, count: int = COUNT, patience: float = 30.0) -> Evaluation:
        """The tasks on a cluster."""
        bench, lease = self.bench(), Lease(Dask(address, patience=patience))
        url = None if ":" in self.model else self.url
        plan = Plan("tools", self.model, url, self.url)
        meter = Budget(Limits())
        ours = Elsewhere(lease, lambda: plan, bench, self.store, meter, 4, patience)
        try:
            return Evaluator(
                bench, self.store, on_progress=self.seen.append, workers=ours
            ).evaluate(library(), "val", tasks(count))
        finally:
            lease.close()

    def bench(self) -> Bench:
        """The agent in this process."""
        client = connect(self.model, self.url, self.store, meter=Budget(Limits()))
        return Bench(ToolsAgent(Setup(client, Prose(), self.model, self.url)), self.box, EXACT)

    def when(self, done: int, act: Callable[[], object]) -> threading.Thread:
        """Does something once so many trials have ended."""

        def wait() -> None:
            while len(self.seen) < done:
                time.sleep(0.01)
            act()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        return thread


EXACT = Checked(exact)


@pytest.fixture
def desk(box: Sandbox, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose model doubles, and takes a twentieth of a second for each reply."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    scripted_server.respond = slowly
    return Desk(box, scripted_server.url)


def asked_often(server: ScriptedServer) -> Counter[int]:
    """How many requests beyond the two that a trial takes were made for each number."""
    asked = Counter(map(number_of, server.requests))
    return Counter({number: times - 2 for number, times in asked.items() if times > 2})


def once_each(desk: Desk) -> bool:
    """Whether each trial was told of once and is kept once, so that nobody needs to be asked."""
    told = [one.done for one in desk.seen]
    trials = desk.on(NOWHERE).trials
    kept = [len(desk.store.trials(one.key)) for one in trials]
    return told == list(range(1, COUNT + 1)) and kept == [1] * COUNT


@pytest.mark.parametrize("address", ["nonsense://x", pytest.param(NOWHERE, marks=pytest.mark.slow)])
def test_no_scheduler_is_said(desk: Desk, address: str) -> None:
    """With the address and what to do."""
    with pytest.raises(FnoptError, match=f"no Dask scheduler answers at {address}") as caught:
        desk.on(address, 2)
    assert "dask scheduler" in caught.value.mend


@pytest.mark.slow
def test_two_workers_come_to_what_a_serial_run_comes_to(
    desk: Desk, cluster: Cluster, scripted_server: ScriptedServer
) -> None:
    """Equal, each trial recorded once and paid for once; the same again asks nobody."""
    found = desk.on(cluster.address)
    assert asked_often(scripted_server) == {}
    assert found == desk.here()
    assert once_each(desk)


@pytest.mark.slow
def test_a_killed_worker_costs_what_it_had_under_way(
    desk: Desk, cluster: Cluster, scripted_server: ScriptedServer
) -> None:
    """The other one does its trials again; nothing is recorded twice."""
    desk.when(10, lambda: kill(cluster.workers[0]))
    found = desk.on(cluster.address)
    again = asked_often(scripted_server)
    assert again.total() <= 2 * 4  # two requests each of the trials that were under way
    assert found == desk.here()
    assert once_each(desk)


@pytest.mark.slow
def test_a_scheduler_that_is_started_again(
    desk: Desk, cluster: Cluster, scripted_server: ScriptedServer
) -> None:
    """What it had forgotten is submitted again; the trials that came back before are not."""

    def restart() -> None:
        cluster.stop()
        cluster.workers.clear()
        cluster.start_scheduler()
        cluster.start_worker("--no-nanny")

    restarted = desk.when(10, restart)
    found = desk.on(cluster.address)
    restarted.join(timeout=10)
    assert asked_often(scripted_server).total() <= 2 * 4
    assert found == desk.here()
    assert once_each(desk)


@pytest.mark.slow
def test_a_scheduler_that_stays_away_ends_it(desk: Desk, cluster: Cluster) -> None:
    """In words, after some patience; what was done is kept."""
    desk.when(10, cluster.stop)
    with pytest.raises(FnoptError, match="Dask scheduler"):
        desk.on(cluster.address, patience=3.0)
    done = len(desk.seen)
    assert 10 <= done < COUNT
    cluster.start_scheduler()
    cluster.start_worker("--no-nanny")
    assert desk.on(cluster.address) == desk.here()
    assert desk.seen[done].cached == 1
    assert desk.seen[-1].cached >= done


@pytest.mark.slow
def test_workers_that_are_all_gone_end_it(desk: Desk, cluster: Cluster) -> None:
    """A scheduler without workers would let it wait for ever."""
    desk.when(10, lambda: [kill(one) for one in cluster.workers])
    with pytest.raises(FnoptError, match="no worker is connected") as caught:
        desk.on(cluster.address, patience=3.0)
    assert "start workers" in caught.value.mend


@pytest.mark.slow
def test_a_slow_worker_changes_nothing_but_the_time(desk: Desk, cluster: Cluster) -> None:
    """One that stands still for two seconds holds up no more than what it has."""
    slow = cluster.workers[0]

    def pause() -> None:
        os.killpg(slow.pid, signal.SIGSTOP)
        seen = len(desk.seen)
        time.sleep(2)
        while_it_stood.append(len(desk.seen) - seen)
        os.killpg(slow.pid, signal.SIGCONT)

    while_it_stood: list[int] = []
    desk.when(6, pause)
    found = desk.on(cluster.address)
    assert while_it_stood[0] > 4
    assert found == desk.here()
    assert once_each(desk)


@pytest.mark.slow
def test_a_trial_that_kills_its_worker(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nannies start workers again; the killer is left out, all others are scored."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    found = Cluster(tmp_path)
    found.start_scheduler()
    for _ in range(2):
        found.start_worker("--nanny")
    desk.model = "evaluate.deadly_client:Deadly"
    try:
        result = desk.on(found.address, 8)
    finally:
        found.stop()
    assert [one.task for one in result.trials if one.error] == ["t3"]
    assert "its worker died at it 2 times" in str(result.trials[3].error)
    assert (result.right, len(result.scored)) == (7, 7)
