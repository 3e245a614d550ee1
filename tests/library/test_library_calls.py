"""Where functions are called and passed on, and which calls do not fit."""

import time

import pytest

from fnopt.library import calls
from fnopt.library.calls import all_sites, mismatches, sites
from fnopt.library.function import Library, read
from fnopt.records import Fault

DATES = '''def parse_date(text: str, sep: str = "-", *, strict: bool = False) -> str:
    """Read a date."""
    return text


def _helper(a, b):
    return a, b


def week(day: int, /) -> int:
    return day
'''


def library(**sources: str) -> Library:
    """A library of modules in ``functions/``."""
    return read({f"functions/{name}.py": text.encode() for name, text in sources.items()})


def misfits(library: Library) -> list[Fault]:
    """The calls of all modules that do not fit, by path."""
    return [fault for one in library.modules.values() for fault in mismatches(library, one)]


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("from functions.dates import parse_date\ndef a(): return parse_date('')\n", 2, 17),
        ("from functions.dates import parse_date as p\ndef a(): return p('')\n", 2, 17),
        ("from .dates import parse_date\ndef a(): return parse_date('')\n", 2, 17),
        ("from . import dates\ndef a(): return dates.parse_date('')\n", 2, 17),
        ("from . import dates as d\ndef a(): return d.parse_date('')\n", 2, 17),
        ("import functions.dates\ndef a(): return functions.dates.parse_date('')\n", 2, 17),
        ("import functions.dates as d\ndef a(): return d.parse_date('')\n", 2, 17),
        (
            "def a():\n    from functions.dates import parse_date\n    return parse_date('')\n",
            3,
            12,
        ),
        ("def a():\n    import functions.dates as d\n    return d.parse_date('')\n", 3, 12),
        ("from .dates import *\ndef a(): return parse_date('')\n", 2, 17),
        ("from .dates import parse_date\np = parse_date\ndef a(): return p('')\n", 3, 17),
        (
            "from .dates import parse_date\n"
            "def a(x):\n    return [(lambda: parse_date(y))() for y in x]\n",
            3,
            22,
        ),
        (
            "try:\n    from .dates import parse_date\nexcept ImportError:\n    pass\n"
            "def a(): return parse_date('')\n",
            5,
            17,
        ),
    ],
)
def test_a_call_is_found_however_it_is_imported(source: str, line: int, column: int) -> None:
    """Its place, who calls, and with what."""
    found = [one for one in sites(library(dates=DATES, a=source), "parse_date") if one.given]
    (site,) = found
    assert (site.path, site.line, site.column) == ("functions/a.py", line, column)
    assert (site.caller, site.public) == ("a", True)
    assert site.given is not None
    assert site.given.positional == 1


@pytest.mark.parametrize(
    "source",
    [
        "from .dates import parse_date\ndef a(): return list(map(parse_date, []))\n",
        "from .dates import parse_date\nTABLE = [parse_date]\n",
        "from . import dates\ndef a(f=dates.parse_date): return f('')\n",
        "from . import dates\ndef a(): return dates.parse_date.__doc__\n",
        "from .dates import parse_date\n@parse_date\ndef a(): return 1\n",
    ],
)
def test_what_is_passed_on_is_told_as_such(source: str) -> None:
    """A value without arguments."""
    (site,) = sites(library(dates=DATES, a=source), "parse_date")
    assert site.given is None


@pytest.mark.parametrize(
    "source",
    [
        "def a(parse_date): return parse_date()\n",
        "from .dates import week\ndef a():\n    parse_date = week\n    return parse_date(1)\n",
        "def a(x):\n    return [parse_date() for parse_date in x]\n",
        "def a(x): return x.parse_date()\n",
        "from .other import parse_date\ndef a(): return parse_date()\n",
        "from .dates import parse_date\ndef a(x):\n    with x as parse_date: parse_date()\n",
        "def a(x):\n    match x:\n        case [parse_date]: return parse_date()\n",
    ],
)
def test_another_thing_of_that_name_is_not_it(source: str) -> None:
    """Parameters, local names, attributes of whatever, other modules."""
    assert sites(library(dates=DATES, a=source), "parse_date") == ()


def test_helpers_and_modules_call_too() -> None:
    """A private helper, a class, the top of a module; recursion is no site."""
    source = (
        "from .dates import parse_date\nSTART = parse_date('')\n"
        "def _h(): return parse_date('')\nclass C:\n    x = parse_date('')\n"
    )
    found = sites(library(dates=DATES, a=source), "parse_date")
    assert [(one.caller, one.public) for one in found] == [
        (None, False),
        ("_h", False),
        ("C", False),
    ]
    again = "def a(n: int) -> int:\n    return a(n - 1)\n"
    assert sites(library(a=again), "a") == ()


@pytest.mark.parametrize(
    "hub",
    [
        "from .dates import parse_date\n",
        "from .dates import parse_date as parse_date\n",
        "from .dates import *\n",
        "from functions import dates\nparse_date = dates.parse_date\n",
        "from . import dates\nfrom .dates import parse_date\n",
    ],
)
def test_a_package_that_hands_it_on_is_followed(hub: str) -> None:
    """Through ``__init__.py``, by any way of importing."""
    files = {
        "functions/__init__.py": hub.encode(),
        "functions/dates.py": DATES.encode(),
        "functions/a.py": b"from functions import parse_date\ndef a(): return parse_date()\n",
        "functions/b.py": b"import functions\ndef b(): return functions.parse_date()\n",
        "functions/c.py": b"from functions import dates\ndef c(): return dates.parse_date()\n",
    }
    called = [one for one in sites(read(files), "parse_date") if one.given]
    assert [one.caller for one in called] == ["a", "b", "c"]


def test_a_module_and_its_function_may_have_one_name() -> None:
    """The layout of one function a file: with and without the package handing them on."""
    files = {
        "functions/week.py": b"def week(day): return day\n",
        "functions/a.py": b"from functions import week\ndef a(): return week.week(1)\n",
        "functions/b.py": b"from .week import week\ndef b(): return week(1)\n",
    }
    assert [one.caller for one in sites(read(files), "week")] == ["a", "b"]
    files["functions/__init__.py"] = b"from .week import week\n"
    files["functions/a.py"] = b"from functions import week\ndef a(): return week(1)\n"
    called = [one for one in sites(read(files), "week") if one.given]
    assert [one.caller for one in called] == ["a", "b"]


TOO_MANY = "a calls parse_date with 3 arguments by position, of which it takes 2"
CALLS = [
    ("parse_date('')", None),
    ("parse_date('', '-', strict=True)", None),
    ("parse_date(text='', sep='-')", None),
    ("parse_date(*[])", None),
    ("parse_date(**{})", None),
    ("parse_date(strict=True, **{})", None),
    ("week(1)", None),
    ("map(parse_date, [])", None),
    ("_helper(1, 2)", None),
    ("parse_date()", "a calls parse_date without text"),
    ("parse_date('', fmt=1)", "a calls parse_date with fmt=, which it does not take"),
    ("parse_date('', '-', True)", TOO_MANY),
    ("parse_date('', text='')", "a calls parse_date with text given twice"),
    ("week(day=1)", "a calls week with day=, which it takes by position; without day"),
    ("parse_date(1, 2, 3, *[])", TOO_MANY),
    ("_helper(1)", "a calls _helper without b"),
]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_a_call_must_fit(call: str, message: str | None) -> None:
    """Missing, unknown, too many, twice, by the wrong way; what * and ** hold is trusted."""
    source = f"from .dates import parse_date, week, _helper\n\n\ndef a():\n    return {call}\n"
    faults = misfits(library(dates=DATES, a=source))
    assert [one.message for one in faults] == ([message] if message else [])
    for one in faults:
        assert (one.rule, one.function, one.file, one.line) == (
            "call-mismatch",
            "a",
            "functions/a.py",
            5,
        )
        assert one.level == "error"


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return x\nf = print\ndef a(): return f()\n",
        "def deco(g): return g\n@deco\ndef f(x): return x\ndef a(): return f()\n",
        "try:\n    from x import f\nexcept ImportError:\n    def f(x): return x\n"
        "def a(): return f()\n",
        "def f(x): return x\ndef a():\n    global f\n    f = print\n    return f()\n",
        "from typing import overload\n@overload\ndef f(): ...\n@overload\ndef f(x): ...\n"
        "def f(x=1): return x\ndef a(): return f()\n",
    ],
)
def test_where_something_else_may_be_called_nothing_is_said(source: str) -> None:
    """Rebound, decorated, defined by chance: not accused."""
    assert misfits(library(a=source)) == []


@pytest.mark.parametrize("decorator", ["cache", "functools.lru_cache(maxsize=9)"])
def test_a_cache_takes_what_its_function_takes(decorator: str) -> None:
    """Known decorators do not hide the signature."""
    source = f"import functools\nfrom functools import cache\n@{decorator}\ndef f(x): return x\n"
    (fault,) = misfits(library(a=source + "def a(): return f()\n"))
    assert fault.message == "a calls f without x"


CALLERS = [
    "from functions.dates import parse_date\ndef a(): return parse_date()\n",
    "from functions import dates\ndef a(): return dates.parse_date()\n",
    "from functions import hub\ndef a(): return hub.parse_date(), hub.dates.parse_date()\n",
    "from functions.hub import *\ndef a(): return parse_date(), dates.parse_date()\n",
    "from functions.hub import parse_date\ndef a(): return parse_date()\n",
    "import functions.hub\ndef a(): return functions.dates.parse_date()\n",
    "from . import hub as h\ndef a(): return h.deep.dates.parse_date()\n",
    "from dates import parse_date\ndef a(): return parse_date()\n",
    "from functions import hub\ndef a(): return hub.dates.parse_date()\n",
    "from functions.hub import *\ndef a(): return dates.parse_date()\n",
]
AROUND = [
    {},
    {"dates": DATES},
    {"dates": DATES.replace("text: str, sep", "sep")},
    {"dates": DATES, "hub": "from functions.dates import parse_date\n"},
    {"dates": DATES, "hub/__init__": "from .dates import *\n", "hub/dates": DATES},
    {"dates": DATES, "hub/__init__": "", "hub/dates": DATES, "hub/deep/dates": DATES},
    {"dates": DATES, "hub/dates": DATES, "hub/deep/__init__": ""},
    {"dates": "def parse_date(): return 1\n", "hub": "from .dates import parse_date\n"},
    {"hub": "X = 1\n", "hub/dates": DATES},
    {"hub": "X = 1\n", "hub/dates": DATES.replace("text: str, sep", "sep")},
    {"hub": "from .dates import parse_date\n", "dates": "from .other import *\n", "other": DATES},
]


@pytest.mark.parametrize("caller", CALLERS)
def test_whatever_else_is_there_a_call_is_told_as_if_read_anew(caller: str) -> None:
    """What is kept of a module holds only where nothing that it may mean has changed."""
    libraries = [library(**{"a": caller, **rest}) for rest in (*AROUND, *reversed(AROUND))]

    def told(one: Library) -> tuple[object, object]:
        all_sites.cache_clear()
        return dict(all_sites(one)), misfits(one)

    kept = [told(one) for one in libraries]
    for one, before in zip(libraries, kept, strict=True):
        calls._LEADING.clear()
        assert told(one) == before
    assert any(faults for _, faults in kept)
    assert any(not faults for _, faults in kept)


def test_deep_expressions_are_no_trouble() -> None:
    """No recursion."""
    source = "from .dates import parse_date\ndef a(): return " + "+".join(["parse_date('')"] * 300)
    assert len(sites(library(dates=DATES, a=source), "parse_date")) == 300
    chain = "def a(x): return x" + ".b" * 900 + "()\n"
    assert sites(library(dates=DATES, a=chain), "parse_date") == ()


def test_modules_that_import_each_other_in_a_circle_end() -> None:
    """A name that is only ever handed on leads nowhere."""
    made = library(a="from .b import x\n\ndef f(): return x()\n", b="from .a import x\n")
    assert misfits(made) == []
    assert sites(made, "f") == ()


def test_names_that_are_made_of_themselves_end() -> None:
    """An alias of its own attribute, and a name that is handed on very often."""
    made = library(a="a = a.b\nc = d.e\nd = c.f\n\ndef g(): return a() + c()\n")
    assert misfits(made) == []
    hands = {f"m{i}": f"from .m{i + 1} import x\n" for i in range(3000)}
    made = library(**hands, a="from .m0 import x\n\ndef f(): return x()\n")
    assert misfits(made) == []


def test_a_thousand_functions_take_a_moment() -> None:
    """One pass over each module, kept with it."""
    sources = {
        f"m{i}": f"from .m{(i + 1) % 1000} import f{(i + 1) % 1000}\n\n\ndef f{i}(x: int) -> int:\n"
        f"    return f{(i + 1) % 1000}(x - 1)\n"
        for i in range(1000)
    }
    made = library(**sources)
    start = time.perf_counter()
    assert misfits(made) == []
    assert time.perf_counter() - start < 8
    changed = library(**{**sources, "m0": sources["m0"].replace("(x - 1)", "()")})
    start = time.perf_counter()
    assert len(misfits(changed)) == 1
    assert time.perf_counter() - start < 1
