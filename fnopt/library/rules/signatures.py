"""Can a tool's schema be made of the signature, and does the docstring say what it means?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fnopt.library.docstring import sections
from fnopt.library.function import functions_of
from fnopt.library.importing import dotted
from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, rule, words
from fnopt.records import Fault

Definition = ast.FunctionDef | ast.AsyncFunctionDef

_NO_JSON = words(
    "Callable type Type ModuleType FunctionType MethodType CodeType FrameType TracebackType"
    " IO TextIO BinaryIO TextIOWrapper BytesIO StringIO Generator AsyncGenerator"
    " AsyncIterator Coroutine Awaitable Future Task Thread Lock Process Popen socket"
    " Connection Cursor Match Pattern memoryview bytes bytearray complex timedelta"
)
_AS_RESULT = frozenset({"Generator", "Iterator"})  # a sandbox may make lists of them
_DATA_BASES = words(
    "Enum IntEnum StrEnum Flag IntFlag NamedTuple TypedDict BaseModel RootModel str int"
    " float bool list dict tuple set frozenset"
)
_DATA_DECORATORS = frozenset({"dataclass", "dataclass_json", "define", "frozen", "attrs", "s"})
_PARTS = 400  # of one annotation that are looked at


def definitions(module: Module) -> Iterator[Definition]:
    """The syntax trees of the functions that the module offers."""
    for statement, node in zip(module.statements, module.tree().body, strict=True):
        if statement.is_public and isinstance(node, Definition):
            yield node


def parameters(node: Definition) -> list[ast.arg]:
    """The parameters that have names of their own."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


@rule("annotations", "Every parameter and the result have a type.")
def _annotations(module: Module, _: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        bare = [one.arg for one in parameters(node) if one.annotation is None]
        if bare:
            message = f"{node.name} does not say the type of {', '.join(bare)}"
            mend = "Annotate every parameter, e.g. text: str."
            yield fault(module, "annotations", node.name, node.lineno, message, mend)
        if node.returns is None:
            message = f"{node.name} does not say what it returns"
            mend = "Annotate the result, e.g. -> int."
            yield fault(module, "annotations", node.name, node.lineno, message, mend)


@rule("docstring", "A function says what it does.")
def _docstring(module: Module, _: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        if not (ast.get_docstring(node) or "").strip():
            mend = "Say in a docstring what it does, and what each argument means."
            message = f"{node.name} has no docstring"
            yield fault(module, "docstring", node.name, node.lineno, message, mend)


@rule("docstring-arguments", "The docstring says what each argument means.", "warning")
def _docstring_arguments(module: Module, _: Settings) -> Iterator[Fault]:
    for function, node in zip(functions_of(module), definitions(module), strict=True):
        names = tuple(one.arg for one in parameters(node))
        if not names or not function.doc:
            continue
        said = sections(function.doc, names).arguments
        silent = [name for name in names if not said.get(name)]
        if silent:
            message = f"the docstring of {node.name} does not say what {_listed(silent)} means"
            mend = "Describe each argument under Args: (Google, NumPy or Sphinx style)."
            yield fault(module, "docstring-arguments", node.name, node.lineno, message, mend)


@rule("varargs", "Every parameter has a name: no schema can say *args or **kwargs.")
def _varargs(module: Module, _: Settings) -> Iterator[Fault]:
    for node in definitions(module):
        stars = [(node.args.vararg, "*"), (node.args.kwarg, "**")]
        for one, star in ((one, star) for one, star in stars if one is not None):
            message = f"{node.name} takes {star}{one.arg}, which no tool schema can express"
            mend = "Name every parameter, or take one list or dict."
            yield fault(module, "varargs", node.name, node.lineno, message, mend)


@rule("json-types", "Parameters and results are what JSON can carry.")
def _json_types(module: Module, _: Settings) -> Iterator[Fault]:
    plain = _plain_classes(module)
    for node in definitions(module):
        places = [(one.arg, one.annotation) for one in parameters(node)]
        for name, annotation in (*places, (None, node.returns)):
            odd = _odd(annotation, plain, _AS_RESULT if name is None else frozenset())
            if odd:
                what = f"the parameter {name}" if name else "the result"
                message = f"{node.name}: {what} is of type {odd}, which JSON cannot carry"
                mend = "Take and return text, numbers, booleans, lists, dicts or data classes."
                yield fault(module, "json-types", node.name, node.lineno, message, mend)


def _odd(annotation: ast.expr | None, plain: frozenset[str], allowed: frozenset[str]) -> str | None:
    """The first type of an annotation that no JSON can carry; what is not known may pass."""
    stack: list[ast.AST] = [annotation] if annotation else []
    seen = 0
    while stack and seen < _PARTS:
        node = stack.pop()
        seen += 1
        name = dotted(node) if isinstance(node, ast.expr) else ""
        last = name.rpartition(".")[2]
        if (last in _NO_JSON and last not in allowed) or name in plain:
            return last
        if isinstance(node, ast.Subscript):
            inner = [] if dotted(node.value).endswith(("Literal", "Annotated")) else [node.slice]
            stack += [node.value, *inner]
        elif not isinstance(node, ast.Attribute):
            stack += ast.iter_child_nodes(node)
    return None


def _plain_classes(module: Module) -> frozenset[str]:
    """Classes of the module that are no data: no dataclass, Enum, TypedDict, pydantic model…"""
    classes = [one for one in module.tree().body if isinstance(one, ast.ClassDef)]
    data: set[str] = set(_DATA_BASES)
    for _ in classes:  # a class may stand on one further down
        data |= {one.name for one in classes if _is_data(one, data)}
    return frozenset(one.name for one in classes if one.name not in data and not one.bases)


def _is_data(node: ast.ClassDef, data: set[str]) -> bool:
    marks = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    if any(dotted(one).rpartition(".")[2] in _DATA_DECORATORS for one in marks):
        return True
    bases = [one.value if isinstance(one, ast.Subscript) else one for one in node.bases]
    return any(dotted(one).rpartition(".")[2] in data for one in bases)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
