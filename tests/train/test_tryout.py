"""Does a function compute what is expected from what stands in the questions?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fnopt.library.function import Library, read
from fnopt.records import Call, Score, Task, Trial
from fnopt.sandbox import sandbox
from fnopt.tasks.scorers import Checked, exact
from fnopt.tasks.scorers import number as numeric
from fnopt.train.form import Formatted, Joined
from fnopt.train.tryout import NONE, Tryout, tryout

BOX = sandbox("process", 10.0)
TASKS = [
    Task("a", "What is twice 4?", "8"),
    Task("b", "What is twice 50?", "100"),
    Task("c", "What is it twice?", "0"),
]


def library(body: str, head: str = "def twice(number: int) -> int:") -> Library:
    return read({"functions/twice.py": f'{head}\n    """Twice."""\n{body}\n'.encode()})


def tried(body: str, trials: tuple[Trial, ...] = (), **head: str) -> Tryout:
    return tryout(library(body, **head), "twice", TASKS, trials, BOX, Checked(exact))


def test_a_right_function_fits_every_task_with_something_to_try() -> None:
    """The third question holds no number: it says nothing either way."""
    found = tried("    return number * 2")
    assert [(one.task, one.fits, one.call, one.came) for one in found.tried] == [
        ("a", True, "twice(number=4)", "8"),
        ("b", True, "twice(number=50)", "100"),
    ]
    assert (found.fits, found.share) == (2, 1.0)


def test_it_is_told_whether_the_module_was_run() -> None:
    """To an end, however its calls came out: then it can be imported."""
    assert tried("    return number * 2").ran
    assert tried("    return 1 / 0").ran
    assert not tried("    import os; os._exit(3)").ran
    broken = read({"functions/twice.py": b"import gone\n\n\ndef twice(number: int): return 1\n"})
    assert not tryout(broken, "twice", TASKS, (), BOX, Checked(exact)).ran


def test_what_looks_like_an_awaitable_to_getattr_alone_is_a_value() -> None:
    """A dict that has every attribute; a coroutine is awaited."""
    kind = "    class Open(dict):\n        __getattr__ = dict.get\n"
    assert tried(f"{kind}    return Open(a=number)").tried[0].came == "{'a': 4}"
    found = tried("    return number * 2", head="async def twice(number: int) -> int:")
    assert found.share == 1.0


def test_a_wrong_function_shows_what_it_gives() -> None:
    """For the optimizer to be told."""
    found = tried("    return number * number // 2")
    assert [(one.fits, one.came) for one in found.tried] == [(True, "8"), (False, "1250")]
    assert found.share == 0.5


@pytest.mark.parametrize(
    ("body", "came"),
    [
        ("    return 1 / 0", "ZeroDivisionError: division by zero"),
        ("    while True: pass", "TimeoutError: no result in 0.5 s"),
        ("    import os; os._exit(3)", "exit"),
        ("    return object", "TypeError"),
        ("    print('x' * 10_000_000)\n    return 1", "1"),
        ("    return 'y' * 10_000_000", "nothing in time"),
    ],
)
def test_whatever_a_function_does_is_a_misfit(body: str, came: str) -> None:
    """It raises, hangs, ends the process, returns what is no JSON, or far too much."""
    found = tried(body)
    assert len(found.tried) == 2
    assert not found.fits
    assert came in found.tried[0].came


def test_results_that_were_forged_are_not_believed() -> None:
    """A function that prints what the runner would print: its shape is checked."""
    forged = (
        "    import sys, json\n"
        "    sys.__stdout__.write(json.dumps([[[[999], True, '8', []]]]) + chr(10))\n"
        "    sys.__stdout__.flush()\n"
        "    import os\n"
        "    os._exit(0)"
    )
    assert not tried(forged).fits


def test_calls_of_the_agent_are_made_again() -> None:
    """What it gave the function at a task is tried there, where the text alone has nothing."""
    call = Call("twice", '{"number": 0}', "1")
    trial = Trial("c", 0, "key", "1", Score(0.0), (call, Call("other", "{}", "")))
    found = tried("    return number * 2", (trial,))
    assert [(one.task, one.fits) for one in found.tried][-1] == ("c", True)


def test_what_fits_by_luck_fits_no_second_task_from_the_same_places() -> None:
    """Here the difference of two numbers is right once, and their order right the other time."""
    tasks = [
        Task("a", "Add 5 and 0.", "5"),
        Task("b", "Add 1 and 9.", "10"),
        Task("c", "Add 2 and 6.", "8"),
    ]
    minus = library("    return one - other", head="def twice(one: int, other: int) -> int:")
    found = tryout(minus, "twice", tasks, (), BOX, Checked(exact))
    assert [one.fits for one in found.tried] == [True, False, False]
    plus = library("    return one + other", head="def twice(one: int, other: int) -> int:")
    assert tryout(plus, "twice", tasks, (), BOX, Checked(exact)).share == 1.0
    odd = [Task("d", "Subtract 3 from 9.", "6"), Task("e", "Subtract: 9 minus 2", "7")]
    assert tryout(minus, "twice", odd, (), BOX, Checked(exact)).share == 0.5


def test_async_functions_are_awaited() -> None:
    """As the sandbox does it."""
    assert tried("    return number * 2", head="async def twice(number: int) -> int:").fits == 2


def test_a_function_that_is_not_there_or_takes_nothing_is_not_tried() -> None:
    """There is nothing to say."""
    assert tryout(library("    return 1"), "gone", TASKS, (), BOX, Checked(exact)) == NONE
    assert tried("    return 1", head="def twice() -> int:") == NONE


def test_a_case_that_the_source_names_is_tried() -> None:
    """Which of them a question means, the agent will say."""
    code = '''def arranged(words: list[str], order: str = "asc") -> str:
    """The words in their order."""
    if order == "desc":
        return ", ".join(sorted(words, reverse=True))
    return ", ".join(sorted(words)) if order == "asc" else ""
'''
    tasks = [
        Task("up", "Sort upwards: b, a", "a, b"),
        Task("down", "Sort downwards: a, b", "b, a"),
    ]
    both = read({"functions/arranged.py": code.encode()})
    assert tryout(both, "arranged", tasks, (), BOX, Checked(exact)).sure
    blind = read(
        {"functions/arranged.py": code.replace('order == "desc"', 'order[0] == "d"').encode()}
    )
    assert tryout(blind, "arranged", tasks, (), BOX, Checked(exact)).share == 0.5


WORDS = [
    Task("a", "Turn around: jam, egg, oil", "oil, egg, jam"),
    Task("b", "Turn around: tax, ant", "ant, tax"),
]
TURN = "def turn(words: list[str]) -> list:"


@pytest.mark.parametrize(
    ("body", "tasks", "between"),
    [
        ("return words[::-1]", WORDS, ", "),
        ("return tuple(words[::-1])", WORDS, ", "),
        ("return words", WORDS, None),
        ("return [words[::-1]]", WORDS, None),
        ("return ', '.join(words[::-1])", WORDS, None),  # as it is
        ("return words[::-1]", WORDS[:1], None),  # one may be by luck
        ("return words[::-1]", [Task("a", "Turn: 1, 2", "[2, 1]"), *WORDS], None),
        (
            "return words[::-1]",
            [replace(t, answer=t.answer.replace(", ", " ")) for t in WORDS],
            " ",
        ),
    ],
)
def test_lists_of_what_is_expected_as_a_text_are_known(
    body: str, tasks: list[Task], between: str | None
) -> None:
    """All items are right, and only what stands between them is missing; in every question."""
    turn = library(f"    {body}", TURN)
    form = None if between is None else Joined(between)
    assert tryout(turn, "turn", tasks, (), BOX, Checked(exact)).form == form


SHIFT = "def shift(expression: str) -> int:"
COMPUTED = "    left, right = expression.split(' - ')\n    number = int(left) - (int(right) << 1)\n"


def shifts(form: str) -> list[Task]:
    """Tasks whose answer is an integer in a form."""
    pairs = ((3000, 20), (17, 400), (995, 7))
    return [
        Task(f"s{a}", f"Compute {a} - ({b} << 1): {a} - {b}", format(a - (b << 1), form))
        for a, b in pairs
    ]


@pytest.mark.parametrize(
    ("returns", "tasks", "spec"),
    [
        ("number", shifts("#x"), "#x"),
        ("number", shifts("#b"), "#b"),
        ("number", shifts("x"), "x"),
        ("number", shifts("X"), "X"),
        ("number", shifts(","), ","),
        ("number", shifts(".2f"), ".2f"),
        ("number / 1", shifts(".3e"), ".3e"),
        ("number / 1", shifts("d"), ".0f"),
        ("number", shifts("d"), None),  # as it is
        ("hex(number)", shifts("#x"), None),  # as it is
        ("number + 1", shifts("#x"), None),
        ("number", shifts("#x")[:1], None),  # one may be by luck
        ("number", [*shifts("#x")[:2], *shifts("#b")[2:]], None),
        ("number / 7", shifts("#x"), None),
    ],
)
def test_numbers_in_another_form_than_is_expected_are_known(
    returns: str, tasks: list[Task], spec: str | None
) -> None:
    """To the letter, also where the scorer takes them as they are: a small model that is to put
    them into the form that was asked for puts them wrongly."""
    computing = library(f"{COMPUTED}    return {returns}", SHIFT)
    form = None if spec is None else Formatted(spec)
    for lenient in (exact, numeric):
        found = tryout(computing, "shift", tasks, (), BOX, Checked(lenient))
        assert found.form == form
