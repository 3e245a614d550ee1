"""The loop without its models: steps, the log, evaluations at scale, the first word of help."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from instant import URL_LINE
from measure import Figure, best, once, peak
from workload import library

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.gate import Paired
from fnopt.evaluate.trial import Bench
from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import updates
from fnopt.library.function import read
from fnopt.library.layout import Layout
from fnopt.library.policy import PLAIN
from fnopt.models.client import Client, Request
from fnopt.models.endpoint import Endpoint
from fnopt.models.pace import Pace
from fnopt.models.retry import Retrying
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Task, Usage
from fnopt.sandbox import sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.budget import Budget, Limits
from fnopt.train.draft import draft
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.run import Judging, Run, Stops
from fnopt.train.screen import Screen
from fnopt.train.step import step

LAYOUT = Layout.of("functions")
STEPS = 5
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}
NEW = 'def newest_{n}(number: int) -> int:\n    """Give {n} more."""\n    return number + {n}\n'


def steps(count: int, target: float | None) -> Callable[[], Iterator[Figure]]:
    """Propose to published in a library of ``count`` functions, with models that take no time."""

    def measure() -> Iterator[Figure]:
        with _repository(library(count)) as repo:
            run = _run(repo)
            run.begin(repo.resolve("main"))
            first, _ = once(lambda: step(run))
            name = f"a whole step, {count:,} functions, models that take no time"
            yield Figure(f"{name}, cold", first, "s", None, "first step, by functions", count)
            took = median(once(lambda: step(run))[0] for _ in range(STEPS))
            yield Figure(name, took * 1_000, "ms", target, "next steps, by functions", count)
            held = f"memory for steps with {count:,} functions"
            yield Figure(held, peak(), "MB", None, "memory of steps, by functions", count)

    return measure


def log(count: int, target: float | None) -> Callable[[], Iterator[Figure]]:
    """The log of ``count`` updates, each kept or with its revert behind it."""

    def measure() -> Iterator[Figure]:
        with _repository({"functions/f.py": b"x = 1\n"}) as repo:
            _import_history(repo, count)
            took = best(lambda: updates(RunBranch(repo, "r")))
            of = "updates read out of git"
            yield Figure(f"{count:,} {of}", took, "s", None, of, count)
            words = [sys.executable, "-m", "fnopt", "log", "--run", "r"]

            def command() -> None:
                subprocess.run(words, cwd=repo.root, capture_output=True, check=True)

            name, of = f"fnopt log over {count:,} updates", "fnopt log, by updates"
            yield Figure(name, best(command), "s", target, of, count)
            held = f"memory for the log of {count:,}"
            yield Figure(held, peak(), "MB", None, "memory of the log, by updates", count)

    return measure


def trials(
    count: int, memory: float | None, resume: float | None
) -> Callable[[], Iterator[Figure]]:
    """An evaluation of ``count`` trials, and the same again out of the store."""

    def measure() -> Iterator[Figure]:
        before = peak()
        tasks = [Task(f"t{n}", f"What is {n} and one?", str(n + 1)) for n in range(count)]
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "store.db")
            evaluator = Evaluator(_bench(Scripted(lambda _: "ANSWER: 1")), store, concurrency=32)
            took, _ = once(lambda: evaluator.evaluate(read({}), "val", tasks))
            name = f"{count:,} trials, a model that takes no time"
            yield Figure(name, took, "s", None, "trials", count)
            again, _ = once(lambda: evaluator.evaluate(read({}), "val", tasks))
            name, of = f"the same {count:,} again, out of the store", "trials out of the store"
            yield Figure(name, again, "s", resume, of, count)
            held, of = f"memory for {count:,} trials", "memory of trials"
            yield Figure(held, peak() - before, "MB", memory, of, count)
            store.close()

    return measure


def rate(at_once: int) -> Callable[[], Iterator[Figure]]:
    """Requests a second of an evaluation, against those of a bare loop of the same client."""

    def measure() -> Iterator[Figure]:
        tasks = [Task(f"t{n}", f"What is {n} and one?", str(n + 1)) for n in range(3_000)]
        with _instant() as url:
            os.environ.update(OPENAI_BASE_URL=url, OPENAI_API_KEY="a-key")
            bare, ours = [], []
            for number in range(3):
                pace = Pace()
                client = Endpoint(heard=pace.heard)
                retrying = Retrying(client, pace=pace)  # as evaluations have it; the bare loop not
                agent = ToolsAgent(Setup(retrying, Prose(), "model"))
                bench = Bench(agent, sandbox("process", 20.0), Checked(exact))
                opened = [agent.opening(task.question, bench.toolbox(read({}))) for task in tasks]
                bare.append(once(lambda: _all_at_once(client, opened, at_once))[0])  # noqa: B023
                evaluator = Evaluator(bench, Store(None), concurrency=at_once)
                took = once(lambda: evaluator.evaluate(read({}), f"val{number}", tasks))[0]  # noqa: B023
                ours.append(took)
            name = f"time of 3,000 trials at {at_once} at once, by that of the bare requests"
            yield Figure(f"a bare loop, {at_once} at once", 3_000 / min(bare), "requests/s")
            of = "time of trials by that of bare requests, by how many at once"
            yield Figure(name, min(ours) / min(bare), "times", 1.25, of, at_once)

    return measure


def first_word() -> Iterator[Figure]:
    """``fnopt --help`` against what it cannot do without."""

    def timed(*words: str) -> float:
        command = [sys.executable, *words]
        return best(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))

    bare = timed("-c", "import click")
    yield Figure("python -c 'import click'", bare * 1_000, "ms")
    name = "fnopt --help, by that"
    yield Figure(
        name, timed("-c", "from fnopt.cli.main import main; main()", "--help") / bare, "times", 1.6
    )


def _all_at_once(client: Client, requests: list[Request], at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(client.complete, requests))


@contextmanager
def _instant() -> Iterator[str]:
    """A server in a process of its own that answers at once."""
    words = [sys.executable, str(Path(__file__).with_name("instant.py"))]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().removeprefix(URL_LINE).strip()
        finally:
            server.stdin.close()


@contextmanager
def _repository(files: Mapping[str, bytes]) -> Iterator[Repository]:
    """A repository with these files committed to main."""
    os.environ.update(IDENTITY)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "start")):
            subprocess.run(["git", *words], cwd=root, check=True)
        with Repository(root) as repo:
            yield repo


def _bench(client: Client) -> Bench:
    agent = ToolsAgent(Setup(client, Prose(), "model"))
    return Bench(agent, sandbox("process", 20.0), Checked(exact))


def _run(repo: Repository) -> Run:
    """Two failing training tasks, four val tasks, and edits that never help: the first draft of
    each step is judged, and published with its revert."""
    asked = threading.Lock()
    number = [0]

    def think(_: Request) -> str:
        with asked:
            number[0] += 1
        return f"add newest_{number[0]}\nIt adds.\n```python\n{NEW.format(n=number[0])}```"

    tasks = [Task(f"t{n}", f"How many are {n} apples?", str(n)) for n in range(6)]
    return Run(
        branch=RunBranch(repo, "r"),
        layout=LAYOUT,
        train=tasks[:2],
        judging=Judging(Paired(), "val", tasks[2:], screened=False),
        evaluator=Evaluator(_bench(Scripted(lambda _: "ANSWER: none")), Store(None)),
        optimizer=Optimizer(
            Scripted(think), Prose(), Voice("model", native_tools=False), reconsiders=False
        ),
        draft=draft,
        screen=Screen.of(LAYOUT, PLAIN, (), tasks[:2]),
        budget=Budget(Limits(), Usage()),
        prose=Prose(),
        stops=Stops(99, 99),
    )


def _import_history(repo: Repository, count: int) -> None:
    """Updates by ``git fast-import``: every second one was taken back."""
    base, lines = repo.resolve("main"), list[str]()
    lines.append(f"reset refs/heads/fnopt/r\nfrom {base}\n")
    for number in range(1, count + 1):
        kept = number % 2
        marks = [
            ("Fnopt-Run", "r"),
            ("Fnopt-Step", str(number)),
            ("Fnopt-Action", "add"),
            ("Fnopt-Function", f"f_{number}"),
            ("Fnopt-Base", "0.2500"),
            ("Fnopt-Score", "0.5000"),
            ("Fnopt-Verdict", f"{'kept' if kept else 'reverted'}; +0.250 (p = 0.1)"),
            ("Fnopt-Cost", "1200 tokens, $0.0312"),
        ]
        text = message.compose(f"feat(functions): add f_{number}", "It helps.", marks)
        lines.append(_imported(text, f"mark :{number}\n"))
        if not kept:
            lines.append(_imported(message.revert(text, "0" * 40, marks[:2]), ""))
    data = "".join(lines).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.root, input=data, check=True)


def _imported(text: str, mark: str) -> str:
    who = "Ada <ada@example.org> 1700000000 +0000"
    size = len(text.encode())
    head = f"commit refs/heads/fnopt/r\n{mark}author {who}\ncommitter {who}\n"
    return f"{head}data {size}\n{text}\n"


BENCHMARKS = {
    "help": first_word,
    "step-10": steps(10, None),
    "step-100": steps(100, None),
    "step": steps(1_000, 150.0),
    "step-large": steps(10_000, 300.0),
    "log-100": log(100, None),
    "log-1000": log(1_000, None),
    "log": log(10_000, 1.0),
    "trials-100": trials(100, None, None),
    "trials-1000": trials(1_000, None, None),
    "trials": trials(10_000, 300.0, 2.0),
    "rate": rate(32),
    "rate-wide": rate(256),
}
