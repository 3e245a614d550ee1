"""The vote of many samples: what most of them say is the answer, and the report takes that."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.learning import ledger, majority, scripted_arms
from benchmarks.learning.report import report
from scripted_run import TEST
from scripted_server import Answer, Json, ScriptedServer


@pytest.mark.parametrize(("period", "right"), [(3, len(TEST)), (2, len(TEST)), (1, 0)])
def test_most_samples_decide(
    period: int,
    right: int,
    scripted_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Every third or second sample wrong: all right by 15 votes; each one wrong: none."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    known, asked = dict(TEST), Counter[str]()

    def respond(body: Json) -> Answer:
        question = body["messages"][1]["content"]
        asked[question] += 1
        wrong = asked[question] % period == 0
        return f"ANSWER: {'no' if wrong else known.get(question, 'no')}"

    scripted_server.respond = respond
    scripted_arms.learn(tmp_path, ["majority"], 10)
    folder = scripted_arms.folder(tmp_path, "majority")
    assert {asked[question] for question in known} == {majority.SAMPLES}
    assert all(body["temperature"] == majority.TEMPERATURE for body in scripted_server.requests)
    assert json.loads((folder / "result.json").read_text())["trials"] == 0
    phases = Counter(row["phase"] for row in ledger.read(folder) if row["split"] == "test")
    assert phases == {"after": majority.SAMPLES * len(TEST), "vote": len(TEST)}
    arm = report(tmp_path / scripted_arms.NAME)["arms"]["majority"]
    assert (arm["right"], arm["total"]) == (right, len(TEST))
