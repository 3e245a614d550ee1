"""``eval`` and ``test`` in a real repository, against a scripted model over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Fail, Json, ScriptedServer

from .conftest import Fnopt, Git, run_git, write

KEYS = [
    "schema",
    "rev",
    "split",
    "score",
    "trials",
    "right",
    "tier",
    "model_calls",
    "tokens",
    "cost",
]
OPENINGS = "refs/fnopt/openings"
LATER = {"Retry-After": "1000"}  # longer than retries may wait: the request fails at once


@pytest.fixture
def server(scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The scripted agent, and the variables that point to it."""
    scripted_server.respond = scripted_run.respond
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return scripted_server


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> Path:
    """A repository with two right functions; the current folder lies deep in it."""
    folder = tmp_path / "tools"
    write(folder, scripted_run.FILES)
    code = {"count_letter": scripted_run.COUNT_ALL, "common_multiple": scripted_run.LCM}
    write(folder, {f"functions/{name}.py": text.encode() for name, text in code.items()})
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    monkeypatch.chdir(folder / "functions")
    return folder


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


def questions(server: ScriptedServer) -> set[str]:
    """What the agent was asked."""
    return {request["messages"][1]["content"] for request in server.requests}


def test_eval_document(tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git) -> None:
    """The promised keys; six of eight val tasks have their function. A price is unknown, not 0."""
    told = fnopt("eval", "--json")
    assert told.code == 0
    assert list(told.json) == KEYS
    assert told.json == {
        "schema": 1,
        "rev": git("rev-parse", "HEAD"),
        "split": "val",
        "score": 0.75,
        "trials": 8,
        "right": 6,
        "tier": "confined",
        "model_calls": 14,
        "tokens": 210,
        "cost": None,
    }
    assert questions(server) == {question for question, _ in scripted_run.VAL}


def test_eval_again_is_free(tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git) -> None:
    """Also at another commit with the same functions, and for what a changed body never touched."""
    fnopt("eval")
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    server.requests.clear()
    again = fnopt("eval", "--json").json
    assert (again["model_calls"], again["tokens"], again["right"]) == (0, 0, 6)
    assert server.requests == []
    path = tools / "functions" / "common_multiple.py"
    path.write_text(path.read_text().replace("math.lcm(first, second)", "first * second"))
    git("commit", "-qam", "break one")
    broken = fnopt("eval", "--json").json
    assert broken["right"] == 4
    asked = questions(server)
    assert asked
    assert all("common multiple" in question for question in asked)


def test_eval_of_a_revision_and_the_first_tasks(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """``REV`` and not the working tree; ``--limit`` takes the first tasks; train has its name."""
    git("rm", "-q", "functions/*.py")
    git("commit", "-qm", "empty")
    told = fnopt("eval", "HEAD~1", "--split", "train", "--limit", "3", "--json").json
    assert (told["split"], told["trials"], told["right"]) == ("train", 3, 3)
    assert questions(server) == {question for question, _ in scripted_run.TRAIN[:3]}
    assert fnopt("eval", "--limit", "2", "--json").json["right"] == 0


def test_in_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fnopt: Fnopt
) -> None:
    """Said in two lines, as when git deleted the folder under one's feet."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    told = fnopt("eval")
    assert (told.code, "the current folder is gone" in told.err) == (4, True)
    monkeypatch.chdir(tmp_path)


def test_eval_in_words(tools: Path, fnopt: Fnopt) -> None:
    """One line with score, counts and calls."""
    told = fnopt("eval")
    (line,) = told.out.splitlines()
    assert "0.750 (6 of 8 right; 14 model calls" in line


def test_eval_never_opens_test(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """It is no choice; a revision that is none, and no tasks, are usage errors too."""
    assert fnopt("eval", "--split", "test").code == 2
    assert fnopt("eval", "no-such-rev").code in (2, 4)
    (tools / "tasks" / "val.jsonl").unlink()
    told = fnopt("eval")
    assert (told.code, "val.jsonl" in told.err) == (2, True)
    assert server.requests == []


def test_trials_lost_to_infrastructure(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Left out and said so; they are asked again next time. With none left it is exit 5."""

    def ill(request: Json) -> Answer:
        if request["messages"][1]["content"] == scripted_run.VAL[0][0]:
            return Fail(500, LATER)
        return scripted_run.respond(request)

    server.respond = ill
    told = fnopt("eval", "--json")
    assert (told.code, told.json["trials"], told.json["right"]) == (0, 7, 5)
    assert "trials left out, since infrastructure failed: 1" in told.err
    server.respond = scripted_run.respond
    server.requests.clear()
    assert fnopt("eval", "--json").json["right"] == 6
    assert questions(server) == {scripted_run.VAL[0][0]}


def test_eval_without_a_single_trial(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """No score is made up."""
    server.respond = lambda request: Fail(500, LATER)
    told = fnopt("eval", "--json")
    assert (told.code, told.out) == (5, "")


def test_test_opens_the_sealed_split_and_records_it(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Each opening is a commit of its own; the second one says that it is not the first."""
    told = fnopt("test", "--json")
    assert list(told.json) == KEYS
    assert (told.json["split"], told.json["trials"], told.json["right"]) == ("test", 3, 2)
    assert questions(server) == {question for question, _ in scripted_run.TEST}
    head = git("rev-parse", "HEAD")
    assert f"Fnopt-Commit: {head}" in git("log", "-1", "--format=%B", OPENINGS)
    again = fnopt("test", "--json")
    assert again.json["model_calls"] == 0
    assert "openings of the test split before this one: 1" in again.err
    assert git("rev-list", "--count", OPENINGS) == "2"


def test_an_opening_that_is_cut_short_is_one(
    tools: Path,
    fnopt: Fnopt,
    server: ScriptedServer,
    git: Git,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was asked cannot be unasked: it stands without figures; what asked nothing is none."""
    server.respond = lambda _: Fail(401)
    assert fnopt("test").code == 5
    assert git("for-each-ref", OPENINGS) == ""
    server.respond = scripted_run.respond
    monkeypatch.setenv("FNOPT_STOP_MAX_CALLS", "2")
    monkeypatch.setenv("FNOPT_AGENT_CONCURRENCY", "1")
    assert fnopt("test").code == 7
    assert git("rev-list", "--count", OPENINGS) == "1"
    assert "Fnopt-Score" not in git("log", "-1", "--format=%B", OPENINGS)
    monkeypatch.delenv("FNOPT_STOP_MAX_CALLS")
    told = fnopt("test")
    assert told.code == 0
    assert "openings of the test split before this one: 1" in told.err
    assert git("rev-list", "--count", OPENINGS) == "2"
    assert "Fnopt-Score" in git("log", "-1", "--format=%B", OPENINGS)


def test_only_test_asks_what_is_sealed(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """No other command sends a question of the test split, or records an opening."""
    for command in (["eval"], ["eval", "--split", "train"], ["step"], ["step", "--dry-run"]):
        fnopt(*command)
    said = "\n".join(str(request["messages"]) for request in server.requests)
    assert not [question for question, _ in scripted_run.TEST if question in said]
    assert git("for-each-ref", OPENINGS) == ""


def test_a_shared_question_is_an_error(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """A test question that stands in train too ends step before anything is asked."""
    path = tools / "tasks" / "train.jsonl"
    path.write_bytes(path.read_bytes() + scripted_run.lines("more", scripted_run.TEST[:1]))
    assert fnopt("step").code == 2
    assert server.requests == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('no')", "on every answer the scorer failed: ValueError: no"),
        ("return float('nan')", "on every answer the scorer failed: ValueError: nan is not a"),
        (
            "if task.id == 'val-0':\n        raise ValueError('odd')\n    return 1",
            "on 1 of 8 answers the scorer failed: ValueError: odd",
        ),
    ],
)
def test_a_scorer_that_fails(tools: Path, fnopt: Fnopt, body: str, said: str) -> None:
    """On how many answers is said each time, of cached ones too, also beside a document."""
    module = f"failing_{abs(hash(body))}"  # what was imported once stays in this process
    (tools / f"{module}.py").write_text(f"def score(answer, task):\n    {body}\n")
    path = tools / "fnopt.toml"
    path.write_text(path.read_text().replace('"exact"', f'"{module}:score"'))
    first, again, shown = fnopt("eval"), fnopt("eval"), fnopt("eval", "--json")
    assert {one.code for one in (first, again, shown)} == {0}
    assert shown.json["model_calls"] == 0
    for told in (first, again, shown):
        assert told.err.count(said) == 1


def test_a_scorer_that_works_is_not_mentioned(tools: Path, fnopt: Fnopt) -> None:
    """A wrong answer is no failure of the scorer."""
    assert "scorer" not in fnopt("eval").err + fnopt("eval").err


def test_another_model_answers(tools: Path, fnopt: Fnopt) -> None:
    """Said once, however many requests it answers."""
    told = fnopt("eval", "--json")
    assert told.json["model_calls"] > 1
    assert told.err.count("the endpoint answered as scripted, asked was ") == 1
