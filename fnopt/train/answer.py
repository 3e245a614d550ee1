"""From what a person asked for in review to an edit that does it, or to an answer in words.

Nothing is measured for it: what is asked for is the ground. The edit passes the free filters and,
since others call these functions, breaks no call; recorded calls may come out otherwise, which is
what was asked. A request that no prompt has room for, or at a locked function, is refused unasked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fnopt.errors import GitStateError
from fnopt.history.blame import ours
from fnopt.history.updates import updates
from fnopt.library.compat import incompatible
from fnopt.library.edit import Add
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.models import client
from fnopt.records import Evaluation, Fault
from fnopt.train import declined
from fnopt.train.answering import waiting
from fnopt.train.drafted import NOTHING, Draft
from fnopt.train.filters import when_run
from fnopt.train.outcome import Replied
from fnopt.train.quote import in_a_line
from fnopt.train.request_prompt import Matter, about, ask
from fnopt.train.run import Base, Run

SECOND_CHANCES = 2  # how often a reply goes back with its faults
DRAWN = 3  # candidates at most
MEANT = ("function-removed", "function-renamed", "function-moved")
"""What an edit does in so many words, and no slip of the pen."""
WITHOUT_WORDS = "The optimizer found nothing to change, and did not say why."


def answer(run: Run, base: Base) -> Draft | Replied | None:
    """A draft for the oldest request that waits, or the optimizer's words; None where none waits.

    Others on the same function are answered together with it.
    """
    if not (open_ := waiting(run)):
        return None
    requests, function = about(open_, base.library)
    log = updates(run.branch) if run.branch.exists else []
    number = 1 + max((update.step for update in log), default=0)
    trained = Evaluation("train", base.library.digest, ())
    empty = Draft(number, NOTHING, (), trained, answers=requests)
    locked = run.screen.locked_names(base.library)
    if function is not None and function.name in locked:
        message = f"{function.name} is locked: it is left to people"
        return replace(empty, faults=(Fault("locked", message, "", function.name),))
    names = ", ".join(dict.fromkeys(in_a_line(one.author, 60) for one in requests))
    run.say(f"step {number}: answering {names or 'a person'}")
    packages, notes = run.optimizer.packages, (*run.notes, *declined.told(run.declined))
    matter = Matter(requests, base.library, function, locked, packages, notes)
    if len(requests) > 1 and isinstance(_asked(run, matter, number, 0), Fault):
        matter = replace(matter, requests=requests[:1])  # one by one, where all are too long
    return _drawn(run, base, replace(empty, answers=matter.requests), matter)


def _asked(run: Run, matter: Matter, number: int, draw: int) -> client.Request | Fault:
    return ask(run.prose, run.optimizer.voice, matter, number, draw)


def _drawn(run: Run, base: Base, empty: Draft, matter: Matter) -> Draft | Replied:
    """The first of the optimizer's candidates that passes; else the first that was refused."""
    refused: list[Draft] = []
    for draw in range(min(DRAWN, run.optimizer.proposals)):
        request = _asked(run, matter, empty.number, draw)
        if isinstance(request, Fault):
            return replace(empty, faults=(request,))
        one = _proposed(run, base, empty, matter, request, draw)
        if isinstance(one, Replied) or one.library is not None:
            return one
        refused.append(one)
    return refused[0]


def _proposed(
    run: Run, base: Base, empty: Draft, matter: Matter, request: client.Request, draw: int
) -> Draft | Replied:
    """One candidate; what is wrong with it goes back at most :data:`SECOND_CHANCES` times."""
    optimizer, done, said = run.optimizer.single(), empty, ""
    for chance in range(1 + SECOND_CHANCES):
        reply, proposal = optimizer.send(request, _mark(empty.number, draw, chance))
        if isinstance(proposal, Proposal) and proposal.terminates:
            return Replied(empty.answers, proposal.why or WITHOUT_WORDS)
        if reply.content and reply.content == said:
            break  # word for word: it has nothing better
        said = reply.content
        done = _screened(run, base, empty, matter, proposal)
        if done.library is not None:
            break
        request = optimizer.again(request, reply, done.faults)
    return done


def _screened(
    run: Run, base: Base, empty: Draft, matter: Matter, proposal: Proposal | tuple[Fault, ...]
) -> Draft:
    """A reply as a draft: what it leads to, or the faults that refuse it."""
    if not isinstance(proposal, Proposal):
        return replace(empty, faults=proposal)
    done = replace(empty, proposal=proposal)
    if elsewhere := _elsewhere(proposal, matter):
        return replace(done, faults=elsewhere)
    after = run.screen.apply(base.library, proposal, partial(ours, run.repo, base.commit))
    if not isinstance(after, Library):
        return replace(done, faults=after)
    faults = (
        declined.faults(after, proposal.edits, run.declined)
        or _broken(run, base.library, after)
        or when_run(run, base.library, after)
    )
    return replace(done, faults=faults) if faults else replace(done, library=after)


def _elsewhere(proposal: Proposal, matter: Matter) -> tuple[Fault, ...]:
    """Edits of other functions than the one that the request stands at; new ones may come."""
    if matter.function is None:
        return ()
    name = matter.function.name
    message = f"the reviewer asks for a change of {name}, not of {{}}"
    return tuple(
        Fault("elsewhere", message.format(edit.name), f"Revise {name}.", edit.name)
        for edit in proposal.edits
        if not isinstance(edit, Add) and edit.name != name
    )


def _broken(run: Run, before: Library, after: Library) -> tuple[Fault, ...]:
    """Calls that an edit breaks: in the library all, outside of it those of functions that were
    there before the run. What the run itself brought may still change as its reviewers like."""
    found = incompatible(before, after, run.screen.rules)
    old = {one.name for one in _begun(run, before).functions} if found else set()
    return tuple(
        one
        for one in found
        if one.level == "error" or (one.rule not in MEANT and one.function in old)
    )


def _begun(run: Run, library: Library) -> Library:
    """The library where the run began; the one at hand where that is not known here."""
    start = run.branch.evidence.document("run.json") or {}
    try:
        return run.base(start["base"]).library
    except (KeyError, GitStateError):
        return library


def _mark(number: int, draw: int, chance: int) -> int:
    """A number for each attempt of a run: no cache may give a bad reply once more."""
    return (number * 1000 + draw) * 10 + chance
