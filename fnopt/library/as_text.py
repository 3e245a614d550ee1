"""A draft that returns the right thing where a text is expected: items that are not yet joined, a
number that is not yet in the form that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from fnopt.library.concrete import readable

if TYPE_CHECKING:
    import libcst as cst

    _Text = Callable[[cst.BaseExpression], cst.BaseExpression]
    """What is to be returned, of an expression that is returned now."""


def joined(code: str, name: str, between: str) -> str:
    """Code whose function ``name`` returns its items as one text, with ``between`` between them.

    Every ``return`` of its own gets the same form. Generators, functions of which one ``return`` is
    bare, None or a text already, and code that cannot be read stay as they are.
    """
    import libcst as cst

    def text(value: cst.BaseExpression) -> cst.BaseExpression:
        join = cst.Attribute(cst.SimpleString(json.dumps(between)), cst.Name("join"))
        given = [cst.Arg(cst.Name("str")), cst.Arg(value)]
        return cst.Call(join, [cst.Arg(cst.Call(cst.Name("map"), given))])

    return _returning(code, name, text)


def formatted(code: str, name: str, spec: str) -> str:
    """Code whose function ``name`` returns its number as a text, by a format specification of
    Python's (``#x``, ``.2f``). What stays as it is, see :func:`joined`."""
    import libcst as cst

    def text(value: cst.BaseExpression) -> cst.BaseExpression:
        form = cst.Arg(cst.SimpleString(json.dumps(spec)))
        return cst.Call(cst.Name("format"), [cst.Arg(value), form])

    return _returning(code, name, text)


def _returning(code: str, name: str, text: _Text) -> str:
    """Code whose function returns ``text`` of what it returned."""
    import libcst as cst

    if readable(code) is None:
        return code
    tree = cst.parse_module(code)
    found = [
        one for one in tree.body if isinstance(one, cst.FunctionDef) and one.name.value == name
    ]
    if len(found) != 1:
        return code
    after = _rewritten(found[0], text)
    return tree.deep_replace(found[0], after).code if after else code  # type: ignore[union-attr]


def _rewritten(node: cst.FunctionDef, text: _Text) -> cst.FunctionDef | None:
    import libcst as cst

    class Returns(cst.CSTTransformer):
        """Rewrites the returns of a function, not those of what is defined in it."""

        made, stays = 0, False

        def visit_FunctionDef(self, _: cst.FunctionDef) -> bool:
            return False

        def visit_ClassDef(self, _: cst.ClassDef) -> bool:
            return False

        def visit_Lambda(self, _: cst.Lambda) -> bool:
            return False

        def visit_Yield(self, _: cst.Yield) -> None:
            self.stays = True

        def leave_Return(self, _: cst.Return, after: cst.Return) -> cst.Return:
            if after.value is None or _says_itself(after.value):
                self.stays = True
                return after
            self.made += 1
            space = cst.SimpleWhitespace(" ")
            made = text(_bare(after.value))
            return after.with_changes(value=made, whitespace_after_return=space)

    returns = Returns()
    body = node.body.visit(returns)
    if returns.stays or not returns.made:
        return None
    return node.with_changes(body=body, returns=cst.Annotation(cst.Name("str")))


def _says_itself(value: cst.BaseExpression) -> bool:
    """Whether a text or None is returned: no items, and no number."""
    import libcst as cst

    return isinstance(value, cst.BaseString) or (
        isinstance(value, cst.Name) and value.value == "None"
    )


def _bare(value: cst.BaseExpression) -> cst.BaseExpression:
    """An expression as an argument: a tuple without parentheses needs them there."""
    import libcst as cst

    if isinstance(value, cst.Tuple) and not value.lpar:
        return value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return value
