"""What was measured elsewhere, taken from git into the store: a fresh clone pays for none of it.

What is in the store already is known by marks in it, so that it costs a look: one a state of a
run's evidence, and one a file of trials.
"""

from __future__ import annotations

from fnopt.agents.attempt import failure_of
from fnopt.cli import profiles
from fnopt.cli.echo import note
from fnopt.cli.session import Session
from fnopt.errors import GitStateError
from fnopt.history import runs
from fnopt.history.runs import RunBranch

SEALED = "trials/test/"
READ = "trials/train/"
"""Of these the optimizer reads the conversations."""


def every(session: Session, *, sealed: bool = False) -> None:
    """Take the evidence of every run into the store; that of the test split if ``sealed`` says so.

    Evidence that is not readable costs money, never the command: it is said and passed over.
    """
    for name, commit in runs.recorded(session.repo).items():
        mark = f"evidence:{commit}{':test' if sealed else ''}"
        if session.store.reply(mark) is not None:
            continue
        try:
            recall(session, RunBranch(session.repo, name), sealed=sealed)
        except GitStateError as error:
            note(f"run {name}: what it has measured may be paid for again: {error.message}")
        else:
            session.store.keep_reply(mark, {})


def recall(session: Session, branch: RunBranch, *, sealed: bool = False) -> None:
    """Take a run's evidence into the store: trials, and what endpoints can do, by which trials are
    made. Raises GitStateError when it is not readable."""
    profiles.recall(session, branch)
    for path, blob in branch.evidence.trial_blobs().items():
        if sealed or not path.startswith(SEALED):
            _take(session, branch, blob, texts=path.startswith(READ))


def _take(session: Session, branch: RunBranch, blob: str, *, texts: bool) -> None:
    """Keep the trials of one file, unless that was done before; where ``texts`` are needed, those
    alone that have them."""
    mark = f"evidence:{blob}"
    if session.store.reply(mark) is None:
        trials = branch.evidence.trials(blob)
        scored = [one for one in trials if one.error is None and not failure_of(one.messages)]
        whole = [one for one in scored if not (texts and one.scrubbed)]
        session.store.keep_trials([trial.to_json() for trial in whole])
        session.store.keep_reply(mark, {})
