"""The sandbox: a call in each tier, a worker's start, many workers, and what calls leave behind."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from measure import Figure

from fnopt import tempdir
from fnopt.sandbox import Sandbox, sandbox
from fnopt.sandbox.scene import running

FILES = {
    "functions/one.py": b"def f(n: int) -> int:\n    return n + 1\n",
}
WAITS = {"functions/two.py": b"import time\ndef f(s: float) -> None:\n    time.sleep(s)\n"}


def calls() -> Iterator[Figure]:
    """One call at a time, its state fresh; a process a call is the comparison."""
    boxes = {tier: sandbox(tier, 20.0) for tier in ("confined", "isolated", "process")}
    took = {tier: _took(box, 60 if tier == "process" else 600) for tier, box in boxes.items()}
    for tier, seconds in took.items():
        p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
        of = tier == "confined"
        yield Figure(f"a call in {tier}, p50", p50 * 1_000, "ms", 5.0 if of else None)
        yield Figure(f"a call in {tier}, p99", p99 * 1_000, "ms", 20.0 if of else None)
    ratio = statistics.median(took["confined"]) / statistics.median(took["process"])
    yield Figure("a call in confined, by one in a process of its own", ratio, "times", 0.2)
    for box in boxes.values():
        box.close()


def start() -> Iterator[Figure]:
    """From nothing to the first result, once the modules are imported."""
    sandbox("confined", 20.0).close()
    for tier, target in (("confined", 60.0), ("isolated", None)):
        took = []
        for _ in range(10):
            began = time.perf_counter()
            box = sandbox(tier, 20.0)
            took.append(time.perf_counter() - began)
            box.close()
        yield Figure(
            f"start of {tier}, its proof included", statistics.median(took) * 1_000, "ms", target
        )


def many() -> Iterator[Figure]:
    """32 calls under way at once: their workers' memory, each shared page counted by its share."""
    box = sandbox("confined", 60.0)
    barrier = Barrier(33)

    def call() -> None:
        barrier.wait()
        box.call(WAITS, "functions.two", "f", {"s": 6.0})

    with ThreadPoolExecutor(32) as pool:
        for _ in range(32):
            pool.submit(call)
        barrier.wait()
        time.sleep(4.0)
        alive = running()
        yield Figure("processes of 32 calls at once", len(alive), "")
        yield Figure("their memory", sum(map(_pss, alive)) / 1e6, "MB", 1_000.0)
    box.close()


def leaves() -> Iterator[Figure]:
    """10,000 calls by four threads: the rate, and what is there afterwards that was not before."""
    box = sandbox("confined", 20.0)
    _took(box, 1)
    before = _descriptors(), len(_files())
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        results = list(
            pool.map(
                lambda n: box.call(FILES, "functions.one", "f", {"n": n}).result, range(10_000)
            )
        )
    took = time.perf_counter() - began
    assert results == list(range(1, 10_001))
    yield Figure("10,000 calls by four threads", took, "s")
    workers = 4 - 1  # each has a socket, and the first was there before
    yield Figure("descriptors left", max(0, _descriptors() - before[0] - workers), "", 0)
    box.close()
    yield Figure("processes left once it is closed", len(running()), "", 0)
    yield Figure("temporary files left", len(_files()) - before[1], "", 0)


def _took(box: Sandbox, count: int) -> list[float]:
    took = []
    for n in range(count + 5):
        began = time.perf_counter()
        outcome = box.call(FILES, "functions.one", "f", {"n": n})
        took.append(time.perf_counter() - began)
        assert outcome.result == n + 1, outcome
    return took[5:]


def _pss(process: int) -> int:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    [line] = [one for one in rollup.splitlines() if one.startswith("Pss:")]
    return int(line.split()[1]) * 1024


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _files() -> list[Path]:
    return list(tempdir.home().rglob("*"))


BENCHMARKS = {
    "sandbox-calls": calls,
    "sandbox-start": start,
    "sandbox-many": many,
    "sandbox-leaves": leaves,
}
