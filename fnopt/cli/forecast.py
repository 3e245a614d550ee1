"""``eval``, ``test`` and ``train`` with ``--dry-run``: what they would cost. No model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from fnopt.agents.profile import habits
from fnopt.cli import build, clients, evaluators
from fnopt.cli.ahead import Ahead, look, priced, purse, rate_of, seconds_of
from fnopt.cli.echo import document
from fnopt.cli.session import Session
from fnopt.history.runs import RunBranch
from fnopt.history.updates import PEOPLES, Update, updates
from fnopt.library.function import Library
from fnopt.records import Split, Usage
from fnopt.report.words import cost_of
from fnopt.train.draft import BEST, SECOND_CHANCES, SHOWN_TASKS
from fnopt.train.estimate import total, worst_trial
from fnopt.train.focus import KIN
from fnopt.train.loop import ended
from fnopt.train.run import Run, library_at
from fnopt.train.together import DRAWS

UNPROBED = 22_500  # tokens to find out what an endpoint can do, see fnopt.agents.probe


def of_evaluation(
    session: Session, commit: str, split: Split, limit: int | None, as_json: bool
) -> None:
    """What scoring a revision would cost."""
    library = library_at(session.repo, commit, session.layout)
    watch = clients.Watcher()
    offered = evaluators.offered(session, library)
    evaluator = evaluators.evaluator(session, purse(), watch, offered, sealed=split == "test")
    tasks = build.tasks(session, split)[:limit]
    ahead = look(session, evaluator, library, split, tasks)
    rate, rests = rate_of(session, tasks, ahead)
    clients.require_prices(session.config, clients.trying(session.config))
    usage = total(rate, ahead.missing, priced(session.config.agent))
    seconds = seconds_of(session, usage.calls)
    values = {"rev": commit, "split": split, "trials": ahead.trials, "missing": ahead.missing}
    rests = [*rests, *_unprobed(ahead)] if ahead.missing else ["all trials are kept"]
    head = f"{split} at {commit[:10]}: {ahead.missing} of {ahead.trials} trials are to be made"
    _show({"dry_run": True, **values}, head, usage, seconds, rests, as_json)


def of_run(session: Session, branch: RunBranch, rev: str | None, as_json: bool) -> int:
    """What the steps that are left of a run would cost."""
    run = build.run(session, branch, purse(), clients.Watcher())
    log = updates(branch) if branch.exists else []
    stop = ended(run) if branch.exists else None
    commit = branch.head() if branch.exists else session.repo.resolve(rev or "HEAD")
    counted = [one for one in _steps(log) if one.verdict == "kept" or not run.stops.only_kept]
    steps = 0 if stop else run.stops.max_steps - len(counted)
    head = f"run {branch.name}: {steps} of {run.stops.max_steps} steps are left at most"
    agent, optimizer, trials, rests = _ahead_of(session, run, run.base(commit).library, steps)
    seconds = seconds_of(session, agent.calls, optimizer.calls)
    usage = agent + optimizer
    rests = [f"nothing is left: {stop.reason}"] if stop else [*rests, *_by_steps(log, steps)]
    values = {"run": branch.name, "steps": steps, "trials": trials}
    rests = [*rests, *_limits(session)]
    _show({"dry_run": True, **values}, head, usage, seconds, rests, as_json)
    return 0


def _ahead_of(
    session: Session, run: Run, library: Library, steps: int
) -> tuple[Usage, Usage, int, list[str]]:
    """The most that steps take, of the agent and the optimizer, with the number of trials: the
    incumbent's, and in each step a candidate's, too."""
    if not steps:
        return Usage(), Usage(), 0, []
    trained = look(session, run.evaluator, library, "train", run.train)
    judged = run.judging
    held = look(session, run.evaluator, library, judged.split, judged.tasks)
    draws, drafted = _drawn(session, run)
    each = trained.trials + held.trials + drafted * session.config.tasks.trials
    trials = trained.missing + held.missing + steps * each
    rate, rests = rate_of(session, [*run.train, *run.judging.tasks], held)
    agent = total(rate, trials, priced(session.config.agent))
    replies = steps * draws * (1 + SECOND_CHANCES)
    voice = build.voice(session.config.optimizer)
    reply = worst_trial(voice.max_prompt, 1, voice.max_tokens)
    optimizer = total(reply, replies, priced(session.config.optimizer))
    said = [
        f"trials: {trained.missing + held.missing} of the incumbent, "
        f"and up to {each} in each step: training, screening and {run.judging.split}",
        *rests,
        f"the optimizer: up to {replies} replies, each at its worst",
    ]
    return agent, optimizer, trials, [*said, *_unprobed(held)]


def _drawn(session: Session, run: Run) -> tuple[int, int]:
    """The most candidates that a step draws, and trials that tell them apart or screen them."""
    settings = session.config.optimizer
    if settings.one_shot or settings.mode == "paper":
        return 1 if settings.one_shot else settings.max_actions, 0
    kinds = settings.kinds or habits(settings.model).kinds
    draws = run.optimizer.proposals + (kinds - 1) * DRAWS
    alike = min(SHOWN_TASKS + KIN, len(run.train))  # the tasks that it is for, and their kin
    return draws, kinds * BEST * alike


def _steps(log: Sequence[Update]) -> list[Update]:
    return [one for one in log if one.action not in PEOPLES]


def _by_steps(log: Sequence[Update], left: int) -> list[str]:
    """What the steps so far let expect."""
    done = [one.tokens for one in _steps(log) if one.tokens]
    if not done or not left:
        return []
    mean = sum(done) / len(done)
    said = f"{len(done)} steps of this run took {mean:,.0f} tokens each on average"
    return [f"{said}: {mean * left:,.0f} tokens for {left} more like them"]


def _unprobed(ahead: Ahead) -> list[str]:
    if ahead.prompt is not None:
        return []
    said = "what the endpoint can do is not known: finding out takes up to"
    return [f"{said} {UNPROBED:,} tokens more (fnopt doctor), and no trial counts as kept"]


def _limits(session: Session) -> list[str]:
    """The limits that end the run before."""
    said = {
        **{f"max_{key}": value for key, value in asdict(session.limits).items()},
        **{f"step_{key}": value for key, value in asdict(session.step_limits).items()},
    }
    given = [
        f"{key.replace('seconds', 'time')} = {value:g}" for key, value in said.items() if value
    ]
    return [f"limits: {', '.join(given)}"] if given else []


def _show(
    values: dict[str, object],
    head: str,
    usage: Usage,
    seconds: float | None,
    rests: Sequence[str],
    as_json: bool,
) -> None:
    cost = {"model_calls": usage.calls, "tokens": usage.tokens, "cost": usage.cost}
    cost["seconds"] = seconds
    if as_json:
        document({**values, **cost, "rests_on": list(rests)})
        return
    click.echo(head)
    time = "time unknown" if seconds is None else f"{seconds:,.0f} s"
    click.echo(f"estimate: {usage.calls:,} model calls, {cost_of(usage)}, {time}")
    for one in rests:
        click.echo(f"  {one}")
