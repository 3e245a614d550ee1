"""Drafts of one step, a family each: what they compute on val, and what they cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scripted_run
from benchmarks.learning import drafts
from scripted_server import ScriptedServer

KINDS = {
    "letters": scripted_run.LETTERS,
    "multiples": scripted_run.MULTIPLE,
    "words": scripted_run.BACKWARD,
}


def marked(content: bytes) -> str:
    """Lines of a task file with the family that each task belongs to."""
    rows = [json.loads(line) for line in content.splitlines()]
    for row in rows:
        families = [name for name, kind in KINDS.items() if kind.match(row["question"])]
        row["family"] = families[0] if families else "odd"
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_each_family_has_its_draft_measured(
    tmp_path: Path, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share of training and val tasks that the function computes; faults; what it cost."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    scripted_server.respond = scripted_run.respond
    files = {
        path: marked(content) if path.endswith(".jsonl") else content.decode()
        for path, content in scripted_run.FILES.items()
    }
    said: list[str] = []
    found = drafts.drafted(tmp_path / "out", files, [*KINDS, "odd"], said.append)
    letters, multiples, words, odd = found["rows"]
    assert (letters["draft"], letters["train"], letters["val"]) == ("count_letter", 0.67, 0.5)
    assert (multiples["draft"], multiples["train"], multiples["val"]) == ("common_multiple", 0.5, 0)
    assert (words["draft"], bool(words["faults"])) == ("spell_backward", True)
    assert odd["draft"] == "Terminated"
    assert [row["wrong"] for row in found["rows"]] == [3, 2, 2, 1]
    assert all(row["replies"] >= 1 and row["tokens"] > 0 for row in found["rows"])
    assert found["total"]["families"] == 4
    assert found["total"]["solved"] == 0
    assert found["total"]["replies"] == sum(row["replies"] for row in found["rows"])
    assert [json.loads(line)["family"] for line in said[-4:]] == [*KINDS, "odd"]
