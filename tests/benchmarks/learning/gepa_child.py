"""The package gepa in an environment of its own; speaks JSON lines with its parent.

The candidate is one text, the module with all functions. What it is worth, and what the model says
to a reflection prompt, the parent answers; everything else is gepa's own, as it ships.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

CHANNEL = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the package prints is no message
COMPONENT = "module"


def ask(**document: Any) -> Any:
    """Send a document and wait for the answer."""
    tell(**document)
    return json.loads(sys.stdin.readline())


def tell(**document: Any) -> None:
    """Send a document that needs no answer."""
    print(json.dumps(document), file=CHANNEL, flush=True)


class Adapter:
    """Lets the parent evaluate, and tells the reflection what it said of each task."""

    propose_new_texts = None

    def __init__(self) -> None:
        self.paid = 0

    def evaluate(self, batch: list[Any], candidate: Any, capture_traces: bool = False) -> Any:
        """The scores of a candidate; a trial that was paid for before counts no metric call."""
        from gepa.core.adapter import EvaluationBatch

        ids = [one["id"] for one in batch]
        said = ask(kind="evaluate", text=candidate[COMPONENT], ids=ids, split=batch[0]["split"])
        self.paid += said["calls"]
        return EvaluationBatch(
            outputs=[one["record"] for one in said["results"]],
            scores=[one["score"] for one in said["results"]],
            trajectories=[one["record"] for one in said["results"]] if capture_traces else None,
            num_metric_calls=said["calls"],
        )

    def make_reflective_dataset(self, candidate: Any, eval_batch: Any, components: Any) -> Any:
        """The records of the parent: inputs, outputs and feedback."""
        return dict.fromkeys(components, eval_batch.trajectories)


class Watcher:
    """Tells the parent of each candidate that is the best so far on val."""

    def on_valset_evaluated(self, event: Any) -> None:
        """A candidate has met all of val."""
        if event["is_best_program"]:
            tell(kind="best", text=event["candidate"][COMPONENT], score=event["average_score"])


def reflect(prompt: Any) -> str:
    """The reflection model's words."""
    return str(ask(kind="reflect", prompt=prompt)["text"])


def main() -> None:
    """Optimize once, by the first line's orders."""
    import gepa

    orders = json.loads(sys.stdin.readline())
    adapter = Adapter()
    gepa.optimize(
        seed_candidate={COMPONENT: orders["start"]},
        trainset=orders["train"],
        valset=orders["val"],
        adapter=adapter,
        reflection_lm=reflect,
        reflection_prompt_template=orders["template"],
        # not max_metric_calls: on val it counts trials that were free
        stop_callbacks=lambda state: adapter.paid >= orders["budget"],
        callbacks=[Watcher()],
    )
    tell(kind="done")


if __name__ == "__main__":
    main()
