"""What is asked of a sandbox, whatever its tier: a call or a run, with what is granted to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fnopt.sandbox.grants import Grant, Grants
from fnopt.sandbox.outcome import Outcome
from fnopt.sandbox.reached import reached


class Asking(ABC):
    """A sandbox that puts questions to child programs."""

    grants: Grants

    @abstractmethod
    def ask(self, files: Mapping[str, bytes], question: Mapping[str, Any], grant: Grant) -> Outcome:
        """Put a question of ``child.py`` to a child that may reach what is granted."""

    def call(
        self,
        files: Mapping[str, bytes],
        module: str,
        function: str,
        arguments: Mapping[str, Any],
    ) -> Outcome:
        """See :class:`fnopt.sandbox.Sandbox`."""
        question = {"module": module, "function": function, "arguments": dict(arguments)}
        grant = self.grants.of(reached(files, function) if self.grants.apart else ())
        return self.ask(files, question, grant)

    def run(self, files: Mapping[str, bytes], code: str) -> Outcome:
        """See :class:`fnopt.sandbox.Sandbox`."""
        outcome = self.ask(files, {"code": code}, self.grants.of(()))
        if not outcome.ok:
            return outcome
        parts = (outcome.stdout.rstrip("\n"), str(outcome.result))
        return replace(outcome, result="\n".join(part for part in parts if part))
