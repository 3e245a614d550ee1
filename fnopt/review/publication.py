"""From a run to its pull request: what will be pushed and said, and then doing it.

The order is: branch and evidence in one push, then the pull request, then answers in its threads,
then the record of it all, which is pushed as evidence. Killed at any instant, the same command
goes on: a push and a pull request that are there already are found, and answers are said once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fnopt.errors import GitStateError
from fnopt.history.remote import Credential, Moved, Pushed, Refs, Remote, push
from fnopt.history.runs import RunBranch
from fnopt.history.travel import outgoing
from fnopt.review import record as records
from fnopt.review.answers import Answer, answer
from fnopt.review.forge import Comment, Forge, Opening, Place, PullRequest
from fnopt.review.record import Record

KEPT = "fnopt-kept/"
"""Where the clean branches go: no run's, whose branches are below ``fnopt/``."""


@dataclass(frozen=True)
class Target:
    """Where a run goes: a remote, and the forge that stands there. ``place`` is None where there is
    none, ``forge`` None where it cannot be spoken to, without a token."""

    remote: Remote
    place: Place | None = None
    forge: Forge | None = None
    credential: Credential | None = None


@dataclass(frozen=True)
class Terms:
    """How people want it. ``kept_only``: a branch of the kept updates alone."""

    draft: bool = False
    reviewers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    kept_only: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be there. ``refs`` are what is pushed, ``commit`` at the branch ``head`` among
    them; ``base`` is the branch that the pull request is for."""

    run: str
    target: Target
    terms: Terms
    head: str
    base: str
    commit: str
    refs: Refs
    title: str
    body: str

    @property
    def compare(self) -> str | None:
        """Where a person opens the pull request by hand."""
        place = self.target.place
        return place.compare_url(self.base, self.head) if place else None


@dataclass(frozen=True)
class Published:
    """What is there now. ``pull_request`` is None where no forge could be asked; ``created``:
    whether it is new; ``pushed``: whether anything had to be; ``answered``: the threads."""

    pull_request: PullRequest | None
    created: bool
    pushed: bool
    answered: tuple[str, ...] = ()


def head_of(run: RunBranch, *, kept_only: bool) -> str:
    """The branch of the remote that a run goes to."""
    return f"{KEPT}{run.name}" if kept_only else f"fnopt/{run.name}"


def references(
    run: RunBranch, remote: Remote, head: str, kept: str | None, *, scores: bool
) -> Refs:
    """What is pushed of a run that was joined with what the remote has: its evidence (figures alone
    for ``scores``), what is known of the test split, and the branch, ``kept`` in its place where
    only the clean branch goes."""
    refs = dict(outgoing(run, remote, scores=scores))
    if kept is None:
        return refs
    del refs[run.branch]
    ref = f"refs/heads/{head}"
    return {**refs, kept: (ref, run.repo.ref(remote.seen(ref)))}


def send(run: RunBranch, target: Target, refs: Refs) -> bool:
    """Push references; whether any of them moved. Raises GitStateError, also where somebody else
    was faster."""
    match push(run.repo, target.remote, refs, target.credential):
        case Moved() as moved:
            raise GitStateError(moved.message, moved.mend)
        case Pushed(refs=pushed):
            return any(one.state != "unchanged" for one in pushed)


def open_or_update(
    plan: Plan, known: Record | None, rewritten: Callable[[str], str]
) -> tuple[PullRequest, bool] | None:
    """The open pull request of a plan, as it says; whether it is new. None without a forge.

    ``rewritten`` puts the new body in the place of an old one, without losing what people wrote
    there. Raises ForgeError.
    """
    forge = plan.target.forge
    if forge is None:
        return None
    found = next((one for one in forge.pull_requests(plan.head) if one.state == "open"), None)
    if found is None:
        opening = Opening(plan.head, plan.base, plan.title, plan.body, plan.terms.draft)
        opened = forge.open(opening)
        _invite(forge, opened.number, plan.terms)
        return opened, True
    ours = known is not None and known.title == found.title
    title = plan.title if ours and found.title != plan.title else None
    body = rewritten(found.body)
    if title is not None or body != found.body:
        forge.update(found.number, title=title, body=body if body != found.body else None)
    _invite(forge, found.number, plan.terms)
    return replace(found, title=title or found.title, body=body), False


def _invite(forge: Forge, number: int, terms: Terms) -> None:
    if terms.reviewers:
        forge.ask_reviewers(number, terms.reviewers)
    if terms.labels:
        forge.add_labels(number, terms.labels)


def carry_out(
    plan: Plan,
    run: RunBranch,
    rewritten: Callable[[str], str],
    replies: Callable[[Sequence[Comment]], tuple[Sequence[Answer], Mapping[str, Comment]]],
    words: Callable[[Answer], str],
    evidence: Callable[[], Refs],
) -> Published:
    """Push, open or update, answer, and keep the record of it.

    ``replies`` says which requests are to be answered, and where; ``evidence`` gives what of the
    evidence is to be pushed, by now. Raises GitStateError and ForgeError.
    """
    target, before = plan.target, records.read(run.evidence)
    pushed = send(run, target, plan.refs)
    now = Record(target.remote.name, plan.head, plan.base, plan.commit)
    now = replace(now, kept_only=plan.terms.kept_only)
    if before is not None:
        now = replace(now, ended=before.ended, answered=before.answered)
    opened = open_or_update(plan, before, rewritten)
    answered: tuple[str, ...] = ()
    if opened is not None and target.forge is not None:
        found, _ = opened
        now = replace(now, number=found.number, url=found.url, title=found.title)
        said = target.forge.comments(found.number)
        answers, threads = replies(said)
        todo = [one for one in answers if one.id not in now.answered]
        answered = answer(target.forge, found.number, todo, threads, said, words)
        now = replace(now, answered=(*now.answered, *answered))
    records.write(run.evidence, now, "the pull request")
    send(run, target, evidence())
    pull_request, created = opened or (None, False)
    return Published(pull_request, created, pushed, answered)
