"""What does a top-level statement do while its module is imported?

Three answers: nothing but bind names; compute something, which might fail or matter to others;
work, which belongs into a function. Lint and caution, never a wall.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from enum import IntEnum


class Effect(IntEnum):
    """What importing a statement does."""

    NOTHING = 0
    COMPUTES = 1
    WORKS = 2


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN_CALLS = _words(
    "frozenset set dict list tuple str int float bool bytes complex range object Decimal Fraction"
    " TypeVar ParamSpec NewType namedtuple getLogger timedelta date defaultdict OrderedDict deque"
    " Counter MappingProxyType Path PurePath"
)
_PLAIN_CHAINS = frozenset({"re.compile", "str.maketrans", "logging.getLogger", "dict.fromkeys"})
_MORE_CALLS = _words(
    "sorted reversed len min max sum abs round zip enumerate map filter ord chr any all divmod pow"
    " iter next hash repr format compile field cached partial itemgetter attrgetter"
)
_PURE_MODULES = _words(
    "math cmath re decimal fractions string datetime itertools functools operator collections"
    " typing statistics enum dataclasses types calendar textwrap struct unicodedata numbers"
    " bisect heapq logging pathlib zoneinfo np numpy sympy sp"
)
_PLAIN_DECORATORS = _words(
    "cache lru_cache wraps staticmethod classmethod property dataclass contextmanager overload"
    " final override total_ordering runtime_checkable abstractmethod unique cached_property"
)
_PLAIN_BASES = _words(
    "object Exception ValueError TypeError RuntimeError KeyError LookupError ArithmeticError Enum"
    " IntEnum StrEnum Flag IntFlag NamedTuple TypedDict Protocol ABC Generic str int float dict"
    " list tuple set frozenset"
)
_INERT = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.Starred,
    ast.keyword,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.UnaryOp,
    ast.expr_context,
    ast.unaryop,
    ast.operator,
)
_SAFE_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.BitOr)


def effect(statement: ast.stmt, own: Collection[str] = ()) -> Effect:
    """What importing ``statement`` does; ``own``: names that do not mean what they usually do."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return Effect.NOTHING
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return min(_definition(statement, own), Effect.COMPUTES)
        case ast.ClassDef():
            return _class(statement, own)
        case ast.Assign() | ast.AnnAssign():
            return _assignment(statement, own)
        case ast.AugAssign(target=ast.Name(), value=value):
            return max(Effect.COMPUTES, _expressions([value], own))
        case ast.If() | ast.Try():
            return _branches(statement, own)
        case _ if type(statement).__name__ == "TypeAlias":
            return Effect.NOTHING
    return Effect.WORKS


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether it is ``if __name__ == "__main__":``, which importing does not run."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(statement.test))
    )


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for a name with attributes, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else ""


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef, own: Collection[str]) -> Effect:
    defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
    return max(_decorators(node.decorator_list, own), _expressions(defaults, own))


def _decorators(given: Iterable[ast.expr], own: Collection[str]) -> Effect:
    for one in given:
        name = dotted(one.func if isinstance(one, ast.Call) else one)
        if name.rpartition(".")[2] not in _PLAIN_DECORATORS or name.partition(".")[0] in own:
            return Effect.COMPUTES
    return Effect.NOTHING


def _class(node: ast.ClassDef, own: Collection[str]) -> Effect:
    level = _decorators(node.decorator_list, own)
    for base in node.bases:
        name = dotted(base.value if isinstance(base, ast.Subscript) else base)
        if name.rpartition(".")[2] not in _PLAIN_BASES or name.partition(".")[0] in own:
            level = Effect.COMPUTES
    if node.keywords:
        level = Effect.COMPUTES
    return max([level, *(min(effect(one, own), Effect.COMPUTES) for one in node.body)])


def _assignment(node: ast.Assign | ast.AnnAssign, own: Collection[str]) -> Effect:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        for one in ast.walk(target):
            if isinstance(one, ast.Attribute | ast.Subscript):
                return Effect.WORKS
    unpacks = not all(isinstance(target, ast.Name) for target in targets)
    level = _expressions([node.value] if node.value else [], own)
    return max(level, Effect.COMPUTES) if unpacks else level


def _branches(node: ast.If | ast.Try, own: Collection[str]) -> Effect:
    """An ``if`` or ``try`` around imports and definitions computes; around work it works."""
    if is_main_guard(node):
        return Effect.COMPUTES
    pending: list[ast.stmt] = [node]
    level = Effect.COMPUTES
    while pending:
        one = pending.pop()
        if isinstance(one, ast.If):
            level = max(level, _expressions([one.test], own))
            pending += [*one.body, *one.orelse]
        elif isinstance(one, ast.Try):
            handled = [inner for handler in one.handlers for inner in handler.body]
            pending += [*one.body, *handled, *one.orelse, *one.finalbody]
        else:
            level = max(level, effect(one, own))
    return level


def _expressions(given: Iterable[ast.expr], own: Collection[str]) -> Effect:
    """The worst of what evaluating the expressions does."""
    level = Effect.NOTHING
    stack: list[ast.AST] = list(given)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Lambda):
            stack += [*node.args.defaults, *(one for one in node.args.kw_defaults if one)]
            continue
        level = max(level, _expression(node, own))
        stack += ast.iter_child_nodes(node)
    return level


def _expression(node: ast.AST, own: Collection[str]) -> Effect:
    match node:
        case ast.Call():
            return _call(node, own)
        case ast.BinOp():
            safe = isinstance(node.op, _SAFE_OPERATORS)
            return Effect.NOTHING if safe else Effect.COMPUTES
        case ast.Subscript():
            return Effect.NOTHING if dotted(node.value) else Effect.COMPUTES
        case ast.Await() | ast.Yield() | ast.YieldFrom():
            return Effect.WORKS
        case _:
            return Effect.NOTHING if isinstance(node, _INERT) else Effect.COMPUTES


def _call(node: ast.Call, own: Collection[str]) -> Effect:
    name = dotted(node.func)
    root, _, last = name.partition(".")[0], "", name.rpartition(".")[2]
    if not name:  # a method of a value: of a literal as in "a b".split()
        literal = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)
        return Effect.COMPUTES if literal else Effect.WORKS
    if root in own:
        return Effect.WORKS
    if name in _PLAIN_CHAINS or last in _PLAIN_CALLS:
        return Effect.NOTHING
    return Effect.COMPUTES if last in _MORE_CALLS or root in _PURE_MODULES else Effect.WORKS
