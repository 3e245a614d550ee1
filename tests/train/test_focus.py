"""Which failing tasks an edit is for, on families of questions as people write them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fnopt.records import Task
from fnopt.train.focus import choose, groups

WORDS = ("harbour", "lantern", "meadow", "pepper", "cobble", "thistle", "bramble", "copper")
FAMILIES = {
    "letters": lambda r: (
        f"How many times does the letter {r.choice('aeorst')} appear in "
        f"the word {r.choice(WORDS)}? Give a number."
    ),
    "base": lambda r: (
        f"Write the decimal number {r.randint(100, 9999)} in base "
        f"{r.randint(2, 9)}, without any prefix."
    ),
    "tax": lambda r: (
        f"A shop sells {r.choice(WORDS)} jam at {r.randint(2, 9)}.{r.randint(10, 99)} "
        f"euros a jar. What do {r.randint(3, 30)} jars cost with {r.randint(5, 25)} percent tax?"
    ),
    "sort": lambda r: (
        f"Sort these words by their length, longest first: {', '.join(r.sample(WORDS, 4))}"
    ),
    "weekday": lambda r: (
        f"On which day of the week did {r.randint(1, 28)} March {r.randint(1900, 2020)} fall?"
    ),
}


def family(name: str, count: int, seed: int = 0) -> list[Task]:
    source = random.Random(f"{name}{seed}")
    return [Task(f"{name}-{n}", FAMILIES[name](source), "?") for n in range(count)]


def mixed(counts: dict[str, int]) -> list[Task]:
    found = [task for name, count in counts.items() for task in family(name, count)]
    random.Random(7).shuffle(found)
    return found


def names(group: tuple[Task, ...]) -> set[str]:
    return {task.id.split("-")[0] for task in group}


def test_families_are_told_apart() -> None:
    """Tasks that differ in names and numbers alone are one group, each family its own."""
    tasks = mixed(dict.fromkeys(FAMILIES, 6))
    found = groups(tasks, tasks)
    assert sorted(len(group) for group in found) == [6] * 5
    assert all(len(names(group)) == 1 for group in found)


def test_groups_are_of_failing_tasks_alone() -> None:
    """The tasks that are answered right only help to see which words recur."""
    tasks = mixed(dict.fromkeys(FAMILIES, 6))
    failing = [task for task in tasks if task.id.startswith("base")][:2]
    assert groups(failing, tasks) == [tuple(failing)]
    assert groups([], tasks) == []


def test_a_lone_task_is_a_group() -> None:
    """One question unlike all others stands alone."""
    odd = Task("odd", "Translate 'good morning' into Latin, please.", "?")
    tasks = [*mixed({"base": 5, "sort": 5}), odd]
    found = groups(tasks, tasks)
    assert (odd,) in found
    assert len(found) == 3


def test_the_order_is_that_of_the_tasks() -> None:
    """Groups by their first member, members as they came: the same input gives the same output."""
    tasks = mixed(dict.fromkeys(FAMILIES, 4))
    found = groups(tasks, tasks)
    place = {task.id: at for at, task in enumerate(tasks)}
    firsts = [place[group[0].id] for group in found]
    assert firsts == sorted(firsts)
    for group in found:
        assert [place[t.id] for t in group] == sorted(place[t.id] for t in group)
    assert groups(tasks, tasks) == found


def test_the_largest_group_comes_first() -> None:
    """The most failing tasks; of equals the one that came first."""
    tasks = mixed({"base": 5, "sort": 4, "tax": 4})
    found = groups(tasks, tasks)
    assert names(choose(found, [])) == {"base"}
    rest = [group for group in found if names(group) != {"base"}]
    assert choose(rest, []) == rest[0]
    assert choose(rest[::-1], []) == rest[1]


def test_each_attempt_in_vain_halves_a_weight() -> None:
    """5, 4 and 1 tasks: after one attempt at the first the second is next, and so on."""
    tasks = mixed({"base": 5, "sort": 4, "tax": 1})
    found = groups(tasks, tasks)
    tried: list[tuple[str, ...]] = []
    order = []
    for _ in range(7):
        group = choose(found, tried)
        order += names(group)
        tried.append(tuple(task.id for task in group[:2]))
    assert order[:5] == ["base", "sort", "base", "sort", "base"]
    assert set(order[5:]) == {"sort", "tax"}  # both weigh 1


def test_an_attempt_at_other_tasks_counts_for_nothing() -> None:
    """Only attempts for a task of the group make it lighter."""
    tasks = mixed({"base": 5, "sort": 4})
    found = groups(tasks, tasks)
    assert names(choose(found, [("gone",), (), ("tax-0",)])) == {"base"}
    assert names(choose(found, [["base-3"]])) == {"sort"}


@given(st.lists(st.text(max_size=60), max_size=12))
def test_every_failing_task_is_in_one_group(questions: list[str]) -> None:
    """Whatever the questions are, nothing is lost or doubled."""
    tasks = [Task(str(at), text, "?") for at, text in enumerate(questions)]
    found = groups(tasks, tasks)
    assert sorted(task.id for group in found for task in group) == sorted(t.id for t in tasks)
