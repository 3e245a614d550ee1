"""The budget of an arm is kept, whatever the arm does, and only what learning takes is of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.learning import ledger, scripted_arms
from benchmarks.learning.ledger import Ledger, Place
from benchmarks.learning.reflective import Paid
from scripted_run import TEST, TRAIN
from scripted_server import Answer, Json, ScriptedServer

from fnopt.errors import BudgetSpent
from fnopt.library.function import read
from fnopt.records import Score, Task, Trial

AMPLE = 1_000


class Watch:
    """Answers as the script says, and counts the trials that begin until an arm has learned."""

    def __init__(self, folder: Path) -> None:
        self._learned = folder / "learned.json"
        self.begun = 0
        self.tests_begun = 0
        self._tested = {question for question, _ in TEST}

    def respond(self, request: Json) -> Answer:
        """See :func:`scripted_arms.respond`."""
        if scripted_arms.begins_trial(request) and not self._learned.is_file():
            self.begun += 1
            self.tests_begun += request["messages"][1]["content"] in self._tested
        return scripted_arms.respond(request)


@pytest.fixture
def model(scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The server that all arms ask."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return scripted_server


def learned(out: Path, arm: str, budget: int, model: ScriptedServer) -> tuple[Watch, Any]:
    """What was seen of an arm at work, and its result."""
    folder = scripted_arms.folder(out, arm)
    watch = Watch(folder)
    model.respond = watch.respond
    scripted_arms.learn(out, [arm], budget)
    return watch, json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize("budget", [1, len(TRAIN), 13, 30])
def test_fnopt_begins_no_trial_beyond_its_budget(
    budget: int, model: ScriptedServer, tmp_path: Path
) -> None:
    """It ends when the budget is spent, to the last trial; its val and test are not of it.

    A trial that infrastructure took on a starved machine is not of the budget, and is made again
    only where others are begun after it.
    """
    watch, result = learned(tmp_path, "fnopt", budget, model)
    rows = ledger.read(scripted_arms.folder(tmp_path, "fnopt"))
    lost = [row for row in rows if row["phase"] == "learn" and row["score"] is None]
    assert result["trials"] <= budget <= result["trials"] + len(lost), lost
    assert watch.begun <= result["trials"] + len(lost)
    assert watch.tests_begun == 0
    assert result["stopped"].startswith("budget")
    assert sum(one["total"] for one in result["test"].values()) == len(TEST)


def test_an_arm_may_end_before_its_budget(model: ScriptedServer, tmp_path: Path) -> None:
    """With more than it needs fnopt stops by itself, and its functions answer the test."""
    watch, result = learned(tmp_path, "fnopt", AMPLE, model)
    assert watch.begun <= result["trials"] < AMPLE  # a first reply may be known from another trial
    assert not result["stopped"].startswith("budget")
    assert sum(one["right"] for one in result["test"].values()) == len(TEST)


def test_one_shot_pays_for_the_training_tasks_alone(model: ScriptedServer, tmp_path: Path) -> None:
    """One trial of each training task, then one ask; its val and test are not of the budget."""
    watch, result = learned(tmp_path, "one_shot", AMPLE, model)
    assert watch.begun == result["trials"] == len(TRAIN)
    assert sum(map(scripted_arms.is_one_shot, model.requests)) == 1
    assert sorted(result["functions"]) == ["common_multiple", "count_letter", "spell_backward"]


def test_one_shot_asks_nothing_when_the_budget_ends_first(
    model: ScriptedServer, tmp_path: Path
) -> None:
    """Without its training trials it has nothing to show: it is tested with no function."""
    watch, result = learned(tmp_path, "one_shot", len(TRAIN) - 1, model)
    assert watch.begun == len(TRAIN) - 1
    assert not any(map(scripted_arms.is_one_shot, model.requests))
    assert result["functions"] == []


def test_without_functions_nothing_is_spent(model: ScriptedServer, tmp_path: Path) -> None:
    """The arm ``none`` makes no trial of the budget and is tested all the same."""
    watch, result = learned(tmp_path, "none", AMPLE, model)
    assert watch.begun == result["trials"] == 0
    assert sum(one["total"] for one in result["test"].values()) == len(TEST)


def books(folder: Path, budget: int) -> Ledger:
    """Books for one training task and one test task."""
    places = {"a": Place("train", "kind"), "z": Place("test", "kind")}
    return Ledger(folder, budget, places)


def trial(task: str, score: float | None = 1.0) -> Trial:
    """A trial that cost nothing."""
    given = Score(score) if score is not None else None
    return Trial(task, 0, "key", score=given, error=None if given else "gone")


def test_trials_under_way_count(tmp_path: Path) -> None:
    """Two that began together are two, and the third may not begin until one is given back."""
    kept = books(tmp_path, 2)
    kept.take()
    kept.take()
    with pytest.raises(BudgetSpent):
        kept.take()
    kept.give_back()
    kept.take()


def test_what_infrastructure_took_is_not_of_the_budget(tmp_path: Path) -> None:
    """A trial without a score is written down and spends nothing; nor does one after learning."""
    kept = books(tmp_path, 2)
    kept.keep(trial("a", None), read({}), "learn")
    kept.keep(trial("z"), read({}), "after")
    assert (kept.used, len(kept.rows)) == (0, 2)
    kept.keep(trial("a"), read({}), "learn")
    assert kept.used == 1


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    """What a killed process left of a line is no trial, and the next one stands whole."""
    books(tmp_path, 2).keep(trial("a"), read({}), "learn")
    file = tmp_path / ledger.NAME
    whole = file.read_bytes()
    file.write_bytes(whole + whole[: len(whole) // 2])
    again = books(tmp_path, 2)
    assert (again.used, file.read_bytes()) == (1, whole)
    again.keep(trial("z"), read({}), "after")
    assert len(ledger.read(tmp_path)) == 2


def test_the_test_split_is_never_learned_on(tmp_path: Path) -> None:
    """Books refuse such a trial."""
    with pytest.raises(AssertionError):
        books(tmp_path, 2).keep(trial("z"), read({}), "learn")


def test_a_trial_counts_once_and_again_when_started_again(tmp_path: Path) -> None:
    """What an evaluation came to is the same for a run that finds its trials made already."""
    tasks = [Task("a", "?", "1"), Task("z", "?", "1")]
    first = books(tmp_path, 5)
    first.keep(trial("a"), read({}), "learn")
    first.keep(trial("z"), read({}), "after")
    for kept in (first, books(tmp_path, 5)):
        paid = Paid(kept)
        assert [paid.count(read({}), tasks) for _ in range(2)] == [1, 0]
        assert paid.count(read({"functions/f.py": b"def f() -> int: ...\n"}), tasks) == 0
