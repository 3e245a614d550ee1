"""The gates, on evaluations made up for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.errors import UsageError
from fnopt.evaluate.gate import Gate, NoRollback, Paired, Paper, choose
from fnopt.records import Evaluation, Score, Trial, Verdict

Scored = Callable[[Any], Evaluation]


def plain(scores: list[float]) -> Evaluation:
    """One trial a task."""
    trials = (Trial(f"t{at}", 0, "k", score=Score(s)) for at, s in enumerate(scores))
    return Evaluation("val", "d", tuple(trials))


def judge(gate: Gate, scored: Scored, base: Any, after: Any, action: str = "add") -> Verdict:
    return whole(gate, scored(base), scored(after), action)


def whole(gate: Gate, base: Evaluation, after: Evaluation, action: str) -> Verdict:
    """All tasks in one block."""
    return gate.judge([(base, after)], 0, action)


@pytest.mark.parametrize("action", ["add", "revise", "several"])
def test_paired_keeps_what_is_likely_to_help(scored: Scored, action: str) -> None:
    """Two tasks more and none less are p = 0.25: enough at 0.7, not at 0.8."""
    base, after = [0, 0, 0, 1, 1], [1, 1, 0, 1, 1]
    verdict = judge(Paired(confidence=0.7), scored, base, after, action)
    assert (verdict.outcome, verdict.p) == ("kept", 0.25)
    assert (verdict.base, verdict.score, verdict.better, verdict.worse) == (0.4, 0.8, 2, 0)
    assert verdict.tasks == 5
    assert "+0.400 (2 better, 0 worse of 5 tasks; p = 0.25)" in verdict.reason
    assert judge(Paired(confidence=0.8), scored, base, after, action).outcome == "reverted"


def test_paired_counts_what_got_worse(scored: Scored) -> None:
    """As many worse as better is no gain; one task alone is p = 0.5."""
    assert judge(Paired(), scored, [0, 1], [1, 0]).outcome == "reverted"
    assert judge(Paired(), scored, [0, 0], [1, 0]).outcome == "reverted"
    assert judge(Paired(confidence=0.5), scored, [0, 0], [1, 0]).outcome == "kept"


def test_paired_pairs_by_task_and_not_by_place(scored: Scored) -> None:
    """The order of the trials makes no difference."""
    base = scored({"a": [0], "b": [1], "c": [0], "d": [0]})
    after = scored({"d": [1], "c": [1], "b": [1], "a": [1]})
    verdict = whole(Paired(), base, after, "add")
    assert (verdict.outcome, verdict.better, verdict.worse) == ("kept", 3, 0)


def test_several_trials_are_averaged_per_task(scored: Scored) -> None:
    """Ten trials of one task are one difference, not ten."""
    verdict = judge(Paired(), scored, {"a": [0] * 10}, {"a": [1] * 10})
    assert (verdict.p, verdict.outcome, verdict.tasks) == (0.5, "reverted", 1)
    halves = judge(
        Paired(),
        scored,
        {"a": [0, 0], "b": [0, 1], "c": [1, 1]},
        {"a": [1, 0], "b": [1, 1], "c": [1, 1]},
    )
    assert (halves.outcome, halves.better, halves.p) == ("kept", 2, 0.25)
    assert halves.score == pytest.approx(2.5 / 3)


@pytest.mark.parametrize(
    ("base", "after", "margin", "outcome"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 0.0, "kept"),
        ([1, 1, 0, 0], [1, 1, 1, 0], 0.0, "kept"),
        ([1, 1, 0, 0], [1, 0, 0, 0], 0.0, "reverted"),
        ([1, 1, 0, 0], [1, 0, 0, 0], 0.25, "kept"),
        ([1, 1, 0, 0], [0, 0, 0, 0], 0.25, "reverted"),
    ],
)
def test_a_remove_is_kept_when_not_worse(
    scored: Scored, base: list[int], after: list[int], margin: float, outcome: str
) -> None:
    """A remove needs no gain; it may lose at most the margin."""
    assert judge(Paired(margin=margin), scored, base, after, "remove").outcome == outcome


def test_the_margin_is_what_an_add_must_gain(scored: Scored) -> None:
    """A gain up to the margin is not kept, however sure it is."""
    base, after = [0] * 10, [1] * 3 + [0] * 7
    assert judge(Paired(margin=0.2), scored, base, after).outcome == "kept"
    assert judge(Paired(margin=0.3), scored, base, after).outcome == "reverted"


def test_a_guarded_task_must_not_get_worse(scored: Scored) -> None:
    """One guarded task lost reverts what would be kept, and is named."""
    base, after = [0] * 9 + [1], [1] * 9 + [0]
    assert judge(Paired(), scored, base, after).outcome == "kept"
    for action in ("add", "remove"):
        verdict = judge(Paired(guards=("t0009", "t0001")), scored, base, after, action)
        assert verdict.outcome == "reverted"
        assert "t0009" in verdict.reason
        assert "t0001" not in verdict.reason
    verdict = judge(Paired(guards=("t0001", "gone")), scored, base, after)
    assert (verdict.outcome, "scored: gone" in verdict.reason) == ("undecided", True)


@pytest.mark.parametrize("gate", [Paired(), Paper()])
def test_lost_trials_leave_it_undecided(scored: Scored, gate: Gate) -> None:
    """More than a tenth of the tasks without a pair, on whichever side, and nothing is said."""
    ones, zeros = [1.0] * 20, [0.0] * 20
    for base, after in [
        (zeros, [None] * 3 + ones[3:]),
        ([None] * 3 + zeros[3:], ones),
        ([None] * 2 + zeros[2:], [*ones[:-1], None]),
    ]:
        verdict = judge(gate, scored, base, after)
        assert verdict.outcome == "undecided"
        assert "15% of tasks, first: " in verdict.reason
    verdict = judge(gate, scored, [None] * 2 + zeros[2:], ones)
    assert (verdict.outcome, verdict.better, verdict.tasks) == ("kept", 18, 20)


def test_one_lost_trial_of_several_loses_no_task(scored: Scored) -> None:
    """A task is paired by the trials that it has."""
    after = {"a": [1, None], "b": [None, 1], "c": [1, 1]}
    verdict = judge(Paired(), scored, {"a": [0, 0], "b": [0, 0], "c": [0, 0]}, after)
    assert (verdict.outcome, verdict.better) == ("kept", 3)


@pytest.mark.parametrize("gate", [Paired(), Paper()])
def test_without_tasks_nothing_is_decided(scored: Scored, gate: Gate) -> None:
    """Nothing measured is neither kept nor reverted."""
    for action in ("add", "remove"):
        verdict = judge(gate, scored, [], [], action)
        assert (verdict.outcome, verdict.reason) == ("undecided", "no tasks")


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
    st.sampled_from(["add", "revise", "several"]),
)
def test_an_identical_candidate_is_not_kept_nor_called_worse(
    scores: list[float], confidence: float, action: str
) -> None:
    """Without any effect there is nothing to keep, whatever the confidence."""
    verdict = whole(Paired(confidence), plain(scores), plain(scores), action)
    assert verdict.outcome == "reverted"
    assert (verdict.better, verdict.worse, verdict.p) == (0, 0, 1.0)
    assert "+0.000 (0 better, 0 worse" in verdict.reason


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    st.floats(0.5, 0.99),
    st.sampled_from(["add", "revise", "remove"]),
)
def test_what_scores_less_is_never_kept(
    pairs: list[tuple[bool, bool]], confidence: float, action: str
) -> None:
    """Kept means at least as good on the same tasks; figures add up."""
    base, after = (plain([float(pair[side]) for pair in pairs]) for side in (0, 1))
    verdict = whole(Paired(confidence), base, after, action)
    assert verdict.score is not None
    assert verdict.base is not None
    if verdict.outcome == "kept":
        assert verdict.score >= verdict.base
    gained = (verdict.better - verdict.worse) / len(pairs)
    assert verdict.score - verdict.base == pytest.approx(gained)


def test_paper_compares_means_alone(scored: Scored) -> None:
    """A gain is kept, a drop is not; a tie as configured, whatever the action."""
    for ties, tie in (("accept", "kept"), ("reject", "reverted")):
        gate = Paper(ties)
        for action in ("add", "revise", "remove"):
            assert judge(gate, scored, [0, 1, 0], [1, 0, 1], action).outcome == "kept"
            assert judge(gate, scored, [0, 1, 0], [1, 0, 0], action).outcome == tie
            assert judge(gate, scored, [0, 1, 0], [0, 0, 0], action).outcome == "reverted"


def share(score: float) -> Evaluation:
    """Ten tasks, so many of them right."""
    right = round(score * 10)
    return plain([1.0] * right + [0.0] * (10 - right))


@pytest.mark.parametrize(
    ("ties", "accepted", "failures"),
    [
        ("accept", ["", "a", "a", "a", "ad", "ad"], [0, 0, 1, 2, 0, 1]),
        ("reject", ["", "a", "a", "a", "a", "a"], [0, 0, 1, 2, 3, 4]),
    ],
)
def test_paper_reproduces_the_reference_trace(
    ties: str, accepted: list[str], failures: list[int]
) -> None:
    """AgentOptimizer's scores, one add a step: what is accepted, and failures since then."""
    scores = [0.5, 0.8, 0.3, 0.4, 0.8, 0.1]
    library, best, failed = "", share(scores[0]), 0
    libraries, counts = [library], [failed]
    for name, score in zip("abcde", scores[1:], strict=True):
        if whole(Paper(ties), best, share(score), "add").outcome == "kept":
            library, best, failed = library + name, share(score), 0
        else:
            failed += 1
        libraries.append(library)
        counts.append(failed)
    assert (libraries, counts) == (accepted, failures)


def test_gates_are_chosen_by_name() -> None:
    """An unknown name is told with the known ones."""
    values: dict[str, Any] = {"confidence": 0.9, "margin": 0.1, "guards": ["t"], "ties": "reject"}
    assert choose("paired", **values) == Paired(0.9, 0.1, ("t",))
    assert choose("paper", **values) == Paper("reject")
    with pytest.raises(UsageError) as caught:
        choose("lucky", **values)
    assert "gate.rule" in caught.value.message
    assert "lucky" in caught.value.message
    assert "paired, paper" in caught.value.mend


def in_blocks(base: Sequence[float | None], after: Sequence[float | None], parts: int) -> Served:
    """The same tasks in blocks of the same size, given out one by one and counted."""
    size = len(base) // parts
    return Served(
        [(base[at : at + size], after[at : at + size]) for at in range(0, len(base), size)]
    )


class Served:
    """Blocks as they are asked for; ``count`` is how many were."""

    def __init__(self, blocks: list[Any]) -> None:
        self._blocks = blocks
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Evaluation, Evaluation]]:
        for base, after in self._blocks:
            ids = [f"t{self.count * len(base) + at}" for at in range(len(base))]
            self.count += 1
            yield made(ids, base), made(ids, after)


def made(ids: list[str], scores: Sequence[float | None]) -> Evaluation:
    trials = (
        Trial(
            task, 0, "k", score=None if s is None else Score(s), error="gone" if s is None else None
        )
        for task, s in zip(ids, scores, strict=True)
    )
    return Evaluation("val", "d", tuple(trials))


ZEROS, ONES = [0.0] * 80, [1.0] * 80


@pytest.mark.parametrize(
    ("base", "after", "action", "outcome"),
    [
        (ZEROS, ONES, "add", "kept"),
        (ONES, ZEROS, "add", "reverted"),
        (ONES, ZEROS, "remove", "reverted"),
    ],
)
def test_it_asks_for_no_more_blocks_than_it_needs(
    base: list[float], after: list[float], action: str, outcome: str
) -> None:
    """One of four is enough where every task says the same, and the verdict says so."""
    served = in_blocks(base, after, 4)
    verdict = Paired().judge(served, 80, action)
    assert (verdict.outcome, served.count) == (outcome, 1)
    assert (verdict.tasks, verdict.of) == (20, 80)
    assert "of 20 tasks" in verdict.reason
    assert verdict.reason.endswith("stopped after 25% of val)")


@pytest.mark.parametrize("action", ["add", "remove"])
def test_without_any_effect_all_tasks_are_met(action: str) -> None:
    """Nothing is clear before the end: not kept, unless it is a remove."""
    served = in_blocks(ZEROS, ZEROS, 4)
    verdict = Paired().judge(served, 80, action)
    assert (served.count, verdict.tasks, verdict.of) == (4, 80, 80)
    assert verdict.outcome == ("kept" if action == "remove" else "reverted")
    assert "stopped" not in verdict.reason


def test_a_guarded_task_that_got_worse_ends_it_at_once() -> None:
    """However much the others gained."""
    base, after = [1.0, *ZEROS[1:]], [0.0, *ONES[1:]]
    served = in_blocks(base, after, 4)
    verdict = Paired(guards=("t0",)).judge(served, 80, "add")
    assert (verdict.outcome, served.count) == ("reverted", 1)


def test_nothing_is_kept_before_the_guarded_tasks_were_met() -> None:
    """A gain that is clear early has to wait for them; one that was lost leaves it undecided."""
    ones = list(ONES)
    for worse, outcome in ((0.0, "reverted"), (1.0, "kept"), (None, "undecided")):
        base, after = [*ZEROS[:-1], 1.0], [*ones[:-1], worse]
        served = in_blocks(base, after, 4)
        verdict = Paired(guards=("t79",)).judge(served, 80, "add")
        assert (verdict.outcome, served.count) == (outcome, 4)
        assert Paired().judge(in_blocks(base, after, 4), 80, "add").outcome == "kept"


def test_lost_trials_count_among_all_tasks() -> None:
    """Two of the first twenty are few of eighty; nine are too many before the rest is paid for."""
    for lost, outcome, count in ((2, "kept", 1), (9, "undecided", 1)):
        served = in_blocks(ZEROS, [*([None] * lost), *ONES[lost:]], 4)
        verdict = Paired().judge(served, 80, "add")
        assert (verdict.outcome, served.count) == (outcome, count)


def test_a_margin_and_the_paper_take_all_tasks_at_once() -> None:
    """Their rules are about the whole split."""
    assert (Paired().looks(80), Paired(margin=0.1).looks(80), Paper().looks(80)) == (4, 1, 1)
    assert NoRollback(Paired()).looks(80) == 4


def test_what_a_person_asked_for_is_kept_when_not_worse(scored: Scored) -> None:
    """Without any effect too, where an add is not; what gets worse, and a guarded task, count."""
    same, less = [1, 1, 0, 0], [1, 0, 0, 0]
    assert judge(Paired(), scored, same, same, "review").outcome == "kept"
    assert judge(Paired(), scored, same, same, "add").outcome == "reverted"
    assert judge(Paired(), scored, same, less, "review").outcome == "reverted"
    assert judge(Paired(margin=0.25), scored, same, less, "review").outcome == "kept"
    base, after = {"a": [1], "b": [0]}, {"a": [0], "b": [1]}
    assert judge(Paired(), scored, base, after, "review").outcome == "kept"
    assert judge(Paired(guards=("a",)), scored, base, after, "review").outcome == "reverted"
    assert judge(Paper("reject"), scored, same, same, "review").outcome == "reverted"
