"""Types that a draft leaves out of its signature and says in its docstring, or by its defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fnopt.library.concrete import readable
from fnopt.library.docstring import Types, types

if TYPE_CHECKING:
    import libcst as cst


_PLAIN = frozenset({"str", "int", "float", "bool", "list", "dict", "tuple", "set", "None"})
_WORDS: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "List": "list",
    "Dict": "dict",
    "Tuple": "tuple",
    "Set": "set",
}
"""How docstrings call plain types."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ASIDE = re.compile(r",?\s*\(?optional\)?$|,\s*default\b.*$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_LONGEST = 200  # characters of a type


def with_types(code: str, name: str) -> str:
    """Code whose function ``name`` has annotations wherever its docstring names a plain type for a
    parameter or for the result, or a parameter's default is a plain value.

    What is annotated stays as it is; so does code that cannot be read.
    """
    module = readable(code)
    if module is None:
        return code
    nodes = [one for one in module.tree().body if isinstance(one, _DEFINITIONS)]
    found = [one for one in nodes if one.name == name]
    if len(found) != 1:
        return code
    said = types(ast.get_docstring(found[0]) or "", tuple(one.arg for one in _given(found[0])))
    return _annotated(code, name, said)


def _given(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _annotated(code: str, name: str, said: Types) -> str:
    import libcst as cst

    tree = cst.parse_module(code)
    body = [
        _typed(one, said) if isinstance(one, cst.FunctionDef) and one.name.value == name else one
        for one in tree.body
    ]
    return tree.with_changes(body=body).code


def _typed(node: cst.FunctionDef, said: Types) -> cst.FunctionDef:
    import libcst as cst

    given = node.params
    params = given.with_changes(
        posonly_params=[_parameter(one, said) for one in given.posonly_params],
        params=[_parameter(one, said) for one in given.params],
        kwonly_params=[_parameter(one, said) for one in given.kwonly_params],
    )
    result = plain_type(said.result)
    if node.returns is not None or result is None:
        return node.with_changes(params=params)
    return node.with_changes(params=params, returns=cst.Annotation(cst.parse_expression(result)))


def _parameter(one: cst.Param, said: Types) -> cst.Param:
    import libcst as cst

    known = plain_type(said.arguments.get(one.name.value, "")) or _of_default(one.default)
    if one.annotation is not None or known is None:
        return one
    equal = cst.AssignEqual() if one.default is not None else cst.MaybeSentinel.DEFAULT
    return one.with_changes(annotation=cst.Annotation(cst.parse_expression(known)), equal=equal)


def _of_default(default: cst.BaseExpression | None) -> str | None:
    """The type of a plain default value."""
    import libcst as cst

    if isinstance(default, cst.SimpleString | cst.FormattedString):
        return "str"
    if isinstance(default, cst.Integer):
        return "int"
    if isinstance(default, cst.Float):
        return "float"
    if isinstance(default, cst.Name) and default.value in ("True", "False"):
        return "bool"
    return None


def plain_type(said: str) -> str | None:
    """The annotation for what a docstring says of a type; None when it is no plain one.

    >>> plain_type("List[string], optional")
    'list[str]'
    """
    text = _ASIDE.sub("", said.strip())
    text = _WORD.sub(lambda word: _WORDS.get(word[0], _WORDS.get(word[0].lower(), word[0])), text)
    if not text or len(text) > _LONGEST:
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = (ast.Expression, ast.Name, ast.Subscript, ast.Tuple, ast.BinOp, ast.BitOr, ast.Load)
    for node in ast.walk(tree):
        none = isinstance(node, ast.Constant) and node.value is None
        if not (none or isinstance(node, nodes)):
            return None
        if isinstance(node, ast.Name) and node.id not in _PLAIN:
            return None
    return text
