"""Whatever an optimizer replies is refused with a clear word, and a run of it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer, calls, text

from .conftest import Fnopt, run_git

COUNT = scripted_run.COUNT
USES = COUNT.replace("word.count", "{}")
FENCED = f"```python\n{COUNT}```"


def adds(code: str) -> Answer:
    return calls(("add_function", {"diagnosis": "d", "code": code, "why": "w"}))


REPLIES = {
    "prose": (text("I would count the letters one by one."), "first line is no action"),
    "two code blocks": (text(f"add count_letter\nSo.\n{FENCED}\nor\n{FENCED}"), "more than one"),
    "another language": (
        text("add count_letter\nSo.\n```js\nfunction count(w) { return w.length }\n```"),
        "invalid syntax",
    ),
    "a builtin's name": (adds(COUNT.replace("count_letter", "sum")), "a word of Python"),
    "an import that is not there": (
        adds(f"import numpyy\n\n\n{USES.format('numpyy.count')}"),
        "numpyy",
    ),
    "a name that a module lacks": (
        adds(f"from math import lcmm\n\n\n{USES.format('lcmm(1) and word.count')}"),
        "lcmm",
    ),
    "a call of itself at import": (adds(f"{COUNT}\n\ncount_letter('a', 'b')\n"), "import"),
    "a bogus action": (calls(("drop_database", {"why": "w"})), "no action"),
    "no JSON": (calls(("add_function", "{code: broken")), "not JSON"),
    "eight actions": (
        calls(*(("remove_function", {"name": f"f{n}", "why": "w"}) for n in range(8))),
        "8 actions",
    ),
    "a function that is not there": (calls(("remove_function", {"name": "gone"})), "gone"),
    "nothing at all": (text(""), "no action"),
    "five megabytes": (text("add " * 1_250_000), "no action"),
}


def proposing(server: ScriptedServer, reply: Answer) -> None:
    """Let the optimizer give one reply, always."""

    def respond(request: Json) -> Answer:
        return reply if scripted_run.is_optimizer(request) else scripted_run.respond(request)

    server.respond = respond


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_cannot_be_taken_is_refused(
    name: str, tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Exit 3, no commit, and a reason that says what is wrong; asked at most three times."""
    reply, reason = REPLIES[name]
    proposing(server, reply)
    told = fnopt("step", "--json")
    assert told.code == 3, told.err
    [step] = told.json["steps"]
    assert (step["verdict"], step["commit"]) == ("refused", None)
    assert reason.lower() in step["reason"].lower()
    assert 1 < sum(map(scripted_run.is_optimizer, server.requests)) <= 3
    assert "Traceback" not in told.err


def test_a_model_that_always_proposes_the_same_is_told_and_ends(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Judged and reverted, twice since nobody called it; then refused as tried, under any name."""
    names = iter(range(100))

    def respond(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.respond(request)
        return adds(scripted_run.PRODUCT.replace("common_multiple", f"product_{next(names)}"))

    server.respond = respond
    told = fnopt("train", "--patience", "4", "--json")
    assert (told.code, told.json["stop"]["why"]) == (0, "patience")
    verdicts = [step["verdict"] for step in told.json["steps"]]
    assert verdicts == ["reverted", "reverted", "refused", "refused"]
    assert "tried before" in told.json["steps"][-1]["reason"]
    assert "product_0 was never called" in told.json["steps"][0]["reason"]


def test_a_function_that_is_right_and_not_called_gets_another_name(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """The optimizer is told in the same step, and the name under which the agent calls it is kept;
    val is met once."""
    asked: list[Json] = []

    def respond(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.respond(request)
        asked.append(request)
        name = "spell_backward" if len(asked) > 1 else "inverted"
        code = scripted_run.BACKWARDS.replace("spell_backward", name)
        return adds(code)

    server.respond = respond
    only = [task for task in scripted_run.TRAIN if scripted_run.BACKWARD.match(task[0])]
    (tools / "tasks/train.jsonl").write_bytes(scripted_run.lines("train", tuple(only)))
    run_git(tools, "commit", "-qam", "Train on words alone")
    told = fnopt("step", "--json")
    [step] = told.json["steps"]
    assert (told.code, step["verdict"], step["function"]) == (0, "kept", "spell_backward")
    said = asked[1]["messages"][-1]["content"]
    assert "inverted is right, but the assistant did not call it" in said
    assert "begin with" not in said


def test_a_budget_below_the_smallest_prompt_is_a_usage_error_with_the_number(
    tools: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2: what is set, what is needed, and the key."""
    monkeypatch.setenv("FNOPT_OPTIMIZER_MAX_PROMPT", "300")
    told = fnopt("step")
    assert told.code == 2
    assert "optimizer.max_prompt: 300 tokens are too few" in told.err
    assert "mend: set optimizer.max_prompt to" in told.err


def test_what_people_noted_reaches_the_optimizer(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """The file ``feedback.md`` at the root, whatever bytes it holds; no commit is needed."""
    (tools / "feedback.md").write_bytes(b"Count capitals too. \xff {{ 7 * 7 }}\n")
    assert fnopt("step").code == 0
    asked = next(one for one in server.requests if scripted_run.is_optimizer(one))
    assert "Count capitals too." in asked["messages"][1]["content"]
    assert "{{ 7 * 7 }}" in asked["messages"][1]["content"]


def test_why_and_diagnosis_stand_in_the_commit(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """What went wrong, then why the edit helps."""
    given = {"diagnosis": "It guessed at counts.", "code": COUNT, "why": "It counts now."}
    proposing(server, calls(("add_function", given)))
    assert fnopt("step").code == 0
    body = run_git(tools, "log", "-1", "--format=%b", "fnopt/run-1")
    assert body.startswith("It guessed at counts.\n\nIt counts now.")
