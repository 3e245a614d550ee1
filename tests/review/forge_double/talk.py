"""What people say at a forge: comments, comments on lines, answers, reviews.

Whoever calls holds the state's lock.
"""

from __future__ import annotations

import subprocess

from review.forge_double.state import State
from review.forge_double.values import Note, Refused, Review, Thread, Verdict


def comment(state: State, number: int, author: str, text: str) -> Thread:
    """Say something on the whole."""
    note = _note(state, author, text)
    return _began(state, number, Thread([note], single=True))


def comment_on_line(
    state: State,
    number: int,
    author: str,
    path: str,
    line: int,
    text: str,
    within: int | None = None,
) -> Thread:
    """Say something on a line of the file at the branch's head; elsewhere than at GitLab it
    comes with a review, one without words unless named. Raises Refused (``no-line``)."""
    pull = state.pull(number)
    try:
        size = len(state.bare.git("show", f"{pull.head_sha}:{path}").splitlines())
    except subprocess.CalledProcessError:
        size = 0
    if not 1 <= line <= size:
        raise Refused("no-line", f"{path}:{line}")
    note = _note(state, author, text)
    if within is None and state.kind != "gitlab":
        within = review(state, number, author, "commented", "").id
    note.review = within or 0
    return _began(state, number, Thread([note], path, line, pull.head_sha))


def reply(state: State, number: int, thread: int, author: str, text: str) -> Note:
    """Answer in a thread. Raises Refused (``not-found``).

    At GitHub an answer is a review without words of its own; at Gitea it joins the thread's.
    """
    found = state.thread(number, thread)
    note = _note(state, author, text)
    note.review = found.notes[0].review
    if state.kind == "github" and found.path:
        note.review = review(state, number, author, "commented", "").id
    found.notes.append(note)
    found.single = False
    state.pull(number).updated = note.created
    return note


def review(state: State, number: int, author: str, verdict: Verdict, text: str) -> Review:
    """Give a verdict. At GitLab the words are a comment, and the verdict is said beside."""
    pull = state.pull(number)
    state.person(author)
    made = Review(next(state.ids), author, verdict, text, state.now(), pull.head_sha)
    pull.reviews.append(made)
    pull.updated = made.created
    if state.kind == "gitlab":
        if text:
            comment(state, number, author, text)
        words = {"approved": "approved this merge request"}
        state.system(pull, author, words.get(verdict, "requested changes"))
    return made


def _note(state: State, author: str, text: str) -> Note:
    state.person(author)
    return Note(next(state.ids), author, text, state.now())


def _began(state: State, number: int, thread: Thread) -> Thread:
    pull = state.pull(number)
    pull.threads.append(thread)
    pull.updated = thread.notes[0].created
    return thread
