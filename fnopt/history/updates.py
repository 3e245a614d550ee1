"""The log of a run: its updates read back out of git, and its refused proposals out of evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from fnopt.history import message
from fnopt.history.repo import Commit
from fnopt.history.runs import RunBranch
from fnopt.records import Usage

PEOPLES = ("rollback", "keep")
"""Actions in a run's log that are no steps: what people did to its branch by fnopt's commands."""

_TOKENS = re.compile(r"(\d+) tokens", re.ASCII)
_PART = re.compile(r"\((\d{1,9}) of (\d{1,9}) tasks\)", re.ASCII)
_DOLLARS = re.compile(r"\$(\d+(?:\.\d+)?)$", re.ASCII)
_INNER = ("tasks", "share", "answers")
_At = tuple[str, str | None]  # the commits of the branch and of the evidence
_READ: WeakKeyDictionary[RunBranch, tuple[_At, list[Update]]] = WeakKeyDictionary()
"""What was read last of each run: a step asks several times."""


@dataclass(frozen=True)
class Update:
    """One step as the log shows it.

    ``commit`` is None for a refused proposal; ``revert`` is the commit that took the update back.
    ``base`` and ``score`` are selection scores, 0 to 1, None where not measured; ``share`` is the
    part of the gate's tasks that they were measured on. ``tasks`` are the ids of the training tasks
    that it was for; ``answers`` what it answers of that which people asked for in review.
    """

    commit: str | None
    revert: str | None
    step: int
    action: str
    function: str
    base: float | None
    score: float | None
    verdict: str
    reason: str
    tokens: int
    cost: float | None
    tasks: tuple[str, ...] = ()
    share: float = 1.0
    answers: tuple[str, ...] = ()

    @property
    def overruled(self) -> bool:
        """Whether it lost, and a person has it kept."""
        return self.verdict == "reverted" and self.commit is not None and self.revert is None

    def to_json(self) -> dict[str, Any]:
        """As every ``--json`` document shows it."""
        shown = {key: value for key, value in asdict(self).items() if key not in _INNER}
        return {**shown, "answers": list(self.answers)} if self.answers else shown


def updates(run: RunBranch) -> list[Update]:
    """Every step of a run that came to a proposal, oldest first; also roll-backs by people."""
    at = (run.head(), run.evidence.commit)
    if run in _READ and _READ[run][0] == at:
        return list(_READ[run][1])
    found = [*_published(run.commits()), *_refused(run.evidence.steps())]
    log = sorted(found, key=lambda update: update.step)
    _READ[run] = (at, log)
    return list(log)


def scores(log: Sequence[Update]) -> tuple[float | None, float | None]:
    """Selection scores before the run and now, as its updates tell them; None if not measured."""
    measured = [update for update in log if update.base is not None]
    if not measured:
        return None, None
    last = measured[-1]
    return measured[0].base, last.score if last.verdict == "kept" else last.base


def _published(commits: Iterable[Commit]) -> list[Update]:
    commits = list(commits)
    reverts = _reverts(commits)
    found: list[Update] = []
    for commit in reversed(commits):
        told = "Fnopt-Verdict" in commit.message  # most of what has none is not worth reading
        for marks in _marks(commit.message) if told else ():
            if "Fnopt-Verdict" in marks:
                update = _update(commit, marks, reverts.get(commit.sha))
                last = found[-1].step if found else 0
                found.append(update if update.step else replace(update, step=last))
    return found


def _marks(text: str) -> list[message.Trailers]:
    return message.blocks(text) or [message.trailers(text)]


def _reverts(commits: Iterable[Commit]) -> dict[str, str]:
    """Reverted commit to its revert, newest first; a revert that was itself reverted is none."""
    by_start = {commit.sha[:7]: commit.sha for commit in commits}
    found: dict[str, str] = {}
    for commit in commits:
        bad = message.reverted(commit.message)
        whole = by_start.get(bad[:7], "") if bad else ""
        if bad and whole.startswith(bad) and commit.sha not in found:
            found[whole] = commit.sha
    return found


def _update(commit: Commit, marks: Mapping[str, tuple[str, ...]], revert: str | None) -> Update:
    tokens, cost = parse_cost(_first(marks, "Fnopt-Cost"))
    return Update(
        commit=commit.sha,
        revert=revert,
        step=message.number(marks, "Fnopt-Step") or 0,
        action=", ".join(marks.get("Fnopt-Action", ())),
        function=", ".join(marks.get("Fnopt-Function", ())),
        base=_figure(_first(marks, "Fnopt-Base")),
        score=_figure(_first(marks, "Fnopt-Score")),
        verdict=_first(marks, "Fnopt-Verdict").split(" ")[0].rstrip(";:,"),
        reason=_reason(_first(marks, "Fnopt-Verdict")),
        tokens=tokens,
        cost=cost,
        tasks=marks.get("Fnopt-Task", ()),
        share=_share(_first(marks, "Fnopt-Score")),
        answers=marks.get("Fnopt-Answers", ()),
    )


def _refused(steps: Mapping[int, Mapping[str, Any]]) -> list[Update]:
    return [
        Update(
            commit=None,
            revert=None,
            step=number,
            action=", ".join(action for action, _ in step["actions"]),
            function=", ".join(function for _, function in step["actions"]),
            base=step["base"],
            score=None,
            verdict="refused",
            reason=step["reason"],
            tokens=step["tokens"],
            cost=step["cost"],
            tasks=tuple(step.get("tasks", ())),
            answers=tuple(step.get("answers", ())),
        )
        for number, step in steps.items()
        if step["verdict"] == "refused"
    ]


def spent_on(run: RunBranch) -> Usage:
    """What the steps of a run say that they cost, as prompt tokens and US dollars."""
    if not run.exists:
        return Usage()
    replies = run.evidence.requests().values()  # those that led to no step
    return sum(
        (
            *(Usage(prompt_tokens=update.tokens, cost=update.cost) for update in updates(run)),
            *(
                Usage(prompt_tokens=one["tokens"], cost=one.get("cost"))
                for one in replies
                if one.get("tokens")
            ),
        ),
        Usage(),
    )


def calls_of(run: RunBranch) -> int:
    """The model calls of the trials in a run's evidence; those of its optimizer are not there."""
    blobs = run.evidence.trial_blobs().values()
    return sum(trial.usage.calls for blob in blobs for trial in run.evidence.trials(blob))


def format_figure(score: float | None, tasks: int, of: int) -> str:
    """The trailers ``Fnopt-Base`` and ``Fnopt-Score``: ``0.4167 (24 of 40 tasks)``."""
    if score is None:
        return "not measured"
    return f"{score:.4f}{f' ({tasks} of {of} tasks)' if tasks < of else ''}"


def format_cost(tokens: int, cost: float | None) -> str:
    """The trailer ``Fnopt-Cost``: ``48210 tokens, $0.0312``."""
    return f"{tokens} tokens, {'unknown price' if cost is None else f'${cost:.4f}'}"


def parse_cost(text: str) -> tuple[int, float | None]:
    """Tokens and US dollars of a ``Fnopt-Cost`` trailer; 0 and None where it says nothing."""
    tokens = _TOKENS.match(text)
    dollars = _DOLLARS.search(text)
    return int(tokens[1]) if tokens else 0, float(dollars[1]) if dollars else None


def _first(marks: Mapping[str, tuple[str, ...]], key: str) -> str:
    return marks.get(key, ("",))[0]


def _figure(text: str) -> float | None:
    try:
        return float(text.split(" ")[0])
    except ValueError:
        return None


def _share(score: str) -> float:
    part = _PART.search(score)
    return int(part[1]) / int(part[2]) if part and int(part[2]) else 1.0


def _reason(verdict: str) -> str:
    return verdict.partition("; ")[2]
