"""What a child's reply comes to: one frame of JSON behind one byte, or whatever it sent instead."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterable
from typing import Any

from fnopt.sandbox.outcome import Outcome

DEPTH = 110  # levels of a result: more than values.py allows
REPLY = 1024**2  # bytes of a reply's JSON
HELLO = b"\x01"  # comes before the reply's frame, once learned code is about to run


def outcome_of(data: bytes, token: str, status: int) -> Outcome:
    """The outcome in the child's one frame; without a frame, what its exit status tells."""
    if not data:
        return fault(f"the sandbox ended before learned code began ({_ending(status)})")
    if data == HELLO:
        return _without_reply(status)
    size, body = int.from_bytes(data[1:5], "big"), data[5:]
    if data[:1] != HELLO or len(data) < 5 or size > REPLY or size != len(body):
        return _tampered("is not one whole frame")
    try:
        reply = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
        return _from_reply(reply, token)
    except (ValueError, TypeError, KeyError, RecursionError):
        return _tampered("is malformed")


def late(data: bytes, timeout: float) -> Outcome:
    """The outcome of what was stopped after ``timeout`` seconds."""
    if not data:
        return fault(f"the sandbox did not start within {timeout:g} seconds")
    error = f"stopped after the time limit of {timeout:g} seconds"
    return Outcome(ok=False, error=error, limit="time")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value


def _is_flat(value: Any) -> bool:
    """Whether a value nests no deeper than the child program lets one."""
    level = [value]
    for _ in range(DEPTH):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [each for one in inner if not isinstance(one, str) for each in _each(one)]
        if not level:
            return True
    return False


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Iterable) else ()


def _from_reply(reply: Any, token: str) -> Outcome:
    """Raises ValueError, TypeError or KeyError unless it is what the child program writes."""
    ok, error, limit = reply["ok"], reply["error"], reply["limit"]
    texts = isinstance(error, str | None) and isinstance(limit, str | None)
    if reply["id"] != token or not isinstance(ok, bool) or not texts or ok is not (error is None):
        raise ValueError("not a reply of the child program")
    if not _is_flat(reply["result"]):
        raise ValueError("deeper than the child program lets a result be")
    json.dumps(reply, ensure_ascii=False).encode()  # a lone surrogate would fail somewhere later
    return Outcome(ok=ok, result=reply["result"], error=error, limit=limit)


def _without_reply(status: int) -> Outcome:
    if status == -signal.SIGXCPU:
        return Outcome(ok=False, error="stopped after its limit of processor time", limit="time")
    return Outcome(ok=False, error=f"the process {_ending(status)} before the code returned")


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-status}"


def _tampered(how: str) -> Outcome:
    """The learned code's own doing, so an error like another: its trials must count."""
    error = f"sandbox fault: the reply {how}: the code tampered with the sandbox"
    return Outcome(ok=False, error=error, limit="protocol")


def fault(error: str) -> Outcome:
    """The sandbox's own failure: it says nothing about the code."""
    return Outcome(ok=False, error=error, fault=True)
