"""The forge's door: who asks, what for, what goes wrong, and whether all of it is as described."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from review.forge_double import git_http
from review.forge_double.described import description
from review.forge_double.faults import Fault, Seen
from review.forge_double.speech import Answer, Call, Dialect
from review.forge_double.state import State
from review.forge_double.values import Refused
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SAID = re.compile(r"/(comments|notes|discussions|replies|reviews)(/|$)")
"""What everybody who reads may write."""


@dataclass(frozen=True)
class Asked:
    """A request as it came; the path is not decoded, names of headers are small."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def whole(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class Edge:
    """An ASGI application. ``tokens`` says whose each is; without any, everybody is ``user``."""

    state: State
    dialect: Dialect
    root: Path
    user: str
    web: str
    tokens: dict[str, str] = field(default_factory=dict)
    guarded: bool = False
    remaining: int = 5000
    reset: int = 0
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, unless the connection is to end without an answer."""
        request = Request(scope, receive)
        raw = scope["raw_path"].decode().split("?")[0]
        query = scope["query_string"].decode()
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        asked = Asked(scope["method"], raw, query, headers, await request.body())
        answer = await run_in_threadpool(self.answer, asked)
        if answer is None:
            await _hang_up(receive, send)
        else:
            await _response(answer)(scope, receive, send)

    def answer(self, asked: Asked) -> Answer | None:
        """The answer, with what was to go wrong; None: none is given."""
        hits = (fault for fault in self.faults if fault.hits(asked.method, asked.whole))
        fault = next(hits, None)
        answer: Answer | None = None
        if fault is None or fault.what == "after":
            with self.state.lock:
                answer = self._served(asked)
        if fault is not None:
            body = {"message": "Server Error"}
            answer = Answer(fault.answer, body, fault.headers) if fault.answer else None
        self.seen.append(Seen(asked.method, asked.whole, answer.status if answer else 0))
        return answer

    def _served(self, asked: Asked) -> Answer:
        self.state.refresh()
        root = f"/{self.state.full_name}"
        if asked.path.startswith(self.dialect.api + "/"):
            return self._api(asked)
        if asked.path.startswith((f"{root}.git/", f"{root}/info/", f"{root}/git-")):
            return self._git(asked)
        return Answer(404, b"Not Found", git_http.CONTENT)

    def _who(self, asked: Asked) -> tuple[str, bool]:
        """Whose the token is (empty: nobody's), and whether there was one."""
        token = git_http.token(asked.headers)
        if not self.guarded:
            return self.user, bool(token)
        return self.tokens.get(token, ""), bool(token)

    def _git(self, asked: Asked) -> Answer:
        """Reading a public repository needs no name; a wrong token is never overlooked."""
        who, tried = self._who(asked)
        push = git_http.writes(asked.path, asked.query)
        if not who and (tried or push or self.state.private):
            return git_http.asked('Basic realm="Forge"')
        if not self.state.may(who, "write" if push else "read"):
            status, words = (403, "Write access to repository not granted.") if push else (404, "")
            return Answer(status, words.encode(), git_http.CONTENT)
        root = f"/{self.state.full_name}"
        path = f"{root}.git/" + asked.path.removeprefix(f"{root}.git").removeprefix(root).lstrip(
            "/"
        )
        told = (asked.method, path, asked.query, asked.headers, asked.body)
        answer = git_http.serve(self.root, *told, who)
        self.state.refresh()
        return answer

    def _api(self, asked: Asked) -> Answer:
        who, tried = self._who(asked)
        operation = f"{asked.method} {asked.path.removeprefix(self.dialect.api)}"
        if not who and (tried or asked.method != "GET" or operation in self.dialect.personal):
            return self.dialect.unauthorized(tried)
        if over := self._limited():
            return over
        answer = self._routed(asked, who)
        return Answer(answer.status, answer.body, {**answer.headers, **self._budget()})

    def _limited(self) -> Answer | None:
        """Every request costs one until the time of the reset."""
        if self.reset and time.time() >= self.reset:
            self.remaining, self.reset = 5000, 0
        if self.remaining < 1:
            answer = self.dialect.limited(self.remaining, self.reset)
            return Answer(answer.status, answer.body, {**answer.headers, **self._budget()})
        self.remaining -= 1
        return None

    def _budget(self) -> Mapping[str, str]:
        return self.dialect.budget(max(self.remaining, 0), self.reset or int(time.time()) + 3600)

    def _routed(self, asked: Asked, who: str) -> Answer:
        path = asked.path.removeprefix(self.dialect.api)
        for operation in self.dialect.routes:
            method, template = operation.split(" ")
            if method == asked.method and (found := _pattern(template).fullmatch(path)):
                parts = {name: unquote(value) for name, value in found.groupdict().items()}
                return self._described(asked, who, operation, parts)
        self.violations.append(f"{asked.method} {path}: the double does not serve this")
        return self.dialect.unknown()

    def _described(self, asked: Asked, who: str, operation: str, parts: dict[str, str]) -> Answer:
        known = description(self.state.kind)
        query, faults = known.query(operation, dict(parse_qsl(asked.query, True)))
        try:
            body = json.loads(asked.body) if asked.body else None
            faults += known.body(operation, body)
        except ValueError:
            body, faults = None, [*faults, "body: not JSON"]
        whole = (self.web, self.web + self.dialect.api, self.web + asked.whole)
        call = Call(self.state, who, *whole, parts, query, body)
        answer = self.dialect.wrong(faults[0]) if faults else self._done(call, operation)
        faults += known.answer(operation, answer.status, answer.body)
        self.violations += [f"{operation}: {fault}" for fault in faults]
        return answer

    def _done(self, call: Call, operation: str) -> Answer:
        if not self._names_us(call.path) or not self.state.may(call.user, "read"):
            return self.dialect.refused("not-found", "", call)
        said = SAID.search(operation) or operation.startswith("GET ")
        if not said and not self.state.may(call.user, "write"):
            return self.dialect.forbidden("write")
        try:
            return self.dialect.routes[operation](call)
        except Refused as no:
            return self.dialect.refused(no.reason, no.about, call)

    def _names_us(self, parts: Mapping[str, str]) -> bool:
        """Whether the repository in the path, if there is one, is ours; case does not count."""
        if "owner" in parts:
            return f"{parts['owner']}/{parts['repo']}".lower() == self.state.full_name.lower()
        return parts.get("id", "1").lower() in ("1", self.state.full_name.lower())


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A template of a path, as a pattern of paths that are not decoded; a branch or a file at the
    end may have slashes."""
    tail = re.sub(r"\{(head|filepath)\}$", r"(?P<\1>.+)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", tail))


def _response(answer: Answer) -> Response:
    if answer.body is None or isinstance(answer.body, bytes):
        content = answer.body or b""
        kind = {}
    else:
        content = json.dumps(answer.body).encode()
        kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(content, answer.status, {**kind, **answer.headers})


async def _hang_up(receive: Receive, send: Send) -> None:
    """End the connection under the request, as a cable that is cut."""
    cycle: Any = getattr(send, "__self__")  # noqa: B009 (uvicorn's, which has no name for it)
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
