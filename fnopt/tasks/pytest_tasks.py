"""Tests as tasks: ``pytest:NODE[,NODE…]?timeout=60``, or ``pytest:@FILE`` with a node id a line.

A test function is a task. Its docstring is the question; it gets the answer by the fixture
``answer``; the share of its parametrised cases that pass is the score. The tests are the user's own
code and run as such, outside of the sandbox, in processes of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fnopt.errors import FnoptError, UsageError
from fnopt.records import Score, Task
from fnopt.tasks.pytest_process import STARTUP, Events, run
from fnopt.tasks.rows import read_text, shown

PREFIX = "pytest"
_FORM = "Write pytest:tests/agent, node ids with commas between them, or pytest:@FILE."
_TIMEOUT = 60.0  # seconds for all cases of one test
_MOST = 86_400.0


@dataclass(frozen=True)
class Spec:
    """Which tests, by node id, file or folder, and the seconds that each may take."""

    nodes: tuple[str, ...]
    timeout: float = _TIMEOUT


def parse(root: Path, text: str) -> Spec:
    """The specification in ``text``. Raises UsageError."""
    found = re.fullmatch(r"(.*?)(?:\?timeout=([^?]*))?", text.removeprefix(f"{PREFIX}:"), re.DOTALL)
    assert found is not None  # BUG: it fits any text
    nodes = tuple(dict.fromkeys(_nodes(root, found[1])))
    if not nodes:
        raise UsageError(f"{text}: no test named", _FORM)
    for node in nodes:
        _require_inside(root, node)
    return Spec(nodes, _TIMEOUT if found[2] is None else _seconds(found[2], text))


def _nodes(root: Path, text: str) -> list[str]:
    if text.startswith("@"):
        lines = read_text(root / text[1:], text[1:]).splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    parts = re.split(r",(?![^\[]*\])", text)  # not within the brackets of a case
    return [part.strip() for part in parts if part.strip()]


def _require_inside(root: Path, node: str) -> None:
    path = (root / node.partition("::")[0]).resolve()
    if node.startswith("-") or "\0" in node or not path.is_relative_to(root.resolve()):
        raise UsageError(f"{shown(node)!r} is no test in the repository", _FORM)


def _seconds(text: str, spec: str) -> float:
    if not re.fullmatch(r"\d{1,5}(\.\d+)?", text) or not 0 < float(text) <= _MOST:
        raise UsageError(f"{spec}: timeout must be seconds, not {shown(text)!r}", _FORM)
    return float(text)


def collect(root: Path, spec: Spec) -> tuple[Task, ...]:
    """The tests as tasks, in pytest's order. Raises UsageError: none, broken, or nothing asked."""
    events = run(root, ["--collect-only", *spec.nodes], timeout=_TIMEOUT)
    _require_collected(events, spec)
    docs: dict[str, str] = {}
    for found in events.collected:
        node = found["id"] if found["id"] in spec.nodes else found["base"]
        docs.setdefault(node, found["doc"])
    return tuple(_task(node, doc, spec.timeout) for node, doc in docs.items())


def _require_collected(events: Events, spec: Spec) -> None:
    named = shown(", ".join(spec.nodes))
    if events.errors:
        place, reason = events.errors[0]
        raise UsageError(f"pytest: {place or named}: {reason}", "pytest --collect-only")
    if events.late:
        raise UsageError(f"pytest took more than {STARTUP:.0f} s to find {named}", _FORM)
    if not events.collected:
        raise UsageError(f"pytest found no tests: {named}", "See pytest --collect-only.")


def _task(node: str, doc: str, timeout: float) -> Task:
    if not doc.strip():
        raise UsageError(
            f"pytest: {node} has no docstring", "Write there what the agent is to be asked."
        )
    module = PurePosixPath(node.partition("::")[0]).as_posix()
    origin = {"source": PREFIX, "node": node, "module": module, "timeout": timeout}
    return Task(node, doc, "", origin, PREFIX)


def is_ours(metadata: Mapping[str, Any]) -> bool:
    """Whether a task with this metadata came from here."""
    return metadata.get("source") == PREFIX and isinstance(metadata.get("node"), str)


@dataclass(frozen=True)
class PytestRule:
    """The share of a test's cases that pass with the answer; skipped ones do not count."""

    root: Path

    def __call__(self, answer: str, task: Task) -> Score:
        """See :class:`fnopt.tasks.rules.Rule`. Raises ValueError when nothing was tested, and
        FnoptError when pytest did not even begin."""
        if not is_ours(task.metadata):
            raise UsageError(
                f"task {task.id!r} is no test, and tasks.scorer says that it is",
                'Set tasks.scorer to one for such tasks, for example "exact".',
            )
        node = task.metadata["node"]
        _require_inside(self.root, node)
        timeout = float(task.metadata.get("timeout", _TIMEOUT))
        return _score(run(self.root, [node], timeout=timeout, answer=answer), timeout)


def _score(events: Events, timeout: float) -> Score:
    outcomes = events.outcomes
    cases = [found["id"] for found in events.collected]
    counted = [case for case in cases if outcomes.get(case) != "skipped"]
    if events.late and not cases:
        raise FnoptError(
            f"pytest did not begin within {STARTUP:.0f} s",
            "run the same command again: answers are kept, and scored anew",
        )
    if not counted:
        reason = events.errors[0][1] if events.errors else "all its cases were skipped"
        raise ValueError(reason if events.errors or cases else "pytest ran no test")
    passed = sum(outcomes.get(case) == "passed" for case in counted)
    if passed == len(counted):
        return Score(1.0)
    late = f" within {timeout:g} s" if events.late else ""
    return Score(passed / len(counted), f"{passed} of {len(counted)} cases passed{late}")
