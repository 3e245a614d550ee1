"""The words of a pull request, from facts alone: its title, and a body that people can judge by.

All that a model, a task or a repository wrote goes through :mod:`fnopt.review.defuse` on its way
into the template. A body that would be too long loses details, the least important ones first, and
says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fnopt.errors import UsageError
from fnopt.history import message
from fnopt.prose import OVERRIDES, Prose
from fnopt.review.facts import Facts
from fnopt.review.marks import marked, merged, words_around
from fnopt.review.view import Room, view

LONGEST = 60_000
"""Characters of a body; GitHub takes 65,536."""

TEMPLATE = "pull-request.md"
FLOOR = 5_000
"""Characters that fnopt's part of a body has whatever people wrote around it."""

_ACTIONS = {"added": "add", "removed": "remove", "revised": "revise", "renamed": "rename"}
_APART = re.compile(r"\n{3,}")


def title(facts: Facts) -> str:
    """``feat(functions): add count_letter, revise parse_date``: the subject of a squash merge."""
    changed = sorted(facts.functions, key=lambda one: list(_ACTIONS).index(_kind(one.kind)))
    if not changed:
        return f"chore(functions): nothing to merge of run {facts.run}"
    return message.subject((_ACTIONS[_kind(one.kind)], one.name) for one in changed)


def body(facts: Facts, prose: Prose, most: int = LONGEST) -> str:
    """The body in Markdown, of ``most`` characters at most, with the marks that it is known by.

    Raises UsageError when the repository's own template is broken or does not come below that.
    """
    text = ""
    for room, left in _rooms():
        values = view(facts, room)
        text = prose.render(TEMPLATE, **values, left=left, limit=most)
        text = marked(_APART.sub("\n\n", text), facts.run, facts.head)
        if len(text) <= most:
            return text
    raise UsageError(
        f"{TEMPLATE}: the body has {len(text):,} characters, and {most:,} are allowed",
        f"shorten your own template {OVERRIDES / TEMPLATE}",
    )


def rewritten(old: str, facts: Facts, prose: Prose) -> str:
    """The body as it is now in the place of an ``old`` one, with what people wrote around it."""
    theirs = sum(map(len, words_around(old)))
    return merged(old, body(facts, prose, max(LONGEST - theirs, FLOOR)))


def _kind(kind: str) -> str:
    return kind if kind in _ACTIONS else "revised"


def _rooms() -> Iterator[tuple[Room, list[str]]]:
    """How much there is room for, and what is left out by that; from much to little."""
    left: list[str] = []
    room = Room()
    yield room, []
    for less, said in (
        ({"words": 600}, "reasons after their first words"),
        ({"nodes": 0}, "the lineage"),
        ({"steps": 8}, "older steps"),
        ({"reasons": 12}, "older reasons"),
        ({"functions": 60}, "further functions"),
        ({"worse": 20, "faults": 8}, "further tasks and faults"),
        ({"words": 200, "reasons": 4, "functions": 12, "worse": 8, "faults": 3}, "most details"),
        ({"words": 80, "reasons": 1, "functions": 3, "worse": 3, "faults": 1, "steps": 2}, ""),
    ):
        room = replace(room, **less)
        left = [*left, said] if said else left
        yield room, left
