"""What ``optimizer.mode`` and the ablations mean for other keys of the configuration.

Works on what was given, before defaults: a default never contradicts anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PAPER: Mapping[str, Any] = {
    "optimizer.max_actions": 3,
    "gate.rule": "paper",
    "gate.split": "train",
    "stop.max_steps": 10,
    "stop.patience": 10,
}
"""AgentOptimizer's own values (arXiv 2402.11359): defaults where the mode is ``paper``."""

ONE_SHOT: Mapping[str, Any] = {
    "optimizer.max_actions": 10,
    "gate.rollback": False,
    "stop.max_steps": 1,
}
"""What ``optimizer.one_shot`` sets where nothing is said: all that is to be learned, at once, and
kept as it comes."""


@dataclass(frozen=True)
class Clash:
    """Two settings of which one would silently count for nothing; ``key`` is the one to mend."""

    key: str
    message: str
    mend: str


@dataclass(frozen=True)
class Given:
    """What was given, by ``section.key``; no more than the form of it is relied on."""

    sections: Mapping[str, Any]

    def get(self, known: str, default: Any = None) -> Any:
        """The value, or ``default`` where nothing was said."""
        section, key = known.split(".")
        values = self.sections.get(section)
        return values.get(key, default) if isinstance(values, Mapping) else default

    def keys(self, section: str) -> tuple[str, ...]:
        """What was given in a section."""
        values = self.sections.get(section)
        return tuple(values) if isinstance(values, Mapping) else ()

    @property
    def paper(self) -> bool:
        """Whether the mode is ``paper``."""
        return bool(self.get("optimizer.mode") == "paper")

    @property
    def one_shot(self) -> bool:
        """Whether a run is to make one proposal and no more."""
        return self.get("optimizer.one_shot") is True

    @property
    def rule(self) -> Any:
        """The gate's rule, that of the mode included."""
        return self.get("gate.rule", PAPER["gate.rule"] if self.paper else "paired")

    @property
    def rollback(self) -> bool:
        """Whether what loses is taken back, as ``one_shot`` has it where nothing is said."""
        return self.get("gate.rollback", not self.one_shot) is not False


def defaults(sections: Mapping[str, Any]) -> dict[str, Any]:
    """By ``section.key`` what the mode sets where nothing was said."""
    given = Given(sections)
    usual = {**(PAPER if given.paper else {}), **(ONE_SHOT if given.one_shot else {})}
    return {key: value for key, value in usual.items() if given.get(key) is None}


def clashes(sections: Mapping[str, Any]) -> Iterator[Clash]:
    """Settings that contradict each other."""
    given = Given(sections)
    yield from _gate(given)
    yield from _agent(given)
    if given.get("tasks.scorer") != "judge" and (keys := sorted(given.keys("judge"))):
        message = "no model judges the answers here"
        mend = 'set tasks.scorer = "judge", or leave [judge] out'
        yield Clash(f"judge.{keys[0]}", message, mend)
    if given.get("stop.early_stop") is False:
        yield from _no_early_stop(given)
    if given.one_shot:
        yield from _one_shot(given)
    if (given.paper or given.one_shot) and (given.get("optimizer.proposals") or 1) != 1:
        why = "mode paper" if given.paper else "one_shot"
        message = f"{why} takes each reply as it comes, and draws no candidates"
        yield Clash("optimizer.proposals", message, "leave optimizer.proposals out")


def _agent(given: Given) -> Iterator[Clash]:
    """What only an agent of one's own goes by."""
    kind = given.get("agent.kind", "tools")
    if given.get("agent.command") and kind != "command":
        message = f'agent.kind = "{kind}" runs no command'
        yield Clash("agent.command", message, 'leave it out, or set agent.kind = "command"')
    if given.get("agent.version") and kind in ("tools", "react"):
        message = f'agent.kind = "{kind}" is fnopt\'s own and has no version of yours'
        yield Clash("agent.version", message, "leave agent.version out")


def _gate(given: Given) -> Iterator[Clash]:
    """Promises that no gate would keep."""
    promises = [key for key in ("gate.guards", "gate.margin") if given.get(key)]
    if not given.rollback:
        refusals = {"gate.ties": "reject", "gate.single_use": "refuse"}
        for key in (*promises, *(one for one, word in refusals.items() if given.get(one) == word)):
            message = "without roll-back every update is kept"
            yield Clash(key, message, f"leave {key} out, or set gate.rollback = true")
    elif given.rule == "paper":
        for key in promises:
            message = "rule paper compares mean scores alone"
            yield Clash(key, message, f'leave {key} out, or set gate.rule = "paired"')


def _no_early_stop(given: Given) -> Iterator[Clash]:
    if given.get("stop.patience") is not None:
        mend = "leave stop.patience out, or set stop.early_stop = true"
        yield Clash("stop.patience", "without early stop nobody counts what was in vain", mend)
    limits = ("stop.max_cost", "stop.max_tokens", "stop.max_time", "stop.max_calls")
    endless = given.get("gate.epochs") == "accepted" and not given.one_shot
    if endless and all(given.get(key) is None for key in limits):
        message = "only accepted steps count and nothing stops early: the run may never end"
        mend = 'set gate.epochs = "always", or a limit such as stop.max_tokens'
        yield Clash("stop.early_stop", message, mend)


def _one_shot(given: Given) -> Iterator[Clash]:
    mend = "leave {} out, or set optimizer.one_shot = false"
    if (given.get("stop.max_steps") or 1) != 1:
        yield Clash("stop.max_steps", "one_shot is one step", mend.format("stop.max_steps"))
    if given.get("gate.epochs") == "accepted":
        message = "one_shot is one step, accepted or not"
        yield Clash("gate.epochs", message, mend.format("gate.epochs"))
