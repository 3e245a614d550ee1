"""What went wrong with a request, said so that people can mend it: status codes and connections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fnopt.errors import EndpointError
from fnopt.models.retry import Transient, is_transient, retry_after

QUOTED = 300  # characters of a server's own words that a message repeats
NEVER = {  # what a server will refuse as often as it is asked, by statuses that say otherwise
    404: re.compile(r"no endpoints found that", re.IGNORECASE),  # OpenRouter
    500: re.compile(r"requires --jinja|(not |un)support|only supports", re.IGNORECASE),  # llama.cpp
}
LIMITED = (429, 529)  # too many requests; 529 is Anthropic's for being overloaded
NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "insufficient_balance")


class RequestRefused(EndpointError):
    """The endpoint works but does not take this one request (too long, filtered, malformed)."""


def status_failure(
    status: int, headers: Mapping[str, str], body: object, model: str, url: str
) -> EndpointError | Transient:
    """The exception that an HTTP status stands for; Transient when another attempt makes sense."""
    said = words(body)
    message = f"{url} answered {status}" + (f": {said}" if said else "")
    if status == 429 and isinstance(body, Mapping) and _code(body) in NO_CREDIT:
        return EndpointError(message, "the account has no credit left: add some, or use another")
    if status in NEVER and NEVER[status].search(said):
        return RequestRefused(message, 'the model or its server cannot do this; see "fnopt doctor"')
    if is_transient(status, headers):
        return Transient(message, retry_after(headers), limited=status in LIMITED)
    if status in (400, 413, 422):
        return RequestRefused(message, "see what the endpoint says; a smaller request may pass")
    return EndpointError(message, _mend(status, model))


def _mend(status: int, model: str) -> str:
    if status in (401, 403):
        return "check OPENAI_API_KEY: it must belong to this endpoint and may use this model"
    if status == 402:
        return "the account has no credit left: add some, or use another endpoint"
    if status == 404:
        return f"check that the endpoint offers the model {model!r} and that its URL ends in /v1"
    return "run `fnopt doctor`"


def connection_failure(error: Exception, url: str, *, again: bool) -> EndpointError | Transient:
    """The exception that a broken connection stands for.

    An endpoint that never answered (``again`` is False) and cannot be reached is most likely the
    wrong one, or there is no network: said at once. One that did answer is asked again.
    """
    import httpx2
    import openai

    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    reason = str(cause or error) or type(cause or error).__name__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) and not again:
        return EndpointError(
            f"cannot reach the model endpoint {url}: {reason}",
            "check the network, base_url or OPENAI_BASE_URL, and that the server runs",
        )
    if isinstance(cause, httpx2.TimeoutException) or isinstance(error, openai.APITimeoutError):
        return Transient(f"{url} did not answer in time")
    if isinstance(cause, httpx2.TransportError) or cause is None:
        return Transient(f"the connection to {url} died: {reason}")
    return EndpointError(f"{url}: {reason}", "check base_url or OPENAI_BASE_URL")


def words(body: object) -> str:
    """A server's own words out of an error's body, on one line and cut to ``QUOTED``."""
    said: object = body
    if isinstance(body, Mapping):
        said = body.get("message") or body.get("detail") or body.get("error") or body
        if isinstance(said, Mapping):
            said = said.get("message") or said
    line = " ".join(str(said).split()) if said else ""
    return line if len(line) <= QUOTED else line[:QUOTED] + "…"


def _code(body: Mapping[str, Any]) -> str:
    return str(body.get("code") or body.get("type") or "")
