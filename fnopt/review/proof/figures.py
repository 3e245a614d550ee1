"""Does what a step's trailers and its document say follow from the trials? Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnopt.evaluate.credit import single_use
from fnopt.history.message import Trailers
from fnopt.history.updates import format_cost, format_figure
from fnopt.library.function import Library
from fnopt.records import Verdict
from fnopt.review.proof.finding import Finding
from fnopt.review.proof.measured import (
    Missing,
    Rests,
    Trials,
    became_right,
    evaluated,
    follows,
    helped,
    pairs,
)
from fnopt.review.proof.told import first

SINGLE = "single use: "
FORGED = "the message was edited: see git log -1 {}; the evidence has the figures"
REVIEW = "review"


@dataclass(frozen=True)
class Step:
    """A step as a commit tells it, and the evidence of it. ``document`` is the step's own file;
    ``library`` reads the functions at the commit."""

    sha: str
    number: int
    marks: Trailers
    document: Mapping[str, Any]
    rests: Rests | None
    trials: Trials
    library: Callable[[], Library]

    @property
    def function(self) -> str | None:
        """The function that it is about, if it is one."""
        names = self.marks.get("Fnopt-Function", ())
        return names[0] if len(names) == 1 else None

    def finding(self, kind: str, message: str, **more: Any) -> Finding:
        """A finding at this step; its mend is that of an edited message unless given."""
        given = {"mend": FORGED.format(self.sha[:10]), **more}
        said = f"step {self.number}: {message}"
        return Finding(kind, said, commit=self.sha, function=self.function, **given)


def findings(step: Step) -> Iterator[Finding]:
    """What does not follow, of the trailers first."""
    yield from _document(step)
    if step.rests is None:
        yield from _by_document(step)
    elif step.rests.screened is not None:
        yield from _screened(step, step.rests)
    else:
        yield from _gated(step, step.rests)


def _gated(step: Step, rests: Rests) -> Iterator[Finding]:
    found = follows(rests, step.trials)
    if isinstance(found, Missing):
        yield _missing(step, found)
        return
    yield from _action(step, rests)
    if found is None:
        yield from _without_order(step, rests)
        return
    found = _single_use(step, rests, found)
    wrong = [*_trailers(step, found)]
    yield from wrong
    if not wrong:
        yield from _figures(step, found)


def _trailers(step: Step, found: Verdict) -> Iterator[Finding]:
    """Each trailer against what the trials say."""
    for key, kind, value in (
        ("Fnopt-Base", "base-score", format_figure(found.base, found.tasks, found.of)),
        ("Fnopt-Score", "score", format_figure(found.score, found.tasks, found.of)),
    ):
        claimed = first(step.marks, key)
        if claimed != value:
            yield _differs(step, kind, key, claimed, value)
    yield from _verdict(step, found)


def _verdict(step: Step, found: Verdict) -> Iterator[Finding]:
    claimed = first(step.marks, "Fnopt-Verdict")
    value = _flat(f"{found.outcome}; {found.reason}")
    if claimed != value:
        same = claimed.partition(";")[0] == found.outcome
        yield _differs(step, "figures" if same else "verdict", "Fnopt-Verdict", claimed, value)


def _differs(step: Step, kind: str, key: str, claimed: str, value: str) -> Finding:
    said = f"{key} says {claimed or 'nothing'}, the trials say {value}"
    return step.finding(kind, said, claimed=claimed, follows=value)


def _document(step: Step) -> Iterator[Finding]:
    """Each trailer that no trial says against the step's document."""
    found = step.document
    actions = [(str(action), str(name)) for action, name in found.get("actions", ())]
    said = list(
        zip(step.marks.get("Fnopt-Action", ()), step.marks.get("Fnopt-Function", ()), strict=False)
    )
    for kind, what, claimed, value in (
        ("edit", "edit", _listed(said), _listed(actions)),
        ("tasks", "tasks", ", ".join(step.marks.get("Fnopt-Task", ())), _tasks(found)),
        ("cost", "Fnopt-Cost", first(step.marks, "Fnopt-Cost"), _cost(found)),
    ):
        if claimed != value:
            message = f"{what}: the commit says {claimed or 'nothing'}, the evidence {value}"
            yield step.finding(kind, message, claimed=claimed, follows=value)


def _by_document(step: Step) -> Iterator[Finding]:
    """Where nothing says what the verdict rests on: whether the two agree at all."""
    found = step.document
    claimed, value = first(step.marks, "Fnopt-Verdict"), _verdict_of(found)
    if claimed != value:
        message = f"Fnopt-Verdict says {claimed or 'nothing'}, the evidence {value}"
        yield step.finding("verdict", message, claimed=claimed, follows=value)
    yield step.finding(
        "not-verifiable",
        "what its verdict rests on is not known: its figures are not checked",
        mend="an older fnopt wrote it, without the order of the tasks",
        level="warning",
    )


def _without_order(step: Step, rests: Rests) -> Iterator[Finding]:
    """The scores alone, where all tasks were met; of a gate that stopped early nothing follows."""
    found = pairs(rests, step.trials)
    met = int(step.document["figures"]["tasks"])
    if not isinstance(found, Missing) and found.met == met == rests.of:
        told = found.verdict("undecided", "")
        yield from (one for one in _trailers(step, told) if one.kind in ("base-score", "score"))
    yield from _by_document(step)


def _screened(step: Step, rests: Rests) -> Iterator[Finding]:
    """One that fell on the training tasks that it is for: nothing was measured, and it was lost."""
    wanted = step.marks.get("Fnopt-Task", ())
    count = became_right(rests, step.trials, wanted)
    if isinstance(count, Missing):
        yield _missing(step, count)
        return
    for key, kind in (("Fnopt-Base", "base-score"), ("Fnopt-Score", "score")):
        claimed = first(step.marks, key)
        if claimed != format_figure(None, 0, 0):
            yield _differs(step, kind, key, claimed, "not measured")
    claimed = first(step.marks, "Fnopt-Verdict")
    value = (
        f"reverted; screened: {count} of {len(wanted)} failing training tasks it is for became "
        "right"
    )
    if claimed.partition(";")[0] != "reverted" or helped(rests, step.trials):
        outcome = "may go on to the gate" if helped(rests, step.trials) else value
        yield _differs(step, "verdict", "Fnopt-Verdict", claimed, outcome)
    elif not claimed.startswith(value):
        yield _differs(step, "figures", "Fnopt-Verdict", claimed, value)
    elif claimed != (said := _verdict_of(step.document)):
        yield _edited(step, f"its document says {said}", said, claimed)


def _figures(step: Step, found: Verdict) -> Iterator[Finding]:
    """The document's figures against the trials; the trailers follow from them."""
    figures = step.document.get("figures", {})
    fields = ("outcome", "reason", "base", "score", "better", "worse", "tasks", "of", "p")
    given = {key: (figures.get(key), getattr(found, key)) for key in fields}
    told: dict[str, object] = {"verdict": found.outcome, "reason": found.reason}
    told |= {"base": found.base, "score": found.score}
    given |= {f"{key} ": (step.document.get(key), value) for key, value in told.items()}
    for key, (claimed, value) in given.items():
        if not _equal(claimed, value):
            said = f"{key.strip()} is {claimed} in its document, and {value} by its trials"
            yield _edited(step, said, claimed, value)
            return


def _edited(step: Step, said: str, claimed: object, value: object) -> Finding:
    return step.finding(
        "step-document",
        said,
        claimed=str(claimed),
        follows=str(value),
        mend=f"steps/{step.number:04}.json was edited: fetch the evidence again",
    )


def _single_use(step: Step, rests: Rests, found: Verdict) -> Verdict:
    """The verdict where a function that helped with one task at most is not kept."""
    claimed = first(step.marks, "Fnopt-Verdict").removeprefix("reverted; ")
    refuses = rests.single_use == "refuse" and found.outcome == "kept"
    if not refuses or not claimed.startswith(SINGLE):
        return found
    names = claimed.removeprefix(SINGLE).partition(" helped with at most one of ")[0].split(", ")
    lone = single_use(step.library(), evaluated(rests, step.trials), names)
    if set(lone) != set(names):
        return found
    said = claimed.removesuffix(_flat(found.reason))
    return replace(found, outcome="reverted", reason=f"{said.rstrip()} {found.reason}")


def _action(step: Step, rests: Rests) -> Iterator[Finding]:
    """What the gate was told that the update does, which decides what it must show."""
    actions = step.marks.get("Fnopt-Action", ())
    usual = actions[0] if len(actions) == 1 else "several"
    may = (usual, REVIEW) if "Fnopt-Answers" in step.marks else (usual,)
    if rests.action not in may:
        message = f"it was judged as {rests.action!r}, and it is {usual!r}"
        yield step.finding("edit", message, claimed=rests.action, follows=usual)


def _missing(step: Step, found: Missing) -> Finding:
    return step.finding(
        "trials-missing",
        f"{found.path} is not whole in the evidence: nothing follows without those trials",
        follows=found.path,
        mend="",
    )


def _verdict_of(found: Mapping[str, Any]) -> str:
    return _flat(f"{found.get('verdict')}; {found.get('reason')}")


def _tasks(found: Mapping[str, Any]) -> str:
    return ", ".join(_flat(str(one)) for one in found.get("tasks", ()))


def _cost(found: Mapping[str, Any]) -> str:
    cost = found.get("cost")
    return format_cost(int(found.get("tokens", 0)), None if cost is None else float(cost))


def _listed(pairs_: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{action} {_flat(name)}" for action, name in pairs_)


def _equal(claimed: object, value: object) -> bool:
    if isinstance(claimed, int | float) and isinstance(value, int | float):
        return abs(claimed - value) < 1e-9
    return claimed == value


def _flat(text: str) -> str:
    """As a trailer holds it: one line of printable characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
