"""The optimizer's prompt: from trials to a request, for a large library and many trials."""

from __future__ import annotations

from collections.abc import Iterator

from measure import Figure, best, once
from workload import library

from fnopt.library.function import Library, read
from fnopt.models.client import Request
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Score, Task, Trial
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.draft import about, chosen
from fnopt.train.optimizer import Optimizer, Voice

KINDS = (
    "How often does the word {n} occur in the list that begins with {m}?",
    "What is the sum of the numbers {n} and {m}, written in base ten?",
    "Spell the name of the number {n} backward, and add {m} at its end.",
    "Which of the numbers {n} and {m} has more divisors, and how many?",
)
EXACT = Checked(exact)


def prompt() -> Iterator[Figure]:
    """1,000 functions, 1,000 trials, half of them wrong; what each step does anew."""
    functions = read(library(1_000))
    tasks = [Task(f"t{n}", KINDS[n % 4].format(n=n, m=n * 7), str(n)) for n in range(1_000)]
    trained = Evaluation("train", "digest", tuple(map(_trial, range(1_000))))
    optimizer = Optimizer(Scripted([]), Prose(), Voice("model"))

    def build() -> Request:
        return _request(functions, tasks, trained, optimizer)

    first, _ = once(build)
    yield Figure("the prompt for 1,000 functions and trials, cold", first * 1_000, "ms")
    yield Figure("the same for the next step", best(build) * 1_000, "ms", 50.0)


def _request(
    functions: Library, tasks: list[Task], trained: Evaluation, optimizer: Optimizer
) -> Request:
    group = chosen(tasks, trained, (), EXACT, lambda _: False)
    return optimizer.ask(about(functions, tasks, group, trained, (), EXACT), 1)


def _trial(number: int) -> Trial:
    calls = tuple(Call(f"tool_{number}", '{"text": "a b"}', str(at)) for at in range(number % 3))
    talk = ({"role": "user", "content": "question"}, {"role": "assistant", "content": "w " * 200})
    score = Score(float(number % 2))
    return Trial(f"t{number}", 0, "key", "answer", score, calls, messages=talk)


BENCHMARKS = {"prompt": prompt}
