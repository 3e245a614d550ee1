"""What is needed in ways that no plain name tells is not cut along with a function."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Remove, Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.ours import Ours, brought

PATH = "functions/a.py"
REGISTRY = (
    "_REG = {}\n\n\ndef _reg(h):\n    _REG[h.__name__] = h\n    return h\n\n\n"
    "@_reg\ndef _kept(x):\n    return 2 * x\n\n\ndef f(x):\n    return _kept(x)\n\n\n"
    "def g(x):\n    return _REG['_kept'](x)\n"
)
SUBCLASSES = (
    "class _A:\n    pass\n\n\nclass _kept(_A):\n    pass\n\n\ndef f():\n    return _kept()\n\n\n"
    "def g():\n    return _A.__subclasses__()\n"
)
COUNTED = (
    "from itertools import count\n\n_IDS = count()\n_kept = next(_IDS)\n_B = next(_IDS)\n\n\n"
    "def f():\n    return _kept\n\n\ndef g():\n    return _B, _IDS\n"
)
ALIAS = (
    "from typing import Optional\n\n\nclass _kept:\n    pass\n\n\n_Opt = Optional['_kept']\n\n\n"
    "def f():\n    return _kept()\n\n\ndef g(p: _Opt):\n    return p\n"
)
TYPED = (
    "from typing import TypedDict\n\n\nclass _kept:\n    pass\n\n\n"
    "_T = TypedDict('_T', {'p': '_kept'})\n\n\n"
    "def f():\n    return _kept()\n\n\ndef g(p: _T):\n    return p\n"
)
GLOBALS = (
    "_kept = 1\n\n\ndef f():\n    return _kept\n\n\ndef g():\n    return g.__globals__['_kept']\n"
)
BUILTINS = (
    "import builtins\n\n_kept = 1\n\n\ndef f():\n    return _kept\n\n\n"
    "def g():\n    return builtins.eval('_kept')\n"
)


@pytest.mark.parametrize("known", [False, True], ids=["people's", "fnopt's"])
@pytest.mark.parametrize(
    "source",
    [REGISTRY, SUBCLASSES, COUNTED, ALIAS, TYPED, GLOBALS],
    ids=["registry", "subclasses", "counter", "alias", "typed dict", "globals"],
)
def test_it_stays(source: str, known: bool) -> None:
    """Whoever wrote it; when the function goes, and when it no longer needs it."""
    library = read({PATH: source.encode()})
    ours = (lambda path: brought(None, source.encode())) if known else None
    for edit in (Remove("f"), Revise("f", "def f(*x):\n    return 7\n")):
        after = apply(library, edit, "functions", ours)
        assert isinstance(after, Library), after
        assert b"_kept" in after.files[PATH].replace(b"return _kept", b"")
        assert b"def _kept" in after.files[PATH] or b"def _kept" not in source.encode()


def test_code_made_at_run_time_may_need_everything() -> None:
    """Also by way of ``builtins``: what it might call is not removed under it."""
    outcome = apply(read({PATH: BUILTINS.encode()}), Remove("f"), "functions")
    assert isinstance(outcome, tuple)
    assert [one.rule for one in outcome] == ["has-callers"]


def left(source: str, **others: str) -> str:
    """The module without ``f``, all of it fnopt's."""
    files = {f"functions/{name}.py": text.encode() for name, text in others.items()}

    def ours(path: str) -> Ours:
        return brought(None, source.encode())

    after = apply(read({PATH: source.encode(), **files}), Remove("f"), "functions", ours)
    assert isinstance(after, Library), after
    return after.files[PATH].decode()


F = "\n\ndef f(x: int) -> int:\n    return x\n"
G = "\n\ndef g(x: int) -> int:\n    return x\n"


@pytest.mark.parametrize(
    "annotation", ["'int' | None", "queue.Nope", "Later", "__annotations__", "'Later'"]
)
def test_the_future_of_annotations_stays_where_it_may_be_needed(annotation: str) -> None:
    """Evaluated, they would fail, or be another thing."""
    source = f"from __future__ import annotations\n{F}\n\ndef g(x: {annotation}) -> int: ...\n"
    assert left(source).startswith("from __future__ import annotations\n")
    assert not left(f"from __future__ import annotations\n{F}{G}").startswith("from __future__")


def test_what_outsiders_look_up_stays() -> None:
    """``__all__``, ``__getattr__``, a version, and the variants of another function."""
    head = (
        '__all__ = ["g", "_k"]\n_k = 1\n__version__ = "1"\n\n\ndef __getattr__(n):\n    return n\n'
    )
    for name in ("__all__", "_k = 1", "__version__", "__getattr__"):
        assert name in left(f"{head}{F}{G}")
    stubs = "from typing import overload\n\n\n@overload\ndef g(x: int) -> int: ...\n"
    assert "@overload" in left(f"{stubs}{F}{G}")


def test_a_star_import_that_hides_a_builtin_stays() -> None:
    """``pow`` is another function with it."""
    star = "from math import *\n\n\ndef f(x):\n    return floor(x)\n"
    assert "import *" in left(f"{star}\n\ndef g(x):\n    return pow(x, 2)\n")


def test_what_is_had_by_way_of_a_package_stays() -> None:
    """``import functions.c`` binds ``functions``, and others have imported ``functions.a``."""
    a = "T = 1\n\n\ndef f():\n    return T\n\n\ndef g():\n    return 1\n"
    users = {"b": "import functions.c\n\n\ndef h():\n    return functions.a.T\n"}
    assert "T = 1" in left(a, **users, c="import functions.a\n")
