"""Reading a library: what a function is, and that nothing in a file can break the reader."""

import sys
import time

import pytest

from fnopt.library.function import Library, read
from fnopt.library.source import MAX_BYTES
from fnopt.records import Fault

DATES = b'''"""Dates."""
import re

_FORMAT = "%Y"


# Parses what people write.
@cache
async def parse_date(text: str, *, day_first: bool = False) -> "date | None":
    """Parse a date.

    More of it.
    """
    return _parse(text)
    # the end


def _parse(text):
    return text
'''


def only_fault(files: dict[str, bytes]) -> Fault:
    """The one fault of the files; no function may come with it."""
    library = read(files)
    assert library.functions == ()
    (fault,) = library.faults
    return fault


def test_a_function_is_read_with_all_that_it_says() -> None:
    """Name, module, place, text, signature and docstring come from the file alone."""
    function = read({"functions/dates.py": DATES}).get("parse_date")
    assert function is not None
    assert (function.module, function.path, function.line) == (
        "functions.dates",
        "functions/dates.py",
        9,
    )
    assert function.source.startswith("# Parses what people write.\n@cache\nasync def")
    assert function.source.endswith("    # the end\n")
    assert function.signature == (
        "parse_date(text: str, *, day_first: bool=False) -> 'date | None'"
    )
    assert (function.summary, function.doc) == ("Parse a date.", "Parse a date.\n\nMore of it.")
    assert function.is_async


def test_private_nested_and_conditional_definitions_are_not_functions() -> None:
    """Only a public def at the top level is offered."""
    source = (
        b"if 1:\n    def a(): pass\ndef _b():\n    def c(): pass\nclass D:\n    def e(self): 0\n"
    )
    assert read({"f/a.py": source}).functions == ()


def test_functions_are_sorted_and_packages_take_part() -> None:
    """A function of an ``__init__.py`` belongs to the package."""
    library = read({"f/z.py": b"def a(): pass\n", "f/__init__.py": b"def b(): pass\n"})
    assert [(one.name, one.module) for one in library.functions] == [("a", "f.z"), ("b", "f")]


def test_a_header_is_not_a_comment_of_the_first_function() -> None:
    """The lines that make a file a script or say its coding stay with the file."""
    library = read({"f/a.py": b"#!/usr/bin/env python\n# coding: utf-8\n# mine\ndef a(): pass\n"})
    assert library.functions[0].source == "# mine\ndef a(): pass\n"


def test_two_functions_of_one_name_are_a_fault_with_both_places() -> None:
    """Agents call by name alone; the first of two files stays, and the fault names both."""
    library = read({"f/a.py": b"\ndef x(): pass\n", "f/b.py": b"def x(): return 1\n"})
    (fault,) = library.faults
    assert "f/a.py:2" in fault.message
    assert "f/b.py:1" in fault.message
    assert [one.path for one in library.functions] == ["f/a.py"]


def test_the_variants_of_an_overload_are_one_function() -> None:
    """``@overload`` declares; the last definition is the function."""
    source = b"@overload\ndef a(x: int): ...\n@typing.overload\ndef a(x: str): ...\ndef a(x): 0\n"
    library = read({"f/a.py": source})
    assert library.faults == ()
    assert [one.line for one in library.functions] == [5]


@pytest.mark.parametrize(
    ("data", "rule", "line"),
    [
        (b"x = 1\ny = '\xe9'\n", "encoding", 2),
        (b"x = 1\ny = '\0'\n", "encoding", 2),
        (b"# coding: no-such\n", "encoding", 1),
        (b"# coding: utf-7\nx = 1\n", "encoding", 1),
        (b"# coding: ascii\nx = '\xe9'\n", "encoding", 1),
        (b"\xef\xbb\xbf# coding: latin-1\nx = '\xe9'\n", "encoding", 2),
        (b"def a(:\n", "syntax", 1),
        (b"x = 1\n<<<<<<< HEAD\nx = 2\n=======\n>>>>>>> b\n", "syntax", 2),
        (b"def a[T(x): pass\n", "syntax", 1),
        (b"def a():\n\tif 1:\n        pass\n", "syntax", 3),
        (b"x = " + b"(" * 10_000 + b")" * 10_000, "syntax", 1),
        (b"x = " + b"9" * 5_000, "syntax", 1),
        (b"y = 1\n\nx = " + b"-" * 20_000 + b"1", "depth", 3),
        (b"y = 1\ndef f(x):\n    if x: 0\n" + b"    elif x: 1\n" * 4_000, "depth", 2),
        (b"x = 1\ny = " + b"lambda: " * 60 + b"1", "depth", 2),
        (b"x = 1\n" * MAX_BYTES, "size", None),
        (b"def f(): 0\n" * 12_000, "size", None),
        (b"class C:\n" + b"    def m(self): 0\n" * 12_000, "size", 1),
        (b"x = [" + b"1," * 210_000 + b"]\n", "size", 1),
        (b"from __future__ import barry_as_FLUFL\nx = 1\n", "syntax", 1),
    ],
)
def test_what_cannot_be_read_is_a_fault_with_its_place(
    data: bytes, rule: str, line: int | None
) -> None:
    """A file that no parser should see costs its own functions, and milliseconds."""
    began = time.perf_counter()
    fault = only_fault({"f/a.py": data})
    assert (fault.rule, fault.file) == (rule, "f/a.py")
    assert line is None or fault.line == line
    assert fault.mend
    assert time.perf_counter() - began < 5


def test_an_unreadable_file_leaves_the_others() -> None:
    """One broken file does not take the library with it."""
    library = read({"f/a.py": b"def a(: pass", "f/b.py": b"def b(): pass\n"})
    assert [one.name for one in library.functions] == ["b"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdef a() -> int:\n    return 1\n",
        b"def a() -> int:\r\n    return 1\r\n",
        b"def a() -> int:\r    return 1\r",
        b"x = 1\n\x0c\n\x0cdef a() -> int:\n\x0c    return 1\n",
        b"def a() -> int:\n\treturn 1",
        b"def a() -> int: return 1\\\n\n",
        b"def a() -> int: return 1\\\n\nx = 1\\\n\n",
        b"def a() -> int: return 1\\\n# c",
        b"def a() -> int: return 1  # c\\\n\nx = 1\\\n\\\n# c\\\ny = 1\n",
        "# coding: latin-1\ny = 'é'\ndef a() -> int: return 1\n".encode("latin-1"),
        "y = 'é😀'; z = 2\ndef a() -> int: return 1\n".encode(),
        b"x = 1" + b" + 1" * 900 + b"\ndef a() -> int: return 1\n",
        b"s = (" + b"'a' " * 20_000 + b")\ndef a() -> int: return 1\n",
        b"x = [" + b"1, " * 30_000 + b"]\ndef a() -> int: return 1\n",
        b"class C:\n" + b"    def m(self): 0\n" * 5_000 + b"def a() -> int: return 1\n",
    ],
)
def test_odd_but_right_files_are_read(data: bytes) -> None:
    """Marks, line ends, form feeds, tabs, other encodings and long files are no trouble."""
    library = read({"f/a.py": data})
    assert library.faults == ()
    assert library.functions[0].signature == "a() -> int"
    assert "return 1" in library.functions[0].source


def test_a_docstring_that_spells_half_a_character_is_cleaned() -> None:
    """What is read can be written to any file or database."""
    library = read({"f/a.py": b'def a():\n    "\\ud800 x"\n'})
    assert library.functions[0].doc.encode("utf-8") == b"? x"


def test_a_number_too_long_to_print_does_not_break_the_signature() -> None:
    """A hexadecimal default of 20,000 digits parses and has no decimal form."""
    library = read({"f/a.py": b"def a(x: int = 0x" + b"f" * 20_000 + b"): pass\n"})
    assert library.functions[0].signature.startswith("a(")


def test_the_digest_is_of_paths_and_contents() -> None:
    """The order of files does not count, each byte of them does."""
    a, b = ("f/a.py", b"x = 1\n"), ("f/b.py", b"y = 1\n")
    assert read(dict([a, b])) == read(dict([b, a]))
    assert read(dict([a, b])).digest != read({"f/a.py": b[1], "f/b.py": a[1]}).digest
    assert read(dict([a])) != read(dict([b]))


def test_reading_a_thousand_modules_again_is_cheap() -> None:
    """Modules are kept by content: after one edit only one of them is parsed."""
    files = {f"f/m{i}.py": b"def f%d(n: int) -> int:\n    return n\n" % i for i in range(1_000)}
    read(files)
    began = time.perf_counter()
    library = read({**files, "f/m7.py": b"def other(): pass\n"})
    assert time.perf_counter() - began < 0.15
    assert isinstance(library, Library)
    assert len(library.functions) == 1_000


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ("type X = int", "3.12"),
        ("def first[T](given: list[T]) -> T: ...", "3.12"),
        ("class Pair[T]: ...", "3.12"),
        ("x = f'{y['a']}'", "3.12"),
        ("def first[T = int](given: T) -> T: ...", "3.13"),
        ("x = t'{y}'", "3.14"),
        ("try: ...\nexcept ValueError, TypeError: ...", "3.14"),
    ],
)
def test_the_syntax_of_a_newer_python_is_told(source: str, version: str) -> None:
    """Where this one cannot parse it, the mend names the version that could."""
    faults = read({"f/a.py": f"{source}\n".encode()}).faults
    here = "{}.{}".format(*sys.version_info)
    if tuple(map(int, version.split("."))) > sys.version_info[:2]:
        (fault,) = faults
        assert f"Python {version}" in fault.mend and here in fault.mend
    else:
        assert [fault.rule for fault in faults if fault.rule == "syntax"] == []


@pytest.mark.parametrize("source", ["print 'x'", "x = 3 3", "x = f'{y'", "def f(: pass"])
def test_plain_mistakes_are_not_called_new(source: str) -> None:
    """A mend that leads astray is worse than a plain one."""
    (fault,) = read({"f/a.py": f"{source}\n".encode()}).faults
    assert fault.mend.startswith("Write syntax that Python")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_last_line_that_goes_on_is_refused_whatever_its_end(end: bytes) -> None:
    """CPython takes it with CRLF alone, and the function's source is told with LF."""
    (fault,) = read({"functions/a.py": b"def f(): x\\" + end}).faults
    assert (fault.rule, fault.line) == ("syntax", 1)
    assert not read({"functions/a.py": b"def f(): x\\" + end * 2}).faults


def test_every_kind_of_line_end_is_one_line() -> None:
    """Lines and sources are those of the same file with LF."""
    told = read({"functions/a.py": b"\n\n\ndef f():\n    r\n\n\ndef g(): r\n"}).functions
    mixed = read({"functions/a.py": b"\r\r\n\rdef f():\r    r\r\n\n\rdef g(): r\n"}).functions
    assert [(one.line, one.source) for one in mixed] == [(one.line, one.source) for one in told]
