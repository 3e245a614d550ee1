"""``eval`` in a draft becomes arithmetic: the same results, and nothing that could be run."""

from __future__ import annotations

from typing import Any

import pytest

from fnopt.library.arithmetic import without_eval
from fnopt.library.edit import Add, apply
from fnopt.library.function import Library, read
from fnopt.library.policy import new_faults
from fnopt.library.proposal import Proposal
from fnopt.library.tidy import tidy
from fnopt.records import Fault

DRAFT = '''from __future__ import annotations


def compute(expression: str) -> str:
    """Return the value of the expression."""
    return hex(eval(expression))
'''


def _run(code: str, *arguments: Any) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "draft.py", "exec"), names)  # our own text, in a test
    return names["compute"](*arguments)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("((0x636a << 0x2) - (0x111e - 0xe549))", "0x261d3"),
        (" -3 + 2 * (7 // 2) ", "0x3"),
        ("2 ** 10 % 1000 | 1 & 3 ^ ~4", "-0x6"),
    ],
)
def test_arithmetic_comes_out_as_eval_has_it(expression: str, value: str) -> None:
    """Every operator of whole numbers, precedence and signs included."""
    assert _run(without_eval(DRAFT), expression) == value == hex(eval(expression))


@pytest.mark.parametrize(
    "expression", ["__import__('os').getcwd()", "x + 1", "[1]", "1 if 2 else 3"]
)
def test_anything_else_raises(expression: str) -> None:
    """Names, calls, lists and conditions are no arithmetic."""
    with pytest.raises(ValueError, match="no arithmetic"):
        _run(without_eval(DRAFT), expression)


def test_an_edit_with_eval_is_taken() -> None:
    """The policy refuses eval; the draft that was mended passes it."""
    draft = Add("compute", DRAFT)
    assert "reach-eval" in {fault.rule for fault in _faults(draft)}
    [mended] = tidy(Proposal((draft,), "")).edits
    assert isinstance(mended, Add)
    assert _faults(mended) == []


def _faults(edit: Add) -> list[Fault]:
    after = apply(read({}), edit, "functions")
    assert isinstance(after, Library)
    return [fault for fault in new_faults(read({}), after) if fault.level == "error"]


def test_what_comes_in_is_laid_out_as_people_would() -> None:
    """Imports behind the docstring and future imports, and empty lines around the rest."""
    bare = DRAFT.partition("annotations\n\n\n")[2]
    imports = "import ast\nimport operator\n\n\n"
    assert without_eval(bare).startswith(f"{imports}def compute(")
    assert without_eval(DRAFT).startswith("from __future__ import annotations\nimport ast\n")
    spaced = without_eval(f'"""Numbers."""\n\n\n# Why.\n{bare}')
    assert spaced.startswith(f'"""Numbers."""\n{imports}# Why.\ndef compute(')


def test_two_drafts_share_one_helper() -> None:
    """In one file the helper stands once."""
    second = DRAFT.replace("def compute", "def calculate").replace("hex", "oct")
    library = read({"functions.py": b'"""All."""\n'})
    for name, code in (("compute", DRAFT), ("calculate", second)):
        [edit] = tidy(Proposal((Add(name, code, module="functions.py"),), "")).edits
        after = apply(library, edit, "")
        assert isinstance(after, Library), after
        library = after
    assert library.files["functions.py"].count(b"def _evaluate") == 1


@pytest.mark.parametrize(
    "code",
    [
        DRAFT.replace("eval(expression)", "eval(expression, {'x': 1})"),
        DRAFT.replace("eval(expression)", "eval(*expression)"),
        DRAFT.replace("eval(expression)", "list(map(eval, [expression]))[0]"),
        DRAFT.replace("eval(expression)", "eval(expression) + (operator := 1)"),
        DRAFT.replace("eval(expression)", "eval(expression"),
        DRAFT + "\n\ndef eval(text):\n    return 1\n",
        DRAFT.replace("eval", "evaluation"),
        "",
    ],
)
def test_what_cannot_be_told_apart_stays(code: str) -> None:
    """Names to look up, eval as a value, names that the helper needs, and no Python at all."""
    assert without_eval(code) == code


def test_emptied_builtins_are_no_names() -> None:
    """What careful models write means arithmetic too."""
    code = DRAFT.replace("eval(expression)", 'eval(expression, {"__builtins__": None}, {})')
    assert _run(without_eval(code), "1 + 2") == "0x3"
