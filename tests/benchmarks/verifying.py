"""``fnopt verify``: a run of so many trials, made by the loop itself, against its evidence."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from zlib import crc32

from loop import _bench, _repository, _run
from measure import Figure, best, once, peak

from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.gate import Paired
from fnopt.history.repo import Repository
from fnopt.models.client import Request
from fnopt.models.scripted import Scripted
from fnopt.records import Task
from fnopt.review.proof.verify import Asked, verify
from fnopt.store import Store
from fnopt.train.run import Judging, Run
from fnopt.train.step import step

VAL = 400
WORDS = "First I look at what is asked, then I go through it once more, step by step. " * 20
ENDED = "\nANSWER: {}"


def verifying(count: int, target: float | None) -> Callable[[], Iterator[Figure]]:
    """A run with ``count`` trials of an agent that flips a coin, all of it followed up."""

    def measure() -> Iterator[Figure]:
        with _repository({"functions/f.py": b"x = 1\n"}) as repo:
            made, steps = _train(repo, count)
            head = repo.resolve("fnopt/r")
            with Repository(repo.root) as fresh:
                took, report = once(lambda: verify(fresh, Asked("r", head)))
            assert report.holds, report.findings
            assert report.trials == made
            of = "a run verified, by trials"
            yield Figure(f"{made:,} trials of {steps} updates verified", took, "s", None, of, count)
            words = [sys.executable, "-m", "fnopt", "verify", "fnopt/r"]

            def command() -> None:
                subprocess.run(words, cwd=repo.root, capture_output=True, check=True)

            name = f"fnopt verify of {made:,} trials"
            yield Figure(name, best(command), "s", target, "fnopt verify, by trials", count)
            before = _processor()
            command()
            yield Figure("processor time of that", _processor() - before, "s")
            of = "memory of verify, by trials"
            yield Figure(f"memory for {made:,} trials", peak(), "MB", None, of, count)

    return measure


def _processor() -> float:
    """Seconds that processes begun here have kept a processor busy: others do not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _train(repo: Repository, count: int) -> tuple[int, int]:
    """Steps until the evidence holds ``count`` trials; how many it holds, after how many steps."""
    run = _coin(_run(repo))
    run.begin(repo.resolve("main"))
    evidence, made, steps = run.branch.evidence, 0, 0
    while made < count:
        step(run)
        steps += 1
        made = sum(repo.read(one).count(b"\n") for one in evidence.trial_blobs().values())
    return made, steps


def _coin(run: Run, val: int = VAL) -> Run:
    tasks = [Task(f"v{n}", f"How many are {n} pears?", str(n)) for n in range(val)]
    agent = Scripted(_answer)
    return replace(
        run,
        judging=Judging(Paired(), "val", tasks, screened=False),
        evaluator=Evaluator(_bench(agent), Store(None), concurrency=32),
    )


def _answer(request: Request) -> str:
    """Right or wrong by the question and by what is offered; the training tasks never."""
    asked = str(request.messages[-1]["content"])
    number = re.search(r"(\d+) pears", asked)
    right = number is not None and crc32(repr((asked, request.tools)).encode()) % 2
    return WORDS + ENDED.format(number[1] if number and right else "none")


BENCHMARKS = {
    "verify-1000": verifying(1_000, None),
    "verify": verifying(10_000, 2.0),
}
