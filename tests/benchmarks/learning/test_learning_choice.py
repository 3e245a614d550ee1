"""Whether the agent calls the function that is right: the tasks, the functions, and the counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scripted_run
from benchmarks.learning import choice
from scripted_server import Answer, Json, ScriptedServer, calls, text

from fnopt.agents.toolbox import Toolbox
from fnopt.sandbox import sandbox


def words_of(question: str) -> str:
    return question.strip().rpartition(": ")[2]


@pytest.mark.parametrize("form", choice.FORMS)
def test_every_task_has_its_right_function(form: str) -> None:
    """What it computes for the words of the question is what is expected."""
    toolbox = Toolbox(choice.library(form), sandbox("process", 10.0))
    for task in choice.tasks():
        words = words_of(task["question"])
        given = {"words": words.split(", ")} if form == "list" else {"text": words}
        call = toolbox.call(task["id"].rpartition("-")[0], json.dumps(given))
        assert (call.error, call.result) == (None, task["answer"])


def test_calls_and_right_answers_are_counted_apart(
    tmp_path: Path, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here an agent that calls the right function but for one kind, and repeats what it returned
    but for another."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")

    def respond(request: Json) -> Answer:
        told = request["messages"][-1]
        if told["role"] == "tool":
            return text(f"ANSWER: {told['content'] if 'E' not in told['content'] else 'so'}")
        asked = told["content"]
        kind = next(name for name, one in choice.KINDS.items() if one.asked in asked)
        if kind == "drop_ends":
            return text("ANSWER: unknown")
        return calls((kind, {"words": words_of(asked).split(", ")}))

    scripted_server.respond = respond
    monkeypatch.setattr(choice, "FORMS", {"list": choice.FORMS["list"]})
    files = {
        path: content.decode()
        for path, content in scripted_run.FILES.items()
        if not path.endswith("train.jsonl")
    }
    found = choice.measured(tmp_path / "out", files, lambda _: None)["list"]
    assert (found["tasks"], found["called"], found["right"]) == (24, 20, 16)
    assert (found["kinds"]["capital_words"], found["kinds"]["drop_ends"]) == (0, 0)
