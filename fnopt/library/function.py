"""A learned function, and the library: all functions at one revision. Text in, values out."""

from __future__ import annotations

import ast
import hashlib
import inspect
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

from fnopt.library.module import Module, Statement, read_module
from fnopt.library.source import Text, parse
from fnopt.records import Fault


@dataclass(frozen=True)
class Function:
    """A public top-level function.

    ``source`` is its own text with decorators and the comments directly above (line ends are
    LF); ``line`` is that of ``def``; ``summary`` the first line of ``doc``, the clean docstring.
    """

    name: str
    module: str
    path: str
    line: int
    source: str
    signature: str
    summary: str
    doc: str
    is_async: bool


Place = tuple[str, str]
"""A function's name, and the path of a module that defines it."""


@dataclass(frozen=True, eq=False)
class Library:
    """All functions at one revision; two libraries of the same files are equal.

    ``files`` are the ``.py`` files of the library's folder, from path to bytes. ``faults`` says
    what could not be read: the functions of an unreadable file are absent.
    """

    files: Mapping[str, bytes]
    functions: tuple[Function, ...]
    faults: tuple[Fault, ...]
    modules: Mapping[str, Module]

    def get(self, name: str) -> Function | None:
        """The function of that name, or None."""
        return self._by_name.get(name)

    def at(self, places: Iterable[Place]) -> Iterator[Function]:
        """The functions at these places, by name; of those of one name, which is ``get``'s."""
        for name, path in sorted(places):
            function = self.get(name)
            if function is not None and function.path == path:
                yield function

    @cached_property
    def _by_name(self) -> dict[str, Function]:
        return {function.name: function for function in self.functions}

    @cached_property
    def digest(self) -> str:
        """See :func:`digest_of`."""
        return digest_of(self.files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 of all paths and contents, whatever their order: what a library is known by."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = _sha256(files[path])
        digest.update(f"{len(path)}:{path}:{content};".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


@lru_cache(maxsize=20_000)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(files: Mapping[str, bytes]) -> Library:
    """Read the files of a library's folder; parsing never imports.

    A module is parsed once for its content: reading 1,000 files again after one edit is cheap.
    """
    modules: dict[str, Module] = {}
    faults: list[Fault] = []
    for path in sorted(files):
        module = read_module(path, files[path])
        if isinstance(module, Fault):
            faults.append(module)
        else:
            modules[path] = module
    functions, doubles = _distinct(modules.values())
    return Library(
        MappingProxyType(dict(files)),
        tuple(sorted(functions, key=lambda one: one.name)),
        (*faults, *doubles),
        MappingProxyType(modules),
    )


def with_file(library: Library, path: str, content: bytes | None) -> Library:
    """The library with the file's new content; without the file for None."""
    files = dict(library.files)
    files.pop(path, None)
    if content is not None:
        files[path] = content
    new = read_module(path, content) if content is not None else None
    if isinstance(new, Fault) or library.faults or not _fits(library, path, new):
        return read(files)
    old = library.modules.get(path)
    modules = list(library.modules.items())
    at = bisect_left(modules, path, key=_path)
    modules[at : at + (old is not None)] = [(path, new)] if new is not None else []
    functions = list(library.functions)
    for one in functions_of(old) if old else ():
        del functions[bisect_left(functions, one.name, key=_name)]
    for one in functions_of(new) if new else ():
        functions.insert(bisect_left(functions, one.name, key=_name), one)
    return Library(MappingProxyType(files), tuple(functions), (), MappingProxyType(dict(modules)))


def _fits(library: Library, path: str, new: Module | None) -> bool:
    """Whether no name of the module is another function's, too."""
    names = [one.name for one in functions_of(new)] if new else []
    others = (library.get(name) for name in names)
    return len(names) == len(set(names)) and all(o is None or o.path == path for o in others)


def _path(item: tuple[str, Module]) -> str:
    return item[0]


def _name(function: Function) -> str:
    return function.name


@lru_cache(maxsize=20_000)
def functions_of(module: Module) -> tuple[Function, ...]:
    """The public functions of a module in their order; one that is defined again is twice here."""
    public = [one for one in module.statements if one.is_public]
    return tuple(_function(module, one) for one in public)


def _distinct(modules: Iterable[Module]) -> tuple[list[Function], list[Fault]]:
    """One function a name: the last of a module, as Python has it; the first of several modules."""
    found: dict[str, Function] = {}
    faults: list[Fault] = []
    for module in modules:
        for function in functions_of(module):
            other = found.get(function.name)
            if other is None or other.path == function.path:
                found[function.name] = function
            if other is not None:
                faults.append(_double(function, other))
    return list(found.values()), faults


def _double(function: Function, other: Function) -> Fault:
    return Fault(
        "duplicate-name",
        f"{function.name} is defined twice: {other.path}:{other.line} and "
        f"{function.path}:{function.line}",
        "Rename one of them: an agent calls functions by name alone.",
        function.name,
        function.path,
        function.line,
    )


def _function(module: Module, statement: Statement) -> Function:
    source = module.source(statement, comments=True).decode("utf-8")
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    node = definition(source)
    doc = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
    doc = doc.encode("utf-8", "replace").decode("utf-8")  # an escape may spell a lone surrogate
    return Function(
        statement.name,
        module.name,
        module.path,
        statement.line,
        source,
        signature(node),
        doc.partition("\n")[0].strip(),
        doc,
        isinstance(node, ast.AsyncFunctionDef),
    )


def definition(source: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """The syntax tree of a function's source."""
    tree = parse(Text(source.encode("utf-8")), "")
    assert isinstance(tree, ast.Module), "BUG: the source of a function parses"
    node = tree.body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef), "BUG: it is a definition"
    return node


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """``name(text: str, n: int=1) -> int`` on one line, as it is written in Python."""
    try:
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{node.name}({ast.unparse(node.args)}){result}"
    except (RecursionError, ValueError):  # too deep, or a number too long to be written
        return f"{node.name}(…)"
