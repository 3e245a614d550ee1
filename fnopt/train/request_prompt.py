"""The prompt of an edit that a person asked for: their words, and the function that it is about.

Short on purpose, with the code last: a small model does what it reads last. The words stand as a
quotation (:mod:`fnopt.train.quote`). No task of any split is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fnopt.agents.profile import opening
from fnopt.library.callgraph import callers
from fnopt.library.function import Function, Library
from fnopt.library.proposal import tool_definitions
from fnopt.models import client
from fnopt.prose import Prose
from fnopt.records import Fault
from fnopt.train import excerpt
from fnopt.train.budget import prompt_tokens
from fnopt.train.excerpt import of_list, short
from fnopt.train.optimizer import DRAWS, FIRST, Voice
from fnopt.train.paper_view import code_of
from fnopt.train.quote import MARK, in_a_line, quoted
from fnopt.train.request import Request

SUMMARY = 120  # characters of a function's summary
FENCE = "```"


@dataclass(frozen=True)
class Matter:
    """What people ask for: ``requests`` on the one ``function``, or on the library where that is
    None. ``packages`` may be imported; ``notes`` are the owner's."""

    requests: tuple[Request, ...]
    library: Library
    function: Function | None
    locked: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Room:
    """How much is shown beside the function, which always is: characters of each request, ``lines``
    of other functions, characters of a note."""

    words: int
    lines: int
    notes: int


ROOMS = (
    Room(4_000, 80, 4_000),
    Room(2_000, 40, 1_000),
    Room(1_000, 16, 300),
    Room(600, 6, 0),
    Room(300, 0, 0),
)


def ask(prose: Prose, voice: Voice, matter: Matter, step: int, draw: int) -> client.Request | Fault:
    """The request for a draw of a step; the fault where none is within the budget of the voice."""
    least = 0
    for room in ROOMS[1:] if voice.brief else ROOMS:
        made = _request(prose, voice, _shown(matter, room, voice), step, draw)
        least = prompt_tokens(made)
        if least <= voice.max_prompt * FIRST:
            return made
    needed = round(least / FIRST) + 1
    message = f"the function is too long for prompts of {voice.max_prompt} tokens: {needed} needed"
    mend = f"set optimizer.max_prompt to {needed} or more, or change it by hand"
    return Fault("too-long", message, mend, matter.function.name if matter.function else None)


def _request(
    prose: Prose, voice: Voice, values: dict[str, Any], step: int, draw: int
) -> client.Request:
    system = prose.render("optimizer-request.txt", **values)
    user = prose.render("optimizer-request-task.txt", **values)
    warmth = voice.retry_temperature if draw else voice.temperature
    return client.Request(
        model=voice.model,
        messages=opening(system, user, role=voice.system_role),
        tools=tool_definitions() if voice.native_tools else (),
        temperature=warmth,
        max_tokens=voice.max_tokens,
        seed=step + DRAWS * draw if warmth else None,
        endpoint=voice.endpoint,
    )


def _shown(matter: Matter, room: Room, voice: Voice) -> dict[str, Any]:
    """Values for the templates. A ``brief`` voice is shown no function but the one it is about: it
    copies what it sees."""
    function, library = matter.function, matter.library
    code = code_of(library, function.name).strip() if function else ""
    others = [one for one in library.functions if function is None or one.name != function.name]
    shown = [] if voice.brief and function else others
    return {
        "native": voice.native_tools,
        "brief": voice.brief,
        "mark": MARK.strip(),
        "requests": [_worded(one, function, room) for one in matter.requests],
        "name": function.name if function else "",
        "signature": function.signature if function else "",
        "code": code,
        "fence": _fence(code),
        "callers": of_list(sorted(callers(library, function.name)), 8) if function else [],
        "others": of_list(shown, room.lines, _line) if room.lines else [],
        "locked": of_list(matter.locked, max(1, room.lines)),
        "packages": matter.packages,
        "notes": [short(one, room.notes) for one in matter.notes] if room.notes else [],
    }


def _worded(one: Request, function: Function | None, room: Room) -> dict[str, str]:
    """A request in quotation; ``gone`` names a function that is no more."""
    gone = in_a_line(one.function, excerpt.LINE) if one.function and function is None else ""
    at = quoted(" ".join(one.code.split()), excerpt.LINE) if one.code.strip() else ""
    return {"text": quoted(one.text, room.words), "at": at, "gone": gone}


def _line(function: Function) -> str:
    return f"{function.signature}: {short(function.summary, SUMMARY)}"


def _fence(code: str) -> str:
    """A fence that the code does not hold."""
    fence = FENCE
    while fence in code:
        fence += "`"
    return fence


def about(
    requests: Sequence[Request], library: Library
) -> tuple[tuple[Request, ...], Function | None]:
    """The oldest request with the others on its function, at most :data:`MOST` at once, and that
    function; a request that stands at none, or at one that is gone, comes alone."""
    first = requests[0]
    function = library.get(first.function) if first.function else None
    if function is None:
        return (first,), None
    same = [one for one in requests if one.function == first.function]
    return tuple(same[:MOST]), function


MOST = 5
"""Requests that one edit is to answer."""
