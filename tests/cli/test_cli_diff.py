"""``fnopt diff``: what became of each function."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Fnopt, Git, write

DATES = b'''"""Dates."""

WEEK = 7


def _strip(text: str) -> str:
    return text.replace(" ", "")


def parse_date(text: str) -> list[str]:
    """Read a date.

    Args:
        text: What to read.
    """
    return _strip(text).split("-")


def weeks(days: int) -> int:
    """Count whole weeks.

    Args:
        days: How many days.
    """
    return days // WEEK
'''
CALLER = b'''from functions.dates import weeks


def months(days: int) -> int:
    """Count whole months.

    Args:
        days: How many days.
    """
    return weeks(days) // 4
'''


@pytest.fixture
def dates(work: Path, git: Git) -> Path:
    """A repository of three functions, two of them in one module."""
    (work / "functions" / "words.py").unlink()
    write(work, {"functions/dates.py": DATES, "functions/months.py": CALLER})
    git("add", ".")
    git("commit", "-qm", "dates")
    return work


def test_nothing_changed(dates: Path, fnopt: Fnopt) -> None:
    """Nothing on stdout; layout and files outside of the library do not count."""
    write(dates, {"README.md": b"Hello.\n"})
    told = fnopt("diff")
    assert (told.code, told.out, told.err) == (0, "", "no function changed\n")
    assert fnopt("diff", "HEAD", "HEAD", "--json").json == {
        "schema": 1,
        "before": "HEAD",
        "after": "HEAD",
        "changes": [],
        "files": [],
    }


def test_a_revision_shows_the_function_with_its_helpers(dates: Path, fnopt: Fnopt) -> None:
    """A helper's change is its function's; the others of the file are not shown."""
    write(dates, {"functions/dates.py": DATES.replace(b'" ", ""', b'" ", "", 1')})
    told = fnopt("diff", "HEAD")
    assert told.code == 0
    assert told.out.startswith(
        "revised parse_date (functions/dates.py)\n"
        "--- functions/dates.py:parse_date\n+++ functions/dates.py:parse_date\n"
    )
    assert '-    return text.replace(" ", "")\n+    return text.replace(" ", "", 1)\n' in told.out
    assert "weeks" not in told.out
    assert told.err == "1 revised\n"


def test_a_changed_signature_names_what_it_breaks(dates: Path, fnopt: Fnopt) -> None:
    """Before and after, and the call sites."""
    changed = DATES.replace(b"weeks(days: int)", b"weeks(days: int, start: int)")
    write(dates, {"functions/dates.py": changed})
    told = fnopt("diff", "HEAD", "weeks")
    assert "  was weeks(days: int) -> int\n  now weeks(days: int, start: int) -> int\n" in told.out
    assert "  error parameter-required weeks requires start; still wanted by " in told.out
    assert "functions/months.py:10" in told.out
    assert told.err == "1 revised, 1 error\n"


def test_added_removed_renamed_and_moved(dates: Path, git: Git, fnopt: Fnopt) -> None:
    """Between two revisions; each known for what it is."""
    head, tail = DATES.split(b"def weeks")
    write(
        dates,
        {
            "functions/dates.py": head.replace(b"WEEK = 7\n\n\n", b""),
            "functions/spans.py": b"WEEK = 7\n\n\ndef whole_weeks" + tail,
            "functions/shout.py": b"def shout(word: str) -> str:\n    return word.upper() + '!'\n",
        },
    )
    (dates / "functions" / "months.py").unlink()
    git("add", ".")
    git("commit", "-qm", "tidy")
    told = fnopt("diff", "HEAD^", "HEAD", "--json")
    kinds = {one["name"]: one["kind"] for one in told.json["changes"]}
    assert kinds == {"months": "removed", "shout": "added", "whole_weeks": "renamed"}
    renamed = next(one for one in told.json["changes"] if one["kind"] == "renamed")
    assert (renamed["moved"], renamed["revised"]) == (True, False)
    assert renamed["before"]["path"] == "functions/dates.py"
    assert [one["rule"] for one in renamed["faults"]] == ["function-renamed"]
    text = fnopt("diff", "HEAD^..HEAD").out
    assert "renamed weeks to whole_weeks, moved from functions/dates.py to" in text
    assert fnopt("diff", "HEAD^", "HEAD", "weeks").out.startswith("renamed weeks")
    assert fnopt("diff", "HEAD^", "HEAD", "whole_weeks").out.startswith("renamed weeks")
    assert fnopt("diff", "HEAD").err == "no function changed\n"


def test_the_short_form(dates: Path, fnopt: Fnopt) -> None:
    """A line a function: kind, name, file, lines that came and went, what it breaks."""
    write(dates, {"functions/dates.py": DATES.replace(b"WEEK = 7", b"WEEK = 5")})
    told = fnopt("diff", "--stat")
    assert told.out.split() == ["revised", "weeks", "functions/dates.py", "+1", "-1"]


def test_what_changed_outside_of_functions(dates: Path, git: Git, fnopt: Fnopt) -> None:
    """A file of helpers is shown as it is, or nobody would see it."""
    write(dates, {"functions/_common.py": b"def _tidy(x):\n    return x\n"})
    told = fnopt("diff")
    assert "outside of functions: functions/_common.py\n--- /dev/null\n" in told.out
    assert told.err == "1 file outside of functions\n"
    assert fnopt("diff", "--json").json["files"][0]["path"] == "functions/_common.py"


def test_before_there_was_a_library(dates: Path, git: Git, fnopt: Fnopt) -> None:
    """All is added."""
    git("checkout", "-q", "--orphan", "empty")
    git("commit", "-qm", "none", "--allow-empty")
    git("rm", "-rqf", "--cached", "functions")
    git("commit", "-qm", "nothing")
    kinds = [one["kind"] for one in fnopt("diff", "HEAD", "--json").json["changes"]]
    assert kinds == ["added", "added", "added"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nowhere"], 4, "no commit is called 'nowhere' here"),
        (["HEAD", "wekes"], 2, "'wekes' is no revision, and no function of either"),
        (["HEAD", "HEAD", "weeks", "more"], 2, "4 words are too many"),
        (["HEAD", "nowhere", "weeks"], 4, "no commit is called 'nowhere' here"),
    ],
)
def test_what_cannot_be_shown(
    dates: Path, fnopt: Fnopt, words: list[str], code: int, message: str
) -> None:
    """Unknown revisions and functions, with a way out."""
    told = fnopt("diff", *words)
    assert (told.code, told.out) == (code, "")
    assert message in told.err
    assert "mend: " in told.err


def test_control_characters_do_not_reach_the_terminal(dates: Path, fnopt: Fnopt) -> None:
    """What a model wrote is data."""
    write(dates, {"functions/odd.py": b'def odd() -> str:\n    return "\x1b[31m"\n'})
    assert "\x1b" not in fnopt("diff").out
