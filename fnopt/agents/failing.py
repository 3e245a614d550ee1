"""Why somebody's agent failed: from outside (network, rate limits, time), or its own doing.

The first is neither right nor wrong. The second is a wrong answer: an agent that trips over what a
learned function returned is what the gate has to see.
"""

from __future__ import annotations

from collections.abc import Iterator

from fnopt.models.retry import RETRIED

SHOWN = 300  # characters of an error that are told
DEEPEST = 8  # causes of causes that are looked at


def is_outside(error: BaseException) -> bool:
    """Whether an exception, or what caused it, is the network's, the system's or a server's: an
    OSError (time-outs and broken connections are), or one with an HTTP status that may pass."""
    return any(isinstance(one, OSError) or _status_passes(one) for one in _chain(error))


def how(error: BaseException) -> str:
    """An exception in one line."""
    if isinstance(error, TimeoutError) and not str(error):
        return "it took too long"
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return line.removesuffix(":")[:SHOWN]


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(DEEPEST):
        if found is None:
            return
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _status_passes(error: BaseException) -> bool:
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", getattr(response, "status_code", None))
    return isinstance(status, int) and (status in RETRIED or 500 <= status < 600)
