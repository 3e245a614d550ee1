"""The first line of a function's docstring, by which agents choose among functions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fnopt.library.concrete import readable

if TYPE_CHECKING:
    import libcst as cst


def with_remark(code: str, name: str, remark: str) -> str:
    """Code whose function ``name`` says ``remark`` at the end of its docstring's first line.

    Code that cannot be read stays as it is, and so does a docstring with escapes in it, with three
    quotation marks, or with one at its end.
    """
    import libcst as cst

    if readable(code) is None:
        return code
    tree = cst.parse_module(code)
    for node in tree.body:
        if isinstance(node, cst.FunctionDef) and node.name.value == name:
            said = _docstring(node)
            if said is not None:
                return tree.deep_replace(said, _remarked(said, remark)).code  # type: ignore[union-attr]
    return code


def _docstring(node: cst.FunctionDef) -> cst.SimpleString | None:
    import libcst as cst

    match node.body.body[0]:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() as said)]):
            text = said.raw_value
            plain = not said.prefix and "\\" not in text and '"' not in text[-1:]
            plain = plain and '"""' not in text
            return said if plain and said.raw_value.strip() else None
    return None


def _remarked(said: cst.SimpleString, remark: str) -> cst.SimpleString:
    text = ast.literal_eval(said.value)
    before = text[: len(text) - len(text.lstrip())]
    first, *rest = text.lstrip().split("\n")
    plain = " ".join(remark.replace("\\", " ").replace('"', "'").split())
    first = f"{first.rstrip().rstrip('.')}, {plain}"
    return said.with_changes(value='"""' + before + "\n".join([first, *rest]) + '"""')
