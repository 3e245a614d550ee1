"""``demo``: what its options may not say; nothing is written and no model starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Fnopt


@pytest.mark.parametrize("extra", [("--seed", "7"), ("--record", "replies.jsonl")])
def test_a_recording_is_played_back_as_it_is(
    tmp_path: Path, fnopt: Fnopt, extra: tuple[str, str]
) -> None:
    """Neither other tasks nor another recording go with --recorded."""
    folder = tmp_path / "scratch"
    told = fnopt("demo", "--recorded", "--path", str(folder), *extra)
    assert told.code == 2
    assert "mend: leave --seed and --record out" in told.err
    assert not folder.exists()


def test_demo_writes_into_no_folder_that_holds_something(tmp_path: Path, fnopt: Fnopt) -> None:
    """What is there stays as it is."""
    (tmp_path / "mine.txt").write_text("mine")
    told = fnopt("demo", "--recorded", "--path", str(tmp_path))
    assert told.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_demo_usage(fnopt: Fnopt) -> None:
    """A seed is a whole number from 0; the help tells of every option."""
    assert fnopt("demo", "--seed", "-1").code == 2
    told = fnopt("demo", "--help").out
    assert all(word in told for word in ("--recorded", "--seed", "--path", "--record", "--json"))
