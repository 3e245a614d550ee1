"""libcst is in the path of every edit: it validates, it finds the spans, and nothing hangs it."""

import subprocess
import sys
import time

import pytest

from fnopt.library.concrete import anchored, import_line
from fnopt.library.edit import Add, Edit, Remove, Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.module import Module, read_module
from fnopt.library.scope import Import
from fnopt.records import Fault

NEW = "def f() -> int:\n    return 2\n"
OLD = "def f() -> int:\n    return 1\n"
REFUSED = [  # by libcst; ast reads all of it
    "def g():\n    ((x)): int = 1\n",
    "def g():\n    yield*a\n",
]


def module(source: str) -> Module:
    """The source as ast reads it."""
    made = read_module("functions/a.py", source.encode())
    assert isinstance(made, Module)
    return made


def edited(source: str, edit: Edit) -> Library | tuple[Fault, ...]:
    """``functions/a.py`` after the edit."""
    return apply(read({"functions/a.py": source.encode()}), edit, "functions")


def fault(outcome: Library | tuple[Fault, ...]) -> Fault:
    """The one fault of an edit that was refused."""
    assert not isinstance(outcome, Library)
    (one,) = outcome
    return one


@pytest.mark.parametrize("edit", [Revise("f", NEW), Remove("f")])
@pytest.mark.parametrize("source", REFUSED)
def test_a_file_that_libcst_cannot_read_is_not_edited(source: str, edit: Edit) -> None:
    """It is read and offered as before; an edit of it is a fault that says so."""
    one = fault(edited(f"{source}\n\n{OLD}", edit))
    assert (one.rule, one.file) == ("cst", "functions/a.py")
    assert one.mend


@pytest.mark.parametrize(("edit", "before"), [(Add, ""), (Revise, OLD)])
def test_code_that_libcst_cannot_read_is_refused(edit: type[Add | Revise], before: str) -> None:
    """Before anything of it comes near a file; the fault is the code's own, with its line."""
    one = fault(edited(before, edit("f", "def f():\n    ((x)): int = 1\n")))
    assert (one.rule, one.file, one.line) == ("cst", None, 2)


@pytest.mark.parametrize(
    "code",
    [
        "X = 1\n\x0c\n\x0cdef f(): return X\n",
        "def f():\n  x = 1\n  # i\n\n # j\n",
    ],
)
def test_code_must_come_back_byte_for_byte(code: str) -> None:
    """What libcst would write otherwise is not spliced."""
    assert fault(edited("", Add("f", code))).rule == "cst"


def test_a_file_with_form_feeds_keeps_the_spans_of_ast() -> None:
    """Where libcst would not give the file back, nothing is taken from it."""
    made = module(f"x = 1\n\x0c{OLD}")
    assert anchored(made) is made
    assert not made.concrete


HEAVY = {
    "a sum": "    return 1" + " + 1" * 150,
    "calls of calls": "    return x" + "()" * 150,
    "brackets": "    return " + "[" * 120 + "]" * 120,
    "branches": "    if a: pass\n" + "    elif a: pass\n" * 150,
    "strings in a row": "    return ('' " + "'' " * 5_000 + ")",
    "a dotted name": "    import " + "a." * 20_000 + "a",
    "a dotted module": "    from " + "a." * 20_000 + "a import b",
    "a pattern": "    match 1:\n        case " + "(" * 30 + "y" + ",)" * 30 + ": pass",
    "a pattern in parentheses": "    match 1:\n        case " + "(" * 60 + "y" + ")" * 60 + ": 0",
    "del": "    del " + "(" * 30 + "y" + ",)" * 30,
    "del on a line": "    if a: x = 1; del " + "(" * 30 + "y" + ",)" * 30,
    "tokens": "    return [" + "1, " * 40_000 + "]",
}
RULES = {"depth", "too-complex"}


@pytest.mark.parametrize("body", HEAVY.values(), ids=HEAVY.keys())
def test_what_would_hang_libcst_never_reaches_it(body: str) -> None:
    """In the code and in the file: a fault with its line, at once."""
    code = f"def f():\n{body}\n"
    file = f"{OLD}\n\n{code.replace('f()', 'g()', 1)}\n"
    began = time.perf_counter()
    for outcome, line in ((edited("", Add("f", code)), 2), (edited(file, Remove("f")), 6)):
        one = fault(outcome)
        assert one.rule in RULES
        assert one.line is not None
        assert one.line >= line
    assert time.perf_counter() - began < 10


LIGHT = [
    "    return 1" + " + 1" * 80,
    "    return 'a' " + "'b' " * 80,
    "    match 1:\n        case [(1, {'a': [A(b=(1 | 2))]})]: return f(g(h([[[[1]]]])))",
    "    return " + "(" * 80 + "1" + ")" * 80,
    "    return [" + "1, " * 5_000 + "]",
    "    case = f(g(h(i(j(k(l(1)))))))",
]


@pytest.mark.parametrize("body", LIGHT)
def test_what_people_write_passes(body: str) -> None:
    """The caps are far from real code."""
    assert isinstance(edited("", Add("f", f"def f():\n{body}\n")), Library)


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        ("# a\n\n# b\n@c\ndef f(): pass\n", ["# b\n@c\ndef f(): pass\n"]),
        ("#!x\n# coding: utf-8\n# b\nx = 1\n", ["# b\nx = 1\n"]),
        ("x = 1; y = 2 # c\n", ["x = 1", "y = 2"]),
        ("def f():\n  1\n\n  # i\n# o\nx = 1", ["def f():\n  1\n\n  # i\n", "# o\nx = 1"]),
        ("x = 1\n  # i\n\n# o\n\ny = 'é'\nz = 1\n", ["x = 1\n  # i\n", "y = 'é'\n", "z = 1\n"]),
        ('"""D."""\r\n@a\r\n# b\r\n@c\r\nclass C: 1\r\n', None),
        ("if x:\n    pass\n ", ["if x:\n    pass\n"]),
    ],
)
def test_a_statement_is_its_lines_and_the_comments_above(
    source: str, spans: list[str] | None
) -> None:
    """Decorators and indented comments below belong to it; a neighbour's do not."""
    made = module(source)
    found = anchored(made)
    assert isinstance(found, Module)
    assert found.concrete
    assert found.statements == made.statements
    if spans is not None:
        sources = [found.source(one, comments=True).decode() for one in found.statements]
        assert sources == spans


def test_statements_on_one_line_are_seen_as_such_across_a_backslash() -> None:
    """Where lines alone would mislead: cutting one would leave its semicolon behind."""
    found = anchored(module("x = 1; \\\ny = 2\n"))
    assert isinstance(found, Module)
    assert [found.source(one) for one in found.statements] == [b"x = 1", b"y = 2"]
    assert not any(one.alone for one in found.statements)


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ([Import("a.b", None, None, 0, 1), Import("c", None, "d", 0, 1)], "import a.b, c as d\n"),
        ([Import("a.b", "c", None, 0, 1)], "from a.b import c\n"),
        ([Import("", "c", "d", 2, 1), Import("", "e", None, 2, 1)], "from .. import c as d, e\n"),
        ([Import("a", "é", None, 1, 1)], "from .a import é\n"),
    ],
)
def test_an_import_is_written_as_people_do(imports: list[Import], expected: str) -> None:
    """Absolute and relative, renamed or not."""
    assert import_line(imports).decode() == expected


def test_nobody_pays_for_libcst_before_the_first_edit() -> None:
    """Importing the program and reading a library leave it alone."""
    code = (
        "import sys; import fnopt.cli.main, fnopt.train.screen, fnopt.library.proposal;"
        "from fnopt.library.edit import Add, apply; from fnopt.library.function import read;"
        "library = read({'f/a.py': b'def a(): pass'}); assert 'libcst' not in sys.modules;"
        "apply(library, Add('b', 'def b(): return 1'), 'f'); assert 'libcst' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
