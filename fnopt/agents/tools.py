"""The ``tools`` agent: function calling, in OpenAI's format or, where a model wants it, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from fnopt.agents.agent import Asked, Conversation, Setup, Solution
from fnopt.agents.answer import answer_of, has_answer
from fnopt.agents.calls import arguments_of, calls_alone, calls_in_text
from fnopt.agents.profile import Profile, opening
from fnopt.agents.toolbox import WRITTEN, Toolbox, result, returned
from fnopt.library.function import Function
from fnopt.models.client import Reply, Request, ToolCall, Tools
from fnopt.models.failures import RequestRefused
from fnopt.records import Call

MOST_CALLS = 16  # calls of one reply that are made
LAST = "finish with one line that begins with ANSWER: and holds nothing but the answer."
FINISH = f"If this settles the question, {LAST}"
REPEAT = "If this settles the question, finish with just this line:\nANSWER: "
LONGEST = 200  # characters of a result that is put behind it
MEND = f"Reply with only the mended JSON object, or {LAST}"
WITHOUT = f"Do without it, or call a known one; {LAST}"
INSTEAD = f"Work it out yourself, and {LAST}"
SPEAK = f"You said nothing: {LAST}"


class ToolsAgent:
    """Asks, makes the calls that the model asks for, and feeds the results back; all of it as the
    endpoint's profile says."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._rendered: tuple[bool, Tools, str] | None = None

    @property
    def digest(self) -> str:
        """Kind, limits and wording that the first request does not show."""
        words = (
            f"tools:{self._setup.max_turns}:{FINISH}:{MEND}:{WITHOUT}:{INSTEAD}:{SPEAK}:{WRITTEN}"
            f":{REPEAT}:{LONGEST}"
        )
        return words + _unusual(self._setup.profile())

    def opening(self, question: str, toolbox: Toolbox) -> Request:
        """System prompt, question, and the functions as tools or as text."""
        profile = self._setup.profile()
        tools = toolbox.definitions(strict=profile.strict and profile.native)
        system = self._system(toolbox, tools, native=profile.native)
        return Request(
            model=self._setup.model,
            messages=opening(system, question, role=profile.system),
            tools=tools if profile.native else (),
            temperature=self._setup.temperature,
            max_tokens=self._setup.max_tokens,
            endpoint=self._setup.endpoint,
        )

    def _system(self, toolbox: Toolbox, tools: Tools, *, native: bool) -> str:
        """The system's words; rendered once for what is offered."""
        last = self._rendered  # another thread may put its own in place
        if last is None or last[0] != native or last[1] is not tools:
            listed = offered(toolbox.functions, () if native else tools)
            text = self._setup.prose.render("agent-tools.txt", native=native, offered=listed)
            last = self._rendered = (native, tools, text)
        return last[2]

    def sees(self, asked: Asked, toolbox: Toolbox, trial: int) -> str:
        """The first request: nothing else is sent before it."""
        return self.opening(asked.question, toolbox).key(trial)

    def solve(self, asked: Asked, toolbox: Toolbox, trial: int) -> Solution:
        """Answer a task within ``max_turns`` replies."""
        talk = Conversation(self._setup.client, self.opening(asked.question, toolbox), trial)
        content, nudged = "", False
        settled: list[Call] = []
        for _ in range(self._setup.max_turns):
            reply = _ask(talk, toolbox)
            content = reply.content or content
            if calls := native_calls(reply):
                _answer_native(talk, reply, calls, toolbox, self._setup.profile())
            elif written := _written_calls(talk, reply, toolbox):
                _answer_in_text(talk, _before_answer(reply.content).strip(), written, toolbox)
            elif not nudged and (again := _made_again(talk, reply, toolbox)):
                talk.messages += _reminder(reply, again)
                nudged = True
            elif reply.content.strip() or nudged:
                talk.messages.append({"role": "assistant", "content": reply.content})
                settled = _made_again(talk, reply, toolbox)
                break
            else:
                _nudge(talk, joined=not self._setup.profile().system)
                nudged = True
        return talk.solution(_last_result(settled) or answer_of(content))


def _ask(talk: Conversation, toolbox: Toolbox) -> Reply:
    """The next reply. Where a request with strict schemas is refused, once more without: an
    endpoint that takes those of the probe may not take those of every function."""
    try:
        return talk.ask()
    except RequestRefused:
        if not any(tool["function"].get("strict") for tool in talk.request.tools):
            raise
    talk.request = replace(talk.request, tools=toolbox.definitions())
    return talk.ask()


def _nudge(talk: Conversation, *, joined: bool) -> None:
    """Ask a silent model to speak; ``joined`` to the user's last message, which is as one to it.

    Templates without a system role mostly want the roles of user and assistant to alternate too.
    """
    last = talk.messages[-1]
    if joined and last["role"] == "user":
        talk.messages[-1] = {"role": "user", "content": f"{last['content']}\n\n{SPEAK}"}
    else:
        talk.messages.append({"role": "user", "content": SPEAK})


def native_calls(reply: Reply) -> tuple[ToolCall, ...]:
    """The distinct tool calls of a reply; ids that are missing or double are made."""
    distinct = {(call.name, call.arguments): call for call in reply.tool_calls}
    calls = list(distinct.values())[:MOST_CALLS]
    ids = {call.id for call in calls}
    if len(ids) == len(calls) and all(ids):
        return tuple(calls)
    return tuple(ToolCall(f"call_{n}", c.name, c.arguments) for n, c in enumerate(calls))


def _unusual(profile: Profile) -> str:
    """What of a profile shows in no first request, unless it is as everywhere."""
    single = ":single" if profile.calls == "single" else ""
    return single + (":as user" if profile.native and profile.results == "user" else "")


def offered(
    functions: Iterable[Function], definitions: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Each function in a line, and the JSON object that calls it, to be filled in."""
    told = list(definitions)
    lines = {f.name: f"{f.signature}: {f.summary}" for f in functions} if told else {}
    found = []
    for tool in told:
        function = tool["function"]
        arguments = ", ".join(f'"{name}": ...' for name in function["parameters"]["properties"])
        form = f'{{"name": "{function["name"]}", "arguments": {{{arguments}}}}}'
        line = lines.get(function["name"], f"python(code: str) -> str: {function['description']}")
        found.append((line, form))
    return found


def _written_calls(talk: Conversation, reply: Reply, toolbox: Toolbox) -> list[tuple[str, str]]:
    """Calls in the text that were not made yet.

    Small models write the call and, below it, the answer that they expect of it: the call counts.
    A call of what is not there counts where a reply begins with it: they are told so, and the
    optimizer sees which function was wanted.
    """
    made = {(call.function, call.arguments) for call in talk.calls}
    return [call for call in _calls(reply, toolbox) if call not in made][:MOST_CALLS]


def _calls(reply: Reply, toolbox: Toolbox) -> list[tuple[str, str]]:
    text = _before_answer(reply.content)
    found = calls_in_text(text, toolbox.names)
    if not found and toolbox.names and not has_answer(reply.content):
        found = calls_alone(text)
    return found


def _made_again(talk: Conversation, reply: Reply, toolbox: Toolbox) -> list[Call]:
    """Calls in the text that were made already, where it gives no answer beside: a small model
    writes a call that failed once more, to the letter."""
    made = {(call.function, call.arguments): call for call in talk.calls}
    if has_answer(reply.content):
        return []
    return [made[call] for call in _calls(reply, toolbox) if call in made]


def _finish(calls: Sequence[Call]) -> str:
    """How to end: with the result, where it is one and short, as it stands. A small model writes
    something like it otherwise."""
    results = [call.result.strip() for call in calls if call.error is None]
    if len(results) == 1 and 0 < len(results[0]) <= LONGEST and "\n" not in results[0]:
        return REPEAT + results[0]
    return FINISH


def _last_result(calls: Sequence[Call]) -> str:
    """What the last of these calls returned: of a model that ends with a call that it was told the
    result of, twice, that is the answer."""
    return next((call.result for call in reversed(calls) if call.error is None), "")


def _reminder(reply: Reply, calls: Sequence[Call]) -> list[dict[str, str]]:
    """What these calls came to, once more, and to answer now."""
    told = "\n".join(returned(call) for call in calls)
    then = INSTEAD if all(call.error is not None for call in calls) else _finish(calls)
    return [
        {"role": "assistant", "content": reply.content},
        {"role": "user", "content": f"{told}\n{then}"},
    ]


def _before_answer(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(takewhile(lambda line: not has_answer(line), lines))


def _answer_native(
    talk: Conversation,
    reply: Reply,
    calls: tuple[ToolCall, ...],
    toolbox: Toolbox,
    profile: Profile,
) -> None:
    """Make the calls of a reply and feed the results back as the profile says."""
    calls = calls[:1] if profile.calls == "single" else calls
    if profile.results == "user":
        words = "\n".join(filter(None, (reply.content.strip(), *map(_written, calls))))
        _answer_in_text(talk, words, [(call.name, call.arguments) for call in calls], toolbox)
        return
    made = [toolbox.call(call.name, call.arguments) for call in calls]
    talk.calls.extend(made)
    talk.messages += native_turn(reply.content, calls, [result(one) for one in made])


def native_turn(
    content: str, calls: Sequence[ToolCall], results: Sequence[str]
) -> list[Mapping[str, Any]]:
    """The assistant's message with its calls, and what each returned as a message of its own."""
    asked = [_repeatable(call).to_message() for call in calls]
    return [
        {"role": "assistant", "content": content, "tool_calls": asked},
        *(
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call, result in zip(calls, results, strict=True)
        ),
    ]


def _written(call: ToolCall) -> str:
    """A call as the text form has it."""
    function = _repeatable(call).to_message()["function"]
    return f'{{"name": "{function["name"]}", "arguments": {function["arguments"]}}}'


def _repeatable(call: ToolCall) -> ToolCall:
    """A call as it may be sent back: servers refuse a whole conversation for a name or arguments
    that they would not have made (vLLM and llama.cpp parse the arguments, OpenAI checks names)."""
    values = arguments_of(call.arguments)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64] or "unknown"
    return ToolCall(call.id, name, json.dumps({} if isinstance(values, str) else values))


def _answer_in_text(
    talk: Conversation, words: str, calls: Sequence[tuple[str, str]], toolbox: Toolbox
) -> None:
    """Make calls and tell what they returned as the user; ``words`` stand for the reply."""
    made = [toolbox.call(name, arguments) for name, arguments in calls]
    talk.calls.extend(made)
    told = "\n".join(returned(call) for call in made)
    then = MEND if all(call.error is not None for call in made) else _finish(made)
    if not {call.function for call in made} & set(toolbox.names):
        then = WITHOUT
    talk.messages += [
        {"role": "assistant", "content": words},
        {"role": "user", "content": f"{told}\n{then}"},
    ]
