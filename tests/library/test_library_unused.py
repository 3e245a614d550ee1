"""Imports that nobody needs any more: fnopt's go, people's stay and are named."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Remove, Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.ours import Ours
from fnopt.library.unused import unused, unused_imports

PATH = "functions/a.py"
G = "\n\ndef g(): pass\n"
NEW = "def f(): return 1\n"


def left(source: str, edit: Remove | Revise, *mine: str) -> tuple[str, list[str]]:
    """The file after the edit where fnopt brought the names ``mine``; what is left unused."""
    library = read({PATH: source.encode()})
    imports = [
        one for statement in library.modules[PATH].statements for one in statement.names.imports
    ]
    known = Ours(frozenset(one.key for one in imports if one.bound in mine))
    after = apply(library, edit, "functions", lambda _: known)
    assert isinstance(after, Library), after
    return after.files[PATH].decode(), [str(one) for one in unused_imports(library, after)]


F = "\n\n\ndef f(): return re, pi, _h()\n\n\ndef _h(): return tau\n"


@pytest.mark.parametrize("edit", [Remove("f"), Revise("f", NEW)])
@pytest.mark.parametrize(
    ("imports", "mine", "expected", "reported"),
    [
        ("import re\nfrom math import pi, tau", "re pi tau", "", []),
        (
            "import re\nfrom math import pi, tau",
            "",
            "import re\nfrom math import pi, tau",
            ["import re", "from math import pi", "from math import tau"],
        ),
        (
            "import re\nfrom math import (\n    e,\n    pi,\n    tau,\n)",
            "re tau",
            "from math import (\n    e,\n    pi,\n)",
            ["from math import pi"],
        ),
        (
            "import abc, re\nfrom math import pi as pi, tau",
            "re tau",
            "import abc\nfrom math import pi as pi",
            [],
        ),
    ],
)
def test_what_people_imported_stays_and_is_reported(
    edit: Remove | Revise, imports: str, mine: str, expected: str, reported: list[str]
) -> None:
    """For a removal as for a revision; an import that was idle before is no news."""
    text, told = left(imports + F + G, edit, *mine.split())
    body = G.lstrip("\n") if isinstance(edit, Remove) else NEW + G
    assert text == (f"{expected}\n\n\n" if expected else "") + body
    assert told == reported


@pytest.mark.parametrize("other", ["def g(): return re", "def g(x: 're.Match'): ...", "X = re"])
def test_what_others_need_stays_whoever_brought_it(other: str) -> None:
    """Also a quoted annotation."""
    text, told = left(f"import re\n\n\ndef f(): return re\n\n\n{other}\n", Remove("f"), "re")
    assert text == f"import re\n\n\n{other}\n"
    assert told == []


def test_history_is_asked_only_when_it_matters() -> None:
    """It takes a walk through the log."""
    source = "import re\n\n\ndef f(): return 1\n\n\ndef g(): return re\n"

    def ours(path: str) -> Ours:
        raise AssertionError(f"asked for {path}")

    library = read({PATH: source.encode()})
    assert isinstance(apply(library, Remove("f"), "functions", ours), Library)
    revised = Revise("f", "def f(): return 2\n")
    assert isinstance(apply(library, revised, "functions", ours), Library)


def test_a_file_that_was_there_before_its_function_stays() -> None:
    """A docstring that people wrote, say; a file that came with the function goes with it."""
    library = read({PATH: b'"""Doc."""\n\n\ndef f(): pass\n'})
    came = Ours(functions=frozenset({"f"}))
    after = apply(library, Remove("f"), "functions", lambda _: came)
    assert isinstance(after, Library)
    assert dict(after.files) == {PATH: b'"""Doc."""\n'}
    for other in (Ours(whole=True), Ours()):
        after = apply(library, Remove("f"), "functions", lambda _, other=other: other)
        assert isinstance(after, Library)
        assert not after.files


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import re\n", ["import re"]),
        (
            "import a.b, c as d\nfrom .x import y as z\n",
            ["import a.b", "import c as d", "from .x import y as z"],
        ),
        ("import re\nX = re\n", []),
        ("import re\ndef f(x: 're.Match'): ...\n", []),
        ("import re\n__all__ = ['re']\n", []),
        ("import re  # noqa: F401\n", []),
        ("import re as re\nfrom x import y as y\n", []),
        ("from x import *\n", []),
        ("import re\ndef f(): return globals()\n", []),
        ("from __future__ import annotations\n", []),
        ("try:\n    import re\nexcept ImportError:\n    pass\n", []),
    ],
)
def test_unused_imports_are_found(source: str, found: list[str]) -> None:
    """Those that are there for a reason are not."""
    library = read({PATH: source.encode()})
    assert [str(one) for one in unused(library, library.modules[PATH])] == found


def test_what_another_module_takes_is_used() -> None:
    """By name, or as an attribute."""
    files = {PATH: b"import re\nimport abc\n", "functions/__init__.py": b"import os\n"}
    for taker in (b"from .a import re, abc\n", b"from functions import a\nX = a.re, a.abc\n"):
        library = read({**files, "functions/b.py": taker})
        assert unused(library, library.modules[PATH]) == ()
        assert unused(library, library.modules["functions/__init__.py"]) == ()
