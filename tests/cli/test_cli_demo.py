"""``fnopt demo --recorded``: everything but the model's replies is real."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Fnopt

pytest.importorskip("reasoning_gym", reason="the demo's tasks need the extra 'gym'")
pytestmark = pytest.mark.usefixtures("probed")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_recorded_demo_learns(tmp_path: Path, fnopt: Fnopt) -> None:
    """It keeps at least three functions, each a commit with its figures, and says what it is."""
    folder = tmp_path / "demo"
    told = fnopt("demo", "--recorded", "--path", str(folder), "--json")
    assert told.code == 0, told.err
    assert "playing back" in told.err
    assert told.json["recorded"] is True
    kept = [step for step in told.json["steps"] if step["verdict"] == "kept"]
    assert len(kept) >= 3
    assert told.json["val"]["base"] <= 0.25
    assert told.json["val"]["score"] >= 0.60
    assert told.json["test"]["score"] > told.json["test"]["base"]
    for step in kept:
        message = git(folder, "log", "-1", "--format=%B", step["commit"])
        assert f"Fnopt-Score: {step['score']:.4f}" in message
        assert f"Fnopt-Base: {step['base']:.4f}" in message
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "fsck", "--strict", "--no-dangling") == ""


def test_the_recorded_demo_ends_with_its_table(tmp_path: Path, fnopt: Fnopt) -> None:
    """Accuracy before and after, each update, and the graph of the log."""
    told = fnopt("demo", "--recorded", "--path", str(tmp_path / "demo"))
    assert told.code == 0, told.err
    for part in ("accuracy", "before", "after", "kept", "tokens", "* "):
        assert part in told.out
