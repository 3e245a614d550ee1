"""Scorers of the user's own: imported, and never waited for without end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import FnoptError
from fnopt.records import Score, Task
from fnopt.tasks.foreign import PATIENCE
from fnopt.tasks.imported import Late, function_at, in_time
from fnopt.tasks.rules import Rule


def imported(path: str, root: Path | None, seconds: float = PATIENCE) -> Rule:
    """The rule ``module:function``, imported from ``root`` too. Raises UsageError."""
    return InTime(function_at(path, root, "tasks.scorer", seconds), path, seconds)


@dataclass(frozen=True)
class InTime:
    """Somebody's scorer, which may hang: nothing of what a run has paid for hangs with it."""

    rule: Rule
    name: str
    seconds: float = PATIENCE

    def __call__(self, answer: str, task: Task) -> float | bool | Score:
        """See :class:`Rule`. Raises FnoptError when it takes too long."""
        try:
            return in_time(lambda: self.rule(answer, task), self.seconds)
        except Late:
            raise FnoptError(
                f"tasks.scorer: {self.name} took longer than {self.seconds:.0f} s for one answer "
                f"to task {task.id!r}",
                "mend it and run the same command again: answers are kept, and scored anew",
            ) from None
