"""Pruning at test time, as AgentOptimizer's released code has it: offer only what worked."""

from __future__ import annotations

from fnopt.errors import UsageError
from fnopt.history.evidence import Evidence
from fnopt.history.repo import Repository
from fnopt.history.runs import RUNS
from fnopt.library.function import Library
from fnopt.records import Trial


def worked(repo: Repository, library: Library, split: str) -> frozenset[str]:
    """The functions that returned when they were called in the library's last evaluation.

    That is the one on ``split`` in the newest evidence of a run that measured the very library.
    Raises UsageError when there is none.
    """
    path = f"trials/{split}/{library.digest[:40]}.jsonl"
    for ref in repo.refs(RUNS):  # the newest first
        evidence = Evidence(repo, ref.removeprefix(RUNS))
        blob = evidence.trial_blobs().get(path)
        if blob is not None:
            called = _returned(evidence.trials(blob))
            return frozenset(one.name for one in library.functions if one.name in called)
    raise UsageError(
        f"optimizer.prune_at_test: no run has measured this library on {split}, so nothing says "
        "which of its functions work",
        "name a revision that a run measured, or set optimizer.prune_at_test = false",
    )


def _returned(trials: list[Trial]) -> set[str]:
    return {call.function for trial in trials for call in trial.calls if call.error is None}
