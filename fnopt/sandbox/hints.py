"""What an exception of learned code wanted that was not granted, in words of the configuration.

Read by the child program as a sibling file, so: nothing of fnopt.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence

_EMPTY = "Code runs in an empty folder of its own."
_MOST = 20  # exceptions of a chain that are looked at
_OS = ("os.py", "<frozen os>")
_DENIED = (errno.EPERM, errno.EACCES, errno.EROFS)
_HIDDEN = (*_DENIED, errno.ENOENT)


def wanted(error: BaseException, name: str, *, hidden: bool = False) -> str | None:
    """A sentence that says which grant would be needed; None where none is at fault.

    ``hidden``: what is not granted looks as if it was not there.
    """
    seen: list[BaseException | None] = [error]
    for one in seen:
        if one is not None and (hint := _wanted(one, name, _HIDDEN if hidden else _DENIED)):
            return hint
        if one is not None and len(seen) < _MOST:
            reason = getattr(one, "reason", None)  # of urllib's errors
            seen += [one.__cause__, one.__context__]
            seen += [reason] if isinstance(reason, BaseException) else []
    return None


def _wanted(error: BaseException, name: str, denied: Sequence[int]) -> str | None:
    if isinstance(error, KeyError) and _raised_in(error, _OS, "__getitem__"):
        return _grant(name, "env", str(error.args[0]))
    if isinstance(error, FileNotFoundError) and _is_ours(error.filename):
        return f"{_EMPTY} {_grant(name, 'read', os.fsdecode(error.filename))}"
    if not isinstance(error, OSError) or error.errno not in denied:
        return None
    if host := getattr(error, "host", None):
        return _grant(name, "hosts", host)
    if isinstance(error.filename, str | bytes):
        path = os.path.realpath(os.fsdecode(error.filename))
        if not f"{path}/".startswith(f"{os.path.realpath('.')}/"):
            return _grant(name, "read", path) + " (or write)"
        return None
    if error.errno == errno.ENOENT:
        return None
    if _raised_in(error, ("subprocess.py", "popen_fork.py")):
        return "The sandbox lets no code start processes: do it without."
    return "The sandbox does not allow this system call: do it without."


def _is_ours(path: object) -> bool:
    """Whether a path may be meant as one of the repository: relative, with nothing of it there."""
    if not isinstance(path, str | bytes) or not path or os.path.isabs(path):  # noqa: PTH117
        return False
    first = os.fsdecode(path).split("/")[0]
    return first not in ("..", ".") and not os.path.lexists(first)


def _grant(name: str, kind: str, value: str) -> str:
    table = f"{json.dumps(name)} = {{ {kind} = [{json.dumps(value, ensure_ascii=False)}] }}"
    return f"The sandbox does not allow this; in fnopt.toml, [sandbox.allow] would: {table}"


def _raised_in(error: BaseException, files: Sequence[str], function: str = "") -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    named = os.path.basename(code.co_filename) in files  # noqa: PTH119
    return named and function in ("", code.co_name)
