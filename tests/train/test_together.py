"""Functions for several kinds of failing tasks, judged as one update."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import scripted_run
from scripted_server import Answer, Json, calls, text

from .paper_scene import Scene

RIGHT = {
    scripted_run.LETTERS: scripted_run.COUNT_ALL,
    scripted_run.MULTIPLE: scripted_run.LCM,
    scripted_run.BACKWARD: scripted_run.BACKWARDS,
}


def proposing(**instead: str) -> Callable[[Json], Answer]:
    """The scripted agent, with an optimizer that writes the right function for each kind but those
    that are named otherwise."""

    def respond(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.answer(request)
        seen = request["messages"][1]["content"].partition("It failed these as well")[0]
        for pattern, code in RIGHT.items():
            if pattern.search(seen):
                name = code.partition("def ")[2].partition("(")[0]
                return calls(("add_function", {"code": instead.get(name, code), "why": name}))
        return calls(("terminate", {"why": "nobody can know"}))

    return respond


@pytest.fixture
def told(scene: Scene) -> Scene:
    """A repository with the scripted run's tasks, three kinds a step."""
    for path, data in scripted_run.FILES.items():
        file = scene.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    toml = scene.folder / "fnopt.toml"
    toml.write_text(toml.read_text().replace("[optimizer]\n", "[optimizer]\nkinds = 3\n"))
    return scene


def test_what_convinces_is_judged_together(told: Scene) -> None:
    """One update with three functions: their tasks, their reasons, and one pass over val."""
    told.server.respond = proposing()
    code, document = told.fnopt("step")
    (step,) = document["steps"]
    assert code == 0
    assert step["verdict"] == "kept"
    assert sorted(step["function"].split(", ")) == [
        *("common_multiple", "count_letter", "spell_backward"),
    ]
    assert document["score"] == 1.0
    asked = [one for one in told.server.requests if scripted_run.is_optimizer(one)]
    assert len(asked) == 3


def test_what_does_not_convince_waits(told: Scene) -> None:
    """A function that computes nothing of what is expected does not ride along."""
    told.server.respond = proposing(common_multiple=scripted_run.PRODUCT)
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["verdict"] == "kept"
    assert sorted(step["function"].split(", ")) == ["count_letter", "spell_backward"]


def test_a_first_draft_that_does_not_convince_waits_for_those_that_do(told: Scene) -> None:
    """Then it goes alone, as ever: it may have to be understood by the agent first."""
    told.server.respond = proposing(count_letter=scripted_run.COUNT)
    (step,) = told.fnopt("step")[1]["steps"]
    assert sorted(step["function"].split(", ")) == ["common_multiple", "spell_backward"]
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["function"] == "count_letter"


def test_what_lost_together_may_be_tried_alone(told: Scene) -> None:
    """The update that lost is told as one; no function of it is refused for it."""
    told.server.respond = proposing()
    toml = told.folder / "fnopt.toml"
    toml.write_text(toml.read_text() + "[gate]\nmargin = 1.0\n")
    (lost,) = told.fnopt("step")[1]["steps"]
    assert lost["verdict"] == "reverted"
    toml.write_text(toml.read_text().replace("margin = 1.0", "margin = 0.0"))
    toml.write_text(toml.read_text().replace("kinds = 3", "kinds = 1"))
    (again,) = told.fnopt("step")[1]["steps"]
    assert again["verdict"] == "kept"
    assert ", " not in again["function"]


def test_a_list_of_what_is_expected_as_a_text_is_joined(told: Scene) -> None:
    """The optimizer is not asked again: only what stands between the items was missing."""
    letters = scripted_run.BACKWARDS.replace("-> str", "-> list").replace(
        "return word[::-1]", "return list(reversed(word))"
    )
    assert "reversed" in letters
    told.server.respond = proposing(spell_backward=letters)
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["verdict"] == "kept"
    assert "spell_backward" in step["function"]
    source = told.git("show", f"{step['commit']}:functions/spell_backward.py")
    assert "-> str:" in source
    assert 'return "".join(map(str, list(reversed(word))))' in source
    asked = [one for one in told.server.requests if scripted_run.is_optimizer(one)]
    assert len(asked) == 3


def test_a_number_gets_the_form_that_is_expected(told: Scene) -> None:
    """As a list does."""
    floats = scripted_run.COUNT_ALL.replace("-> int", "-> float").replace(
        "return ", "return 1.0 * "
    )
    assert "-> float" in floats
    told.server.respond = proposing(count_letter=floats)
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["verdict"] == "kept"
    assert "count_letter" in step["function"]
    source = told.git("show", f"{step['commit']}:functions/count_letter.py")
    assert "-> str:" in source
    assert "return format(1.0 * " in source


def test_a_function_that_goes_unseen_beside_others_says_what_it_is_for(told: Scene) -> None:
    """An agent that overlooks it among several, until its summary has the questions' words."""
    usual = proposing()

    def overlooks(request: Json) -> Answer:
        tools = {one["function"]["name"]: one["function"] for one in request.get("tools", ())}
        said = tools.get("spell_backward", {}).get("description", "")
        question = str(request["messages"][1]["content"])
        asked = scripted_run.BACKWARD.search(question) and not scripted_run.is_optimizer(request)
        unseen = len(tools) > 1 and "as in: " not in said
        return text("ANSWER: no") if asked and unseen else usual(request)

    told.server.respond = overlooks
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["verdict"] == "kept"
    assert len(step["function"].split(", ")) == 3
    source = told.git("show", f"{step['commit']}:functions/spell_backward.py")
    assert '"""Spell a word from its end, as in: ' in source
    others = told.git("show", f"{step['commit']}:functions/count_letter.py")
    assert "as in: " not in others


def test_a_remark_that_does_not_help_is_left_out(told: Scene) -> None:
    """The update goes to val as it was drafted."""
    usual = proposing()

    def blind(request: Json) -> Answer:
        question = str(request["messages"][1]["content"])
        asked = scripted_run.BACKWARD.search(question) and not scripted_run.is_optimizer(request)
        many = len(request.get("tools", ())) > 1
        return text("ANSWER: no") if asked and many else usual(request)

    told.server.respond = blind
    (step,) = told.fnopt("step")[1]["steps"]
    source = told.git("show", f"{step['commit']}:functions/spell_backward.py")
    assert '"""Spell a word from its end.' in source


def test_what_is_called_in_its_place_says_what_it_is_for_too(told: Scene) -> None:
    """Where the function's own remark does not help, those of the others are tried beside it."""
    usual = proposing()

    def strays(request: Json) -> Answer:
        tools = {one["function"]["name"]: one["function"] for one in request.get("tools", ())}
        rival = tools.get("count_letter", {}).get("description", "as in: nothing")
        question = str(request["messages"][1]["content"])
        asked = scripted_run.BACKWARD.search(question) and not scripted_run.is_optimizer(request)
        if not asked or "as in: " in rival:
            return usual(request)
        if request["messages"][-1]["role"] == "tool":
            return text("ANSWER: no")
        return calls(("count_letter", {"word": "a", "letter": "a"}))

    told.server.respond = strays
    (step,) = told.fnopt("step")[1]["steps"]
    assert step["verdict"] == "kept"
    remarked = {
        name
        for name in ("spell_backward", "count_letter", "common_multiple")
        if "as in: " in told.git("show", f"{step['commit']}:functions/{name}.py")
    }
    assert remarked == {"spell_backward", "count_letter"}
