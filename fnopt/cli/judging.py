"""How updates are judged, from the configuration; and whether the tasks can show anything."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from fnopt.cli.session import Session
from fnopt.config import Config
from fnopt.errors import UsageError
from fnopt.evaluate.gate import Gate, NoRollback, choose, for_the_run
from fnopt.evaluate.power import NOISE, OFTEN, Design
from fnopt.records import Task
from fnopt.train import focus
from fnopt.train.run import Judging

OF_INTEREST = 0.1
"""The gain, beyond the margin, that control over a whole run must not hide."""

CALIBRATED = "calibrated"
"""Under which key the store keeps what ``fnopt calibrate`` measured last."""


def judging(session: Session, held: Sequence[Task]) -> Judging:
    """The gate and its tasks. Raises UsageError where these cannot be what the gate needs."""
    config, gate = session.config, session.config.gate
    unknown = set(gate.guards) - {task.id for task in held}
    if unknown:
        raise UsageError(
            f"gate.guards: no {gate.split} task is called {sorted(unknown)[0]!r}",
            "name tasks by their ids",
        )
    rule = choose(
        gate.rule,
        confidence=confidence_of(config),
        margin=gate.margin,
        guards=gate.guards,
        ties=gate.ties,
    )
    rule = rule if gate.rollback else NoRollback(rule)
    if gate.control == "run":
        _require_control(session, len(held))
    _require_enough(rule, gate.split, len(held))
    screened = gate.rule == "paired" and gate.rollback
    return Judging(rule, gate.split, held, screened, gate.single_use)


def flips(session: Session) -> tuple[float, str]:
    """The share of tasks that flip from trial to trial, and where that is known from."""
    measured = session.store.reply(CALIBRATED)
    if measured is None:
        return NOISE, "assumed; fnopt calibrate measures it"
    return float(measured["flips"]), f"measured by fnopt calibrate on {measured['tasks']} tasks"


def too_coarse(session: Session, judged: Judging, train: Sequence[Task]) -> str | None:
    """What to warn of where the share of one function could hardly show; None where it can.

    A function serves the training tasks that are worded like each other, and val holds as many.
    """
    kinds = len(focus.groups(train, train))
    if judged.gate.chance is None or not 1 < kinds <= len(train) / 2:
        return None
    design = design_of(session.config, flips(session)[0])
    seen, there = design.visible(len(judged.tasks)), len(judged.tasks)
    if seen is not None and seen <= 1 / kinds:
        return None
    can = f"only a gain of {seen:.2f}" if seen is not None else "no gain at all"
    return (
        f"{there} {judged.split} tasks show {can} {OFTEN:.0%} of the time, and a function for one "
        f"of {kinds} kinds of tasks is worth {1 / kinds:.2f}: add tasks or trials; see: fnopt power"
    )


def design_of(config: Config, noise: float) -> Design:
    """What the configured gate goes by, where so large a share of the tasks flips by chance."""
    return Design(config.tasks.trials, noise, confidence_of(config), config.gate.margin)


def confidence_of(config: Config) -> float:
    """The confidence per proposal."""
    gate = config.gate
    if gate.control == "run":
        return for_the_run(gate.confidence, config.stop.max_steps)
    return gate.confidence


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


def _require_control(session: Session, there: int) -> None:
    """Raise UsageError when control over the whole run would hide what is worth keeping."""
    config = session.config
    if config.gate.rule != "paired":
        raise UsageError(
            f'gate.control = "run" is for the rule "paired", not {config.gate.rule!r}',
            "leave gate.control out",
        )
    gain = min(1.0, OF_INTEREST + config.gate.margin)
    needed = design_of(config, flips(session)[0]).needed(gain)
    if needed is None or there < needed:
        takes = "no number of tasks is enough" if needed is None else f"it takes {needed}"
        raise UsageError(
            f'gate.control = "run": {there} {config.gate.split} tasks hide a gain of {gain:g} '
            f"more than once in five; for {config.stop.max_steps} steps {takes}",
            'add tasks, lower stop.max_steps, or leave it at "proposal"',
        )
