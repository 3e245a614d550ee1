"""``step`` and ``train`` in a real repository, against a scripted model over real HTTP."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import scripted_run
from scripted_server import Answer, Fail, Json, ScriptedServer, calls

from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch

from .conftest import Fnopt, Git, Told, run_git, write

BRANCH = "refs/heads/fnopt/run-1"
PENDING = "refs/fnopt/pending/run-1"
STEP_KEYS = [
    *("commit", "revert", "step", "action", "function", "base", "score", "verdict", "reason"),
    *("tokens", "cost"),
]
LATER = {"Retry-After": "1000"}  # longer than retries may wait: the request fails at once


@pytest.fixture
def git(tools: Path) -> Git:
    """Runs git in the repository."""
    return lambda *words: run_git(tools, *words)


_trained: dict[str, tuple[Path, Told]] = {}


@pytest.fixture
def trained(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Told:
    """The whole scripted run in ``tools``, made once and copied from then on; what it told."""
    if server.url not in _trained:
        told = fnopt("train", "--json")
        kept = tmp_path_factory.mktemp("trained") / "tools"
        shutil.copytree(tools, kept)
        _trained[server.url] = (kept, told)
    kept, told = _trained[server.url]
    shutil.copytree(kept / ".git", tools / ".git", dirs_exist_ok=True)
    server.requests.clear()
    return told


def edit(configure: Path, section: str, line: str) -> None:
    """Put a line into a section of fnopt.toml."""
    path = configure / "fnopt.toml"
    text = path.read_text()
    head = f"[{section}]\n"
    path.write_text(
        text.replace(head, f"{head}{line}\n") if head in text else f"{text}{head}{line}\n"
    )


def proposing(*replies: Answer) -> Callable[[Json], Answer]:
    """The scripted agent, with an optimizer that says these in order and then terminates."""
    left = list(replies)

    def respond(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.answer(request)
        return left.pop(0) if left else calls(("terminate", {"why": "done"}))

    return respond


def add(code: str) -> tuple[str, Json]:
    """An add as a tool call."""
    return "add_function", {"code": code, "why": "It helps."}


def asked(server: ScriptedServer) -> int:
    """How often the optimizer was asked."""
    return sum(scripted_run.is_optimizer(request) for request in server.requests)


def steps(told: Told) -> list[tuple[str, str, str]]:
    """Verdict, action and function of the steps that a document tells of."""
    return [(one["verdict"], one["action"], one["function"]) for one in told.json["steps"]]


def test_train_document(trained: Told, git: Git) -> None:
    """The promised keys, every step as in the log, one line on stdout, all else on stderr."""
    assert trained.code == 0
    document = trained.json
    assert list(document) == ["schema", "run", "branch", "steps", "base", "score", "stop"]
    assert (document["schema"], document["run"], document["branch"]) == (1, "run-1", "fnopt/run-1")
    assert steps(trained) == scripted_run.STORY
    assert all(list(one) == STEP_KEYS for one in document["steps"])
    assert (document["base"], document["score"]) == (0.0, 1.0)
    assert document["stop"]["why"] == "small"
    assert "step 1: kept" in trained.err
    commits = [one["commit"] for one in document["steps"] if one["verdict"] != "refused"]
    assert set(commits) < set(git("rev-list", "fnopt/run-1").splitlines())
    assert document["steps"][2]["commit"] is None


def test_train_says_what_log_says(trained: Told, fnopt: Fnopt) -> None:
    """The same updates, read back out of git."""
    logged = fnopt("log", "--json").json["updates"]
    assert [{key: one[key] for key in STEP_KEYS} for one in logged] == trained.json["steps"]


def test_train_again_asks_only_for_what_is_left(
    trained: Told, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """A finished run that is resumed pays for nothing."""
    told = fnopt("train", "--json")
    assert (told.code, steps(told), told.json["stop"]["why"]) == (0, [], "small")
    assert server.requests == []


def test_a_fresh_clone_pays_for_no_trial_again(
    trained: Told, tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Branch and evidence are enough."""
    for left in (tools / ".git" / "fnopt").glob("store.db*"):
        left.unlink()
    told = fnopt("train", "--json")
    assert (told.code, steps(told), told.json["stop"]["why"]) == (0, [], "small")
    assert server.requests == []


def test_an_abandoned_run_is_taken_up_by_name_alone(
    trained: Told, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """By itself the next command begins another run."""
    assert fnopt("abandon", "run-1").code == 0
    assert fnopt("step", "--json").json["run"] == "run-2"
    server.requests.clear()
    assert fnopt("train", "--run", "run-1", "--json").json["stop"]["why"] == "small"
    assert server.requests == []
    states = {one["run"]: one["state"] for one in fnopt("runs", "--json").json["runs"]}
    assert states == {"run-1": "open", "run-2": "open"}


def test_step_keeps_then_reverts_then_is_refused(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Exit 0 when something was kept, 3 when nothing was; each goes on where the last ended."""
    told = [fnopt("step", "--json") for _ in range(3)]
    assert [one.code for one in told] == [0, 3, 3]
    assert [steps(one) for one in told] == [[step] for step in scripted_run.STORY[:3]]
    assert told[0].json["stop"] is None
    assert len({json.dumps(one) for one in server.requests}) == len(server.requests)


def test_max_steps_and_patience_count_the_whole_run(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Also over several commands; a run that is at its limit asks nothing."""
    first = fnopt("train", "--max-steps", "1", "--json")
    assert (first.code, first.json["stop"]["why"], len(steps(first))) == (0, "steps", 1)
    second = fnopt("train", "--max-steps", "2", "--patience", "1", "--json")
    assert (second.code, second.json["stop"]["why"], len(steps(second))) == (0, "patience", 1)
    server.requests.clear()
    third = fnopt("step", "--max-steps", "2", "--json")
    assert (third.code, third.json["stop"]["why"], steps(third)) == (3, "steps", [])
    assert server.requests == []


def test_a_budget_spent_in_judging_leaves_the_candidate_pending(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Exit 7; with more to spend, it is judged without asking the optimizer again."""

    def dear(request: Json) -> Answer:
        reply = scripted_run.respond(request)
        if scripted_run.VAL[1][0] in request["messages"][1]["content"] and isinstance(reply, dict):
            reply["usage"]["completion_tokens"] = 1_000_000
        return reply

    server.respond = dear
    start = git("rev-parse", "main")
    told = fnopt("train", "--max-steps", "1", "--max-tokens", "900000", "--json")
    assert (told.code, told.json["stop"]["why"], steps(told)) == (7, "budget", [])
    assert "tokens" in told.json["stop"]["reason"]
    assert git("rev-parse", BRANCH) == start
    assert git("for-each-ref", PENDING)
    again = fnopt("train", "--max-steps", "1", "--max-tokens", "9000000", "--json")
    assert (again.code, steps(again)) == (0, scripted_run.STORY[:1])
    assert asked(server) == 2
    assert git("for-each-ref", PENDING) == ""


def test_a_limit_in_dollars_needs_a_price(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Unknown is not 0: a usage error that says what to limit instead, after the first replies."""
    told = fnopt("train", "--max-cost", "1")
    assert told.code == 2
    assert "mend: limit tokens instead: --max-tokens N" in told.err
    assert len(server.requests) <= 2  # as many as are under way at once


def test_an_endpoint_that_is_down(
    tools: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 5 at once, with two lines."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    told = fnopt("train")
    assert told.code == 5
    assert "error: cannot reach the model endpoint http://127.0.0.1:9/v1" in told.err
    assert "Traceback" not in told.err


def test_a_wrong_key(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """Exit 5, with the variable to check; the run can go on once it is right."""
    server.respond = lambda request: Fail(401, {}, {"error": {"message": "wrong key"}})
    told = fnopt("train")
    assert told.code == 5
    assert "OPENAI_API_KEY" in told.err
    server.respond = scripted_run.respond
    assert fnopt("step").code == 0


def test_an_example_that_is_wrong_goes_back(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """A docstring's example is run before a trial is paid for, and its fault told the optimizer."""
    wrong = scripted_run.COUNT.replace(
        "word.\n", "word.\n\n    >>> count_letter('aa', 'a')\n    3\n", 1
    )

    def proud(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.respond(request)
        told = request["messages"][-1]["content"] or ""
        code = scripted_run.COUNT if "gives 2, not 3" in told else wrong
        return calls(("add_function", {"code": code, "why": "It counts."}))

    server.respond = proud
    told = fnopt("step", "--json")
    assert (told.code, steps(told)) == (0, [("kept", "add", "count_letter")])
    assert asked(server) == 3
    assert ">>>" not in git("show", f"{BRANCH}:functions/count_letter.py")


def test_infrastructure_that_fails_leaves_the_candidate_pending(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """One val task of eight that never gets an answer: undecided, exit 5; judged another day."""

    def ill(request: Json) -> Answer:
        if scripted_run.VAL[0][0] in request["messages"][1]["content"]:
            return Fail(500, LATER)
        return scripted_run.respond(request)

    server.respond = ill
    told = fnopt("train", "--max-steps", "1", "--json")
    assert (told.code, told.json["stop"]["why"], steps(told)) == (5, "undecided", [])
    reason = told.json["stop"]["reason"]
    assert "scripted fault" in reason and "fnopt doctor, then fnopt train goes on" in reason
    assert f"undecided: {reason.partition(';')[0]}" in told.err
    assert git("for-each-ref", PENDING)
    server.respond = scripted_run.respond
    again = fnopt("train", "--max-steps", "1", "--json")
    assert (again.code, steps(again)) == (0, scripted_run.STORY[:1])
    assert asked(server) == 2


def test_infrastructure_that_fails_in_training(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Too few training trials: the optimizer is not asked; exit 5."""
    server.respond = lambda request: Fail(500, LATER)
    told = fnopt("step", "--json")
    assert (told.code, told.json["stop"]["why"]) == (5, "undecided")
    assert "100% of training trials, first: " in told.json["stop"]["reason"]
    assert asked(server) == 0


def test_a_sandbox_below_what_is_required(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 6 before anything is paid for."""
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: None)
    edit(tools, "sandbox", 'require = "isolated"')
    assert fnopt("train").code == 6
    assert server.requests == []


def test_what_is_wrong_on_the_command_line(tools: Path, fnopt: Fnopt) -> None:
    """Exit 2 for options and keys that are not known, the nearest key named."""
    assert fnopt("train", "--fast").code == 2
    assert fnopt("train", "--max-steps", "0").code == 2
    edit(tools, "agent", "concurency = 3")
    told = fnopt("train")
    assert (told.code, "mend: did you mean agent.concurrency?" in told.err) == (2, True)


def test_the_working_tree_follows_where_it_is_clean(tools: Path, fnopt: Fnopt, git: Git) -> None:
    """With the run's branch checked out, a kept function appears; a dirty tree is exit 4."""
    git("checkout", "-qb", "fnopt/run-1")
    assert fnopt("step").code == 0
    assert (tools / "functions" / "count_letter.py").is_file()
    assert git("status", "--porcelain") == ""
    (tools / "functions" / "count_letter.py").write_text("mine = 1\n")
    head = git("rev-parse", "HEAD")
    assert fnopt("step").code == 4
    assert git("rev-parse", "HEAD") == head
    assert (tools / "functions" / "count_letter.py").read_text() == "mine = 1\n"


def test_without_the_branch_nothing_of_the_users_moves(trained: Told, git: Git) -> None:
    """Working tree, index, HEAD, main and stash are as they were."""
    assert git("status", "--porcelain") == ""
    assert git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert git("log", "--format=%s", "main") == "start"
    assert git("stash", "list") == ""


def test_a_persons_commit_becomes_the_incumbent(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """The next update stands upon it, is measured against it, and does not rewrite it."""
    assert fnopt("step").code == 0
    git("checkout", "-q", "fnopt/run-1")
    write(tools, {"functions/common_multiple.py": scripted_run.LCM.encode()})
    git("add", ".")
    git("commit", "-qm", "Write it by hand")
    mine = git("rev-parse", "HEAD")
    git("checkout", "-q", "main")
    server.respond = proposing(calls(add(scripted_run.BACKWARDS)))
    (one,) = fnopt("step", "--json").json["steps"]
    assert git("rev-parse", f"{one['commit']}^") == mine
    assert one["base"] == 0.5  # two letters and two multiples of eight


def test_a_person_who_commits_while_it_judges(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Exit 4, their commit untouched; the next step judges upon it and pays for no reply again."""
    theirs: list[str] = []

    def respond(request: Json) -> Answer:
        if scripted_run.VAL[7][0] in request["messages"][1]["content"] and not theirs:
            old = git("rev-parse", BRANCH)
            theirs.append(git("commit-tree", f"{old}^{{tree}}", "-p", old, "-m", "Mine"))
            git("update-ref", BRANCH, theirs[0], old)
        return scripted_run.respond(request)

    server.respond = respond
    told = fnopt("step")
    assert (told.code, git("rev-parse", BRANCH)) == (4, theirs[0])
    server.requests.clear()
    again = fnopt("step", "--json")
    assert (again.code, steps(again)) == (0, scripted_run.STORY[:1])
    assert git("rev-parse", f"{again.json['steps'][0]['commit']}^") == theirs[0]
    assert server.requests == []


def test_one_process_at_a_time(tools: Path, fnopt: Fnopt, server: ScriptedServer) -> None:
    """A run that is held is exit 4, with its holder named; nothing is asked."""
    with Repository(tools) as repo, RunBranch(repo, "run-1").lock():
        told = fnopt("train")
    assert (told.code, "run run-1 is held by process" in told.err) == (4, True)
    assert server.requests == []


def test_runs_are_chosen_by_name(tools: Path, fnopt: Fnopt, git: Git) -> None:
    """``--run`` starts or goes on, ``--new`` finds a name, ``--from`` is for new ones only."""
    git("commit", "-q", "--allow-empty", "-m", "later")
    assert fnopt("step", "--run", "mine", "--from", "main~1").code == 0
    assert git("merge-base", "main", "fnopt/mine") == git("rev-parse", "main~1")
    told = fnopt("step", "--json")
    assert (told.json["run"], told.json["steps"][0]["step"]) == ("mine", 2)
    assert fnopt("step", "--from", "main").code == 2
    assert fnopt("train", "--new", "--run", "mine").code == 2
    fresh = fnopt("step", "--new", "--json")
    assert (fresh.json["run"], steps(fresh)) == ("run-1", scripted_run.STORY[:1])


@pytest.mark.parametrize(("ties", "verdict"), [("accept", "kept"), ("reject", "reverted")])
def test_the_papers_gate_and_its_ties(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, ties: str, verdict: str
) -> None:
    """An edit without effect is kept or not, as the rule's option says; nothing is screened."""
    edit(tools, "gate", f'rule = "paper"\nties = "{ties}"')
    server.respond = proposing(calls(add(scripted_run.PRODUCT.replace("common_", "other_"))))
    assert steps(fnopt("step", "--json")) == [(verdict, "add", "other_multiple")]


def test_several_edits_are_judged_together(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """One commit, one verdict, an action and a function each."""
    edit(tools, "optimizer", "max_actions = 3")
    server.respond = proposing(calls(add(scripted_run.COUNT_ALL), add(scripted_run.LCM)))
    told = fnopt("step", "--json")
    assert steps(told) == [("kept", "add, add", "count_letter, common_multiple")]
    assert told.json["score"] == 0.75
    changed = git("diff", "--name-only", "main", "fnopt/run-1").splitlines()
    assert changed == ["functions/common_multiple.py", "functions/count_letter.py"]


def test_one_action_more_than_allowed_is_refused(
    tools: Path, fnopt: Fnopt, server: ScriptedServer
) -> None:
    """Said to the optimizer twice; then refused, with nothing committed."""
    both = calls(add(scripted_run.COUNT_ALL), add(scripted_run.LCM))
    server.respond = proposing(both, both, both)
    told = fnopt("step", "--json")
    assert (told.code, asked(server)) == (3, 3)
    assert told.json["steps"][0]["verdict"] == "refused"
    assert "at most 1" in told.json["steps"][0]["reason"]


def test_remove_is_kept_when_nothing_gets_worse(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """A function that nobody calls goes, its file with it."""
    write(tools, {"functions/idle.py": (USELESS + "\n\n" + scripted_run.LCM).encode()})
    git("add", ".")
    git("commit", "-qm", "useless")
    removal: Any = {"name": "idle", "why": "Nobody calls it."}
    server.respond = proposing(calls(("remove_function", removal)))
    assert steps(fnopt("step", "--json")) == [("kept", "remove", "idle")]
    assert "idle" not in git("show", "fnopt/run-1:functions/idle.py")


USELESS = 'def idle() -> int:\n    """Give one."""\n    return 1\n'


def test_a_locked_function_is_never_edited(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """Refused by mark and by pattern, whatever the model says."""
    write(tools, {"functions/idle.py": USELESS.replace("1\n", "1  # fnopt: locked\n").encode()})
    git("add", ".")
    git("commit", "-qm", "locked")
    removal = calls(("remove_function", {"name": "idle", "why": "Nobody calls it."}))
    server.respond = proposing(removal, removal)
    told = fnopt("step", "--json")
    assert (told.code, steps(told)) == (3, [("refused", "remove", "idle")])
    assert "idle is locked" in told.json["steps"][0]["reason"]


def test_a_dry_run_commits_nothing(
    tools: Path, fnopt: Fnopt, server: ScriptedServer, git: Git
) -> None:
    """The diff is shown, no reference moves, and the real step asks the optimizer nothing new."""
    before = git("for-each-ref")
    told = fnopt("step", "--dry-run", "--json")
    assert told.code == 0
    assert "+def count_letter(word: str, letter: str) -> int:" in told.json["diff"]
    assert git("for-each-ref") == before
    assert git("status", "--porcelain") == ""
    assert (fnopt("step").code, asked(server)) == (0, 2)


def test_no_question_of_test_is_ever_asked(trained: Told, tools: Path, fnopt: Fnopt) -> None:
    """Nor any expected answer of val or test told to the optimizer, in the whole run."""
    said = (tools / ".git" / "fnopt" / "store.db").read_bytes()
    wal = tools / ".git" / "fnopt" / "store.db-wal"
    said += wal.read_bytes() if wal.exists() else b""
    assert scripted_run.VAL[0][0].encode() in said
    assert not [question for question, _ in scripted_run.TEST if question.encode() in said]
