"""Adding a function into a module that is there: behind the last one, with what it needs."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Add, Remove, apply
from fnopt.library.function import Library, read
from fnopt.library.ours import brought
from fnopt.records import Fault

NEW = "def f() -> int:\n    return 2\n"
PATH = "functions/a.py"


def into(
    source: str | bytes, code: str, module: str | None = "functions.a", home: str = "functions"
) -> Library | tuple[Fault, ...]:
    """The library after adding ``f`` into ``functions/a.py``."""
    data = source if isinstance(source, bytes) else source.encode()
    return apply(read({PATH: data}), Add("f", code, module), home)


def after(source: str, code: str) -> str:
    """``functions/a.py`` after the function came in; it goes again without a trace."""
    library = into(source, code)
    assert isinstance(library, Library), library
    ours = brought(source.encode(), library.files[PATH])
    back = apply(library, Remove("f"), "functions", lambda _: ours)
    assert isinstance(back, Library), back
    assert back.files == {PATH: source.encode()}
    return library.files[PATH].decode()


def rules(outcome: Library | tuple[Fault, ...]) -> list[str]:
    """The rules of the faults; none when the edit went through."""
    return [] if isinstance(outcome, Library) else [one.rule for one in outcome]


PAIRS = {
    "behind the last function of the file": (
        "def g(): pass\n\n\ndef h(): pass\n",
        NEW,
        "def g(): pass\n\n\ndef h(): pass\n\n\ndef f() -> int:\n    return 2\n",
    ),
    "before what stands below the last function": (
        "def g(): pass\n\n\n_X = 1\n\n\nif __name__ == '__main__':\n    g()\n",
        NEW,
        "def g(): pass\n\n\ndef f() -> int:\n    return 2\n\n\n_X = 1\n\n\n"
        "if __name__ == '__main__':\n    g()\n",
    ),
    "at the end where there is no function": (
        "X = 1\n",
        NEW,
        "X = 1\n\n\ndef f() -> int:\n    return 2\n",
    ),
    "before the guard where there is no function": (
        "X = 1\n\nif __name__ == '__main__':\n    print(X)\n",
        NEW,
        "X = 1\n\ndef f() -> int:\n    return 2\n\nif __name__ == '__main__':\n    print(X)\n",
    ),
    "with as many blank lines as the file has": (
        "X = 1\n\ndef g(): pass\n\ndef h(): pass\n",
        NEW,
        "X = 1\n\ndef g(): pass\n\ndef h(): pass\n\ndef f() -> int:\n    return 2\n",
    ),
    "with the file's line ends, and none at its end": (
        "X = 1\r\n\r\n\r\ndef g(): pass",
        NEW,
        "X = 1\r\n\r\n\r\ndef g(): pass\r\n\r\n\r\ndef f() -> int:\r\n    return 2",
    ),
    "and the blank lines at its end": (
        "def g(): pass\n\n\n\n",
        NEW,
        "def g(): pass\n\n\ndef f() -> int:\n    return 2\n\n\n\n",
    ),
    "comments at the end stay where they are": (
        "def g(): pass\n\n# vim: sw=4\n",
        NEW,
        "def g(): pass\n\n# vim: sw=4\n\n\ndef f() -> int:\n    return 2\n",
    ),
    "a form feed stays": (
        "def g(): pass\n\x0c\ndef h(): pass\n\x0c\nX = 1\n",
        NEW,
        "def g(): pass\n\x0c\ndef h(): pass\ndef f() -> int:\n    return 2\n\x0c\nX = 1\n",
    ),
    "with its imports, helpers and comments": (
        '"""Doc."""\n\nimport re\n\n\ndef g(): return re\n',
        "import sys\n\n_A = 1\n_B = 2\n\n\ndef _h(): return _A, _B\n\n\n# about f\n"
        "def f(): return sys, _h()\n",
        '"""Doc."""\n\nimport re\nimport sys\n\n\ndef g(): return re\n\n\n_A = 1\n_B = 2\n\n\n'
        "def _h(): return _A, _B\n\n\n# about f\ndef f(): return sys, _h()\n",
    ),
    "a helper that is there already is used": (
        "import re\n\n\ndef _h(): return re\n\n\ndef g(): return _h()\n",
        "import re\n\n\ndef _h():\n    return re\n\n\ndef f(): return -_h()\n",
        "import re\n\n\ndef _h(): return re\n\n\ndef g(): return _h()\n\n\ndef f(): return -_h()\n",
    ),
    "below what it needs when it is imported": (
        "def g(): return _T\n\n\n_T = {}\n\n\n_Z = _T\n",
        "_T = {}\n\n\ndef f(t=_T): return t\n",
        "def g(): return _T\n\n\n_T = {}\n\n\ndef f(t=_T): return t\n\n\n_Z = _T\n",
    ),
}


@pytest.mark.parametrize(("before", "code", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_a_function_comes_into_a_module(before: str, code: str, expected: str) -> None:
    """Text before, code, text after; and the text before again once it is removed."""
    assert after(before, code) == expected


@pytest.mark.parametrize("module", ["functions.a", "functions/a.py", " `functions.a` ", "a"])
def test_a_module_is_named_by_dots_or_path(module: str) -> None:
    """As an import says it, or as git does."""
    library = into("def g(): pass\n", NEW, module)
    assert isinstance(library, Library)
    assert list(library.files) == [PATH]


def test_a_home_that_is_a_file_takes_all() -> None:
    """Where the library is one file, new functions go into it, and the first one makes it."""
    library = into("def g(): pass\n", NEW, None, home=PATH)
    assert isinstance(library, Library)
    assert list(library.files) == [PATH]
    first = apply(read({}), Add("f", NEW), "tools.py")
    assert isinstance(first, Library)
    assert dict(first.files) == {"tools.py": NEW.encode()}


@pytest.mark.parametrize(
    ("source", "code", "rule", "named"),
    [
        ("def g(): pass\ndef f(): pass\n", NEW, "exists", "revise f"),
        ("from m import f\ndef g(): return f\n", NEW, "exists", "g"),
        ("from m import *\ndef g(): return f\n", NEW, "exists", "g"),
        ("def _h(): 1\ndef g(): _h()\n", "def _h(): 2\ndef f(): _h()\n", "helper-in-use", "g"),
        ("_X = 1\ndef g(): pass\n", "_X = 2\ndef f(): _X\n", "helper-in-use", "another name"),
        ("import re\ndef g(): re\n", "import regex as re\ndef f(): re\n", "import-conflict", "g"),
        ("def g(): pow\n", "from math import pow\ndef f(): pow\n", "import-conflict", "g"),
        ("def g(): len\n", "len = 1\ndef f(): len\n", "helper-in-use", "g"),
        ("def g(): 0\n", "def other(): pass\n", "name-mismatch", "f"),
    ],
)
def test_what_would_touch_others_is_a_fault(source: str, code: str, rule: str, named: str) -> None:
    """A name that means something else to somebody there; the fault says to whom."""
    outcome = into(source, code)
    assert rules(outcome) == [rule]
    assert not isinstance(outcome, Library)
    assert named in outcome[0].message + outcome[0].mend


def test_a_module_that_is_not_there_is_a_fault() -> None:
    """With those that are."""
    outcome = into("def g(): pass\n", NEW, "functions.b")
    assert rules(outcome) == ["unknown-module"]
    assert not isinstance(outcome, Library)
    assert "functions.a" in outcome[0].mend


def test_marks_and_encodings_are_kept() -> None:
    """The file stays what it was for every editor; what it cannot say is a fault."""
    library = into(b"\xef\xbb\xbfdef g(): pass\r\n", NEW)
    assert isinstance(library, Library)
    assert library.files[PATH].startswith(
        b"\xef\xbb\xbfdef g(): pass\r\n\r\n\r\ndef f() -> int:\r\n"
    )
    latin = "# coding: latin-1\nX = 'é'\n".encode("latin-1")
    library = into(latin, "def f(): return 'ü'\n")
    assert isinstance(library, Library)
    assert library.files[PATH] == latin + "\n\ndef f(): return 'ü'\n".encode("latin-1")
    assert rules(into(latin, "def f(): return '😀'\n")) == ["encoding"]
