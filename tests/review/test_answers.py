"""Requests are answered in their threads, once, in words that a model cannot turn into more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from fnopt.prose import Prose
from fnopt.review.answers import Answer, answer, in_words, marker
from fnopt.review.forge import Comment, Forge

ASKED = Comment("7", "7", "ann", True, "Handle empty words.", "2026-01-01T00:00:00Z")
KEPT = Answer("7-7", "kept", "an empty word has no letters", "+0.000 of 8 tasks", "a" * 40)


@dataclass
class Thread:
    """A forge that keeps what is said; of its calls only the one that answers is there."""

    said: list[Comment] = field(default_factory=list)

    def reply(self, number: int, comment: Comment, body: str) -> None:
        """Keep it."""
        self.said.append(replace(comment, id=f"r{len(self.said)}", body=body, ours=True))


def told(forge: Thread, answers: Sequence[Answer], threads: dict[str, Comment]) -> tuple[str, ...]:
    prose = Prose()
    speaks: Forge = forge  # type: ignore[assignment]
    return answer(speaks, 1, answers, threads, forge.said, lambda one: in_words(prose, one, str))


def test_a_thread_is_answered_once() -> None:
    """Also by a second job that does not know of the first."""
    forge = Thread()
    assert told(forge, [KEPT], {"7-7": ASKED}) == ("7-7",)
    assert told(forge, [KEPT], {"7-7": ASKED}) == ("7-7",)
    (one,) = forge.said
    assert one.body.startswith("Done in aaaaaaaaaa: an empty word has no letters")
    assert marker("7-7") in one.body


def test_a_comment_that_was_deleted() -> None:
    """There is nobody to answer, and nothing left to do."""
    forge = Thread()
    assert told(forge, [KEPT], {}) == ("7-7",)
    assert forge.said == []


def test_somebody_else_cannot_answer_for_fnopt() -> None:
    """A marker in another's comment counts for nothing."""
    forge = Thread([replace(ASKED, id="8", body=marker("7-7"), ours=False)])
    told(forge, [KEPT], {"7-7": ASKED})
    assert len(forge.said) == 2


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("reverted", "taken back, since it was worse on val: +0.000 of 8 tasks"),
        ("refused", "does not keep to the rules: +0.000 of 8 tasks"),
        ("declined", "Nothing was changed: an empty word has no letters"),
    ],
)
def test_every_end_has_its_words(state: str, says: str) -> None:
    """What was tried, why it is not there, and what people can do."""
    assert says in in_words(Prose(), replace(KEPT, state=state), str)  # type: ignore[arg-type]
