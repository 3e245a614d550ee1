"""Does the agent call the function that stands in front of it, and say what that returned?

What a small model does turns on the wording of a conversation. Here is nothing learned: tasks are
made up (no family of reasoning-gym is among them), look easy, and have their right function in the
library, with three beside it that serve other questions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.learning.accepted import write
from benchmarks.learning.setting import repository
from benchmarks.learning.stand import Stand, stand

from fnopt.library.function import Library, read
from fnopt.records import Trial

SEED = 7
TASKS = 4  # of each kind
WORDS = [
    "apple",
    "asked",
    "bridge",
    "copper",
    "dessert",
    "engine",
    "fourteen",
    "garden",
    "green",
    "inventor",
    "lay",
    "letter",
    "little",
    "market",
    "may",
    "now",
    "orange",
    "paper",
    "quiet",
    "river",
    "royalties",
    "seldom",
    "silver",
    "simple",
    "stepped",
    "stone",
    "table",
    "window",
    "winter",
    "yellow",
]
QUESTION = """\
Solve the following problem.

Provide your answer as a comma-separated list of words with a space after the comma.

{asked}: {words}
"""


@dataclass(frozen=True)
class Kind:
    """What is asked of a list of words, the function's docstring, its body and what it computes."""

    asked: str
    doc: str
    body: str
    compute: Callable[[list[str]], list[str]]


KINDS: Mapping[str, Kind] = {
    "capital_words": Kind(
        "Write this list of words in capital letters",
        "Write the words of a list in capital letters.",
        "[one.upper() for one in {words}]",
        lambda words: [one.upper() for one in words],
    ),
    "every_second_word": Kind(
        "Give every second word of this list of words",
        "Take every second word of a list.",
        "{words}[1::2]",
        lambda words: words[1::2],
    ),
    "rotate_words": Kind(
        "Put the last word of this list of words first",
        "Put the last word of a list first.",
        "{words}[-1:] + {words}[:-1]",
        lambda words: words[-1:] + words[:-1],
    ),
    "drop_letter_e": Kind(
        "Remove the letter e from this list of words",
        "Remove the letter e from the words of a list.",
        "[one.replace('e', '') for one in {words}]",
        lambda words: [one.replace("e", "") for one in words],
    ),
    "drop_ends": Kind(
        "Leave out the first and the last word of this list of words",
        "Leave out the first and last word of a list.",
        "{words}[1:-1]",
        lambda words: words[1:-1],
    ),
    "double_words": Kind(
        "Write every word of this list of words twice",
        "Write every word of a list twice.",
        "[one for word in {words} for one in (word, word)]",
        lambda words: [one for word in words for one in (word, word)],
    ),
}
FORMS = {
    "list": ("words: list", "words"),
    "text": ("text: str", "[one.strip() for one in text.split(',')]"),
}
"""The parameter of the right functions, and where their bodies take the words from."""

BESIDE = {
    "multiply": '(a: int, b: int) -> int:\n    """Multiply two integers."""\n    return a * b\n',
    "power": '(base: float, exponent: float) -> float:\n    """Raise a number to a power."""\n'
    "    return base**exponent\n",
    "is_palindrome": '(text: str) -> bool:\n    """Whether a text reads the same backwards."""\n'
    "    return text == text[::-1]\n",
}


def measure(out: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """For each form of the functions: at how many tasks the right one was called, and how many
    were answered right; of each kind too."""
    out.mkdir(parents=True, exist_ok=True)
    files = repository(
        train="tasks/train.jsonl",
        val="reasoning-gym:gcd?size=1&seed=1",
        test="reasoning-gym:gcd?size=1&seed=2",
    )
    document = measured(out, files, say)
    write(out / "choice.json", document)
    return document


def measured(out: Path, files: Mapping[str, str], say: Callable[[str], None]) -> dict[str, Any]:
    """The same in a repository with these files; the training tasks are put in."""
    lines = "".join(json.dumps(task) + "\n" for task in tasks())
    document: dict[str, Any] = {}
    budget = len(FORMS) * len(KINDS) * TASKS
    with stand(out, {**files, "tasks/train.jsonl": lines}, budget, say) as place:
        for form in FORMS:
            document[form] = _measured(place, library(form))
            say(f"{form}: {json.dumps(document[form])}")
    return document


def tasks() -> list[dict[str, str]]:
    """The tasks: id, question, answer."""
    chance = random.Random(SEED)
    return [
        {
            "id": f"{name}-{number}",
            "question": QUESTION.format(asked=kind.asked, words=", ".join(words)),
            "answer": ", ".join(kind.compute(words)),
        }
        for name, kind in KINDS.items()
        for number in range(TASKS)
        for words in [chance.sample(WORDS, chance.randint(4, 9))]
    ]


def library(form: str) -> Library:
    """The right functions with their parameter in a form, and those beside them."""
    parameter, words = FORMS[form]
    code = {
        name: f'def {name}({parameter}) -> str:\n    """{kind.doc}"""\n'
        f'    return ", ".join({kind.body.format(words=words)})\n'
        for name, kind in KINDS.items()
    }
    code |= {name: f"def {name}{rest}" for name, rest in BESIDE.items()}
    return read({f"functions/{name}.py": source.encode() for name, source in code.items()})


def _measured(place: Stand, functions: Library) -> dict[str, Any]:
    done = place.evaluate_all(functions, "train", place.train).trials
    kinds = {name: [one for one in done if _kind(one) == name] for name in KINDS}
    return {
        "tasks": len(done),
        "called": sum(map(_called, done)),
        "right": sum(one.right for one in done),
        "kinds": {name: sum(one.right for one in ones) for name, ones in kinds.items()},
    }


def _kind(trial: Trial) -> str:
    return trial.task.rpartition("-")[0]


def _called(trial: Trial) -> bool:
    return any(call.function == _kind(trial) for call in trial.calls)
