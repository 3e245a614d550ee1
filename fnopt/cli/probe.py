"""What `fnopt doctor` asks of the models: one tiny completion each, and one call of a function."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fnopt.cli.checks import Check, Found, check
from fnopt.errors import EndpointError, UsageError

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.models.client import Reply
    from fnopt.models.connect import Connection
    from fnopt.records import Usage
    from fnopt.train.budget import Budget

PATIENCE = 60.0  # seconds that one attempt may take
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "add_numbers",
        "description": "Add two whole numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}


@dataclass(frozen=True)
class Model:
    """One model of the configuration: who uses it, its name and where it is."""

    user: str
    name: str
    base_url: str | None
    timeout: float

    @property
    def endpoint(self) -> str:
        """Who answers."""
        from fnopt.models.connect import endpoint_name

        return endpoint_name(self.name, self.base_url)


class Probe:
    """Asks the models of a configuration, each no more than it must; ``offline`` asks none."""

    def __init__(self, session: Session, *, offline: bool) -> None:
        self._session = session
        self._offline = offline
        agent, optimizer = session.config.agent, session.config.optimizer
        self._agent = Model("agent", agent.model, agent.base_url, agent.timeout)
        url = optimizer.base_url or agent.base_url
        self._optimizer = Model("optimizer", optimizer.model, url, optimizer.timeout)

    @cached_property
    def _budget(self) -> Budget:
        from fnopt.train.budget import Budget, Limits

        return Budget(Limits())

    @property
    def spent(self) -> Usage:
        """What asking has cost."""
        return self._budget.spent

    def checks(self) -> Iterator[Check]:
        """The model of the agent with its calling of functions, the optimizer's, their prices."""
        yield check("agent", self._kind)
        agent = check("agent model", lambda: self._answers(self._agent))
        yield agent
        if agent.ok and self._can_ask(self._agent):
            yield check("tool calling", self._calls)
        if self._alike:
            yield Check("optimizer model", agent.ok, "the agent's", agent.mend, agent.code)
        else:
            yield check("optimizer model", lambda: self._answers(self._optimizer))
        yield check("price", self._price)

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
        from fnopt.agents.agent import Setup
        from fnopt.agents.choose import choose

        settings = self._session.config.agent
        setup = Setup(self._connect(self._agent), self._session.prose, settings.model)
        choose(settings.kind, setup)
        return f"{settings.kind}, {settings.concurrency} tasks at the same time", ""

    def _calls(self) -> Found:
        """The agent's model calls a function, natively or as text that the agent reads."""
        from fnopt.agents.calls import calls_in_text
        from fnopt.agents.profile import profile

        if not profile(self._agent.name).native_tools:
            return "as text: this model is known to do that better", ""
        if self._session.config.agent.kind == "react":
            return "as text: that is how agent.kind = react works", ""
        reply = self._ask(self._agent, "Call add_numbers with a=2 and b=3.", TOOL)
        name = TOOL["function"]["name"]
        if any(call.name == name for call in reply.tool_calls):
            return "answers with a call", ""
        if calls_in_text(reply.content, [name]):
            return "writes the call as text, which is read as well", ""
        raise EndpointError(
            f"{self._agent.name} was asked to call a function and did not",
            'agent.kind = "react", or turn tools on at the server '
            "(vLLM: --enable-auto-tool-choice; llama.cpp: --jinja)",
        )

    def _price(self) -> Found:
        """Every model's price is known; it must be where dollars are limited."""
        from fnopt.models.meter import price
        from fnopt.records import Usage

        some = Usage(1, 1_000_000, 0)
        models = [m for m in (self._agent, self._optimizer) if not _is_recorded(m)]
        unknown = [m.name for m in models if price(m.name, some, m.endpoint) is None]
        if not unknown:
            return "known", ""
        said = f"unknown for {' and '.join(dict.fromkeys(unknown))}"
        mend = "limit tokens instead: stop.max_tokens"
        if self._session.config.stop.max_cost is not None:
            raise UsageError(f"{said}, so stop.max_cost cannot be kept", mend)
        return said, mend

    def _ask(self, model: Model, text: str, *tools: dict[str, Any]) -> Reply:
        from fnopt.agents.profile import profile
        from fnopt.models.client import Request

        connection = self._connect(model)
        try:
            messages = ({"role": "user", "content": text},)
            limit = profile(model.name).max_tokens  # a low one fails models that reason first
            return connection.complete(Request(model.name, messages, tools, max_tokens=limit))
        finally:
            connection.close()

    def _connect(self, model: Model) -> Connection:
        """The chain that a run uses, but with an empty cache: an old reply proves nothing."""
        from fnopt.models.connect import connect
        from fnopt.store import Store

        store = self._session.defer(Store(None))
        timeout = min(model.timeout, PATIENCE)
        return connect(model.name, model.base_url, store, meter=self._budget, timeout=timeout)


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
