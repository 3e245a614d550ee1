"""One model behind an OpenAI-compatible URL, through the openai client, with no retries here.

Speaks to OpenAI, Azure (its v1 URL), OpenRouter, vLLM, llama.cpp, LM Studio and Ollama alike; what
they do differently is met here and in ``reply_of``.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fnopt.errors import EndpointError
from fnopt.models.client import Reply, Request
from fnopt.models.failures import connection_failure, status_failure
from fnopt.models.protocol import reply_of
from fnopt.models.retry import Transient

if TYPE_CHECKING:
    from openai import OpenAI

OPENAI_URL = "https://api.openai.com/v1"
BODY_LIMIT = 32 * 1024 * 1024  # bytes of one reply; more than any model writes
OPTIONAL = ("temperature", "seed", "stop", "max_tokens")
REFUSAL = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|not permitted|not allowed|unexpected",
    re.IGNORECASE,
)


class Endpoint:
    """Answers through ``base_url`` (else OPENAI_BASE_URL, else OpenAI), key from OPENAI_API_KEY.

    ``timeout`` is in seconds and bounds the whole reply. A parameter that the model refuses is left
    out from then on (``max_tokens`` is first tried as ``max_completion_tokens``). The client is
    made at the first request: a run that finds everything in the cache needs neither key nor
    network. ``heard`` is told the headers of each answer.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 120.0,
        connect_timeout: float = 10.0,
        heard: Callable[[Mapping[str, str]], None] = lambda _: None,
    ) -> None:
        self.base_url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip()
        self._api_key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._heard = heard
        self._lock = threading.Lock()
        self._client: OpenAI | None = None
        self._spelling: dict[str, str | None] = {}
        self._has_answered = False

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer once. Raises Transient when another attempt makes sense, else EndpointError."""
        return self.ask(request)

    def ask(self, request: Request, extra: Mapping[str, Any] | None = None) -> Reply:
        """As :meth:`complete`, with ``extra`` fields that only this endpoint knows."""
        while True:
            spelling = dict(self._spelling)
            try:
                body = self._send(request, spelling, extra)
            except ParameterRefused as refusal:
                self._respell(refusal.name, spelling)
            else:
                return reply_of(body, request, self.base_url)

    def models(self) -> tuple[str, ...]:
        """The ids of the models that the endpoint offers, as it lists them."""
        with self._failures("models"):
            return tuple(model.id for model in self._connected().models.list())

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _send(
        self,
        request: Request,
        spelling: Mapping[str, str | None],
        extra: Mapping[str, Any] | None,
    ) -> bytes:
        parameters = parameters_of(request, spelling)
        end = time.monotonic() + self._timeout
        with self._failures(request.model, parameters):
            completions = self._connected().chat.completions
            create: Any = completions.with_streaming_response.create
            with create(**parameters, extra_body=extra) as response:
                self._heard(response.headers)
                body = self._read(response.iter_bytes(), end)
            self._has_answered = True
            return body

    def _read(self, chunks: Iterator[bytes], end: float) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > BODY_LIMIT:
                raise EndpointError(
                    f"{self.base_url} answered with more than {BODY_LIMIT >> 20} MB",
                    "check that the URL belongs to a chat-completions endpoint",
                )
            if time.monotonic() > end:
                raise Transient(f"{self.base_url} did not end its reply in {self._timeout:.0f} s")
        return bytes(body)

    def _connected(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> OpenAI:
        from httpx2 import Timeout
        from openai import OpenAI

        return OpenAI(
            base_url=checked_url(self.base_url),
            api_key=checked_key(self._api_key, self.base_url),
            max_retries=0,
            timeout=Timeout(self._timeout, connect=self._connect_timeout),
        )

    @contextmanager
    def _failures(self, model: str, sent: Mapping[str, Any] | None = None) -> Iterator[None]:
        import httpx2
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            name = refused_parameter(error.status_code, error.body, sent or {})
            if name is not None:
                raise ParameterRefused(name) from error
            raise status_failure(
                error.status_code, error.response.headers, error.body, model, self.base_url
            ) from error
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise connection_failure(error, self.base_url, again=self._has_answered) from error
        except openai.OpenAIError as error:
            raise EndpointError(f"{self.base_url}: {error}", "run `fnopt doctor`") from error

    def _respell(self, name: str, spelling: Mapping[str, str | None]) -> None:
        renamed = name == "max_tokens" and "max_tokens" not in spelling
        with self._lock:
            if self._spelling == spelling:  # else another thread has just learned the same
                self._spelling[name] = "max_completion_tokens" if renamed else None


class ParameterRefused(Exception):
    """The model does not take this optional parameter."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def parameters_of(request: Request, spelling: Mapping[str, str | None]) -> dict[str, Any]:
    """The request as the openai client takes it, optional parameters spelled as the model wants."""
    parameters: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
    if request.tools:
        parameters["tools"] = list(request.tools)
    if request.response_format is not None:
        parameters["response_format"] = request.response_format
    for name in OPTIONAL:
        value = getattr(request, name)
        spelled = spelling.get(name, name)
        if value is not None and value != () and spelled is not None:
            parameters[spelled] = list(value) if name == "stop" else value
    return parameters


def refused_parameter(status: int, body: object, sent: Mapping[str, Any]) -> str | None:
    """The optional parameter of ours that an error refuses, by our name for it, or None."""
    if status not in (400, 422) or not isinstance(body, dict):
        return None
    named = str(body.get("param") or "")
    text = f"{body.get('code')} {body.get('message') or body.get('detail') or body}"
    if not REFUSAL.search(text):
        return None
    for name in OPTIONAL:
        for spelled in (name, "max_completion_tokens") if name == "max_tokens" else (name,):
            if spelled in sent and (
                named == spelled or (not named and re.search(rf"\b{spelled}\b", text))
            ):
                return name
    return None


def checked_url(url: str) -> str:
    """The URL, or an EndpointError when it is none."""
    if not re.match(r"https?://[^/\s]+", url):
        raise EndpointError(
            f"{url!r} is not the URL of a model endpoint",
            "set base_url or OPENAI_BASE_URL to something like http://localhost:11434/v1",
        )
    return url


def checked_key(key: str, url: str) -> str:
    """The key; any will do for an endpoint other than OpenAI's own."""
    if not key and url.rstrip("/") == OPENAI_URL:
        raise EndpointError(
            "OPENAI_API_KEY is not set",
            "export OPENAI_API_KEY, or set OPENAI_BASE_URL to another endpoint, "
            'or use model = "local"',
        )
    if not key.isascii() or not key.isprintable():
        raise EndpointError(
            "OPENAI_API_KEY holds characters that no key has", "copy the key once more"
        )
    return key or "none"
