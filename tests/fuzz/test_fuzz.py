"""The fuzzer's corpus again, quickly; and the fuzzer itself, for a minute."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.targets import attempt

from fnopt.errors import SandboxError
from fnopt.sandbox import sandbox

HERE = Path(__file__).parent
CORPUS = sorted(one for one in (HERE / "corpus").iterdir() if not one.name.startswith("."))


@pytest.mark.parametrize("seed", CORPUS, ids=lambda one: one.name)
def test_no_promise_breaks_on_the_corpus(seed: Path) -> None:
    """Every input that was ever of interest is read, checked and edited without a surprise."""
    assert attempt(seed.read_bytes())


@pytest.mark.slow
def test_a_minute_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    """No crash, no hang, no broken promise; what is found is printed and kept."""
    words = ["--seconds", "60", "--jobs", "2", "--found", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(HERE / "library.py"), *words], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "0 findings" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["confined", "isolated"])
def test_half_a_minute_of_hostile_calls_finds_nothing(tier: str) -> None:
    """The sandbox's protocol from inside: honest results stay right, nothing remains."""
    try:
        sandbox(tier, 5.0).close()
    except SandboxError as error:
        pytest.skip(str(error))
    words = ["--seconds", "30", "--tier", tier]
    done = subprocess.run(
        [sys.executable, str(HERE / "sandbox.py"), *words], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
