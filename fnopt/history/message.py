"""Commit messages: headline figures as trailers, prose as data that can forge none of them.

Trailers survive push, clone and rebase, and show everywhere (git-interpret-trailers(1)). Subjects
follow Conventional Commits 1.0.0. A line of prose that could be read as a trailer or as git's own
mark of a revert is indented by two blanks, and only lines without that indent are ever believed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

Trailers = Mapping[str, tuple[str, ...]]

WIDTH = 72
SUBJECT_WIDTH = 72
TYPES = {"add": "feat", "revise": "fix", "remove": "refactor"}
KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE)
PICKED = "(cherry picked from commit "  # `git cherry-pick -x` puts it among the trailers
BELIEVED = re.compile(r"[A-Za-z0-9-]+\s*:|This reverts commit\b|\(cherry picked from commit ")
_TRAILER = re.compile(rf"^({KEY.pattern}):( .*|[^\S\n]*)$", re.MULTILINE)
_APART = re.compile(r"\n(?:[ \t]*\n)+")
_NUMBER = re.compile(r"[0-9]{1,9}")
SQUASHED = " " * 4  # `git merge --squash` indents the messages that it gathers


def subject(actions: Iterable[tuple[str, str]]) -> str:
    """``feat(functions): add count_letter`` for the (action, function) pairs of an update."""
    pairs = list(actions)
    kind = TYPES.get(pairs[0][0], "chore")
    what = ", ".join(f"{action} {function}" for action, function in pairs)
    return textwrap.shorten(f"{kind}(functions): {what}", SUBJECT_WIDTH, placeholder=" …")


def compose(subject: str, body: str, trailers: Iterable[tuple[str, str]]) -> str:
    """A whole message. ``body`` may be anything: it is wrapped and cannot pass for a trailer."""
    paragraphs = [prose(part) for part in re.split(r"\n\s*\n", body)]
    return _message(subject, paragraphs, trailers)


def revert(reverted: str, commit: str, trailers: Iterable[tuple[str, str]]) -> str:
    """The message of a commit that reverts ``commit``, whose message is ``reverted``."""
    first = reverted.split("\n", 1)[0]
    return _message(f'Revert "{first}"', [f"This reverts commit {commit}."], trailers)


def reapply(message: str, commit: str, revert: str, trailers: Iterable[tuple[str, str]]) -> str:
    """The message of a commit that reverts ``revert``, which had taken back ``commit``.

    The subject is as git's since 2.43 for the revert of a revert.
    """
    first = message.split("\n", 1)[0]
    said = [f"{commit} is kept by a person.", f"This reverts commit {revert}."]
    return _message(f'Reapply "{first}"', said, trailers)


def prose(text: str) -> str:
    """One paragraph, wrapped; a line that would be believed is indented."""
    lines = textwrap.wrap(_line(text), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"  {line}" if BELIEVED.match(line) else line for line in lines)


def trailers(message: str) -> Trailers:
    """The trailers of a message's last block, each key with its values in order.

    After a squash merge several messages lie in one: use :func:`blocks` then.
    """
    parts = _parts(message)
    return _block(parts[-1]) if len(parts) > 1 else {}


def body(message: str) -> str:
    """What stands between a message's subject and its trailers."""
    parts = _parts(message)[1:]
    return "\n\n".join(parts[:-1] if parts and _block(parts[-1]) else parts)


def blocks(message: str) -> list[Trailers]:
    """Every block of trailers in a message, in order (a squash merge holds several)."""
    parts = (part for part in _parts(message)[1:] if "Fnopt-Step" in part)
    found = [_block(_outdented(part)) for part in parts]
    return [block for block in found if "Fnopt-Step" in block]


def reverted(message: str) -> str | None:
    """The commit (perhaps abbreviated) that a message says it reverts, or None.

    Knows what `git revert`, with and without ``--reference``, and :func:`revert` write.
    """
    if "This reverts commit" not in message:
        return None
    match = REVERTED.search("\n\n".join(_parts(message)[1:]))
    return match[1] if match else None


def number(trailers: Trailers, key: str) -> int | None:
    """A trailer's first value as a whole number, or None."""
    value = trailers.get(key, ("",))[0]
    return int(value) if _NUMBER.fullmatch(value) else None


def _message(subject: str, paragraphs: list[str], trailers: Iterable[tuple[str, str]]) -> str:
    block = "\n".join(f"{key}: {_line(value)}".rstrip() for key, value in trailers)
    return (
        "\n\n".join([_line(subject) or "(no subject)", *filter(None, [*paragraphs, block])]) + "\n"
    )


def _parts(message: str) -> list[str]:
    text = message.replace("\r\n", "\n").strip("\n")
    return [part for part in _APART.split(text) if part]


def _outdented(part: str) -> str:
    if not part.startswith(SQUASHED):
        return part
    lines = part.split("\n")
    squashed = all(line.startswith(SQUASHED) for line in lines)
    return "\n".join(line[len(SQUASHED) :] for line in lines) if squashed else part


def _block(part: str) -> Trailers:
    lines = [line for line in part.split("\n") if not line.startswith(PICKED)]
    trailers = _TRAILER.findall("\n".join(lines))
    found: dict[str, tuple[str, ...]] = {}
    for key, value in trailers if len(trailers) == len(lines) else ():
        found[key] = (*found.get(key, ()), value.strip())
    return found


def _line(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())
