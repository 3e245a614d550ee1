"""Splits: laziness, division, overlap; generated ones too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from fnopt.errors import UsageError
from fnopt.tasks import load
from fnopt.tasks.division import share
from fnopt.tasks.question import digest
from fnopt.tasks.splits import Terms


def write(root: Path, name: str, *questions: str) -> str:
    rows = [{"id": f"{name}{n}", "question": q, "answer": "a"} for n, q in enumerate(questions)]
    (root / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return f"{name}.jsonl"


def test_splits_are_read_when_asked_for(tmp_path: Path) -> None:
    """A split that nobody asks for may even be absent."""
    splits = load(tmp_path, train=write(tmp_path, "train", "p", "q"), val="absent.jsonl")
    assert [task.question for task in splits.train] == ["p", "q"]
    assert splits.names == ("train", "val")
    with pytest.raises(UsageError, match=r"absent\.jsonl"):
        _ = splits.val


def test_a_split_that_is_not_set(tmp_path: Path) -> None:
    """Asking for a split that is not configured says which key to set."""
    with pytest.raises(UsageError) as caught:
        _ = load(tmp_path, train=write(tmp_path, "train", "p")).val
    assert "tasks.val" in caught.value.mend


def test_source_excludes_splits(tmp_path: Path) -> None:
    """One source and named splits contradict each other."""
    with pytest.raises(UsageError, match=r"tasks\.source"):
        load(tmp_path, train="a.jsonl", source="b.jsonl")


def test_one_source_is_divided_stably(tmp_path: Path) -> None:
    """About 40/40/20; disjoint; tasks added later move none of the earlier."""
    few = load(tmp_path, source=write(tmp_path, "few", *(f"question {n}" for n in range(300))))
    more = load(tmp_path, source=write(tmp_path, "more", *(f"question {n}" for n in range(600))))
    sizes = [len(few.tasks(name)) for name in few.names]
    assert sum(sizes) == 300 and all(
        abs(s - w) < 30 for s, w in zip(sizes, (120, 120, 60), strict=True)
    )
    for name in few.names:
        now = {task.question for task in more.tasks(name)}
        assert {task.question for task in few.tasks(name)} <= now
    few.check()


def test_share_ignores_case_and_space() -> None:
    """Questions that count as the same fall into the same split."""
    for n in range(50):
        assert share(f"What is {n}?") == share(f"  what\nIS {n}? ")


def test_an_empty_part_is_refused(tmp_path: Path) -> None:
    """A source too small for three splits says so for the split that is empty."""
    splits = load(tmp_path, source=write(tmp_path, "one", "only question"))
    empty = next(name for name in splits.names if name != share("only question"))
    with pytest.raises(UsageError, match=f"the {empty} split has no tasks"):
        splits.tasks(empty)


def test_the_same_question_in_two_splits_is_refused(tmp_path: Path) -> None:
    """Both ids and files are named, whatever case and white space the question is written in."""
    splits = load(
        tmp_path,
        train=write(tmp_path, "train", "How many?", "b"),
        val=write(tmp_path, "val", "c", "  how  MANY? "),
    )
    _ = splits.train
    with pytest.raises(UsageError) as caught:
        _ = splits.val
    for part in ("'train0'", "train.jsonl", "'val1'", "val.jsonl"):
        assert part in caught.value.message
    assert "any" not in caught.value.message.lower()


NEARLY = "A farmer has twelve sheep and sells all but {} of them; how many are left to him?"


def test_nearly_the_same_question_is_refused(tmp_path: Path) -> None:
    """Pairs are named by id; other numbers make another task; it can be allowed."""
    given = {
        "train": write(tmp_path, "train", NEARLY.format("nine"), NEARLY.format(7)),
        "val": write(tmp_path, "val", NEARLY.format(8), "else", NEARLY.format("nine").lower()[:-1]),
        "test": write(tmp_path, "test", NEARLY.format("nine").replace("farmer", "shepherd")),
    }
    splits = load(tmp_path, **given)
    _ = splits.train
    with pytest.raises(UsageError) as caught:
        _ = splits.val
    assert "nearly the same question is in two splits: 'val2' in val (val.jsonl)" in str(
        caught.value
    )
    assert "'train0' in train" in caught.value.message and "farmer" not in caught.value.message
    assert 'tasks.near_duplicates = "allow"' in caught.value.mend
    with pytest.raises(UsageError, match="'test0' in test"):
        _ = load(tmp_path, train=given["train"], test=given["test"]).test
    load(tmp_path, **given, terms=Terms(near=False)).check()


def test_several_pairs_are_named(tmp_path: Path) -> None:
    """The first three of them, and how many there are."""
    questions = ["one thing", "two things", "red ones", "blue ones"]
    again = [f"{question}?" for question in questions]
    splits = load(
        tmp_path, train=write(tmp_path, "train", *questions), val=write(tmp_path, "val", *again)
    )
    with pytest.raises(UsageError) as caught:
        splits.check()
    assert "; 'val1' and 'train1'; 'val2' and 'train2' (4 pairs in all)" in caught.value.message


def test_a_source_is_divided_by_strata(tmp_path: Path) -> None:
    """Each kind has its share of each split, by the keys that are configured."""
    rows = [
        {"id": str(n), "question": f"question {n}", "answer": "a", "kind": "ab"[n % 10 == 0]}
        for n in range(100)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    splits = load(tmp_path, source="t.jsonl", terms=Terms(strata=("kind",)))
    counts = [sum(t.metadata["kind"] == "b" for t in splits.tasks(name)) for name in splits.names]
    assert counts[0] in (3, 4, 5) and counts[1] in (3, 4, 5) and counts[2] in (1, 2, 3)
    with pytest.raises(UsageError, match="no task has sort"):
        _ = load(tmp_path, source="t.jsonl", terms=Terms(strata=("sort",))).train


def test_test_split_is_compared_unasked(tmp_path: Path) -> None:
    """``check``, and opening the test split, compare it with what was not read yet."""
    names = {"train": write(tmp_path, "train", "a"), "test": write(tmp_path, "test", "A")}
    with pytest.raises(UsageError, match="two splits"):
        load(tmp_path, **names).check()
    with pytest.raises(UsageError, match="two splits"):
        _ = load(tmp_path, **names).test


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reasoning-gym:", "no family"),
        ("reasoning-gym:lcm?size=0", "size must be at least 1"),
        ("reasoning-gym:lcm?size=many", "whole number"),
        ("reasoning-gym:lcm?seed=-1", "whole number"),
        ("reasoning-gym:lcm?sise=3", "unknown option 'sise'"),
    ],
)
def test_bad_specifications(tmp_path: Path, text: str, says: str) -> None:
    """What is wrong in a specification is named."""
    with pytest.raises(UsageError, match=says):
        _ = load(tmp_path, train=text).train


@pytest.mark.skipif(find_spec("reasoning_gym") is None, reason="reasoning-gym is not installed")
class TestGenerated:
    """Splits from reasoning-gym."""

    def test_families_in_turn(self, tmp_path: Path) -> None:
        """``size`` tasks a family, families interleaved, no answer outside ``Task.answer``."""
        tasks = load(tmp_path, train="reasoning-gym:lcm,spell_backward?size=3&seed=1").train
        assert [task.metadata["family"] for task in tasks] == ["lcm", "spell_backward"] * 3
        assert tasks[0].id == "lcm-1-0" and tasks[0].answer
        assert set(tasks[0].metadata) == {"source", "family", "seed", "size", "index"}

    def test_splits_share_no_question(self, tmp_path: Path) -> None:
        """Even from one seed, a later split leaves out what an earlier one asks."""
        spec = "reasoning-gym:lcm?size=4&seed=1"
        splits = load(tmp_path, train=spec, val=spec, test=spec)
        questions = [digest(t.question) for name in splits.names for t in splits.tasks(name)]
        assert len(questions) == len(set(questions)) == 12
        splits.check()

    def test_the_same_in_every_process(self, tmp_path: Path) -> None:
        """Families that order by hash give the same tasks whatever this process's hash seed."""
        code = (
            "from pathlib import Path; from fnopt.tasks import load; "
            "print([t.question for t in load(Path('.'), train='reasoning-gym:word_ladder,"
            "polynomial_multiplication?size=2&seed=7').train])"
        )
        environment = {"PYTHONPATH": ":".join(p for p in sys.path if p), "PATH": ""}
        runs = [
            subprocess.run(
                [sys.executable, "-c", code],
                env={**environment, "PYTHONHASHSEED": seed},
                cwd=tmp_path,
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        ]
        assert runs[0] == runs[1] and runs[0]

    def test_unknown_family(self, tmp_path: Path) -> None:
        """Near names are offered."""
        with pytest.raises(UsageError) as caught:
            _ = load(tmp_path, train="reasoning-gym:letter_count").train
        assert "letter_counting" in caught.value.mend

    def test_asked_for_from_many_threads(self, tmp_path: Path) -> None:
        """Threads that ask at once get the one reading."""
        splits = load(tmp_path, source="reasoning-gym:lcm?size=30&seed=1")
        with ThreadPoolExecutor(4) as pool:
            got = list(pool.map(lambda name: splits.tasks(name), ["train", "val", "train", "val"]))
        assert got[0] is got[2] and got[1] is got[3]
        assert Counter(map(len, got)).total() == 4
