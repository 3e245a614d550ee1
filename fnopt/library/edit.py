"""Add, revise or remove one function: a library in, a library or the faults out.

An edit splices bytes into files, along the statements that libcst finds. Whatever it does not
name stays byte for byte as it was; the result is read again, by libcst too, and an edit that would
have touched a neighbour is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.callgraph import callers
from fnopt.library.derived import index
from fnopt.library.draft import read_draft
from fnopt.library.fingerprint import fingerprint, of_source, without_docstring
from fnopt.library.function import Function, Library, Place, definition, functions_of
from fnopt.library.indent import like
from fnopt.library.module import Module, Statement, read_module
from fnopt.library.ours import Provenance
from fnopt.library.place import fault_of, named_module, place, taken, unsaid, written
from fnopt.library.policy import name_faults
from fnopt.library.remove import cut
from fnopt.library.revise import insert, splice
from fnopt.records import Fault


@dataclass(frozen=True)
class Add:
    """A new function ``name``; ``code`` is a whole little module.

    It gets a file of its own, or a place in ``module`` (a dotted name, or a path).
    """

    name: str
    code: str
    module: str | None = None


@dataclass(frozen=True)
class Revise:
    """A new text for the function ``name``, with the imports and helpers that it needs.

    With ``new_name`` that is what the code defines, and what all who call the function call it.
    """

    name: str
    code: str
    new_name: str | None = None


@dataclass(frozen=True)
class Remove:
    """The function ``name`` goes, with what only it used."""

    name: str


Edit = Add | Revise | Remove

_DOCSTRING_NODES = 2


def apply(
    library: Library, edit: Edit, home: str, ours: Provenance | None = None
) -> Library | tuple[Fault, ...]:
    """The library after the edit, or what is wrong with it.

    ``home`` is where new functions go: a folder in which each gets its file, or a file. ``ours``
    says which imports fnopt brought: these go when they are not needed any more, people's stay.
    """
    match edit:
        case Add():
            return _add(library, edit, home)
        case Revise():
            return _revise(library, edit, ours)
        case Remove():
            return _remove(library, edit, ours)


def _add(library: Library, edit: Add, home: str) -> Library | tuple[Fault, ...]:
    faults = list(name_faults(edit.name))
    if faults:
        return tuple(faults)
    existing = library.get(edit.name)
    if existing:
        message = f"{edit.name} exists already: {existing.path}:{existing.line}"
        return (fault_of("exists", message, f"Revise it: revise {edit.name}", existing),)
    draft = read_draft(edit.code, edit.name)
    if isinstance(draft, tuple):
        return draft
    there = named_module(library, edit.module) if edit.module else library.modules.get(home)
    if isinstance(there, Fault):
        return (there,)
    if there is not None:
        return tuple(_duplicates(library, draft, edit.name)) or _into(
            library, there, draft, edit.name
        )
    path = home if home.endswith(".py") else f"{home.strip('/')}/{edit.name}.py".removeprefix("/")
    faults = taken(library, path) or _duplicates(library, draft, edit.name)
    return tuple(faults) or written(library, path, draft.text.body)


def _into(library: Library, there: Module, draft: Module, name: str) -> Library | tuple[Fault, ...]:
    try:
        text = insert(library, there, name, like(draft, there))
        return (text,) if isinstance(text, Fault) else written(library, there.path, text.encode())
    except UnicodeEncodeError:
        return (unsaid(there, name),)


def _renamed(
    library: Library, edit: Revise, new: str, ours: Provenance | None
) -> Library | tuple[Fault, ...]:
    """Another name first, for the function and for its callers; then the new text, if it is one."""
    from fnopt.library.rename import renamed  # libcst takes 0.3 s

    draft = read_draft(edit.code, new)
    if isinstance(draft, tuple):
        return draft
    called = renamed(library, edit.name, new)
    if isinstance(called, tuple):
        return called
    known = _moved(ours, _path(library, edit.name), _path(called, new)) if ours else None
    after = _revise(called, Revise(new, edit.code), known)
    unchanged = isinstance(after, tuple) and [one.rule for one in after] == ["no-change"]
    return called if unchanged else after


def _moved(ours: Provenance, old: str, new: str) -> Provenance:
    return lambda path: ours(old if path == new else path)


def _path(library: Library, name: str) -> str:
    function = library.get(name)
    assert function is not None, "BUG: it was found before"
    return function.path


def _revise(library: Library, edit: Revise, ours: Provenance | None) -> Library | tuple[Fault, ...]:
    if edit.new_name and edit.new_name != edit.name:
        return _renamed(library, edit, edit.new_name, ours)
    there = place(library, edit.name)
    if isinstance(there, tuple):
        return there
    draft = read_draft(edit.code, edit.name)
    if isinstance(draft, tuple):
        return draft
    try:
        text = splice(library, there, edit.name, like(draft, there, edit.name), ours=ours)
    except UnicodeEncodeError:
        return (unsaid(there, edit.name),)
    if isinstance(text, Fault):
        return (text,)
    after = text.encode()
    if _same(there, after):
        mend = "Change what it does, or propose something else."
        message = f"the code is what {edit.name} already is, layout and comments aside"
        return (Fault("no-change", message, mend, edit.name, there.path),)
    return written(library, there.path, after)


def _same(module: Module, after: bytes) -> bool:
    new = read_module(module.path, after)
    if not isinstance(new, Module) or len(new.statements) != len(module.statements):
        return False
    pairs = zip(_sources(module), _sources(new), strict=True)
    return all(one == other or of_source(one) == of_source(other) for one, other in pairs)


def _sources(module: Module) -> list[bytes]:
    return [module.source(one) for one in module.statements]


def _remove(library: Library, edit: Remove, ours: Provenance | None) -> Library | tuple[Fault, ...]:
    there = place(library, edit.name)
    if isinstance(there, tuple):
        return there
    calling = sorted(callers(library, edit.name))
    if calling:
        message = f"{edit.name} is called by {', '.join(calling)}"
        mend = "Revise them first so that they do without it."
        return (Fault("has-callers", message, mend, edit.name, there.path),)
    text = cut(library, there, edit.name, ours)
    if isinstance(text, Fault):
        return (text,)
    return written(library, there.path, text.encode() if text is not None else None)


def _duplicates(library: Library, draft: Module, name: str) -> list[Fault]:
    """A function that is the same up to its name and docstring, helpers included."""
    for function in _of_about(library, _size(draft, name)):
        if _shape(library.modules[function.path], function.name) == _shape(draft, name):
            message = f"{name} would do the same as {function.name} ({function.path})"
            mend = f"Use {function.name}; revise it if it lacks something."
            return [fault_of("duplicate", message, mend, function)]
    return []


def _of_about(library: Library, size: int) -> list[Function]:
    """The functions of that size, by name, a docstring more or less aside."""
    sizes = range(size - _DOCSTRING_NODES, size + _DOCSTRING_NODES + 1)
    return list(library.at(place for one in sizes for place in _SIZES.of(library).get(one, ())))


def _sizes(module: Module) -> Iterator[tuple[int, Place]]:
    for one in functions_of(module):
        yield _size(module, one.name), (one.name, module.path)


_SIZES = index(_sizes)


def _size(module: Module, name: str) -> int:
    return _definition_of(module, name).names.size


def _definition_of(module: Module, name: str) -> Statement:
    """The last ``def`` of that name, whatever else binds it."""
    return module.statements[max(i for i in module.bound[name] if _defines(module, i, name))]


def _defines(module: Module, index: int, name: str) -> bool:
    return module.statements[index].is_public and module.statements[index].name == name


@lru_cache(maxsize=20_000)
def _shape(module: Module, name: str) -> tuple[str, ...]:
    """What the function and the statements that it needs are, but for its name and docstring."""
    places = module.bound[name]
    node = definition(module.source(_definition_of(module, name)).decode("utf-8"))
    others = module.reach(places) - set(places)
    needed = [module.source(module.statements[index]) for index in others]
    shape = fingerprint(without_docstring(node), called=name)
    return (shape, *sorted(of_source(one) for one in needed))
