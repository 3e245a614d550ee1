"""What a body is known by, and what in it is fnopt's: hidden marks that no other text can forge.

Everything that a model, a task or a repository wrote goes through :mod:`fnopt.review.defuse`, of
which no ``<!--`` comes out. What stands outside of the marks is people's, and stays.
"""

from __future__ import annotations

import re

BEGIN = "<!-- fnopt:begin -->"
END = "<!-- fnopt:end -->"
_NOTE = "<!-- fnopt writes anew what stands between its marks: write above or below them -->"
_MARKER = re.compile(
    r"^<!-- fnopt:run=(?P<run>[A-Za-z0-9][\w.-]*) head=(?P<head>[0-9a-f]{40,64}) -->[ \t]*$",
    re.MULTILINE | re.ASCII,
)


def marker(run: str, head: str) -> str:
    """The mark that a body ends with: whose it is, and of which commit of the branch."""
    return f"<!-- fnopt:run={run} head={head} -->"


def read_marker(body: str) -> dict[str, str] | None:
    """``{"run": RUN, "head": SHA}`` of a body, or None where it has no marker."""
    found = list(_MARKER.finditer(_lines(body)))
    return found[-1].groupdict() if found else None


def marked(text: str, run: str, head: str) -> str:
    """A text as fnopt's part of a body, with its marker."""
    return f"{BEGIN}\n{_NOTE}\n\n{text}\n\n{END}\n{marker(run, head)}\n"


def words_around(body: str) -> tuple[str, str]:
    """What people wrote above and below fnopt's part; where marks are missing, all is theirs."""
    body = _lines(body)
    end = body.rfind(END)
    begin = body.rfind(BEGIN, 0, end) if end >= 0 else -1
    if begin < 0:
        return _MARKER.sub("", body).strip(), ""
    return body[:begin].strip(), _MARKER.sub("", body[end + len(END) :]).strip()


def merged(old: str, new: str) -> str:
    """The body ``new`` with what people wrote around fnopt's part of ``old``."""
    above, below = words_around(old)
    own = _lines(new).strip()
    at = own.rfind(END) + len(END)
    parts = (above, own[:at].strip(), below, own[at:].strip())
    text = "\n\n".join(filter(None, parts[:3]))
    return f"{text}\n\n{parts[3]}\n" if below else f"{text}\n{parts[3]}\n"


def _lines(body: str) -> str:
    """Forges give bodies back with the line ends of the browser that saved them."""
    return body.replace("\r\n", "\n").replace("\r", "\n")
