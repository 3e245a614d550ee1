"""What is kept of modules from one library to the next is what would be worked out anew."""

from __future__ import annotations

import gc
import json
import random

import pytest

from fnopt.library import links, policy
from fnopt.library.calls import all_sites, mismatches
from fnopt.library.derived import Derived
from fnopt.library.dotted import dotted_names, own_modules
from fnopt.library.function import Library, read, with_file
from fnopt.library.links import linked
from fnopt.library.module import Module
from fnopt.library.policy import check
from fnopt.library.schema.tools import offered_tools
from fnopt.library.touched import by_module, changed, touched
from fnopt.records import Fault

IN_SUITE = 6  # seeds in every run of the suite; the others are marked slow
PLACES = ["a", "b", "c", "pack/__init__", "pack/a", "pack/d", "pack/deep/a", "src/d", "src/pack/e"]
LINES = [
    "def f(x): return x\n",
    "def f(): return 1\n",
    "f = 1\n",
    "from functions.a import f\n",
    "from functions.pack import a\n",
    "from functions.pack import f\n",
    "from functions.pack.a import f as g\n",
    "from functions import pack\n",
    "from functions import b as a\n",
    "import functions.pack.a\n",
    "import functions.b as b\n",
    "from d import f\n",
    "from pack.e import f\n",
    "from functions.b import *\n",
    "from functions.pack import *\n",
    "from . import a\n",
    "from .a import f\n",
    "from .. import c\n",
    "import requests, functions.gone\n",
    "from functions.b import gone, T\n",
    "from dataclasses import dataclass\n@dataclass\nclass T:\n    x: int\n",
    "from functions.a import T\nclass U(T):\n    y: str\n",
    "from typing import Literal\nT = Literal['a', 'b']\n",
    "def take(x: T) -> int: return 1\n",
    "def give(y: int) -> int: return y + 1\n",
    "def lend(y: int) -> int: return y + 1\n",
    "def use(): return f(), a.f(), b.f(), pack.a.f(), g(), functions.pack.a.f(), pack.deep.a.f()\n",
]


def _wandering(seed: int) -> list[Library]:
    """Libraries that differ by a module or two from the one before."""
    chance = random.Random(seed)
    files: dict[str, bytes] = {}
    found = []
    for _ in range(40):
        for place in chance.sample(PLACES, chance.choice([1, 1, 2])):
            path = f"functions/{place}.py"
            files.pop(path, None)
            if chance.random() < 0.8:
                files[path] = "".join(chance.sample(LINES, chance.randint(1, 5))).encode()
        found.append(read(files))
    return found


def _clear() -> None:
    """Forget all that is renewed, wherever it is kept."""
    derived = [one for one in gc.get_objects() if isinstance(one, Derived)]
    assert len(derived) > 8
    for one in derived:
        one.clear()
    all_sites.cache_clear()
    policy._checked.cache_clear()


def misfits(library: Library) -> list[Fault]:
    """The calls of all modules that do not fit, by path."""
    return [fault for one in library.modules.values() for fault in mismatches(library, one)]


@pytest.mark.parametrize(
    "seed",
    [pytest.param(one, marks=() if one < IN_SUITE else pytest.mark.slow) for one in range(20)],
)
def test_what_is_kept_is_what_would_be_worked_out_anew(seed: int) -> None:
    """Packages and modules of one name, stars, names that are handed on, shortened names."""

    def told(one: Library) -> tuple[object, ...]:
        tools = list(offered_tools(one)), list(offered_tools(one, strictly=True))
        names = dict(dotted_names(one)), set(own_modules(one))
        calls = dict(linked(one)), dict(all_sites(one)), misfits(one)
        return check(one), tools, names, calls

    walk = _wandering(seed)
    _clear()
    kept = [told(one) for one in walk]
    for one, before in zip(walk, kept, strict=True):
        _clear()
        assert told(one) == before
    assert len({str(one) for one in kept}) > 20


def test_an_edit_touches_the_module_and_those_that_import_it() -> None:
    """Others are not looked at again: what is new under a name that nobody says is nobody's."""
    files = {
        "functions/a.py": b"def f(x): return x\n",
        "functions/b.py": b"from functions.a import f\n",
        "functions/c.py": b"from functions.b import f\n",
        "functions/d.py": b"def g(x): return x\n",
    }
    before = read(files)
    revised = read({**files, "functions/a.py": b"def f(): return 1\n"})
    grown = read({**files, "functions/new.py": b"def h(): return 1\n"})
    assert changed(before, revised) == {"functions/a.py"}
    assert touched(before, revised) == {"functions/a.py", "functions/b.py"}
    assert links.touched_through(before, revised) == {f"functions/{name}.py" for name in "abc"}
    assert touched(before, grown) == {"functions/new.py"}
    assert touched(grown, before) == frozenset()
    looked_at: list[str] = []

    def make(_: Library, module: Module) -> str:
        looked_at.append(module.path)
        return module.name

    made = by_module(make, changed)
    assert list(made.of(before).values()) == [f"functions.{name}" for name in "abcd"]
    looked_at.clear()
    assert sorted(made.of(grown)) == sorted(grown.modules)
    assert looked_at == ["functions/new.py"]
    made.of(before)
    assert looked_at == ["functions/new.py"]


def test_little_libraries_do_not_drive_out_a_large_one() -> None:
    """Drafts are looked at by the dozen between two edits of the same library."""
    large = {f"functions/f{n}.py": f"def f{n}(): return {n}\n".encode() for n in range(40)}
    looked_at: list[str] = []

    def make(_: Library, module: Module) -> str:
        looked_at.append(module.path)
        return module.name

    made = by_module(make, touched)
    made.of(read(large))
    for n in range(12):
        made.of(read({"draft.py": f"def g(): return {n}\n".encode()}))
    looked_at.clear()
    made.of(read({**large, "functions/new.py": b"def new(): return 1\n"}))
    assert looked_at == ["functions/new.py"]


@pytest.mark.parametrize("seed", range(20))
def test_a_library_with_a_file_is_what_would_be_read(seed: int) -> None:
    """A file that is new, other, broken or gone; functions of one name in it and elsewhere."""
    chance = random.Random(seed)
    walk = _wandering(seed)
    library = read({})
    for other in walk:
        paths = sorted({*library.files, *other.files, "functions/a.py"})
        path = chance.choice(paths)
        content = other.files.get(path)
        if content is not None and chance.random() < 0.9:  # else a name of others, too
            own = f"def {chance.choice('abcdefgh')}_{PLACES.index(path[10:-3])}(".encode()
            content = content.replace(b"def f(", own).replace(b"def use(", b"def _use(")
        if content is not None and chance.random() < 0.1:
            content = chance.choice([content * 2, b"def g(: pass"])
        after = with_file(library, path, content)
        fresh = read(
            {**{p: d for p, d in library.files.items() if p != path}, **_one(path, content)}
        )
        assert dict(after.files) == dict(fresh.files)
        assert list(after.modules.items()) == list(fresh.modules.items())
        assert after.functions == fresh.functions
        assert after.faults == fresh.faults
        library = after


def _one(path: str, content: bytes | None) -> dict[str, bytes]:
    return {} if content is None else {path: content}


def test_a_tool_follows_a_type_however_far_away_it_is_defined() -> None:
    """A parameter's class has a field of a class of a third module."""
    files = {
        "functions/a.py": b"from functions.b import Order\ndef take(x: Order) -> int: return 1\n",
        "functions/b.py": b"from dataclasses import dataclass\nfrom functions.c import Item\n"
        b"@dataclass\nclass Order:\n    item: Item\n",
        "functions/c.py": b"from dataclasses import dataclass\n"
        b"@dataclass\nclass Item:\n    n: int\n",
    }
    before = read(files)
    named = read({**files, "functions/c.py": files["functions/c.py"].replace(b"n: int", b"m: str")})
    first, second = (json.dumps(list(offered_tools(one))) for one in (before, named))
    assert '"n"' in first
    assert '"m"' in second
    assert '"n"' not in second
