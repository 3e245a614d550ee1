"""A step of AgentOptimizer: several actions, judged together, and what can go wrong with each."""

from __future__ import annotations

import pytest
from scripted_server import calls

from .paper_scene import TERMINATE, Scene, add, code, in_text, right, saying

PAPER = {"optimizer": {"mode": "paper"}}
PROSE = "I would add something useful."


def steps(document: dict[str, list[dict[str, str]]]) -> list[tuple[str, str, str]]:
    """Verdict, actions and functions of the steps in a document."""
    return [(one["verdict"], one["action"], one["function"]) for one in document["steps"]]


def test_three_actions_are_one_update(scene: Scene) -> None:
    """A call each, each with the functions after the actions so far; one commit, one verdict."""
    scene.configure(**PAPER)
    revised = {"name": "a", "code": code("a", "number + 500"), "why": "More of it."}
    scene.script(saying(calls(add("a")), in_text("add", "d"), calls(("revise_function", revised))))
    exit_code, document = scene.fnopt("step")
    assert (exit_code, steps(document)) == (0, [("kept", "add, add, revise", "a, d, a")])
    first, second, third = scene.prompts()
    assert "Actions of this step" not in first
    assert "so far: add a. The functions are now: a." in second
    assert "so far: add a, add d. The functions are now: a, d." in third
    assert [one.count("Now take action ") for one in (first, second, third)] == [1, 1, 1]
    assert "number + 500" in scene.git("show", "fnopt/run-1:functions/a.py")
    message = scene.git("log", "-1", "--format=%B", "fnopt/run-1")
    assert message.count("Fnopt-Action:") == message.count("Fnopt-Function:") == 3
    assert "For want of a." in message
    assert "More of it." in message


def test_actions_are_withdrawn_together(scene: Scene) -> None:
    """One revert takes back the whole step."""
    scene.configure(**PAPER)
    scene.script(saying(calls(add("b")), calls(add("c"))))
    exit_code, document = scene.fnopt("step")
    assert (exit_code, steps(document)) == (3, [("reverted", "add, add", "b, c")])
    assert scene.functions() == ""
    assert scene.functions("fnopt/run-1~1") == "bc"


def test_terminate_ends_the_actions_of_a_step(scene: Scene) -> None:
    """What was done stands; no further call is made."""
    scene.configure(**PAPER)
    scene.script(saying(calls(add("a")), calls(TERMINATE)))
    assert steps(scene.fnopt("step")[1]) == [("kept", "add", "a")]
    assert len(scene.asked()) == 2


@pytest.mark.parametrize("reply", [calls(TERMINATE), "terminate\nNothing is left."])
def test_terminate_as_the_first_action_ends_the_run(scene: Scene, reply: dict[str, object]) -> None:
    """One call, no step; AutoGen goes on to ask twice more."""
    scene.configure(**PAPER)
    scene.script(saying(reply))
    exit_code, document = scene.fnopt("train")
    assert (exit_code, document["stop"]["why"], document["steps"]) == (0, "finished", [])
    assert len(scene.asked()) == 1


def test_a_reply_is_one_action(scene: Scene) -> None:
    """Eight adds in one reply add nothing: they go back. AutoGen takes all eight."""
    scene.configure(**PAPER)
    scene.script(saying(calls(*(add(name) for name in "bcefghij")), calls(add("a"))))
    assert steps(scene.fnopt("step")[1]) == [("kept", "add", "a")]
    back = scene.asked()[1]["messages"]
    assert "the reply holds 8 actions; at most 1 are allowed" in back[-1]["content"]
    assert len(back) == 4


def test_faults_go_back_and_the_mended_action_counts(scene: Scene) -> None:
    """What is wrong is told: an action unknown, code without its function, a module that does not
    load, an example that is wrong."""
    scene.configure(**PAPER)
    absent = f"from math import nothing_such\n\n\n{code('a', 'nothing_such(number)')}"
    wrong = code("d").replace("does.\n", "does.\n\n    >>> d(1)\n    5\n", 1)
    bogus = calls(("improve_function", {"code": code("a")}))
    first = (bogus, calls(("add_function", {"code": absent, "why": ""})), calls(add("a")))
    scene.script(
        saying(*first, calls(("add_function", {"code": wrong, "why": ""})), calls(add("d")))
    )
    assert steps(scene.fnopt("step")[1]) == [("kept", "add, add", "a, d")]
    told = [one["messages"][-1]["content"] for one in scene.asked() if len(one["messages"]) == 4]
    assert len(told) == 3
    assert "there is no action 'improve_function'" in told[0]
    assert "the module of a cannot be imported" in told[1]
    assert "gives 101, not 5" in told[2]


def test_a_faulty_first_action_is_a_refused_step(scene: Scene) -> None:
    """After two further chances; it never becomes a commit, and it is no failed library."""
    scene.configure(**PAPER)
    scene.script(saying(*[PROSE] * 3, calls(add("a"))))
    start = scene.git("rev-parse", "main")
    exit_code, document = scene.fnopt("step")
    assert (exit_code, [one[0] for one in steps(document)]) == (3, ["refused"])
    assert scene.git("rev-parse", "fnopt/run-1") == start
    assert steps(scene.fnopt("step")[1]) == [("kept", "add", "a")]
    assert "taken back" not in scene.prompts()[1].partition("What the assistant did")[0]


def test_a_faulty_later_action_is_left_out(scene: Scene) -> None:
    """What was done before it is judged, without it."""
    scene.configure(**PAPER)
    scene.script(saying(calls(add("a")), *[PROSE] * 3, calls(add("b"))))
    assert steps(scene.fnopt("step")[1]) == [("kept", "add", "a")]
    assert len(scene.asked()) == 4


def test_actions_that_undo_each_other_are_refused(scene: Scene) -> None:
    """Nothing would be judged."""
    scene.configure(**PAPER)
    removed = ("remove_function", {"name": "b", "why": "Or not."})
    scene.script(saying(calls(add("b")), calls(removed)))
    exit_code, document = scene.fnopt("step")
    assert (exit_code, steps(document)) == (3, [("refused", "add, remove", "b, b")])
    assert "undo each other" in document["steps"][0]["reason"]


def test_expected_answers_are_never_shown(scene: Scene) -> None:
    """Neither of train nor of any other split; the paper's optimizer sees right and wrong."""
    scene.configure(**PAPER)
    scene.script(saying(calls(add("b"))))
    scene.fnopt("step")
    told = "".join(scene.prompts())
    assert "[train-7: 0]" in told
    assert right(1) in told  # the agent's own, right answer
    assert not [number for number in range(5, 30) if right(number) in told]


def test_a_dry_run_shows_all_actions(scene: Scene) -> None:
    """Nothing is committed; the real step then pays for no further call of the optimizer."""
    scene.configure(**PAPER)
    scene.script(saying(calls(add("a")), calls(add("d"))))
    exit_code, document = scene.fnopt("step", "--dry-run")
    assert exit_code == 0
    assert "+++ b/functions/a.py" in document["diff"]
    assert "+++ b/functions/d.py" in document["diff"]
    assert scene.git("for-each-ref", "refs/heads/fnopt") == ""
    paid = len(scene.asked())
    assert steps(scene.fnopt("step")[1]) == [("kept", "add, add", "a, d")]
    assert len(scene.asked()) == paid


def test_people_are_told_of_which_split_the_scores_are(scene: Scene) -> None:
    """The gate of this mode judges on train."""
    scene.configure(optimizer={"mode": "paper"}, stop={"max_steps": 1})
    scene.script(saying(calls(add("a"))))
    exit_code, out, _ = scene.told("train")
    assert exit_code == 0
    assert "train, a selection score: 0.500 before the run, 0.800 now" in out
    assert out.splitlines()[0].split()[:4] == ["step", "verdict", "update", "train"]
