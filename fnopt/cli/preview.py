"""``fnopt step --dry-run``: what a step would commit, and what judging it would cost."""

from __future__ import annotations

import difflib

import click

from fnopt.cli import build, clients
from fnopt.cli.echo import document, note
from fnopt.cli.session import Session
from fnopt.history.runs import RunBranch
from fnopt.library.function import Library
from fnopt.report.live import Live
from fnopt.train.answer import answer
from fnopt.train.drafted import Draft
from fnopt.train.outcome import Replied, Terminated, Undecided
from fnopt.train.run import Base, Run

NOT_IMPROVED = 3


def preview(session: Session, branch: RunBranch, rev: str | None, as_json: bool) -> int:
    """Propose and check, show the diff; exit 3 when there is nothing that could be committed.

    The training evaluation and the optimizer's reply are paid for, and free for the real step.
    """
    purse = session.purse(branch.name)
    with Live(lambda: purse.spent) as live:
        run = build.run(
            session,
            branch,
            purse,
            clients.Watcher(live.say, live.trials, live.download, once=live.say_once),
        )
        commit = branch.head() if branch.exists else session.repo.resolve(rev or "HEAD")
        base = run.base(commit)
        drafted = answer(run, base) or run.draft(
            run, base, run.evaluate(base.library, "train", run.train)
        )
    if isinstance(drafted, Replied):
        _show({"diff": "", "faults": [], "trials": 0, "reason": drafted.why}, drafted.why, as_json)
        return 0
    if isinstance(drafted, Terminated | Undecided):
        reason = drafted.why if isinstance(drafted, Terminated) else drafted.verdict.reason
        _show({"diff": "", "faults": [], "trials": 0, "reason": reason}, reason, as_json)
        return 0 if isinstance(drafted, Terminated) else NOT_IMPROVED
    return _tell(run, base, drafted, as_json)


def _tell(run: Run, base: Base, drafted: Draft, as_json: bool) -> int:
    faults = [fault.message for fault in drafted.faults]
    text = diff(base.library, drafted.library) if drafted.library else ""
    trials = len(drafted.tasks) + len(run.judging.tasks)
    values = {
        "diff": text,
        "faults": faults,
        "trials": trials if drafted.library else 0,
        "reason": drafted.proposal.why,
    }
    _show(values, text or "\n".join(faults), as_json)
    if drafted.library:
        note(f"judging it takes up to {trials} trials with it, and as many of its base if new")
    return 0 if drafted.library else NOT_IMPROVED


def _show(values: dict[str, object], text: str, as_json: bool) -> None:
    if as_json:
        document(values)
    else:
        click.echo(text)


def diff(before: Library, after: Library) -> str:
    """A unified diff of two libraries."""
    lines: list[str] = []
    for path in sorted({*before.files, *after.files}):
        old, new = (one.files.get(path, b"").decode(errors="replace") for one in (before, after))
        lines += difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"a/{path}" if path in before.files else "/dev/null",
            f"b/{path}" if path in after.files else "/dev/null",
        )
    return "".join(lines)
