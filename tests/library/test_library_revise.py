"""Revising a function: its own bytes, its imports, its helpers; nothing else."""

import pytest

from fnopt.library.edit import Revise, apply
from fnopt.library.function import Library, read
from fnopt.records import Fault

NEW = "def f() -> int:\n    return 2\n"


def revised(source: str | bytes, code: str, **others: str) -> Library | tuple[Fault, ...]:
    """The library after revising ``f`` in ``functions/a.py``."""
    data = source if isinstance(source, bytes) else source.encode()
    files = {"functions/a.py": data}
    files |= {f"functions/{stem}.py": text.encode() for stem, text in others.items()}
    return apply(read(files), Revise("f", code), "functions")


def after(source: str, code: str, **others: str) -> str:
    """``functions/a.py`` after the revision, which goes through."""
    library = revised(source, code, **others)
    assert isinstance(library, Library), library
    return library.files["functions/a.py"].decode()


def rules(outcome: Library | tuple[Fault, ...]) -> list[str]:
    """The rules of the faults; none when the edit went through."""
    return [] if isinstance(outcome, Library) else [one.rule for one in outcome]


PAIRS = {
    "neighbours, comments, quoting and trailing space stay": (
        "x = {'a':1 ,  \"b\" : 2}  \n# about f\n@cache\ndef f():\n    return 1  # one\n    # end\n"
        "y=2;z=3\n",
        NEW,
        "x = {'a':1 ,  \"b\" : 2}  \n# about f\ndef f() -> int:\n    return 2\ny=2;z=3\n",
    ),
    "the comments above are replaced when the code brings its own": (
        "# about f\ndef f(): return 1\n",
        "# two\n# lines\n" + NEW,
        "# two\n# lines\ndef f() -> int:\n    return 2\n",
    ),
    "a file without a last line end keeps none": (
        "def f(): return 1",
        NEW,
        "def f() -> int:\n    return 2",
    ),
    "line ends are the file's": (
        "x = 1\r\ndef f():\r\n    return 1\r\n",
        NEW,
        "x = 1\r\ndef f() -> int:\r\n    return 2\r\n",
    ),
    "a form feed stays": (
        "x = 1\n\x0cdef f(): return 1\n\x0c\ny = 1\n",
        NEW,
        "x = 1\n\x0cdef f() -> int:\n    return 2\n\x0c\ny = 1\n",
    ),
    "missing imports go where they belong": (
        '"""Doc."""\n\nimport re\n\nX = re.compile("x")\n\n\ndef f(): return X\n',
        'import math\nimport re\nfrom os import path as p, sep\n\nX = re.compile("x")\n\n\n'
        "def f() -> int:\n    return X, math, p, sep\n",
        '"""Doc."""\n\nimport math\nimport re\nfrom os import path as p, sep\n\n'
        'X = re.compile("x")\n\n\ndef f() -> int:\n    return X, math, p, sep\n',
    ),
    "only the missing names of an import come in": (
        "from math import pi\n\n\ndef f(): return pi\n",
        "from math import pi, tau as t\n\n\ndef f(): return pi + t\n",
        "from math import pi\nfrom math import tau as t\n\n\ndef f(): return pi + t\n",
    ),
    "imports go behind the docstring where there are none": (
        '"""Doc."""\n\n\ndef f(): return 1\n',
        "import math\n\n\ndef f(): return math.pi\n",
        '"""Doc."""\n\nimport math\n\n\ndef f(): return math.pi\n',
    ),
    "imports go to the top where there is nothing else": (
        "#!/bin/python\n# coding: utf-8\n\n# about f\ndef f(): return 1\n",
        "import math\n\n\ndef f(): return math.e\n",
        "#!/bin/python\n# coding: utf-8\n\nimport math\n\n# about f\ndef f(): return math.e\n",
    ),
    "future imports stay first": (
        "import re\n\n\ndef f(): return re\n",
        "from __future__ import annotations\n\nimport re\n\n\ndef f(): return re, 1\n",
        "from __future__ import annotations\n\n\nimport re\n\n\ndef f(): return re, 1\n",
    ),
    "an import that only the old version needed makes room": (
        "from datetime import datetime\n\n\ndef f(): return datetime.now()\n",
        "import datetime\n\n\ndef f(): return datetime.datetime.now()\n",
        "import datetime\n\n\ndef f(): return datetime.datetime.now()\n",
    ),
    "and only as far as it must": (
        "from datetime import date, datetime\n\n\ndef f(): return date, datetime.now()\n",
        "import datetime\n\n\ndef f(): return date, datetime.datetime.now()\n",
        "import datetime\nfrom datetime import date\n\n\n"
        "def f(): return date, datetime.datetime.now()\n",
    ),
    "imports that are not needed any more go": (
        "import math\nimport re\n\n\ndef f(): return math\n\n\ndef g(): return re\n",
        "def f(): return 1\n",
        "import re\n\n\ndef f(): return 1\n\n\ndef g(): return re\n",
    ),
    "submodules of one package live together": (
        "import os.path\n\n\ndef f(): return os.path\n\n\ndef g(): return os.path\n",
        "import os\n\n\ndef f(): return os.sep\n",
        "import os\nimport os.path\n\n\ndef f(): return os.sep\n\n\ndef g(): return os.path\n",
    ),
    "new helpers and constants come above the function": (
        "x = 1\n\n\ndef f(): return 1\n\n\ndef g(): pass\n",
        "_A = 1\n_B = 2\n\n\n# help\ndef _h(): return _A + _B\n\n\ndef f(): return _h()\n",
        "x = 1\n\n\n_A = 1\n_B = 2\n\n\n# help\ndef _h(): return _A + _B\n\n\n"
        "def f(): return _h()\n\n\ndef g(): pass\n",
    ),
    "helpers of its own are replaced where they stand": (
        "_A = 1\n\n\n# old\ndef _h(): return _A\n\n\nx = 1\n\n\ndef f(): return _h()\n",
        "_A = 2\n\n\ndef _h(): return -_A\n\n\ndef f(): return _h()\n",
        "_A = 2\n\n\n# old\ndef _h(): return -_A\n\n\nx = 1\n\n\ndef f(): return _h()\n",
    ),
    "a helper that others need too and that is the same stays": (
        "def _h(): return 1\n\n\ndef f(): return _h()\n\n\ndef g(): return _h()\n",
        "def _h():\n    return 1  # same\n\n\ndef f(): return -_h()\n",
        "def _h(): return 1\n\n\ndef f(): return -_h()\n\n\ndef g(): return _h()\n",
    ),
    "helpers that nobody needs any more go": (
        "import re\n\n_A = 1\n\n\ndef _h(): return re, _A\n\n\ndef f(): return _h()\n",
        NEW,
        "def f() -> int:\n    return 2\n",
    ),
    "helpers that the file has may be used without being repeated": (
        "_A = 1\n\n\ndef _h(): return _A\n\n\ndef f(): return _h()\n",
        "def f(): return -_h()\n",
        "_A = 1\n\n\ndef _h(): return _A\n\n\ndef f(): return -_h()\n",
    ),
    "a constant moves up when it needs a new one": (
        "_B = 1\n\n\ndef g(): return 0\n\n\ndef f(): return _B\n",
        "_A = 1\n_B = _A + 1\n\n\ndef f(): return _B\n",
        "def g(): return 0\n\n\n_A = 1\n_B = _A + 1\n\n\ndef f(): return _B\n",
    ),
}


@pytest.mark.parametrize(("before", "code", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_a_revision_changes_what_it_must(before: str, code: str, expected: str) -> None:
    """Text before, code, text after."""
    assert after(before, code) == expected


SAME = [
    ("def f(): return 1\n", "def f():\n    return (1)  # one\n"),
    ("import re\nX = 'a'\ndef f(): return X, re\n", 'import re\nX = "a"\ndef f(): return X, re\n'),
    ("_A = 1\ndef f(): return _A\n", "def f(): return _A\n"),
    ("# old\ndef f(): return 1\n", "# new\ndef f(): return 1\n"),
]


@pytest.mark.parametrize(("source", "code"), SAME)
def test_a_revision_that_changes_nothing_is_a_fault(source: str, code: str) -> None:
    """Layout, quoting and comments do not count."""
    assert rules(revised(source, code)) == ["no-change"]


def test_a_changed_docstring_is_a_change() -> None:
    """It is what the agent reads."""
    assert rules(revised('def f():\n    "a"\n', 'def f():\n    "b"\n')) == []


def test_a_changed_helper_is_a_change() -> None:
    """The function may stay while what it uses is mended."""
    code = "_A = 2\ndef f(): return _A\n"
    assert after("_A = 1\ndef f(): return _A\n", code) == code


@pytest.mark.parametrize(
    ("source", "code", "rule", "named"),
    [
        ("def g(): pass\n", NEW, "unknown-function", "g"),
        ("def f(): pass\n", "def g(): pass\n", "name-mismatch", "g"),
        ("def f(): pass\n", "def f(", "syntax", ""),
        ("def f(): pass\n", NEW + "print(f())\n", "work-at-import", "3"),
        ("def f(): pass\n", NEW + "f = 1\n", "one-function", "f"),
        (
            "def _h(): return 1\ndef f(): _h()\ndef g(): _h()\n",
            "def _h(): return 2\ndef f(): _h()\n",
            "helper-in-use",
            "g",
        ),
        ("A = 1\ndef f(): A\ndef g(): A\n", "A = 2\ndef f(): A\n", "helper-in-use", "g"),
        (
            "from datetime import datetime\ndef f(): 0\ndef g(): datetime\n",
            "import datetime\ndef f(): return datetime\n",
            "import-conflict",
            "g",
        ),
        ("def f(): pass\ndef f(): pass\n", NEW, "ambiguous", "f"),
        ("def f(): pass\n", "@overload\ndef f(): ...\n" + NEW, "overload", "f"),
    ],
)
def test_what_would_touch_others_is_a_fault(source: str, code: str, rule: str, named: str) -> None:
    """The fault names what stands in the way."""
    outcome = revised(source, code)
    assert rules(outcome) == [rule]
    assert not isinstance(outcome, Library)
    assert named in outcome[0].message + outcome[0].mend


def test_a_helper_that_another_module_imports_is_not_changed() -> None:
    """Its behaviour is theirs, too."""
    source = "def _h(): return 1\ndef f(): _h()\n"
    code = source.replace("1", "2")
    assert rules(revised(source, code, b="from .a import _h\ndef b(): _h()\n")) == ["helper-in-use"]


def test_marks_and_encodings_are_kept() -> None:
    """The file stays what it was for every editor."""
    library = revised(b"\xef\xbb\xbfx = 1\r\ndef f(): pass\r\n", NEW)
    assert isinstance(library, Library)
    expected = b"\xef\xbb\xbfx = 1\r\ndef f() -> int:\r\n    return 2\r\n"
    assert library.files["functions/a.py"] == expected
    latin = "# coding: latin-1\nx = 'é'\ndef f(): pass\n".encode("latin-1")
    library = revised(latin, "def f(): return 'ü'\n")
    assert isinstance(library, Library)
    expected = "# coding: latin-1\nx = 'é'\ndef f(): return 'ü'\n".encode("latin-1")
    assert library.files["functions/a.py"] == expected


def test_code_that_the_encoding_cannot_say_is_a_fault() -> None:
    """Rather than a file that changes its encoding under people's hands."""
    latin = "# coding: latin-1\nx = 'é'\ndef f(): pass\n".encode("latin-1")
    assert rules(revised(latin, "def f(): return '😀'\n")) == ["encoding"]


def test_revising_one_of_a_thousand_is_quick() -> None:
    """Nothing but the one module is read again."""
    import time

    source = b"def f%d(n: int) -> int:\n    return n\n"
    library = read({f"functions/m{i}.py": source % i for i in range(1_000)})
    began = time.perf_counter()
    code = "def f7(n: int) -> int:\n    return -n\n"
    assert isinstance(apply(library, Revise("f7", code), "functions"), Library)
    assert time.perf_counter() - began < 0.5


def test_a_constant_that_functions_set_is_the_same_constant() -> None:
    """``global`` in another function makes no second definition of it."""
    source = (
        b"_X = None\n\n\ndef f() -> int:\n    return _X\n\n\ndef g():\n    global _X\n    _X = 1\n"
    )
    outcome = apply(read({"f/a.py": source}), Revise("f", f"_X = None\n\n\n{NEW}"), "f")
    assert isinstance(outcome, Library)
    assert outcome.files["f/a.py"] == source.replace(b"return _X", b"return 2")
