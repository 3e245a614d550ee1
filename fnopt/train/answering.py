"""What people asked for in review, and what came of it: ``requests/ID.json`` in the evidence.

An edit that answers a person says so in its trailers (``Fnopt-Answers``), so git alone tells what
was answered; the evidence keeps the words. It is written first: what was asked before the candidate
waits, the verdict before the branch moves. The commit, which is there only then, is filled in
behind (:func:`settle`), also by whoever comes next after a crash. A request counts as answered when
its commit is known, or none is to come.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fnopt.history.evidence import Evidence
from fnopt.history.message import Trailers
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update, updates
from fnopt.records import Usage
from fnopt.train.outcome import Replied
from fnopt.train.quote import in_a_line
from fnopt.train.request import Request
from fnopt.train.run import Run

State = Literal["kept", "reverted", "refused", "declined"]
"""``declined``: by the optimizer, in words; ``refused``: by the free filters."""

LONGEST = 20_000  # characters of a request that the evidence keeps
LONGEST_SAID = 4_000  # characters of a reply that it keeps
TOLD = 500  # characters of a request in a commit's message
REASON = "review"

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-])){0,99}")
_FINAL = ("refused", "declined")


@dataclass(frozen=True)
class Answered:
    """What came of a request. ``why`` is the verdict's reason, the fault that refused the edit, or
    what the optimizer said to a request that it declined; ``said`` what it said of its edit.

    ``commit`` is the update that answers it (None without one), ``step`` its step.
    """

    id: str
    author: str
    text: str
    state: State
    step: int | None
    commit: str | None
    why: str
    said: str = ""
    function: str | None = None


def answered(evidence: Evidence) -> Mapping[str, Answered]:
    """Every request that was answered, by its id."""
    found = [_answered(one) for one in evidence.requests().values() if _is_final(one)]
    return {one.id: one for one in found}


def waiting(run: Run) -> tuple[Request, ...]:
    """The requests that nothing came of yet, oldest first, each id once."""
    if not run.requests:
        return ()
    branch = run.branch
    done = {name for name, one in branch.evidence.requests().items() if _is_final(one)}
    log = updates(branch) if branch.exists else []
    done |= {name for update in log for name in update.answers}
    return tuple({key(one.id): one for one in run.requests if key(one.id) not in done}.values())


def settle(branch: RunBranch) -> None:
    """Write down what the log of a run says of requests whose commit the evidence does not know."""
    if not branch.exists:
        return
    known = branch.evidence.requests()
    found = {
        _path(name): _settled(known.get(name), update, name)
        for update in updates(branch)
        for name in update.answers
        if not _is_final(known.get(name, {}))
    }
    if found:
        branch.evidence.write(found, (), "what came of requests")


def asked(requests: Sequence[Request], said: str) -> dict[str, dict[str, Any]]:
    """The documents of requests that a candidate is to answer, by path."""
    return {_path(key(one.id)): _document(one, "asked", said=said) for one in requests}


def refused(requests: Sequence[Request], step: int, why: str) -> dict[str, dict[str, Any]]:
    """The documents of requests whose edit the free filters refused, by path."""
    return {_path(key(one.id)): _document(one, "refused", step=step, why=why) for one in requests}


def judged(branch: RunBranch, update: Update) -> dict[str, dict[str, Any]]:
    """The documents of what a judged update answers, its commit yet to come, by path."""
    known = branch.evidence.requests() if update.answers else {}
    return {_path(name): _settled(known.get(name), update, name) for name in update.answers}


def decline(run: Run, replied: Replied, usage: Usage) -> Replied:
    """Keep what the optimizer said to requests that it changes nothing for; what the reply cost
    stands with the first of them."""
    documents = {
        _path(key(one.id)): _document(one, "declined", why=replied.why) for one in replied.requests
    }
    first = next(iter(documents.values()))
    first |= {"tokens": usage.tokens, "cost": usage.cost}
    run.branch.evidence.write(documents, (), "a request is answered in words")
    return replied


def keys(requests: Sequence[Request]) -> tuple[str, ...]:
    """What stands in the trailers of an update that answers these."""
    return tuple(key(one.id) for one in requests)


def is_answer(marks: Trailers) -> bool:
    """Whether an update's trailers say that it answers a person."""
    return REASON in marks.get("Fnopt-Reason", ())


def in_words(requests: Sequence[Request]) -> str:
    """Who asked and what, a paragraph each, as a commit's message tells it."""
    return "\n\n".join(
        f"Asked for in review by {in_a_line(one.author, 60) or 'somebody'}: "
        f'"{in_a_line(one.text, TOLD)}"'
        for one in requests
    )


def key(id_: str) -> str:
    """An id as the name of a file and the value of a trailer; a digest where it is neither."""
    if _ID.fullmatch(id_):
        return id_
    return hashlib.sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()


def _path(name: str) -> str:
    return f"requests/{name}.json"


def _document(
    one: Request, state: str, *, step: int | None = None, why: str = "", said: str = ""
) -> dict[str, Any]:
    """A request as the evidence keeps it; its keys are a format that outlives this version."""
    return {
        "id": one.id,
        "author": one.author,
        "text": one.text[:LONGEST],
        "function": one.function,
        "state": state,
        "step": step,
        "commit": None,
        "why": why[:LONGEST_SAID],
        "said": said[:LONGEST_SAID],
    }


def _settled(known: Mapping[str, Any] | None, update: Update, name: str) -> dict[str, Any]:
    """The document of a request as an update leaves it; of one that is nowhere its name alone."""
    document = dict(known or _document(Request(name, "", ""), "asked"))
    settled = {"step": update.step, "commit": update.commit, "why": update.reason}
    return {**document, "state": update.verdict, **settled}


def _is_final(document: Mapping[str, Any]) -> bool:
    state = document.get("state")
    return state in _FINAL or (state in ("kept", "reverted") and bool(document.get("commit")))


def _answered(document: Mapping[str, Any]) -> Answered:
    return Answered(
        id=document["id"],
        author=document["author"],
        text=document["text"],
        state=document["state"],
        step=document["step"],
        commit=document["commit"],
        why=document["why"],
        said=document.get("said", ""),
        function=document.get("function"),
    )
