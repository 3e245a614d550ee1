"""``fnopt check``: faults as a linter tells them, and what is new against a base."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Fnopt, Git, run_git, write

NAKED = b"def bare(x):\n    return x\n"
GOOD = b'''def count(word: str, letter: str) -> int:
    """Count a letter.

    Args:
        word: Where to look.
        letter: What to count.
    """
    return word.count(letter)
'''
CALLER = b'''from functions.count import count


def count_all(words: list[str]) -> int:
    """Count the letter a.

    Args:
        words: Where to look.
    """
    return sum(count(word, "a") for word in words)
'''


@pytest.fixture
def clean(work: Path, git: Git) -> Path:
    """A repository whose library has no faults: one function that calls another."""
    (work / "functions" / "words.py").unlink()
    files = {"functions/count.py": GOOD, "functions/count_all.py": CALLER}
    write(work, files)
    git("add", ".")
    git("commit", "-qm", "clean")
    return work


def test_nothing_to_say(clean: Path, fnopt: Fnopt) -> None:
    """Exit 0 and nothing on stdout."""
    told = fnopt("check")
    assert (told.code, told.out, told.err) == (0, "", "2 functions: no faults\n")
    assert fnopt("check", "--json").json == {"schema": 1, "faults": []}
    assert fnopt("check", "--base", "HEAD").err == "2 functions: no faults since HEAD\n"


def test_faults_read_as_a_linter_tells_them(clean: Path, fnopt: Fnopt) -> None:
    """Place, level, rule, message, and the mend below; by file and line; exit 3."""
    write(clean, {"functions/bare.py": NAKED, "functions/a.py": NAKED.replace(b"bare", b"a")})
    told = fnopt("check")
    assert told.code == 3
    lines = told.out.splitlines()
    first = lines.index("functions/bare.py:1: error annotations bare does not say the type of x")
    assert lines[first + 1].startswith("  mend: Annotate")
    places = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert places == sorted(places)
    assert "\x1b" not in told.out
    assert told.err.startswith("4 functions: ")
    fault = fnopt("check", "--json").json["faults"][0]
    assert set(fault) == {"rule", "function", "file", "line", "message", "mend", "level"}


def test_warnings_alone_are_no_failure(clean: Path, fnopt: Fnopt) -> None:
    """Exit 0, unless they shall count."""
    long = GOOD.replace(b"    return", b"    word = word\n" * 90 + b"    return")
    write(clean, {"functions/count.py": long})
    told = fnopt("check")
    assert told.code == 0
    assert " warning length count " in told.out
    assert told.err.endswith("2 functions: 1 warning\n")
    assert fnopt("check", "--strict").code == 3


def test_a_call_that_does_not_fit_is_an_error(clean: Path, fnopt: Fnopt) -> None:
    """With its place."""
    write(clean, {"functions/count_all.py": CALLER.replace(b'count(word, "a")', b"count(word)")})
    told = fnopt("check")
    assert told.code == 3
    assert (
        "functions/count_all.py:10: error call-mismatch count_all calls count without letter\n"
        "  mend: It takes (word, letter).\n" in told.out
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["bare"], {"bare"}),
        (["../../functions/bare.py"], {"bare"}),
        (["functions/bare.py"], {"bare"}),
        (["functions/bare.py", "other"], {"bare", "other"}),
        (["../../functions"], {"bare", "other"}),
        (["../.."], {"bare", "other"}),
        (["count"], set()),
    ],
)
def test_some_files_and_functions_alone(
    clean: Path, fnopt: Fnopt, words: list[str], named: set[str]
) -> None:
    """Paths as the shell completes them or as faults name them, and functions by name."""
    other = NAKED.replace(b"bare(x)", b"other(x, y)")
    write(clean, {"functions/bare.py": NAKED, "functions/other.py": other})
    told = fnopt("check", *words, "--json")
    assert {fault["function"] for fault in told.json["faults"]} == named
    assert told.code == (3 if named else 0)


def test_what_is_not_there_is_a_usage_error(clean: Path, fnopt: Fnopt) -> None:
    """With the nearest name."""
    told = fnopt("check", "cuont")
    assert told.code == 2
    assert "error: 'cuont' is no function, file or folder of functions/" in told.err
    assert "mend: did you mean count?" in told.err
    assert fnopt("check", "/etc").code == 2


# -- against a base


def test_old_faults_do_not_count(clean: Path, git: Git, fnopt: Fnopt) -> None:
    """Though they moved, or their function changed."""
    write(clean, {"functions/bare.py": NAKED})
    git("add", ".")
    git("commit", "-qm", "bare")
    write(clean, {"functions/bare.py": b"# moved\n" + NAKED.replace(b"return x", b"return x + 1")})
    assert fnopt("check", "--base", "HEAD").code == 0
    assert fnopt("check").code == 3
    write(clean, {"functions/bare.py": NAKED + b"\n\ndef other():\n    return 1\n"})
    told = fnopt("check", "--base", "HEAD", "--json")
    assert told.code == 3
    assert {fault["function"] for fault in told.json["faults"]} == {"other"}


def test_a_moved_file_and_a_renamed_function_make_no_old_fault_new(
    clean: Path, git: Git, fnopt: Fnopt
) -> None:
    """The faults go along; the rename itself is told as a warning."""
    body = b"print(1)\n\n\ndef bare(x):\n    eval('x')\n    return sorted(x), x[0].strip('-')\n"
    write(clean, {"functions/odd.py": body})
    git("add", ".")
    git("commit", "-qm", "bare")
    (clean / "functions" / "odd.py").unlink()
    write(clean, {"functions/moved.py": body})
    told = fnopt("check", "--base", "HEAD", "--json")
    assert (told.code, told.json["faults"]) == (0, [])
    write(clean, {"functions/moved.py": body.replace(b"bare", b"naked")})
    told = fnopt("check", "--base", "HEAD", "--json")
    assert [one["rule"] for one in told.json["faults"]] == ["function-renamed"]
    assert told.code == 0
    assert fnopt("check").code == 3


def test_a_tool_that_only_agents_call_may_change(clean: Path, fnopt: Fnopt) -> None:
    """Its parameters are told as warnings: an update of fnopt's own does not fail for nothing."""
    new = CALLER.replace(b"words: list[str]", b"texts: list[str]").replace(b"words", b"texts")
    write(clean, {"functions/count_all.py": new})
    told = fnopt("check", "--base", "HEAD")
    assert told.code == 0
    assert (
        "functions/count_all.py:4: warning parameter-renamed count_all takes texts where it took "
        "words; nothing in the library calls it" in told.out
    )
    assert fnopt("check", "--base", "HEAD", "--strict").code == 3


def test_a_caller_that_was_left_behind_is_an_error(clean: Path, fnopt: Fnopt) -> None:
    """Named with its place."""
    new = GOOD.replace(b"letter: str)", b"letter: str, case: bool)")
    new = new.replace(b"to count.\n", b"to count.\n        case: Whether case counts.\n")
    write(clean, {"functions/count.py": new.replace(b"(letter)", b"(letter if case else '')")})
    told = fnopt("check", "--base", "HEAD")
    assert told.code == 3
    assert "error parameter-required count requires case; still wanted by" in told.out
    assert "functions/count_all.py:10" in told.out
    write(clean, {"functions/count_all.py": CALLER.replace(b'"a"', b'"a", True')})
    told = fnopt("check", "--base", "HEAD")
    assert (told.code, "warning parameter-required" in told.out) == (0, True)


def test_a_removed_function_names_who_still_calls_it(clean: Path, fnopt: Fnopt) -> None:
    """An error; without callers a warning."""
    (clean / "functions" / "count.py").unlink()
    told = fnopt("check", "--base", "HEAD")
    assert told.code == 3
    assert "functions/count.py: error function-removed count is gone; still wanted by" in told.out
    (clean / "functions" / "count_all.py").unlink()
    told = fnopt("check", "--base", "HEAD")
    assert (told.code, told.out.count("warning function-removed")) == (0, 2)


def test_a_rule_that_is_off_says_nothing(clean: Path, fnopt: Fnopt) -> None:
    """Compatibility has switches, too."""
    (clean / "functions" / "count_all.py").unlink()
    write(clean, {"fnopt.toml": b'[library.rules]\nfunction-removed = "off"\n'})
    assert fnopt("check", "--base", "HEAD").out == ""
    write(clean, {"fnopt.toml": b'[library.rules]\nfunction-removed = "error"\n'})
    assert fnopt("check", "--base", "HEAD").code == 3


def test_a_base_without_a_library(clean: Path, git: Git, fnopt: Fnopt) -> None:
    """All is new, nothing is broken."""
    git("mv", "functions", "tools")
    git("commit", "-qm", "elsewhere")
    git("mv", "tools", "functions")
    write(clean, {"functions/bare.py": NAKED})
    told = fnopt("check", "--base", "HEAD", "--json")
    assert told.code == 3
    assert {one["function"] for one in told.json["faults"]} == {"bare"}


def test_an_unreadable_file_at_the_base(clean: Path, git: Git, fnopt: Fnopt) -> None:
    """Said; what is in it now counts as new."""
    write(clean, {"functions/bare.py": b"def bare(:\n"})
    git("add", ".")
    git("commit", "-qm", "broken")
    assert fnopt("check", "--base", "HEAD").code == 0
    write(clean, {"functions/bare.py": NAKED})
    told = fnopt("check", "--base", "HEAD")
    assert told.code == 3
    assert "at the base functions/bare.py: " in told.err
    assert "error annotations bare" in told.out


def test_a_revision_that_is_not_there(clean: Path, fnopt: Fnopt) -> None:
    """Exit 4; in a shallow clone with the command that mends it."""
    told = fnopt("check", "--base", "nowhere")
    assert (told.code, told.out) == (4, "")
    assert "error: no commit is called 'nowhere' here" in told.err


def test_a_shallow_clone(
    clean: Path, tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI that fetched one commit alone is told how to fetch more."""
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{clean}", str(clone))
    monkeypatch.chdir(clone)
    told = fnopt("check", "--base", "HEAD^1")
    assert told.code == 4
    assert "mend: the clone is shallow: git fetch --unshallow" in told.err


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_on_a_terminal_alone(clean: Path, no_color: str, coloured: bool) -> None:
    """And none there where NO_COLOR is set."""
    write(clean, {"functions/bare.py": NAKED})
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    words = [sys.executable, "-m", "fnopt", "check", "bare"]
    subprocess.run(words, stdout=theirs, env=environment, check=False)
    shown = os.read(ours, 4096)
    assert b"annotations" in shown
    assert (b"\x1b[31merror" in shown) is coloured


def test_examples_are_run_when_asked_for(work: Path, git: Git, fnopt: Fnopt) -> None:
    """In the sandbox, of the functions that are chosen and, against a base, not as they were."""
    text = '''def twice(n: int) -> int:
    """Double.

    Args:
        n: What is doubled.

    >>> twice(2)
    5
    """
    return 2 * n
'''
    write(work, {"functions/twice.py": text.encode()})
    assert fnopt("check", "twice").code == 0
    told = fnopt("check", "twice", "--doctests")
    assert told.code == 3
    assert "functions/twice.py:1: error doctest twice: twice(2) gives 4, not 5" in told.out
    assert fnopt("check", "shout", "--doctests").code == 0
    git("add", "-A")
    git("commit", "-qm", "Add twice")
    assert fnopt("check", "--base", "HEAD", "--doctests").code == 0


# -- in CI


def test_annotations_where_githubs_runner_reads(
    clean: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By themselves there, elsewhere when asked for; the exit code is the same."""
    write(clean, {"functions/bare.py": NAKED})
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert fnopt("check").out.startswith("functions/bare.py:1: error ")
    asked = fnopt("check", "--format", "github")
    assert asked.code == 3
    assert asked.out.startswith(
        "::error file=functions/bare.py,line=1,title=fnopt%3A annotations::"
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert fnopt("check") == asked
    assert fnopt("check", "--format", "text").out.startswith("functions/bare.py:1: error ")
    assert fnopt("check", "--json").json["faults"][0]["rule"] == "annotations"


def test_a_code_quality_report_is_all_of_stdout(clean: Path, fnopt: Fnopt) -> None:
    """Redirected to a file it is the artifact; without faults it is an empty list."""
    told = fnopt("check", "--format", "gitlab")
    assert (told.code, json.loads(told.out)) == (0, [])
    write(clean, {"functions/bare.py": NAKED})
    told = fnopt("check", "--base", "HEAD", "--format", "gitlab")
    assert told.code == 3
    assert {one["location"]["path"] for one in json.loads(told.out)} == {"functions/bare.py"}
    assert told.err.startswith("3 functions: ")


def test_two_formats_are_one_too_many(clean: Path, fnopt: Fnopt) -> None:
    """Exit 2."""
    told = fnopt("check", "--json", "--format", "text")
    assert (told.code, told.out) == (2, "")
    assert "error: --json is a format of its own" in told.err


def test_a_file_name_commands_no_runner(clean: Path, fnopt: Fnopt) -> None:
    """Not even where annotations are not asked for: in text, and in what is said beside."""
    write(clean, {"fnopt.toml": b'[library]\nfunctions = ["functions", "*/*.py"]\n'})
    write(clean, {"::add-mask::x/##[warning]a.py": NAKED, "::add-mask::x/b.py": b"def (:\n"})
    run_git(clean, "add", ".")
    run_git(clean, "commit", "-qm", "hostile")
    told = fnopt("check", "--base", "HEAD", "::add-mask::x/b.py")
    said = f"{told.out}{told.err}{fnopt('check', '--format', 'text').out}"
    assert "add-mask::x/b.py" in said
    assert ": :add-mask::x/## [warning]a.py:1: error annotations" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in said


HOSTILE = b"""import pathlib
pathlib.Path(__file__).with_name("imported").touch()


def ours(*args: object) -> float:
    return 1.0
"""


def test_nothing_of_a_pull_request_runs(clean: Path) -> None:
    """Its configuration may name a module wherever a name of one's own can stand, and its files may
    be called as modules are that we import: a check imports none of them; what scores does."""
    names = {
        "tasks": {"scorer": "hostile:ours", "train": "train.jsonl", "val": "val.jsonl"},
        "agent": {"kind": "hostile:ours", "executor": "hostile:ours"},
        "sandbox": {"python": "python"},
    }
    toml = "".join(
        f"[{section}]\n" + "".join(f'{key} = "{value}"\n' for key, value in given.items())
        for section, given in names.items()
    )
    toml += '[library]\npackages = ["hostile"]\n'
    line = b'{"question": "%s?", "answer": "b"}\n'
    shadows = ("hostile", "fnopt", "click", "yaml", "git", "sitecustomize", "functions/hostile")
    write(
        clean,
        {
            "fnopt.toml": toml.encode(),
            "train.jsonl": line % b"a",
            "val.jsonl": line % b"c",
            "python": b"#!/bin/sh\ntouch imported\n",
            ".fnopt/templates/commit.txt": b"{{ 1/0 }}",
            **{f"{name}.py": HOSTILE for name in shadows},
        },
    )
    (clean / "python").chmod(0o755)
    run_git(clean, "add", ".")
    run_git(clean, "commit", "-qm", "hostile")
    marks = [clean / "imported", clean / "functions" / "imported"]
    assert script(clean, "check", "--base", "HEAD^1").returncode in (0, 3)
    assert not any(mark.exists() for mark in marks)
    told = script(clean, "doctor", "--offline")
    assert any(mark.exists() for mark in marks), told


def script(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """fnopt as pip installs it: a script, beside which Python looks for modules first."""
    path = folder.parent / "bin" / "fnopt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("from fnopt.cli.main import main\nmain()\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    command = [sys.executable, str(path), *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
