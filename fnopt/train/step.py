"""One step: propose, check, commit, judge; keep or revert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fnopt.history import message
from fnopt.history.runs import Candidate
from fnopt.history.updates import Update, format_cost, parse_cost
from fnopt.library.function import Library
from fnopt.library.proposal import Proposal
from fnopt.records import Evaluation, Fault, Usage, Verdict
from fnopt.train import attempts, focus
from fnopt.train.optimizer import Situation, failures
from fnopt.train.outcome import Kept, Refused, Reverted, Step, Terminated, Undecided
from fnopt.train.run import Base, Run

SECOND_CHANCES = 1  # how often a reply goes back with its faults


def step(run: Run) -> Step:
    """Propose, check, commit, judge; keep or revert.

    Raises BudgetSpent, EndpointError, SandboxError and GitStateError; a candidate that was being
    judged then stays pending, and the next step goes on with it.
    """
    paid = run.budget.spent
    base = run.head()
    candidate = run.branch.pending()
    if candidate is None:
        drafted = draft(run, base)
        if isinstance(drafted, Terminated):
            return drafted
        if drafted.library is None:
            return _refuse(run, drafted, _difference(run.budget.spent, paid))
        candidate = _pend(run, base, drafted, _difference(run.budget.spent, paid))
        paid = run.budget.spent
    judged = _judge(run, base, candidate)
    if judged.verdict.outcome == "undecided":
        return Undecided(judged.verdict)
    return _publish(run, candidate, judged, _difference(run.budget.spent, paid))


@dataclass(frozen=True)
class Draft:
    """A proposal on its way: ``library`` is what it leads to, None when ``faults`` refuse it."""

    number: int
    proposal: Proposal
    tasks: tuple[str, ...]
    base: Evaluation
    library: Library | None = None
    faults: tuple[Fault, ...] = ()


def draft(run: Run, base: Base) -> Draft | Terminated:
    """Evaluate the incumbent on the training tasks and let the optimizer propose an edit."""
    trained = run.evaluate(base.library, "train", run.train)
    wrong = {t.task for t in trained.scored if not t.right}
    failing = [task for task in run.train if task.id in wrong]
    if not failing:
        return Terminated("nothing left to fix: every training task is answered right")
    past = attempts.attempts(run.branch)
    number = 1 + max((attempt.update.step for attempt in past), default=0)
    vain = [attempt.tasks for attempt in past if attempt.in_vain]
    group = focus.choose(focus.groups(failing, run.train), vain)
    situation = Situation(
        base.library,
        failures(group, trained),
        tuple(attempts.about(past, group, 2)),
        run.screen.locked_names(base.library),
    )
    run.say(f"step {number}: asking for an edit for {len(situation.failures)} failing tasks")
    return _propose(run, base, situation, number, trained)


def _propose(
    run: Run, base: Base, situation: Situation, number: int, trained: Evaluation
) -> Draft | Terminated:
    request = run.optimizer.ask(situation, number)
    done = Draft(number, Proposal((), ""), situation.tasks, trained)
    for _ in range(1 + SECOND_CHANCES):
        reply, proposal = run.optimizer.send(request, number)
        if isinstance(proposal, Proposal):
            if proposal.terminates:
                return Terminated(f"the optimizer ended the run: {proposal.why}")
            done = replace(done, proposal=proposal)
            after = run.screen.apply(base.library, proposal)
        else:
            after = proposal
        if isinstance(after, Library):
            return replace(done, library=after, faults=())
        done = replace(done, faults=after)
        request = run.optimizer.again(request, reply, after)
    return done


def _refuse(run: Run, refused: Draft, usage: Usage) -> Refused:
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
    )
    document = _document(update, actions, refused.proposal.why, _code(refused.proposal))
    document["faults"] = [asdict(fault) for fault in refused.faults]
    path = f"steps/{refused.number:04}.json"
    run.branch.evidence.write({path: document}, [refused.base], f"step {refused.number}: refused")
    return Refused(update, refused.faults)


def _pend(run: Run, base: Base, drafted: Draft, usage: Usage) -> Candidate:
    assert drafted.library is not None, "BUG: a refused draft cannot wait for a verdict"
    actions = _actions(drafted.proposal)
    marks = [
        ("Fnopt-Run", run.branch.name),
        ("Fnopt-Step", str(drafted.number)),
        *[("Fnopt-Action", action) for action, _ in actions],
        *[("Fnopt-Function", function) for _, function in actions],
        *[("Fnopt-Task", task) for task in drafted.tasks],
        ("Fnopt-Model", run.optimizer.voice.model),
        ("Fnopt-Cost", format_cost(usage.tokens, usage.cost)),
    ]
    text = message.compose(message.subject(actions), drafted.proposal.why, marks)
    tree = run.repo.write_tree(base.commit, _changes(base.library, drafted.library))
    return run.branch.pend(tree, drafted.number, text)


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    evaluations: tuple[Evaluation, ...]
    observed: tuple[attempts.Observation, ...] = ()


def _judge(run: Run, base: Base, candidate: Candidate) -> _Judged:
    after = run.base(candidate.commit).library
    marks = message.trailers(candidate.message)
    action = marks["Fnopt-Action"][0] if len(marks["Fnopt-Action"]) == 1 else "several"
    run.say(f"step {candidate.step}: judging {candidate.message.splitlines()[0]}")
    first: tuple[Evaluation, ...] = ()
    observed: tuple[attempts.Observation, ...] = ()
    tasks = [task for task in run.train if task.id in marks.get("Fnopt-Task", ())]
    if run.judging.screened and tasks and action != "remove":
        first = tuple(run.evaluate(one, "train", tasks) for one in (base.library, after))
        observed = tuple(attempts.observe(trial) for trial in first[1].trials)
        if useless := _useless(*first):
            return _Judged(useless, first, observed)
    split, held = run.judging.split, run.judging.tasks
    pair = tuple(run.evaluate(one, split, held) for one in (base.library, after))
    return _Judged(run.judging.gate.judge(*pair, action), (*first, *pair), observed)


def _useless(base: Evaluation, after: Evaluation) -> Verdict | None:
    """A verdict when the edit does not even help the training tasks that it is for."""
    if len(after.scored) < len(after.trials) or len(base.scored) < len(base.trials):
        return Verdict("undecided", "infrastructure failed on the training tasks it is for")
    if after.score > base.score:
        return None
    said = f"{after.right} of {len(after.trials)} failing training tasks it is for became right"
    return Verdict("reverted", f"screened: {said}")


def _publish(run: Run, candidate: Candidate, judged: _Judged, usage: Usage) -> Step:
    verdict = judged.verdict
    marks = message.trailers(candidate.message)
    tokens, cost = parse_cost(marks["Fnopt-Cost"][0])
    usage += Usage(prompt_tokens=tokens, cost=cost)
    actions = list(zip(marks["Fnopt-Action"], marks["Fnopt-Function"], strict=True))
    update = Update(
        commit=None,
        revert=None,
        step=candidate.step,
        action=", ".join(action for action, _ in actions),
        function=", ".join(function for _, function in actions),
        base=verdict.base,
        score=verdict.score,
        verdict=verdict.outcome,
        reason=verdict.reason,
        tokens=usage.tokens,
        cost=usage.cost,
        tasks=marks.get("Fnopt-Task", ()),
    )
    why = message.body(candidate.message)
    code = "\n\n".join(_sources(run.base(candidate.commit).library, actions))
    document = _document(update, actions, why, code)
    document["observed"] = [asdict(one) for one in judged.observed]
    document["figures"] = asdict(verdict)
    said = f"step {candidate.step}: {verdict.outcome}"
    path = f"steps/{candidate.step:04}.json"
    run.branch.evidence.write({path: document}, judged.evaluations, said)
    text = _final_message(run, candidate, update, why)
    kept = verdict.outcome == "kept"
    commit = run.branch.publish(candidate, text, run.folder, keep=kept)
    revert = None if kept else run.branch.head()
    update = replace(update, commit=commit, revert=revert)
    return Kept(update) if kept else Reverted(update)


def _final_message(run: Run, candidate: Candidate, update: Update, why: str) -> str:
    given = message.trailers(candidate.message)
    model = run.optimizer.voice.model
    marks = [
        *[("Fnopt-Run", run.branch.name), ("Fnopt-Step", str(update.step))],
        *[("Fnopt-Action", action) for action in given["Fnopt-Action"]],
        *[("Fnopt-Function", function) for function in given["Fnopt-Function"]],
        *[("Fnopt-Task", task) for task in update.tasks],
        ("Fnopt-Base", _figure(update.base)),
        ("Fnopt-Score", _figure(update.score)),
        ("Fnopt-Verdict", f"{update.verdict}; {update.reason}"),
        ("Fnopt-Model", model),
        ("Fnopt-Cost", format_cost(update.tokens, update.cost)),
        ("Assisted-by", f"fnopt ({model})"),
    ]
    body = run.prose.render("commit.txt", why=why, update=update, split=run.judging.split)
    return message.compose(candidate.message.splitlines()[0], body, marks)


def _document(
    update: Update, actions: Sequence[tuple[str, str]], why: str, code: str
) -> dict[str, Any]:
    """The evidence of a step; its keys are a format that outlives this version."""
    fields = asdict(update)
    for key in ("commit", "revert", "action", "function"):
        del fields[key]
    return {**fields, "actions": [list(pair) for pair in actions], "why": why, "code": code}


def _actions(proposal: Proposal) -> list[tuple[str, str]]:
    return [(type(edit).__name__.lower(), edit.name) for edit in proposal.edits]


def _code(proposal: Proposal) -> str:
    return "\n\n".join(code for edit in proposal.edits if (code := getattr(edit, "code", "")))


def _sources(library: Library, actions: Sequence[tuple[str, str]]) -> list[str]:
    found = (library.get(name) for _, name in actions)
    return [function.source for function in found if function is not None]


def _changes(before: Library, after: Library) -> dict[str, bytes | None]:
    """The files to write, and those to take out (None)."""
    gone: dict[str, bytes | None] = {path: None for path in before.files if path not in after.files}
    return gone | {
        path: data for path, data in after.files.items() if before.files.get(path) != data
    }


def _difference(now: Usage, then: Usage) -> Usage:
    cost = now.cost - then.cost if now.cost is not None and then.cost is not None else None
    return Usage(
        now.calls - then.calls,
        now.prompt_tokens - then.prompt_tokens,
        now.completion_tokens - then.completion_tokens,
        cost,
    )


def _figure(score: float | None) -> str:
    return "not measured" if score is None else f"{score:.4f}"

