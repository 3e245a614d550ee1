"""What an endpoint is asked when it is probed, and what of its answers counts.

Nothing that is asked for can be guessed: the words stand nowhere but in the first message or in the
results of calls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from fnopt.agents.calls import arguments_of, calls_in_text
from fnopt.agents.profile import Json, opening
from fnopt.agents.toolbox import definitions
from fnopt.agents.tools import native_calls, native_turn, offered
from fnopt.library.function import Library, read
from fnopt.models.client import Reply, ToolCall, Tools
from fnopt.prose import Prose

Messages = tuple[Mapping[str, Any], ...]

WORD = "tungsten"
SYSTEM = f"Whatever you are asked, your whole answer is the word {WORD}."
USER = "Which word is it?"

NOTES = {"ada": "marzipan", "ben": "turquoise"}
"""Who noted which word; only calls can tell."""

QUESTION = "Which words did ada and ben note? Read both notes at once, with one call for each."
READ = "read_note"
SOURCE = b'''
from typing import Literal, TypedDict


class Entry(TypedDict):
    """A note with its owner."""

    owner: str
    words: list[str]


def read_note(owner: str) -> str:
    """Read the word that somebody noted.

    Args:
        owner: Whose note it is.
    """
    return owner


def sort_notes(entries: list[Entry], order: Literal["up", "down"] = "up", top: int = 3) -> str:
    """Sort many notes.

    Args:
        entries: The notes to sort.
        order: Which come first.
        top: How many are kept.
    """
    return order
'''
"""``sort_notes`` is not to be called: its schema holds what those of real functions hold."""

ASK_JSON = f'Reply with a JSON object whose key "word" holds the word {WORD}.'
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
FORMATS: Mapping[Json, Mapping[str, Any]] = {
    "json_schema": {
        "type": "json_schema",
        "json_schema": {"name": "word", "strict": True, "schema": SCHEMA},
    },
    "json_object": {"type": "json_object"},
}


@cache
def library() -> Library:
    """The functions that are offered."""
    return read({"functions/notes.py": SOURCE})


def tools(*, strict: bool) -> Tools:
    """The functions as the agent would offer them."""
    return definitions(library(), strict=strict)


def question(*, native: bool, role: bool) -> Messages:
    """The question as the agent would put it."""
    listed = () if native else offered(library().functions, tools(strict=False))
    system = Prose().render("agent-tools.txt", native=native, offered=listed)
    return opening(system, QUESTION, role=role)


def calls_of(reply: Reply) -> tuple[ToolCall, ...]:
    """The distinct native calls of a reply that make sense, one for each owner at most."""
    first: dict[str, ToolCall] = {}
    for call in native_calls(reply):
        first.setdefault(owner_of(call), call)
    return tuple(call for owner, call in first.items() if owner)


def owner_of(call: ToolCall) -> str:
    """Whose note a call reads; empty when it makes no sense."""
    return _owner(call.name, call.arguments)


def _owner(name: str, arguments: str) -> str:
    values = arguments_of(arguments)
    said = str(values.get("owner", "")) if isinstance(values, dict) and name == READ else ""
    return said.strip().lower() if said.strip().lower() in NOTES else ""


def is_written(reply: Reply) -> bool:
    """Whether a reply holds a call as text."""
    return any(_owner(*call) for call in calls_in_text(reply.content, [READ]))


def turn(content: str, calls: Sequence[ToolCall]) -> Messages:
    """The calls with their results, as the agent would send them back."""
    return tuple(native_turn(content, calls, [NOTES[owner_of(call)] for call in calls]))


def holds_notes(reply: Reply, calls: Sequence[ToolCall]) -> bool:
    """Whether a reply makes use of what calls returned."""
    said = reply.content.lower()
    return any(NOTES[owner_of(call)] in said for call in calls)


def is_json(reply: Reply) -> bool:
    """Whether a reply is the JSON object that was asked for, and nothing else."""
    try:
        value = json.loads(reply.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("word"), str)
