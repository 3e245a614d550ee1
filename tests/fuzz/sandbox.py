"""Fuzz the sandbox's protocol from inside: ``python tests/fuzz/sandbox.py --seconds 600``.

Random hostile functions write to every descriptor, forge replies by the true name of the request,
pass descriptors around and end in all ways, on several workers at once; honest calls go between
them. What must hold: every outcome is well-formed, every honest result is right, the parent keeps
its descriptors, and nothing is left running. Exit 1 on a finding, with the code that led to it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fnopt.sandbox import Grant, Grants, Outcome, Sandbox, sandbox
from fnopt.sandbox.scene import running

LIMITS = {None, "time", "memory", "output", "file size", "disk", "grant", "protocol"}
TIMEOUT = 1.0  # seconds a call
WORKERS = 4

HOSTILE = Path(__file__).with_name("hostile.py").read_text()

HONEST = {
    "functions/honest.py": b"import json\n\n\ndef f(n: int) -> dict:\n"
    b'    print("out", n)\n    return json.loads(json.dumps({"n": n + 1, "text": "x" * (n % 9)}))\n'
}


def main() -> int:
    """Parse the command line and fuzz; 1 on a finding."""
    parser = argparse.ArgumentParser(description="Fuzz the sandbox's protocol from inside.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--tier", default="confined", choices=["process", "confined", "isolated"])
    given = parser.parse_args()
    grants = Grants(table={"f": Grant(hosts=("localhost:1",))})
    box = sandbox(given.tier, TIMEOUT, grants=grants)
    told: Counter[str] = Counter()
    found: list[str] = []
    before = _descriptors()
    end = time.monotonic() + given.seconds
    with ThreadPoolExecutor(WORKERS) as pool:
        for one in range(WORKERS):
            pool.submit(_guarded, box, given.seed * 1000 + one, end, told, found)
    box.close()
    found += _left(before)
    said = f"{sum(told.values()):,} calls in {given.seconds:g} s, tier {given.tier}, "
    said += f"seed {given.seed}: {len(found)} findings; {dict(told.most_common())}"
    sys.stdout.write("\n".join([said, *found, ""]))
    return 1 if found else 0


def _guarded(box: Sandbox, seed: int, end: float, told: Counter[str], found: list[str]) -> None:
    """One thread's calls; what it raises is a finding."""
    chance = random.Random(seed)
    while time.monotonic() < end and not found:
        number = chance.randrange(10**9)
        code = HOSTILE.replace("SEED = 0", f"SEED = {number}")
        try:
            files = {"functions/hostile.py": code.encode()}
            outcome = box.call(files, "functions.hostile", "f", {})
            told[_kind(outcome)] += 1
            _well_formed(outcome)
            _honest(box, chance.randrange(1000))
            told["honest"] += 1
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
            found.append(f"{type(error).__name__}: {error}; seed of the function: {number}")


def _kind(outcome: Outcome) -> str:
    return "result" if outcome.ok else "fault" if outcome.fault else outcome.limit or "error"


def _well_formed(outcome: Outcome) -> None:
    assert isinstance(outcome.ok, bool), outcome
    assert outcome.ok is (outcome.error is None), outcome
    assert outcome.error is None or isinstance(outcome.error, str), outcome
    assert outcome.limit in LIMITS, outcome
    assert not outcome.fault, outcome
    json.dumps([outcome.result, outcome.error, outcome.stdout, outcome.stderr]).encode()
    assert outcome.seconds < TIMEOUT + 30, outcome


def _honest(box: Sandbox, n: int) -> None:
    outcome = box.call(HONEST, "functions.honest", "f", {"n": n})
    expected = ({"n": n + 1, "text": "x" * (n % 9)}, f"out {n}\n", "")
    assert (outcome.result, outcome.stdout, outcome.stderr) == expected, outcome


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _left(before: int) -> Sequence[str]:
    """What remains: descriptors, processes."""
    with contextlib.suppress(FileNotFoundError):
        time.sleep(1)
        now, alive = _descriptors(), running()
        said = [f"{now} descriptors, {before} before"] if now > before + 2 else []
        return [*said, *([f"{len(alive)} processes are left"] if alive else [])]
    return []


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
