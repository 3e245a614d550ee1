"""The options that choose a run and limit what it and each of its steps may cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

from fnopt.cli.duration import DURATION

STOPS = (
    *("max_steps", "patience", "max_cost", "max_tokens", "max_time", "max_calls"),
    *("step_cost", "step_tokens", "step_time", "step_calls"),
)
"""The keys of the configuration's ``stop`` section that have an option of their name."""


class Dollars(click.ParamType[float]):
    """An amount of US dollars above nothing."""

    name = "dollars"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Dollars. Fails on anything but a finite number above 0."""
        try:
            amount = float(value)
        except ValueError:
            amount = math.nan
        if not 0 < amount < math.inf:
            self.fail(f"{value!r} is no amount of dollars above 0; say 5 or 0.25", param, ctx)
        return amount


DOLLARS = Dollars()
COUNT = click.IntRange(1)

OPTIONS = (
    click.option("--run", "name", help="The run to go on with, or to start."),
    click.option("--new", is_flag=True, help="Start a new run."),
    click.option("--from", "rev", help="Where a new run begins (default: HEAD)."),
    click.option("--max-steps", type=COUNT, help="Steps of the whole run."),
    click.option("--patience", type=COUNT, help="Steps in vain before it ends."),
    click.option("--max-cost", type=DOLLARS, help="US dollars of the whole run."),
    click.option("--max-tokens", type=COUNT, help="Tokens of the whole run."),
    click.option("--max-time", type=DURATION, help="Such as 90s, 30m or 2h, for this command."),
    click.option("--max-calls", type=COUNT, help="Model calls of the whole run."),
    click.option("--step-cost", type=DOLLARS, help="US dollars of each step."),
    click.option("--step-tokens", type=COUNT, help="Tokens of each step."),
    click.option("--step-time", type=DURATION, help="Time of each step."),
    click.option("--step-calls", type=COUNT, help="Model calls of each step."),
)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose a run and limit it."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def said_of_stop(options: dict[str, Any]) -> dict[str, Any]:
    """What the options say of the configuration's ``stop`` section."""
    return {f"stop.{key}": options[key] for key in STOPS if options[key] is not None}
