"""What both sides play: the tasks, the agent, and the optimizer's replies, on one server.

A reply's tool calls carry what either side asks for: AutoGen's name, description, arguments and
packages, fnopt's why. Who asks is told by the model's name alone, never by a prompt's wording.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripted_server import Answer, Json, ScriptedServer, calls

AGENT, OPTIMIZER = "agent-model", "optimizer-model"
TIMES = {"double": 2, "triple": 3}
ASKED = {"double": "What is the double of {}?", "triple": "Take {} thrice: how much is that?"}
NAMES = {"double": ("double", "twice"), "triple": ("triple",)}  # functions that help
NUMBER = re.compile(r"\d+")
ODD = ("Which colour do I think of?", "a shade of teal")
TERMINATE = "TERMINATE"

Task = tuple[str, str]
Call = tuple[str, Json]


def task(kind: str, number: int) -> Task:
    """A question and its answer."""
    return ASKED[kind].format(number), str(TIMES[kind] * number)


TRAIN = (*(task("double", n) for n in (3, 5, 8, 10, 14)), *(task("triple", n) for n in (4, 7)), ODD)
VAL = tuple(task(kind, number) for kind in TIMES for number in (2, 6, 9, 11))
TEST = (task("double", 12), task("triple", 13))


def function(name: str, expression: str, imports: str = "") -> str:
    """The code of a function of one number."""
    about = "Give a number made of another.\n\n    Args:\n        number: The number.\n    "
    head = f"{imports}def {name}(number: int) -> int:\n"
    return f'{head}    """{about}"""\n    return {expression}\n'


DOUBLE = function("double", "number * 2")
TRIPLE = function("triple", "number * 3")
IDLE = function("idle", "number - 1")


def add(name: str, code: str, packages: str = "", action: str = "add_function") -> Call:
    """An add, or another action with the same fields."""
    schema = json.dumps({"number": {"type": "integer", "description": "The number."}})
    about = {"name": name, "description": "Give a number.", "why": "It helps."}
    return action, {**about, "arguments": schema, "packages": packages, "code": code}


def remove(name: str) -> Call:
    """A removal."""
    return "remove_function", {"name": name, "why": "Nobody needs it."}


def answer(request: Json) -> Answer:
    """The agent: it calls the function that the question needs, else it cannot say."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return f"It says so.\nANSWER: {last['content']}"
    question = question_of(request)
    able = [name for kind in TIMES if is_about(kind, question) for name in NAMES[kind]]
    for name in sorted({*able} & {*offered(request)}):
        return calls((name, {"number": int(NUMBER.findall(question)[0])}))
    return "I cannot say.\nANSWER: unknown"


def is_about(kind: str, question: str) -> bool:
    """Whether a question needs the function of this name."""
    return question.startswith(ASKED[kind].partition("{")[0])


def question_of(request: Json) -> str:
    """What the agent was asked, whichever side asks."""
    return str(next(m["content"] for m in request["messages"] if m["role"] == "user"))


def offered(request: Json) -> list[str]:
    """The functions that a request offers: as tools, or in the older form that AutoGen uses."""
    tools = [tool["function"] for tool in request.get("tools", ())]
    return sorted(one["name"] for one in (*tools, *request.get("functions", ())))


@dataclass
class Stage:
    """One server on which both sides are played, each with the same replies of the optimizer."""

    server: ScriptedServer
    agent: Callable[[Json], Answer] = answer
    _replies: tuple[Answer, ...] = field(default=(TERMINATE,))
    _asked: int = 0

    def begin(self, *replies: Answer) -> None:
        """From now on the optimizer says these in order, the last one ever after."""
        self._replies, self._asked = replies, 0
        self.server.requests.clear()
        self.server.respond = self._respond

    def asked(self, model: str) -> list[Json]:
        """The requests to a model since :meth:`begin`."""
        return [request for request in self.server.requests if request["model"] == model]

    def prompts(self) -> list[str]:
        """What the optimizer was told since :meth:`begin`: the text of each request."""
        return [_text(request["messages"]) for request in self.asked(OPTIMIZER)]

    def _respond(self, request: Json) -> Answer:
        if request["model"] == AGENT:
            return self.agent(request)
        reply = self._replies[min(self._asked, len(self._replies) - 1)]
        self._asked += 1
        return reply


def _text(messages: list[dict[str, Any]]) -> str:
    return "\n".join(str(message["content"] or "") for message in messages)
