"""``optimizer.one_shot``: one proposal is the run, and nothing of it is judged away."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_server import calls

from fnopt.config import parse
from fnopt.errors import UsageError

from .paper_scene import Scene, add, saying

MODES = pytest.mark.parametrize("mode", ["paper", "default"])


def train(scene: Scene, mode: str, **gate: Any) -> dict[str, Any]:
    """The only step of a run whose proposal, ``b`` and ``c``, makes every answer wrong."""
    scene.configure(optimizer={"mode": mode, "one_shot": True}, gate=gate)
    scene.script(saying(calls(add("b"), add("c"))))
    [update] = scene.fnopt("train")[1]["steps"]
    assert (update["function"], update["base"], update["score"]) == ("b, c", 0.5, 0.0)
    return dict(update)


@MODES
def test_what_loses_is_kept(scene: Scene, mode: str) -> None:
    """The ablation has no roll-back either; the score says what it was worth."""
    update = train(scene, mode)
    assert (update["verdict"], update["revert"]) == ("kept", None)
    assert update["reason"].startswith("without roll-back; -0.500")
    assert scene.functions() == "bc"


@MODES
def test_what_loses_is_reverted_where_that_is_asked_for(scene: Scene, mode: str) -> None:
    """One proposal, judged as the mode judges."""
    assert train(scene, mode, rollback=True)["verdict"] == "reverted"
    assert scene.functions() == ""


@MODES
def test_promises_of_the_gate_need_roll_back(mode: str) -> None:
    """Guards would count for nothing without it; that is no silent loss."""
    given = {"optimizer": {"mode": mode, "one_shot": True}, "gate": {"ties": "reject"}}
    with pytest.raises(UsageError, match=r"gate\.ties: without roll-back") as caught:
        parse(given)
    assert "set gate.rollback = true" in caught.value.mend
    given["gate"]["rollback"] = True
    assert parse(given).gate.rollback
    del given["gate"]
    assert not parse(given).gate.rollback
