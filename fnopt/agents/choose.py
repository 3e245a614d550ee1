"""An agent of fnopt's by its short name."""

from __future__ import annotations

from collections.abc import Callable

from fnopt.agents.agent import Agent, Setup
from fnopt.agents.own import COMMAND
from fnopt.agents.react import ReactAgent
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import UsageError

KINDS: dict[str, Callable[[Setup], Agent]] = {"tools": ToolsAgent, "react": ReactAgent}


def choose(kind: str, setup: Setup) -> Agent:
    """The agent called ``kind``. Raises UsageError for one that is not known."""
    if kind not in KINDS:
        known = f"one of: {', '.join(KINDS)}; or your own: {COMMAND} or module:function"
        raise UsageError(f"agent.kind: no agent is called {kind!r}", known)
    return KINDS[kind](setup)
