"""One step, then ``calls`` of what it registered for the executor: results, errors, seconds."""

import time

import rival
from autogen.agentchat.contrib import agent_optimizer
from autogen.code_utils import DEFAULT_TIMEOUT


def run(given):
    rival.inside_a_container()
    trained = rival.optimizer(given)
    rival.record(trained, 0.5)
    _, executors = trained.step()
    told = {
        "names": sorted(executors),
        "calls": [],
        "constants": constants(),
        "limit": DEFAULT_TIMEOUT,
    }
    for name, arguments in given["calls"]:
        began = time.monotonic()
        result, error, _ = rival.attempt(executors[name], **arguments)
        seconds = time.monotonic() - began
        told["calls"].append({"result": result, "error": error, "seconds": seconds})
    return told


def constants():
    """The texts in the code that runs a function, the names of what it passes on among them."""
    flat = []
    for one in agent_optimizer.execute_func.__code__.co_consts:
        flat += one if isinstance(one, tuple) else [one]
    return [one for one in flat if isinstance(one, str)]


rival.speak(run)
