"""AutoGen's functions (name, description, JSON schema, code) as modules for fnopt's sandbox.

There the code runs as a script that calls ``NAME(**arguments)``; here the same code is a module.
What the agent is shown comes from the signature, so that the schema's types become annotations and
the description becomes the docstring. Only the named function is offered: whatever else the code
defines becomes private.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from fnopt.library.function import Library, read

TYPES: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
Described = Mapping[str, Any]


def library_of(functions: Sequence[Described]) -> Library:
    """The functions whose code defines what their name says."""
    files = {f"functions/{one['name']}.py": module(one) for one in functions if _named(one)}
    return read({path: code.encode() for path, code in files.items() if code})


def _named(one: Described) -> bool:
    name = one.get("name")
    return isinstance(name, str) and name.isidentifier() and not name.startswith("_")


def module(one: Described) -> str:
    """The module of a function; empty when its code does not define it."""
    try:
        tree = ast.parse(str(one["code"]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    definitions = [node for node in tree.body if _is_function(node, one["name"])]
    if not definitions:
        return ""
    definition = definitions[-1]
    assert isinstance(definition, ast.FunctionDef), "BUG: it was looked for"
    _annotate(definition, one.get("arguments"))
    _document(definition, one.get("description"))
    tree = _Hide(tree, one["name"]).visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _annotate(definition: ast.FunctionDef, schema: object) -> None:
    properties = schema if isinstance(schema, dict) else {}
    if isinstance(properties.get("properties"), dict):  # a whole schema where its inside is wanted
        properties = properties["properties"]
    for argument in (*definition.args.args, *definition.args.kwonlyargs):
        known = _type(properties.get(argument.arg))
        if argument.annotation is None and known:
            argument.annotation = ast.parse(known, mode="eval").body


def _type(schema: object) -> str:
    """The annotation that a property's schema stands for; nothing where it says no type."""
    if not isinstance(schema, dict):
        return ""
    given = schema.get("type")
    name = TYPES.get(given, "") if isinstance(given, str) else ""
    if name == "list" and (inner := _type(schema.get("items"))):
        return f"list[{inner}]"
    return name


def _document(definition: ast.FunctionDef, description: object) -> None:
    """Let the docstring be the description, since that is what AutoGen's agents are told."""
    if not isinstance(description, str) or not description.strip():
        return
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    definition.body = [ast.Expr(ast.Constant(description.strip())), *definition.body]


class _Hide(ast.NodeTransformer):
    """Gives the other functions of a module names with an underscore in front."""

    def __init__(self, tree: ast.Module, name: str) -> None:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        named = {node.name for node in tree.body if isinstance(node, kinds)}
        self._hidden = {one for one in named if one != name and not one.startswith("_")}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rename a definition."""
        node.name = self._new(node.name)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Rename a use."""
        node.id = self._new(node.id)
        return node

    def _new(self, name: str) -> str:
        return f"_{name}" if name in self._hidden else name
