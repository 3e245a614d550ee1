"""What AgentOptimizer's drafter makes of the log and of the training trials of a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.gate import Paper
from fnopt.evaluate.trial import Bench
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout
from fnopt.library.policy import PLAIN
from fnopt.models.client import Request
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Score, Task, Trial, Usage
from fnopt.sandbox import sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.budget import Budget, Limits
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.outcome import Kept, Refused, Reverted, Terminated, Undecided
from fnopt.train.paper import PaperDrafter
from fnopt.train.paper_memory import remember
from fnopt.train.paper_prompt import Form
from fnopt.train.paper_prune import worked
from fnopt.train.run import Judging, Run, Stops
from fnopt.train.screen import Screen
from fnopt.train.step import step

from .paper_scene import SHARES, in_text, right

TASKS = [Task(str(number), f"What is number {number}?", right(number)) for number in range(10)]
LAYOUT = Layout.of("functions")


def agent(request: Request) -> str:
    """Right answers of ten by the names of the functions offered, as in ``SHARES``."""
    offered = "".join(sorted(tool["function"]["name"] for tool in request.tools))
    number = int(request.messages[1]["content"].rstrip("?").split()[-1])
    return f"ANSWER: {right(number) if number < SHARES.get(offered, 0) else 'unknown'}"


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    """A repository with one empty commit on ``main``."""
    for words in (["init", "-q", "-b", "main"], ["commit", "--allow-empty", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env=os.environ)
    with Repository(tmp_path) as opened:
        yield opened


def a_run(repo: Repository, thinker: Scripted) -> Run:
    """A run of one action a step, cold unless it was in vain."""
    bench = Bench(
        ToolsAgent(Setup(Scripted(agent), Prose(), "small")),
        sandbox("process", 20.0),
        Checked(exact),
    )
    made = Run(
        branch=RunBranch(repo, "r"),
        layout=LAYOUT,
        train=TASKS,
        judging=Judging(Paper(), "train", TASKS, screened=False),
        evaluator=Evaluator(bench, Store(None)),
        optimizer=Optimizer(
            thinker,
            Prose(),
            Voice("big", native_tools=False, temperature=0.0, retry_temperature=0.6),
        ),
        draft=PaperDrafter(Form(1)),
        screen=Screen.of(LAYOUT, PLAIN, (), ()),
        budget=Budget(Limits(), Usage()),
        prose=Prose(),
        stops=Stops(99, None),
    )
    made.begin(repo.resolve("main"))
    return made


def test_failures_are_in_ascending_order_whenever_they_came(repo: Repository) -> None:
    """Also where the better one was first; accepting forgets them all."""
    run = a_run(repo, Scripted([in_text("add", name) for name in "acbde"]))
    scores = []
    for _ in range(5):
        step(run)
        scores.append([one.score for one in remember(run).failed])
    assert scores == [[], [0.4], [0.3, 0.4], [], [0.1]]
    [failed] = remember(run).failed
    assert [one.name for one in failed.library.functions] == ["a", "d", "e"]


def test_is_warm_only_after_what_was_in_vain(repo: Repository) -> None:
    """Reverted or refused; a seed of the step goes with it. Accepting makes it cold again."""
    a, b, d, e = (in_text("add", name) for name in "abde")
    thinker = Scripted([a, b, *["I would rather not."] * 3, d, e])
    run = a_run(repo, thinker)
    results = [step(run) for _ in range(5)]
    assert [type(one) for one in results] == [Kept, Reverted, Refused, Kept, Reverted]
    first = [one for one in thinker.requests if len(one.messages) == 2]
    assert [(one.temperature, one.seed) for one in first] == [
        (0.0, None),
        (0.0, None),
        (0.6, 3),
        (0.6, 4),
        (0.0, None),
    ]


def test_too_many_lost_trials_are_no_ground_to_act_on(repo: Repository) -> None:
    """Two of ten: undecided, and the optimizer is not asked; one of ten may be lost."""
    thinker = Scripted(["terminate\nEnough."])
    run = a_run(repo, thinker)
    base = run.head()
    trained = run.evaluate(base.library, "train", run.train)
    lost = [replace(one, score=None, error="gone") for one in trained.trials]
    two = Evaluation("train", trained.library, (*lost[:2], *trained.trials[2:]))
    drafted = run.draft(run, base, two)
    assert isinstance(drafted, Undecided)
    assert drafted.verdict.reason == "infrastructure failed 20% of training trials, first: gone"
    assert thinker.requests == []
    one = Evaluation("train", trained.library, (lost[0], *trained.trials[1:]))
    assert isinstance(run.draft(run, base, one), Terminated)


def test_a_call_that_failed_is_no_success(repo: Repository) -> None:
    """Only what returned is offered at test time; of the run that measured the library last."""
    run = a_run(repo, Scripted([in_text("add", "a"), in_text("add", "d")]))
    for _ in range(2):
        step(run)
    library = run.head().library
    returned = Call("d", '{"number": 1}', "101")
    raised = Call("a", "{}", "", error="Traceback: no number")
    trial = Trial("0", 0, "key", "x", Score(0.0), (raised, returned))
    run.branch.evidence.write({}, [Evaluation("train", library.digest, (trial,))], "more")
    assert worked(repo, library, "train") == {"d"}
