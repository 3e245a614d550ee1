"""Who makes the trials, where the configuration names an executor for them."""

from __future__ import annotations

from fnopt.agents.agent import Setup
from fnopt.cli.session import Session
from fnopt.config import SandboxConfig
from fnopt.errors import UsageError
from fnopt.evaluate.elsewhere import Elsewhere
from fnopt.evaluate.executor import Lease, choose
from fnopt.evaluate.plan import Plan
from fnopt.evaluate.trial import Bench
from fnopt.models.connect import LOCAL, url_of
from fnopt.models.meter import Meter
from fnopt.sandbox import Grant


def elsewhere(
    session: Session, setup: Setup | None, bench: Bench, purse: Meter
) -> Elsewhere | None:
    """The workers of ``agent.executor``; None for threads of this process.

    ``setup`` is None for an agent of the user's own. Raises UsageError for an executor that is not
    known, or that cannot have this agent or its model.
    """
    settings = session.config.agent
    place = choose(settings.executor, session.repo.root)
    if place is None:
        return None
    if setup is None:
        raise UsageError(
            f"agent.executor: an agent of your own stays in this process, and {settings.executor} "
            "is another",
            'set agent.executor = "threads", or let the agent itself use more machines',
        )
    _require_reachable(settings.model, settings.executor)
    _require_portable(session.config.sandbox, settings.executor)
    if session.record is not None:
        raise UsageError(
            f"agent.executor: replies given to {settings.executor} cannot be recorded",
            'set agent.executor = "threads" for the recording',
        )
    lease: Lease = session.defer(Lease(place))
    return Elsewhere(
        lease,
        lambda: _plan(session, setup, bench),
        bench,
        session.store,
        purse,
        settings.concurrency,
    )


def _plan(session: Session, setup: Setup, bench: Bench) -> Plan:
    settings, box = session.config.agent, session.config.sandbox
    return Plan(
        kind=settings.kind,
        model=setup.model,
        base_url=url_of(settings.model, settings.base_url),
        endpoint=setup.endpoint,
        profile=setup.profile(),
        temperature=setup.temperature,
        max_tokens=setup.max_tokens,
        max_turns=setup.max_turns,
        timeout=settings.timeout,
        python=bench.python,
        offered=bench.offered,
        tier=bench.sandbox.tier,
        allow=tuple((name, Grant(**dict(one))) for name, one in box.allow.items()),
        preload=session.config.library.packages,
        call_timeout=box.timeout,
        templates=tuple(sorted(session.prose.own().items())),
    )


def _require_portable(box: SandboxConfig, executor: str) -> None:
    """Paths are of this machine; a worker may be on another."""
    told = ["sandbox.python"] if box.python else []
    told += [f"sandbox.allow: {name}" for name, one in box.allow.items() if one.read or one.write]
    if told:
        raise UsageError(
            f"agent.executor: {told[0]} names a path of this machine, {executor} may be another",
            'set agent.executor = "threads", or do without the path',
        )


def _require_reachable(model: str, executor: str) -> None:
    if model == LOCAL:
        raise UsageError(
            f"agent.executor: the embedded model serves this process alone, not {executor}",
            'set agent.executor = "threads", or name a model server in agent.base_url',
        )
