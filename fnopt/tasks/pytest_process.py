"""A run of pytest in a process of its own, in the interpreter of the user's environment."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnopt import tempdir
from fnopt.errors import UsageError

_PROGRAM = Path(__file__).with_name("pytest_child.py")
STARTUP = 120.0  # seconds in which pytest and the user's plugins must have found the tests
_ANSWER = "FNOPT_ANSWER"  # the variable that names the file with the answer
_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Events:
    """What pytest told: tests found (``id``, ``base``, ``doc``), outcomes by id, errors as place
    and message; ``late`` when it was ended before its time."""

    collected: tuple[Mapping[str, str], ...]
    outcomes: Mapping[str, str]
    errors: tuple[tuple[str, str], ...]
    late: bool


def run(root: Path, arguments: Sequence[str], *, timeout: float, answer: str = "") -> Events:
    """Run pytest in ``root``, tests for at most ``timeout`` seconds; the answer lies in a file.

    The environment is the caller's, but for what its name says is a secret. Raises UsageError when
    the interpreter cannot be started.
    """
    with tempdir.lent("pytest") as folder:
        given, told = folder / "answer", folder / "told"
        given.write_bytes(answer.encode("utf-8", "replace"))
        told.touch()
        command = [interpreter(), str(_PROGRAM), str(told), str(timeout), *arguments]
        late = _finish(command, root, environment(given), timeout + STARTUP)
        return _events(told.read_text("utf-8", "replace").splitlines(), late)


def interpreter() -> str:
    """The Python of the active virtual environment, else the one that runs fnopt."""
    active = os.environ.get("VIRTUAL_ENV")
    found = Path(active) / "bin" / "python" if active else None
    return str(found) if found is not None and found.exists() else sys.executable


def environment(given: Path) -> dict[str, str]:
    """Ours without keys and tokens, and with the place of the answer."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    ours = {_ANSWER: str(given), "COVERAGE_FILE": str(given.with_name("coverage"))}
    return {**kept, **ours, "PYTHONDONTWRITEBYTECODE": "1"}


def _finish(command: Sequence[str], root: Path, environ: Mapping[str, str], timeout: float) -> bool:
    """Whether it had to be ended. What it started in its session is ended with it."""
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environ,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
    except OSError as error:
        reason = f"{command[0]} cannot be started: {error.strerror}"
        raise UsageError(reason, "Activate the environment that has your pytest.") from None
    try:
        process.wait(timeout)
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _events(lines: Iterable[str], late: bool) -> Events:
    told = [_object(line) for line in lines]
    return Events(
        collected=tuple(one for one in told if {"id", "base", "doc"} <= one.keys()),
        outcomes={one["ran"]: one["outcome"] for one in told if {"ran", "outcome"} <= one.keys()},
        errors=tuple(
            (one["where"], one["error"]) for one in told if {"where", "error"} <= one.keys()
        ),
        late=late or any("late" in one for one in told),
    )


def _object(line: str) -> dict[str, Any]:
    """The object of a line; the last may be cut off."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
