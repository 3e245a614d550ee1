"""What a summary is made to say."""

from __future__ import annotations

import pytest

from fnopt.library.function import read
from fnopt.library.summary import with_remark

REMARK = 'as in: Say "no" \\ to it …'


@pytest.mark.parametrize(
    ("docstring", "summary", "rest"),
    [
        ('"""Add."""', "Add, as in: Say 'no' to it …", ""),
        ("'Add.'", "Add, as in: Say 'no' to it …", ""),
        ('"""\n    Add them.\n\n    More.\n    """', "Add them, as in: Say 'no' to it …", "More."),
        (
            '"""Add.\n\n    Args:\n        a: One.\n    """',
            "Add, as in: Say 'no' to it …",
            "a: One.",
        ),
    ],
)
def test_the_first_line_says_it(docstring: str, summary: str, rest: str) -> None:
    """Whatever form the docstring has; what follows stays."""
    code = with_remark(f"def f(a: int) -> int:\n    {docstring}\n    return a\n", "f", REMARK)
    (function,) = read({"m.py": code.encode()}).functions
    assert function.summary == summary
    assert rest in function.doc
    assert "return a" in function.source


@pytest.mark.parametrize(
    "code",
    [
        "def f(a: int) -> int:\n    return a\n",
        'def g(a: int) -> int:\n    """Add."""\n    return a\n',
        'def f(a: int) -> int:\n    r"""Add."""\n    return a\n',
        'def f(a: int) -> int:\n    """Add \\t."""\n    return a\n',
        """def f(a: int) -> int:\n    'Add, say "yes"'\n    return a\n""",
        """def f(a: int) -> int:\n    '''Add.\n\n    \"\"\"x\"\"\" '''\n    return a\n""",
        "def f(:\n",
    ],
    ids=["no docstring", "another", "raw", "escapes", "quoted end", "quoted", "no Python"],
)
def test_what_cannot_say_it_stays_as_it_is(code: str) -> None:
    """To the letter."""
    assert with_remark(code, "f", REMARK) == code
