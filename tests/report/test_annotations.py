"""Faults as CI takes them; what a repository says is never taken for more."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fnopt.cli.echo import unobeyed
from fnopt.records import Fault
from fnopt.report.annotations import github, gitlab

FAULT = Fault("annotations", "bare does not say the type of x", "Say it.", "bare", "f/a.py", 3)


def obeyed(log: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of a log: command, properties and message of each line that is
    one. Its log is cut at every end of line; a command begins a line, but for blanks."""
    found = []
    for line in filter(None, re.split(r"\r\n|\n|\r", log)):
        match = re.match(r"\s*::([^\s:]+)(?: (.*?))?::(.*)", line)
        assert match, line
        pairs = (one.partition("=") for one in (match[2] or "").split(","))
        properties = {key: unescaped(value) for key, _, value in pairs}
        found.append((match[1], properties, unescaped(match[3])))
    return found


def unescaped(text: str) -> str:
    codes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return re.sub("%(?:0D|0A|3A|2C|25)", lambda match: codes[match.group()], text)


def test_a_fault_is_an_annotation_at_its_line() -> None:
    """With place and rule in the message, since the log does not show properties."""
    assert github([FAULT]) == (
        "::error file=f/a.py,line=3,title=fnopt%3A annotations"
        "::f/a.py:3: annotations bare does not say the type of x%0Amend: Say it.\n"
    )


def test_a_warning_is_one_and_no_place_is_none() -> None:
    """Properties that a fault has not are left out."""
    fault = Fault("length", "too long", level="warning")
    assert github([fault]) == "::warning title=fnopt%3A length::length too long\n"
    assert github([]) == ""


def test_a_hostile_repository_commands_nothing() -> None:
    """A line end, a separator or a percent sign in a name begins no command and no property."""
    fault = replace(
        FAULT,
        file="f/a,title=b::c%0A\n::stop-commands::x.py",
        message="x\r\n::add-mask::secret\n##[set-output name=a]b",
        mend="::set-output name=a::b",
    )
    ((command, properties, message),) = obeyed(github([fault]))
    assert command == "error"
    assert properties == {"file": fault.file, "line": "3", "title": "fnopt: annotations"}
    assert message.splitlines()[-1] == "mend: ::set-output name=a::b"


@given(st.text(), st.text(), st.text(min_size=1), st.integers(1, 9))
def test_any_text_is_one_command(message: str, mend: str, file: str, line: int) -> None:
    """Whatever it holds; file and line come back as they were."""
    faults = [replace(FAULT, message=message, mend=mend, file=file, line=line)] * 2
    found = obeyed(github(faults))
    assert [command for command, _, _ in found] == ["error", "error"]
    assert {one["line"] for _, one, _ in found} == {str(line)}
    if file.isprintable():
        assert {one["file"] for _, one, _ in found} == {file}


@given(st.text(alphabet=":#[ \n\rax"))
def test_what_is_said_beside_is_no_command(text: str) -> None:
    """Neither of the new form nor of the old; nothing but blanks is added."""
    said = unobeyed(text)
    assert not re.search(r"^\s*::", said, re.MULTILINE)
    assert "##[" not in said
    assert said.replace(" ", "") == text.replace(" ", "")


def test_plain_words_stay_as_they_are() -> None:
    """A blank is added to what looks like a command, and to nothing else."""
    assert unobeyed("f.py:3: a::b, #[x] and ##x") == "f.py:3: a::b, #[x] and ##x"


def test_the_code_quality_report() -> None:
    """The documented fields of each fault; an empty list where there are none."""
    (found,) = json.loads(gitlab([FAULT]))
    fingerprint = found.pop("fingerprint")
    assert re.fullmatch("[0-9a-f]{64}", fingerprint)
    assert found == {
        "description": "bare does not say the type of x (mend: Say it.)",
        "check_name": "fnopt/annotations",
        "severity": "major",
        "location": {"path": "f/a.py", "lines": {"begin": 3}},
    }
    (found,) = json.loads(gitlab([Fault("length", "too long", level="warning")]))
    assert (found["severity"], found["location"]["lines"]) == ("minor", {"begin": 1})
    assert json.loads(gitlab([])) == []


def prints(*faults: Fault) -> list[str]:
    return [one["fingerprint"] for one in json.loads(gitlab(faults))]


def test_a_fingerprint_outlives_moved_lines() -> None:
    """Of the fault itself, and of a place that its message names."""
    before = replace(FAULT, message="count is gone; still wanted by a (f/b.py:10)")
    after = replace(FAULT, message="count is gone; still wanted by a (f/b.py:12)", line=9)
    assert prints(before) == prints(after)


def test_each_fault_has_a_fingerprint_of_its_own() -> None:
    """GitLab shows one fault of each; what differs is the rule, the file, the words or the turn."""
    others = [
        replace(FAULT, rule="docstring"),
        replace(FAULT, file="f/b.py"),
        replace(FAULT, function="other"),
        replace(FAULT, message="bare does not say the type of y"),
        replace(FAULT, line=8),
    ]
    found = prints(FAULT, *others)
    assert len(set(found)) == 6
    assert prints(FAULT, *others) == found
