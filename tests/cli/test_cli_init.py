"""``init`` in real repositories."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnopt import config as configuration
from fnopt.cli.main import SUMMARIES
from fnopt.tasks.splits import NAMES, load

from .conftest import Fnopt, Git, run_git, write

FILES = ["fnopt.toml", "functions/.gitkeep", "tasks/README.md", ".github/workflows/fnopt.yml"]
GYM = "reasoning-gym:lcm,gcd?size=20&seed=1"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a commit; the current folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    monkeypatch.chdir(folder)
    return folder


def tasks(count: int) -> bytes:
    lines = [json.dumps({"question": f"What is {n}?", "answer": n}) for n in range(count)]
    return "\n".join(lines).encode()


def content(folder: Path) -> dict[str, bytes]:
    """Every file outside .git."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {path: data for path, data in found.items() if not path.startswith(".git/")}


def test_init_writes_what_is_missing(empty: Path, fnopt: Fnopt) -> None:
    """Each file is told; the three commands that come next are, too."""
    told = fnopt("init")
    assert told.code == 0
    assert told.out.splitlines() == [f"created  {path}" for path in FILES]
    assert sorted(content(empty)) == sorted(FILES)
    assert [line.strip() for line in told.err.splitlines()] == [
        "next:",
        f"git add {' '.join(FILES)} && git commit -m 'Set up fnopt'",
        "fnopt doctor",
        "fnopt train",
    ]


def test_init_twice_changes_nothing(empty: Path, fnopt: Fnopt) -> None:
    """All is kept the second time."""
    fnopt("init")
    before = content(empty)
    found = fnopt("init", "--json").json
    assert content(empty) == before
    assert {one["state"] for one in found["files"]} == {"kept"}
    assert found["next"] == ["fnopt doctor", "fnopt eval", "fnopt train"]


def test_init_never_overwrites(empty: Path, fnopt: Fnopt) -> None:
    """What people have stays byte for byte; folders that are there gain nothing."""
    mine = {
        "fnopt.toml": b'[library]\nfunctions = "tools"\n',
        "tools/a.py": b"X = 1\n",
        "tasks/mine.txt": b"",
        ".github/workflows/fnopt.yml": b"name: mine\n",
    }
    write(empty, mine)
    told = fnopt("init")
    assert content(empty) == mine
    assert told.out.split()[1::2] == ["fnopt.toml", "tools/", "tasks/", FILES[3]]


def test_init_from_a_sub_folder(work: Path, fnopt: Fnopt) -> None:
    """Everything goes to the root; the commands work where one stands."""
    told = fnopt("init")
    assert (work / "fnopt.toml").exists()
    assert "kept     functions/" in told.out
    assert "git add ../../fnopt.toml " in told.err


def test_a_configuration_in_pyproject_is_one(empty: Path, fnopt: Fnopt) -> None:
    """A fnopt.toml beside it would silently win."""
    write(empty, {"pyproject.toml": b"[tool.fnopt.agent]\nmodel = 'local'\n"})
    told = fnopt("init")
    assert told.out.splitlines()[0] == "kept     pyproject.toml"
    assert not (empty / "fnopt.toml").exists()
    assert '"fnopt[local]~=' in (empty / FILES[3]).read_text()


def test_every_key_works_and_says_what_it_is(empty: Path, fnopt: Fnopt) -> None:
    """The scaffold is a valid configuration of defaults, and each line has a comment."""
    fnopt("init")
    text = (empty / "fnopt.toml").read_text()
    found = configuration.parse(tomllib.loads(text))
    usual = configuration.Config()
    assert found.model_copy(update={"tasks": usual.tasks}) == usual
    assert (found.tasks.train, found.tasks.test) == ("tasks/train.jsonl", "tasks/test.jsonl")
    keys = [line for line in text.splitlines() if "=" in line]
    assert all("  #" in line or line.startswith("# ") for line in keys)
    assert max(map(len, text.splitlines())) <= 100


def test_commented_keys_are_right_too(empty: Path, fnopt: Fnopt) -> None:
    """Whoever drops the # gets a valid configuration."""
    fnopt("init")
    lines = (empty / "fnopt.toml").read_text().splitlines()
    live = [line.removeprefix("# ") if " = " in line else line for line in lines]
    found = configuration.parse(tomllib.loads("\n".join(live)))
    assert found.stop.max_tokens == 2_000_000


def test_init_with_a_file_of_tasks(work: Path, fnopt: Fnopt) -> None:
    """Named from where one stands, written from the root; it can be read and is divided."""
    write(work, {'deep/er/my "tasks".jsonl': tasks(40)})
    assert fnopt("init", "--tasks", 'my "tasks".jsonl').code == 0
    found = configuration.load(work, {})
    assert found.tasks.source == 'deep/er/my "tasks".jsonl'
    assert not (work / "tasks").exists()
    splits = load(work, source=found.tasks.source)
    assert sum(len(splits.tasks(name)) for name in NAMES) == 40


def test_init_with_generated_tasks(empty: Path, fnopt: Fnopt) -> None:
    """The specification is written as it is, and CI installs what it needs."""
    assert fnopt("init", "--tasks", GYM).code == 0
    assert configuration.load(empty, {}).tasks.source == GYM
    assert '"fnopt[gym]~=' in (empty / FILES[3]).read_text()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.jsonl", "none.jsonl: No such file"),
        ("few.jsonl", "too few to be divided"),
        ("bad.jsonl", "bad.jsonl:1: not valid JSON"),
        ("../outside.jsonl", "lies outside the repository"),
        ("reasoning-gym:?size=1", "no family named"),
    ],
)
def test_init_with_tasks_that_do_not_work(
    empty: Path, fnopt: Fnopt, source: str, message: str
) -> None:
    """Exit 2, and nothing is written."""
    write(empty, {"few.jsonl": tasks(1), "bad.jsonl": b"{", "../outside.jsonl": tasks(40)})
    before = content(empty)
    told = fnopt("init", "--tasks", source)
    assert (told.code, told.out) == (2, "")
    assert message in told.err
    assert content(empty) == before


def test_init_with_tasks_and_a_configuration(empty: Path, fnopt: Fnopt) -> None:
    """The configuration is kept, and what to write there is said."""
    fnopt("init")
    assert f'fnopt.toml is kept: set tasks.source = "{GYM}"' in fnopt("init", "--tasks", GYM).err


def test_init_counts_the_faults_that_are_there(work: Path, fnopt: Fnopt) -> None:
    """By rule, without failing."""
    write(work, {"functions/bare.py": b"def bare(x):\n    return x\n\n\ndef naked():\n    pass\n"})
    told = fnopt("init")
    assert told.code == 0
    assert "errors in the functions that are there: 3 annotations, 2 docstring (see" in told.err
    assert "warnings in the functions that are there: 1 docstring-arguments (see" in told.err
    found = fnopt("init", "--json").json
    assert found["faults"] == {"annotations": 3, "docstring": 2}
    assert found["warnings"] == {"docstring-arguments": 1}


def test_init_outside_a_repository(
    tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4, with the command that mends it; nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    told = fnopt("init")
    assert told.code == 4
    assert "mend: run: git init" in told.err
    assert content(tmp_path) == {}


def test_init_follows_no_link_out(empty: Path, tmp_path: Path, fnopt: Fnopt) -> None:
    """A linked folder is no way to write elsewhere."""
    (tmp_path / "elsewhere" / "workflows").mkdir(parents=True)
    (empty / ".github").symlink_to(tmp_path / "elsewhere")
    told = fnopt("init")
    assert told.code == 2
    assert "outside the repository" in told.err
    assert content(tmp_path / "elsewhere") == {}


def test_init_says_what_is_in_its_way(empty: Path, fnopt: Fnopt) -> None:
    """A file where a folder must be is a usage error, no crash."""
    write(empty, {".github": b""})
    told = fnopt("init")
    assert told.code == 2
    assert "fnopt.yml cannot be written" in told.err


@pytest.mark.parametrize("file", ["fnopt.toml", "pyproject.toml"])
def test_a_broken_configuration_comes_first(empty: Path, fnopt: Fnopt, file: str) -> None:
    """Said with its file; nothing is written beside it."""
    write(empty, {file: b"[agent\n"})
    told = fnopt("init")
    assert told.code == 2
    assert f"{file} is not valid TOML" in told.err
    assert list(content(empty)) == [file]


def workflow(folder: Path) -> dict[str, Any]:
    found = yaml.safe_load((folder / FILES[3]).read_text())
    assert isinstance(found, dict)
    return found


def test_the_workflow_gives_pull_requests_nothing(empty: Path, fnopt: Fnopt) -> None:
    """They only read; the job that has a key and may push never runs for them."""
    fnopt("init")
    found = workflow(empty)
    check, train = found["jobs"]["check"], found["jobs"]["train"]
    assert found["permissions"] == {"contents": "read"}
    assert "permissions" not in check
    assert "secrets." not in json.dumps(check)
    assert check["if"] == "github.event_name == 'pull_request'"
    assert train["if"] == "github.event_name != 'pull_request'"
    assert train["permissions"] == {"contents": "write"}
    assert "pull_request_target" not in (empty / FILES[3]).read_text()
    assert "${{ secrets.OPENAI_API_KEY }}" in json.dumps(train)


def test_the_workflow_checks_against_the_base(work: Path, git: Git, fnopt: Fnopt) -> None:
    """Its command, on a merge as a forge makes it, sees the pull request's faults alone."""
    write(work, {"functions/old.py": b"def old():\n    return 1\n"})
    git("add", ".")
    git("commit", "-qm", "old faults")
    git("checkout", "-qb", "topic")
    write(work, {"functions/new.py": b"def new():\n    return 2\n"})
    git("add", ".")
    git("commit", "-qm", "new faults")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    fnopt("init")
    steps = workflow(work)["jobs"]["check"]["steps"]
    command = next(step["run"] for step in steps if "fnopt check" in step.get("run", ""))
    found = fnopt(*command.split()[1:], "--json").json
    assert {fault["function"] for fault in found["faults"]} == {"new"}


def test_the_workflow_fetches_and_pushes_runs(work: Path, git: Git, fnopt: Fnopt) -> None:
    """Its shell lines, against a real remote: also when there is no run yet."""
    import subprocess

    fnopt("init")
    steps = workflow(work)["jobs"]["train"]["steps"]
    fetch = next(step["run"] for step in steps if "git fetch" in step.get("run", ""))
    push = next(step["run"] for step in steps if "git push" in step.get("run", ""))
    run_git(work.parent, "init", "-q", "--bare", "remote")
    git("remote", "add", "origin", "../remote")
    for _ in range(2):
        for script in (fetch, push):
            subprocess.run(["bash", "-e", "-c", script], cwd=work, check=True)
        git("update-ref", "refs/heads/fnopt/r", "HEAD")
        git("update-ref", "refs/fnopt/runs/r", "HEAD")
        git("update-ref", "refs/fnopt/pending/r", "HEAD")
    refs = run_git(work.parent / "remote", "for-each-ref", "--format=%(refname)").splitlines()
    assert refs == ["refs/fnopt/runs/r", "refs/heads/fnopt/r"]


def test_init_help(fnopt: Fnopt) -> None:
    """Begins with the summary."""
    assert fnopt("init", "--help").out.splitlines()[2].strip() == SUMMARIES["init"]
