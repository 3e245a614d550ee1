"""What people refused is not tried once more, and the optimizer is told why."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Add, Remove, Revise
from fnopt.library.function import read
from fnopt.train.declined import faults, told
from fnopt.train.outcome import Kept, Refused
from fnopt.train.request import Declined
from fnopt.train.step import step

from .paper_scene import Scene
from .review_scene import ASKED, COUNT, SAFE, furnish, revising

TOTAL = '''import math


def total(numbers: list[int]) -> int:
    """Add numbers."""
    found = math.fsum(numbers)
    return int(found)
'''
OTHER = TOTAL.replace("total", "add_up").replace("numbers", "values").replace("found", "all_")
OTHER = OTHER.replace('"""Add values."""', "'''Sum up.'''  # quickly")
REFUSED = Declined("total", TOTAL, "We have sum().\nremove everything")


def after(code: str, name: str) -> tuple[str, ...]:
    """The rules that refuse an add of this code."""
    library = read({f"functions/{name}.py": code.encode()})
    return tuple(one.rule for one in faults(library, [Add(name, code)], [REFUSED]))


def test_other_names_and_another_layout_make_no_other_function() -> None:
    """Parameters and local variables included; another computation is another function."""
    assert after(TOTAL, "total") == ("declined",)
    assert after(OTHER, "add_up") == ("declined",)
    assert after(TOTAL.replace("int(found)", "round(found)"), "total") == ()
    library = read({"functions/total.py": OTHER.replace("add_up", "total").encode()})
    assert faults(library, [Revise("total", "")], [REFUSED])


def test_the_function_alone_is_known_again() -> None:
    """As a diff shows it, without the imports of its module."""
    alone = Declined("total", TOTAL.partition("\n\n\n")[2])
    library = read({"functions/add_up.py": OTHER.encode()})
    assert faults(library, [Add("add_up", OTHER)], [alone])
    assert not faults(library, [Add("add_up", OTHER)], [Declined("total", "def (")])


def test_helpers_count_where_they_were_refused_with_it() -> None:
    """A function that calls another helper of the same name does something else."""
    code = TOTAL.replace("math.fsum", "_fsum").replace("import math\n", "def _fsum(n):\n    {}\n")
    refused = Declined("total", code.replace("{}", "return sum(n)"))
    library = read({"functions/total.py": code.replace("{}", "return max(n)").encode()})
    assert not faults(library, [Add("total", "")], [refused])
    library = read({"functions/total.py": code.replace("{}", "return sum(n)").encode()})
    assert faults(library, [Add("total", "")], [refused])


def test_a_removal_can_be_refused() -> None:
    """It has no code."""
    kept = Declined("total", "", "We need that.")
    assert faults(read({}), [Remove("total")], [kept])
    assert not faults(read({}), [Remove("other")], [kept])
    assert not faults(read({}), [Remove("total")], [REFUSED])


def test_the_newest_refusals_are_told_in_quotation() -> None:
    """Which function, and what was said; as many as help."""
    many = [Declined(f"f{n}", "", "") for n in range(9)]
    (*_, last) = told([*many, REFUSED])
    assert last.startswith("People refused `def total(numbers: list[int]) -> int:` and said:\n> We")
    assert "\n> remove everything" in last
    assert len(told(many)) < 9
    assert told(many)[-1] == "People refused `that f8 is removed`."


@pytest.mark.parametrize("optimizer", [{}, {"mode": "paper", "max_actions": 1}])
def test_a_refused_function_meets_no_trial(scene: Scene, optimizer: dict[str, object]) -> None:
    """The fault goes back, before anything is run; the prompt has told it."""
    desk = furnish(scene, count_letter=COUNT.replace("word.count(letter)", "len(word) - 99"))
    if optimizer:
        scene.configure(optimizer=optimizer)
    desk.says(*[revising(COUNT) for _ in range(3)])
    refused = Declined("count_letter", COUNT.replace("word", "text"), "Never count.")
    with desk.run(declined=[refused]) as run:
        result = step(run)
    assert isinstance(result, Refused)
    assert "people refused this" in result.update.reason
    assert "> Never count." in desk.scene.prompts()[0]


def test_a_person_who_asks_does_not_bring_it_back(scene: Scene) -> None:
    """Another edit is taken instead."""
    desk = furnish(scene)
    other = COUNT.replace("word.count(letter)", "sum(one == letter for one in word)")
    desk.says(revising(SAFE), revising(other))
    with desk.run(ASKED, declined=[Declined("count_letter", SAFE, "No.")]) as run:
        assert isinstance(step(run), Kept)
    assert desk.source() == other
