"""Builds what commands work with, from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from fnopt.agents.agent import Setup
from fnopt.agents.choose import choose as choose_agent
from fnopt.agents.profile import Profile, habits
from fnopt.cli import profiles
from fnopt.cli.session import Session
from fnopt.config import AgentConfig, Config, OptimizerConfig
from fnopt.errors import UsageError
from fnopt.evaluate.evaluation import Evaluator, Progress
from fnopt.evaluate.gate import Gate, NoRollback
from fnopt.evaluate.gate import choose as choose_gate
from fnopt.evaluate.trial import Bench
from fnopt.history.runs import RunBranch
from fnopt.library.function import Library
from fnopt.models.client import Client
from fnopt.models.connect import connect, endpoint_name
from fnopt.models.meter import Meter, price
from fnopt.records import Split, Task, Usage
from fnopt.tasks.scorers import scorer
from fnopt.train import notes
from fnopt.train.budget import Budget
from fnopt.train.draft import draft
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.paper import PaperDrafter
from fnopt.train.paper_prompt import Form
from fnopt.train.paper_prune import worked
from fnopt.train.run import Drafter, Judging, Run, Stops
from fnopt.train.screen import Screen
from fnopt.train.together import Together


@dataclass(frozen=True)
class Watcher:
    """Who is told of progress; ``profile`` of each that was looked up or found, with its key."""

    say: Callable[[str], None] = lambda _: None
    trials: Callable[[Progress], None] = lambda _: None
    download: Callable[[int, int, str], None] = lambda *_: None
    profile: Callable[[str, Profile], None] = lambda *_: None


def client(
    session: Session, role: AgentConfig | OptimizerConfig, purse: Meter, watch: Watcher
) -> Client:
    """The model of the agent or the optimizer."""
    connection = connect(
        role.model,
        role.base_url,
        session.store,
        meter=purse,
        timeout=role.timeout,
        record=session.record,
        progress=watch.download,
    )
    session.defer(connection)
    return connection


def evaluator(
    session: Session, purse: Meter, watch: Watcher, offered: frozenset[str] | None = None
) -> Evaluator:
    """The agent of the configuration on its bench; see :class:`Toolbox` for ``offered``."""
    settings = session.config.agent
    usual = habits(settings.model)
    model = client(session, settings, purse, watch)
    setup = Setup(
        client=model,
        prose=session.prose,
        model=settings.model,
        endpoint=endpoint_name(settings.model, settings.base_url),
        profile=profiles.first_use(session, "agent", model, watch),
        temperature=_first(settings.temperature, usual.temperature),
        max_tokens=settings.max_tokens or usual.max_tokens,
        max_turns=settings.max_turns,
    )
    tasks = session.config.tasks
    bench = Bench(
        choose_agent(settings.kind, setup),
        session.sandbox,
        scorer(tasks.scorer, tasks.partial, session.repo.root),
        settings.python,
        offered,
    )
    return Evaluator(
        bench,
        session.store,
        concurrency=settings.concurrency,
        trials=tasks.trials,
        on_progress=watch.trials,
    )


def optimizer(session: Session, purse: Meter, watch: Watcher) -> Optimizer:
    """The optimizer of the configuration."""
    settings = session.config.optimizer
    usual = habits(settings.model)
    model = client(session, settings, purse, watch)
    profile = profiles.first_use(session, "optimizer", model, watch)
    voice = Voice(
        model=settings.model,
        endpoint=endpoint_name(settings.model, settings.base_url),
        temperature=_first(settings.temperature, usual.optimizer_temperature),
        retry_temperature=_first(settings.temperature, usual.retry_temperature),
        max_tokens=settings.max_tokens or usual.optimizer_max_tokens,
        max_prompt=settings.max_prompt or usual.max_prompt,
        brief=usual.brief,
    )
    return Optimizer(
        model,
        session.prose,
        lambda: replace(voice, native_tools=profile().native, system_role=profile().system),
        packages=session.config.library.packages,
        max_actions=1 if _action_by_action(settings) else settings.max_actions,
        proposals=settings.proposals or usual.proposals,
        reconsiders=usual.reconsiders,
    )


def offered(session: Session, library: Library) -> frozenset[str] | None:
    """The functions that a test offers; None for all. Raises UsageError when nothing says which."""
    if not session.config.optimizer.prune_at_test:
        return None
    return worked(session.repo, library, session.config.gate.split)


def recall(session: Session, branch: RunBranch) -> None:
    """Take a run's evidence into the store: a fresh clone pays for nothing again.

    That is its trials, and what its endpoints can do, by which trials are made.
    """
    profiles.recall(session, branch)
    for blob in branch.evidence.trial_blobs().values():
        mark = f"evidence:{blob}"
        if session.store.reply(mark) is None:
            for trial in branch.evidence.trials(blob):
                if trial.error is None:
                    session.store.keep_trial(trial.to_json())
            session.store.keep_reply(mark, {})


def run(session: Session, branch: RunBranch, purse: Budget, watch: Watcher) -> Run:
    """Everything that a step needs. Raises UsageError, EndpointError and SandboxError."""
    config = session.config
    require_prices(config)
    session.tasks.check()
    train = tasks(session, "train")
    return Run(
        branch=branch,
        layout=session.layout,
        train=train,
        judging=_judging(session),
        evaluator=evaluator(session, purse, watch),
        optimizer=optimizer(session, purse, watch),
        draft=_drafter(config),
        screen=Screen.of(session.layout, session.rules, config.library.locked, train),
        budget=purse,
        prose=session.prose,
        stops=_stops(config),
        notes=notes.read(session.repo.root, config.optimizer.hints),
        say=watch.say,
    )


def require_prices(config: Config) -> None:
    """Raise UsageError when a limit in dollars cannot hold, since a price is unknown."""
    if config.stop.max_cost is None:
        return
    for role in (config.agent, config.optimizer):
        endpoint = endpoint_name(role.model, role.base_url)
        if price(role.model, Usage(1, 1000, 1000), endpoint) is None:
            raise UsageError(
                f"the price of {role.model} is unknown, so a limit in dollars cannot hold",
                "limit tokens instead: --max-tokens N",
            )


def tasks(session: Session, split: Split) -> tuple[Task, ...]:
    """The tasks of a split. Raises UsageError when it is not configured or empty."""
    if split not in session.tasks.names:
        raise UsageError(
            f"no {split} tasks are configured", f'set tasks.{split} = "tasks/{split}.jsonl"'
        )
    return session.tasks.tasks(split)


def _action_by_action(settings: OptimizerConfig) -> bool:
    """Whether each reply is one action of several in a step."""
    return settings.mode == "paper" and not settings.one_shot


def _drafter(config: Config) -> Drafter:
    settings = config.optimizer
    if settings.mode != "paper" and not settings.one_shot:
        kinds = settings.kinds or habits(settings.model).kinds
        return Together(kinds) if kinds > 1 else draft
    form = Form(settings.max_actions, settings.one_shot, config.library.packages)
    return PaperDrafter(form, expected=settings.mode != "paper")


def _stops(config: Config) -> Stops:
    patience = config.stop.patience if config.stop.early_stop else None
    return Stops(config.stop.max_steps, patience, config.gate.epochs == "accepted")


def _judging(session: Session) -> Judging:
    gate = session.config.gate
    held = tasks(session, gate.split)
    unknown = set(gate.guards) - {task.id for task in held}
    if unknown:
        raise UsageError(
            f"gate.guards: no {gate.split} task is called {sorted(unknown)[0]!r}",
            "name tasks by their ids",
        )
    rule = choose_gate(
        gate.rule,
        confidence=gate.confidence,
        margin=gate.margin,
        guards=gate.guards,
        ties=gate.ties,
    )
    screened = gate.rule == "paired" and gate.rollback
    rule = rule if gate.rollback else NoRollback(rule)
    _require_enough(rule, gate.split, len(held))
    return Judging(rule, gate.split, held, screened)


def _require_enough(rule: Gate, split: str, there: int) -> None:
    """Raise UsageError when no edit could be kept, were it to put right every task there is."""
    if rule.can_show(there):
        return
    needed = next(number for number in count(there + 1) if rule.can_show(number))
    tasks = "1 task is" if there == 1 else f"{there} tasks are"
    raise UsageError(
        f"tasks.{split}: {tasks} too few to show any gain: the gate needs {needed}, and many more "
        "for small ones",
        f"add {split} tasks, or lower gate.confidence",
    )


def _first(given: float | None, usual: float | None) -> float | None:
    return usual if given is None else given
