"""Epochs with the ``scores`` given: what each step came to, and what the optimizer holds then."""

import rival


def run(given):
    trained = rival.optimizer(given)
    size = {key: given[key] for key in ("conversations", "characters") if key in given}
    told = {"start": holds(trained), "steps": []}
    for score in given["scores"]:
        rival.record(trained, score, **size)
        result, error, printed = rival.attempt(trained.step)
        registered = [one["func_sig"]["name"] for one in result[0]] if result else []
        step = {"error": error, "printed": printed, "registered": registered, **holds(trained)}
        told["steps"].append(step)
    told["saves"] = [name for name in dir(trained) if "save" in name or "load" in name]
    return told


def holds(trained):
    return {
        "functions": [function["name"] for function in trained._trial_functions],
        "best": trained._best_performance,
        "recorded": len(trained._trial_conversations_history),
    }


rival.speak(run)
