"""Scorers: pairs of expected and given, rule by rule."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.errors import FnoptError, UsageError
from fnopt.records import Score, Task
from fnopt.tasks import load, scorer
from fnopt.tasks.formats import read_file
from fnopt.tasks.numerals import last_number, number
from fnopt.tasks.own import imported
from fnopt.tasks.scorers import Checked, Scorer

DATA = Path(__file__).parents[2].parent / "shared" / "data"
here = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data sets at {DATA}")


def right(score: Scorer, expected: str, answer: str) -> bool:
    outcome = score(answer, Task("t", "q", expected))
    assert outcome.note == "", outcome.note
    return outcome.value == 1.0


@pytest.mark.parametrize(
    ("name", "expected", "answer", "verdict"),
    [
        ("exact", "Paris", " Paris\n", True),
        ("exact", "two  words", "two words", True),
        ("exact", "Paris", "paris", False),
        ("exact", "Paris", "Paris.", False),
        ("contains", "Paris", "It is PARIS, of course", True),
        ("contains", "5", "15", False),
        ("contains", "5", "it is 5.", True),
        ("contains", "a (b)", "so: a (b)", True),
        ("number", "1,235", "1235", True),
        ("number", "1235", "$1,235.00", True),
        ("number", "1.20", "1.2", True),
        ("number", "3/4", "0.75", True),
        ("number", "1.75", "1 3/4 cups", True),
        ("number", "0.3333333", "1/3", True),
        ("number", "15 minutes", "15", True),
        ("number", "15", "15 minutes", True),
        ("number", "50%", "50", True),
        ("number", "-3", "\N{MINUS SIGN}3", True),
        ("number", "-3", "3", False),
        ("number", "1e3", "1000", True),
        ("number", "3525", "The final answer is: 3525.", True),
        ("number", "5", "5 m^2", True),
        ("number", "1234567", "1234568", False),
        ("number", "3", "three", False),
        ("number", "3", "", False),
        ("number", "3", "1/0", False),
        ("number", "surplus", "Surplus", True),
        ("number", "surplus", "shortage", False),
        ("number", "1:20 P.M.", "1:20 p.m.", True),
        ("number", "1:20 P.M.", "1", False),
        ("number", "20", "1:20", False),
        ("choice", "B", "b", True),
        ("choice", "B", "(B)", True),
        ("choice", "(B)", "B) the second", True),
        ("choice", "B", "The answer is **B**.", True),
        ("choice", "B", "A is wrong, I think, so the answer is (B)", True),
        ("choice", "B", "\\boxed{\\text{B}}", True),
        ("choice", "B", "A", False),
        ("choice", "B", "", False),
        ("choice", "B", "Beautiful", False),
        ("choice", "A,C", "C and A", True),
        ("choice", "A,C", "A", False),
    ],
)
def test_rules(name: str, expected: str, answer: str, verdict: bool) -> None:
    """Each rule's convention, by example."""
    assert right(scorer(name), expected, answer) is verdict


@given(st.fractions())
def test_written_numbers_are_read(value: Fraction) -> None:
    """A fraction written out is that number, alone and at the end of a sentence."""
    assert number(str(value)) == value
    assert last_number(f"So we get {value}.") == value


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=40, min_size=1))
def test_no_text_breaks_a_scorer(answer: str, expected: str) -> None:
    """Any answer gets a score, and the expected answer itself full marks."""
    for name in ("exact", "contains", "number", "choice"):
        assert scorer(name)(answer, Task("t", "q", expected)).note == ""
    for name in ("exact", "number"):
        assert right(scorer(name), expected, expected)


def test_huge_numbers_are_not_computed() -> None:
    """Answers that would be enormous numbers are no numbers."""
    assert number("1e999999999") is None and number("9" * 5000) is None
    assert number("1/" + "9" * 5000) is None


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A repository with scorers of its own."""
    (tmp_path / "own_scorers.py").write_text(
        "def half(answer, task): return 0.5\n"
        "def yes(answer, task): return answer == task.answer\n"
        "def fails(answer, task): return 1 / 0\n"
        "def nan(answer, task): return float('nan')\n"
        "def much(answer, task): return 2\n"
        "def text(answer, task): return 'good'\n"
        "number = 5\n"
        "def leaves(answer, task): raise SystemExit(3)\n"
        "def hangs(answer, task): __import__('time').sleep(60)\n"
    )
    (tmp_path / "slow_scorers.py").write_text("import time\ntime.sleep(60)\n")
    yield tmp_path
    sys.path.remove(str(tmp_path))
    sys.modules.pop("own_scorers", None)


def test_own_scorer(own: Path) -> None:
    """``module:function`` of the repository scores; partial credit only where asked for."""
    task = Task("t", "q", "a")
    assert scorer("own_scorers:half", root=own)("a", task) == Score(0.0)
    assert scorer("own_scorers:half", partial=True, root=own)("a", task) == Score(0.5)
    assert scorer("own_scorers:yes", root=own)("a", task) == Score(1.0)


@pytest.mark.parametrize("name", ["fails", "nan", "much", "text", "leaves"])
def test_a_scorer_that_fails_scores_nothing(own: Path, name: str) -> None:
    """Raising, or returning no number from 0 to 1, is 0 with the message kept."""
    outcome = scorer(f"own_scorers:{name}", partial=True, root=own)("a", Task("t", "q", "a"))
    assert outcome.value == 0.0 and outcome.note.startswith("the scorer failed: ")


def test_a_scorer_that_hangs(own: Path) -> None:
    """Neither it nor its module is waited for without end."""
    score = Checked(imported("own_scorers:hangs", own, seconds=0.2))
    with pytest.raises(FnoptError, match="own_scorers:hangs took longer"):
        score("a", Task("t", "q", "a"))
    with pytest.raises(UsageError, match="importing 'slow_scorers' took longer"):
        imported("slow_scorers:f", own, seconds=0.2)


@pytest.mark.parametrize("name", ["exact", "contains", "number", "choice", "gaia"])
@pytest.mark.parametrize(
    "piece", ["x", " ", "9", "1,", "a and ", "answer ", "- $", "a\u0300\u0316"]
)
def test_an_answer_of_a_megabyte(name: str, piece: str) -> None:
    """It is scored like any other, in no quadratic time, and what is at its end still counts."""
    long = piece * (1_000_000 // len(piece))
    task = Task("t", "q", "B", {"choices": ["x", "y"]}) if name == "choice" else Task("t", "q", "7")
    assert scorer(name)(long, task) == Score(0.0)
    if name in ("contains", "number", "choice"):
        assert scorer(name)(f"{long} The answer is {task.answer}.", task) == Score(1.0)


@pytest.mark.parametrize(
    "name", ["exakt", "own_scorers:absent", "absent_module:f", "own_scorers:number"]
)
def test_unknown_scorers(own: Path, name: str) -> None:
    """A scorer that cannot be had is a usage error with a mend."""
    with pytest.raises(UsageError) as caught:
        scorer(name, root=own)
        sys.path.append(str(own))
    sys.path.append(str(own))
    assert caught.value.mend


@pytest.fixture(scope="module")
def score() -> Scorer:
    """The scorer ``math``, one process for all tests."""
    pytest.importorskip("math_verify", reason="math-verify is not installed")
    return scorer("math")


class TestMath:
    """Mathematical equality, in a process of its own."""

    @pytest.mark.parametrize(
        ("expected", "answer", "verdict"),
        [
            ("\\frac{25}{216}", "25/216", True),
            ("\\frac{25}{216}", "$\\boxed{\\frac{25}{216}}$", True),
            ("\\frac 18", "0.125", True),
            ("64\\pi", "64 * pi", True),
            ("64\\pi", "64pi", True),
            ("2\\sqrt{3}", "sqrt(12)", True),
            ("101x+30", "30 + 101x", True),
            ("\\text{A,B}", "A, B", True),
            ("150^\\circ", "150", True),
            ("135,\\!000", "135000", True),
            ("6", "The final answer is $6$.", True),
            ("6", "7", False),
            ("\\frac{1}{2}", "", False),
            ("\\frac{1}{2}", "\\frac{1}{", False),
        ],
    )
    def test_pairs(self, score: Scorer, expected: str, answer: str, verdict: bool) -> None:
        """LaTeX and plain forms of the same value are equal."""
        assert right(score, expected, answer) is verdict

    def test_from_worker_threads(self, score: Scorer) -> None:
        """Threads score as the main thread does."""
        with ThreadPoolExecutor(4) as pool:
            got = list(
                pool.map(lambda n: right(score, str(n), f"\\frac{{{2 * n}}}{{2}}"), range(8))
            )
        assert all(got)

    def test_an_endless_answer(self, score: Scorer) -> None:
        """An answer whose value cannot be computed is not right, and the next one is scored."""
        assert score("9^{9^{9^{9}}}", Task("t", "q", "5")).value == 0.0
        assert right(score, "5", "10/2")

    def test_an_answer_of_a_megabyte(self, score: Scorer) -> None:
        """Its end is read as mathematics."""
        assert right(score, "\\frac{1}{2}", "so it is " * 110_000 + "$\\boxed{0.5}$")

    def test_a_copy_works(self, score: Scorer) -> None:
        """A scorer can be sent to another process."""
        assert right(pickle.loads(pickle.dumps(score)), "1/2", "0.5")


@pytest.mark.skipif(find_spec("reasoning_gym") is None, reason="reasoning-gym is not installed")
class TestGym:
    """The families' own scores."""

    def test_chosen_by_the_task(self, tmp_path: Path) -> None:
        """Without a name, gym tasks get their family's score and others ``exact``; a task that
        went through JSON is scored as before."""
        score = scorer(None, partial=True)
        splits = load(tmp_path, train="reasoning-gym:string_insertion,prime_factorization?size=2")
        for task in splits.train:
            again = replace(task, metadata=json.loads(json.dumps(task.metadata)))
            assert score(task.answer, again).value == 1.0
            assert score("nothing of the sort", task).value < 0.5
        assert score("x", Task("t", "q", "x")).value == 1.0

    def test_an_answer_with_code_reaches_neither_keys_nor_the_next_score(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Some families evaluate the answer: it runs without keys, and leaves nothing behind."""
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        (task,) = load(tmp_path, train="reasoning-gym:string_insertion?size=1").train
        score = scorer("reasoning-gym")
        code = (
            "[__import__('builtins').__dict__.update(float=lambda x: 1.0), "
            f"open({str(tmp_path / 'made')!r}, 'w').write('x' * 9999), "
            "__import__('os').environ['OPENAI_API_KEY']]"
        )
        assert score(code, task).value == 0.0
        assert score("wrong", task).value == 0.0 and score(task.answer, task).value == 1.0
        made = tmp_path / "made"
        assert not made.exists() or made.stat().st_size == 0

    def test_a_task_of_another_source(self) -> None:
        """The family's score of a task without a family is a wrong set-up, not a wrong answer."""
        with pytest.raises(UsageError, match="not from reasoning-gym"):
            scorer("reasoning-gym")("x", Task("t", "q", "x"))


@here
def test_expected_answers_of_math_score_themselves(score: Scorer) -> None:
    """On MATH every expected answer is right, alone and within a sentence; another's is not."""
    tasks = read_file(DATA / "math/prealgebra/val.jsonl", "val.jsonl")
    assert len(tasks) == 40
    assert [task.id for task in tasks if score(task.answer, task) != Score(1.0)] == []
    said = [score(f"The answer is ${task.answer}$.", task) for task in tasks]
    assert [task.id for task, got in zip(tasks, said, strict=True) if got != Score(1.0)] == []


@here
def test_expected_answers_of_tabmwp_score_themselves() -> None:
    """On TabMWP every expected answer is right, and the next task's answer is not."""
    tasks = read_file(DATA / "tabmwp/val.jsonl", "val.jsonl")
    rule = scorer("number")
    assert len(tasks) == 40
    assert [task.id for task in tasks if rule(task.answer, task) != Score(1.0)] == []
    assert sum(rule(other.answer, task).value for task, other in pairwise(tasks)) == 0
