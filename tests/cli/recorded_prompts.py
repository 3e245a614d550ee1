"""The optimizer's prompts, rendered on the trials that a real run of the embedded model left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fnopt.cli import build
from fnopt.cli.session import Session
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Evaluation, Task
from fnopt.tasks.scorers import scorer
from fnopt.train.attempts import attempts
from fnopt.train.budget import prompt_tokens
from fnopt.train.draft import about, chosen, wrong_in
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.run import library_at
from fnopt.train.situation import Situation

FORMS = {"calls": (True, False), "text": (False, False), "embedded": (False, True)}
"""By name: whether the endpoint takes tools, and whether the prompt is the brief one."""


def render_all(folder: Path) -> int:
    """Render what every step of the run could have asked, in every form and within small and large
    budgets, and look at it; how many prompts that were."""
    seen = 0
    with Session(folder) as session:
        hidden = [*build.tasks(session, "val"), *build.tasks(session, "test")]
        for situation in _situations(session):
            for native, brief in FORMS.values():
                for budget in (24_000, 3_000):
                    _look(situation, hidden, native=native, brief=brief, budget=budget)
                    seen += 1
    return seen


def _situations(session: Session) -> Iterator[Situation]:
    """For each library whose training trials are kept, that of every kind of failing task."""
    run, config = session.current_run(), session.config.tasks
    marks = scorer(config.scorer, config.partial, session.repo.root)
    train, past = build.tasks(session, "train"), attempts(run)
    by_digest = {
        library.digest[:40]: library
        for commit in [session.repo.resolve("main"), *(one.sha for one in run.commits())]
        for library in [library_at(session.repo, commit, session.layout)]
    }
    for path, blob in run.evidence.trial_blobs().items():
        _, split, name = path.split("/")
        library = by_digest.get(name.removesuffix(".jsonl"))
        if split != "train" or library is None:
            continue
        trained = Evaluation("train", library.digest, tuple(run.evidence.trials(blob)))
        failing = [task for task in train if task.id in wrong_in(trained)]
        while failing:
            group = chosen(train, trained, past, marks, lambda _: False, failing)
            yield about(library, train, group, trained, past, marks)
            failing = [task for task in failing if task not in group]


def _look(
    situation: Situation, hidden: list[Task], *, native: bool, brief: bool, budget: int
) -> None:
    voice = Voice("m", "", native, 0.0, 0.7, max_tokens=900, max_prompt=budget, brief=brief)
    request = Optimizer(Scripted([]), Prose(), voice).ask(situation, 1)
    said = "\n".join(message["content"] for message in request.messages)
    assert prompt_tokens(request) <= budget
    first = situation.failures[0].task
    assert first.question.strip()[:40] in said
    assert str(first.answer)[:200] in said
    if budget > 20_000:
        for failure in situation.failures:
            assert failure.task.question.strip() in said, failure.task.id
    assert not [task.id for task in hidden if task.question.strip() in said]
    assert not re.search(r"\n\n\n|[ \t]\n|{{|{%|None\b", said), said
    assert said.count("```") % 2 == 0
