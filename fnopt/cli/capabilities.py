"""What `fnopt doctor` says of an endpoint's profile: a line for each capability, with its mend."""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.agents.probe import CUT_OFF
from fnopt.agents.profile import SAID, Profile, shipped
from fnopt.cli.checks import Check
from fnopt.config import AgentConfig, OptimizerConfig

TURN_ON = (
    "turn tools on at the server, if it has them "
    "(vLLM: --enable-auto-tool-choice; llama.cpp: --jinja)"
)
ROOM = "allow longer answers, since this one was cut off: agent.max_tokens"
HARMLESS = "nothing is lost: fnopt checks the arguments itself before each call"
TEMPLATE = "a chat template with that role, if the server has one, would serve the model better"
NO_NEED = "nothing is lost: fnopt works without"


def of_agent(profile: Profile, settings: AgentConfig) -> Iterator[Check]:
    """How the agent's model calls functions, and all else that its endpoint can do."""
    yield _calls(profile, settings)
    by = profile.found_by
    strict = _line("strict schemas", "taken" if profile.strict else "not taken", by.get("strict"))
    yield strict if profile.strict else _hinted(strict, HARMLESS)
    role = _line(
        "system role",
        "taken" if profile.system else "not taken: its text goes in front of the first message",
        by.get("system"),
    )
    yield role if profile.system else _hinted(role, TEMPLATE)
    whose = "as tool messages" if profile.results == "tool" else "as the user's message"
    results = _line("tool results", whose, by.get("results"))
    yield _hinted(results, TEMPLATE) if profile.native and profile.results == "user" else results
    json = _line("JSON answers", ", ".join(profile.json) or "none", by.get("json"))
    yield json if profile.json else _hinted(json, NO_NEED)


def of_optimizer(profile: Profile, settings: OptimizerConfig) -> Check:
    """All in one line; a model that calls nothing proposes in the text form."""
    return _line("optimizer calls", profile.said + _overruled(profile, settings, "optimizer"))


def _calls(profile: Profile, settings: AgentConfig) -> Check:
    said, by = SAID[profile.calls], profile.found_by.get("calls")
    if settings.kind == "react":
        return _line("tool calling", "as text: that is how agent.kind = react works")
    if profile.calls == "none":
        message = f"{settings.model} was asked to call a function and did not ({by})"
        hint = ROOM if CUT_OFF in (by or "") else f'agent.kind = "react", or {TURN_ON}'
        return Check("tool calling", False, message, hint, 5)
    line = _line("tool calling", said + _overruled(profile, settings, "agent"), by)
    return line if profile.native or shipped(settings.model) else _hinted(line, TURN_ON)


def _overruled(profile: Profile, settings: AgentConfig | OptimizerConfig, role: str) -> str:
    changed = profile.overruled(settings.tools) != profile
    return f', overruled by {role}.tools = "{settings.tools}"' if changed else ""


def _line(name: str, said: str, by: str | None = None) -> Check:
    return Check(name, True, f"{said} ({by})" if by else said)


def _hinted(line: Check, hint: str) -> Check:
    return Check(line.name, line.ok, line.message, hint)
