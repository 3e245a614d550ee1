"""Bad input, from outside: whatever lies in the library, a fault with its place, and soon."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Fnopt, Git, write

LONGEST = 5
"""Seconds of processor time that no command may take, whatever it meets."""

DOC = '"""Do it.\n\n    Args:\n        x: What.\n    """'
GOOD = f"def good(x: int) -> int:\n    {DOC}\n    return x\n".encode()
FINE = GOOD.replace(b"good", b"fine").replace(b"return x", b"return 5 - 4 * x % 3")
Told = tuple[str, int | None] | None
"""The rule and the line of the one fault; None for no fault."""

FILES: dict[str, tuple[bytes, Told]] = {
    "not UTF-8": (b"# fine\n\n\nX = '\xe9'\n" + FINE, ("encoding", 4)),
    "a NUL byte": (b"X = 1\n\0" + FINE, ("encoding", 2)),
    "UTF-16": (FINE.decode().encode("utf-16"), ("encoding", 1)),
    "UTF-16 as declared": (b"# coding: utf-16\n" + FINE, ("encoding", 1)),
    "an unknown encoding": (b"# coding: klingon\n" + FINE, ("encoding", 1)),
    "latin-1 as declared": (b"# coding: latin-1\nX = '\xe9'\n" + FINE, None),
    "a byte order mark": (b"\xef\xbb\xbf" + FINE, None),
    "CRLF": (FINE.replace(b"\n", b"\r\n"), None),
    "lone CR": (FINE.replace(b"\n", b"\r"), None),
    "mixed line ends": (FINE.replace(b"\n", b"\r\n", 2).replace(b"What.\n", b"What.\r"), None),
    "tabs": (FINE.replace(b"    ", b"\t"), None),
    "form feeds": (b"\x0c\n" + FINE + b"\x0c\n\x0cX = 1\n", None),
    "nothing": (b"", None),
    "comments only": (b"# one\n\n# two\n", None),
    "5 MB": (b"X = 1\n" * 900_000 + FINE, ("size", None)),
    "a literal of 5 MB": (b"X = '" + b"a" * 5_000_000 + b"'\n" + FINE, ("size", None)),
    "a literal of 900 KB": (b"X = '" + b"a" * 900_000 + b"'\n" + FINE, None),
    "a line of a million characters": (b"X = [" + b"1," * 499_900 + b"]\n" + FINE, ("size", 1)),
    "10,000 parentheses": (FINE + b"X = " + b"(" * 10_000 + b")" * 10_000, ("syntax", 8)),
    "10,000 dots": (FINE + b"X = x" + b".a" * 10_000, ("depth", 8)),
    "an endless elif": (
        FINE + b"if X: 0\n" + b"elif X: 1\n" * 5_000 + b"Y = 1\n",
        ("depth", None),
    ),
    "lambdas in lambdas": (FINE + b"X = " + b"lambda: " * 90 + b"1\n", ("depth", 8)),
    "100 indentations": (
        b"".join(b" " * i + b"if X:\n" for i in range(101)) + b" " * 101 + b"0\n",
        ("syntax", 101),
    ),
    "conflict markers": (
        FINE + b"<<<<<<< HEAD\nX = 1\n=======\nX = 2\n>>>>>>> other\n",
        ("syntax", 8),
    ),
    "no Python": (b"Dear diary,\n", ("syntax", 1)),
    "Python 2": (FINE + b"print 'x'\n", ("syntax", 8)),
    "a return outside": (FINE + b"if 0:\n    return 1\n", ("syntax", 9)),
    "a word of Python": (FINE.replace(b"fine", b"print"), ("name", 1)),
    "a name with an accent": (FINE.replace(b"fine", "finé".encode()), ("name", 1)),
    "names that are one to Python": (
        FINE + FINE.replace(b"fine", "ﬁne".encode()),  # a ligature, which NFKC takes apart
        ("duplicate-name", 8),
    ),
    "a name twice": (FINE + FINE, ("duplicate-name", 8)),
    "a name of another file": (FINE + GOOD, ("duplicate-name", None)),
}

PATHS: dict[str, tuple[str, str | None]] = {
    "a space": ("a b.py", "module"),
    "a line end": ("a\nb.py", "module"),
    "a colour": ("a\x1b[31mb.py", "module"),
    "a dash": ("a-b.py", "module"),
    "a word of Python": ("class.py", "module"),
    "nothing but the suffix": (".py", "module"),
    "an accent": ("é.py", None),
    "60 folders": ("d/" * 60 + "a.py", None),
    "a module of the standard library": ("json.py", None),
}


@pytest.fixture
def check(work: Path, fnopt: Fnopt) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """The faults that ``check`` finds, in time; ``list`` and ``call`` still know the other file."""
    write(work, {"functions/words.py": GOOD})

    def faults() -> list[dict[str, object]]:
        began = time.process_time()
        told = fnopt("check", "--json")
        assert time.process_time() - began < LONGEST
        found = [one for one in told.json["faults"] if one["level"] == "error"]
        assert (told.code, bool(found)) in ((0, False), (3, True)), told
        return list(found)

    yield faults
    began = time.process_time()
    plain, listed, called = fnopt("check"), fnopt("list"), fnopt("call", "good", '{"x": 3}')
    assert time.process_time() - began < 3 * LONGEST
    assert plain.code in (0, 3) and "good(x: int) -> int" in listed.out
    assert (called.code, called.out) == (0, "3\n")
    for told in (plain, listed, called):
        assert "Traceback" not in told.out + told.err and "\x1b" not in told.out + told.err


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_is_a_fault_with_its_place(
    work: Path, check: Callable[[], list[dict[str, object]]], kind: str
) -> None:
    """Or none at all where it is odd and yet right."""
    content, expected = FILES[kind]
    write(work, {"functions/zz.py": content})
    faults = [(one["file"], one["rule"], one["line"]) for one in check()]
    if expected is None:
        assert faults == []
        return
    rule, line = expected
    assert ("functions/zz.py", rule) in [one[:2] for one in faults], faults
    assert line is None or ("functions/zz.py", rule, line) in faults, faults


@pytest.mark.parametrize("kind", PATHS)
def test_a_bad_path_is_a_fault(
    work: Path, check: Callable[[], list[dict[str, object]]], kind: str
) -> None:
    """A module that nothing could import; and what is displayed of it is plain text."""
    path, rule = PATHS[kind]
    write(work, {f"functions/{path}": FINE})
    assert [one["rule"] for one in check()] == ([rule] if rule else [])


def link_out(work: Path) -> str:
    """A link to a module beside the repository."""
    (work.parent / "secret.py").write_bytes(FINE)
    (work / "functions/a.py").symlink_to(work.parent / "secret.py")
    return "link"


def link_to_nothing(work: Path) -> str:
    """A link that leads nowhere."""
    (work / "functions/a.py").symlink_to("nowhere.py")
    return "link"


def link_to_itself(work: Path) -> str:
    """A link in a circle."""
    (work / "functions/a.py").symlink_to("a.py")
    return "link"


def link_to_zeros(work: Path) -> str:
    """A link to a file without an end."""
    (work / "functions/a.py").symlink_to("/dev/zero")
    return "link"


def link_to_its_folder(work: Path) -> str:
    """A folder that holds itself."""
    (work / "functions/deep").symlink_to(".")
    return "link"


def submodule(work: Path) -> str:
    """Another repository among the modules."""
    write(work / "functions/sub", {".git": b"gitdir: ../../.git/modules/sub\n", "a.py": FINE})
    return "repository"


def pipe(work: Path) -> str | None:
    """A pipe, at which a reader would wait for ever."""
    os.mkfifo(work / "functions/a.py")
    return None


def folder(work: Path) -> str | None:
    """A folder that is named like a module."""
    write(work, {"functions/a.py/b.txt": FINE})
    return None


def unreadable(work: Path) -> str:
    """A file that its owner may not read."""
    write(work, {"functions/a.py": FINE})
    (work / "functions/a.py").chmod(0)
    if os.access(work / "functions/a.py", os.R_OK):
        pytest.skip("root reads everything")
    return "unreadable"


ODD = [link_out, link_to_nothing, link_to_itself, link_to_zeros, link_to_its_folder]


@pytest.mark.parametrize("make", [*ODD, submodule, pipe, folder, unreadable])
def test_what_is_no_plain_file_is_not_read(
    work: Path,
    check: Callable[[], list[dict[str, object]]],
    make: Callable[[Path], str | None],
) -> None:
    """It is told where a module would have been read, and nothing of what it leads to is shown."""
    rule = make(work)
    faults = check()
    assert [one["rule"] for one in faults] == ([rule] if rule else [])
    assert not rule or str(faults[0]["file"]).startswith("functions/")


def test_a_link_that_is_committed_is_no_new_fault(work: Path, git: Git, fnopt: Fnopt) -> None:
    """A revision is read as the working tree is."""
    link_out(work)
    git("add", ".")
    git("commit", "-qm", "link")
    assert [one["rule"] for one in fnopt("check", "--json", "--base", "HEAD").json["faults"]] == []
    base = fnopt("check", "--json", "--base", "HEAD~1").json["faults"]
    assert [one["rule"] for one in base] == ["link"]


@pytest.mark.parametrize("as_link", [False, True], ids=["a file", "a link"])
def test_a_library_that_is_no_folder(work: Path, git: Git, fnopt: Fnopt, as_link: bool) -> None:
    """An empty library would hide the mistake."""
    git("rm", "-rq", "functions")
    if as_link:
        write(work.parent, {"outside/a.py": FINE})
        (work / "functions").symlink_to(work.parent / "outside")
    else:
        (work / "functions").write_bytes(FINE)
    told = fnopt("check")
    assert told.code == 3
    assert told.out.startswith("functions: error link" if as_link else "functions: error folder")


NAMES = (
    *("name", "arguments", "self", "task", "answer", "python", "code", "function", "module"),
    *("args", "kwargs", "cls", "properties", "required", "title", "additionalProperties"),
)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_mean_something_to_agents(work: Path, fnopt: Fnopt, name: str) -> None:
    """As a parameter, and as a function if it is in snake_case, such a name is like any other."""
    function = name if name.islower() and name not in ("self", "cls") else "tool"
    code = f'def {function}({name}: int) -> int:\n    """Double it."""\n    return 2 * {name}\n'
    write(work, {"functions/odd.py": code.encode()})
    told = fnopt("call", function, f'{{"{name}": 4}}')
    assert (told.code, told.out) == (0, "8\n"), told.err
    listed = {one["name"]: one["schema"] for one in fnopt("list", "--json").json["functions"]}
    assert list(listed[function]["properties"]) == [name]


def test_300_parameters(work: Path, fnopt: Fnopt) -> None:
    """All of them are in the schema."""
    given = ", ".join(f"p{i}: int = {i}" for i in range(300))
    code = f'def many({given}) -> int:\n    """Do."""\n    return p299\n'
    write(work, {"functions/many.py": code.encode()})
    (many,) = [one for one in fnopt("list", "--json").json["functions"] if one["name"] == "many"]
    assert len(many["schema"]["properties"]) == 300
    assert fnopt("call", "many").out == "299\n"


SHADOWS = ["json", "random", "inspect", "os", "typing", "encodings"]
USER = b'''def uses() -> str:
    """Say which."""
    import random

    return str(random.random())[:2]
'''


@pytest.mark.parametrize("name", SHADOWS)
def test_a_module_named_as_one_of_the_standard_library(work: Path, fnopt: Fnopt, name: str) -> None:
    """Its function runs, the sandbox does, and so does a neighbour that imports the real one."""
    write(work, {f"functions/{name}.py": FINE, "functions/user.py": USER})
    told = fnopt("call", "fine", '{"x": 5}')
    assert (told.code, told.out) == (0, "3\n"), told.err
    assert fnopt("call", "uses").out == "0.\n"


@pytest.mark.parametrize("name", SHADOWS)
def test_a_module_that_hides_one_of_the_standard_library(
    work: Path, fnopt: Fnopt, name: str
) -> None:
    """At the top of the repository only one of the two can be imported."""
    (work / "fnopt.toml").write_text('[library]\nfunctions = ["functions", "*.py"]\n')
    write(work, {f"{name}.py": FINE})
    faults = fnopt("check", "--json").json["faults"]
    (told,) = [one for one in faults if one["level"] == "error"]
    assert (told["rule"], told["file"]) == ("module", f"{name}.py")
    assert "standard library" in told["message"]
    assert fnopt("call", "count_letter", '{"word": "a", "letter": "a"}').out == "1\n"
