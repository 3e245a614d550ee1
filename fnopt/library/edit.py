"""Add, revise or remove one function: a library in, a library or the faults out.

An edit splices bytes into files, along the statements that libcst finds. Whatever it does not
name stays byte for byte as it was; the result is read again, by libcst too, and an edit that would
have touched a neighbour is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fnopt.library.callgraph import callers
from fnopt.library.draft import read_draft
from fnopt.library.fingerprint import fingerprint, of_source, without_docstring
from fnopt.library.function import Function, Library, definition, read
from fnopt.library.module import Module, Statement, read_module
from fnopt.library.policy import name_faults
from fnopt.library.remove import cut
from fnopt.library.revise import splice
from fnopt.records import Fault


@dataclass(frozen=True)
class Add:
    """A new function ``name`` in a file of its own; ``code`` is a whole little module."""

    name: str
    code: str


@dataclass(frozen=True)
class Revise:
    """A new text for the function ``name``, with the imports and helpers that it needs."""

    name: str
    code: str


@dataclass(frozen=True)
class Remove:
    """The function ``name`` goes, with what only it used."""

    name: str


Edit = Add | Revise | Remove

_DOCSTRING_NODES = 2


def apply(library: Library, edit: Edit, folder: str) -> Library | tuple[Fault, ...]:
    """The library after the edit, or what is wrong with it; ``folder`` is where new files go."""
    match edit:
        case Add():
            return _add(library, edit, folder)
        case Revise():
            return _revise(library, edit)
        case Remove():
            return _remove(library, edit)


def _add(library: Library, edit: Add, folder: str) -> Library | tuple[Fault, ...]:
    faults = list(name_faults(edit.name))
    if faults:
        return tuple(faults)
    existing = library.get(edit.name)
    if existing:
        message = f"{edit.name} exists already: {existing.path}:{existing.line}"
        return (_fault("exists", message, f"Revise it: revise {edit.name}", existing),)
    draft = read_draft(edit.code, edit.name)
    if isinstance(draft, tuple):
        return draft
    path = f"{folder.strip('/')}/{edit.name}.py".removeprefix("/")
    faults = _taken(library, path) or _duplicates(library, draft, edit.name)
    return tuple(faults) or _changed(library, path, draft.text.body)


def _taken(library: Library, path: str) -> list[Fault]:
    """A file or a package of that name is there; some file systems do not tell A from a."""
    stem = path.removesuffix(".py").lower()
    for other in library.files:
        if other.lower() == path.lower() or other.lower().startswith(f"{stem}/"):
            mend = "Choose another name."
            return [Fault("exists", f"{other} is in the way of {path}", mend, None, other)]
    return []


def _revise(library: Library, edit: Revise) -> Library | tuple[Fault, ...]:
    place = _place(library, edit.name)
    if isinstance(place, tuple):
        return place
    draft = read_draft(edit.code, edit.name)
    if isinstance(draft, tuple):
        return draft
    try:
        text = splice(library, place, edit.name, draft)
    except UnicodeEncodeError:
        message = f"{place.path} is in {place.text.encoding}, which cannot say all of the new code"
        return (Fault("encoding", message, "Use ASCII in the code.", edit.name, place.path),)
    if isinstance(text, Fault):
        return (text,)
    after = text.encode()
    if _same(place, after):
        mend = "Change what it does, or propose something else."
        message = f"the code is what {edit.name} already is, layout and comments aside"
        return (Fault("no-change", message, mend, edit.name, place.path),)
    return _written(library, place.path, after)


def _same(module: Module, after: bytes) -> bool:
    new = read_module(module.path, after)
    if not isinstance(new, Module) or len(new.statements) != len(module.statements):
        return False
    pairs = zip(_sources(module), _sources(new), strict=True)
    return all(one == other or of_source(one) == of_source(other) for one, other in pairs)


def _sources(module: Module) -> list[bytes]:
    return [module.source(one) for one in module.statements]


def _remove(library: Library, edit: Remove) -> Library | tuple[Fault, ...]:
    place = _place(library, edit.name)
    if isinstance(place, tuple):
        return place
    calling = sorted(callers(library, edit.name))
    if calling:
        message = f"{edit.name} is called by {', '.join(calling)}"
        mend = "Revise them first so that they do without it."
        return (Fault("has-callers", message, mend, edit.name, place.path),)
    text = cut(library, place, edit.name)
    if isinstance(text, Fault):
        return (text,)
    return _written(library, place.path, text.encode() if text is not None else None)


def _place(library: Library, name: str) -> Module | tuple[Fault, ...]:
    """The module that defines the function, where exactly one statement does."""
    function = library.get(name)
    if function is None:
        return (_unknown(library, name),)
    homes = [path for path, module in library.modules.items() if _defines(module, name)]
    module = library.modules[function.path]
    if len(homes) > 1 or len(module.bound[name]) > 1:
        message = f"{name} is defined more than once: {', '.join(homes)}"
        return (_fault("ambiguous", message, "Let one definition remain.", function),)
    return module


def _defines(module: Module, name: str) -> bool:
    return any(one.is_public and one.name == name for one in module.statements)


def _unknown(library: Library, name: str) -> Fault:
    known = ", ".join(one.name for one in library.functions[:20]) or "none yet"
    return Fault("unknown-function", f"there is no function {name!r:.80}", f"There are: {known}.")


def _fault(rule: str, message: str, mend: str, function: Function) -> Fault:
    return Fault(rule, message, mend, function.name, function.path, function.line)


def _changed(library: Library, path: str, content: bytes | None) -> Library:
    files = {other: data for other, data in library.files.items() if other != path}
    if content is not None:
        files[path] = content
    return read(files)


def _written(library: Library, path: str, content: bytes | None) -> Library | tuple[Fault, ...]:
    """The library with the file's new content, which must be as readable as it was before."""
    after = _changed(library, path, content)
    faults = tuple(one for one in after.faults if one.file == path and one not in library.faults)
    return tuple(one for one in faults if one.rule != "duplicate-name") or after


def _duplicates(library: Library, draft: Module, name: str) -> list[Fault]:
    """A function that is the same up to its name and docstring, helpers included."""
    size = _size(draft, name)
    for function in library.functions:
        module = library.modules[function.path]
        if abs(_size(module, function.name) - size) > _DOCSTRING_NODES:
            continue
        if _shape(module, function.name) == _shape(draft, name):
            message = f"{name} would do the same as {function.name} ({function.path})"
            mend = f"Use {function.name}; revise it if it lacks something."
            return [_fault("duplicate", message, mend, function)]
    return []


def _size(module: Module, name: str) -> int:
    return _definition_of(module, name).names.size


def _definition_of(module: Module, name: str) -> Statement:
    """The last ``def`` of that name, whatever else binds it."""
    return [one for one in module.statements if one.is_public and one.name == name][-1]


@lru_cache(maxsize=20_000)
def _shape(module: Module, name: str) -> tuple[str, ...]:
    """What the function and the statements that it needs are, but for its name and docstring."""
    places = module.bound[name]
    node = definition(module.source(_definition_of(module, name)).decode("utf-8"))
    others = module.reach(places) - set(places)
    needed = [module.source(module.statements[index]) for index in others]
    shape = fingerprint(without_docstring(node), called=name)
    return (shape, *sorted(of_source(one) for one in needed))
