"""What an agent of one's own gave back: its answer, and what it says it used."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from fnopt.agents.attempt import NoAnswer
from fnopt.models.meter import price
from fnopt.records import UNTOLD, Usage

LONGEST_ANSWER = 100_000  # characters of an answer that are kept
PROMPT = ("prompt_tokens", "input_tokens")
COMPLETION = ("completion_tokens", "output_tokens")
CALLS = ("calls", "requests")
MOST_TOKENS = 10**12  # beyond which a number is no count of tokens


def parts(given: Any) -> tuple[Any, Any]:
    """Answer and usage of what came back: ``answer``, ``(answer, usage)``, or an object or mapping
    with ``answer`` and, perhaps, ``usage``."""
    if isinstance(given, tuple) and len(given) == 2:
        return given
    if isinstance(given, Mapping) and "answer" in given:
        return given["answer"], given.get("usage")
    if hasattr(given, "answer"):
        return given.answer, getattr(given, "usage", None)
    return given, None


def text_of(answer: Any) -> str:
    """An answer as a text; numbers and booleans as task files have them. Raises NoAnswer."""
    if isinstance(answer, bool | int | float):
        answer = _written(answer)
    if not isinstance(answer, str):
        raise NoAnswer(f"it answered {_shown(answer)}, which is neither a text nor a number")
    return answer[:LONGEST_ANSWER].encode("utf-8", "replace").decode("utf-8")


def _written(number: bool | int | float) -> str:
    try:
        return json.dumps(number, allow_nan=False)
    except ValueError:
        raise NoAnswer(f"it answered {_shown(number)}, which no text can be made of") from None


def _shown(value: Any) -> str:
    """A value in short; what it says of itself may fail."""
    try:
        said = "" if value is None else f"{value!r:.80} "
    except Exception:  # noqa: BLE001 - somebody's __repr__, or a number without end
        said = ""
    return f"{said}({type(value).__name__})" if said else type(value).__name__.removesuffix("Type")


def usage_of(said: Any) -> Usage:
    """What the agent says it used, in OpenAI's or Anthropic's words; ``UNTOLD`` where it is silent
    or says what no usage can be.

    Its ``cost`` in US dollars is taken as it is, else looked up for its ``model``, else unknown.
    """
    if isinstance(said, Usage):
        return said
    get = _reader(said)
    prompt, completion = _count(get, PROMPT), _count(get, COMPLETION)
    if prompt is None and completion is None:
        prompt = _count(get, ("total_tokens",))
    calls = _count(get, CALLS)
    if prompt is completion is calls is None:
        return UNTOLD
    used = Usage(calls or 0, prompt or 0, completion or 0, None)
    return Usage(used.calls, used.prompt_tokens, used.completion_tokens, _cost(get, used))


def _reader(said: Any) -> Callable[[str], Any]:
    if isinstance(said, Mapping):
        return said.get
    return lambda name: getattr(said, name, None)


def _count(get: Callable[[str], Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
            return value
    return None


def _cost(get: Callable[[str], Any], used: Usage) -> float | None:
    said, model = get("cost"), get("model")
    if isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said < math.inf:
        return float(said)
    if not used.tokens:
        return 0.0
    return price(model, used) if isinstance(model, str) and model else None
