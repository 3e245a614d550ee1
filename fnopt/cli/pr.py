"""``fnopt pr``: what a run learned, as a pull request."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click

from fnopt.cli import reviewing
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.session import Session
from fnopt.errors import GitStateError, UsageError
from fnopt.history import runs
from fnopt.history.redact import Redactor
from fnopt.history.refusal import Refusal
from fnopt.history.runs import RunBranch
from fnopt.history.travel import is_first_push, outgoing
from fnopt.history.updates import updates
from fnopt.review import record
from fnopt.review.answers import Answer, in_words
from fnopt.review.body import body, rewritten, title
from fnopt.review.defuse import one_line
from fnopt.review.facts import Facts, Scope, facts
from fnopt.review.forge import Comment
from fnopt.review.publication import (
    Plan,
    Published,
    Target,
    Terms,
    carry_out,
    head_of,
    references,
    send,
)

NOTHING_KEPT = 3


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names that are not empty."""
        if isinstance(value, tuple):
            return value
        return tuple(one.strip() for one in str(value).split(",") if one.strip())


NAMES = Names()


@click.command("pr")
@click.option("--run", "name", metavar="RUN", help="Which run (default: the current one).")
@click.option("--base", metavar="BRANCH", help="The branch that it is for.")
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--reviewers", type=NAMES, metavar="NAME,…", help="Who is asked for a review.")
@click.option("--labels", type=NAMES, metavar="NAME,…", help="Labels to put on it.")
@click.option("--kept-only", is_flag=True, help="A clean branch with the kept updates alone.")
@click.option("--dry-run", is_flag=True, help="Print the body and what would be done; do nothing.")
@json_option
def pr(as_json: bool, **options: Any) -> int:
    """Push a run and its evidence, and open or update its pull request.

    Takes in first what people have pushed to the branch. Without a token for the forge it pushes
    and prints where to open the pull request by hand. Exit 3 when the run has kept nothing.
    """
    with Session(options=_said(options)) as session:
        branch = session.run(options["name"])
        reviewing.opened(session, branch)
        if runs.is_over(branch.evidence):
            mend = f"go on with it: fnopt train --run {branch.name}; or start another: --new"
            raise UsageError(f"run {branch.name} is over: {_end_of(branch)}", mend)
        if not any(one.verdict == "kept" or one.overruled for one in updates(branch)):
            return _nothing(session, branch, dry=options["dry_run"], as_json=as_json)
        plan, found = prepare(session, branch, dry=options["dry_run"], **_terms(session, options))
        if options["dry_run"]:
            _show(plan, as_json)
            return 0
        done = publish(session, branch, plan, found)
        _tell(plan, done, as_json)
    return 0


def _nothing(session: Session, branch: RunBranch, *, dry: bool, as_json: bool) -> int:
    """A run that kept nothing has nothing to merge; what it paid for is pushed all the same, so
    that nobody pays for it again."""
    to = _target(session, branch)
    pushed = False
    if not dry:
        reviewing.bring(session, branch, to)
        scores = session.config.review.evidence == "scores"
        _say_what_leaves(session, branch, to, scores=scores)
        pushed = send(branch, to, outgoing(branch, to.remote, scores=scores))
    if as_json:
        document({"run": branch.name, "remote": to.remote.name, "url": None, "pushed": pushed})
    note(f"run {branch.name} has kept no update: there is nothing to merge")
    return NOTHING_KEPT


def refresh(session: Session, branch: RunBranch) -> None:
    """Bring an open pull request up to date after a step that answers people in it."""
    open_now = reviewing.opened(session, branch)
    if open_now is None or not reviewing.replies(branch, open_now.record.answered):
        return
    known = open_now.record
    plan, found = prepare(session, branch, dry=False, base=known.base, kept_only=known.kept_only)
    done = publish(session, branch, plan, found)
    if done.pull_request is not None:
        note(f"answered in {done.pull_request.url}: {len(done.answered)}")


def prepare(
    session: Session, branch: RunBranch, *, dry: bool, base: str | None, kept_only: bool, **how: Any
) -> tuple[Plan, Facts]:
    """What will be pushed and said. A ``dry`` one asks nobody.

    Raises UsageError without a remote, and GitStateError and ForgeError.
    """
    to = _target(session, branch)
    if not dry:
        reviewing.bring(session, branch, to)
    base = base or session.config.review.base or reviewing.came_from(branch)
    base = base or (to.forge.default_branch() if to.forge and not dry else "main")
    head = head_of(branch, kept_only=kept_only)
    kept = _kept(session, branch) if kept_only else None
    if kept and not dry:
        _see(session, to, head)
    scores = session.config.review.evidence == "scores"
    found = _facts(session, branch, to, base, (head, kept or branch.head()))
    refs = references(branch, to.remote, head, kept, scores=scores)
    if not dry:
        _say_what_leaves(session, branch, to, scores=scores)
    text = redacted(body(found, session.prose))
    terms = Terms(kept_only=kept_only, **how)
    plan = Plan(branch.name, to, terms, head, base, kept or branch.head(), refs, title(found), text)
    return plan, found


def publish(session: Session, branch: RunBranch, plan: Plan, found: Facts) -> Published:
    """Do what was planned. Raises GitStateError and ForgeError; done again, it goes on."""
    scores = session.config.review.evidence == "scores"

    def replies(said: Sequence[Comment]) -> tuple[Sequence[Answer], Mapping[str, Comment]]:
        known = record.read(branch.evidence)
        done = known.answered if known else ()
        return reviewing.replies(branch, done), reviewing.threads(session, branch, said)

    def evidence() -> Any:
        refs = outgoing(branch, plan.target.remote, scores=scores)
        return {source: at for source, at in refs.items() if at[0] == branch.evidence.ref}

    return carry_out(
        plan,
        branch,
        lambda old: redacted(rewritten(old, found, session.prose)),
        replies,
        lambda one: redacted(in_words(session.prose, one, one_line)),
        evidence,
    )


def redacted(text: str) -> str:
    """What goes to a forge, without any key or token that a model may have met."""
    return Redactor(os.environ).text(text)


def _said(options: dict[str, Any]) -> dict[str, Any]:
    names = {f"review.{key}": options[key] for key in ("reviewers", "labels") if options[key]}
    return names | ({"review.draft": True} if options["draft"] else {})


def _terms(session: Session, options: dict[str, Any]) -> dict[str, Any]:
    review = session.config.review
    return {
        "base": options["base"],
        "kept_only": options["kept_only"],
        "draft": review.draft,
        "reviewers": review.reviewers,
        "labels": review.labels,
    }


def _end_of(branch: RunBranch) -> str:
    start = branch.evidence.document("run.json") or {}
    if landed := start.get("landed"):
        return f"it was merged into {landed['branch']}"
    if ended := start.get("declined"):
        return f"{ended['url']} was closed without a merge"
    return "it was abandoned"


def _target(session: Session, branch: RunBranch) -> Target:
    to = reviewing.target(session, branch)
    if to is None:
        raise GitStateError("there is no remote to push to", "git remote add origin URL")
    return to


def _kept(session: Session, branch: RunBranch) -> str:
    from fnopt.history.kept_only import kept_only

    found = kept_only(branch, session.layout)
    if isinstance(found, Refusal):
        raise GitStateError(found.message, found.mend)
    return found


def _see(session: Session, to: Target, head: str) -> None:
    """Note what the clean branch is at, at the remote."""
    from fnopt.history.remotes import look, note_seen

    ref = f"refs/heads/{head}"
    note_seen(
        session.repo, to.remote, ref, look(session.repo, to.remote, [ref], to.credential).get(ref)
    )


def _facts(
    session: Session, branch: RunBranch, to: Target, base: str, head: tuple[str, str]
) -> Facts:
    from fnopt.sandbox import Grant

    config, repo = session.config, session.repo
    onto = repo.ref(f"refs/remotes/{to.remote.name}/{base}") or repo.ref(f"refs/heads/{base}")
    scope = Scope(
        head=head[1],
        branch=head[0],
        onto=onto,
        remote=to.remote.name,
        split=config.gate.split,
        rules=session.rules,
        grants={name: Grant(**dict(one)) for name, one in config.sandbox.allow.items()},
        agent=config.agent.model,
        texts=config.review.evidence == "all",
    )
    return facts(branch, session.layout, scope)


def _say_what_leaves(session: Session, branch: RunBranch, to: Target, *, scores: bool) -> None:
    """Before the first push to a remote: that conversations leave this machine."""
    if scores or not is_first_push(session.repo, to.remote, branch):
        return
    from fnopt.history.scrub import describes

    told = describes(branch.evidence)
    what = (
        f"{told.trials} trials, {told.conversations} with their conversations, {told.steps} steps"
    )
    note(f"first push to {to.remote.shown}: the evidence goes along, {what}")
    note('figures alone: review.evidence = "scores" (FNOPT_REVIEW_EVIDENCE=scores)')


def _show(plan: Plan, as_json: bool) -> None:
    if as_json:
        document({**_facts_of(plan), "dry_run": True, "title": plan.title, "body": plan.body})
        return
    for source, (ref, _) in plan.refs.items():
        what = source.removeprefix("refs/heads/")[:40]
        note(f"would push {what} to {plan.target.remote.name} {ref}")
    note(f"would open or update: {plan.head} -> {plan.base}, {plan.title}")
    click.echo(plan.body, nl=False)


def _tell(plan: Plan, done: Published, as_json: bool) -> None:
    found = done.pull_request
    if as_json:
        ends = {"created": done.created, "pushed": done.pushed, "answered": list(done.answered)}
        at = {"url": found.url if found else None, "number": found.number if found else None}
        document({**_facts_of(plan), **at, **ends})
        return
    if found is not None:
        note(f"{'opened' if done.created else 'updated'} {found.title}")
        click.echo(found.url)
    elif plan.compare:
        note(f"pushed {plan.head}; without a token for the forge, open the pull request here:")
        click.echo(plan.compare)
    else:
        note(f"pushed {plan.head} to {plan.target.remote.shown}")


def _facts_of(plan: Plan) -> dict[str, Any]:
    place = plan.target.place
    return {
        "run": plan.run,
        "remote": plan.target.remote.name,
        "forge": place.kind if place else None,
        "head": plan.head,
        "base": plan.base,
        "commit": plan.commit,
        "compare": plan.compare,
    }
