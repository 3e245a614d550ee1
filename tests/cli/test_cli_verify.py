"""``fnopt verify`` on a run made by the command line: true as it is, and one thing forged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import ScriptedServer

from fnopt.cli.main import SUMMARIES
from fnopt.history.evidence import Evidence
from fnopt.history.repo import Repository
from fnopt.history.scrub import scrubbed
from fnopt.library.layout import Layout

from .conftest import Fnopt, run_git, scripted_repository, write

REF = "refs/fnopt/runs/run-1"
RUN = "fnopt/run-1"
Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run is kept once it was made: each test has a copy."""
    return tmp_path_factory.mktemp("made") / "tools"


@pytest.fixture
def learned(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: ScriptedServer,
    fnopt: Fnopt,
) -> Path:
    """The whole scripted run with both claims, its branch checked out."""
    if not made.exists():
        scripted_repository(made)
        monkeypatch.chdir(made)
        for words in (["train"], ["claim"], ["claim", "--split", "test"]):
            assert fnopt(*words).code == 0
        run_git(made, "switch", "-q", RUN)
    folder = tmp_path / "tools"
    shutil.copytree(made, folder, symlinks=True)
    monkeypatch.chdir(folder)
    server.requests.clear()
    return folder


@pytest.fixture
def found(fnopt: Fnopt) -> Callable[..., list[str]]:
    """The kinds of what is found; a warning's with a question mark. The exit code must fit."""

    def kinds(*words: str) -> list[str]:
        told = fnopt("verify", *words, "--json")
        findings = told.json["findings"]
        errors = [one for one in findings if one["level"] == "error"]
        assert told.code == (3 if errors else 0), told
        assert all(one["message"] and one["mend"] for one in findings)
        return [one["kind"] + "?" * (one["level"] == "warning") for one in findings]

    return kinds


Found = Callable[..., list[str]]


def steps(folder: Path) -> dict[int, str]:
    """The update of each step."""
    form = "--format=%H %(trailers:key=Fnopt-Step,valueonly,separator=%x20)"
    lines = run_git(folder, "log", "--reverse", form, RUN).splitlines()
    pairs = [line.split() for line in lines]
    first: dict[int, str] = {}
    for sha, *step in pairs:
        if step:
            first.setdefault(int(step[0]), sha)
    return first


def amend(folder: Path, old: str, new: str) -> None:
    """Change the message of the newest commit."""
    text = run_git(folder, "log", "-1", "--format=%B")
    assert old in text
    run_git(folder, "commit", "-q", "--amend", "--no-verify", "-m", text.replace(old, new))


def commit(folder: Path, text: str, files: dict[str, bytes]) -> None:
    """A person's commit."""
    write(folder, files)
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-q", "--allow-empty", "-m", text)


def evidence(folder: Path, files: dict[str, bytes | None], *, anew: bool = False) -> None:
    """Put files into the evidence, in a commit behind its own or in one with no past."""
    with Repository(folder) as repo:
        old = repo.ref(REF)
        assert old is not None
        tree = repo.write_tree(repo.tree(old), files)
        repo.move(REF, repo.commit(tree, [] if anew else [old], "forged"), old, "forge")


def text(folder: Path, path: str) -> str:
    """A file of the evidence."""
    return run_git(folder, "show", f"{REF}:{path}")


def changed(folder: Path, path: str, change: Change) -> dict[str, bytes | None]:
    """A document of the evidence, changed."""
    return {path: json.dumps(change(json.loads(text(folder, path)))).encode()}


def trials_of(folder: Path, sha: str, split: str = "val") -> str:
    """The file of the trials with a commit's library."""
    with Repository(folder) as repo:
        from fnopt.library.function import digest_of

        digest = digest_of(repo.files(sha, Layout.of("functions")))
    return f"trials/{split}/{digest[:40]}.jsonl"


def with_scores(folder: Path, path: str, value: float) -> dict[str, bytes | None]:
    """A file of trials, each with another score."""
    rows = [json.loads(line) for line in text(folder, path).splitlines()]
    for row in rows:
        row["score"]["value"] = value
    return {path: "".join(json.dumps(row) + "\n" for row in rows).encode()}


def test_help_says_what_the_overview_says(fnopt: Fnopt) -> None:
    """One summary a command."""
    lines = " ".join(fnopt("verify", "--help").out.split())
    assert SUMMARIES["verify"].rstrip(".") in lines


def test_a_true_run_verifies(
    learned: Path, fnopt: Fnopt, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key, and nothing is asked of any model."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name)
    told = fnopt("verify", "--json")
    assert (told.code, told.json["run"], told.json["findings"]) == (0, "run-1", [])
    assert told.json["checked"]["updates"] == 5
    told = fnopt("verify", "--base", "main")
    assert told.code == 0
    assert "5 updates" in told.err
    assert "every figure follows" in told.err
    assert server.requests == []


def test_each_stage_of_a_run_verifies(learned: Path, found: Found) -> None:
    """What an update says follows whatever came behind it; one that lost must be taken back."""
    for step, sha in steps(learned).items():
        assert found(sha) == (["not-reverted"] if step == 2 else [])


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Fnopt-Score: 1.0000", "Fnopt-Score: 0.9000", "score"),
        ("Fnopt-Base: 0.7500", "Fnopt-Base: 0.1000", "base-score"),
        ("(2 better, 0 worse of 8 tasks; p", "(0 better, 2 worse of 8 tasks; p", "figures"),
        ("p = 0.25)\nFnopt-Model", "p = 0.001)\nFnopt-Model", "figures"),
        ("Fnopt-Cost: 4", "Fnopt-Cost: 1", "cost"),
        ("Fnopt-Task: train-5", "Fnopt-Task: train-0", "tasks"),
        ("Fnopt-Function: spell_backward", "Fnopt-Function: count_letter", "edit"),
    ],
)
def test_an_edited_trailer_is_found(
    learned: Path, found: Found, fnopt: Fnopt, old: str, new: str, kind: str
) -> None:
    """Each by its name, with what is claimed and what follows."""
    amend(learned, old, new)
    assert found() == [kind]
    (one,) = fnopt("verify", "--json").json["findings"]
    assert one["claimed"] != one["follows"]
    assert one["commit"] == run_git(learned, "rev-parse", "HEAD")
    assert f"error {kind}: step 6: " in fnopt("verify").out


def test_a_turned_verdict_is_found(learned: Path, found: Found) -> None:
    """Of an update that lost, as if it had won."""
    run_git(learned, "switch", "-q", "--detach", steps(learned)[2])
    amend(learned, "Fnopt-Verdict: reverted", "Fnopt-Verdict: kept")
    assert found() == ["verdict"]


def test_another_function_under_the_same_trailers_is_found(
    learned: Path, found: Found, fnopt: Fnopt
) -> None:
    """The blobs must be those that were measured."""
    path = learned / "functions" / "spell_backward.py"
    path.write_text(path.read_text().replace("[::-1]", "[::1]"))
    run_git(learned, "commit", "-qa", "--amend", "--no-edit")
    assert found() == ["library"]
    assert "spell_backward is not what was measured" in fnopt("verify").out


def test_replaced_trials_are_found(learned: Path, found: Found) -> None:
    """Behind the evidence of the step, and in its place."""
    path = trials_of(learned, steps(learned)[6])
    evidence(learned, with_scores(learned, path, 0.5))
    assert found() == ["trials-changed", "claim"]
    evidence(learned, {}, anew=True)
    assert found() == ["score", "verdict", "claim"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda found: {**found, "score": 0.5}, "step-document"),
        (lambda found: {**found, "figures": {**found["figures"], "p": 0.9}}, "step-document"),
        (lambda found: {**found, "code": "def f(): ..."}, "code"),
        (lambda found: {**found, "tokens": 1}, "cost"),
        (lambda found: {**found, "rests": {**found["rests"], "action": "remove"}}, "edit"),
    ],
)
def test_an_edited_document_is_found(
    learned: Path, found: Found, change: Change, kind: str
) -> None:
    """What the evidence says of a step has to be what the trials and the commit say."""
    evidence(learned, changed(learned, "steps/0006.json", change))
    kinds = found()
    assert kind in kinds
    assert set(kinds) <= {kind, "figures"}


def test_lost_evidence_is_found(learned: Path, found: Found, fnopt: Fnopt) -> None:
    """A step's document, a library's trials, all of it: with the command that fetches it."""
    evidence(learned, {"steps/0006.json": None})
    assert found() == ["evidence-missing"]
    run_git(learned, "update-ref", REF, f"{REF}^")
    evidence(learned, {trials_of(learned, steps(learned)[2]): None}, anew=True)
    assert found() == ["trials-missing"]
    run_git(learned, "update-ref", "-d", REF)
    assert found() == ["evidence-missing"]
    assert f"mend: git fetch origin {REF}:{REF}" in fnopt("verify").out


def test_copied_trailers_are_found(learned: Path, found: Found) -> None:
    """On a commit of a person's: of a step that is told, of one that never was, of none at all."""
    block = run_git(learned, "log", "-1", "--format=%(trailers)")
    commit(learned, f"more\n\n{block}", {"functions/a.py": b"A = 1\n"})
    assert found() == ["duplicate-step"]
    amend(learned, "Fnopt-Step: 6", "Fnopt-Step: 7")
    assert found() == ["unmeasured"]
    run_git(learned, "reset", "-q", "--hard", "HEAD^")
    commit(learned, "x\n\nFnopt-Verdict: kept; +1.000", {"functions/a.py": b"A = 1\n"})
    assert found() == ["unmeasured"]


def test_what_people_change_is_told(learned: Path, found: Found, fnopt: Fnopt) -> None:
    """It is allowed, and no error; a file that is not the library's is no matter."""
    commit(learned, "docs", {"README": b"x\n"})
    assert found() == []
    commit(learned, "mine", {"functions/a.py": b'"""A."""\n\nA = 1\n'})
    assert found() == ["not-measured?"]
    assert "functions/a.py" in fnopt("verify").out
    assert "every figure follows (1 warning)" in fnopt("verify").err


def test_a_rule_that_is_broken_is_found(learned: Path, found: Found) -> None:
    """What ``fnopt check --base`` calls an error."""
    commit(learned, "mine", {"functions/a.py": b"def a(x):\n    return eval(x)\n"})
    kinds = found()
    assert kinds[0] == "not-measured?"
    assert set(kinds[1:]) == {"policy"}


def test_a_revert_that_does_not_restore_is_found(learned: Path, found: Found) -> None:
    """Left as it was, or with something more; also where a person says that it reverts."""
    lost = steps(learned)[2]
    revert = run_git(learned, "rev-list", "--reverse", f"{lost}..{RUN}").splitlines()[0]
    run_git(learned, "switch", "-q", "--detach", revert)
    assert found() == []
    run_git(learned, "checkout", "-q", lost, "--", "functions")
    run_git(learned, "commit", "-q", "--amend", "--no-edit", "--allow-empty")
    assert found() == ["not-restored"]
    run_git(learned, "reset", "-q", "--hard", revert)
    write(learned, {"functions/more.py": b"MORE = 1\n"})
    run_git(learned, "add", ".")
    run_git(learned, "commit", "-q", "--amend", "--no-edit")
    assert found() == ["not-restored"]
    run_git(learned, "switch", "-q", RUN)
    head = run_git(learned, "rev-parse", "HEAD")
    said = f'Revert "feat(functions): add spell_backward"\n\nThis reverts commit {head}.'
    commit(learned, said, {"a.txt": b"x"})
    assert found() == ["not-restored"]


def test_commands_of_people_verify(learned: Path, found: Found, fnopt: Fnopt) -> None:
    """``rollback`` and ``keep`` claim no figures; with some they would be a forgery."""
    head = steps(learned)[6]
    assert fnopt("rollback", head).code == 0
    assert found() == []
    assert fnopt("keep", head).code == 0
    assert found() == []
    amend(learned, "Fnopt-Verdict: kept; by a person", "Fnopt-Verdict: kept; +0.500")
    assert found() == ["unmeasured"]


@pytest.mark.parametrize("key", ["score", "low", "libraries", "judged", "tasks"])
def test_an_edited_claim_is_found(learned: Path, found: Found, key: str) -> None:
    """Every figure of it follows from fresh trials, or from how many updates were judged."""
    path = "claims/val.json"
    evidence(
        learned, changed(learned, path, lambda said: {**said, key: 1 if key != "low" else 0.5})
    )
    if key == "score":
        evidence(learned, changed(learned, path, lambda said: {**said, key: 0.25}))
    assert found() == ["claim"]


def test_a_claim_on_the_sealed_split_is_held_against_its_opening(
    learned: Path, found: Found
) -> None:
    """Where the opening is not here, that is said."""
    evidence(learned, changed(learned, "claims/test.json", lambda said: {**said, "score": 0.5}))
    assert found() == ["claim"]
    run_git(learned, "update-ref", "-d", "refs/fnopt/openings")
    assert found() == ["not-verifiable?"]


def test_unsound_trials_are_found(learned: Path, found: Found) -> None:
    """A score out of range, one trial twice, a split that there is not."""
    path = trials_of(learned, steps(learned)[6], "train")
    whole = text(learned, path)
    evidence(learned, {path: f"{whole}\n{whole.splitlines()[0]}\n".encode()})
    assert found() == ["trials-double"]
    run_git(learned, "update-ref", REF, f"{REF}^")
    evidence(learned, {"trials/other/x.jsonl": b""})
    assert found() == ["trials-name"]
    run_git(learned, "update-ref", REF, f"{REF}^")
    evidence(learned, with_scores(learned, path, 1.5))
    assert set(found()) == {"trials-score"}


def test_evidence_that_is_no_json_is_told(learned: Path, fnopt: Fnopt) -> None:
    """Exit 4, with the file that cannot be read."""
    evidence(learned, {"steps/0006.json": b"{"})
    told = fnopt("verify")
    assert told.code == 4
    assert "steps/0006.json in the evidence is not readable" in told.err


def test_a_squash_merge_verifies(learned: Path, found: Found) -> None:
    """By the figures of each message in it, and by the library that it ends with."""
    run_git(learned, "switch", "-q", "main")
    run_git(learned, "merge", "-q", "--squash", RUN)
    run_git(learned, "commit", "-q", "--no-edit")
    assert found() == []
    amend(learned, "Fnopt-Score: 0.5000", "Fnopt-Score: 0.9500")
    assert found() == ["score"]
    amend(learned, "Fnopt-Score: 0.9500", "Fnopt-Score: 0.5000")
    path = learned / "functions" / "spell_backward.py"
    path.write_text(path.read_text().replace("[::-1]", "[::1]"))
    run_git(learned, "commit", "-qa", "--amend", "--no-edit")
    assert found() == ["library"]


def test_a_rebase_verifies(learned: Path, found: Found) -> None:
    """Commits are known by their libraries; where the base changed the library that is told."""
    run_git(learned, "switch", "-q", "main")
    commit(learned, "docs", {"README": b"x\n"})
    run_git(learned, "rebase", "-q", "main", RUN)
    assert found("--base", "main") == []
    run_git(learned, "switch", "-q", "main")
    commit(learned, "mine", {"functions/mine.py": b'"""Mine."""\n\nA = 1\n'})
    run_git(learned, "rebase", "-q", "main", RUN)
    assert found("--base", "main") == ["other-library?"] * 5


def test_cherry_picks_and_the_kept_updates_alone_verify(learned: Path, found: Found) -> None:
    """A branch without what lost has the same libraries."""
    run_git(learned, "switch", "-q", "main")
    run_git(learned, "cherry-pick", "-x", steps(learned)[1])
    assert found() == []
    run_git(learned, "cherry-pick", *(steps(learned)[one] for one in (4, 5, 6)))
    assert found() == []
    run_git(learned, "commit", "-q", "--allow-empty", "-C", steps(learned)[1])
    assert found() == ["duplicate-step"]


def test_a_merge_verifies(learned: Path, found: Found) -> None:
    """The commits of the run are on its second side, as a forge merges; others' are left alone."""
    run_git(learned, "switch", "-q", "main")
    commit(learned, "mine", {"functions/mine.py": b'"""Mine."""\n\nA = 1\n'})
    run_git(learned, "merge", "-q", "--no-ff", "-m", "Merge pull request #1", RUN)
    assert found("main") == []
    assert found("main", "--base", "main^1") == ["not-measured?"]


def test_a_step_that_was_taken_out_is_found(learned: Path, found: Found) -> None:
    """The run's own branch tells what lost, too."""
    lost = steps(learned)[2]
    behind = run_git(learned, "rev-list", "--reverse", f"{lost}..{RUN}").splitlines()[0]
    run_git(learned, "rebase", "-q", "--onto", f"{lost}^", behind, RUN)
    assert found() == ["missing-step"]


def test_scores_alone_verify(learned: Path, found: Found) -> None:
    """Evidence without any text, in one commit, says as much."""
    files: dict[str, bytes | None] = {}
    for path in run_git(learned, "ls-tree", "-r", "--name-only", REF).splitlines():
        if path.startswith("trials/"):
            files[path] = "".join(_bare(line) for line in text(learned, path).splitlines()).encode()
        elif path.startswith("steps/"):
            files |= changed(learned, path, _without_texts)
    evidence(learned, files, anew=True)
    assert "strawberry" not in text(learned, trials_of(learned, steps(learned)[6], "train"))
    assert found() == []
    evidence(learned, with_scores(learned, trials_of(learned, steps(learned)[6]), 0.5), anew=True)
    assert found() == ["score", "verdict", "claim"]


def test_what_is_pushed_as_scores_verifies(learned: Path, found: Found) -> None:
    """The evidence as ``review.evidence = "scores"`` pushes it: a forgery shows there, too."""
    with Repository(learned) as repo:
        bare = scrubbed(Evidence(repo, "run-1"))
        repo.move(REF, bare, repo.ref(REF), "scores alone")
    assert found() == []
    amend(learned, "Fnopt-Score: 1.0000", "Fnopt-Score: 0.9000")
    assert found() == ["score"]


def test_evidence_of_an_older_fnopt_verifies(learned: Path, found: Found) -> None:
    """By the configuration at the commit, where the gate looked once."""
    files: dict[str, bytes | None] = {}
    for step in steps(learned):
        files |= changed(learned, f"steps/{step:04}.json", _without_rests)
    files |= changed(learned, "claims/val.json", _without_rests)
    evidence(learned, files)
    assert found() == []
    amend(learned, "Fnopt-Score: 1.0000", "Fnopt-Score: 0.9000")
    assert found() == ["score"]


def test_nothing_to_verify(tools: Path, fnopt: Fnopt) -> None:
    """A branch without a run, as most pull requests are."""
    told = fnopt("verify")
    assert (told.code, "nothing to verify" in told.err) == (0, True)
    assert fnopt("verify", "--json").json["run"] is None
    assert fnopt("verify", "gone").code == 4


def test_a_shallow_clone_is_told(learned: Path, fnopt: Fnopt, tmp_path: Path) -> None:
    """Exit 4, with what to fetch; a clone that is deep enough will do."""
    clone = tmp_path / "clone"
    for depth, code in (("2", 4), ("50", 0)):
        shutil.rmtree(clone, ignore_errors=True)
        options = ("--depth", depth, "--branch", RUN, f"file://{learned}", str(clone))
        run_git(tmp_path, "clone", "-q", *options)
        run_git(clone, "fetch", "-q", "origin", f"{REF}:{REF}")
        told = _in(clone, fnopt)
        assert told.code == code, told
    assert "openings" in told.out


def _in(folder: Path, fnopt: Fnopt) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return fnopt("verify")


def test_other_runs_are_left_alone(learned: Path, found: Found) -> None:
    """What names another run is told, not judged; no run of that name is missing evidence."""
    amend(learned, "Fnopt-Run: run-1", "Fnopt-Run: run-2")
    assert found() == ["other-run?", "missing-step"]
    assert found("--run", "run-2") == ["evidence-missing"]


def _bare(line: str) -> str:
    row = json.loads(line)
    return json.dumps({key: row[key] for key in ("task", "number", "score", "error")}) + "\n"


def _without_texts(document: dict[str, Any]) -> dict[str, Any]:
    texts = ("why", "code", "observed")
    return {key: value for key, value in document.items() if key not in texts}


def _without_rests(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "rests"}


@pytest.fixture(autouse=True)
def editor(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages that git prepares are taken as they are."""
    monkeypatch.setenv("GIT_EDITOR", "true")
    yield
