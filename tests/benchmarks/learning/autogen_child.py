"""AutoGen 0.2's AgentOptimizer in an environment of its own; speaks JSON lines with its parent.

It is the package's own class, with what keeps it from its own method mended around it:

- which function a name means, and that removal and roll-back reach the agent: the parent is told
  the whole list of functions after each step, instead of lambdas and keys of dictionaries;
- roll-back to an empty list: the list is empty then, and the agent gets no function;
- TERMINATE ends a step, and early stop is the parent's, which counts the steps in vain;
- a step that crashes on a malformed reply loses neither the evaluation nor the process.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import traceback
from typing import Any

CHANNEL = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the package prints is no message


class Ending:
    """The optimizer's client: once a reply of a step says TERMINATE, the step asks no more."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.ended: Any = None
        self.actions = 0

    def create(self, **request: Any) -> Any:
        """Ask, unless the step has ended."""
        if self.ended is not None:
            return self.ended
        reply = self._client.create(**request)
        message = reply.choices[0].message
        if message.tool_calls:
            self.actions += 1
        elif "TERMINATE" in (message.content or ""):
            self.ended = reply
        return reply

    def begin(self) -> None:
        """A new step."""
        self.ended, self.actions = None, 0


def step(optimizer: Any, client: Ending) -> dict[str, Any]:
    """One step; a crash leaves the functions that were best, and says what it was."""
    client.begin()
    crash = None
    try:
        optimizer.step()
    except Exception as error:  # noqa: BLE001 - it checks little of what a model may reply
        traceback.print_exc()
        crash = f"{type(error).__name__}: {error}"
        optimizer._trial_functions = copy.deepcopy(optimizer._best_functions)
        optimizer._trial_conversations_history = []
        optimizer._trial_conversations_performance = []
    functions = optimizer._trial_functions
    return {"functions": functions, "crash": crash, "actions": client.actions}


def main() -> None:
    """Serve until stdin ends."""
    from autogen.agentchat.contrib.agent_optimizer import AgentOptimizer  # it prints

    orders = json.loads(sys.stdin.readline())
    entry = {"model": orders["model"], "base_url": orders["url"], "api_key": "none"}
    llm_config = {
        "config_list": [{**entry, "price": [0, 0]}],
        "cache_seed": None,  # its cache would answer a retry with the same bad reply
        "temperature": orders["temperature"],
        "timeout": 3600,
        "max_retries": 0,
    }
    optimizer = AgentOptimizer(orders["max_actions"], llm_config, orders["model"])
    client = optimizer._client = Ending(optimizer._client)
    for line in sys.stdin:
        for one in json.loads(line)["conversations"]:
            optimizer.record_one_conversation(one["history"], is_satisfied=one["satisfied"])
        print(json.dumps(step(optimizer, client)), file=CHANNEL, flush=True)


if __name__ == "__main__":
    main()
