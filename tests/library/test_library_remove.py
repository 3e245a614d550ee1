"""Removing a function: it and what only it used, or a fault."""

import pytest

from fnopt.library.edit import Remove, apply
from fnopt.library.function import Library, read
from fnopt.records import Fault


def removed(name: str, source: str, **others: str) -> Library | tuple[Fault, ...]:
    """The library after removing a function of ``functions/a.py``."""
    files = {"functions/a.py": source.encode()}
    files |= {f"functions/{stem}.py": text.encode() for stem, text in others.items()}
    return apply(read(files), Remove(name), "functions")


def left(name: str, source: str, **others: str) -> str | None:
    """What is left of ``functions/a.py``; None when the file is gone."""
    library = removed(name, source, **others)
    assert isinstance(library, Library), library
    content = library.files.get("functions/a.py")
    return content.decode() if content is not None else None


PAIRS = [
    # the function, its comments and its blank lines
    (
        '"""Doc."""\n\n\n# About f.\ndef f(): pass\n\n\ndef g(): pass\n',
        '"""Doc."""\n\n\ndef g(): pass\n',
    ),
    ("def g(): pass\n\n\ndef f(): pass\n", "def g(): pass\n"),
    ("def f(): pass\n\n\ndef g(): pass", "def g(): pass"),
    ("# about g\n\ndef f(): pass\ndef g(): pass\n", "# about g\n\ndef g(): pass\n"),
    # imports for a type checker, and those that are tried, are imports
    (
        "if TYPE_CHECKING:\n    import re\n\n"
        "try:\n    import a\nexcept ImportError:\n    a = None\n\n\n"
        "def f(x: 're.Match'): return a\n\n\ndef g(): pass\n",
        "def g(): pass\n",
    ),
    (
        "try:\n    X = 1\nfinally:\n    pass\ndef f(): return X\n",
        "try:\n    X = 1\nfinally:\n    pass\n",
    ),
    # helpers, constants and imports that only it used
    (
        "import math\nimport re\n\nA = 1\nB = math.pi\n\n\ndef _h(): return B\n\n\n"
        "def f(): return _h()\n\n\ndef g(): return A, re\n",
        "import re\n\nA = 1\n\n\ndef g(): return A, re\n",
    ),
    (
        "from math import pi, tau\n\n\ndef f(): return pi\n\n\ndef g(): return tau\n",
        "from math import pi, tau\n\n\ndef g(): return tau\n",
    ),
    # helpers that others use, code that only looks unused, and work stay
    (
        "def _h(): pass\n\n\ndef f(): _h()\n\n\ndef g(): _h()\n",
        "def _h(): pass\n\n\ndef g(): _h()\n",
    ),
    ("VERSION = 1\n\n\ndef f(): pass\n", "VERSION = 1\n"),
    (
        "import math\n\n\ndef f(): return math\n\n\ndef g(x: 'math.X'): pass\n",
        "import math\n\n\ndef g(x: 'math.X'): pass\n",
    ),
    ("import math; A = 1\ndef f(): return A, math\n", "import math; A = 1\n"),
    ("A = {}\nA['x'] = 1\n\n\ndef f(): return A\n", "A = {}\nA['x'] = 1\n"),
    ("def _a(): _b()\ndef _b(): _a()\ndef f(): _a()\nx = 1\n", "x = 1\n"),
    # form feeds and line ends
    ("x = 1\r\n\r\n\r\ndef f(): pass\r\n\r\n\r\ny = 2\r\n", "x = 1\r\n\r\n\r\ny = 2\r\n"),
    ("x = 1\n\x0c\ndef f(): pass\n\x0c\ny = 2\n", "x = 1\n\x0c\n\x0c\ny = 2\n"),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_what_only_it_used_goes_along(before: str, after: str) -> None:
    """The rest of the file stays as it was."""
    assert left("f", before) == after


@pytest.mark.parametrize(
    "source",
    [
        "def f(): pass\n",
        '"""Doc."""\nimport math\n\n\ndef f(): pass\n',
        "from __future__ import annotations\nimport math\nE = math.e\ndef f(): return E\n# z\n",
        "class Point: pass\n\n\ndef f() -> Point: return Point()\n",
    ],
)
def test_a_file_of_which_nothing_is_left_goes(source: str) -> None:
    """Docstring, imports and comments alone are nothing."""
    assert left("f", source) is None


def test_a_file_that_others_import_stays() -> None:
    """Its importers would fail without it."""
    assert left("f", "def f(): pass\n", b="from functions import a\ndef b(): pass\n") == ""


def test_a_package_keeps_its_file() -> None:
    """Without ``__init__.py`` it would be another kind of package."""
    library = apply(read({"functions/__init__.py": b"def f(): pass\n"}), Remove("f"), "functions")
    assert isinstance(library, Library)
    assert library.files == {"functions/__init__.py": b""}


def test_helpers_that_other_modules_import_stay() -> None:
    """Private or not: who imports it needs it."""
    source = "def _h(): pass\n\n\ndef f(): _h()\n"
    other = "from functions.a import _h\ndef b(): _h()\n"
    assert left("f", source, b=other) == "def _h(): pass\n"


@pytest.mark.parametrize(
    ("source", "other", "rule", "named"),
    [
        ("def f(): pass\ndef g(): f()\n", "", "has-callers", "g"),
        ("def f(): pass\ndef _h(): f()\ndef g(): _h()\n", "", "has-callers", "g"),
        ("def f(): pass\n", "from .a import f\ndef b(): f()\n", "has-callers", "b"),
        ("def f(): pass\nTABLE = [f]\n", "", "in-use", "functions/a.py:2"),
        ("__all__ = ['f']\ndef f(): pass\n", "", "in-use", "functions/a.py:1"),
        ('def f(): pass\nif __name__ == "__main__":\n    f()\n', "", "in-use", "functions/a.py:2"),
        ("def f(): pass\n", "\nfrom functions.a import f\n", "in-use", "functions/b.py:2"),
        ("def f(): pass\nfrom m import f\n", "", "ambiguous", "f"),
        ("def g(): pass\n", "", "unknown-function", "g"),
    ],
)
def test_a_function_in_use_is_not_removed(source: str, other: str, rule: str, named: str) -> None:
    """The fault names who uses it."""
    outcome = removed("f", source, b=other)
    assert not isinstance(outcome, Library)
    assert [one.rule for one in outcome] == [rule]
    assert named in outcome[0].message + outcome[0].mend


def test_a_function_that_calls_itself_can_be_removed() -> None:
    """It is no caller of its own."""
    assert left("f", "def f(): return f()\n") is None
