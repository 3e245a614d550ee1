"""What became of people's requests, said in their threads, each once.

The forge is the memory: an answer carries the request's id in a hidden marker, so that two jobs, or
a job that was killed between the answer and its record, do not say it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fnopt.prose import Prose
from fnopt.review.forge import Comment, Forge

State = Literal["kept", "reverted", "refused", "declined"]


@dataclass(frozen=True)
class Answer:
    """What became of the request ``id``: ``commit`` where one was made; ``why`` is the optimizer's
    reason, ``reason`` the gate's figures or the fault."""

    id: str
    state: State
    why: str
    reason: str = ""
    commit: str | None = None


def marker(request: str) -> str:
    """What an answer to a request is known by."""
    return f"<!-- fnopt:answer={request} -->"


def answer(
    forge: Forge,
    number: int,
    answers: Sequence[Answer],
    threads: Mapping[str, Comment],
    said: Sequence[Comment],
    words: Callable[[Answer], str],
) -> tuple[str, ...]:
    """Answer in the threads of a pull request what is not answered there; the ids that are done.

    ``threads`` has the comment of each request, ``said`` all that stands there now. A request whose
    thread is gone is done, too. Raises ForgeError.
    """
    there = [one.body for one in said if one.ours]
    for one in answers:
        comment = threads.get(one.id)
        if comment is not None and not any(marker(one.id) in body for body in there):
            forge.reply(number, comment, words(one))
    return tuple(one.id for one in answers)


def in_words(prose: Prose, one: Answer, plain: Callable[[str], str]) -> str:
    """An answer as it is posted; ``plain`` makes what a model wrote harmless in Markdown."""
    return prose.render(
        "review-answer.md",
        state=one.state,
        commit=one.commit or "",
        why=plain(one.why),
        reason=plain(one.reason),
        marker=marker(one.id),
    )
