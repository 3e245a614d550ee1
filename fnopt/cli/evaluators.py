"""The bench of the configuration: the agent, who scores it, and where."""

from __future__ import annotations

from fnopt.agents import own
from fnopt.agents.agent import Agent, Setup
from fnopt.agents.aside import Aside
from fnopt.agents.choose import choose as choose_agent
from fnopt.agents.judge import Judge
from fnopt.agents.profile import habits
from fnopt.cli import profiles, recall, workers
from fnopt.cli.clients import Watcher, client, judged
from fnopt.cli.session import Session
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.trial import Bench
from fnopt.library.function import Library
from fnopt.models.connect import endpoint_name
from fnopt.models.meter import Meter
from fnopt.tasks.scorers import Checked, Scorer, scorer
from fnopt.train.paper_prune import worked
from fnopt.train.share import Share


def evaluator(
    session: Session,
    purse: Meter,
    watch: Watcher,
    offered: frozenset[str] | None = None,
    numbers: range | None = None,
    *,
    sealed: bool = False,
) -> Evaluator:
    """The agent of the configuration on its bench; see :class:`Toolbox` for ``offered``.

    ``numbers`` are the trials of a task; without them, as many as ``tasks.trials`` says. What the
    runs here have measured is in the store then; on the test split, too, if ``sealed``.
    """
    recall.every(session, sealed=sealed)
    settings = session.config.agent
    tasks = session.config.tasks
    numbers = numbers or range(tasks.trials)
    share = _share(session, "agent", purse)
    setup = None if own.is_own(settings.kind) else _setup(session, share, watch)
    bench = Bench(
        choose_agent(settings.kind, setup) if setup else _own(session, share, watch),
        session.sandbox,
        scorer(None if judged(session.config) else tasks.scorer, tasks.partial, session.repo.root),
        settings.python,
        offered,
        judge(session, purse, watch) if judged(session.config) else None,
    )
    return Evaluator(
        bench,
        session.store,
        concurrency=settings.concurrency,
        trials=len(numbers),
        first=numbers.start,
        on_progress=watch.trials,
        workers=workers.elsewhere(session, setup, bench, share),
    )


def _own(session: Session, purse: Meter, watch: Watcher) -> Agent:
    """An agent of the user's own."""
    settings = session.config.agent
    session.defer(Aside())
    terms = own.Terms(session.repo.root, purse, settings.timeout, settings.version, watch.say)
    return own.load(settings.kind, settings.command, terms)


def _setup(session: Session, purse: Meter, watch: Watcher) -> Setup:
    """What an agent of fnopt's is built from."""
    settings = session.config.agent
    usual = habits(settings.model)
    model = client(session, settings, purse, watch)
    return Setup(
        client=model,
        prose=session.prose,
        model=settings.model,
        endpoint=endpoint_name(settings.model, settings.base_url),
        profile=profiles.first_use(session, "agent", model, watch),
        temperature=_first(settings.temperature, usual.temperature),
        max_tokens=settings.max_tokens or usual.max_tokens,
        max_turns=settings.max_turns,
    )


def judge(session: Session, purse: Meter, watch: Watcher) -> Scorer:
    """The judge of the configuration; what it costs is counted apart, in ``session.shares``."""
    settings, partial = session.config.judge, bool(session.config.tasks.partial)
    usual = habits(settings.model)
    rule = Judge(
        client(session, settings, _share(session, "judge", purse), watch),
        session.prose,
        settings.model,
        endpoint_name(settings.model, settings.base_url),
        settings.instructions,
        _first(settings.temperature, usual.temperature),
        settings.max_tokens or usual.max_tokens,
        partial,
    )
    return Checked(rule, partial)


def offered(session: Session, library: Library) -> frozenset[str] | None:
    """The functions that a test offers; None for all. Raises UsageError when nothing says which."""
    if not session.config.optimizer.prune_at_test:
        return None
    return worked(session.repo, library, session.config.gate.split)


def _share(session: Session, user: str, purse: Meter) -> Share:
    share: Share = session.shares.setdefault(user, Share(purse))
    return share


def _first(given: float | None, usual: float | None) -> float | None:
    return usual if given is None else given
