"""No functions, and the same compute spent on asking again: the answer that most samples give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.learning.stand import EMPTY, Stand

from fnopt.evaluate.evaluation import Evaluator
from fnopt.records import Task, Trial, Usage

SAMPLES = 15  # of each test task: about the tokens that learning takes, for a hundred tasks
TEMPERATURE = 0.8


def vote(stand: Stand) -> str:
    """Sample the test tasks; the last row of each is the vote, which is what the report takes."""
    session = stand.session
    concurrency = session.config.agent.concurrency
    many = Evaluator(stand.final.bench, session.store, concurrency=concurrency, trials=SAMPLES)
    done = many.evaluate(EMPTY, "test", stand.test)
    for task in stand.test:
        samples = [trial for trial in done.scored if trial.task == task.id]
        if samples:
            stand.ledger.keep(_vote(stand, task, samples), EMPTY, "vote")
    return f"finished: {SAMPLES} samples of each test task, nothing learned"


def _vote(stand: Stand, task: Task, samples: Sequence[Trial]) -> Trial:
    """The answer that came most often, of equals the first, as a trial that cost them all."""
    counts = Counter(trial.answer.strip() for trial in samples)
    answer = counts.most_common(1)[0][0]
    usage = sum((trial.usage for trial in samples), Usage())
    score = stand.final.bench.scorer(answer, task)
    return Trial(task.id, SAMPLES, "vote", answer=answer, score=score, usage=usage)
