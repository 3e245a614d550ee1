"""``agent.kind = "command"``: an agent of one's own in any language, which speaks JSON lines.

A process for each attempt: attempts cannot spoil each other, what hangs is killed with all that it
started, and nothing has to tell apart whose line is whose. To start one takes some 50 ms, which is
little beside the answer of a model.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fnopt.agents.agent import Unavailable
from fnopt.agents.attempt import Attempt, NoAnswer, ToolError, as_json
from fnopt.agents.lines import Lines
from fnopt.agents.task import OwnTask
from fnopt.agents.toolbox import result
from fnopt.errors import UsageError

MEND = "see what it waits for, or raise agent.timeout"
LARGEST = 16 * 1024 * 1024  # bytes of a file whose content is part of the digest


@dataclass(frozen=True)
class CommandProgram:
    """Starts a command in the folder ``root`` and speaks with it, for up to ``seconds``."""

    command: tuple[str, ...]
    root: Path
    seconds: float

    @property
    def digest(self) -> str:
        """The words of the command, and the content of those that are files of the repository."""
        words = [f"{word}:{_content(self.root, word)}" for word in self.command]
        return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()

    def answer(self, attempt: Attempt) -> Any:
        """See :class:`fnopt.agents.own.Program`."""
        deadline = time.monotonic() + self.seconds
        try:
            with Lines(self.command, self.root, deadline) as lines:
                return _talk(lines, attempt)
        except TimeoutError:
            message = f"the agent {self.command[0]} did not answer in {self.seconds:g} s"
            raise Unavailable(message, MEND) from None
        except OSError as error:
            message = f"agent.command: cannot start {self.command[0]!r}: {error.strerror or error}"
            raise UsageError(message, "name a program and its arguments") from None


def load(command: tuple[str, ...], root: Path, seconds: float) -> CommandProgram:
    """The program of ``agent.command``. Raises UsageError when it is not there."""
    if not command:
        raise UsageError(
            'agent.command is not set, and agent.kind = "command" needs it',
            'set it to a list such as ["node", "agent.js"]',
        )
    if shutil.which(command[0]) is None and shutil.which(str(root / command[0])) is None:
        raise UsageError(
            f"agent.command: no program is called {command[0]!r}",
            "name one that can be run, and its arguments behind it, as a list",
        )
    return CommandProgram(command, root, seconds)


def _content(root: Path, word: str) -> str:
    """The digest of a file below ``root``; nothing for what is none."""
    try:
        path = (root / word).resolve()
        if path.is_relative_to(root.resolve()) and path.is_file():
            return hashlib.sha256(path.read_bytes()[:LARGEST]).hexdigest()
    except (OSError, ValueError):
        pass
    return ""


def _talk(lines: Lines, attempt: Attempt) -> Mapping[str, Any]:
    """Hand over the task, make the calls that are asked for, and return the line of the answer."""
    token = secrets.token_hex(8)
    tools = [dict(one) for one in attempt.toolbox.definitions()]
    lines.send({"id": token, "task": asdict(OwnTask.of(attempt)), "tools": tools})
    while True:
        said = lines.receive()
        if said.get("id") != token:
            raise NoAnswer(
                f"it answered with the id {said.get('id')!r:.80}, which is not the task's"
            )
        if "answer" in said:
            return said
        if "error" in said:
            raise Unavailable(f"the agent could not try: {str(said['error'])[:300]}", "see to it")
        lines.send({"id": token, **_called(said.get("call"), attempt)})


def _called(wanted: Any, attempt: Attempt) -> dict[str, Any]:
    """Make a call; its result, or its error as a model is to be told it. Raises NoAnswer."""
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise NoAnswer('it wrote a line with none of "call" (with a "name"), "answer" and "error"')
    given = wanted.get("arguments", {})
    try:
        arguments = given if isinstance(given, str) else as_json(given)
        call, value = attempt.call(wanted["name"], arguments)
    except ToolError as error:
        return {"error": str(error)}
    return {"result": value} if call.error is None else {"error": result(call)}
