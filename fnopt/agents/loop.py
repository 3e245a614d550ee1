"""One event loop for all async agents, in a thread of its own.

One, since clients that a module holds (of openai, of httpx) belong to the loop that they were first
used in. Whatever tasks an agent leaves behind are cancelled with its attempt. A loop that an agent
holds up (it sleeps without await, say) is given up for a new one.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from fnopt.agents.attempt import NoAnswer
from fnopt.agents.failing import how

GRACE = 1.0  # seconds in which cancelled tasks have to end, and a loop has to answer
THREADS = 64  # calls of functions that async agents wait for at the same time

_Family = weakref.WeakSet[asyncio.Task[Any]]
_family: ContextVar[_Family | None] = ContextVar("family", default=None)


class Loop:
    """Runs what is awaitable, from whatever thread, within a time limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: asyncio.AbstractEventLoop | None = None

    def run(self, make: Callable[[], Awaitable[Any]], seconds: float) -> Any:
        """The value of the awaitable that ``make`` gives, called in the loop.

        Raises TimeoutError after so many seconds, and whatever it raises.
        """
        loop = self._loop()
        future = asyncio.run_coroutine_threadsafe(_alone(make, seconds), loop)
        try:
            return future.result(seconds + 2 * GRACE)
        except TimeoutError:
            if not future.done():  # the loop itself is held up
                future.cancel()
                self._give_up(loop)
            raise

    def _loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._current is None:
                self._current = _started()
            return self._current

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        answers = threading.Event()
        loop.call_soon_threadsafe(answers.set)
        if answers.wait(GRACE):
            return
        with self._lock:
            if self._current is loop:
                self._current = None


def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_task_factory(_related)  # type: ignore[arg-type]  # a protocol of typeshed alone
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="agent-tool"))
    threading.Thread(target=loop.run_forever, name="agents", daemon=True).start()
    return loop


def _related(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **named: Any
) -> asyncio.Task[Any]:
    """A task that belongs to the attempt in whose context it was made."""
    task = asyncio.Task(coroutine, loop=loop, **named)
    if (family := _family.get()) is not None:
        family.add(task)
    return task


async def _alone(make: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    family: _Family = weakref.WeakSet()
    _family.set(family)
    try:
        async with asyncio.timeout(seconds):
            return await make()
    except (SystemExit, KeyboardInterrupt) as error:  # would end the loop of all others
        raise NoAnswer(f"it raised {how(error)}") from None
    finally:
        left = [task for task in family if not task.done() and task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=GRACE)
