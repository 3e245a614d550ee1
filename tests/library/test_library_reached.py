"""What the sandbox needs of a library to import one of its modules."""

from __future__ import annotations

import pytest

from fnopt.library.function import read
from fnopt.library.reached import files_for
from fnopt.sandbox import sandbox

BOX = sandbox("process", 20.0)
FILES = {
    "functions/alone.py": b"import math\n\ndef alone() -> int:\n    return 1\n",
    "functions/uses.py": b"from functions.base import base\n\ndef uses() -> int:\n"
    b"    return base() + 1\n",
    "functions/base.py": b"from .deep import leaf\n\ndef base() -> int:\n    return leaf.leaf()\n",
    "functions/deep/__init__.py": b"from functions.deep.other import ONE\n",
    "functions/deep/leaf.py": b"from . import ONE\n\ndef leaf() -> int:\n    return ONE\n",
    "functions/deep/other.py": b"ONE = 1\n",
    "functions/within.py": b"def within() -> int:\n    from functions import alone\n"
    b"    return alone.alone()\n",
    "functions/late.py": b"import importlib\n\ndef late(name: str) -> int:\n"
    b"    return importlib.import_module(name).alone()\n",
}


@pytest.mark.parametrize(
    ("path", "needs"),
    [
        ("functions/alone.py", {"functions/alone.py"}),
        (
            "functions/uses.py",
            {
                *("functions/uses.py", "functions/base.py", "functions/deep/__init__.py"),
                *("functions/deep/leaf.py", "functions/deep/other.py"),
            },
        ),
        ("functions/within.py", {"functions/within.py", "functions/alone.py"}),
        ("functions/late.py", set(FILES)),
    ],
)
def test_a_module_needs_what_it_imports(path: str, needs: set[str]) -> None:
    """Through packages and imports inside of functions; all where names are made at run time."""
    library = read(FILES)
    assert set(files_for(library, path)) == needs
    name = path.removesuffix(".py").rpartition("/")[2]
    arguments = {"name": "functions.alone"} if name == "late" else {}
    there = BOX.call(files_for(library, path), f"functions.{name}", name, arguments)
    every = BOX.call(library.files, f"functions.{name}", name, arguments)
    assert (there.ok, there.result) == (every.ok, every.result) == (True, every.result)


def test_with_a_file_that_cannot_be_read_all_is_needed() -> None:
    """Nobody knows what it imports, nor who imports it by a name that is no name here."""
    library = read({**FILES, "functions/broken.py": b"def (:\n"})
    assert files_for(library, "functions/alone.py") == library.files
