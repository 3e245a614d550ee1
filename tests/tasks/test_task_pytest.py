"""Tests as tasks: what is asked, how they get the answer, and the share that passes."""

from __future__ import annotations

import time
import venv
from pathlib import Path

import pytest

from fnopt.errors import UsageError
from fnopt.records import Score, Task
from fnopt.tasks import load, scorer

TESTS = '''
import os, time
from pathlib import Path
import pytest

def test_capital(answer):
    """What is the capital of France?

    One word."""
    assert answer == "Paris"

class TestCases:
    @pytest.mark.parametrize("number", [1, 2, 3, 4])
    def test_divisors(self, answer, number):
        """Name a number that 1, 2, 3 and 4 divide."""
        assert int(answer) % number == 0

@pytest.mark.parametrize("case", ["skipped", "expected", "passes", "hangs"])
def test_odd_cases(answer, case):
    """Say hang, or anything else."""
    if case == "skipped":
        pytest.skip()
    if case == "expected":
        pytest.xfail()
    if case == "hangs" and answer == "hang":
        time.sleep(60)

def test_environment(answer):
    """What is to be seen?"""
    assert Path(os.environ["FNOPT_ANSWER"]).read_text() == answer
    assert "OPENAI_API_KEY" not in os.environ and os.environ["HARMLESS"] == "1"

def test_size(answer):
    """Say a lot."""
    assert len(answer) == 1_000_000
'''


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with tests of its own, which need no plugins that are installed here."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent/test_it.py").write_text(TESTS)
    return tmp_path


def tasks(root: Path, source: str) -> dict[str, Task]:
    return {task.id.rpartition("::")[2]: task for task in load(root, train=source).train}


def test_tests_are_tasks(repo: Path) -> None:
    """A test function is one task, whatever cases it has; its docstring is the question."""
    found = tasks(repo, "pytest:agent?timeout=9")
    assert list(found) == [
        "test_capital", "test_divisors", "test_odd_cases", "test_environment", "test_size"
    ]  # fmt: skip
    task = found["test_capital"]
    assert task.id == "agent/test_it.py::test_capital" and task.answer == ""
    assert task.question == "What is the capital of France?\n\nOne word."
    assert task.metadata["module"] == "agent/test_it.py" and task.metadata["timeout"] == 9
    assert not (repo / "agent/__pycache__").exists() and not (repo / ".pytest_cache").exists()


def test_node_ids(repo: Path) -> None:
    """Nodes are named one by one, cases too, in the source or in a file."""
    named = ["agent/test_it.py::test_capital", "agent/test_it.py::TestCases::test_divisors[3]"]
    (repo / "nodes.txt").write_text("# some\n\n" + "\n".join(named))
    for source in (f"pytest:{','.join(named)}", "pytest:@nodes.txt"):
        found = load(repo, train=source).train
        assert [task.id for task in found] == named
        assert scorer(None, root=repo)("9", found[1]) == Score(1.0)


def test_the_share_of_cases_that_pass(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the score, unless all or nothing is asked for; skipped cases do not count."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HARMLESS", "1")
    found = tasks(repo, "pytest:agent")
    score = scorer(None, root=repo)
    assert score("6", found["test_divisors"]) == Score(0.75, "3 of 4 cases passed")
    assert scorer("pytest", False, repo)("6", found["test_divisors"]).value == 0.0
    assert score("Paris", found["test_capital"]) == Score(1.0)
    assert score("Rome", found["test_capital"]).value == 0.0
    assert score("x", found["test_odd_cases"]) == Score(1.0)
    assert score("\ud800é\r\n", found["test_environment"]).value == 0.0  # \r\n becomes \n there
    assert score("é$(id)", found["test_environment"]) == Score(1.0)
    assert score("x" * 1_000_000, found["test_size"]) == Score(1.0)


def test_a_test_that_hangs(repo: Path) -> None:
    """It is ended in time; what had passed until then counts."""
    task = tasks(repo, "pytest:agent/test_it.py::test_odd_cases?timeout=1")["test_odd_cases"]
    began = time.monotonic()
    outcome = scorer(None, root=repo)("hang", task)
    assert time.monotonic() - began < 50
    assert outcome == Score(0.5, "1 of 2 cases passed within 1 s")


def test_a_test_that_is_gone(repo: Path) -> None:
    """A test that cannot be run scores nothing, with the reason."""
    task = tasks(repo, "pytest:agent")["test_capital"]
    (repo / "agent/test_it.py").write_text("import absent\n")
    outcome = scorer(None, root=repo)("Paris", task)
    assert outcome.value == 0.0 and outcome.note.startswith("the scorer failed: ")
    assert "absent" in outcome.note


def test_an_own_fixture_comes_first(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the same tests also run without fnopt, a conftest.py may say where answers lie.

    Workers of pytest-xdist, which would not know the answer, are not started."""
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")
    (repo / "agent/conftest.py").write_text(
        "import os, pathlib, pytest\n"
        "@pytest.fixture\n"
        "def answer():\n"
        "    return pathlib.Path(os.environ['FNOPT_ANSWER']).read_text().title()\n"
    )
    (repo / "pytest.ini").write_text("[pytest]\naddopts = -x -n 2\n")
    task = tasks(repo, "pytest:agent")["test_capital"]
    assert scorer(None, root=repo)("paris", task) == Score(1.0)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("pytest:", "no test named"),
        ("pytest:agent?timeout=0", "timeout must be seconds, not '0'"),
        ("pytest:agent?timeout=inf", "timeout must be seconds"),
        ("pytest:--help", "'--help' is no test in the repository"),
        ("pytest:../x.py", "'../x.py' is no test in the repository"),
        ("pytest:/etc", "'/etc' is no test in the repository"),
        ("pytest:agent/absent.py", "found no tests: agent/absent.py"),
        ("pytest:broken.py", "broken.py: "),
        ("pytest:silent.py", "silent.py::test_it has no docstring"),
        ("pytest:@absent.txt", "absent.txt: No such file"),
    ],
)
def test_bad_sources(repo: Path, source: str, says: str) -> None:
    """What is wrong is named, and how to mend it."""
    (repo / "broken.py").write_text("import absent\n")
    (repo / "silent.py").write_text("def test_it(answer): pass\n")
    with pytest.raises(UsageError) as caught:
        _ = load(repo, train=source).train
    assert says in caught.value.message and caught.value.mend


def test_the_active_environment_runs_them(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the interpreter of fnopt, where another environment is active."""
    python = repo / "env/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setenv("VIRTUAL_ENV", str(python.parents[1]))
    with pytest.raises(UsageError, match="found no tests"):
        _ = load(repo, train="pytest:agent").train
    python.write_text("no program")
    with pytest.raises(UsageError, match="cannot be started"):
        _ = load(repo, train="pytest:agent").train
    venv.create(tmp := repo / "bare", with_pip=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(UsageError, match="has no pytest"):
        _ = load(repo, train="pytest:agent").train


def test_another_task_is_no_test(repo: Path) -> None:
    """The scorer of tests does not run what a task file says."""
    with pytest.raises(UsageError, match="is no test"):
        scorer("pytest", root=repo)("x", Task("t", "q", "x"))
    forged = Task("t", "q", "x", {"source": "pytest", "node": "-c/etc/passwd"})
    with pytest.raises(UsageError, match="no test in the repository"):
        scorer("pytest", root=repo)("x", forged)
