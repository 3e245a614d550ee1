"""Finds out what an endpoint can do with a model, by a handful of tiny requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fnopt.agents import probe_script as script
from fnopt.agents.profile import Calls, Json, Profile, Results, opening
from fnopt.models.client import Client, Reply, Request, ToolCall
from fnopt.models.failures import RequestRefused

Value = TypeVar("Value")

MOST_REQUESTS = 10
"""Of one probe, whatever the endpoint answers; five where it can do all."""

LONGEST = 1_500
"""Tokens of one answer at most: models that reason first need some; others say a few words."""

MORE_ROOM = 4
"""Times as much for the one answer that decides most, if it was cut off."""

CUT_OFF = "the answer was cut off"
QUOTED = 160  # characters of a refusal that are kept


@dataclass(frozen=True)
class Found(Generic[Value]):
    """What was found, and by what."""

    value: Value
    by: str


@dataclass(frozen=True)
class Refused:
    """The endpoint works, but takes no such request."""

    error: RequestRefused

    @property
    def by(self) -> str:
        """Its own words in short."""
        words = " ".join(self.error.message.split())
        return f"refused: {words[:QUOTED]}{'…' if len(words) > QUOTED else ''}"


@dataclass(frozen=True)
class Line:
    """Asks the endpoint that is probed."""

    client: Client
    model: str
    endpoint: str
    temperature: float | None
    max_tokens: int

    def ask(
        self,
        messages: script.Messages,
        tools: tuple[Mapping[str, Any], ...] = (),
        response_format: Mapping[str, Any] | None = None,
        room: int = 1,
    ) -> Reply | Refused:
        """The reply, or that there is none to such a request. Raises what the client raises."""
        request = Request(
            self.model,
            messages,
            tools,
            temperature=self.temperature,
            max_tokens=self.max_tokens * room,
            endpoint=self.endpoint,
            response_format=response_format,
        )
        try:
            return self.client.complete(request)
        except RequestRefused as refusal:
            return Refused(refusal)


def probe(
    client: Client,
    model: str,
    endpoint: str = "",
    *,
    temperature: float | None = None,
    max_tokens: int = LONGEST,
) -> Profile:
    """What the model behind a client can do.

    Costs at most :data:`MOST_REQUESTS` requests with prompts of 3,000 tokens together, and answers
    of at most ``max_tokens`` each, one of them of four times that: 22,500 tokens in all. An
    endpoint that can do all takes five requests, about 1,200 tokens. Raises EndpointError when the
    endpoint cannot be used, RetriesSpent when infrastructure failed, and BudgetSpent: nothing is
    known then.
    """
    line = Line(client, model, endpoint, temperature, max_tokens)
    system = _system(line)
    strict, reply = _offer(line, role=system.value)
    calls = script.calls_of(reply) if isinstance(reply, Reply) else ()
    if isinstance(reply, Reply) and calls:
        called, results = _feed(line, reply, calls, role=system.value, strict=strict.value)
    else:
        called = _in_text(line, reply, role=system.value)
        results = Found[Results]("user", "calls in the text know no other way")
    json = _json(line)
    return Profile(
        called.value,
        strict.value,
        system.value,
        results.value,
        json.value,
        {
            "calls": called.by,
            "strict": strict.by,
            "system": system.by,
            "results": results.by,
            "json": json.by,
        },
    )


def _system(line: Line) -> Found[bool]:
    """Whether the system role is taken, in two requests at most."""
    asked = line.ask(opening(script.SYSTEM, script.USER))
    if _says(asked, script.WORD):
        return Found(True, "its words were heeded")
    if isinstance(asked, Reply) and _cut(asked):
        return Found(True, f"it was not refused{_cut(asked)}")
    folded = line.ask(opening(script.SYSTEM, script.USER, role=False))
    if isinstance(folded, Refused) and isinstance(asked, Refused):
        raise folded.error  # it takes nothing at all
    if isinstance(asked, Refused):
        return Found(False, asked.by)
    if _says(folded, script.WORD):
        return Found(False, "its words were heeded only in the user's message")
    return Found(True, "it was not refused; whether its words are heeded did not show")


def _says(reply: Reply | Refused, word: str) -> bool:
    return isinstance(reply, Reply) and word in reply.content.lower()


def _offer(line: Line, *, role: bool) -> tuple[Found[bool], Reply | Refused]:
    """Whether strict schemas are taken, and what came of offering functions; 3 requests at most."""
    asked = script.question(native=True, role=role)
    strict, tools = Found(True, "they were not refused"), script.tools(strict=True)
    reply = line.ask(asked, tools)
    if isinstance(reply, Refused):
        strict, tools = Found(False, reply.by), script.tools(strict=False)
        reply = line.ask(asked, tools)
    if isinstance(reply, Reply) and _cut(reply) and not script.calls_of(reply):
        longer = line.ask(asked, tools, room=MORE_ROOM)
        reply = longer if isinstance(longer, Reply) else reply  # it may not write as much
    return strict, reply


def _in_text(line: Line, reply: Reply | Refused, *, role: bool) -> Found[Calls]:
    """How a model calls that made no native call, in one request at most."""
    if isinstance(reply, Reply) and script.is_written(reply):
        return Found("text", "it wrote the call as text")
    why = reply.by if isinstance(reply, Refused) else f"it called nothing{_cut(reply)}"
    asked = line.ask(script.question(native=False, role=role))
    if isinstance(asked, Reply) and script.is_written(asked):
        return Found("text", f"functions in the request: {why}; in the prompt: it wrote the call")
    again = asked.by if isinstance(asked, Refused) else f"neither{_cut(asked)}"
    return Found("none", f"functions in the request: {why}; in the prompt: {again}")


def _feed(
    line: Line, reply: Reply, calls: Sequence[ToolCall], *, role: bool, strict: bool
) -> tuple[Found[Calls], Found[Results]]:
    """Whether results are used when they go back as tool messages; 3 requests at most."""
    asked, tools = script.question(native=True, role=role), script.tools(strict=strict)
    called = Found[Calls]("single", "of two calls it made one")
    if len(calls) > 1:
        called = Found("parallel", "two calls came in one reply")
    talk = (*asked, *script.turn(reply.content, calls))
    heard = line.ask(talk, tools)
    if isinstance(heard, Refused) and len(calls) > 1:
        talk = (*asked, *script.turn(reply.content, calls[:1]))
        one = line.ask(talk, tools)
        if isinstance(one, Reply):  # two results at once are too many for it
            called, calls, heard = Found("single", heard.by), calls[:1], one
    if isinstance(heard, Refused):
        return called, Found("user", heard.by)
    return called, _used(line, talk, tools, heard, calls)


def _used(
    line: Line,
    talk: script.Messages,
    tools: tuple[Mapping[str, Any], ...],
    heard: Reply,
    calls: Sequence[ToolCall],
) -> Found[Results]:
    """Whether the answer holds what calls returned, after one further call where there is one."""
    made = {script.owner_of(call) for call in calls}
    more = [call for call in script.calls_of(heard) if script.owner_of(call) not in made][:1]
    if more and not script.holds_notes(heard, calls):
        further = line.ask((*talk, *script.turn(heard.content, more)), tools)
        if isinstance(further, Refused):
            return Found("user", further.by)
        heard, calls = further, (*calls, *more)
    if script.holds_notes(heard, calls):
        return Found("tool", "the answer held what tool messages said")
    if _cut(heard):
        return Found("tool", f"they were not refused{_cut(heard)}")
    return Found("user", "the answer did not hold what tool messages said")


def _json(line: Line) -> Found[tuple[Json, ...]]:
    """The formats with which it answers in JSON; 2 requests."""
    kinds: list[Json] = []
    by: list[str] = []
    for kind, response_format in script.FORMATS.items():
        reply = line.ask(({"role": "user", "content": script.ASK_JSON},), (), response_format)
        if isinstance(reply, Refused):
            by.append(f"{kind}: {reply.by}")
        elif script.is_json(reply):
            kinds.append(kind)
            by.append(f"{kind}: it answered in JSON")
        else:
            by.append(f"{kind}: the answer was no JSON{_cut(reply)}")
    return Found(tuple(kinds), "; ".join(by))


def _cut(reply: Reply) -> str:
    return f" ({CUT_OFF})" if reply.finish_reason == "length" else ""
