"""A judged, or refused, proposal becomes part of the log: evidence first, then the branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from fnopt.history import message
from fnopt.history.message import Trailers
from fnopt.history.runs import Candidate
from fnopt.history.updates import Update, format_cost, format_figure, parse_cost
from fnopt.library.edit import Edit, Revise
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.library.unused import unused_imports
from fnopt.records import Evaluation, Usage, Verdict
from fnopt.sandbox import in_words
from fnopt.train import answering
from fnopt.train.drafted import Draft
from fnopt.train.judge import Judged
from fnopt.train.outcome import Kept, Refused, Reverted
from fnopt.train.quote import defused
from fnopt.train.run import Base, Run, tree_with

Actions = Sequence[tuple[str, str]]  # (action, function) of each edit


def refuse(run: Run, refused: Draft, usage: Usage) -> Refused:
    """Keep a refused proposal in the evidence; it never becomes a commit."""
    first = refused.faults[0]
    more = f" (and {len(refused.faults) - 1} more)" if len(refused.faults) > 1 else ""
    actions = _actions(refused.proposal)
    update = Update(
        commit=None,
        revert=None,
        step=refused.number,
        action=", ".join(action for action, _ in actions),
        function=", ".join(function for _, function in actions),
        base=None,
        score=None,
        verdict="refused",
        reason=f"{first.message}{more}",
        tokens=usage.tokens,
        cost=usage.cost,
        tasks=refused.tasks,
        answers=answering.keys(refused.answers),
    )
    code = "\n\n".join(getattr(edit, "code", "") for edit in refused.proposal.edits)
    document = _document(update, actions, refused.proposal.why, code)
    document["faults"] = [asdict(fault) for fault in refused.faults]
    documents = {
        _path(refused.number): document,
        **answering.refused(refused.answers, refused.number, update.reason),
    }
    trials = [refused.base] if refused.base.trials else []  # an answer needs none
    run.branch.evidence.write(documents, trials, f"step {refused.number}: refused")
    return Refused(update, refused.faults)


def pend(run: Run, base: Base, drafted: Draft, usage: Usage) -> Candidate:
    """Make a candidate of a draft that passed the free filters; what it answers is kept first."""
    assert drafted.library is not None, "BUG: a refused draft cannot wait for a verdict"
    actions = _actions(drafted.proposal)
    answers = answering.keys(drafted.answers)
    marks = [
        *_marks(run, drafted.number, actions, drafted.tasks, answers),
        ("Fnopt-Model", run.optimizer.voice.model),
        ("Fnopt-Cost", format_cost(usage.tokens, usage.cost)),
    ]
    why = f"{drafted.proposal.why}\n\n{_remarks(base.library, drafted)}"
    if drafted.answers:
        why = defused(f"{answering.in_words(drafted.answers)}\n\n{why}")
        documents = answering.asked(drafted.answers, drafted.proposal.why)
        run.branch.evidence.write(documents, (), f"step {drafted.number}: asked for in review")
    text = message.compose(message.subject(actions), why, marks)
    tree = tree_with(run.repo, base, drafted.library, run.layout)
    return run.branch.pend(tree, drafted.number, text, base.commit)


def _remarks(before: Library, drafted: Draft) -> str:
    """What a reviewer should know: names that changed, and imports that people may drop."""
    assert drafted.library is not None, "BUG: a refused draft changes nothing"
    revised = [one for one in drafted.proposal.edits if isinstance(one, Revise) and one.new_name]
    said = [f"{one.name} is called {one.new_name} now, its callers follow." for one in revised]
    idle = [f"{one} in {one.path}" for one in unused_imports(before, drafted.library)]
    return "\n\n".join([*said, *([f"Left unused: {', '.join(idle)}."] if idle else [])])


def publish(run: Run, candidate: Candidate, judged: Judged, usage: Usage) -> Kept | Reverted:
    """Write evidence and final message, and move the branch to the update or to its revert."""
    verdict = judged.verdict
    kept = verdict.outcome == "kept"
    update = _update(candidate, judged, usage)
    actions = _given(message.trailers(candidate.message))
    why = message.body(candidate.message)
    document = _document(update, actions, why, _sources(run, candidate, actions))
    document["observed"] = [asdict(one) for one in judged.observed]
    document["figures"] = asdict(verdict)
    document["broke"] = broke(judged.evaluations)
    document["rests"] = judged.rests
    documents = {_path(candidate.step): document, **answering.judged(run.branch, update)}
    said = f"step {candidate.step}: {verdict.outcome}"
    run.branch.evidence.write(documents, judged.evaluations, said)
    text = _final_message(run, candidate, update, verdict, why)
    commit = run.branch.publish(candidate, text, run.layout, keep=kept)
    if update.answers:
        answering.settle(run.branch)
    update = replace(update, commit=commit, revert=None if kept else run.branch.head())
    return Kept(update) if kept else Reverted(update)


def broke(evaluations: Sequence[Evaluation]) -> dict[str, list[str]]:
    """By split, the tasks that were right before an update and are not with it.

    ``evaluations`` come in pairs: of the base and of the candidate.
    """
    found: dict[str, list[str]] = {}
    for base, after in zip(evaluations[::2], evaluations[1::2], strict=True):
        right = {trial.task for trial in base.trials if trial.right}
        wrong = {trial.task for trial in after.scored if not trial.right}
        found[base.split] = sorted(right & wrong)
    return found


def _update(candidate: Candidate, judged: Judged, usage: Usage) -> Update:
    """The log's entry; what proposing cost stands in the candidate's message already."""
    marks = message.trailers(candidate.message)
    tokens, cost = parse_cost(marks["Fnopt-Cost"][0])
    usage += Usage(prompt_tokens=tokens, cost=cost)
    return Update(
        commit=None,
        revert=None,
        step=candidate.step,
        action=", ".join(marks["Fnopt-Action"]),
        function=", ".join(marks["Fnopt-Function"]),
        base=judged.verdict.base,
        score=judged.verdict.score,
        verdict=judged.verdict.outcome,
        reason=judged.verdict.reason,
        tokens=usage.tokens,
        cost=usage.cost,
        tasks=marks.get("Fnopt-Task", ()),
        share=_share(judged.verdict),
        answers=marks.get("Fnopt-Answers", ()),
    )


def _share(verdict: Verdict) -> float:
    return verdict.tasks / verdict.of if verdict.of else 1.0


def _final_message(
    run: Run, candidate: Candidate, update: Update, verdict: Verdict, why: str
) -> str:
    model = run.optimizer.voice.model
    actions = _given(message.trailers(candidate.message))
    marks = [
        *_marks(run, update.step, actions, update.tasks, update.answers),
        ("Fnopt-Base", format_figure(update.base, verdict.tasks, verdict.of)),
        ("Fnopt-Score", format_figure(update.score, verdict.tasks, verdict.of)),
        ("Fnopt-Verdict", f"{update.verdict}; {update.reason}"),
        ("Fnopt-Model", model),
        ("Fnopt-Sandbox", in_words(run.evaluator.bench.sandbox, {one for _, one in actions})),
        ("Fnopt-Cost", format_cost(update.tokens, update.cost)),
        ("Assisted-by", f"fnopt ({model})"),
    ]
    body = run.prose.render("commit.txt", why=why, update=update, split=run.judging.split)
    return message.compose(candidate.message.splitlines()[0], body, marks)


def _marks(
    run: Run, step: int, actions: Actions, tasks: Sequence[str], answers: Sequence[str]
) -> list[tuple[str, str]]:
    return [
        ("Fnopt-Run", run.branch.name),
        ("Fnopt-Step", str(step)),
        *(("Fnopt-Action", action) for action, _ in actions),
        *(("Fnopt-Function", function) for _, function in actions),
        *(("Fnopt-Task", task) for task in tasks),
        *([("Fnopt-Reason", answering.REASON)] if answers else []),
        *(("Fnopt-Answers", name) for name in answers),
    ]


def _document(update: Update, actions: Actions, why: str, code: str) -> dict[str, Any]:
    """The evidence of a step; its keys are a format that outlives this version."""
    fields = asdict(update)
    for key in ("commit", "revert", "action", "function", *(() if update.answers else ["answers"])):
        del fields[key]
    return {**fields, "actions": [list(pair) for pair in actions], "why": why, "code": code}


def _path(step: int) -> str:
    return f"steps/{step:04}.json"


def _actions(proposal: Proposal) -> list[tuple[str, str]]:
    return [(type(edit).__name__.lower(), _called(edit)) for edit in proposal.edits]


def _called(edit: Edit) -> str:
    """What the function is called after the edit."""
    return (edit.new_name or edit.name) if isinstance(edit, Revise) else edit.name


def _given(marks: Trailers) -> list[tuple[str, str]]:
    return list(zip(marks["Fnopt-Action"], marks["Fnopt-Function"], strict=True))


def _sources(run: Run, candidate: Candidate, actions: Actions) -> str:
    library = run.base(candidate.commit).library
    found = (library.get(name) for _, name in actions)
    return "\n\n".join(function.source for function in found if function is not None)
