"""A short run on the embedded model: real weights, real tasks, real git."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("xllamacpp", reason="the embedded model needs the extra 'local'")
pytestmark = [pytest.mark.live, pytest.mark.timeout(1800), pytest.mark.usefixtures("probed")]

PREALGEBRA = Path(__file__).parents[2].parent / "shared/data/math/prealgebra/val.jsonl"
CONFIG = """\
[tasks]
train = "reasoning-gym:count_bits?size=3&seed=7"
val = "reasoning-gym:count_bits?size=3&seed=8"
[agent]
model = "local"
concurrency = 4
[optimizer]
model = "local"
"""


def fnopt(folder: Path, *words: str) -> tuple[int, dict[str, object]]:
    """Run one command in a folder; its exit code and its JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", "fnopt", *words, "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def repository(folder: Path, config: str) -> Path:
    """A repository with nothing but a configuration."""
    (folder / "fnopt.toml").write_text(config)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "begin"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def test_one_step_learns_to_count_bits(tmp_path: Path) -> None:
    """One step on the real model ends with a judged update whose commit carries its figures."""
    folder = repository(tmp_path, CONFIG)
    code, told = fnopt(folder, "step")
    assert code in (0, 3), told
    (step,) = told["steps"]  # type: ignore[misc]
    assert step["verdict"] in ("kept", "reverted", "refused")
    if step["verdict"] == "kept":
        message = subprocess.run(
            ["git", "log", "-1", "--format=%B", step["commit"]],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert f"Fnopt-Score: {step['score']:.4f}" in message
        assert step["score"] > step["base"]


@pytest.mark.skipif(not PREALGEBRA.is_file(), reason="the MATH tasks are not beside the checkout")
def test_prealgebra_is_scored_once(tmp_path: Path) -> None:
    """Ten MATH tasks end with a score, and scoring them again takes no model call."""
    pytest.importorskip("math_verify", reason="the math scorer needs the extra 'math'")
    config = f'[tasks]\nval = "{PREALGEBRA}"\nscorer = "math"\n[agent]\nmodel = "local"\n'
    folder = repository(tmp_path, config)
    code, first = fnopt(folder, "eval", "--limit", "10")
    assert code == 0
    assert first["trials"] == 10
    assert first["model_calls"]
    code, again = fnopt(folder, "eval", "--limit", "10")
    assert code == 0
    assert again["model_calls"] == 0
    assert again["score"] == first["score"]
