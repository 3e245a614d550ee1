"""What commands know of a run's pull request: where it goes, what became of it, what people said.

Learning never waits for a forge: where it cannot be asked, that is said, and the work goes on with
what is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fnopt.cli.echo import note
from fnopt.cli.session import Session
from fnopt.errors import FnoptError, ForgeError, GitStateError
from fnopt.history import lifecycle
from fnopt.history.refusal import Refusal
from fnopt.history.remote import Credential, choose_remote
from fnopt.history.remotes import exchange
from fnopt.history.runs import RunBranch
from fnopt.history.travel import fetch, join
from fnopt.library.changes import changes
from fnopt.library.listing import listing
from fnopt.review import connect, feedback, record
from fnopt.review.answers import Answer
from fnopt.review.feedback import Feedback
from fnopt.review.forge import Comment, PullRequest
from fnopt.review.place import place
from fnopt.review.publication import Target
from fnopt.review.record import Record
from fnopt.review.token import token
from fnopt.train.answering import answered, settle
from fnopt.train.request import Declined
from fnopt.train.run import library_at


@dataclass(frozen=True)
class Open:
    """A run's pull request while it is open, and what people have said there."""

    target: Target
    record: Record
    pull_request: PullRequest
    comments: Sequence[Comment]


def target(session: Session, branch: RunBranch) -> Target | None:
    """Where a run goes; None without any remote. Raises UsageError."""
    review = session.config.review
    known = record.read(branch.evidence)
    named = review.remote or (known.remote if known else None)
    remote = choose_remote(session.repo, named, review.base or came_from(branch))
    if remote is None:
        return None
    at = place(remote.push_url, review)
    if at is None:
        return Target(remote)
    found = token(at, remote.push_url)
    if found is None:
        return Target(remote, at)
    credential = Credential(urlsplit(at.web).netloc, found.secret, found.user(at.kind))
    return Target(remote, at, session.defer(connect.forge(at, found)), credential)


def came_from(branch: RunBranch) -> str | None:
    """The branch that a run came from, by its short name, without a remote's."""
    start = branch.evidence.document("run.json") or {}
    found = start.get("from")
    return str(found) if found else None


def bring(session: Session, branch: RunBranch, to: Target) -> None:
    """Take in what people, or another job, have pushed of a run. Raises GitStateError."""
    joined = join(branch, fetch(session.repo, to.remote, branch, to.credential), session.layout)
    if isinstance(joined, Refusal):
        raise GitStateError(joined.message, joined.mend)
    if joined.people:
        what = f", which changed {', '.join(joined.functions)}" if joined.functions else ""
        note(f"took in commits of people: {len(joined.people)}{what}")


def opened(session: Session, branch: RunBranch) -> Open | None:
    """A run's pull request, if it is open; looked at once a command, before the run is held.

    A run whose pull request was merged or closed is marked as over. Where the forge cannot be
    asked, that is told, and None is what comes.
    """
    if branch.name not in session.reviews:
        session.reviews[branch.name] = _opened(session, branch)
    found = session.reviews[branch.name]
    assert found is None or isinstance(found, Open), "BUG: only this writes there"
    return found


def _opened(session: Session, branch: RunBranch) -> Open | None:
    known = record.read(branch.evidence)
    if known is None or known.number is None:
        return None
    try:
        to = target(session, branch)
        if to is None or to.forge is None:
            note(f"no token for {known.url}: what people say there is not looked at")
            return None
        found = to.forge.pull_request(known.number)
        comments = to.forge.comments(known.number)
        if found.state == "open":
            bring(session, branch, to)
            return Open(to, known, found, comments)
        _end(session, branch, to, known, found, comments)
    except (ForgeError, GitStateError) as error:
        note(f"{known.url} is not looked at: {error.message}")
    return None


def _end(
    session: Session,
    branch: RunBranch,
    to: Target,
    known: Record,
    found: PullRequest,
    comments: Sequence[Comment],
) -> None:
    """Mark a run whose pull request is over."""
    ended = replace(known, number=None, url=None, title=None, ended=found.number)
    if found.state == "merged":
        onto = _fetched(session, to, found.base)
        lifecycle.land(branch, f"{to.remote.name}/{found.base}", onto)
        note(f"{found.url} was merged: run {branch.name} is over")
    else:
        anyone = session.config.review.trust == "anyone"
        said = [one.body for one in comments if (one.trusted or anyone) and not one.ours]
        lifecycle.decline(branch, found.url, said)
        note(f"{found.url} was closed without a merge: run {branch.name} is over, and what it")
        note("learned counts as refused by people")
    record.write(branch.evidence, ended, f"the pull request is {found.state}")


def _fetched(session: Session, to: Target, base: str) -> str:
    """The commit that a branch of the remote is at now."""
    seen = f"refs/remotes/{to.remote.name}/{base}"
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options")
    pair = f"+refs/heads/{base}:{seen}"
    answer = exchange(
        session.repo, to.remote.fetch_url, (*words, to.remote.name, pair), to.credential, 600.0
    )
    if answer.code:
        raise GitStateError(
            f"{base} cannot be fetched: {answer.complaint}", f"git fetch {to.remote.name}"
        )
    return session.repo.resolve(seen)


def heard(session: Session, branch: RunBranch, found: Open) -> Feedback:
    """What people ask for in an open pull request, but for what was answered."""
    library = library_at(session.repo, branch.head(), session.layout)
    anyone = session.config.review.trust == "anyone"
    heard = feedback.feedback(
        found.comments, library, answered(branch.evidence).keys(), anyone=anyone
    )
    if heard.untrusted:
        note(f"comments of people without write access, left out: {heard.untrusted} (review.trust)")
    return heard


def threads(session: Session, branch: RunBranch, said: Sequence[Comment]) -> Mapping[str, Comment]:
    """Where each request of a pull request is to be answered."""
    library = library_at(session.repo, branch.head(), session.layout)
    anyone = session.config.review.trust == "anyone"
    return feedback.feedback(said, library, (), anyone=anyone).threads


def replies(branch: RunBranch, done: Sequence[str]) -> list[Answer]:
    """What became of requests that are not answered in their threads yet. Holds the run."""
    with branch.lock():
        settle(branch)
    return [
        Answer(one.id, one.state, one.said or one.why, one.why, one.commit)
        for one in answered(branch.evidence).values()
        if one.id not in done
    ]


def declined(session: Session) -> tuple[Declined, ...]:
    """What people refused by closing pull requests of earlier runs, oldest first."""
    from fnopt.history import runs

    found: list[Declined] = []
    for name in reversed(list(runs.recorded(session.repo))):
        branch = RunBranch(session.repo, name)
        mark = (branch.evidence.document("run.json") or {}).get("declined")
        if mark and branch.exists:
            found += _declined(session, branch, "\n\n".join(map(str, mark.get("said", ()))))
    return tuple(found)


def _declined(session: Session, branch: RunBranch, said: str) -> list[Declined]:
    start = (branch.evidence.document("run.json") or {}).get("base")
    try:
        before, after = (
            library_at(session.repo, session.repo.resolve(one), session.layout)
            for one in (str(start), branch.head())
        )
    except FnoptError:
        return []  # its commits are not here
    return [
        Declined(one.name, listing(after, one.name) if after.get(one.name) else "", said)
        for one in changes(before, after)
    ]
