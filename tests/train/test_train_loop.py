"""When a run stops, as its log says it; and which failing tasks an edit is for."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fnopt.evaluate.gate import Paired, Paper
from fnopt.history.updates import PEOPLES, Update
from fnopt.records import Task
from fnopt.train import focus
from fnopt.train.loop import Stop, spent
from fnopt.train.run import Stops


def log(*verdicts: str, base: float | None = None, score: float | None = None) -> list[Update]:
    """A log with these verdicts; ``rollback`` and ``keep`` stand for a person's."""
    return [
        Update(
            commit=None,
            revert=None,
            step=number,
            action=verdict if verdict in PEOPLES else "add",
            function="f",
            base=base,
            score=score,
            verdict="kept" if verdict in PEOPLES else verdict,
            reason="",
            tokens=0,
            cost=None,
        )
        for number, verdict in enumerate(verdicts, 1)
    ]


def why(stops: Stops, *verdicts: str) -> str | None:
    """The word for why a run with this log stops; None when it goes on."""
    stop = spent(stops, log(*verdicts))
    return stop.why if stop else None


def test_a_new_run_goes_on() -> None:
    """Nothing was done yet."""
    assert why(Stops(max_steps=1, patience=1)) is None


def test_patience_counts_what_was_in_vain_since_the_last_kept() -> None:
    """Refused and reverted alike; a kept update begins the count again."""
    stops = Stops(max_steps=100, patience=2)
    assert why(stops, "kept", "reverted") is None
    assert why(stops, "refused", "kept", "reverted") is None
    assert why(stops, "kept", "refused", "reverted") == "patience"
    stop = spent(stops, log("reverted", "refused"))
    assert stop == Stop("patience", "2 steps in a row were reverted or refused")


def test_gains_that_cannot_be_told_from_luck_are_another_end_than_failure() -> None:
    """Half or more of what was measured gained, and was reverted all the same."""
    stops = Stops(max_steps=100, patience=2)
    stop = spent(stops, log("reverted", "reverted", base=0.5, score=0.55))
    assert stop is not None
    assert (stop.why, "2 of them gained" in stop.reason) == ("small", True)
    lost = log("reverted", "reverted", "reverted", base=0.5, score=0.45)
    assert why_of(spent(stops, lost)) == "patience"
    mixed = [*log("reverted", "refused"), *log("reverted", base=0.5, score=0.6), *lost[:2]]
    assert why_of(spent(Stops(100, 4), mixed)) == "patience"


def why_of(stop: Stop | None) -> str | None:
    return stop.why if stop else None


def test_a_gate_says_what_it_could_keep() -> None:
    """Two wrong tasks put right give p = 0.25, one 0.5; the paper's gate keeps any gain."""
    gate = Paired(confidence=0.7)
    assert [gate.can_show(wrong) for wrong in (0, 1, 2, 40)] == [False, False, True, True]
    assert [Paired(confidence=0.95).can_show(wrong) for wrong in (4, 5)] == [False, True]
    assert [Paper(ties).can_show(0) for ties in ("accept", "reject")] == [True, False]
    assert Paper("reject").can_show(1)


def test_steps_count_all_or_only_what_was_kept() -> None:
    """The paper's epochs count only when accepted."""
    assert why(Stops(2, 9), "kept", "refused") == "steps"
    assert why(Stops(2, 9, only_kept=True), "kept", "refused") is None
    assert why(Stops(2, 9, only_kept=True), "kept", "refused", "kept") == "steps"


def test_a_persons_rollback_is_no_step() -> None:
    """Neither of the counts sees it."""
    assert why(Stops(2, 1), "kept", "rollback", "rollback") is None
    assert why(Stops(9, 1), "reverted", "rollback") == "patience"


def test_what_a_person_keeps_is_no_step_and_was_not_in_vain() -> None:
    """Patience begins anew, and the overruled update counts as a step alone."""
    assert why(Stops(2, 1), "reverted", "keep") is None
    assert why(Stops(9, 2), "reverted", "keep", "reverted") is None
    assert why(Stops(1, 9), "reverted", "keep") == "steps"


def test_answers_to_people_try_nobodys_patience() -> None:
    """They are steps all the same, but for the one step of ``one_shot``."""
    lost = log("reverted", "refused", "reverted")
    asked = [replace(one, answers=("c1",)) for one in lost]
    assert spent(Stops(9, 1), asked) is None
    assert why_of(spent(Stops(9, 2), [*lost[:1], *asked, *lost[1:2]])) == "patience"
    assert spent(Stops(9, 2), [*lost[:1], *asked[:1]]) is None
    assert spent(Stops(9, 1), [*lost, *(replace(o, verdict="kept") for o in asked)]) is None
    assert why_of(spent(Stops(3, 9), asked)) == "steps"
    assert spent(Stops(1, 9, one_shot=True), asked) is None
    assert why_of(spent(Stops(1, 9, one_shot=True), [*asked, *lost[:1]])) == "steps"


@given(st.lists(st.sampled_from(["kept", "reverted", "refused"]), max_size=12), st.data())
def test_every_run_ends(verdicts: list[str], data: st.DataObject) -> None:
    """After max_steps steps at the latest, whatever they came to."""
    most = data.draw(st.integers(1, 12))
    stop = spent(Stops(most, 99), log(*verdicts))
    assert (stop is not None) == (len(verdicts) >= most)


def tasks(*questions: str) -> list[Task]:
    """Tasks with ids a, b, c…"""
    return [Task(chr(97 + number), text, "1") for number, text in enumerate(questions)]


COUNTS = ("How many times does r occur in tree?", "How many times does s occur in sea?")
SUMS = (
    "What is the sum of 3 and 4?",
    "What is the sum of 90 and 17?",
    "What is the sum of 1 and 2?",
)


def test_questions_of_one_wording_are_one_group() -> None:
    """What differs between them (names, numbers) makes no difference; the order is kept."""
    every = tasks(COUNTS[0], SUMS[0], COUNTS[1], SUMS[1], SUMS[2])
    found = focus.groups(every, every)
    assert [[task.id for task in group] for group in found] == [["a", "c"], ["b", "d", "e"]]


def test_the_largest_group_comes_first_until_it_was_tried_in_vain() -> None:
    """Each attempt halves its weight: 3, then 1.5 against 2."""
    every = tasks(COUNTS[0], SUMS[0], COUNTS[1], SUMS[1], SUMS[2])
    found = focus.groups(every, every)
    assert focus.choose(found, [])[0].id == "b"
    assert focus.choose(found, [("d",)])[0].id == "a"
    assert focus.choose(found, [("d",), ("a", "c")])[0].id == "b"


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_groups_lose_no_task(questions: list[str]) -> None:
    """Every failing task is in exactly one group, whatever its wording."""
    every = [Task(str(number), text, "1") for number, text in enumerate(questions)]
    found = focus.groups(every, every)
    assert sorted(t.id for group in found for t in group) == sorted(t.id for t in every)
