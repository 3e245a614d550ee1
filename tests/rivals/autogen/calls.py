"""One step, then ``calls`` of what it registered for the executor: results, errors, seconds."""

import time

import rival
from autogen.agentchat.contrib import agent_optimizer


def run(given):
    rival.inside_a_container()
    trained = rival.optimizer(given)
    rival.record(trained, 0.5)
    _, executors = trained.step()
    told = {"names": sorted(executors), "calls": [], "constants": constants()}
    for name, arguments in given["calls"]:
        began = time.monotonic()
        result, error, _ = rival.attempt(executors[name], **arguments)
        seconds = time.monotonic() - began
        told["calls"].append({"result": result, "error": error, "seconds": seconds})
    return told


def constants():
    return [one for one in agent_optimizer.execute_func.__code__.co_consts if isinstance(one, str)]


rival.speak(run)
