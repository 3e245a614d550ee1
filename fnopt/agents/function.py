"""``agent.kind = "module:function"``: an agent of one's own, as a Python function.

It runs in this process, in a thread or in an event loop: it is the user's own program. What it can
call are learned functions, which run in the sandbox as ever.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnopt.agents.agent import Unavailable
from fnopt.agents.attempt import Attempt, NoAnswer
from fnopt.agents.failing import how, is_outside
from fnopt.agents.loop import Loop
from fnopt.agents.own_tools import Tools, tools_for
from fnopt.agents.task import OwnTask
from fnopt.tasks.imported import function_at

KEY = "agent.kind"
MEND = "see what it waits for, or raise agent.timeout"

Function = Callable[[OwnTask, Tools], Any]


@dataclass(frozen=True)
class FunctionProgram:
    """Calls a function with a task and the tools; ``seconds`` bound one attempt."""

    function: Function
    name: str
    source: str
    seconds: float
    loop: Loop = field(default_factory=Loop, compare=False, repr=False)

    @property
    def digest(self) -> str:
        """The name and the source of its module."""
        return f"{self.name}:{self.source}"

    def answer(self, attempt: Attempt) -> Any:
        """See :class:`fnopt.agents.own.Program`."""
        tools = tools_for(attempt, awaited=is_async(self.function))
        task = OwnTask.of(attempt)
        try:
            return self._called(task, tools)
        except NoAnswer:
            raise
        except BaseException as error:  # somebody's code: sys.exit is no end of ours
            if is_outside(error):
                raise Unavailable(f"the agent {self.name} failed: {how(error)}", MEND) from None
            raise NoAnswer(f"it raised {how(error)}") from error

    def _called(self, task: OwnTask, tools: Tools) -> Any:
        if is_async(self.function):
            return self.loop.run(lambda: self.function(task, tools), self.seconds)
        given = in_time(lambda: self.function(task, tools), self.seconds)
        if inspect.isawaitable(given):
            return self.loop.run(lambda: given, self.seconds)
        return given


def load(path: str, root: Path, seconds: float) -> FunctionProgram:
    """The function at ``module:function``, imported from ``root`` too. Raises UsageError."""
    function = function_at(path, root, KEY)
    file = getattr(sys.modules[path.partition(":")[0]], "__file__", None)
    source = Path(file).read_bytes() if file else b""
    return FunctionProgram(function, path, hashlib.sha256(source).hexdigest(), seconds)


def is_async(function: Any) -> bool:
    """Whether a function, or an object that can be called, is to be awaited."""
    called = getattr(function, "__call__", None)  # noqa: B004 - to look at, not to call
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def in_time(work: Callable[[], Any], seconds: float) -> Any:
    """What ``work`` gives, done in a thread of its own, which is left behind if it takes too long.

    Raises TimeoutError then, and whatever it raises.
    """
    done: Future[Any] = Future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - told to who waits
            done.set_exception(error)

    threading.Thread(target=do, name="agent", daemon=True).start()
    return done.result(seconds)
