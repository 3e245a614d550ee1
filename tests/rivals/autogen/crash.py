"""Two steps after one epoch: how each ended, and how many trials are left for the second."""

import rival


def run(given):
    trained = rival.optimizer(given)
    rival.record(trained, given["score"])
    _, first, _ = rival.attempt(trained.step)
    recorded = len(trained._trial_conversations_history)
    _, second, _ = rival.attempt(trained.step)
    return {"first": first, "recorded": recorded, "second": second}


rival.speak(run)
