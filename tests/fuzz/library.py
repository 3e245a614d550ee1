"""Fuzz the library room: ``python tests/fuzz/library.py --seconds 600``. Exit 1 on a finding.

Children try inputs, so that a crash or an endless loop costs a child. Each stage of an input has a
limit of processor time that the kernel enforces. What is found is made smaller and kept.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mutation import mutated
from real_functions import real_modules
from targets import attempt

CORPUS = Path(__file__).with_name("corpus")
SECONDS = 5
"""Processor time of one stage; more is a hang."""

MEMORY = 2 * 1024**3
FOUND = 70
"""The exit code of a child that tried one input and found something."""

MUTANTS = 10
"""How often each generated program is tried again, changed."""

MINIMISING = 60
"""Seconds spent on making one finding smaller."""


def main() -> int:
    """Parse the command line; be a child, or run them."""
    parser = argparse.ArgumentParser(description="Fuzz the library room.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()) / "fnopt-found")
    parser.add_argument("--child", choices=("mutate", "generate", "one"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return child(given.child, given.seed, given.found)
    given.found.mkdir(parents=True, exist_ok=True)
    return run(given.seconds, given.jobs, given.seed, given.found)


def child(kind: str, seed: int, folder: Path) -> int:
    """Try inputs until killed, or for ``one`` that in the file ``folder``."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    if kind == "one":
        return _one(folder.read_bytes())
    desk = Desk(folder)
    if kind == "generate":
        generate(desk, seed)
    chance = random.Random(seed)
    pool = seeds()
    while True:
        data = mutated(pool, chance)
        if desk.tries(data):
            pool.append(data)


def _one(data: bytes) -> int:
    try:
        attempt(data, _starting)
    except BaseException:  # noqa: BLE001 - whatever it is, it is the finding
        traceback.print_exc()
        return FOUND
    return 0


def _starting(_: str) -> None:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # at its end the kernel kills this process


class Desk:
    """A child's place: the input that it is at, the outcomes that it has seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[frozenset[str]] = set()
        self.count = 0

    def tries(self, data: bytes) -> bool:
        """Try an input; whether its outcome is a new one. What breaks a promise is kept."""
        (self._folder / "input").write_bytes(data)
        self.count += 1
        (self._folder / "count").write_text(str(self.count))
        try:
            told = attempt(data, _starting)
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            number = len(list(self._folder.glob("raised-*")))
            (self._folder / f"raised-{number}").write_bytes(data)
            return False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)  # what comes between two inputs takes its time
        new = told not in self._seen
        self._seen.add(told)
        return new


def generate(desk: Desk, seed: int) -> None:
    """Programs that hypothesmith makes, and mutants of them, until killed.

    Returns where hypothesmith is not installed.
    """
    try:
        import hypothesmith
    except ImportError:
        return
    import hypothesis
    from hypothesis import strategies as st

    chance = random.Random(seed)
    recent = seeds()
    endless = hypothesis.settings(
        max_examples=10**9,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )

    @hypothesis.seed(seed)
    @endless
    @hypothesis.given(st.one_of(hypothesmith.from_grammar(), hypothesmith.from_node()))
    def explore(program: str) -> None:
        data = f"{program}\n\ndef f(x):\n    return x\n".encode("utf-8", "surrogatepass")
        desk.tries(data)
        recent.append(data)
        for _ in range(MUTANTS):
            desk.tries(mutated(recent[-MUTANTS:], chance))

    explore()


def seeds() -> list[bytes]:
    """The corpus, and short modules that people wrote."""
    kept = [one.read_bytes() for one in sorted(CORPUS.iterdir()) if one.name[0] != "."]
    return kept + [one.data for one in real_modules() if 200 < len(one.data) < 5_000][:150]


def run(seconds: float, jobs: int, seed: int, found: Path) -> int:
    """Keep children at work until the time is over; then make what was found smaller."""
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fnopt-fuzz-") as folder:
        findings, tried = _watch(end, jobs, seed, Path(folder))
    kinds = {}
    for data in findings:
        kinds.setdefault(_kind(data), data)
    for kind, data in kinds.items():
        _keep(kind, data, found)
    _say(f"{tried:,} inputs in {seconds:.0f} s, seed {seed}: {len(kinds)} findings")
    return 1 if kinds else 0


def _watch(end: float, jobs: int, seed: int, folder: Path) -> tuple[list[bytes], int]:
    """The inputs that raised, crashed or hung, and how many were tried."""
    started = Counter[int]()
    children: dict[int, tuple[subprocess.Popen[bytes], Path]] = {}
    findings: list[bytes] = []
    try:
        while time.monotonic() < end:
            for job in range(jobs):
                if job in children and children[job][0].poll() is None:
                    continue
                if job in children:
                    findings.append(_last(*children[job]))
                started[job] += 1
                place = folder / f"{job}-{started[job]}"
                place.mkdir()
                kind = "mutate" if job or jobs == 1 else "generate"
                children[job] = (_begin(kind, seed + 1_000 * job + started[job], place), place)
            time.sleep(0.2)
    finally:
        for process, _ in children.values():
            process.kill()
            process.wait()
    raised = [one.read_bytes() for one in sorted(folder.glob("*/raised-*"))]
    return findings + raised, sum(int(one.read_text() or 0) for one in folder.glob("*/count"))


def _last(process: subprocess.Popen[bytes], folder: Path) -> bytes:
    """What a child was at when it ended. Raises when that was not the input's doing."""
    if process.returncode > 0:
        raise SystemExit(f"a child of the fuzzer failed:\n{(folder / 'said').read_text()[-2_000:]}")
    return (folder / "input").read_bytes()


def _begin(kind: str, seed: int, folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, __file__, "--child", kind, "--seed", str(seed), "--found", str(folder)]
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(words, stdout=said, stderr=said)


def _kind(data: bytes) -> str:
    """What an input does, in a child of its own; empty when it does nothing by itself."""
    with tempfile.NamedTemporaryFile(prefix="fnopt-input-") as file:
        file.write(data)
        file.flush()
        words = [sys.executable, __file__, "--child", "one", "--found", file.name]
        done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return "hang" if name == "SIGPROF" else f"crash {name}"
    text = done.stderr.decode(errors="replace")
    if done.returncode != FOUND:
        return "" if not done.returncode else f"exit {done.returncode}"
    places = re.findall(r"/(?:fnopt|fuzz)/(\S+)\", line \d+, in (\w+)", text)
    last = text.strip().splitlines()[-1]
    return f"{last.partition(':')[0]} in {' '.join(places[-1]) if places else '?'}: {last[:200]}"


def _keep(kind: str, data: bytes, found: Path) -> None:
    small = _smaller(kind, data) if kind else data
    name = re.sub(r"\W+", "-", kind or "not-again").strip("-")[:60]
    (found / name).write_bytes(small)
    _say(f"{kind or 'broke, but not by itself'}\n  {found / name}: {small[:300]!r}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _smaller(kind: str, data: bytes) -> bytes:
    """The input without the lines, then without the bytes, that it does not take."""
    end = time.monotonic() + MINIMISING
    same = kind.partition(":")[0]
    for pieces in (data.splitlines(keepends=True), None):
        parts = pieces if pieces is not None else [data[i : i + 1] for i in range(len(data))]
        size = len(parts) // 2
        while size and time.monotonic() < end:
            for start in _starts(parts, size):
                rest = parts[:start] + parts[start + size :]
                if time.monotonic() < end and _kind(b"".join(rest)).partition(":")[0] == same:
                    parts = rest
            size //= 2
        data = b"".join(parts)
    return data


def _starts(parts: list[bytes], size: int) -> Iterator[int]:
    return reversed(range(0, len(parts), size))


if __name__ == "__main__":
    sys.exit(main())
