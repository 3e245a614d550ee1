"""What came along with a function goes with it; what people wrote, or need by now, stays."""

from __future__ import annotations

from functools import partial

import pytest

from fnopt.library.edit import Add, Remove, apply
from fnopt.library.function import Library, read
from fnopt.library.ours import Ours, brought

PATH = "functions/a.py"
THERE = b'''"""Tools."""

import json


def there(x: int) -> str:
    """Say."""
    return json.dumps(x)
'''


def added(base: bytes | None, code: str) -> bytes:
    """The file with the function ``f`` in it."""
    library = read({PATH: base} if base is not None else {})
    after = apply(library, Add("f", code, module=PATH if base is not None else None), "functions")
    assert isinstance(after, Library), after
    return after.files[PATH if base is not None else "functions/f.py"]


def known(base: bytes | None, came: bytes, path: str) -> Ours:
    """What the history would tell."""
    return brought(base, came)


def removed(base: bytes | None, came: bytes, now: bytes) -> bytes | None:
    """What is left of the file without ``f``; ``now`` is what has become of it meanwhile."""
    after = apply(read({PATH: now}), Remove("f"), "functions", partial(known, base, came))
    assert isinstance(after, Library), after
    return after.files.get(PATH)


@pytest.mark.parametrize(
    "code",
    [
        "def f() -> int:\n    return 1\n",
        "import os, re\n\n\ndef f() -> str:\n    return re.escape('a')\n",
        "_UNUSED = [1]\n__odd__ = 3\n\n\ndef f() -> int:\n    return 1\n",
        "import sys\n\nif sys.platform == 'x':\n    _Y = 1\nelse:\n    _Y = 2\n\n\n"
        "def f() -> int:\n    return _Y\n",
        "try:\n    from math import tau as _T\nexcept ImportError:\n    _T = 6\n\n\n"
        "def f() -> float:\n    return _T\n",
        "import importlib\n\n\nclass _Idle:\n    pass\n\n\ndef f() -> object:\n"
        "    return importlib.import_module('re')\n",
        "from __future__ import annotations\n\n\ndef f(x: int | None) -> int:\n    return x or 0\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from re import Match\n\n\n"
        "def f(x: 'Match') -> int:\n    return 1\n",
    ],
    ids=[
        "plain",
        "idle import",
        "idle constants",
        "if",
        "try",
        "dynamic",
        "future",
        "type checking",
    ],
)
def test_an_addition_is_undone_to_the_byte(code: str) -> None:
    """In a file that was there, and in one that came with it."""
    came = added(THERE, code)
    assert came != THERE
    assert removed(THERE, came, came) == THERE
    assert removed(None, added(None, code), added(None, code)) is None


def test_what_others_need_by_now_stays() -> None:
    """A person built on what fnopt had brought."""
    came = added(
        THERE, "import re\n\n_P = re.compile('a')\n\n\ndef f() -> object:\n    return _P\n"
    )
    now = came + b'\n\ndef g() -> object:\n    """Get."""\n    return _P\n'
    left = removed(THERE, came, now)
    assert left is not None
    assert b"_P = re.compile('a')" in left
    assert b"import re\n" in left
    assert b"def f" not in left


def test_what_people_changed_is_theirs() -> None:
    """Also in a file that fnopt brought: it stays for their sake."""
    came = added(None, "_N = [1]\n\n\ndef f() -> int:\n    return 1\n")
    left = removed(None, came, came.replace(b"[1]", b"[1, 2]"))
    assert left == b"_N = [1, 2]\n"


@pytest.mark.parametrize(
    "more",
    [
        "def g(x: Later) -> int:\n    return 1\n\n\nclass Later:\n    pass\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import re\n\n\n"
        "def g(x: re.Match) -> int:\n    return 1\n",
    ],
)
def test_a_future_that_others_need_by_now_stays(more: str) -> None:
    """An annotation of a class further down, or of what only a type checker imports."""
    came = added(THERE, "from __future__ import annotations\n\n\ndef f() -> int:\n    return 1\n")
    left = removed(THERE, came, came + b"\n\n" + more.encode())
    assert left is not None
    assert b"from __future__ import annotations\n" in left
