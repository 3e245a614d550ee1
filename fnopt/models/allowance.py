"""What an endpoint says is left of its rate limits, in the headers of each answer.

OpenAI, Azure, Groq and others send ``x-ratelimit-limit-KIND``, ``-remaining-KIND`` and
``-reset-KIND`` for requests and tokens; the reset as seconds or as in ``6m0s`` and ``20ms``.
OpenRouter names no kind, and says when the reset is, in milliseconds since 1970.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["requests", "tokens"]

KINDS: tuple[Kind, ...] = ("requests", "tokens")
PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DATE = 1e9  # a number of seconds above this is a date, and
DATE_MS = 1e12  # above this one in milliseconds


@dataclass(frozen=True)
class Allowance:
    """``remaining`` of ``limit`` (None where it is not said), all of it again in ``reset`` s."""

    kind: Kind
    remaining: float
    reset: float
    limit: float | None = None

    def seconds_for(self, amount: float) -> float:
        """How long it takes until so much more is allowed, at the rate at which it comes back."""
        used = (self.limit or 0.0) - self.remaining
        return self.reset * min(1.0, amount / used) if used > 0 else self.reset


def allowances(headers: Mapping[str, str]) -> Iterator[Allowance]:
    """What is said of requests and of tokens; nothing where it makes no sense."""
    told = [one for kind in KINDS if (one := _of(headers, kind, f"-{kind}"))]
    plain = None if told else _of(headers, "requests", "")
    yield from [plain] if plain else told


def _of(headers: Mapping[str, str], kind: Kind, ending: str) -> Allowance | None:
    remaining = amount(headers.get(f"x-ratelimit-remaining{ending}"))
    reset = seconds(headers.get(f"x-ratelimit-reset{ending}", ""))
    if remaining is None or reset is None:
        return None
    return Allowance(kind, remaining, reset, amount(headers.get(f"x-ratelimit-limit{ending}")))


def seconds(text: str, clock: Callable[[], float] = time.time) -> float | None:
    """``1m30.5s``, ``20ms``, a plain number of seconds, or how long until a date since 1970.

    None for anything else.
    """
    plain = amount(text)
    if plain is not None:
        date = plain / 1000 if plain > DATE_MS else plain
        return max(0.0, date - clock()) if plain > DATE else plain
    parts = PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def amount(text: str | None) -> float | None:
    """The number that a header says, none below 0; None where it says none."""
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
