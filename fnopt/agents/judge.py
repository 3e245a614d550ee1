"""``tasks.scorer = "judge"``: a model says whether an answer is right.

The answer is data without authority: it stands in the prompt as one JSON string, and a grade counts
only behind a mark that nobody can know who does not know the expected answer. What is not one clear
grade is a failure of the scorer, never a grade.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from fnopt.agents.profile import opening, shipped
from fnopt.models.client import Client, Reply, Request
from fnopt.models.failures import RequestRefused
from fnopt.prose import Prose
from fnopt.records import Task

NAME = "judge"
LONGEST = 20_000  # characters of an answer that are shown; of longer ones both ends
SHOWN = 200  # characters of an unclear reply that its note repeats
WORDS = {"correct": 1.0, "incorrect": 0.0}


class Unclear(ValueError):
    """The judge gave no clear grade."""


@dataclass(frozen=True)
class Judge:
    """A rule (:class:`fnopt.tasks.scorers.Rule`) that asks a model.

    ``instructions`` are the user's own rubric, in place of "it comes to the same". With
    ``partial`` the grade is a number from 0 to 1.
    """

    client: Client
    prose: Prose
    model: str
    endpoint: str = ""
    instructions: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    partial: bool = False

    def __call__(self, answer: str, task: Task) -> float:
        """How right ``answer`` is; an empty one is wrong and costs nothing.

        Raises Unclear, and EndpointError and BudgetSpent of its client.
        """
        if not answer.strip():
            return 0.0
        try:
            reply = self.client.complete(self._request(answer, task))
        except RequestRefused as refusal:
            raise Unclear(f"the judge's endpoint refused the request: {refusal.message}") from None
        return grade(reply, mark(answer, task), partial=self.partial)

    def _request(self, answer: str, task: Task) -> Request:
        system = self.prose.render("judge.txt", instructions=self.instructions.strip())
        user = self.prose.render(
            "judge-answer.txt",
            question=_quoted(task.question),
            expected=_quoted(task.answer),
            answer=_quoted(_cut(answer)),
            mark=mark(answer, task),
            partial=self.partial,
        )
        profile = shipped(self.model)
        return Request(
            self.model,
            opening(system, user, role=profile is None or profile.system),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            endpoint=self.endpoint,
        )


def mark(answer: str, task: Task) -> str:
    """Four digits for this answer to this task: the same again, so that a grade can be cached, and
    a secret from whoever wrote the answer."""
    words = json.dumps([task.question, task.answer, answer])
    return str(1000 + int(hashlib.sha256(words.encode()).hexdigest()[:12], 16) % 9000)


def grade(reply: Reply, mark: str, *, partial: bool) -> float:
    """The one grade in a judge's reply, 0 to 1. Raises Unclear for none, or for several."""
    pattern = rf"^[\s*_#>`]*GRADE\s+{mark}[\s*_`]*:[\s*_`]*(.*?)[\s.*_`]*$"
    found = re.findall(pattern, reply.content, re.IGNORECASE | re.MULTILINE)
    grades = {_value(one, partial=partial) for one in found}
    if len(grades) == 1 and (value := grades.pop()) is not None:
        return value
    if reply.finish_reason == "length":
        raise Unclear("the judge's reply was cut off before its grade: raise judge.max_tokens")
    said = " ".join(reply.content.split())
    raise Unclear(f"the judge gave no clear grade but said: {said[-SHOWN:] or 'nothing'}")


def _value(said: str, *, partial: bool) -> float | None:
    if said.casefold() in WORDS:
        return WORDS[said.casefold()]
    if partial and re.fullmatch(r"0|1|[01]?\.\d{1,6}|1\.0+", said):
        return float(said) if float(said) <= 1 else None
    return None


def _quoted(text: str) -> str:
    """One line, whatever the text holds: nothing in it can look like a line of the prompt."""
    said = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in said)


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} … ({len(text) - LONGEST:,} characters cut) … {text[-half:]}"
