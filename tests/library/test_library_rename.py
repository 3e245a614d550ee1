"""Renaming by a revision: whoever calls the function follows, or nothing happens."""

from __future__ import annotations

import ast
import textwrap

import pytest

from fnopt.library.edit import Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.rename import renamed
from fnopt.records import Fault

DATES = "def old(x): return x\n"


def outcome(**files: str | bytes) -> Library | tuple[Fault, ...]:
    """The library after ``old`` is called ``new``; ``p__q`` is the file ``functions/p/q.py``."""
    return renamed(read(_files(files)), "old", "new")


def _files(given: dict[str, str] | dict[str, str | bytes]) -> dict[str, bytes]:
    return {
        _path(stem): one.encode() if isinstance(one, str) else one for stem, one in given.items()
    }


def _path(stem: str) -> str:
    return f"functions/{'__init__' if stem == 'init' else stem.replace('__', '/')}.py"


def after(**files: str | bytes) -> dict[str, str]:
    """The files after it, which are Python."""
    library = outcome(**files)
    assert isinstance(library, Library), library
    for module in library.modules.values():
        ast.parse(module.text.body)
    stems = {path: path.removeprefix("functions/").removesuffix(".py") for path in library.files}
    return {stems[path]: data.decode() for path, data in library.files.items()}


PAIRS = {
    "calls, values, decorators, defaults": (
        "def f(g=old):\n    return old(1), [old], {old: old}\n\n\n@old\ndef h(): ...\nT = [old]\n",
        "def f(g=new):\n    return new(1), [new], {new: new}\n\n\n@new\ndef h(): ...\nT = [new]\n",
    ),
    "strings and comments stay": (
        '# old\nX = "old"\n\n\ndef f():\n    """Like old."""\n    return old("old")  # old\n',
        '# old\nX = "old"\n\n\ndef f():\n    """Like old."""\n    return new("old")  # old\n',
    ),
    "what is computed in strings follows": (
        'def f(x): return f"old {old(1)} {old(2):{old(3)}} {x.old}"\n',
        'def f(x): return f"old {new(1)} {new(2):{new(3)}} {x.old}"\n',
    ),
    "quoted annotations follow, literals stay": (
        'def f(x: "old", y: "éold | list[old]", z: Literal["old"]) -> "old | None": ...\n',
        'def f(x: "new", y: "éold | list[new]", z: Literal["old"]) -> "new | None": ...\n',
    ),
    "names of one's own stay": (
        "def a(old): return old\n"
        "def b():\n    old = 1\n    return lambda: old\n"
        "def c(x):\n    for old in x: print(old)\n    return [old for old in old]\n"
        "def d(x):\n    match x:\n        case [old, *_]: return old\n"
        "        case {**old}: return old\n"
        "def e():\n    try: pass\n    except E as old: print(old)\n"
        "def f(x):\n    if (old := x): return old\n"
        "def g():\n    import m as old\n    return old.old(old=1)\n"
        "def h(): return lambda old: old\n"
        "class K:\n    def old(self): return self.old\n",
        None,
    ),
    "beside a name of one's own": (
        "def a(old=old): return [old for old in b(old)]\nclass K:\n    def old(self): return old\n",
        "def a(old=new): return [old for old in b(old)]\nclass K:\n    def old(self): return new\n",
    ),
    "exports": (
        '__all__ = ["a", "old"]\n__all__ += ("old",)\n__all__.append("old")\nX = ["old"]\n',
        '__all__ = ["a", "new"]\n__all__ += ("new",)\n__all__.append("new")\nX = ["old"]\n',
    ),
}


@pytest.mark.parametrize(("before", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_in_its_own_module(before: str, expected: str | None) -> None:
    """Text before and after; None where it must stay as it was."""
    found = after(dates=DATES + before)
    assert found == {"dates": DATES.replace("old", "new") + (expected or before)}


CALLERS = {
    "by name": (
        "from functions.dates import old\n\n\ndef f(): return old(1)\n",
        "from functions.dates import new\n\n\ndef f(): return new(1)\n",
    ),
    "by a relative import among others": (
        "from .dates import (\n    a,\n    old,  # why\n)\n\n\ndef f(): return old(1)\n",
        "from .dates import (\n    a,\n    new,  # why\n)\n\n\ndef f(): return new(1)\n",
    ),
    "an alias is kept": (
        "from .dates import old as o\n\n\ndef f(): return o(1)\n",
        "from .dates import new as o\n\n\ndef f(): return o(1)\n",
    ),
    "through the module": (
        "import functions.dates as d\nimport functions.dates\nfrom functions import dates\n"
        "from . import dates as e\n\n\n"
        "def f(): return d.old(1), functions.dates.old(1), dates.old(1), e.old(1), g.old\n",
        "import functions.dates as d\nimport functions.dates\nfrom functions import dates\n"
        "from . import dates as e\n\n\n"
        "def f(): return d.new(1), functions.dates.new(1), dates.new(1), e.new(1), g.old\n",
    ),
    "by an import inside a function": (
        "def f():\n    from .dates import old\n    return old(1)\n\n\ndef g(old): return old\n",
        "def f():\n    from .dates import new\n    return new(1)\n\n\ndef g(old): return old\n",
    ),
    "another function of that name is another function": (
        "from os import path as old\n\n\ndef f(): return old.join('old')\n",
        None,
    ),
    "line ends, tabs, form feeds and odd layout stay": (
        "from .dates import old\r\n\x0c\r\ndef f():\r\n\treturn (  old  )(1) , \\\r\n\t\told\r\n",
        "from .dates import new\r\n\x0c\r\ndef f():\r\n\treturn (  new  )(1) , \\\r\n\t\tnew\r\n",
    ),
    "at its end as at its beginning": (
        "\ufefffrom .dates import old\ndef f(): return 'é', old",
        "\ufefffrom .dates import new\ndef f(): return 'é', new",
    ),
}


@pytest.mark.parametrize(("before", "expected"), CALLERS.values(), ids=CALLERS.keys())
def test_in_modules_that_call_it(before: str, expected: str | None) -> None:
    """Only these tokens change."""
    found = after(dates=DATES, b=before)
    assert found["b"] == (expected or before)


def test_in_the_encoding_of_the_file() -> None:
    """Bytes that are not UTF-8 stay what they are."""
    latin = "# coding: latin-1\nfrom .dates import old\ndef f(): return 'é', old\n"
    library = outcome(dates=DATES, b=latin.encode("latin-1"))
    assert isinstance(library, Library)
    expected = latin.replace("import old", "import new").replace(", old", ", new")
    assert library.files["functions/b.py"] == expected.encode("latin-1")


def test_through_a_package_that_hands_it_on() -> None:
    """The package, its ``__all__``, and who imports from it."""
    files = {
        "dates": DATES,
        "init": 'from .dates import old\n\n__all__ = ["old"]\n',
        "b": "from functions import old\ndef f(): return old(1)\n",
        "c": "import functions\ndef g(): return functions.old(1)\n",
    }
    expected = {
        "dates": DATES.replace("old", "new"),
        "__init__": 'from .dates import new\n\n__all__ = ["new"]\n',
        "b": "from functions import new\ndef f(): return new(1)\n",
        "c": "import functions\ndef g(): return functions.new(1)\n",
    }
    assert after(**files) == expected


def test_a_module_that_is_named_after_its_one_function_is_renamed_too() -> None:
    """Its importers follow; the text beside the function stays."""
    caller = """
        from functions.old import old
        from .old import old as o
        import functions.old
        import functions.old as m
        from . import old as n

        def f(): return old(1), o, functions.old.old(1), m.old, n.old
        """
    found = after(old='"""About old."""\n' + DATES, b=textwrap.dedent(caller))
    assert found["new"] == '"""About old."""\n' + DATES.replace("old", "new")
    assert found["b"] == textwrap.dedent(caller).replace("old", "new")
    assert set(found) == {"new", "b"}


def test_a_module_with_more_functions_keeps_its_name() -> None:
    """It is named after one of them by chance."""
    found = after(
        old=DATES + "def other(): pass\n", b="from .old import old\ndef f(): return old\n"
    )
    assert found["b"] == "from .old import new\ndef f(): return new\n"
    assert set(found) == {"old", "b"}


@pytest.mark.parametrize(
    ("caller", "rule", "named"),
    [
        ("def new(): pass\n", "exists", "functions/b.py:1"),
        ("from .dates import old\nnew = 1\ndef f(): old\n", "name-taken", "functions/b.py:2"),
        ("from .dates import old\nfrom m import new\ndef f(): old\n", "name-taken", "b.py:2"),
        (
            "from .dates import old\ndef f():\n    new = 1\n    return old()\n",
            "name-taken",
            "functions/b.py:4",
        ),
        ("from .dates import old\ndef f(new): return old(new)\n", "name-taken", "b.py:2"),
        ("from .dates import old\nclass C:\n    old = old\n", "name-taken", "b.py:3"),
        ("from . import dates\ndef f(n): return getattr(dates, n)\n", "cannot-follow", "b.py:2"),
        ("import importlib\ndef f(n): return importlib.import_module(n)\n", "cannot-follow", "b"),
        ("from .dates import *\ndef f(): return old\n", "cannot-follow", "functions/b.py"),
    ],
)
def test_what_cannot_follow_is_refused(caller: str, rule: str, named: str) -> None:
    """The fault says where."""
    found = outcome(dates=DATES, b=caller)
    assert isinstance(found, tuple)
    assert [one.rule for one in found] == [rule]
    assert named in found[0].message


def test_what_finds_names_at_run_time_in_its_own_module_is_refused() -> None:
    """``globals()`` may mean it."""
    found = outcome(dates=DATES + "def f(n): return globals()[n]\n")
    assert isinstance(found, tuple)
    assert [one.rule for one in found] == ["cannot-follow"]


@pytest.mark.parametrize(
    "caller",
    [
        "def f(: old\n",
        "x = old\n" + "y = 1\n" * 200_000,
        "from .dates import old\nX = " + "old(" * 150 + ")" * 150 + "\n",
    ],
    ids=["syntax", "size", "depth"],
)
def test_a_caller_that_cannot_be_read_is_not_guessed_at(caller: str) -> None:
    """It would be left behind, or hang libcst."""
    found = outcome(dates=DATES, b=caller)
    assert isinstance(found, tuple)
    assert [one.file for one in found] == ["functions/b.py"]
    kept = after(dates=DATES, b=caller.replace("old", "other"))
    assert kept["dates"] == DATES.replace("old", "new")


@pytest.mark.parametrize("new", ["New", "class", "print", "_new", "a.b", ""])
def test_a_name_that_is_none_is_refused(new: str) -> None:
    """By the rules for names."""
    found = renamed(read({"functions/dates.py": DATES.encode()}), "old", new)
    assert isinstance(found, tuple)
    assert [one.rule for one in found] == ["name"]


def test_a_file_in_the_way_of_the_module_is_a_fault() -> None:
    """Nothing is overwritten."""
    found = outcome(old=DATES, new="X = 1\n")
    assert isinstance(found, tuple)
    assert [one.rule for one in found] == ["exists"]


def test_a_revision_renames_only_if_it_says_so() -> None:
    """Code of another name is a slip of a small model; with the name given it is meant."""
    library = read({"functions/dates.py": b"def old(n): return n\ndef g(): return old(1)\n"})
    code = "def new(n): return -n\n"
    refused = apply(library, Revise("old", code), "functions")
    assert isinstance(refused, tuple)
    assert [one.rule for one in refused] == ["name-mismatch"]
    changed = apply(library, Revise("old", code, "new"), "functions")
    assert isinstance(changed, Library)
    assert dict(changed.files) == {
        "functions/dates.py": b"def new(n): return -n\ndef g(): return new(1)\n"
    }


def test_a_new_name_alone_is_a_change() -> None:
    """The text may be what it was."""
    library = read({"functions/old.py": DATES.encode()})
    changed = apply(library, Revise("old", DATES.replace("old", "new"), "new"), "functions")
    assert isinstance(changed, Library)
    assert dict(changed.files) == {"functions/new.py": DATES.replace("old", "new").encode()}
