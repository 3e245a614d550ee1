"""Arms on the tasks and the model of ``scripted_run``, for the tests beside this file.

As a process: ``python -P scripted_arms.py OUT BUDGET ARM[,ARM…]``, with the address of the scripted
server in ``OPENAI_BASE_URL``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import scripted_run
from benchmarks.learning.run import Plan, run
from scripted_server import Answer, Json

NAME = "scripted"
MODULE = f"```python\n{scripted_run.COUNT}\n{scripted_run.LCM}\n{scripted_run.BACKWARDS}```\n"
"""What the one ask of ``one_shot`` is answered with: it counts no capitals, and is right else."""


def learn(out: Path, arms: Sequence[str], budget: int, seeds: Sequence[int] = (1,)) -> None:
    """Run arms below ``out``, or go on with them."""
    files = {path: content.decode() for path, content in scripted_run.FILES.items()}
    run(Plan(out, NAME, arms, seeds, lambda _: files, budget))


def respond(request: Json) -> Answer:
    """The model of the scripted run, which also knows a module when it is asked for one."""
    if is_one_shot(request):
        return MODULE
    return scripted_run.respond(request)


def is_one_shot(request: Json) -> bool:
    """Whether a request asks for all functions at once."""
    return bool(request["messages"][0]["content"].startswith("You write the library"))


def begins_trial(request: Json) -> bool:
    """Whether a request is the first of a trial."""
    roles = [message["role"] for message in request["messages"]]
    return not (is_one_shot(request) or scripted_run.is_optimizer(request)) and len(roles) == 2


def folder(out: Path, arm: str, seed: int = 1) -> Path:
    """Where an arm keeps what it did."""
    return out / NAME / str(seed) / arm


if __name__ == "__main__":
    learn(Path(sys.argv[1]), sys.argv[3].split(","), int(sys.argv[2]))
