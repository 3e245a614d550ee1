"""The Python that learned code runs in: fnopt's own, or another by its path."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fnopt.errors import UsageError

OLDEST = (3, 10)
_ASKED = (
    "import json, site, sys; print(json.dumps([sys.version_info[:2], sys.base_prefix, "
    "[p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))]]))"
)
_ELSEWHERE = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo")
_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Interpreter:
    """``paths`` are the folders of its installed packages, ``base`` the one of its library."""

    executable: str
    base: str
    paths: Sequence[str]

    @property
    def command(self) -> list[str]:
        """How it is started: apart from the user's settings and ``site``, which runs code of
        installed packages; ``-I`` would ignore PYTHONHASHSEED."""
        return [self.executable, "-s", "-P", "-B", "-S", "-X", "utf8"]

    def readable(self) -> list[str]:
        """What it must read to run and to import: none of it is the user's."""
        base = [f"{self.base}/{part}" for part in ("lib", "lib64", "Frameworks")]
        own = [str(Path(self.executable).resolve())]
        found = (*base, *own, *self.paths, *_ELSEWHERE, *_FILES)
        return [path for path in dict.fromkeys(found) if Path(path).exists()]

    def devices(self) -> list[str]:
        """Devices that may be read and written."""
        return [path for path in _DEVICES if Path(path).exists()]


def ours() -> Interpreter:
    """The one that runs fnopt."""
    paths = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    return Interpreter(sys.executable, sys.base_prefix, paths)


@lru_cache(maxsize=4)
def other(path: str) -> Interpreter:
    """The one at ``path``: an executable, or the folder of its environment. Raises UsageError."""
    given = Path(path).expanduser()
    executable = given / "bin" / "python" if given.is_dir() else given
    mend = 'Name the python of an environment, such as ".venv/bin/python".'
    try:
        asked = [str(executable), "-P", "-c", _ASKED]
        done = subprocess.run(asked, capture_output=True, timeout=30, check=True, text=True)
        version, base, paths = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise UsageError(f"sandbox.python: {path!r} does not run: {error}", mend) from error
    if tuple(version) < OLDEST:
        said = ".".join(map(str, version))
        raise UsageError(f"sandbox.python: {path!r} is Python {said}, too old", mend)
    return Interpreter(str(executable.absolute()), base, paths)
