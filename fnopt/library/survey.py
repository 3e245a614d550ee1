"""Every name of a module with its place and scope: what a rename follows, byte by byte."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    ExpressionContext,
    ExpressionContextProvider,
    MetadataWrapper,
)

from fnopt.library.burden import burden
from fnopt.library.module import Module
from fnopt.library.occurrences import Imported, Occurrence, Occurrences, Scope, Span
from fnopt.library.scope import Import
from fnopt.library.source import too_deep
from fnopt.records import Fault

_FEED = re.compile(rb"(?m)^([ \t]*)\x0c+")
_DOTTED = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_LITERALS = frozenset({"Literal", "LiteralString"})


@lru_cache(maxsize=32)
def occurrences(module: Module) -> Occurrences | Fault:
    """The names of a module, or the fault of a file that libcst cannot or must not read."""
    fault = burden(module.text, module.tree(), module.path)
    if fault:
        return fault
    plain = _Plain(module.text.body)
    try:
        tree = cst.parse_module(plain.body.decode("utf-8"))
        if tree.code.encode("utf-8") != plain.body:
            return _fault(module, "it does not come back from libcst byte for byte")
        survey = _Survey(MetadataWrapper(tree, unsafe_skip_copy=True), plain)
    except (cst.ParserSyntaxError, cst.CSTValidationError) as error:
        return _fault(module, str(error).partition("\n")[0])
    except (RecursionError, MemoryError):
        return too_deep(module.path)
    return Occurrences(tuple(survey.names), tuple(survey.imports), tuple(survey.exported))


def _fault(module: Module, why: str) -> Fault:
    message = f"{module.path} cannot be edited safely: {why}"
    return Fault("cst", message, "Write it in plainer syntax.", file=module.path)


class _Plain:
    """A text without form feeds, which libcst does not give back, and where it really stands."""

    def __init__(self, body: bytes) -> None:
        self._cut: list[int] = []
        """Offsets in the plain text behind which bytes are missing, one for each byte."""
        pieces, at, gone = [], 0, 0
        for match in _FEED.finditer(body):
            start = match.end(1)
            pieces.append(body[at:start])
            self._cut += [start - gone] * (match.end() - start)
            gone += match.end() - start
            at = match.end()
        self.body = b"".join((*pieces, body[at:])).replace(b"\x0c", b" ")

    def real(self, offset: int) -> int:
        """The offset in the file's text."""
        return offset + bisect_right(self._cut, offset)


class _Survey(cst.CSTVisitor):
    """One pass over a module."""

    def __init__(self, wrapper: MetadataWrapper, plain: _Plain) -> None:
        super().__init__()
        self.names: list[Occurrence] = []
        self.imports: list[Imported] = []
        self.exported: list[tuple[str, Span]] = []
        self._plain = plain
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._contexts = wrapper.resolve(ExpressionContextProvider)
        self._scope = Scope("module")
        self._annotation = False
        wrapper.module.visit(self)

    def _span(self, node: cst.CSTNode) -> Span:
        found = self._spans[node]
        return self._plain.real(found.start), self._plain.real(found.start + found.length - 1) + 1

    def _within(self, scope: Scope, *nodes: cst.CSTNode | None) -> None:
        outer, self._scope = self._scope, scope
        for node in nodes:
            if node is not None:
                node.visit(self)
        self._scope = outer

    def _bind(self, name: cst.Name, scope: Scope | None = None) -> None:
        here = scope or self._scope
        here.bound.add(name.value)
        self.names.append(Occurrence(name.value, self._span(name), here))

    def visit_Name(self, node: cst.Name) -> None:
        context = self._contexts.get(node)
        loads = context not in (ExpressionContext.STORE, ExpressionContext.DEL)
        if not loads:
            self._scope.bound.add(node.value)
        self.names.append(Occurrence(node.value, self._span(node), self._scope, loads=loads))

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        chain: list[tuple[str, Span]] = []
        value: cst.BaseExpression = node
        while isinstance(value, cst.Attribute):
            chain.append((value.attr.value, self._span(value.attr)))
            value = value.value
        if isinstance(value, cst.Name):
            parts = tuple(reversed(chain))
            span = self._span(value)
            self.names.append(Occurrence(value.value, span, self._scope, parts, loads=True))
        else:
            value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)  # the keyword is a parameter's name
        return False

    def visit_NamedExpr(self, node: cst.NamedExpr) -> bool:
        owner = self._scope
        while owner.kind == "comprehension" and owner.parent:
            owner = owner.parent
        assert isinstance(node.target, cst.Name), "BUG: := binds a name"
        self._bind(node.target, owner)
        node.value.visit(self)
        return False

    def visit_Global(self, node: cst.Global) -> bool:
        return self._declared(node, self._scope.globals)

    def visit_Nonlocal(self, node: cst.Nonlocal) -> bool:
        return self._declared(node, self._scope.nonlocals)

    def _declared(self, node: cst.Global | cst.Nonlocal, into: set[str]) -> bool:
        for item in node.names:
            into.add(item.name.value)
            span = self._span(item.name)
            self.names.append(Occurrence(item.name.value, span, self._scope))
        return False

    def visit_MatchAs(self, node: cst.MatchAs) -> bool:
        if node.pattern is not None:
            node.pattern.visit(self)
        if node.name is not None:
            self._bind(node.name)
        return False

    def visit_MatchStar(self, node: cst.MatchStar) -> bool:
        if node.name is not None:
            self._bind(node.name)
        return False

    def visit_MatchMapping(self, node: cst.MatchMapping) -> bool:
        for one in node.elements:
            one.visit(self)
        if node.rest is not None:
            self._bind(node.rest)
        return False

    def visit_MatchKeywordElement(self, node: cst.MatchKeywordElement) -> bool:
        node.pattern.visit(self)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        for one in node.decorators:
            one.visit(self)
        self._bind(node.name)
        outside = self._typed(node.type_parameters)
        inside = Scope("function", outside)
        self._within(outside, node.returns)
        self._parameters(node.params, outside, inside)
        self._within(inside, node.body)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        inside = Scope("function", self._scope)
        self._parameters(node.params, self._scope, inside)
        self._within(inside, node.body)
        return False

    def _parameters(self, node: cst.Parameters, outside: Scope, inside: Scope) -> None:
        single = [one for one in (node.star_arg, node.star_kwarg) if isinstance(one, cst.Param)]
        for one in (*node.posonly_params, *node.params, *node.kwonly_params, *single):
            self._bind(one.name, inside)
            self._within(outside, one.annotation)
            self._within(self._scope, one.default)

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        for one in node.decorators:
            one.visit(self)
        self._bind(node.name)
        outside = self._typed(node.type_parameters)
        self._within(outside, *node.bases, *node.keywords)
        self._within(Scope("class", outside), node.body)
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> bool:
        self._bind(node.name)
        self._within(self._typed(node.type_parameters), node.value)
        return False

    def _typed(self, node: cst.TypeParameters | None) -> Scope:
        if node is None:
            return self._scope
        inner = Scope("function", self._scope)
        for one in node.params:
            self._bind(one.param.name, inner)
            self._within(inner, getattr(one.param, "bound", None), one.default)
        return inner

    def visit_ListComp(self, node: cst.ListComp) -> bool:
        return self._comprehension(node.for_in, node.elt)

    def visit_SetComp(self, node: cst.SetComp) -> bool:
        return self._comprehension(node.for_in, node.elt)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> bool:
        return self._comprehension(node.for_in, node.elt)

    def visit_DictComp(self, node: cst.DictComp) -> bool:
        return self._comprehension(node.for_in, node.key, node.value)

    def _comprehension(self, first: cst.CompFor, *values: cst.BaseExpression) -> bool:
        first.iter.visit(self)
        inner = Scope("comprehension", self._scope)
        self._within(inner, first.target, *first.ifs)
        one = first.inner_for_in
        while one is not None:
            self._within(inner, one.target, one.iter, *one.ifs)
            one = one.inner_for_in
        self._within(inner, *values)
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        for alias in node.names:
            parts = self._parts(alias.name)
            renamed = self._alias(alias)
            what = Import(".".join(name for name, _ in parts), None, renamed, 0, 0)
            self._imported(what, parts, None)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        parts = self._parts(node.module) if node.module is not None else ()
        base = ".".join(name for name, _ in parts)
        if isinstance(node.names, cst.ImportStar):
            self._imported(Import(base, "*", None, len(node.relative), 0), parts, None)
            return False
        for alias in node.names:
            assert isinstance(alias.name, cst.Name), "BUG: from … import takes plain names"
            renamed = self._alias(alias)
            what = Import(base, alias.name.value, renamed, len(node.relative), 0)
            self._imported(what, parts, self._span(alias.name))
        return False

    def _imported(self, what: Import, parts: tuple[tuple[str, Span], ...], at: Span | None) -> None:
        self._scope.bound.add(what.bound)
        self.imports.append(Imported(what, self._scope, parts, at))

    def _parts(self, node: cst.Attribute | cst.Name) -> tuple[tuple[str, Span], ...]:
        found: list[tuple[str, Span]] = []
        value: cst.BaseExpression = node
        while isinstance(value, cst.Attribute):
            found.append((value.attr.value, self._span(value.attr)))
            value = value.value
        assert isinstance(value, cst.Name), "BUG: an import names a module by dots"
        return ((value.value, self._span(value)), *reversed(found))

    def _alias(self, node: cst.ImportAlias) -> str | None:
        given = node.asname.name if node.asname else None
        return given.value if isinstance(given, cst.Name) else None

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        outer, self._annotation = self._annotation, True
        node.annotation.visit(self)
        self._annotation = outer
        return False

    def visit_Subscript(self, node: cst.Subscript) -> bool:
        """What stands in a ``Literal`` is a value, and only the first of ``Annotated`` a type."""
        node.value.visit(self)
        name = node.value.attr if isinstance(node.value, cst.Attribute) else node.value
        said = name.value if isinstance(name, cst.Name) else ""
        outer = self._annotation
        for index, one in enumerate(node.slice):
            told = said in _LITERALS or (said == "Annotated" and index > 0)
            self._annotation = outer and not told
            one.visit(self)
        self._annotation = outer
        return False

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if not self._annotation or "\\" in node.raw_value or "b" in node.prefix.lower():
            return
        start = self._span(node)[0] + len(node.prefix) + len(node.quote)
        for match in _DOTTED.finditer(node.raw_value):
            self._quoted(match[0], start + _size(node.raw_value[: match.start()]))

    def _quoted(self, dotted: str, at: int) -> None:
        found: list[tuple[str, Span]] = []
        for part in dotted.split("."):
            found.append((part, (at, at + _size(part))))
            at += _size(part) + 1
        (name, span), *chain = found
        self.names.append(Occurrence(name, span, self._scope, tuple(chain)))

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        """The strings of ``__all__ = […]``, ``+= […]``, ``.append(…)``, ``.extend(…)``."""
        if self._scope.kind == "module" and _Strings.mentions(node):
            for one in _Strings.of(node):
                start = self._span(one)[0] + len(one.prefix) + len(one.quote)
                self.exported.append((one.raw_value, (start, start + _size(one.raw_value))))


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


class _Strings(cst.CSTVisitor):
    """The plain strings of a statement, and whether it names ``__all__``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.SimpleString] = []
        self.named = False

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self.found.append(node)

    def visit_Name(self, node: cst.Name) -> None:
        self.named = self.named or node.value == "__all__"

    @classmethod
    def of(cls, node: cst.CSTNode) -> list[cst.SimpleString]:
        strings = cls()
        node.visit(strings)
        return strings.found

    @classmethod
    def mentions(cls, node: cst.CSTNode) -> bool:
        strings = cls()
        node.visit(strings)
        return strings.named
