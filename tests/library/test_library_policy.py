"""The rules: what each finds, and what it must not find."""

import time

import pytest

from fnopt.library.function import read
from fnopt.library.policy import RULES, check, new_faults

GOOD = '''"""Circles."""

import math
from dataclasses import dataclass

PI = math.pi
NAMES = ("a", "b")


@dataclass
class _Point:
    x: int = 0


def area(radius: float) -> float:
    """Area of a circle."""
    return PI * radius**2 + _Point().x
'''
ONE = 'def {0}({1}) -> {2}:\n    """Do."""\n    return {3}\n'


def function(name: str = "f", given: str = "x: int", result: str = "int", body: str = "x") -> str:
    """A function that no rule finds fault with, unless told."""
    return ONE.format(name, given, result, body)


def found(source: str, *packages: str, path: str = "functions/a.py", **others: str) -> list[str]:
    """The rules that a module breaks."""
    files = {path: source.encode()}
    files |= {f"functions/{stem}.py": text.encode() for stem, text in others.items()}
    return [one.rule for one in check(read(files), packages)]


def test_good_code_has_no_faults() -> None:
    """Constants, dataclasses, helpers and a docstring are what a module should have."""
    assert found(GOOD) == []


BREAKS = [
    ("syntax", "def _h():\n    nonlocal x\n" + function()),
    ("syntax", "def f(x: int) -> int:\n"),
    ("syntax", function(given="x: int, x: int")),
    ("name", function("countLetter")),
    ("name", function("print")),
    ("name", function("größe")),
    ("name", function("a" * 65)),
    ("annotations", function(given="x")),
    ("annotations", 'def f(x: int):\n    """Do."""\n    return x\n'),
    ("docstring", "def f(x: int) -> int:\n    return x\n"),
    ("docstring", 'def f(x: int) -> int:\n    """ """\n    return x\n'),
    ("varargs", function(given="x: int, *args: int")),
    ("varargs", function(given="x: int, **more: int")),
    ("work-at-import", "print(1)\n" + function()),
    ("work-at-import", "for i in range(3):\n    pass\n" + function()),
    ("work-at-import", "def _load(): return 1\nA = _load()\n" + function()),
    ("work-at-import", "import os\nos.environ['A'] = ''\n" + function()),
    ("work-at-import", "with open('x') as y:\n    pass\n" + function()),
    ("work-at-import", "if 1:\n    print(1)\n" + function()),
    ("star-import", "from math import *\n" + function()),
    ("undefined-name", function(body="math.pi")),
    ("undefined-name", function(given="x: List[int]")),
    ("undefined-name", function(body="[y for y in z]")),
    ("undefined-name", "def _h(): return nothing\n" + function(body="_h()")),
    ("undefined-name", "A = B\nB = 1\n" + function(body="A")),
    ("import-not-allowed", "import numpy as np\n" + function(body="np.e")),
    ("import-not-allowed", function(body="__import__('x')\n    import numpy.linalg")),
    ("import-not-allowed", "from functions.b import c\n" + function(body="c")),
]


@pytest.mark.parametrize(("rule", "source"), BREAKS)
def test_a_rule_finds_what_it_is_for(rule: str, source: str) -> None:
    """Each fault knows its rule, and none comes alone from elsewhere."""
    assert set(found(source)) == {rule}


HOLDS = [
    function("a" * 64),
    function(given="x: int, /, *, y: int = 1"),
    "async " + function(),
    'def _h(a, *b): return print\n\n\ndef f() -> None:\n    """Do."""\n    _h()\n',
    'def f(x: "Unknown") -> None:\n    """Do."""\n',
    "from __future__ import annotations\n" + function(given="x: _Late") + "class _Late: pass\n",
    "import re\nA = re.compile('x')\nB: dict[str, int] = {'a': 1}\nC = [i for i in range(3)]\n",
    "A = 'a b'.split()\nB = frozenset({1})\nimport math\nC = math.sqrt(2) + max(1, 2)\n",
    "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from datetime import date\n",
    'def main() -> None:\n    """Do."""\nif __name__ == "__main__":\n    main()\n',
    "from functools import cache\n@cache\n" + function(),
    function(body="[y for x in range(x) if (y := x)] and (lambda z=x: z) and y"),
    "class _A:\n    b = 1\n    c = b\n    def d(self): return __class__\n",
    "def _f():\n    global _STATE\n    _STATE = 1\n" + function(body="_STATE"),
    function(
        body="x\n    try: 0\n    except OSError as e: e\n    match x:\n        case [y, *z]: y, z"
    ),
    "globals().update(a=1)\n" + function(body="a"),
]


@pytest.mark.parametrize("source", HOLDS)
def test_rules_leave_right_code_alone(source: str) -> None:
    """What people write every day is no fault."""
    assert [one for one in found(source) if one != "work-at-import"] == []
    assert "globals" in source or found(source) == []


def test_packages_and_own_modules_may_be_imported() -> None:
    """What the configuration lists, with its submodules, and the library itself."""
    source = "import numpy.linalg as l\nfrom . import b\nfrom functions.b import g\n" + function(
        body="(l, b, g)"
    )
    other = function("g")
    assert found(source, "numpy", b=other) == []
    assert found(source, b=other) == ["import-not-allowed"]
    assert found("import numpyish\n", "numpy") == ["import-not-allowed"]


def test_a_path_that_cannot_be_imported_is_found() -> None:
    """A dash in a file's name keeps its functions from ever being called."""
    assert found(function(), path="functions/my-tools.py") == ["module"]
    assert found(function(), path="functions/class.py") == ["module"]


def test_a_fault_says_what_where_and_how_to_mend_it() -> None:
    """The classic: a module that was never imported."""
    source = GOOD.replace("import math\n", "")
    faults = check(read({"functions/a.py": source.encode()}))
    assert [(one.rule, one.file, one.line) for one in faults] == [
        ("undefined-name", "functions/a.py", 5)
    ]
    assert "math" in faults[0].message
    assert faults[0].mend


def test_every_rule_is_shown_here() -> None:
    """A rule without a pair of examples is not done."""
    shown = {rule for rule, _ in BREAKS} | {"module"}
    assert set(RULES) <= shown


def test_unreadable_files_are_faults_too() -> None:
    """What could not be read comes first."""
    assert found("def f(:\n") == ["syntax"]


OLD = "def bad(x):\n    return y\nprint(1)\n"


def new(before: str, after: str) -> list[tuple[str, str | None]]:
    """What of the faults of the second version is new."""
    libraries = [read({"functions/a.py": text.encode()}) for text in (before, after)]
    return [(one.rule, one.function) for one in new_faults(*libraries)]


def test_old_faults_do_not_block_an_edit() -> None:
    """Also when they move to another line."""
    assert new(OLD, OLD) == []
    assert new(OLD, "\n\n" + function() + OLD) == []


def test_a_function_that_changes_must_be_right() -> None:
    """All of its faults count, those of its neighbours do not."""
    after = OLD + "def worse(x):\n    return 1\n"
    assert {function for _, function in new(OLD, after)} == {"worse"}
    assert {rule for rule, _ in new(OLD, OLD.replace("y", "z"))} == {
        "annotations",
        "docstring",
        "undefined-name",
    }


def test_a_fault_that_comes_a_second_time_is_new() -> None:
    """Faults are counted, not only named."""
    assert new(OLD, OLD + "print(2)\n") == [("work-at-import", None)]


def test_what_an_edit_breaks_elsewhere_is_new() -> None:
    """A helper that vanishes is missed by a function that did not change."""
    before = "def _h(): return 1\n" + function(body="_h()")
    assert new(before, function(body="_h()")) == [("undefined-name", "f")]


def test_checking_a_thousand_functions_again_is_cheap() -> None:
    """Rules look at a module once for its content."""
    files = {f"functions/m{i}.py": function(f"f{i}").encode() for i in range(1_000)}
    library = read(files)
    assert check(library) == ()
    began = time.perf_counter()
    assert check(read({**files, "functions/m1.py": function("f1", body="-x").encode()})) == ()
    assert time.perf_counter() - began < 0.5
