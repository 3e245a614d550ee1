"""``rollback`` and its neighbours where modules have moved, are broken, or are locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Fnopt, run_git, write

LOW = b'def low(a: str) -> str:\n    """Make low."""\n    return a.lower()\n'
SHOUT = b'''from tools.%s.low import low


def shout(a: str) -> str:
    """Shout."""
    return low(a) + "%s"
'''
CONFIG = b'[library]\nfunctions = ["src/*/**/*.py"]\n'


def commit(folder: Path, files: dict[str, bytes]) -> None:
    """All that is there, with these files."""
    write(folder, files)
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "Change")


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which a module has moved after its caller changed."""
    run_git(tmp_path, "init", "-q", "-b", "main")
    shout = "src/tools/shout.py"
    begun = {"fnopt.toml": CONFIG, "src/tools/text/low.py": LOW, shout: SHOUT % (b"text", b"!")}
    commit(tmp_path, begun)
    commit(tmp_path, {shout: SHOUT % (b"text", b"!!")})
    run_git(tmp_path, "mv", "src/tools/text", "src/tools/lang")
    commit(tmp_path, {shout: SHOUT % (b"lang", b"!!")})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_function_that_imports_what_has_moved_is_not_brought_back(
    moved: Path, fnopt: Fnopt
) -> None:
    """The commit would break its whole module."""
    head = run_git(moved, "rev-parse", "HEAD")
    told = fnopt("rollback", "shout@HEAD~2")
    assert (told.code, told.out) == (3, "")
    assert (
        "src/tools/shout.py:1 would import tools.text.low, which is no module any more" in told.err
    )
    assert run_git(moved, "rev-parse", "HEAD") == head


def test_an_empty_base_is_no_base(moved: Path, fnopt: Fnopt) -> None:
    """A variable that is not set must not turn a check green."""
    for words in (("check", "--base", ""), ("diff", ""), ("show", "shout@ ")):
        assert fnopt(*words).code in (2, 4), words


def test_diff_takes_a_function_alone(moved: Path, fnopt: Fnopt) -> None:
    """Between HEAD and the working tree."""
    assert fnopt("diff", "shout").code == 0
    write(moved, {"src/tools/shout.py": SHOUT % (b"lang", b"???")})
    told = fnopt("diff", "shout")
    assert told.code == 0
    assert "???" in told.out
    assert fnopt("diff", "nowhere").code == 4


def test_a_function_in_a_file_that_does_not_parse(moved: Path, fnopt: Fnopt) -> None:
    """Its file is named, with the line; nothing is rolled back around it."""
    spoilt = (SHOUT % (b"lang", b"!!")) + b"\ndef x(\n"
    write(moved, {"src/tools/shout.py": spoilt})
    for words in (("show", "shout"), ("call", "shout", '{"a": "X"}'), ("check", "shout")):
        told = fnopt(*words)
        assert (told.code, told.out) == (2, "")
        assert "cannot be read" in told.err or "that can be read" in told.err
        assert "mend src/tools/shout.py" in told.err
    commit(moved, {})
    told = fnopt("rollback", "shout@HEAD~1")
    assert told.code == 3
    assert "src/tools/shout.py is where it belongs, and cannot be read" in told.err
    told = fnopt("rollback", "low@HEAD~1")
    assert told.code == 3
    assert "may call low, and cannot be read" in told.err


def test_a_locked_function_is_not_brought_back(moved: Path, fnopt: Fnopt) -> None:
    """By name or by mark; people take the lock off first."""
    commit(moved, {"fnopt.toml": CONFIG + b'locked = ["lo*"]\n'})
    told = fnopt("rollback", "low@HEAD~1")
    assert told.code == 3
    assert "refused: low is locked\nmend: take it out of library.locked" in told.err


def test_a_layout_that_holds_nothing_is_told(moved: Path, fnopt: Fnopt) -> None:
    """A glob with a slip would look like a clean library."""
    write(moved, {"fnopt.toml": b'[library]\nfunctions = ["nowhere/**/*.py"]\n'})
    assert "no file is of nowhere/**/*.py" in fnopt("check").err
