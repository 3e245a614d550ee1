"""A task in the words that somebody's agent knows it by."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnopt.agents.attempt import Attempt


@dataclass(frozen=True)
class OwnTask:
    """What an agent of one's own is asked. ``trial`` counts the attempts at one task from 0."""

    id: str
    question: str
    metadata: Mapping[str, Any]
    trial: int = 0

    @classmethod
    def of(cls, attempt: Attempt) -> OwnTask:
        """The task of an attempt."""
        asked = attempt.asked
        return cls(asked.id, asked.question, copy.deepcopy(dict(asked.metadata)), attempt.trial)
