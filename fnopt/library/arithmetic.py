"""``eval`` of an expression in a draft, as a walk of its tree: models write it by habit, and mean
arithmetic."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fnopt.library.concrete import readable

if TYPE_CHECKING:
    import libcst as cst

NAME = "_evaluate"
_IMPORTS = "import ast\nimport operator\n"
_HELPER = '''

def _evaluate(expression: str) -> int | float | complex:
    """Return what an arithmetic expression comes to; ValueError for what is none."""
    known = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
        ast.BitAnd: operator.and_,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.USub: operator.neg,
        ast.UAdd: operator.pos,
        ast.Invert: operator.invert,
    }

    def value(node: ast.expr) -> int | float | complex:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in known:
            return known[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in known:
            return known[type(node.op)](value(node.operand))
        raise ValueError(f"no arithmetic: {ast.unparse(node)}")

    return value(ast.parse(expression.strip(), mode="eval").body)
'''
"""What stands in a draft in place of ``eval``; learned code imports nothing of fnopt."""


def without_eval(code: str) -> str:
    """Code in which a private helper computes what ``eval`` of one text was asked for.

    It does the same for arithmetic and raises ValueError for anything else. What gives ``eval``
    names to look up, and code that cannot be read, stays as it is: the policy refuses it.
    """
    if "eval" not in code:
        return code
    module = readable(code)
    if module is None:
        return code
    tree = module.tree()
    calls = [node for node in ast.walk(tree) if _is_eval(node)]
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "eval"]
    taken = {NAME, "eval", "ast", "operator"} & _bound(tree)
    if not calls or len(calls) < len(named) or taken:
        return code
    return _rewritten(code)


def _is_eval(node: ast.AST) -> bool:
    """Whether it is ``eval(text)``, with perhaps nothing but emptied builtins behind."""
    match node:
        case ast.Call(func=ast.Name(id="eval"), args=[_, *scopes], keywords=[]):
            return not any(isinstance(one, ast.Starred) for one in node.args) and all(
                map(_is_empty, scopes)
            )
    return False


def _is_empty(scope: ast.expr) -> bool:
    """``{}``, ``None`` or ``{"__builtins__": …}``: no names to be looked up."""
    match scope:
        case ast.Constant(value=None) | ast.Dict(keys=[]):
            return True
        case ast.Dict(keys=[ast.Constant(value="__builtins__")]):
            return True
    return False


def _bound(tree: ast.Module) -> set[str]:
    """The names that mean something else here than they would in the helper."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
            case ast.Import(names=names):
                found |= {one.asname for one in names if one.asname}
            case ast.ImportFrom(names=names):
                found |= {one.asname or one.name for one in names}
    return found


def _rewritten(code: str) -> str:
    import libcst as cst

    tree = cst.parse_module(code)
    body = [_replaced(one) for one in tree.body]
    at = next((n for n, one in enumerate(body) if not _leads(one)), len(body))
    first = body[at] if at < len(body) else None
    if isinstance(first, cst.FunctionDef | cst.ClassDef):
        body[at] = first.with_changes(leading_lines=_apart(first.leading_lines))
    body[at:at] = cst.parse_module(_IMPORTS).body
    return tree.with_changes(body=body).code.rstrip("\n") + "\n" + _HELPER


def _apart(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """Two empty lines at least, as behind imports."""
    import libcst as cst

    empty = sum(line.comment is None for line in lines)
    return [*[cst.EmptyLine(indent=False)] * (2 - empty), *lines]


def _replaced(statement: cst.CSTNode) -> cst.CSTNode:
    import libcst as cst

    class Replacing(cst.CSTTransformer):
        def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
            if not isinstance(original_node.func, cst.Name) or original_node.func.value != "eval":
                return updated_node
            text = updated_node.args[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            return updated_node.with_changes(func=cst.Name(NAME), args=[text])

    found = statement.visit(Replacing())
    assert isinstance(found, cst.CSTNode), "BUG: a statement was removed"
    return found


def _leads(statement: cst.CSTNode) -> bool:
    """Whether imports have to stand behind it: the module's docstring, and future imports."""
    import libcst as cst

    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    match statement.body[0]:
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True
        case cst.ImportFrom(module=cst.Name(value="__future__")):
            return True
    return False
