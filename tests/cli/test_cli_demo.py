"""``fnopt demo --recorded``: everything but the model's replies is real."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .conftest import Fnopt
from .recorded_prompts import FORMS, render_all

pytest.importorskip("reasoning_gym", reason="the demo's tasks need the extra 'gym'")
pytestmark = pytest.mark.usefixtures("probed")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_recorded_demo_learns(
    tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps at least three functions, in commits with their figures, says what it is, and ends
    with accuracy before and after, each update, and the graph of the log. What the optimizer is
    told can be rendered in every form on the trials that it leaves."""
    folder = tmp_path / "demo"
    told = fnopt("demo", "--recorded", "--path", str(folder))
    assert told.code == 0, told.err
    assert "playing back" in told.err
    for part in ("accuracy", "before", "after", "kept", "tokens", "* "):
        assert part in told.out
    (test,) = (line for line in told.out.splitlines() if line.startswith("test (sealed"))
    before, after = map(float, re.findall(r"(0\.\d\d) \(", test))
    assert after > before
    monkeypatch.chdir(folder)
    steps = fnopt("log", "--json").json["updates"]
    kept = [step for step in steps if step["verdict"] == "kept"]
    assert sum(len(step["function"].split(", ")) for step in kept) >= 3
    assert kept[0]["base"] <= 0.25
    assert kept[-1]["score"] >= 0.60
    for step in kept:
        message = git(folder, "log", "-1", "--format=%B", step["commit"])
        assert f"Fnopt-Score: {step['score']:.4f}" in message
        assert f"Fnopt-Base: {step['base']:.4f}" in message
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "fsck", "--strict", "--no-dangling") == ""
    assert render_all(folder) >= 4 * 2 * len(FORMS)  # four kinds of tasks failed at the beginning
