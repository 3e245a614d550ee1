"""Types that a docstring names, or a default, come into the signature; nothing else changes."""

from __future__ import annotations

import pytest

from fnopt.library.complete import plain_type, with_types
from fnopt.library.edit import Add, Revise
from fnopt.library.proposal import Proposal
from fnopt.library.tidy import tidy, with_private_helpers

GOOGLE = '''def f(base, text, flag=True):
    """Do it.

    Args:
        base (int): One.
        text (string, optional): Another.

    Returns:
        List[int]: All.
    """
    return [base]
'''
FLAT = '''def f(base, text, flag=True):
    """Do it.

    Parameters:
    base (int): One.
    text (string, optional): Another.

    Returns:
    List[int]: All.
    """
    return [base]
'''
NUMPY = '''def f(base, text, flag=True):
    """Do it.

    Parameters
    ----------
    base : int
        One.
    text : str, optional
        Another.

    Returns
    -------
    List[int]
        All.
    """
    return [base]
'''
SPHINX = '''def f(base, text, flag=True):
    """Do it.

    :param int base: One.
    :param text: Another.
    :type text: str
    :return: All.
    :rtype: list[int]
    """
    return [base]
'''


@pytest.mark.parametrize("code", [GOOGLE, FLAT, NUMPY, SPHINX])
def test_every_style_of_docstring(code: str) -> None:
    """The first line alone changes."""
    first, _, rest = code.partition("\n")
    assert with_types(code, "f") == (
        f"def f(base: int, text: str, flag: bool = True) -> list[int]:\n{rest}"
    )
    assert first == "def f(base, text, flag=True):"


@pytest.mark.parametrize(
    "code",
    [
        GOOGLE.replace(
            "def f(base, text, flag=True)", "def f(base: float, text: bytes, flag: int)"
        ),
        'def f(a, b):\n    """Add a and b."""\n    return a + b\n',
        'def f(a):\n    """Do.\n\n    Args:\n        a (np.ndarray): It.\n    """\n',
        'def f(a):\n    """Do.\n\n    Args:\n        a (__import__("os")): It.\n    """\n',
        'class C:\n    def f(self, a=1):\n        """Do."""\n',
        "def g():\n    def f(a=1):\n        return a\n    return f\n",
        "def f(a=1):\n    return a\n\n\ndef f(a=1):\n    return a\n",
        "def f(a=None, b=(), c=other):\n    return a\n",
        "def f(a\n",
        "\0",
        "",
    ],
)
def test_what_stays_as_it_is(code: str) -> None:
    """What is annotated, what no docstring says, what is no plain type, and what is not meant."""
    if "float" in code:  # the result alone is missing there
        assert with_types(code, "f") == code.replace("int):", "int) -> list[int]:", 1)
    else:
        assert with_types(code, "f") == code


def test_other_functions_are_left_alone() -> None:
    """The draft's own function is meant, its helpers are not."""
    helper = "\n\ndef g(a=1):\n    return a\n"
    assert with_types("def f(a=1):\n    return a\n" + helper, "f") == (
        "def f(a: int = 1):\n    return a\n" + helper
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("str", "str"),
        ("String", "str"),
        ("Dict[str, List[int]]", "dict[str, list[int]]"),
        ("int | None", "int | None"),
        ("integer, default 3", "int"),
        ("list of int", None),
        ("Optional[int]", None),
        ("os.PathLike", None),
        ("str)", None),
        ("x" * 300, None),
        ("", None),
    ],
)
def test_plain_types(said: str, meant: str | None) -> None:
    """Words of docstrings as annotations; nothing that is no plain type."""
    assert plain_type(said) == meant


def test_proposals_are_completed() -> None:
    """Whatever name the code defines."""
    code = "def f(a=1):\n    return a\n"
    found = tidy(Proposal((Add("f", code), Revise("old", code, "f"), Revise("f", code)), "why"))
    for edit in found.edits:
        assert isinstance(edit, Add | Revise)
        assert edit.code.startswith("def f(a: int = 1):")


HELPED = '''def lcm(a: int, b: int) -> int:
    """Return the least common multiple, by gcd."""
    return abs(a * b) // gcd(a, b)


def gcd(a: int, b: int) -> int:
    """Return the greatest common divisor."""
    return a if b == 0 else gcd(b, a % b)
'''


def test_helpers_become_private() -> None:
    """Definition and calls; words of docstrings stay."""
    assert with_private_helpers(HELPED, "lcm") == (HELPED.replace("gcd(", "_gcd("))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (HELPED, "other"),
        (HELPED.replace("// gcd(a, b)", "// 1").replace("gcd(b, a % b)", "b"), "lcm"),
        (HELPED.replace("return abs", "_gcd = gcd\n    return abs") + "\n\n_gcd = gcd\n", "lcm"),
        ("def f(:\n", "f"),
        ("", "f"),
    ],
)
def test_what_is_no_helper_stays(code: str, name: str) -> None:
    """Nothing calls it, its private name is taken, or nothing can be read."""
    assert with_private_helpers(code, name) == code
