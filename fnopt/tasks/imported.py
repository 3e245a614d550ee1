"""What a person names by ``module:function`` in the configuration: code of their own.

It may do anything, so it is never waited for without end.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from fnopt.errors import UsageError
from fnopt.tasks.foreign import PATIENCE

Result = TypeVar("Result")


def function_at(path: str, root: Path | None, key: str, seconds: float = PATIENCE) -> Any:
    """The function at ``module:function``, imported from ``root`` too.

    ``key`` is the configuration's, for messages. Raises UsageError when it cannot be had.
    """
    module, _, attribute = path.partition(":")
    if root is not None and str(root) not in sys.path:
        sys.path.append(str(root))  # last: nothing of the repository may stand in for a package
    try:
        found = in_time(lambda: getattr(importlib.import_module(module), attribute), seconds)
    except Late:
        raise UsageError(
            f"{key}: importing {module!r} took longer than {seconds:.0f} s",
            "A module must do no work when it is imported.",
        ) from None
    except Exception as error:  # noqa: BLE001 - importing runs the user's module
        raise UsageError(
            f"{key}: cannot load {path!r}: {type(error).__name__}: {error}",
            "Write module:function, with a module that can be imported from the repository's root.",
        ) from None
    if not callable(found):
        raise UsageError(f"{key}: {path!r} is not a function", "Name a function.")
    return found


class Late(Exception):
    """What was waited for did not come in time."""


def in_time(compute: Callable[[], Result], seconds: float) -> Result:
    """What ``compute`` gives or raises, in a thread that is left to itself when it is late.

    Raises Late. What would end the program (SystemExit) becomes a RuntimeError.
    """
    done: Future[Result] = Future()
    threading.Thread(target=_compute, args=(compute, done), daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():
            raise  # its own
        raise Late from None


def _compute(compute: Callable[[], Result], done: Future[Result]) -> None:
    try:
        done.set_result(compute())
    except Exception as error:  # noqa: BLE001 - told to who waits
        done.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - it must not end more than this thread
        done.set_exception(RuntimeError(f"it raised {type(error).__name__}: {error}"))
