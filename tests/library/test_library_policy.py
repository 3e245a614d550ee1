"""The rules: what each finds, and what it must not find."""

import time

import pytest

from fnopt.errors import UsageError
from fnopt.library.function import read
from fnopt.library.policy import check, new_faults
from fnopt.library.rules.registry import RULES, Settings

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


def doing(*lines: str, **more: str) -> str:
    """A function that does something before it returns."""
    before = "".join(f"    {line}\n" for line in lines)
    return function(**more).replace("    return", f"{before}    return")


def found(source: str, *packages: str, path: str = "functions/a.py", **others: str) -> list[str]:
    """The rules that a module breaks, warnings aside."""
    files = {path: source.encode()}
    files |= {f"functions/{stem}.py": text.encode() for stem, text in others.items()}
    faults = check(read(files), Settings(packages))
    return [one.rule for one in faults if one.level == "error"]


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
    ("work-at-import", "import re\nre.x['A'] = ''\n" + function()),
    ("work-at-import", "import io\nwith io.StringIO('x') as y:\n    pass\n" + function()),
    ("work-at-import", "if 1:\n    print(1)\n" + function()),
    ("star-import", "from math import *\n" + function()),
    ("undefined-name", function(body="x * math.pi")),
    ("undefined-name", function(given="x: List[int]")),
    ("undefined-name", function(body="[x for y in z]")),
    ("undefined-name", "def _h(): return nothing\n" + function(body="_h() + x")),
    ("undefined-name", "A = B\nB = 1\n" + function(body="A + x")),
    ("import-not-allowed", "import numpy as np\n" + function(body="np.e * x")),
    (
        "import-not-allowed",
        doing("import numpy.linalg as y", body="(x, y)"),
    ),
    ("import-not-allowed", "from functions.b import c\n" + function(body="c(x)")),
]


BREAKS += [
    ("json-types", "from collections.abc import Callable\n" + function(given="x: Callable")),
    ("json-types", "import typing as t\n" + function(given="x: list[t.TextIO | None]")),
    ("json-types", "class _Odd: pass\n" + function(result="_Odd")),
    ("unused-argument", function(given="x: int, y: int")),
    ("unreachable-code", doing("return 1")),
    ("unreachable-code", doing("while True:", "    x")),
    ("reach-eval", function(body="eval(x)")),
    ("reach-eval", "from importlib import import_module as get\n" + function(body="get(x)")),
    ("reach-process", "import subprocess as sp\n" + function(body="sp.run(x)")),
    ("reach-process", "import os\n" + function(body="os.system(x)")),
    ("reach-process", "import sys\n" + function(body="sys.exit(x)")),
    ("reach-network", "from urllib import request\n" + function(body="request.urlopen(x)")),
    ("reach-network", doing("import socket", "socket.socket(x)")),
    ("reach-files", function(body="open(x).read()")),
    ("reach-files", "from pathlib import Path\n" + function(body="Path(x).read_text()")),
    ("reach-environment", "import os\n" + function(body="os.environ[x]")),
    ("reach-environment", "from os import getenv\n" + function(body="getenv(x)")),
    ("mutable-state", "_SEEN = []\n" + function(body="_SEEN.append(x)")),
    ("mutable-state", "_SEEN: dict = {}\n" + doing("_SEEN[x] = 1")),
    ("mutable-state", "_N = 0\n" + doing("global _N", "_N += x")),
    ("mutable-state", function(given="x: int, y: list = []", body="y.append(x)")),
    ("trojan-source", function(body="x  # \u202eevil")),
    ("trojan-source", function(body="'\u200b' * x")),
    ("trojan-source", "from math import pi as \u0440\u0456\n" + function(body="(\u0440\u0456, x)")
     + "pi = 3\n"),
    ("trojan-source", function(given="x: int, r\u0430te: int", body="r\u0430te * x")),
    ("trojan-source", function(given="x: int, \uff41: int", body="\uff41 * x")),
]  # fmt: skip

HOLDS_TOO = [
    function(given="x: int, _y: int"),
    "from typing import Literal, Any\n" + function(given="x: Literal['Callable', 'IO'] | Any"),
    "from collections.abc import Iterator\n" + function(result="Iterator[int]"),
    "import enum\nclass Kind(enum.Enum):\n    A = 1\n" + function(given="x: Kind"),
    "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    x: int\n"
    + function(given="x: P", result="P"),
    'def f(x: int) -> int:\n    """Do."""\n    raise NotImplementedError\n',
    doing("while True:", "    if x: break"),
    doing("for x in ():", "    continue"),
    "import re\n" + function(body="re.compile(x)"),
    "import os.path\n" + function(body="os.path.join(x)"),
    "import sys\n" + function(body="sys.maxsize + x"),
    "from pathlib import PurePath\n" + function(body="str(x).replace('a', 'b')"),
    "_TABLE = {1: 2}\n" + function(body="_TABLE.get(x)"),
    "_TABLE = [1]\n" + doing("_TABLE = []", "_TABLE.append(x)"),
    function(given="x: list", body="x.append(1)"),
    function(body="'größe ﬁ 👩‍👩‍👧' * x"),
    "größe = 3\n\u0434\u043b\u0438\u043d\u0430 = 2\n"
    + function(body="größe * \u0434\u043b\u0438\u043d\u0430 * x"),
]


@pytest.mark.parametrize("source", HOLDS_TOO)
def test_what_looks_alike_is_no_fault(source: str) -> None:
    """The cases next to the faults above."""
    assert found(source) == []


WARNS = [
    ("docstring-arguments", function()),
    ("module-name", function("other")),
    ("length", doing(*["x"] * 90)),
    ("complexity", function(body=" or ".join(f"x == {i}" for i in range(20)))),
    ("unused-import", "import re\n" + function()),
]


@pytest.mark.parametrize(("rule", "source"), WARNS)
def test_what_is_a_matter_of_taste_is_a_warning(rule: str, source: str) -> None:
    """It is told, refuses nothing, and can be made an error."""
    library = read({"functions/f.py": source.encode()})
    (fault,) = (one for one in check(library) if one.rule == rule)
    assert (fault.level, new_faults(read({}), library)) == ("warning", ())
    strict = Settings.of(levels={rule: "error"})
    assert [one.rule for one in new_faults(read({}), library, strict)] == [rule]
    assert rule not in {one.rule for one in check(library, Settings.of(levels={rule: "off"}))}


ACROSS = [
    ("duplicate", function("g", given="y: int", body="[y for z in range(y)]")),
    ("call-mismatch", "from functions.a import f\n" + function("g", body="f(x, 2)")),
    ("missing-import", "from functions.a import h as f\n" + function("g", body="f(x)")),
]


@pytest.mark.parametrize(("rule", "other"), ACROSS)
def test_rules_that_look_at_several_modules(rule: str, other: str) -> None:
    """The same function with other names; a call that does not fit; a name that is not there."""
    source = function(body="[x for n in range(x)]")
    assert found(source, b=other) == [rule]
    changed = (
        other.replace("range(y)", "range(y + 1)").replace("f(x, 2)", "f(x)").replace("h as f", "f")
    )
    assert found(source, b=changed) == []


def test_a_line_may_ask_for_silence() -> None:
    """People may say that they mean it, for one rule or for all."""
    asked = function(given="x: int, y: int").replace(
        ":\n", ":  # fnopt: ignore[unused-argument]\n", 1
    )
    assert found(asked) == []
    assert found(asked.replace("[unused-argument]", "")) == []
    assert found(asked.replace("unused-argument", "length")) == ["unused-argument"]


def test_an_unknown_rule_is_a_usage_error() -> None:
    """The nearest known one is named."""
    with pytest.raises(UsageError) as told:
        Settings.of(levels={"unused-arguments": "off"})
    assert "unused-argument?" in told.value.mend


@pytest.mark.parametrize(("rule", "source"), BREAKS)
def test_a_rule_finds_what_it_is_for(rule: str, source: str) -> None:
    """Each fault knows its rule, and none comes alone from elsewhere."""
    assert set(found(source)) == {rule}


HOLDS = [
    function("a" * 64),
    function(given="x: int, /, *, y: int = 1", body="x + y"),
    "async " + function(),
    'def _h(a, *b): return print\n\n\ndef f() -> None:\n    """Do."""\n    _h(1)\n',
    'def f(x: "Unknown") -> None:\n    """Do."""\n    x.y()\n',
    "from __future__ import annotations\nfrom typing import TypedDict\n"
    + function(given="x: _Late")
    + "class _Late(TypedDict): pass\n",
    "import re\nA = re.compile('x')\nB: dict[str, int] = {'a': 1}\nC = [i for i in range(3)]\n",
    "A = 'a b'.split()\nB = frozenset({1})\nimport math\nC = math.sqrt(2) + max(1, 2)\n",
    "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from datetime import date\n",
    'def main() -> None:\n    """Do."""\nif __name__ == "__main__":\n    main()\n',
    "from functools import cache\n@cache\n" + function(),
    function(body="[y for x in range(x) if (y := x)] and (lambda z=x: z) and y"),
    "class _A:\n    b = 1\n    c = b\n    def d(self): return __class__\n",
    doing("try: 0", "except OSError as e: e", "match x:", "    case [y, *z]: y, z"),
    "globals().update(a=1)\n" + function(body="a + x"),
]


@pytest.mark.parametrize("source", HOLDS)
def test_rules_leave_right_code_alone(source: str) -> None:
    """What people write every day is no fault."""
    assert [one for one in found(source) if one != "work-at-import"] == []
    assert "globals" in source or found(source) == []


def test_packages_and_own_modules_may_be_imported() -> None:
    """What the configuration lists, with its submodules, and the library itself."""
    source = "import numpy.linalg as l\nfrom . import b\nfrom functions.b import g\n" + function(
        body="(l, b, g, x)"
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
    found = check(read({"functions/a.py": source.encode()}))
    faults = [one for one in found if one.level == "error"]
    assert [(one.rule, one.file, one.line) for one in faults] == [
        ("undefined-name", "functions/a.py", 5)
    ]
    assert "math" in faults[0].message
    assert faults[0].mend


def test_every_rule_is_shown_here() -> None:
    """A rule without a pair of examples is not done."""
    shown = {rule for rule, _ in (*BREAKS, *WARNS, *ACROSS)} | {"module", "import-not-installed"}
    assert {name for name, rule in RULES.items() if rule.module or rule.library} <= shown


def test_unreadable_files_are_faults_too() -> None:
    """What could not be read comes first."""
    assert found("def f(:\n") == ["syntax"]


OLD = "def bad(x):\n    return x, y\nprint(1)\n"


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
    after = OLD + "def worse(x):\n    return x\n"
    assert {function for _, function in new(OLD, after)} == {"worse"}
    assert {rule for rule, _ in new(OLD, OLD.replace("y\n", "z\n"))} == {
        "annotations",
        "docstring",
        "undefined-name",
    }


def test_a_fault_that_comes_a_second_time_is_new() -> None:
    """Faults are counted, not only named."""
    assert new(OLD, OLD + "print(2)\n") == [("work-at-import", None)]


def test_what_an_edit_breaks_elsewhere_is_new() -> None:
    """A helper that vanishes is missed by a function that did not change."""
    before = "def _h(): return 1\n" + function(body="_h() + x")
    assert new(before, function(body="_h() + x")) == [("undefined-name", "f")]


def test_checking_a_thousand_functions_again_is_cheap() -> None:
    """Rules look at a module once for its content."""
    files = {
        f"functions/f{i}.py": function(f"f{i}", body=f"x + {i}").encode() for i in range(1_000)
    }
    settings = Settings(levels=(("docstring-arguments", "off"),))
    assert check(read(files), settings) == ()
    changed = {**files, "functions/f1.py": function("f1", body="-x").encode()}
    began = time.perf_counter()
    assert check(read(changed), settings) == ()
    assert time.perf_counter() - began < 0.5


def test_an_allowed_package_that_is_not_installed_is_told() -> None:
    """With the command that mends it; other packages and relative imports are meant by no name."""
    text = "import numpy as np\nfrom numpy.linalg import norm\nimport numpy2\nfrom . import numpy\n"
    library = read({"functions/a.py": text.encode()})
    settings = Settings.of(("numpy", "numpy2"), absent=("numpy",))
    found = [one for one in check(library, settings) if one.rule == "import-not-installed"]
    assert [(one.line, one.level) for one in found] == [(1, "warning"), (2, "warning")]
    assert "pip install numpy" in found[0].mend
