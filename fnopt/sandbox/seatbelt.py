"""Tier ``confined`` on macOS: a profile for ``sandbox-exec``. Its text is tested; nobody ran it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial

from fnopt.errors import SandboxError
from fnopt.sandbox.grants import Grant, Grants
from fnopt.sandbox.interpreter import Interpreter
from fnopt.sandbox.process import ProcessSandbox

_PROGRAM = "sandbox-exec"
_SYSTEM = ("/usr/lib", "/usr/share", "/System/Library", "/Library/Frameworks", "/private/etc/ssl")


def confined(
    require: str | None, timeout: float, memory: int, interpreter: Interpreter, grants: Grants
) -> ProcessSandbox:
    """A process a call inside the profile. Raises SandboxError unless it was asked for by name."""
    if require != "confined" or not shutil.which(_PROGRAM):
        known = require or "none chosen"
        raise SandboxError(
            f"sandbox tier: {known}; on macOS choose one in sandbox.require",
            '"process" shuts off neither files nor the network; "confined" uses sandbox-exec and '
            "has never been tried on a Mac.",
        )
    wrapper = partial(_command, interpreter, grants)
    return ProcessSandbox(timeout, memory, "confined", interpreter, grants, wrapper)


def _command(interpreter: Interpreter, grants: Grants, grant: Grant, folder: str) -> list[str]:
    read = [*interpreter.readable(), *map(grants.place, grant.read)]
    write = [folder, *map(grants.place, grant.write)]
    return [_PROGRAM, "-p", profile(read, write, hosts=bool(grant.hosts))]


def profile(read: Sequence[str], write: Sequence[str], *, hosts: bool = False) -> str:
    """The profile in the language of ``sandbox-exec``: all is denied but what is named.

    It knows no names of hosts: with ``hosts`` all TCP goes out.
    """
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow process-exec*)",
        "(allow sysctl-read)",
        "(allow file-read-metadata)",
        '(allow file-read* (literal "/") (literal "/dev/urandom") (literal "/dev/null"))',
        '(allow file-write-data (literal "/dev/null"))',
        *(f"(allow file-read* (subpath {_quoted(path)}))" for path in (*_SYSTEM, *read)),
        *(f"(allow file-read* file-write* (subpath {_quoted(path)}))" for path in write),
    ]
    if hosts:
        lines += ["(allow network-outbound (remote tcp))", "(allow system-socket)"]
    return "\n".join(lines)


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
