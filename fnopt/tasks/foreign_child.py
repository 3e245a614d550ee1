"""The program of the foreign process: task sources and scorers that other libraries bring.

Run by path, never imported by fnopt. They evaluate what a model wrote (several families of
reasoning-gym call ``eval`` on the answer, and so does sympy's ``parse_expr``) or may take for ever,
so they get a process without keys, with a fixed hash seed (some families order by hash) and limits
on memory and files. Each answer is scored in a fork, so that it cannot spoil the next one's score.
One JSON document a line in, one a line out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

MEMORY = 4 * 1024**3  # bytes of address space
SECONDS = 10  # of processor time for one score, where the library's own limit does not bite


@lru_cache(maxsize=256)
def dataset(family: str, seed: int, size: int) -> Any:
    """The family's data set; building one can be slow, so it is kept."""
    return import_module("reasoning_gym").create_dataset(family, seed=seed, size=size)


@lru_cache(maxsize=4096)
def entry(family: str, seed: int, size: int, index: int) -> dict[str, Any]:
    """One task of a family as reasoning-gym has it, answer and all."""
    return dict(dataset(family, seed, size)[index])


def gym_families() -> list[str]:
    """The names of all families; those that are made of others are left out."""
    return sorted(set(import_module("reasoning_gym.factory").DATASETS) - {"composite"})


def gym_entry(family: str, seed: int, size: int, index: int) -> list[str]:
    """Question and answer; the answer is empty where only the scorer knows right from wrong."""
    found = entry(family, seed, size, index)
    answer = found["answer"]
    return [str(found["question"]), "" if answer is None else str(answer)]


def gym_score(family: str, seed: int, size: int, index: int, question: str, answer: str) -> float:
    """The family's own score of an answer."""
    found = entry(family, seed, size, index)
    if str(found["question"]) != question:
        raise ValueError("this version of reasoning-gym asks another question under this number")
    own = dataset(family, seed, size)
    return float(in_fork(lambda: float(own.score_answer(answer, found))))


def math_score(expected: str, answer: str) -> float:
    """1 when the answer is mathematically what is expected, else 0; both LaTeX or plain text."""
    if plain(answer) == plain(expected):
        return 1.0
    library = import_module("math_verify")

    def compare() -> float:
        gold = library.parse(expected if anchored(expected) else f"${expected}$")
        readings = [answer] if anchored(answer) else [f"${latex(answer)}$", answer]
        return float(any(library.verify(gold, library.parse(reading)) for reading in readings))

    return float(in_fork(compare))


def in_fork(compute: Callable[[], float]) -> Any:
    """What ``compute`` gives in a copy of this process. Raises ValueError with what it raised."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        try:
            reply: dict[str, Any] = {"value": compute()}
        except BaseException as error:  # noqa: BLE001 - it must not go on as a second server
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        try:
            os.write(target, json.dumps(reply).encode())
        finally:
            os._exit(0)
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    reply = json.loads(text or '{"error": "its process died"}')
    if "value" not in reply:
        raise ValueError(reply["error"])
    return reply["value"]


def anchored(text: str) -> bool:
    """Whether the text marks its mathematics itself."""
    return any(mark in text for mark in ("$", "\\boxed", "\\(", "\\["))


def plain(text: str) -> str:
    """The text without what LaTeX only shows: dollars, spaces, sizes, text commands."""
    text = re.sub(r"\\(text|textbf|mathrm|mbox|boxed)\s*\{([^{}]*)\}", r"\2", text.strip())
    text = re.sub(r"\\left(?![a-zA-Z])|\\right(?![a-zA-Z])|\\[!,;: ]|[$\s]", "", text)
    return text.rstrip(".").replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")


def latex(text: str) -> str:
    """Plain mathematics with the names that LaTeX would read letter by letter spelt its way."""
    text = re.sub(r"(?<![\\a-zA-Z])pi(?![a-zA-Z])|π", r"\\pi ", text)
    return re.sub(r"(?<![\\a-zA-Z])sqrt\(([^()]*)\)", r"\\sqrt{\1}", text)


COMMANDS: Mapping[str, Callable[..., Any]] = {
    "gym_families": gym_families,
    "gym_entry": gym_entry,
    "gym_score": gym_score,
    "math_score": math_score,
}


def answer_line(line: str) -> dict[str, Any]:
    """The reply to one request: ``value``, or ``error`` with what was raised."""
    try:
        command, *arguments = json.loads(line)
        return {"value": COMMANDS[command](*arguments)}
    except Exception as error:  # noqa: BLE001 - foreign scorers raise anything on odd answers
        name = "" if type(error) is ValueError else f"{type(error).__name__}: "
        return {"error": f"{name}{error}"[:500]}


def main() -> None:
    """Serve requests until standard input ends. What the libraries print goes nowhere."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    limits = {resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    for kind, most in limits.items():
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit on memory
            resource.setrlimit(kind, (most, most))
    sys.set_int_max_str_digits(20_000)
    for line in requests:
        replies.write(json.dumps(answer_line(line)) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
