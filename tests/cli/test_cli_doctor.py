"""``doctor``: what is missing, and what mends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import scripted_endpoints as those
from scripted_server import Fail, ScriptedServer

from fnopt.agents.probe_kept import keep, kept, key_of
from fnopt.agents.profile import LOCAL, Profile
from fnopt.cli.capabilities import of_agent
from fnopt.cli.main import SUMMARIES
from fnopt.config import AgentConfig
from fnopt.sandbox.attacks import ATTACKS, Attack
from fnopt.store import Store

from .conftest import Fnopt, Git, Told, run_git, write

EVERY = [
    *("git", "repository", "identity", "history", "configuration", "functions"),
    *("train tasks", "val tasks", "test tasks", "splits", "scorer", "sandbox"),
    *("executor", "forge"),
    *("agent", "agent model"),
    *("tool calling", "strict schemas", "system role", "tool results", "JSON answers"),
    *("optimizer model", "optimizer calls", "price"),
]
CAPABILITIES = EVERY[16:21]


def tasks(first: int, count: int) -> bytes:
    rows = [{"question": f"What is {n}?", "answer": n} for n in range(first, first + count)]
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture
def ready(work: Path, fnopt: Fnopt, git: Git, scripted_server: ScriptedServer) -> Path:
    """A repository to which nothing is missing, and a model that does as it is asked."""
    scripted_server.respond = those.able
    fnopt("init")
    text = (work / "fnopt.toml").read_text()
    url = f'base_url = "{scripted_server.url}"\n'
    for section in ("[agent]\n", "[optimizer]\n"):
        text = text.replace(section, f"{section}{url}")
    write(
        work,
        {
            "fnopt.toml": text.encode(),
            "tasks/train.jsonl": tasks(0, 5),
            "tasks/val.jsonl": tasks(100, 40),
            "tasks/test.jsonl": tasks(200, 5),
        },
    )
    return work


def configure(folder: Path, old: str, new: str) -> None:
    text = (folder / "fnopt.toml").read_text()
    assert old in text
    (folder / "fnopt.toml").write_text(text.replace(old, new))


def failed(told: Told) -> dict[str, Any]:
    """The failed checks by name."""
    return {one["name"]: one for one in told.json["checks"] if not one["ok"]}


def test_all_is_well(ready: Path, fnopt: Fnopt) -> None:
    """Exit 0, a line for each check, and what asking has cost."""
    told = fnopt("doctor")
    assert told.code == 0, told
    lines = [line for line in told.out.splitlines() if not line.startswith(" ")]
    assert [line[4:19].strip() for line in lines] == EVERY
    assert all(line.startswith("ok  ") for line in lines)
    assert "model calls: 12, 180 tokens, price unknown\nall is well\n" in told.err


def test_doctor_as_a_document(ready: Path, fnopt: Fnopt) -> None:
    """Exactly the promised keys."""
    found = fnopt("doctor", "--json").json
    assert list(found) == ["schema", "checks"]
    assert [one["name"] for one in found["checks"]] == EVERY
    assert {key for one in found["checks"] for key in one} == {"name", "ok", "message", "mend"}


def test_each_run_asks_anew(ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer) -> None:
    """An old reply from the cache would prove nothing."""
    for _ in range(2):
        assert fnopt("doctor").code == 0
    assert len(scripted_server.requests) == 24


def test_one_model_for_both_is_asked_once(
    ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Once for words, and five times for what it can do."""
    configure(ready, '"gpt-5" ', '"gpt-5-mini" ')
    assert fnopt("doctor").code == 0
    assert len(scripted_server.requests) == 6


def test_offline_asks_no_model(ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer) -> None:
    """Everything else is looked at."""
    told = fnopt("doctor", "--offline", "--json")
    assert told.code == 0
    left = [name for name in EVERY if name not in (*CAPABILITIES, "optimizer calls")]
    assert [one["name"] for one in told.json["checks"]] == left
    assert scripted_server.requests == []


def test_a_missing_key_shows_offline(work: Path, fnopt: Fnopt) -> None:
    """The variable to set is named."""
    told = fnopt("doctor", "--offline", "--json")
    assert failed(told)["agent model"]["message"] == "OPENAI_API_KEY is not set"


def test_outside_a_repository(
    tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4; what makes no sense without a repository is left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    told = fnopt("doctor", "--json")
    assert told.code == 4
    assert list(failed(told)) == ["repository"]
    assert failed(told)["repository"]["mend"] == "run: git init"
    assert len(told.json["checks"]) == 2


def test_without_git(work: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thing to be said."""
    monkeypatch.setenv("PATH", "")
    told = fnopt("doctor", "--json")
    assert told.code == 4
    assert failed(told)["git"]["message"] == "git is not installed"


def test_a_fresh_repository(tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """No commit, no configuration, no tasks, no key: each with its mend."""
    monkeypatch.chdir(tmp_path)
    run_git(tmp_path, "init", "-q")
    told = fnopt("doctor", "--json")
    assert told.code == 4
    found = failed(told)
    assert found["history"]["mend"] == "make a first commit"
    assert "OPENAI_API_KEY is not set" in found["agent model"]["message"]
    assert "fnopt init --tasks FILE" in found["splits"]["mend"]
    assert list(found) == [
        *("history", "train tasks", "val tasks", "splits", "agent model", "optimizer model")
    ]


def test_without_an_identity(
    ready: Path, git: Git, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4, with the two commands."""
    git("config", "user.useConfigOnly", "true")
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
        monkeypatch.delenv(f"GIT_AUTHOR_{name}")
    told = fnopt("doctor", "--json")
    assert told.code == 4
    assert "git config user.name" in failed(told)["identity"]["mend"]


def test_a_shallow_clone(
    ready: Path, git: Git, fnopt: Fnopt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Says what to set in CI."""
    git("add", ".")
    git("commit", "-qm", "second")
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{ready}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    told = fnopt("doctor", "--json")
    assert told.code == 4
    assert "fetch-depth: 0" in failed(told)["history"]["mend"]


def test_a_broken_configuration(ready: Path, fnopt: Fnopt) -> None:
    """Exit 1; nothing behind it can be looked at."""
    configure(ready, "concurrency", "concurency")
    told = fnopt("doctor", "--json")
    assert told.code == 1
    assert failed(told)["configuration"]["mend"] == "did you mean agent.concurrency?"
    assert told.json["checks"][-1]["name"] == "configuration"


@pytest.mark.parametrize(
    ("old", "new", "name", "message"),
    [
        ('"paired"', '"pared"', "configuration", "no gate is called 'pared'"),
        ('"tools"', '"tool"', "agent", "no agent is called 'tool'"),
        ('# scorer = "exact"', 'scorer = "exat"', "scorer", "unknown scorer 'exat'"),
        ('"tasks/val.jsonl"', '"tasks/none.jsonl"', "val tasks", "No such file"),
        ('"tasks/val.jsonl"', '"tasks/train.jsonl"', "val tasks", "in two splits"),
        ("# max_cost = 5.0", "max_cost = 5.0", "price", "stop.max_cost cannot be kept"),
    ],
)
def test_what_the_configuration_names_is_not_there(
    ready: Path, fnopt: Fnopt, old: str, new: str, name: str, message: str
) -> None:
    """Exit 1, and the check that says it."""
    configure(ready, old, new)
    told = fnopt("doctor", "--json")
    assert told.code == 1
    assert message in failed(told)[name]["message"]
    assert failed(told)[name]["mend"]


def test_an_unreadable_function(ready: Path, fnopt: Fnopt) -> None:
    """Its place is named; faults of other rules are a hint only."""
    write(ready, {"functions/bare.py": b"def bare(x):\n    return x\n"})
    assert fnopt("doctor").code == 0
    write(ready, {"functions/broken.py": b"def ("})
    told = fnopt("doctor", "--json")
    assert told.code == 1
    assert "functions/broken.py" in failed(told)["functions"]["message"]


def test_few_val_tasks_are_warned_of(ready: Path, fnopt: Fnopt) -> None:
    """It is no failure: the choice is the user's."""
    write(ready, {"tasks/val.jsonl": tasks(100, 5)})
    told = fnopt("doctor")
    assert told.code == 0
    assert "one function's share may not show" in told.out
    assert "hint: 40 or more" in told.out


def test_a_sandbox_below_what_is_required(
    ready: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 6, and what is needed."""
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: None)
    configure(ready, '# require = "process"', 'require = "isolated"')
    told = fnopt("doctor", "--json")
    assert told.code == 6
    assert list(failed(told)) == ["sandbox"]
    assert "fnopt[isolated]" in failed(told)["sandbox"]["mend"]


def test_the_tier_in_force_and_the_next(
    ready: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word in the configuration it is confined, and what isolated needs is told."""
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: None)
    told = fnopt("doctor", "--offline")
    assert "tier confined, " in told.out
    assert "hint: to get isolated: sandbox tier 'isolated' is required" in told.out
    (ready / "data").mkdir()
    (ready / "fnopt.toml").write_text(
        (ready / "fnopt.toml").read_text() + '\n[sandbox.allow]\nf = { read = ["data"] }\n'
    )
    assert "; grants for f" in fnopt("doctor", "--offline").out


def test_attacks_on_the_sandbox(ready: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each attack; exit 6 where one gets through a tier that should stop it."""
    some = [one for one in ATTACKS if one.name in ("fork", "read a file of the user's")]
    monkeypatch.setattr("fnopt.sandbox.scene.ATTACKS", some)
    told = fnopt("doctor", "--security")
    assert (told.code, told.err) == (0, "tier confined: 2 of 2 attacks come to nothing\n")
    assert [line[:4] for line in told.out.splitlines()] == ["ok  ", "ok  "]
    assert "Operation not permitted" in told.out
    works = Attack("return", "def f(**_):\n    return 1\n", lambda outcome: outcome.ok)
    monkeypatch.setattr("fnopt.sandbox.scene.ATTACKS", [works])
    told = fnopt("doctor", "--security", "--json")
    assert told.code == 6
    assert told.json["tier"] == "confined"
    [row] = told.json["attacks"]
    assert (row["attack"], row["stopped"], row["happened"]) == ("return", False, "got '1'")
    monkeypatch.setenv("FNOPT_SANDBOX_REQUIRE", "process")
    assert fnopt("doctor", "--security").code == 0


def test_a_refused_key(ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer) -> None:
    """Exit 5 with the endpoint's own words; tool calling is not asked for then."""
    scripted_server.respond = lambda _: Fail(401, body={"error": {"message": "bad key"}})
    told = fnopt("doctor", "--json")
    assert told.code == 5
    assert list(failed(told)) == ["agent model", "optimizer model"]
    assert "bad key" in failed(told)["agent model"]["message"]
    assert "OPENAI_API_KEY" in failed(told)["agent model"]["mend"]


def test_nobody_listens(ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer) -> None:
    """Said at once."""
    configure(ready, scripted_server.url, "http://127.0.0.1:9/v1")
    told = fnopt("doctor", "--json")
    assert told.code == 5
    assert "cannot reach the model endpoint" in failed(told)["agent model"]["message"]


def test_what_an_able_endpoint_can_do(ready: Path, fnopt: Fnopt) -> None:
    """A line for each, with what it was found by, and nothing to mend."""
    told = fnopt("doctor", "--json")
    lines = {one["name"]: one for one in told.json["checks"]}
    said = "calls functions, several in one reply"
    assert lines["tool calling"]["message"] == f"{said} (two calls came in one reply)"
    assert lines["strict schemas"]["message"] == "taken (they were not refused)"
    assert lines["JSON answers"]["message"].startswith("json_schema, json_object (")
    assert lines["optimizer calls"]["message"].startswith(f"{said}; takes strict schemas")
    assert not any(lines[name]["mend"] for name in (*CAPABILITIES, "optimizer calls"))


@pytest.mark.parametrize(
    ("respond", "name", "message", "hint"),
    [
        (those.writes_calls, "tool calling", "writes calls as text", "--enable-auto-tool-choice"),
        (
            those.refuses(those.has_strict, "strict is unknown"),
            "strict schemas",
            "not taken (refused:",
            "nothing is lost",
        ),
        (
            those.refuses(those.has_role("system"), "no system role here"),
            "system role",
            "not taken: its text goes in front of the first message (refused:",
            "a chat template with that role",
        ),
        (
            those.deaf_to_results,
            "tool results",
            "as the user's message (the answer did not hold",
            "a chat template with that role",
        ),
        (those.fences_json, "JSON answers", "none (json_schema: the answer", "nothing is lost"),
    ],
)
def test_what_an_endpoint_cannot_do_is_told_with_its_mend(
    ready: Path,
    fnopt: Fnopt,
    scripted_server: ScriptedServer,
    respond: those.Respond,
    name: str,
    message: str,
    hint: str,
) -> None:
    """It is no failure: fnopt speaks to it in another way."""
    scripted_server.respond = respond
    told = fnopt("doctor", "--json")
    assert told.code == 0, told
    (line,) = (one for one in told.json["checks"] if one["name"] == name)
    assert message in line["message"]
    assert hint in line["mend"]


def test_a_model_that_calls_nothing(
    ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Exit 5: no agent of kind tools would come to anything."""
    scripted_server.respond = lambda _: "5"
    told = fnopt("doctor", "--json")
    assert told.code == 5
    assert list(failed(told)) == ["tool calling"]
    assert "was asked to call a function and did not" in failed(told)["tool calling"]["message"]
    assert 'agent.kind = "react"' in failed(told)["tool calling"]["mend"]


def test_a_model_that_is_cut_off(
    ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """It needs longer answers, not another server."""
    scripted_server.respond = lambda request: (
        those.reasons_first(100_000)(request) if "max_tokens" in request else "ready"
    )
    line = failed(fnopt("doctor", "--json"))["tool calling"]
    assert "the answer was cut off" in line["message"]
    assert line["mend"].endswith("agent.max_tokens")


def profile_in(folder: Path, server: ScriptedServer, model: str) -> Profile | None:
    """What the repository's store holds of a model."""
    store = Store(folder / ".git" / "fnopt" / "store.db")
    try:
        return kept(store, key_of(model, server.url))
    finally:
        store.close()


def test_doctor_finds_out_anew_and_keeps_it(
    ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """For both models, in place of what was known; when it fails, that stays."""
    store = Store(ready / ".git" / "fnopt" / "store.db")
    keep(store, key_of("gpt-5-mini", scripted_server.url), Profile("text", results="user"))
    store.close()
    fnopt("doctor")
    found = Profile(strict=True, json=("json_schema", "json_object"))
    models = ("gpt-5-mini", "gpt-5")
    assert [profile_in(ready, scripted_server, model) for model in models] == [found] * 2
    scripted_server.respond = those.refuses(lambda r: "tools" in r, "no key for tools", 401)
    told = fnopt("doctor", "--json")
    assert told.code == 5
    assert list(failed(told)) == ["tool calling", "optimizer calls"]
    assert "no key for tools" in failed(told)["tool calling"]["message"]
    assert profile_in(ready, scripted_server, "gpt-5-mini") == found


def test_what_is_overruled_is_told(
    ready: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration has the last word, whatever was found."""
    monkeypatch.setenv("FNOPT_AGENT_TOOLS", "text")
    told = fnopt("doctor")
    assert told.code == 0
    assert 'several in one reply, overruled by agent.tools = "text"' in told.out
    assert "overruled by optimizer.tools" not in told.out


def test_the_shipped_profile_needs_no_mending() -> None:
    """What the embedded model does is known, and nothing at its server could be turned on."""
    lines = list(of_agent(LOCAL, AgentConfig(model="local")))
    assert [line.name for line in lines] == CAPABILITIES
    assert not any(line.mend for line in lines)
    assert lines[0].message == "writes calls as text (measured for the embedded model)"


def test_react_needs_no_tool_calling(
    ready: Path, fnopt: Fnopt, scripted_server: ScriptedServer
) -> None:
    """Nothing is asked for it."""
    scripted_server.respond = lambda _: "5"
    configure(ready, '"tools"', '"react"')
    assert fnopt("doctor").code == 0


def test_the_embedded_model_is_not_fetched(
    ready: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """How large the download will be is said; nothing is downloaded or asked."""
    monkeypatch.setenv("FNOPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FNOPT_AGENT_MODEL", "local")
    monkeypatch.setenv("FNOPT_OPTIMIZER_MODEL", "local")
    pytest.importorskip("xllamacpp")
    told = fnopt("doctor")
    assert told.code == 0
    assert "its weights, 1.1 GB, will be fetched when first used: not asked" in told.out
    assert not (tmp_path / "cache").exists()
    monkeypatch.setenv("FNOPT_WEIGHTS", str(tmp_path / "none.gguf"))
    told = fnopt("doctor", "--json")
    assert told.code == 5
    assert "there are no weights at" in failed(told)["agent model"]["message"]


def test_doctor_help(fnopt: Fnopt) -> None:
    """Begins with the summary."""
    assert fnopt("doctor", "--help").out.splitlines()[2].strip() == SUMMARIES["doctor"]
