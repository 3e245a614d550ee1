"""What the scripts here share: a real AgentOptimizer at a scripted endpoint, its word as JSON.

They run in AutoGen's own environment and know nothing of fnopt: a JSON object on stdin, one on
stdout; whatever AutoGen prints goes to stderr.
"""

import contextlib
import io
import json
import os
import sys

from autogen import code_utils
from autogen.agentchat.contrib.agent_optimizer import AgentOptimizer


def speak(run):
    """Answer stdin's object with what ``run`` makes of it."""
    with os.fdopen(os.dup(1), "w") as told:
        os.dup2(2, 1)
        json.dump(run(json.load(sys.stdin)), told)


def models(given, model):
    """A configuration with one model at the scripted endpoint."""
    one = {"model": model, "base_url": given["url"], "api_key": "a-key", "price": [0, 0]}
    return {"config_list": [one]}


def optimizer(given):
    """The optimizer; ``actions`` is how many it may take in a step."""
    model = "optimizer-model"
    actions = given.get("actions", 1)
    return AgentOptimizer(actions, models(given, model), optimizer_model=model)


def record(trained, score, conversations=10, characters=5):
    """An epoch of so many conversations, of which a share of ``score`` was right."""
    for number in range(conversations):
        said = [{"role": "user", "content": "x" * characters}]
        trained.record_one_conversation(said, is_satisfied=number < round(score * conversations))


def attempt(action, *given, **named):
    """What came of a call: its result, or the error that it raised; and what it printed."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            result, error = action(*given, **named), None
    except Exception as raised:  # noqa: BLE001 - whatever it is, it is told
        result, error = None, f"{type(raised).__name__}: {raised}"
    return result, error, printed.getvalue()


def inside_a_container():
    """Let AutoGen see what it sees in any container, wherever this runs."""
    code_utils.in_docker_container = lambda: True
