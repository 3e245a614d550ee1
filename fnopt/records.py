"""What is passed around and kept: frozen values without behaviour beyond their own arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Split = Literal["train", "val", "test"]
Outcome = Literal["kept", "reverted", "undecided"]
Level = Literal["error", "warning"]

NOT_KEPT = "[not kept]"
"""What stands in place of a text that was left out of evidence which is pushed as scores alone."""


@dataclass(frozen=True)
class Fault:
    """Something wrong with a function or a proposal, and how to mend it.

    ``level``: an error refuses an edit and fails a check; a warning is only told.
    """

    rule: str
    message: str
    mend: str = ""
    function: str | None = None
    file: str | None = None
    line: int | None = None
    level: Level = "error"


@dataclass(frozen=True)
class Task:
    """One question with its expected answer; ``metadata`` is whatever else the source says.

    ``scorer`` is the name of the scorer that tasks of this kind are published with; it counts where
    the configuration names none.
    """

    id: str
    question: str
    answer: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scorer: str | None = None


@dataclass(frozen=True)
class Usage:
    """Model calls, tokens and US dollars; ``cost`` is None when a price is unknown."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def untold(self) -> bool:
        """Whether nobody said what was used, which is not the same as nothing."""
        return self.cost is None and not self.calls and not self.tokens

    def __add__(self, other: Usage) -> Usage:
        known = self.cost is not None and other.cost is not None
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost or 0.0) + (other.cost or 0.0) if known else None,
        )

    def __sub__(self, earlier: Usage) -> Usage:
        known = self.cost is not None and earlier.cost is not None
        return Usage(
            self.calls - earlier.calls,
            self.prompt_tokens - earlier.prompt_tokens,
            self.completion_tokens - earlier.completion_tokens,
            (self.cost or 0.0) - (earlier.cost or 0.0) if known else None,
        )


UNTOLD = Usage(cost=None)
"""What was used where nobody says."""


@dataclass(frozen=True)
class Score:
    """How right an answer is, from 0 to 1; ``note`` holds what a failing scorer said."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Call:
    """One call of a function within a trial; ``error`` is None when it returned."""

    function: str
    arguments: str
    result: str
    error: str | None = None
    stdout: str = ""


@dataclass(frozen=True)
class Trial:
    """One attempt of the agent at one task with one library.

    ``score`` is None exactly when ``error`` names a failure of infrastructure (neither right nor
    wrong). ``closures`` maps each called function to its closure digest: with the trial's key it
    says everything that the trial could see. ``messages`` is the conversation, in OpenAI's format.
    ``number`` counts the trials of one task from 0. ``usage`` is what the trial cost when it ran.
    """

    task: str
    number: int
    key: str
    answer: str = ""
    score: Score | None = None
    calls: tuple[Call, ...] = ()
    closures: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[Mapping[str, Any], ...] = ()
    usage: Usage = Usage()
    error: str | None = None

    @property
    def right(self) -> bool:
        """Whether the answer got full marks."""
        return self.score is not None and self.score.value >= 1.0

    @property
    def scrubbed(self) -> bool:
        """Whether its texts were left out: it has a score, and no answer that could be scored."""
        return self.answer == NOT_KEPT and not self.messages

    def to_json(self) -> dict[str, Any]:
        """A JSON document from which :meth:`from_json` makes an equal trial."""
        return {
            **vars(self),
            "score": self.score and dict(vars(self.score)),
            "calls": [dict(vars(call)) for call in self.calls],
            "usage": dict(vars(self.usage)),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trial:
        """Inverse of :meth:`to_json`. Raises KeyError or TypeError on another shape."""
        score = data["score"]
        return cls(
            **{
                **data,
                "score": Score(**score) if score is not None else None,
                "calls": tuple(Call(**call) for call in data["calls"]),
                "messages": tuple(data["messages"]),
                "usage": Usage(**data["usage"]),
            }
        )


@dataclass(frozen=True)
class Evaluation:
    """The trials of one library on one split."""

    split: str
    library: str
    trials: tuple[Trial, ...]

    @property
    def scored(self) -> tuple[Trial, ...]:
        """The trials that infrastructure let happen."""
        return tuple(trial for trial in self.trials if trial.score is not None)

    @property
    def error(self) -> str | None:
        """What is known of the first trial that infrastructure failed; None where it failed none.

        On one line.
        """
        found = next((one.error for one in self.trials if one.error is not None), None)
        return None if found is None else " ".join(found.split())

    @property
    def score(self) -> float:
        """Mean score of the scored trials, 0 to 1; 0 when there are none."""
        values = [trial.score.value for trial in self.trials if trial.score is not None]
        return sum(values) / len(values) if values else 0.0

    @property
    def right(self) -> int:
        """How many trials got full marks."""
        return sum(trial.right for trial in self.trials)

    @property
    def usage(self) -> Usage:
        """What the trials cost when they ran (also those that came from the cache this time)."""
        return sum((trial.usage for trial in self.trials), Usage())


@dataclass(frozen=True)
class Verdict:
    """What a gate says of a candidate, with the figures that it rests on.

    ``base`` and ``score`` are mean scores of the incumbent and the candidate on the same
    ``tasks``; ``score`` is None when the candidate fell before it was measured on the gate's split.
    ``of`` is how many tasks there were to meet: more than ``tasks`` where the gate stopped early.
    ``p`` is the one-sided p-value where the rule has one.
    """

    outcome: Outcome
    reason: str
    base: float | None = None
    score: float | None = None
    better: int = 0
    worse: int = 0
    tasks: int = 0
    of: int = 0
    p: float | None = None
