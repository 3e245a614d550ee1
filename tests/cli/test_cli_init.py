"""``init`` in real repositories."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from fnopt import config as configuration
from fnopt.cli.main import SUMMARIES
from fnopt.tasks.division import NAMES
from fnopt.tasks.splits import load

from .conftest import Fnopt, run_git, write

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
    assert '"fnopt[local]==' in (empty / FILES[3]).read_text()


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
    assert '"fnopt[gym]==' in (empty / FILES[3]).read_text()


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


def at(folder: Path, url: str) -> None:
    """Give a repository the remote origin, which nobody ever asks."""
    run_git(folder, "remote", "add", "origin", url)


def written(folder: Path) -> set[str]:
    """The CI files that are there."""
    return {path for path in content(folder) if path.startswith((".git", ".forgejo"))}


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://github.com/a/b.git", ".github/workflows/fnopt.yml"),
        ("git@github.example.org:gitlab/b.git", ".github/workflows/fnopt.yml"),
        ("https://me:word@gitlab.com/a/b", ".gitlab/fnopt.yml"),
        ("ssh://git@gitlab.example.org:2222/a/b/c.git", ".gitlab/fnopt.yml"),
        ("git@gitlab.com:a/b.git", ".gitlab/fnopt.yml"),
        ("https://gitea.example.org/a/b.git", ".gitea/workflows/fnopt.yml"),
        ("git@codeberg.org:a/b.git", ".gitea/workflows/fnopt.yml"),
        ("/srv/gitlab/b.git", ".github/workflows/fnopt.yml"),
    ],
)
def test_the_remotes_host_says_whose_ci(empty: Path, fnopt: Fnopt, url: str, path: str) -> None:
    """The host alone: no user, folder or path does."""
    at(empty, url)
    assert fnopt("init").code == 0
    assert path in written(empty)


def test_the_configuration_and_the_option_come_first(empty: Path, fnopt: Fnopt) -> None:
    """An option before the configuration before the remote; none writes none."""
    at(empty, "https://gitlab.com/a/b.git")
    write(empty, {"fnopt.toml": b'[review]\nforge = "gitea"\n'})
    assert fnopt("init", "--ci", "none").code == 0
    assert written(empty) == set()
    fnopt("init")
    assert written(empty) == {".gitea/workflows/fnopt.yml"}
    fnopt("init", "--ci", "github")
    assert written(empty) == {".gitea/workflows/fnopt.yml", ".github/workflows/fnopt.yml"}
    write(empty, {"fnopt.toml": b'[review]\nforge = "none"\n'})
    assert "fnopt.yml" not in fnopt("init").out
    assert fnopt("init", "--ci", "circle").code == 2


@pytest.mark.parametrize(
    ("there", "path"),
    [
        (".gitea/workflows/a.yml", ".gitea/workflows/fnopt.yml"),
        (".forgejo/workflows/a.yml", ".forgejo/workflows/fnopt.yml"),
        (".gitlab-ci.yml", ".gitlab/fnopt.yml"),
        (".github/workflows/a.yml", ".github/workflows/fnopt.yml"),
    ],
)
def test_files_say_it_where_the_host_does_not(
    empty: Path, fnopt: Fnopt, there: str, path: str
) -> None:
    """A forge of one's own may be called anything."""
    at(empty, "https://git.example.org/a/b.git")
    write(empty, {there: b"on: push\n"})
    fnopt("init")
    assert written(empty) == {there, path}


def test_a_workflow_goes_where_others_are(empty: Path, fnopt: Fnopt) -> None:
    """Gitea reads one folder alone: a new one would turn those in .github off."""
    write(empty, {".github/workflows/mine.yml": b"on: push\n"})
    fnopt("init", "--ci", "gitea")
    assert written(empty) == {".github/workflows/mine.yml", ".github/workflows/fnopt.yml"}


def test_a_pipeline_that_is_there_stays(empty: Path, fnopt: Fnopt) -> None:
    """What to include is said until it stands there; where there was none it is written."""
    write(empty, {".gitlab-ci.yml": b"stages: [test]\n"})
    told = fnopt("init", "--ci", "gitlab")
    assert "kept     .gitlab-ci.yml" in told.out
    assert ".gitlab-ci.yml is kept: include .gitlab/fnopt.yml there yourself:" in told.err
    assert "  include:\n    - local: .gitlab/fnopt.yml\n" in told.err
    (empty / ".gitlab-ci.yml").unlink()
    assert "include" not in fnopt("init", "--ci", "gitlab").err
    text = (empty / ".gitlab-ci.yml").read_text()
    assert yaml.safe_load(text) == {"include": [{"local": ".gitlab/fnopt.yml"}]}
    assert "include" not in fnopt("init", "--ci", "gitlab").err
    assert (empty / ".gitlab-ci.yml").read_text() == text


def test_init_help(fnopt: Fnopt) -> None:
    """Begins with the summary."""
    assert fnopt("init", "--help").out.splitlines()[2].strip() == SUMMARIES["init"]
