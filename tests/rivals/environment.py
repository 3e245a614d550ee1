"""Virtual environments for packages that cannot or must not stand beside fnopt's own.

``from rivals.environment import interpreter`` at the top of a test module: where they are kept is
looked up at import, before the tests are sealed in.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from fnopt.models.weights import cache_folder

FOLDER = cache_folder().absolute() / "rivals"
QUIET = ("--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1")
UNSET = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Unavailable(Exception):
    """This environment cannot be made here, since pip cannot; the message says why."""


def interpreter(*requirements: str, folder: Path = FOLDER) -> Path:
    """The Python of a virtual environment that holds exactly these pip requirements.

    It is made at the first call, below ``folder``, by this Python, and found there ever after; a
    process that wants the same one meanwhile waits for it. Raises Unavailable when pip cannot
    install them (no network, no such release for this Python).
    """
    place = folder / _name(requirements)
    complete = place / "complete.json"
    if not complete.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{place}.lock"):
            if not complete.is_file():  # another process may just have made it
                _make(place, requirements)
                _mark(complete, requirements)
    return _python(place)


def clean_environment() -> dict[str, str]:
    """This process's environment without what points a Python at this one's packages."""
    return {name: value for name, value in os.environ.items() if name not in UNSET}


def _name(requirements: tuple[str, ...]) -> str:
    """A folder name that stands for this Python and these requirements, in any order."""
    python = [platform.python_implementation(), platform.python_version()]
    text = json.dumps([*python, *sorted(requirements)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _python(place: Path) -> Path:
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make(place: Path, requirements: tuple[str, ...]) -> None:
    """A fresh environment in place, since one that is moved would break; a half one goes first."""
    if place.exists():
        shutil.rmtree(place)
    bare = () if requirements else ("--without-pip",)
    _run(sys.executable, "-m", "venv", *bare, str(place))
    if requirements:
        _run(str(_python(place)), "-m", "pip", "install", *QUIET, "--", *requirements)


def _mark(complete: Path, requirements: tuple[str, ...]) -> None:
    """Say that the environment is whole, in one stroke."""
    unmarked = complete.with_suffix(".partial")
    unmarked.write_text(json.dumps(sorted(requirements)))
    unmarked.replace(complete)


def _run(*command: str) -> None:
    environment = clean_environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        reasons = [line for line in said if line.startswith("ERROR")] or said
        raise Unavailable("; ".join(reasons[-2:]) or f"{command[1:3]} exited {done.returncode}")
