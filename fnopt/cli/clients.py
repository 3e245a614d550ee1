"""The models of the configuration: who they are, and their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fnopt.agents import own
from fnopt.agents.judge import NAME as JUDGE
from fnopt.agents.profile import Profile
from fnopt.cli.session import Session
from fnopt.config import AgentConfig, Config, JudgeConfig, OptimizerConfig
from fnopt.errors import UsageError
from fnopt.evaluate.evaluation import Progress
from fnopt.models.client import Client
from fnopt.models.connect import connect, endpoint_name
from fnopt.models.meter import Meter, price
from fnopt.records import Usage

Role = AgentConfig | OptimizerConfig | JudgeConfig


@dataclass(frozen=True)
class Watcher:
    """Who is told of progress; ``profile`` of each that was looked up or found, with its key.

    ``once`` is told the same many times, and says it once.
    """

    say: Callable[[str], None] = lambda _: None
    trials: Callable[[Progress], None] = lambda _: None
    download: Callable[[int, int, str], None] = lambda *_: None
    profile: Callable[[str, Profile], None] = lambda *_: None
    once: Callable[[str], None] = lambda _: None


def client(
    session: Session,
    role: Role,
    purse: Meter,
    watch: Watcher,
) -> Client:
    """The model of the agent, the optimizer or the judge."""
    connection = connect(
        role.model,
        role.base_url,
        session.store,
        meter=purse,
        timeout=role.timeout,
        record=session.record,
        progress=watch.download,
        say=watch.once,
    )
    session.defer(connection)
    return connection


def judged(config: Config) -> bool:
    """Whether a model says what is right."""
    return config.tasks.scorer == JUDGE


def roles(config: Config) -> Iterator[Role]:
    """Who thinks by a model of the configuration: an agent of one's own has its own."""
    yield from trying(config)
    yield config.optimizer


def trying(config: Config) -> Iterator[Role]:
    """Those of :func:`roles` that a trial takes."""
    if not own.is_own(config.agent.kind):
        yield config.agent
    if judged(config):
        yield config.judge


def require_prices(config: Config, paid: Iterable[Role] | None = None) -> None:
    """Raise UsageError when a limit in dollars cannot hold, since a price is unknown.

    ``paid``: whose models will be paid for; all of them without it.
    """
    if config.stop.max_cost is None and config.stop.step_cost is None:
        return
    for role in roles(config) if paid is None else paid:
        endpoint = endpoint_name(role.model, role.base_url)
        if price(role.model, Usage(1, 1000, 1000), endpoint) is None:
            raise UsageError(
                f"the price of {role.model} is unknown, so a limit in dollars cannot hold",
                "limit tokens instead: --max-tokens N",
            )
