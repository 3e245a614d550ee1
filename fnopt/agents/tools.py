"""The ``tools`` agent: function calling, in OpenAI's format or, where a model wants it, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from fnopt.agents.agent import Conversation, Setup, Solution
from fnopt.agents.answer import answer_of, has_answer
from fnopt.agents.calls import arguments_of, calls_in_text
from fnopt.agents.toolbox import Toolbox, returned
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.records import Call

MOST_CALLS = 16  # calls of one reply that are made
FINISH = "If this settles the question, finish with the line ANSWER: and the answer."
MEND = "Reply with only the mended JSON object, or finish with the line ANSWER: and the answer."
SPEAK = "You said nothing. Finish with one line that begins with ANSWER: and holds the answer."


class ToolsAgent:
    """Asks, makes the calls that the model asks for, and feeds the results back."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    @property
    def digest(self) -> str:
        """Kind, limits and wording that the first request does not show."""
        return f"tools:{self._setup.max_turns}:{FINISH}:{MEND}:{SPEAK}"

    def opening(self, question: str, toolbox: Toolbox) -> Request:
        """System prompt, question, and the functions as tools or as text."""
        native = self._setup.native_tools
        offered = [] if native else _offered(toolbox)
        system = self._setup.prose.render("agent-tools.txt", native=native, offered=offered)
        return Request(
            model=self._setup.model,
            messages=(
                {"role": "system", "content": system},
                {"role": "user", "content": question},
            ),
            tools=toolbox.definitions() if native else (),
            temperature=self._setup.temperature,
            max_tokens=self._setup.max_tokens,
            endpoint=self._setup.endpoint,
        )

    def solve(self, question: str, toolbox: Toolbox, trial: int) -> Solution:
        """Answer a question within ``max_turns`` replies."""
        talk = Conversation(self._setup.client, self.opening(question, toolbox), trial)
        content, nudged = "", False
        for _ in range(self._setup.max_turns):
            reply = talk.ask()
            content = reply.content or content
            if calls := native_calls(reply):
                _answer_natively(talk, reply, calls, toolbox)
            elif written := _written_calls(talk, reply, toolbox):
                _answer_in_text(talk, reply, written, toolbox)
            elif reply.content.strip() or nudged:
                talk.messages.append({"role": "assistant", "content": reply.content})
                break
            else:
                talk.messages.append({"role": "user", "content": SPEAK})
                nudged = True
        return talk.solution(answer_of(content))


def native_calls(reply: Reply) -> tuple[ToolCall, ...]:
    """The distinct tool calls of a reply; ids that are missing or double are made."""
    distinct = {(call.name, call.arguments): call for call in reply.tool_calls}
    calls = list(distinct.values())[:MOST_CALLS]
    ids = {call.id for call in calls}
    if len(ids) == len(calls) and all(ids):
        return tuple(calls)
    return tuple(ToolCall(f"call_{n}", c.name, c.arguments) for n, c in enumerate(calls))


def _offered(toolbox: Toolbox) -> list[tuple[str, str]]:
    """Each function in a line, and the JSON object that calls it, to be filled in."""
    lines = {f.name: f"{f.signature}: {f.summary}" for f in toolbox.functions}
    offered = []
    for tool in toolbox.definitions():
        function = tool["function"]
        arguments = ", ".join(f'"{name}": ...' for name in function["parameters"]["properties"])
        form = f'{{"name": "{function["name"]}", "arguments": {{{arguments}}}}}'
        line = lines.get(function["name"], f"python(code: str) -> str: {function['description']}")
        offered.append((line, form))
    return offered


def _written_calls(talk: Conversation, reply: Reply, toolbox: Toolbox) -> list[tuple[str, str]]:
    """Calls in the text that were not made yet.

    Small models write the call and, below it, the answer that they expect of it: the call counts.
    """
    made = {(call.function, call.arguments) for call in talk.calls}
    found = calls_in_text(_before_answer(reply.content), toolbox.names)
    return [call for call in found if call not in made][:MOST_CALLS]


def _before_answer(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(takewhile(lambda line: not has_answer(line), lines))


def _answer_natively(
    talk: Conversation, reply: Reply, calls: tuple[ToolCall, ...], toolbox: Toolbox
) -> None:
    asked = [_repeatable(call).to_message() for call in calls]
    talk.messages.append({"role": "assistant", "content": reply.content, "tool_calls": asked})
    for call in calls:
        made = toolbox.call(call.name, call.arguments)
        talk.calls.append(made)
        talk.messages.append(_tool_message(call.id, made))


def _repeatable(call: ToolCall) -> ToolCall:
    """A call as it may be sent back: servers refuse a whole conversation for a name or arguments
    that they would not have made (vLLM and llama.cpp parse the arguments, OpenAI checks names)."""
    values = arguments_of(call.arguments)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64] or "unknown"
    return ToolCall(call.id, name, json.dumps({} if isinstance(values, str) else values))


def _tool_message(id_: str, made: Call) -> Mapping[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": made.error or made.result}


def _answer_in_text(
    talk: Conversation, reply: Reply, calls: list[tuple[str, str]], toolbox: Toolbox
) -> None:
    made = [toolbox.call(name, arguments) for name, arguments in calls]
    talk.calls.extend(made)
    told = "\n".join(returned(call) for call in made)
    then = MEND if all(call.error is not None for call in made) else FINISH
    talk.messages += [
        {"role": "assistant", "content": _before_answer(reply.content).strip()},
        {"role": "user", "content": f"{told}\n{then}"},
    ]
