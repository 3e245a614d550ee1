"""Bringing one function back as it was: to the letter, and nothing that others need goes."""

from __future__ import annotations

import pytest

from fnopt.library.function import Library, read
from fnopt.library.restore import restore
from fnopt.records import Fault

PATH = "functions/a.py"


def restored(
    now: str | None, then: str, name: str = "f", **others: str
) -> Library | tuple[Fault, ...]:
    """The library after bringing ``f`` of ``functions/a.py`` back."""
    files = {f"functions/{stem}.py": text.encode() for stem, text in others.items()}
    today = files | ({PATH: now.encode()} if now is not None else {})
    return restore(read(today), read(files | {PATH: then.encode()}), name)


def after(now: str | None, then: str, **others: str) -> str:
    """``functions/a.py`` after it."""
    library = restored(now, then, **others)
    assert isinstance(library, Library), library
    return library.files[PATH].decode()


PAIRS = {
    "to the letter, comments above included": (
        "# new\ndef f():\n    return 2\n\n\ndef g(): pass\n",
        "# old\n@cache\ndef f( ):\n    return '1' ,\"2\"  # one\n    # end\n",
        "# old\n@cache\ndef f( ):\n    return '1' ,\"2\"  # one\n    # end\n\n\ndef g(): pass\n",
    ),
    "a comment that it did not have goes": (
        "# new\ndef f(): return 2\n",
        "def f(): return 1\n",
        "def f(): return 1\n",
    ),
    "with the helpers and imports that it had": (
        "import re\n\n\ndef f(): return 2\n\n\ndef g(): return re\n",
        "import math\n\n_A = math.pi\n\n\ndef _h(): return _A\n\n\ndef f(): return _h()\n",
        "import math\nimport re\n\n\n_A = math.pi\n\n\ndef _h(): return _A\n\n\n"
        "def f(): return _h()\n\n\ndef g(): return re\n",
    ),
    "and without those that it has got since": (
        "import math\n\n\ndef _h(): return math\n\n\ndef f(): return _h()\n",
        "def f(): return 1\n",
        "def f(): return 1\n",
    ),
    "what others need stays": (
        "import math\n\n\ndef f(): return math\n\n\ndef g(): return math\n",
        "def f(): return 1\n",
        "import math\n\n\ndef f(): return 1\n\n\ndef g(): return math\n",
    ),
    "a helper of its own is what it was": (
        "def _h(): return 2\n\n\ndef f(): return _h()\n",
        "def _h(): return 1\n\n\ndef f(): return _h()\n",
        "def _h(): return 1\n\n\ndef f(): return _h()\n",
    ),
    "line ends are the file's of today": (
        "X = 1\r\ndef f(): return 2\r\n",
        "def f():\n    return 1\n",
        "X = 1\r\ndef f():\r\n    return 1\r\n",
    ),
    "one that is gone comes back behind its old neighbour": (
        "def a(): pass\n\n\ndef z(): pass\n",
        "def a(): pass\n\n\ndef b(): pass\n\n\ndef f(): pass\n\n\ndef z(): pass\n",
        "def a(): pass\n\n\ndef f(): pass\n\n\ndef z(): pass\n",
    ),
    "a file that is gone comes back as it was": (
        None,
        '#!x\n"""Doc."""\nimport math\nX = 1\n\ndef f(): return math\n',
        '#!x\n"""Doc."""\nimport math\nX = 1\n\ndef f(): return math\n',
    ),
    "of a file that is gone only what it needs": (
        None,
        "import math\nimport re\n\n\ndef g(): return re\n\n\ndef f(): return math\n",
        "import math\n\n\ndef f(): return math\n",
    ),
}


@pytest.mark.parametrize(("now", "then", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_a_function_comes_back(now: str | None, then: str, expected: str) -> None:
    """The file of today, the file of then, the file after."""
    assert after(now, then) == expected


def test_a_helper_that_others_use_and_that_differs_stands_in_the_way() -> None:
    """The fault says who uses it."""
    now = "def _h(): return 2\ndef f(): return -_h()\ndef g(): return _h()\n"
    then = "def _h(): return 1\ndef f(): return _h()\n"
    outcome = restored(now, then)
    assert not isinstance(outcome, Library)
    assert [one.rule for one in outcome] == ["helper-in-use"]
    assert "g" in outcome[0].message


@pytest.mark.parametrize(
    ("now", "then", "name", "rule"),
    [
        ("def f(): 1\n", "def f(): 1\n", "f", "no-change"),
        ("def f(): 1\n", "def f(): 1\n", "g", "unknown-function"),
        ("f = 1\n", "def f(): 1\n", "f", "exists"),
        ("def f(): 1\ndef f(): 2\n", "def f(): 1\n", "f", "ambiguous"),
    ],
)
def test_what_cannot_be_is_a_fault(now: str, then: str, name: str, rule: str) -> None:
    """Nothing to bring back, nothing there then, or no place for it."""
    outcome = restored(now, then, name)
    assert not isinstance(outcome, Library)
    assert [one.rule for one in outcome] == [rule]


def test_a_function_that_moved_comes_back_where_it_is_by_now() -> None:
    """Its importers follow its place; relative imports of then lead where they led."""
    then = read({"functions/a.py": b"from .b import g\n\n\ndef f(): return g()\n",
                 "functions/b.py": b"def g(): pass\n"})  # fmt: skip
    now = read({"functions/x/c.py": b"def f(): pass\n", "functions/b.py": b"def g(): pass\n"})
    library = restore(now, then, "f")
    assert isinstance(library, Library)
    assert library.files["functions/x/c.py"] == (
        b"from functions.b import g\n\n\ndef f(): return g()\n"
    )


def test_a_function_that_was_renamed_takes_its_old_name_back() -> None:
    """Callers follow; where the text is what it was, the name alone changes."""
    then = read({PATH: b"def f(n):\n    return n  # one\n\n\ndef g(): return f(1)\n"})
    for body in (b"n  # one", b"-n"):
        now = read({PATH: b"def k(n):\n    return %s\n\n\ndef g(): return k(1)\n" % body})
        library = restore(now, then, "f", called="k")
        assert isinstance(library, Library)
        assert library == then


def test_an_old_name_that_is_taken_by_now_is_a_fault() -> None:
    """Two functions of one name cannot be called."""
    then = read({PATH: b"def f(): return 1\n"})
    now = read({PATH: b"def k(): return 1\n\n\ndef f(): return 2\n"})
    outcome = restore(now, then, "f", called="k")
    assert isinstance(outcome, tuple)
    assert [one.rule for one in outcome] == ["exists"]
