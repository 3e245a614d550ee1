"""What people say of a pull request, as requests to the optimizer.

Only what people with write access wrote is taken up, unless the configuration says otherwise; it
stays data: a value of text that a prompt quotes. What fnopt has answered in a thread is behind it;
what people say there afterwards is asked for anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fnopt.library.function import Function, Library
from fnopt.review.forge import Comment
from fnopt.train.request import Request

LONGEST = 4_000  # characters of a request's text: of more the end is the newest
BOT = "[bot]"
_DEFINED = re.compile(r"(?:async\s+)?def\b")
_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True)
class Feedback:
    """``requests``, oldest first; ``untrusted`` counts comments that have no say; ``threads`` has
    the comment to answer for every request that these comments can have made."""

    requests: tuple[Request, ...] = ()
    untrusted: int = 0
    threads: Mapping[str, Comment] = field(default_factory=dict)


def feedback(
    comments: Sequence[Comment], library: Library, done: Collection[str], *, anyone: bool = False
) -> Feedback:
    """The requests in a pull request's comments but for those ``done``, by id.

    ``library`` is the one at the branch's head; ``anyone``: whose comments count.
    """
    untrusted = 0
    found: list[Request] = []
    threads: dict[str, Comment] = {}
    for thread in _threads(comments):
        people = [one for one in thread if _says_something(one)]
        heard = [one for one in people if anyone or one.trusted]
        untrusted += len(people) - len(heard)
        threads |= {request_id(one): one for one in heard}
        fresh = [one for one in heard if one in _behind(thread, done)]
        if fresh and not thread[-1].resolved:
            found.append(_request(fresh, thread[0], library))
    return Feedback(tuple(found), untrusted, threads)


def request_id(comment: Comment) -> str:
    """What a request is known by: its thread, and the last comment that was heard in it."""
    return _UNSAFE.sub("-", f"{comment.thread}-{comment.id}")


def _threads(comments: Iterable[Comment]) -> list[list[Comment]]:
    found: dict[str, list[Comment]] = {}
    for one in comments:
        found.setdefault(one.thread, []).append(one)
    return list(found.values())


def _behind(thread: Sequence[Comment], done: Collection[str]) -> Sequence[Comment]:
    """What was said since fnopt spoke last, or took something up."""
    known = (at for at, one in enumerate(thread) if one.ours or request_id(one) in done)
    return thread[max(known, default=-1) + 1 :]


def _says_something(comment: Comment) -> bool:
    """Whether there may be something to do: an approval asks for nothing, a machine for no code."""
    approves = comment.review == "approved" and comment.path is None
    speaks = not comment.ours and not comment.author.endswith(BOT)
    return bool(comment.body.strip()) and speaks and not approves


def _request(heard: Sequence[Comment], first: Comment, library: Library) -> Request:
    last = heard[-1]
    function = _function_at(library, first.path, first.line)
    return Request(
        id=request_id(last),
        author=last.author,
        text=_text(heard),
        function=function.name if function else None,
        path=first.path,
        line=first.line,
        code=_line(library, first.path, first.line),
    )


def _text(heard: Sequence[Comment]) -> str:
    """All that was said, with its authors where there are several."""
    several = len({one.author for one in heard}) > 1
    parts = [f"{one.author}: {one.body.strip()}" if several else one.body.strip() for one in heard]
    return "\n\n".join(parts)[-LONGEST:]


def _function_at(library: Library, path: str | None, line: int | None) -> Function | None:
    """The function whose text the line is in; the only one of a file where no line is given."""
    there = [one for one in library.functions if one.path == path]
    if line is None:
        return there[0] if len(there) == 1 else None
    return next((one for one in there if line in _lines(one)), None)


def _lines(function: Function) -> range:
    """The lines of its file that a function takes, decorators and comments above included."""
    lines = function.source.rstrip("\n").split("\n")
    above = next((at for at, line in enumerate(lines) if _DEFINED.match(line)), 0)
    first = function.line - above
    return range(first, first + len(lines))


def _line(library: Library, path: str | None, line: int | None) -> str:
    if path is None or line is None or path not in library.files:
        return ""
    lines = library.files[path].decode(errors="replace").splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""
