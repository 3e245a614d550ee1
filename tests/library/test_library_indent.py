"""New code takes the indentation of the file that it comes into."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Add, Edit, Revise, apply
from fnopt.library.function import Library, read

CODE = '''def f(x: int) -> int:
    """Do.

    Args:
        x: It.
    """
    text = """
    as it is
    """
    if x:
        return g(text,
                 x)
    return 0
'''
TABS = '''def f(x: int) -> int:
\t"""Do.

\tArgs:
\t\tx: It.
\t"""
\ttext = """
    as it is
    """
\tif x:
\t\treturn g(text,
\t\t\t\t x)
\treturn 0
'''
EDITS = [Add("f", CODE, "functions.a"), Revise("f", CODE)]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(
    ("unit", "expected"), [("\t", TABS), ("  ", CODE.replace("    ", "  ")), ("    ", CODE)]
)
def test_code_is_indented_like_the_file(edit: Edit, unit: str, expected: str) -> None:
    """Docstrings along with it; other strings, and what is aligned by hand, as they are."""
    expected = expected.replace('"""\n  as it is\n  """', '"""\n    as it is\n    """')
    expected = expected if unit != "  " else expected.replace(" " * 8 + " x)", " " * 9 + "x)")
    source = f"def g(x, y):\n{unit}return x\n"
    if isinstance(edit, Revise):
        source += f"\n\ndef f():\n{unit}return 1\n"
    after = apply(read({"functions/a.py": source.encode()}), edit, "functions")
    assert isinstance(after, Library)
    text = after.files["functions/a.py"].decode()
    assert text.partition("\n\n\n")[2] == expected


@pytest.mark.parametrize("edit", EDITS)
def test_code_stays_where_the_file_shows_no_indentation(edit: Edit) -> None:
    """One-liners say nothing."""
    source = "def g(x, y): return x\n" + "\n\ndef f(): return 1\n" * isinstance(edit, Revise)
    after = apply(read({"functions/a.py": source.encode()}), edit, "functions")
    assert isinstance(after, Library)
    assert after.files["functions/a.py"].decode().endswith(CODE)
