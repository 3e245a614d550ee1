"""The prompt of one action, with AgentOptimizer's ingredients (arXiv 2402.11359).

The principles of the actions, the accepted functions with code and success rate, the functions
after the actions of the step so far, the libraries that failed since the last accept with their
scores in ascending order, every transcript, and a table of 0 and 1, task by task. Whatever a run
brings, the prompt is within the budget in tokens of the optimizer's voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fnopt.agents.profile import opening
from fnopt.errors import UsageError
from fnopt.library.proposal import tool_definitions
from fnopt.models.client import Request
from fnopt.prose import Prose
from fnopt.train.budget import BYTES_A_TOKEN, prompt_tokens
from fnopt.train.optimizer import Voice
from fnopt.train.paper_view import View, shown

FIRST = 0.7  # of the budget: the rest is for replies that go back with their faults
SMALLER = 0.8  # each further try at a prompt that fits has so much of the room


@dataclass(frozen=True)
class Form:
    """What the optimizer may do: ``most`` actions a step, one a reply or, in ``one_shot``, all."""

    most: int
    one_shot: bool = False
    packages: tuple[str, ...] = ()

    def what(self, number: int) -> str:
        """In words what a reply is to hold, as action ``number`` of a step."""
        every = f"up to {self.most} edits at once"
        return every if self.one_shot else f"action {number} of at most {self.most}"


def request(
    prose: Prose, voice: Voice, form: Form, view: View, *, warm: bool = False, seed: int = 0
) -> Request:
    """The request for the next action; ``warm`` where the last ones were in vain.

    Raises UsageError when not even a prompt without any code or transcript is within the budget.
    """
    most = int(voice.max_prompt * FIRST)
    made = _request(prose, voice, form, shown(view, 0), warm, seed)
    left = most - prompt_tokens(made)
    if left < 0:
        raise _too_small(voice, most - left)
    room = left * BYTES_A_TOKEN
    while room:
        fuller = _request(prose, voice, form, shown(view, room), warm, seed)
        if prompt_tokens(fuller) <= most:
            return fuller
        room = int(room * SMALLER)
    return made


def _request(
    prose: Prose, voice: Voice, form: Form, values: dict[str, Any], warm: bool, seed: int
) -> Request:
    told = {**vars(form), "native": voice.native_tools}
    system = prose.render("paper.txt", **told)
    user = prose.render("paper-task.txt", **values, **told)
    warmth = voice.retry_temperature if warm else voice.temperature
    return Request(
        model=voice.model,
        messages=opening(system, user, role=voice.system_role),
        tools=tool_definitions() if voice.native_tools else (),
        temperature=warmth,
        max_tokens=voice.max_tokens,
        seed=seed if warmth else None,
        endpoint=voice.endpoint,
    )


def _too_small(voice: Voice, needed: int) -> UsageError:
    least = round(needed / FIRST) + 1
    return UsageError(
        f"optimizer.max_prompt: {voice.max_prompt} tokens are too few; the smallest prompt of this "
        f"step needs {least}",
        f"set optimizer.max_prompt to {least} or more, or choose a model that reads more",
    )
