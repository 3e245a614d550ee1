"""A report's figures follow from the raw trials of its arms, and from nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from benchmarks.learning import figures, scripted_arms
from benchmarks.learning.report import report
from benchmarks.learning.stand import EMPTY
from benchmarks.learning.table import markdown
from scripted_server import ScriptedServer

ONE, TWO = "1" * 64, "2" * 64  # digests of libraries


def row(task: str, split: str, library: str, right: bool, **more: Any) -> dict[str, Any]:
    """A raw trial as the report reads it; its family is what its name begins with."""
    values = {"task": task, "family": task[0], "split": split, "library": library}
    return {**values, "phase": "after", "score": float(right), **more}


def measured(library: str, right: Iterable[str]) -> list[dict[str, Any]]:
    """Four test tasks of two families, of which those named were right."""
    names = ("a1", "a2", "b1", "b2")
    return [row(name, "test", library, name in set(right)) for name in names]


def write(folder: Path, rows: Sequence[Mapping[str, Any]], accepted: Sequence[Any] = ()) -> None:
    """A finished arm. Its result says nothing that a figure could be taken from."""
    folder.mkdir(parents=True)
    lines = "".join(json.dumps(one) + "\n" for one in rows)
    (folder / "trials.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    used = {"prompt_tokens": 70, "completion_tokens": 7}
    tokens = {"agent": used, "optimizer": {"prompt_tokens": 0, "completion_tokens": 5}}
    learned = {"stopped": "finished", "seconds": 60.0, "tokens": tokens}
    (folder / "learned.json").write_text(json.dumps(learned))
    (folder / "accepted.json").write_text(json.dumps(accepted))
    (folder / "result.json").write_text("{}")


def point(library: str, tokens: int) -> dict[str, Any]:
    """A library that was accepted when so many tokens had been spent."""
    return {"library": library, "trials": 1, "tokens": {"agent": tokens, "optimizer": 1}}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Two arms of one seed; ``fnopt`` accepted two libraries and lost a trial on its way."""
    vals = [
        *(row(f"v{n}", "val", ONE, n < 2, phase="learn") for n in range(5)),
        *(row(f"v{n}", "val", TWO, n < 4, phase="learn") for n in range(5)),
    ]
    lost = row("v0", "val", TWO, False, phase="learn", score=None)
    rows = [*vals, lost, *measured(ONE, []), *measured(TWO, ["a1", "a2", "b1"])]
    write(tmp_path / "some" / "1" / "fnopt", rows, [point(ONE, 100), point(TWO, 300)])
    write(tmp_path / "some" / "1" / "none", measured(EMPTY.digest, ["a1"]))
    return tmp_path / "some"


def test_an_arm_is_what_its_last_library_did_on_test(written: Path) -> None:
    """Right answers by family, of the library accepted last; earlier ones' test trials are not."""
    arm = report(written)["arms"]["fnopt"]
    assert (arm["right"], arm["total"], arm["accuracy"]) == (3, 4, 0.75)
    assert arm["families"] == {"a": {"right": 2, "total": 2}, "b": {"right": 1, "total": 2}}
    assert arm["interval"] == figures.wilson(3, 4)


def test_the_price_of_a_mark_is_that_of_the_first_library_that_reached_it(written: Path) -> None:
    """Tokens of agent and optimizer by then; a mark that none reached has no price."""
    (seed,) = report(written)["arms"]["fnopt"]["per_seed"]
    assert seed["tokens_to"] == {"40%": 101, "60%": 301, "80%": 301}
    assert (seed["val"], seed["trials"]) == (0.8, 10)
    assert seed["tokens"] == {"agent": 77, "optimizer": 5}
    (none,) = report(written)["arms"]["none"]["per_seed"]
    assert set(none["tokens_to"].values()) == {None}


def test_differences_are_paired_task_by_task(written: Path) -> None:
    """Each way round, the one the negative of the other."""
    told = {(one["arm"], one["against"]): one for one in report(written)["differences"]}
    ours, theirs = told["fnopt", "none"], told["none", "fnopt"]
    assert (ours["difference"], ours["tasks"]) == (0.5, 4)
    assert theirs["difference"] == -0.5
    low, high = ours["interval"]
    assert 0.0 <= low <= 0.5 <= high <= 1.0


def test_only_seeds_that_both_have_are_compared(written: Path) -> None:
    """A seed that one arm alone has finished counts for its accuracy, not for a difference."""
    write(written / "2" / "none", measured(EMPTY.digest, ["a1", "a2", "b1", "b2"]))
    document = report(written)
    assert (document["arms"]["none"]["right"], document["arms"]["none"]["seeds"]) == (5, [1, 2])
    assert {one["tasks"] for one in document["differences"]} == {4}


def test_an_arm_that_is_not_finished_is_left_out(written: Path) -> None:
    """Without a result nothing is told of it."""
    (written / "1" / "none" / "result.json").unlink()
    assert list(report(written)["arms"]) == ["fnopt"]


def test_the_table_tells_what_the_document_does(written: Path) -> None:
    """Best arm first, with its families; fnopt minus the others."""
    lines = markdown(report(written)).splitlines()
    arms = [line for line in lines if line.startswith(("| fnopt |", "| none |"))]
    assert arms[0].startswith("| fnopt | 0.750 | 0.301 to 0.954 | 3 of 4 | 0.80 | 10 | 77 | 5 |")
    assert arms[2:] == ["| fnopt | 2/2 | 1/2 |", "| none | 1/2 | 0/2 |"]
    assert any(line.startswith("| fnopt - none | +0.500 |") for line in lines)


def test_wilson() -> None:
    """As in the literature: 8 of 10, nothing of 10, and nothing known of nothing."""
    assert figures.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert figures.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert figures.wilson(0, 0) == (0.0, 1.0)


def test_a_paired_interval() -> None:
    """None about equal scores; about a clear gain above zero, and the same every time."""
    assert figures.paired([1.0, 0.0] * 20, [1.0, 0.0] * 20) == (0.0, 0.0, 0.0)
    mean, low, high = figures.paired([1.0] * 30 + [0.0] * 10, [0.0] * 40)
    assert mean == 0.75
    assert 0.55 < low < 0.65 < 0.85 < high < 0.92  # of a share, 0.75 of 40: 0.62 to 0.88
    assert figures.paired([1.0] * 30 + [0.0] * 10, [0.0] * 40) == (mean, low, high)


def test_a_real_run_is_told_as_its_trials_were(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tokens are the sum of what trials cost, curves those of val, and a changed row shows."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    scripted_server.respond = scripted_arms.respond
    scripted_arms.learn(tmp_path, ["one_shot"], 100)
    folder = scripted_arms.folder(tmp_path, "one_shot")
    packed = folder / "trials.jsonl.gz"
    rows = [json.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines()]
    arm = report(tmp_path / scripted_arms.NAME)["arms"]["one_shot"]
    (seed,) = arm["per_seed"]
    learned = [one for one in rows if one["phase"] == "learn"]
    assert seed["trials"] == len(learned)
    assert seed["tokens"] == {"agent": sum(one["tokens"] for one in learned), "optimizer": 15}
    curve = json.loads((folder / "curve.json").read_text())
    assert seed["val"] == curve[-1]["val"] > curve[0]["val"]
    result = json.loads((folder / "result.json").read_text())
    assert arm["families"] == result["test"]
    changed = [{**one, "score": 0.0} if one["split"] == "test" else one for one in rows]
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, changed)).encode() + b"\n"))
    assert report(tmp_path / scripted_arms.NAME)["arms"]["one_shot"]["right"] == 0 < arm["right"]
