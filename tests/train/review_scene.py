"""A repository with a function that answers every question, a run, and people who ask for changes.

The models are scripted, behind real HTTP; the optimizer says what a test has it say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import scripted_run
from scripted_server import Answer, Json, calls

from fnopt.cli import build, clients
from fnopt.cli.session import Session
from fnopt.history.runs import RunBranch
from fnopt.train.answering import Answered, answered
from fnopt.train.request import Declined, Request
from fnopt.train.run import Run

from .paper_scene import Scene

COUNT = scripted_run.COUNT
SAFE = COUNT.replace("word.count(letter)", "word.count(letter) if letter else 0")
WRONG = COUNT.replace("word.count(letter)", "word.count(letter) + 1")
RENAMED = COUNT.replace("letter: str", "char: str").replace("count(letter)", "count(char)")
RENAMED = RENAMED.replace("letter: What", "char: What")
CALLER = '''from functions.count_letter import count_letter


def count_vowels(word: str) -> int:
    """Count the vowels of a word.

    Args:
        word: Where to look.
    """
    return sum(count_letter(word, one) for one in "aeiou")
'''
ASKED = Request("c1", "ada", "Handle an empty letter.", "count_letter")
TERMINATE = calls(("terminate", {"why": "It was a question: yes, it does."}))

WORDS = {
    "train": ("strawberry", "mississippi", "banana"),
    "val": ("evergreen", "footloose", "cannon"),
    "test": ("letter", "coffee", "better"),
}


def tasks(split: str) -> tuple[tuple[str, str], ...]:
    """Questions that the function answers."""
    return tuple(scripted_run.letters(word[1], word) for word in WORDS[split])


def revising(code: str, name: str = "count_letter", why: str = "It does now.") -> Json:
    """A revise as a tool call."""
    return calls(("revise_function", {"name": name, "code": code, "why": why}))


@dataclass
class Desk:
    """The repository of ``scene`` as a reviewer's requests reach it."""

    scene: Scene

    def says(self, *replies: Answer) -> None:
        """What the optimizer says, in order; then that it has nothing to do."""
        left = list(replies)

        def respond(request: Json) -> Answer:
            if not scripted_run.is_optimizer(request):
                return scripted_run.answer(request)
            return left.pop(0) if left else calls(("terminate", {"why": "nothing is left"}))

        self.scene.server.respond = respond

    @contextmanager
    def run(
        self, *requests: Request, declined: Sequence[Declined] = (), **changes: Any
    ) -> Iterator[Run]:
        """The run as a new command has it."""
        with Session() as session:
            branch = RunBranch(session.repo, "run-1")
            run = build.run(session, branch, session.purse(branch.name), clients.Watcher())
            run.begin(session.repo.resolve("main"))
            with branch.lock():
                yield replace(run, requests=requests, declined=tuple(declined), **changes)

    def answered(self) -> dict[str, Answered]:
        """What the evidence tells of requests."""
        with Session() as session:
            return dict(answered(RunBranch(session.repo, "run-1").evidence))

    def message(self, rev: str = "fnopt/run-1") -> str:
        """The message of a commit."""
        return self.scene.git("log", "-1", "--format=%B", rev)

    def source(self, path: str = "functions/count_letter.py", rev: str = "fnopt/run-1") -> str:
        """A file as the run has it."""
        return self.scene.git("show", f"{rev}:{path}")

    def trials(self) -> int:
        """How often the agent was asked."""
        asked = self.scene.server.requests
        return sum(not scripted_run.is_optimizer(one) for one in asked)


def furnish(scene: Scene, **functions: str) -> Desk:
    """Commit the function, others by name, and tasks that it answers."""
    files = {f"tasks/{split}.jsonl": scripted_run.lines(split, tasks(split)) for split in WORDS}
    files["functions/count_letter.py"] = COUNT.encode()
    files |= {f"functions/{name}.py": code.encode() for name, code in functions.items()}
    for path, content in files.items():
        (scene.folder / path).write_bytes(content)
    scene.git("add", ".")
    scene.configure()
    desk = Desk(scene)
    desk.says()
    return desk
