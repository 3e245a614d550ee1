"""Faults as a forge's CI takes them: GitHub's workflow commands, GitLab's code quality report.

What a fault says comes out of a repository that anybody may have written. A runner obeys lines of
a log that look like its commands, so nothing of a fault may begin one or end one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence

from fnopt.records import Fault

NOWHERE = "."
"""The path of a fault that is of no file; GitLab shows nothing without one."""

SEVERITY = {"error": "major", "warning": "minor"}
_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_MESSAGE, ":": "%3A", ",": "%2C"}
_PLACE = re.compile(r"(?<!\w)\d[\d,]*(?!\w)")


def github(faults: Sequence[Fault]) -> str:
    """A workflow command a line, which GitHub shows at the line of the pull request.

    The place stands in the message, too: the log does not show the properties. Gitea and Forgejo
    read the same. Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    and, for what is escaped, ``command.ts`` in GitHub's actions/toolkit.
    """
    return "".join(f"{_command(fault)}\n" for fault in faults)


def gitlab(faults: Sequence[Fault]) -> str:
    """The code quality report, a JSON list.

    A fingerprint is that of the fault, wherever in its file it stands; of several that are equal
    each has its own. Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    seen: Counter[str] = Counter()
    found = []
    for fault in faults:
        known = _known_by(fault)
        found.append(_issue(fault, _digest(known, str(seen[known]))))
        seen[known] += 1
    return json.dumps(found, indent=2) + "\n"


def _command(fault: Fault) -> str:
    place = ":".join(str(part) for part in (fault.file, fault.line) if part)
    message = f"{fault.rule} {_line(fault.message)}"
    message = f"{place}: {message}" if place else message
    if fault.mend:
        message += f"\nmend: {_line(fault.mend)}"
    given = {"file": fault.file, "line": fault.line, "title": f"fnopt: {fault.rule}"}
    said = ",".join(f"{key}={_escaped(str(v), _PROPERTY)}" for key, v in given.items() if v)
    return f"::{fault.level} {said}::{_escaped(message, _MESSAGE)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char if char.isprintable() else "�") for char in text)


def _issue(fault: Fault, fingerprint: str) -> dict[str, object]:
    mend = f" (mend: {_line(fault.mend)})" if fault.mend else ""
    return {
        "description": f"{_line(fault.message)}{mend}",
        "check_name": f"fnopt/{fault.rule}",
        "fingerprint": fingerprint,
        "severity": SEVERITY[fault.level],
        "location": {
            "path": _escaped(fault.file or NOWHERE, {}),
            "lines": {"begin": fault.line or 1},
        },
    }


def _known_by(fault: Fault) -> str:
    """Numbers do not count: a message may name the lines of others, and those move, too."""
    return _digest(
        fault.rule, fault.file or "", fault.function or "", _PLACE.sub("", fault.message)
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _line(text: str) -> str:
    """One line of what can be printed."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
