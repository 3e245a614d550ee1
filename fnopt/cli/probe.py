"""What `fnopt doctor` asks of the models: one tiny completion each, and what else they can do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fnopt.cli.checks import Check, Found, check
from fnopt.errors import EndpointError, FnoptError, UsageError

if TYPE_CHECKING:
    from fnopt.agents.profile import Profile
    from fnopt.cli.session import Session
    from fnopt.config import AgentConfig, JudgeConfig, OptimizerConfig
    from fnopt.models.client import Reply
    from fnopt.models.connect import Connection
    from fnopt.records import Usage
    from fnopt.train.budget import Budget

PATIENCE = 60.0  # seconds that one attempt may take


@dataclass(frozen=True)
class Model:
    """One model of the configuration: who uses it, and what is said of it."""

    user: str
    settings: AgentConfig | OptimizerConfig | JudgeConfig

    @property
    def name(self) -> str:
        """Its name."""
        return self.settings.model

    @property
    def endpoint(self) -> str:
        """Who answers."""
        from fnopt.models.connect import endpoint_name

        return endpoint_name(self.name, self.settings.base_url)


class Probe:
    """Asks the models of a configuration, each no more than it must; ``offline`` asks none."""

    def __init__(self, session: Session, *, offline: bool) -> None:
        self._session = session
        self._offline = offline
        self._agent = Model("agent", session.config.agent)
        self._optimizer = Model("optimizer", session.config.optimizer)
        self._judge = Model("judge", session.config.judge)

    @cached_property
    def _budget(self) -> Budget:
        from fnopt.train.budget import Budget, Limits

        return Budget(Limits())

    @property
    def spent(self) -> Usage:
        """What asking has cost."""
        return self._budget.spent

    def checks(self) -> Iterator[Check]:
        """The model of the agent with all that it can do, the optimizer's, their prices."""
        yield check("agent", self._kind)
        agent = None
        if not self._own:
            agent = check("agent model", lambda: self._answers(self._agent))
            yield agent
            if agent.ok and self._can_ask(self._agent):
                yield from self._capabilities(self._agent)
        if agent is not None and self._alike:
            yield Check("optimizer model", agent.ok, "the agent's", agent.mend, agent.code)
        else:
            optimizer = check("optimizer model", lambda: self._answers(self._optimizer))
            yield optimizer
            if optimizer.ok and self._can_ask(self._optimizer):
                yield from self._capabilities(self._optimizer)
        if self._session.config.tasks.scorer == "judge":
            yield check("judge model", lambda: self._answers(self._judge))
        yield check("price", self._price)

    def _capabilities(self, model: Model) -> Iterator[Check]:
        """What a model can do, found out anew and kept; one line where that fails."""
        from fnopt.cli.capabilities import of_agent, of_optimizer

        try:
            profile = self._profile(model)
        except FnoptError as error:
            name = "tool calling" if model is self._agent else "optimizer calls"
            yield Check(name, False, error.message, error.mend, error.exit_code)
            return
        if model is self._agent:
            yield from of_agent(profile, self._session.config.agent)
        else:
            yield of_optimizer(profile, self._session.config.optimizer)

    def _profile(self, model: Model) -> Profile:
        from fnopt.agents.probe_kept import FirstUse
        from fnopt.agents.profile import shipped

        connection = self._connect(model)
        try:
            return (
                shipped(model.name)
                or FirstUse(
                    connection,
                    model.name,
                    model.endpoint,
                    self._session.store,
                    model.user,
                    temperature=model.settings.temperature,
                    max_tokens=model.settings.max_tokens,
                ).anew()
            )
        finally:
            connection.close()

    @property
    def _own(self) -> bool:
        from fnopt.agents.own import is_own

        return is_own(self._agent_config.kind)

    @property
    def _agent_config(self) -> AgentConfig:
        return self._session.config.agent

    @property
    def _alike(self) -> bool:
        one, other = self._agent, self._optimizer
        return (one.name, one.endpoint) == (other.name, other.endpoint)

    def _can_ask(self, model: Model) -> bool:
        return not self._offline and not _is_recorded(model) and not _is_to_be_fetched(model)

    def _answers(self, model: Model) -> Found:
        """The model answers; or, where it cannot be asked, what is known without asking."""
        where = f"{model.name} at {model.endpoint}"
        if model.endpoint == "local":
            where = _embedded()
        if not self._can_ask(model):
            self._connect(model).close()
            _key(model)
            return f"{where}: not asked", ""
        reply = self._ask(model, "Reply with the one word: ready")
        said = f"{reply.usage.tokens} tokens" if reply.usage.tokens else "no usage told"
        return f"{where} answers ({said})", ""

    def _kind(self) -> Found:
        """There is an agent of that kind."""
        from fnopt.agents import own
        from fnopt.agents.agent import Setup
        from fnopt.agents.aside import Aside
        from fnopt.agents.choose import choose

        settings = self._agent_config
        if self._own:
            self._session.defer(Aside())
            own.load(
                settings.kind, settings.command, own.Terms(self._session.repo.root, self._budget)
            )
        else:
            setup = Setup(self._connect(self._agent), self._session.prose, settings.model)
            choose(settings.kind, setup)
        return f"{settings.kind}, {settings.concurrency} tasks at the same time", ""

    def _price(self) -> Found:
        """Every model's price is known; it must be where dollars are limited."""
        from fnopt.models.meter import price
        from fnopt.records import Usage

        some = Usage(1, 1_000_000, 0)
        from fnopt.cli.clients import roles

        asked = [Model("", one) for one in roles(self._session.config)]
        models = [m for m in asked if not _is_recorded(m)]
        unknown = [m.name for m in models if price(m.name, some, m.endpoint) is None]
        if not unknown:
            return "known", ""
        said = f"unknown for {' and '.join(dict.fromkeys(unknown))}"
        mend = "limit tokens instead: stop.max_tokens"
        if self._session.config.stop.max_cost is not None:
            raise UsageError(f"{said}, so stop.max_cost cannot be kept", mend)
        return said, mend

    def _ask(self, model: Model, text: str) -> Reply:
        from fnopt.agents.profile import habits
        from fnopt.models.client import Request

        connection = self._connect(model)
        try:
            messages = ({"role": "user", "content": text},)
            limit = habits(model.name).max_tokens  # a low one fails models that reason first
            return connection.complete(Request(model.name, messages, max_tokens=limit))
        finally:
            connection.close()

    def _connect(self, model: Model) -> Connection:
        """The chain that a run uses, but with an empty cache: an old reply proves nothing."""
        from fnopt.models.connect import connect
        from fnopt.store import Store

        store = self._session.defer(Store(None))
        timeout = min(model.settings.timeout, PATIENCE)
        url = model.settings.base_url
        return connect(model.name, url, store, meter=self._budget, timeout=timeout)


def _key(model: Model) -> None:
    """Raise EndpointError where a key is needed and not set, which shows without asking."""
    from fnopt.models.endpoint import checked_key

    if model.endpoint.startswith("http"):
        checked_key(os.environ.get("OPENAI_API_KEY", "").strip(), model.endpoint)


def _is_recorded(model: Model) -> bool:
    return model.endpoint == "recorded"


def _is_to_be_fetched(model: Model) -> bool:
    from fnopt.models import weights

    return model.endpoint == "local" and weights.find() is None


def _embedded() -> str:
    """What is there of the embedded model. Never fetches. Raises EndpointError."""
    from fnopt.models import weights

    if find_spec("xllamacpp") is None:
        raise EndpointError("xllamacpp is not installed", "pip install 'fnopt[local]'")
    if os.environ.get("FNOPT_WEIGHTS"):
        return f"the embedded model, {weights.resolve()}"
    place = weights.find()
    size = f"{weights.QWEN.size / 1e9:.1f} GB"
    if place is None:
        return f"the embedded model; its weights, {size}, will be fetched when first used"
    if not weights.verified(place, weights.QWEN, weights.cache_folder()):
        raise EndpointError(
            f"{place} is damaged: its SHA-256 differs", f"delete it; {size} will be fetched again"
        )
    return f"the embedded model, {place}"
