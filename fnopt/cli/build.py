"""A run from the configuration: its optimizer, its drafter, its stops."""

from __future__ import annotations

from dataclasses import replace

from fnopt.agents.profile import habits
from fnopt.cli import profiles
from fnopt.cli.clients import Watcher, client, require_prices
from fnopt.cli.evaluators import evaluator
from fnopt.cli.judging import judging
from fnopt.cli.session import Session
from fnopt.config import Config, OptimizerConfig
from fnopt.errors import UsageError
from fnopt.history.runs import RunBranch
from fnopt.models.connect import endpoint_name
from fnopt.models.meter import Meter
from fnopt.records import Split, Task
from fnopt.train import notes
from fnopt.train.budget import Budget
from fnopt.train.draft import draft
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.paper import PaperDrafter
from fnopt.train.paper_prompt import Form
from fnopt.train.removal import Removing
from fnopt.train.run import Drafter, Run, Stops
from fnopt.train.screen import Screen
from fnopt.train.together import Together


def optimizer(session: Session, purse: Meter, watch: Watcher) -> Optimizer:
    """The optimizer of the configuration."""
    settings = session.config.optimizer
    usual = habits(settings.model)
    model = client(session, settings, purse, watch)
    profile = profiles.first_use(session, "optimizer", model, watch)
    unprobed = voice(settings)
    return Optimizer(
        model,
        session.prose,
        lambda: replace(unprobed, native_tools=profile().native, system_role=profile().system),
        packages=session.config.library.packages,
        max_actions=1 if _action_by_action(settings) else settings.max_actions,
        proposals=settings.proposals or usual.proposals,
        reconsiders=usual.reconsiders,
    )


def voice(settings: OptimizerConfig) -> Voice:
    """How to talk to the optimizer's model, as far as is known without asking it anything."""
    usual = habits(settings.model)
    return Voice(
        model=settings.model,
        endpoint=endpoint_name(settings.model, settings.base_url),
        temperature=_first(settings.temperature, usual.optimizer_temperature),
        retry_temperature=_first(settings.temperature, usual.retry_temperature),
        max_tokens=settings.max_tokens or usual.optimizer_max_tokens,
        max_prompt=settings.max_prompt or usual.max_prompt,
        brief=usual.brief,
    )


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
        judging=judging(session, tasks(session, session.config.gate.split)),
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
    return Removing(_proposing(config)) if config.optimizer.removals else _proposing(config)


def _proposing(config: Config) -> Drafter:
    settings = config.optimizer
    if settings.mode != "paper" and not settings.one_shot:
        kinds = settings.kinds or habits(settings.model).kinds
        return Together(kinds) if kinds > 1 else draft
    form = Form(settings.max_actions, settings.one_shot, config.library.packages)
    return PaperDrafter(form, expected=settings.mode != "paper")


def _stops(config: Config) -> Stops:
    patience = config.stop.patience if config.stop.early_stop else None
    only_kept = config.gate.epochs == "accepted"
    return Stops(config.stop.max_steps, patience, only_kept, config.optimizer.one_shot)


def _first(given: float | None, usual: float | None) -> float | None:
    return usual if given is None else given
