"""What breaks for those who call a function as it was, and who they are."""

import pytest

from fnopt.library.compat import incompatible
from fnopt.library.function import Library, read

BODY = ': return ""\n'
CALLER = "from functions.f import f\n\n\ndef a(x: str):\n    return f({0})\n"


def library(**sources: str) -> Library:
    """A library of modules in ``functions/``."""
    return read({f"functions/{name}.py": text.encode() for name, text in sources.items()})


def told(before: Library, after: Library) -> list[tuple[str, str]]:
    """Rule and level of every fault."""
    return [(one.rule, one.level) for one in incompatible(before, after)]


FINE = [
    ("def f(x: int) -> str", "def f(x: int) -> str"),
    ("def f(x: int) -> str", "def f(x: int, y: int = 1) -> str"),
    ("def f(x: int) -> str", "def f(x: float) -> str"),
    ("def f(x: int) -> str", "def f(x: int | None) -> str"),
    ("def f(x: int) -> str", "def f(x) -> str"),
    ("def f(x) -> str", "def f(x: int) -> str"),
    ("def f(x: int) -> str | None", "def f(x: int) -> str"),
    ("def f(x: int) -> str", "def f(x: int = 3) -> str"),
    ("def f(x: int, /) -> str", "def f(x: int) -> str"),
    ("def f(*, x: int) -> str", "def f(x: int) -> str"),
    ("def f(x: int, /) -> str", "def f(y: int, /) -> str"),
    ("def f(x: int, *, y: int = 1) -> str", "def f(x: int, **rest) -> str"),
    ("def f(x: Money) -> str", "def f(x: Price) -> str"),
    ("def f(x: int) -> Money", "def f(x: int) -> Price"),
    ("def f(x: list[int]) -> list", "def f(x: list[float]) -> list[str]"),
    ("def f(*, x: int, y: int) -> str", "def f(*, y: int, x: int) -> str"),
]


@pytest.mark.parametrize(("old", "new"), FINE)
def test_what_takes_no_less_and_gives_no_more_is_fine(old: str, new: str) -> None:
    """Wider parameters, narrower results, further defaults, and what cannot be known."""
    assert incompatible(library(f=old + BODY), library(f=new + BODY)) == ()


ALONE = [
    ("def f(x: int, y: int) -> str", "def f(x: int) -> str", "parameter-removed", "longer takes y"),
    ("def f(x, *rest) -> str", "def f(x) -> str", "parameter-removed", "longer takes *rest"),
    ("def f(x, **more) -> str", "def f(x) -> str", "parameter-removed", "longer takes **more"),
    (
        "def f(x: int) -> str",
        "def f(y: int) -> str",
        "parameter-renamed",
        "takes y where it took x",
    ),
    ("def f(x: int) -> str", "def f(x: int, y: int) -> str", "parameter-required", "requires y"),
    ("def f(x: int = 1) -> str", "def f(x: int) -> str", "parameter-required", "a default for x"),
    ("def f(x: int) -> str", "def f(*, x: int) -> str", "parameter-kind", "x by name only"),
    ("def f(x: int) -> str", "def f(x: int, /) -> str", "parameter-kind", "x by position only"),
    ("def f(x: str, y: int) -> str", "def f(y: int, x: str) -> str", "parameter-order", "(y, x)"),
    ("def f(x: float) -> str", "def f(x: int) -> str", "type-narrowed", "int for x"),
    ("def f(x: str | None) -> str", "def f(x: str) -> str", "type-narrowed", "longer str | None"),
    (
        "def f(x: Literal['a', 'b']) -> str",
        "def f(x: Literal['a']) -> str",
        "type-narrowed",
        "for x",
    ),
    ("def f(x: list[float]) -> str", "def f(x: list[int]) -> str", "type-narrowed", "for x"),
    ("def f(x: int) -> str", "def f(x: int) -> str | None", "result-changed", "str | None"),
    ("def f(x: int) -> str", "def f(x: int) -> int", "result-changed", "no longer str"),
]


@pytest.mark.parametrize(("old", "new", "rule", "said"), ALONE)
def test_what_only_agents_could_notice_is_a_warning(
    old: str, new: str, rule: str, said: str
) -> None:
    """Told, with its place, and no error: nothing in the library calls it."""
    (fault,) = incompatible(library(f=old + BODY), library(f=new + BODY))
    assert (fault.rule, fault.level, fault.function) == (rule, "warning", "f")
    assert (fault.file, fault.line) == ("functions/f.py", 1)
    assert said in fault.message
    assert fault.message.endswith("; nothing in the library calls it")
    assert fault.mend


CALLED = [
    # before, after, the call before, the call after, rule, level
    ("def f(x, y)", "def f(x)", "x, 1", "x, 1", "parameter-removed", "error"),
    ("def f(x, y)", "def f(x)", "x, 1", "x", "parameter-removed", "warning"),
    ("def f(x: str)", "def f(y: str)", "x=x", "x=x", "parameter-renamed", "error"),
    ("def f(x: str)", "def f(y: str)", "x", "x", "parameter-renamed", "warning"),
    ("def f(x)", "def f(x, y)", "x", "x", "parameter-required", "error"),
    ("def f(x)", "def f(x, y)", "x", "x, 2", "parameter-required", "warning"),
    ("def f(x)", "def f(*, x)", "x", "x", "parameter-kind", "error"),
    ("def f(x)", "def f(*, x)", "x=x", "x=x", "parameter-kind", "warning"),
    ("def f(x: str, y: int)", "def f(y: int, x: str)", "x, 1", "x, 1", "parameter-order", "error"),
    (
        "def f(x: str, y: int)",
        "def f(y: int, x: str)",
        "x, 1",
        "1, x",
        "parameter-order",
        "warning",
    ),
    ("def f(x: float)", "def f(x: int)", "x", "x", "type-narrowed", "error"),
    ("def f(x: float)", "def f(x: int)", "1", "1", "type-narrowed", "warning"),
    ("def f(x: float)", "def f(x: int)", "1.5", "1.5", "type-narrowed", "error"),
    ("def f(x: float)", "def f(x: int)", "x", "int(x)", "type-narrowed", "warning"),
    ("def f(x) -> int", "def f(x) -> str", "x", "x", "result-changed", "error"),
    ("def f(x) -> int", "def f(x) -> str", "x", "str(x)", "result-changed", "warning"),
]


@pytest.mark.parametrize(("old", "new", "call", "then", "rule", "level"), CALLED)
def test_a_caller_that_was_left_as_it_was_makes_an_error(
    old: str, new: str, call: str, then: str, rule: str, level: str
) -> None:
    """One that followed makes none; both are named."""
    before = library(f=old + BODY, a=CALLER.replace("{0}", call))
    after = library(f=new + BODY, a=CALLER.replace("{0}", then))
    faults = [one for one in incompatible(before, after) if one.function == "f"]
    assert [(one.rule, one.level) for one in faults] == [(rule, level)]
    verb = "still wanted by" if level == "error" else "called by"
    assert f"{verb} functions/a.py:5" in faults[0].message


def test_a_removed_parameter_in_the_middle_shifts_the_others() -> None:
    """Fitting by count, and yet wrong."""
    before = library(f=f"def f(x, y=1, z=2){BODY}", a=CALLER.replace("{0}", "x, 5"))
    after = library(f=f"def f(x, z=2){BODY}", a=CALLER.replace("{0}", "x, 5"))
    assert told(before, after) == [("parameter-removed", "warning"), ("parameter-order", "error")]


def test_a_function_that_is_gone() -> None:
    """Nobody calls it: a warning; somebody does: an error with the places."""
    keep = {"b": "def b(): return 1\n"}
    before = library(f=f"def f(x){BODY}", **keep)
    (fault,) = incompatible(before, library(**keep))
    assert (fault.rule, fault.level, fault.file) == (
        "function-removed",
        "warning",
        "functions/f.py",
    )
    callers = {
        f"a{i}": CALLER.replace("{0}", "x").replace("def a(", f"def a{i}(") for i in range(5)
    }
    (fault,) = incompatible(library(f=f"def f(x){BODY}", **callers), library(**callers))
    assert fault.level == "error"
    assert "functions/a0.py:5, functions/a1.py:5, functions/a2.py:5 and 2 more" in fault.message


def test_a_function_with_another_name() -> None:
    """The new name is told; who still uses the old one breaks."""
    old = 'def f(text):\n    first, *rest = text.split("-")\n    return sorted(rest), first\n'
    new = old.replace("def f(", "def split(")
    followed = (
        CALLER.replace("{0}", "x").replace("import f", "import split").replace("f(x)", "split(x)")
    )
    before = library(f=old, a=CALLER.replace("{0}", "x"))
    (fault,) = incompatible(before, library(f=new, a=CALLER.replace("{0}", "x")))
    assert (fault.rule, fault.level, fault.function) == ("function-renamed", "error", "split")
    assert "f is now called split; still wanted by functions/a.py:5" in fault.message
    assert told(before, library(f=new, a=followed)) == [("function-renamed", "warning")]


def test_a_function_that_moved() -> None:
    """Agents call by name: only who imports it from the old place breaks."""
    text = f"def f(x){BODY}"
    before = library(f=text, a=CALLER.replace("{0}", "x"))
    assert told(before, library(g=text, a=CALLER.replace("{0}", "x"))) == [
        ("function-moved", "error")
    ]
    followed = CALLER.replace("{0}", "x").replace("functions.f", "functions.g")
    assert told(before, library(g=text, a=followed)) == []
    handed = library(g=text, f="from functions.g import f\n", a=CALLER.replace("{0}", "x"))
    assert told(before, handed) == []


def test_several_functions_of_a_module_that_is_gone() -> None:
    """Each is still wanted by its own callers."""
    both = f"def f(x){BODY}\n\ndef g(x){BODY}"
    caller = "from functions.f import f, g\n\n\ndef a(x):\n    return f(x) + g(x)\n"
    faults = incompatible(library(f=both, a=caller), library(a=caller))
    assert [(one.function, one.level) for one in faults] == [("f", "error"), ("g", "error")]


def test_an_alias_of_types_counts() -> None:
    """``Unit = Literal[…]`` lost a value; the signature is the same text."""
    text = "from typing import Literal\n\nUnit = Literal['m', 'km']\n\n\ndef f(x: Unit): return x\n"
    assert told(library(f=text), library(f=text.replace(", 'km'", ""))) == [
        ("type-narrowed", "warning")
    ]
    assert told(library(f=text), library(f=text.replace("'km'", "'km', 'mi'"))) == []


def test_an_unreadable_file_is_no_error_of_ours() -> None:
    """Its functions are gone as far as anybody can see."""
    faults = incompatible(library(f=f"def f(x){BODY}"), library(f="def f(:\n"))
    assert [one.rule for one in faults] == ["function-removed"]
