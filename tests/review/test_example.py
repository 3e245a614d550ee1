"""The example of a pull request in ``examples/`` is what the demo's recorded run gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fnopt.cli.main import run
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout
from fnopt.prose import Prose
from fnopt.review.body import body, title
from fnopt.review.facts import Scope, facts

README = Path(__file__).parents[2] / "examples" / "pull-request" / "README.md"
BEHIND = "\n---\n"  # what stands above is about the example

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.usefixtures("probed")]


def example(folder: Path) -> str:
    """Title and body of the run in a repository of ``fnopt demo``, its test split claimed."""
    with Repository(folder) as repo:
        found = facts(RunBranch(repo, "demo"), Layout.of("functions"), Scope())
        return f"\n## {title(found)}\n\n{body(found, Prose())}"


def masked(text: str) -> str:
    """Without what differs from day to day and from machine to machine."""
    text = re.sub(r"\b(?=[0-9a-f]*[a-f])(?:[0-9a-f]{40}|[0-9a-f]{10})\b|\b\d{10}\b", "COMMIT", text)
    return re.sub(r"(fnopt|Python) \d[\w.]*", r"\1 VERSION", text)


def test_the_example_is_the_demos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word, but for commits and versions; the claim asks no model again."""
    pytest.importorskip("reasoning_gym", reason="the demo's tasks need the extra 'gym'")
    folder = tmp_path / "demo"
    assert run(["demo", "--recorded", "--path", str(folder), "--json"]) == 0
    monkeypatch.chdir(folder)
    assert run(["claim", "--split", "test"]) == 0
    written = README.read_text(encoding="utf-8").partition(BEHIND)[2]
    assert masked(example(folder)) == masked(written)
