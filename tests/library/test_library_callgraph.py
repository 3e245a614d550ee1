"""Who calls whom, and what a change can reach."""

import pytest

from fnopt.library.callgraph import callees, callers, closure_digest
from fnopt.library.function import Library, read
from fnopt.library.listing import listing

DATES = """import re
import json

FORMAT = "x"
OTHER = 3


def _strip(text):
    # a comment
    return FORMAT + text


def parse_date(text: str) -> str:
    return re.sub("a", "b", _strip(text))


def other() -> int:
    return OTHER
"""


def library(**sources: str) -> Library:
    """A library of modules in ``functions/``."""
    return read({f"functions/{name}.py": text.encode() for name, text in sources.items()})


@pytest.mark.parametrize(
    "source",
    [
        "from functions.dates import parse_date\ndef a(): return parse_date('')\n",
        "from functions.dates import parse_date as p\ndef a(): return p('')\n",
        "from .dates import parse_date\ndef a(): return parse_date('')\n",
        "from . import dates\ndef a(): return dates.parse_date('')\n",
        "import functions.dates\ndef a(): return functions.dates.parse_date('')\n",
        "import functions.dates as d\ndef a(): return d.parse_date('')\n",
        "from functions import dates\ndef a(): return list(map(dates.parse_date, []))\n",
        "def a():\n    from functions.dates import parse_date\n    return parse_date('')\n",
        "def a():\n    import functions.dates as d\n    return d.parse_date('')\n",
        "from .dates import parse_date\ndef _b(): return parse_date('')\ndef a(): return _b()\n",
        "from .dates import parse_date\nTABLE = [parse_date]\ndef a(): return TABLE[0]('')\n",
        "from .dates import parse_date\nclass _C:\n    def m(self): return parse_date('')\n"
        "def a(): return _C().m()\n",
        "try:\n    from .dates import parse_date\nexcept ImportError:\n    pass\n"
        "def a(): return parse_date('')\n",
        "from .dates import parse_date\ndef a(f=parse_date): return f('')\n",
        "from .dates import parse_date\ndef a(): return [y for x in '' if (y := parse_date(x))]\n",
    ],
)
def test_calls_are_found_however_they_are_imported(source: str) -> None:
    """Directly, through helpers, tables, classes and defaults, across modules."""
    made = library(dates=DATES, a=source)
    assert callees(made, "a") == {"parse_date"}
    assert callers(made, "parse_date") == {"a"}
    assert callers(made, "other") == frozenset()


@pytest.mark.parametrize(
    "source",
    [
        "from functions.dates import *\ndef a(): return parse_date('')\n",
        "from . import dates\ndef a(): return getattr(dates, 'parse' + '_date')('')\n",
        "import importlib\ndef a(): return importlib.import_module('functions.dates')\n",
        "def a(): return __import__('functions.dates')\n",
        "import sys\ndef a(): return sys.modules['functions.dates']\n",
    ],
)
def test_when_in_doubt_everything_may_be_called(source: str) -> None:
    """A module that is handed around may be asked for any of its functions."""
    assert "parse_date" in callees(library(dates=DATES, a=source), "a")


def test_a_name_of_its_own_is_not_a_call() -> None:
    """Locals, parameters and attributes that are named like a function do not call it."""
    source = "def a(other: int):\n    parse_date = other\n    return parse_date.parse_date\n"
    assert callees(library(dates=DATES, a=source), "a") == frozenset()


def test_a_function_handed_on_by_a_package_is_followed() -> None:
    """``__init__.py`` re-exports are no functions, but lead to them."""
    files = {
        "functions/__init__.py": b"from .dates import parse_date\n",
        "functions/dates.py": DATES.encode(),
        "functions/a.py": b"from functions import parse_date\ndef a(): return parse_date('')\n",
    }
    made = read(files)
    assert callees(made, "a") == {"parse_date"}
    assert len(made.functions) == 3


def test_recursion_is_not_a_caller() -> None:
    """A function that calls itself may still be removed."""
    made = library(a="def a(): return b()\ndef b(): return a() + b()\n")
    assert callers(made, "b") == {"a"}


CHANGES = [
    ('"x"', '"y"', True),  # a constant that a helper uses
    ("FORMAT + text", "text + FORMAT", True),  # a helper
    ("import re\n", "import regex as re\n", True),  # an import that it uses
    ('"a", "b"', '"a", "c"', True),  # itself
    ("import json", "import math", False),  # an import of the standard library that it does not use
    ("OTHER = 3", "OTHER = 4", False),
    ("return OTHER", "return -OTHER", False),
    ("# a comment", "# another", False),
    ("\n\n\ndef other", "\n\ndef other", False),
    ("OTHER = 3", "OTHER = 3\nre.purge()", True),  # work at import may change anything
    ("OTHER = 3", "OTHER = 1 / 0", True),  # and so may what can fail
    ("import json", "import numpy", True),  # or may be missing
    ("import re\n", "from __future__ import annotations\nimport re\n", True),
    ("def other", "@register\ndef other", True),
]


@pytest.mark.parametrize(("old", "new", "changes"), CHANGES)
def test_the_closure_digest_changes_with_what_is_reached(old: str, new: str, changes: bool) -> None:
    """Everything that could change the behaviour counts, and nothing that cannot."""
    caller = "from functions.dates import parse_date\ndef a(): return parse_date('')\n"
    before = library(dates=DATES, a=caller)
    after = library(dates=DATES.replace(old, new), a=caller)
    assert before != after
    for name in ("parse_date", "a"):
        assert (closure_digest(before, name) != closure_digest(after, name)) is changes


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ("return _b()", False),
        ("return _b.__doc__", True),
        ("return _B().m()", False),
    ],
)
def test_docstrings_of_helpers_count_only_where_they_are_read(body: str, changes: bool) -> None:
    """What a helper says of itself cannot change a result, unless the code looks at it."""
    source = f'''
class _B:
    """Be."""
    def m(self):
        """Old."""
def _b():
    """Old."""
    return 1
def a():
    """Answer."""
    {body}
'''
    before, after = library(a=source), library(a=source.replace("Old", "New"))
    assert (closure_digest(before, "a") != closure_digest(after, "a")) is changes
    own = library(a=source.replace("Answer", "Reply"))
    assert closure_digest(before, "a") != closure_digest(own, "a")


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("def a(): return eval('OTHER')\n", True),
        ("def a(): return globals()['OTHER']\n", True),
        ("def a(x: 'OTHER'): return x\n", True),
        ("def a(): return open(__file__).read()\n", True),
        ("def a(OTHER): return OTHER\n", False),
        ("def a(): return 'OTHER'\n", False),
        (
            "def _set():\n    global OTHER\n    OTHER = 1\ndef b(): return OTHER\ndef a(): 0\n",
            False,
        ),
    ],
)
def test_names_made_at_run_time_reach_the_whole_module(source: str, changes: bool) -> None:
    """What is looked up by a string may be anything."""
    before, after = (library(a=f"OTHER = {value}\n{source}") for value in (1, 2))
    assert (closure_digest(before, "a") != closure_digest(after, "a")) is changes


def test_state_that_another_function_sets_is_reached() -> None:
    """Who reads a global depends on who writes it."""
    source = "N = 0\ndef reset():\n    global N\n    N = {0}\ndef a(): return N\n"
    before, after = (library(a=source.replace("{0}", value)) for value in "12")
    assert closure_digest(before, "a") != closure_digest(after, "a")


def test_packages_and_modules_that_are_imported_count() -> None:
    """Importing a module runs its packages' files and what they import."""
    files = {
        "functions/__init__.py": b"from . import setup\n",
        "functions/setup.py": b"import decimal\ndecimal.getcontext().prec = 5\n",
        "functions/a.py": b"def a(): return 1\n",
    }
    changed = {**files, "functions/setup.py": b"import decimal\ndecimal.getcontext().prec = 6\n"}
    assert closure_digest(read(files), "a") != closure_digest(read(changed), "a")


def test_an_unknown_function_is_an_error() -> None:
    """Asking for what is not there is a bug of the caller."""
    with pytest.raises(KeyError):
        closure_digest(library(), "a")


def test_a_listing_is_the_function_with_what_it_needs() -> None:
    """Imports, constants and helpers that it uses, and nothing else."""
    text = listing(library(dates=DATES), "parse_date")
    assert text == (
        'import re\n\nFORMAT = "x"\n\n\ndef _strip(text):\n    # a comment\n'
        "    return FORMAT + text\n\n\ndef parse_date(text: str) -> str:\n"
        '    return re.sub("a", "b", _strip(text))\n'
    )


def test_a_listing_leaves_out_the_variants_of_others() -> None:
    """``@overload`` of another public function declares nothing that the code would define."""
    source = "@overload\ndef b(): ...\ndef b(): pass\ndef a():\n    return b()\n"
    assert listing(library(m=source), "a") == "def a():\n    return b()\n"
