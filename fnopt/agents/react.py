"""The ``react`` agent: Thought, Action, Action Input as text (arXiv 2210.03629)."""

from __future__ import annotations

import json
import re

from fnopt.agents.agent import Asked, Conversation, Setup, Solution
from fnopt.agents.answer import answer_of, has_answer
from fnopt.agents.profile import opening
from fnopt.agents.toolbox import WRITTEN, Toolbox, result
from fnopt.models.client import Request

# Models like to set the keywords in bold. No \s at a line's start: on blank lines it is quadratic.
ACTION = re.compile(
    r"^[ \t*]*Action[ \t*]*:[ \t*]*`?([A-Za-z_]\w*)`?(?:\(.*)?[ \t\r*]*$", re.MULTILINE
)
INPUT = re.compile(r"^[ \t*]*Action Input[ \t*]*:[\s*]*(.*)", re.MULTILINE | re.DOTALL)
OBSERVATION = re.compile(r"^[ \t*]*Observation[ \t*]*:", re.MULTILINE)  # not the model's to write
AGAIN = "Go on with an Action and an Action Input, or finish with: Final Answer: the answer"


class ReactAgent:
    """Thinks and acts in turns; works with any model that can follow a text format."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    @property
    def digest(self) -> str:
        """Kind and limits that the first request does not show."""
        return f"react:{self._setup.max_turns}:{AGAIN}:{WRITTEN}"

    def opening(self, question: str, toolbox: Toolbox) -> Request:
        """System prompt with the functions listed in it, and the question."""
        system = self._setup.prose.render(
            "agent-react.txt", functions=toolbox.functions, python=toolbox.python
        )
        return Request(
            model=self._setup.model,
            messages=opening(system, f"Question: {question}", role=self._setup.profile().system),
            temperature=self._setup.temperature,
            max_tokens=self._setup.max_tokens,
            endpoint=self._setup.endpoint,
            stop=("\nObservation:",),
        )

    def sees(self, asked: Asked, toolbox: Toolbox, trial: int) -> str:
        """The first request: nothing else is sent before it."""
        return self.opening(asked.question, toolbox).key(trial)

    def solve(self, asked: Asked, toolbox: Toolbox, trial: int) -> Solution:
        """Answer a task within ``max_turns`` rounds."""
        talk = Conversation(self._setup.client, self.opening(asked.question, toolbox), trial)
        content = ""
        for _ in range(self._setup.max_turns):
            content = OBSERVATION.split(talk.ask().content, maxsplit=1)[0].rstrip()
            talk.messages.append({"role": "assistant", "content": content})
            action = ACTION.search(content)
            if action is None and has_answer(content):
                break
            told = _observe(talk, action[1], content[action.end() :], toolbox) if action else AGAIN
            talk.messages.append({"role": "user", "content": told})
        return talk.solution(answer_of(content))


def _observe(talk: Conversation, name: str, rest: str, toolbox: Toolbox) -> str:
    given = INPUT.search(rest)
    made = toolbox.call(name, _first_value(given[1] if given else "{}"))
    talk.calls.append(made)
    return f"Observation: {result(made)}"


def _first_value(text: str) -> str:
    """The first JSON value of a text, or the text itself when there is none."""
    bare = re.sub(r"^\s*```\w*\s*", "", text).strip()
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(bare)
    except (ValueError, RecursionError):
        return bare
    return json.dumps(value, ensure_ascii=False)
