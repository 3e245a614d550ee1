"""A whole run as a script: what the agent and the optimizer say, each a function of the request.

Served by ``scripted_server``. The agent answers a question rightly only when the function that it
needs is offered: it calls it and answers what it returned. The optimizer proposes by the failing
tasks that it sees and by what was tried before. On ``FILES`` an undisturbed run is ``STORY``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from scripted_server import Answer, Json, calls, text

LETTERS = re.compile(r"How often does the letter '(.)' occur in the word '(\w+)'\?")
MULTIPLE = re.compile(r"What is the least common multiple of (\d+) and (\d+)\?")
BACKWARD = re.compile(r"Spell this word from its end to its start: (\w+)")
ODD = "Which colour do I think of?"

COUNT = '''def count_letter(word: str, letter: str) -> int:
    """Count how often a letter occurs in a word.

    Args:
        word: Where to look.
        letter: What to count.
    """
    return word.count(letter)
'''
COUNT_ALL = COUNT.replace("word.count(letter)", "word.lower().count(letter.lower())")
PRODUCT = '''def common_multiple(first: int, second: int) -> int:
    """Give the least common multiple of two numbers.

    Args:
        first: A number.
        second: Another number.
    """
    return first * second
'''
LCM = "import math\n\n\n" + PRODUCT.replace("first * second", "math.lcm(first, second)")
BACKWARDS = '''def spell_backward(word: str) -> str:
    """Spell a word from its end.

    Args:
        word: The word.
    """
    return word[::-1]
'''
PRINTS = BACKWARDS + "\n\nprint(spell_backward('abc'))\n"

STORY = [
    ("kept", "add", "count_letter"),
    ("reverted", "add", "common_multiple"),
    ("refused", "add", "spell_backward"),
    ("kept", "revise", "count_letter"),
    ("kept", "add", "common_multiple"),
    ("kept", "add", "spell_backward"),
]
"""Verdict, action and function of each step; then the optimizer terminates."""


def letters(letter: str, word: str) -> tuple[str, str]:
    """A question and its answer; capitals count."""
    question = f"How often does the letter '{letter}' occur in the word '{word}'?"
    return question, str(word.lower().count(letter.lower()))


def multiple(first: int, second: int, answer: int) -> tuple[str, str]:
    """A question and its answer."""
    return f"What is the least common multiple of {first} and {second}?", str(answer)


def backward(word: str) -> tuple[str, str]:
    """A question and its answer."""
    return f"Spell this word from its end to its start: {word}", word[::-1]


TRAIN = (
    *(letters("r", "strawberry"), letters("s", "mississippi"), letters("a", "Anagram")),
    *(multiple(6, 8, 24), multiple(4, 9, 36)),
    *(backward("garden"), backward("window")),
    (ODD, "a shade of teal"),
)
VAL = (
    *(letters("e", "evergreen"), letters("o", "footloose")),
    *(letters("e", "Elevated"), letters("o", "Octopodous")),
    *(multiple(10, 4, 20), multiple(12, 18, 36)),
    *(backward("kitchen"), backward("lantern")),
)
TEST = (letters("n", "cannon"), multiple(15, 10, 30), backward("sealed"))

TOML = """\
[tasks]
train = "tasks/train.jsonl"
val = "tasks/val.jsonl"
test = "tasks/test.jsonl"
scorer = "exact"
[agent]
model = "agent-model"
concurrency = 2
[optimizer]
model = "optimizer-model"
"""


def lines(split: str, tasks: tuple[tuple[str, str], ...]) -> bytes:
    """A task file; ids are the split's name with a number."""
    rows = [
        {"id": f"{split}-{number}", "question": question, "answer": answer}
        for number, (question, answer) in enumerate(tasks)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


FILES: Mapping[str, bytes] = {
    "fnopt.toml": TOML.encode(),
    "functions/.gitkeep": b"",
    "tasks/train.jsonl": lines("train", TRAIN),
    "tasks/val.jsonl": lines("val", VAL),
    "tasks/test.jsonl": lines("test", TEST),
}


def respond(request: Json) -> Answer:
    """What the model of this request says."""
    return propose(request) if is_optimizer(request) else answer(request)


def is_optimizer(request: Json) -> bool:
    """Whether a request is the optimizer's."""
    return bool(request["messages"][0]["content"].startswith("You improve"))


def answer(request: Json) -> Answer:
    """The agent: a call of the function that it needs, or its result, or a wrong guess."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return f"It says so.\nANSWER: {last['content']}"
    offered = {tool["function"]["name"] for tool in request.get("tools", ())}
    name, arguments = needed(request["messages"][1]["content"])
    return calls((name, arguments)) if name in offered else "I cannot say.\nANSWER: unknown"


def needed(question: str) -> tuple[str, dict[str, Any]]:
    """The function that a question needs, with its arguments."""
    if found := LETTERS.search(question):
        return "count_letter", {"letter": found[1], "word": found[2]}
    if found := MULTIPLE.search(question):
        return "common_multiple", {"first": int(found[1]), "second": int(found[2])}
    if found := BACKWARD.search(question):
        return "spell_backward", {"word": found[1]}
    return "", {}


def propose(request: Json) -> Answer:
    """The optimizer: one edit for the failing tasks that it sees, given what was tried."""
    seen = request["messages"][1]["content"].partition("It failed these as well")[0]
    again = len(request["messages"]) > 2
    tried = "This was tried before" in seen
    if LETTERS.search(seen):
        if "return word.count(letter)" in seen:
            code = {"name": "count_letter", "code": COUNT_ALL, "why": "Capitals count too."}
            return calls(("revise_function", code))
        return f"add count_letter\nCounting is done letter by letter.\n```python\n{COUNT}```\n"
    if MULTIPLE.search(seen):
        code = {"code": LCM if tried else PRODUCT, "why": "It multiplies."}
        return calls(("add_function", code))
    if BACKWARD.search(seen):
        if tried:
            return calls(("add_function", {"code": BACKWARDS, "why": "It reverses."}))
        return text(f"add spell_backward\nTry it.\n```python\n{PRINTS if again else 'def ('}```\n")
    return calls(("terminate", {"why": "nobody can know"}))
