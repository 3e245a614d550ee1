"""Give a function another name; whoever calls it in the library follows, or nothing happens.

Only tokens change: calls, values, imports, attributes of its module, ``__all__``, quoted
annotations. A name of one's own (a parameter, a local variable, an ``as``) stays; strings and
comments are not touched. What cannot be followed is found by asking who would still reach the old
name, and refuses the rename.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fnopt.library.callgraph import neighbours
from fnopt.library.dotted import absolute, dotted_names, own_modules
from fnopt.library.function import Library, read
from fnopt.library.module import Module, Statement
from fnopt.library.occurrences import Imported, Occurrence, Occurrences, Scope, Span
from fnopt.library.place import fault_of, place, taken, unsaid
from fnopt.library.policy import name_faults
from fnopt.library.source import compiles
from fnopt.library.splice import Patch, patch
from fnopt.library.survey import occurrences
from fnopt.records import Fault

_SHOWN = 5


@dataclass
class _Rename:
    """``old`` of the module at ``path`` becomes ``new``; ``moved``: so does its module's name.

    ``exports``: the modules from which the function can be had under its own name.
    """

    library: Library
    path: str
    old: str
    new: str
    moved: bool
    exports: set[str]
    patches: dict[str, set[Span]] = field(default_factory=dict)
    renamed: dict[str, set[Scope]] = field(default_factory=dict)

    def token(self, path: str, span: Span) -> None:
        """The old name at this place becomes the new one."""
        self.patches.setdefault(path, set()).add(span)


def renamed(library: Library, old: str, new: str) -> Library | tuple[Fault, ...]:
    """The library with the function ``old`` called ``new`` throughout, or why that cannot be."""
    there = place(library, old)
    if isinstance(there, tuple):
        return there
    faults = tuple(name_faults(new)) or _exists(library, new)
    return faults or _renamed(library, there, old, new)


def hidden(library: Library, name: str) -> Library | tuple[Fault, ...]:
    """The library with the function ``name`` made a private helper of its module, called
    ``_name`` throughout, or why that cannot be."""
    there = place(library, name)
    return there if isinstance(there, tuple) else _renamed(library, there, name, f"_{name}")


def _renamed(library: Library, there: Module, old: str, new: str) -> Library | tuple[Fault, ...]:
    moved = _is_home(there, old)
    target = str(PurePosixPath(there.path).with_name(f"{new}.py")) if moved else there.path
    if moved and (in_the_way := taken(library, target)):
        return tuple(in_the_way)
    work = _Rename(library, there.path, old, new, moved, {there.path})
    fault = _follow(work) or _clash(work)
    if fault:
        return (fault,)
    after = _patched(work, target)
    return after if isinstance(after, tuple) else _left_behind(work, after, target) or after


def _exists(library: Library, new: str) -> tuple[Fault, ...]:
    there = library.get(new)
    if there is None:
        return ()
    message = f"{new} exists already: {there.path}:{there.line}"
    return (fault_of("exists", message, "Choose another name.", there),)


def _is_home(module: Module, name: str) -> bool:
    """Whether the module holds just this function and is named after it."""
    public = [one.name for one in module.statements if one.is_public]
    return public == [name] and PurePosixPath(module.path).stem == name


def _follow(work: _Rename) -> Fault | None:
    """Find all tokens; modules that hand the function on make others worth another look."""
    for path in work.library.files.keys() - work.library.modules.keys():
        if work.old.encode() in work.library.files[path]:
            message = f"{path} cannot be read, and names {work.old}"
            return Fault("cannot-follow", message, "Mend the file first.", work.old, path)
    seen = -1
    while seen != len(work.exports):
        seen = len(work.exports)
        for module in work.library.modules.values():
            if not any(_names(one, work.old) for one in module.statements):
                continue
            found = occurrences(module)
            if isinstance(found, Fault):
                return found
            _Follower(work, module, found).follow()
    return None


def _names(one: Statement, name: str) -> bool:
    """Whether the statement may mean the function, or its module, by that name."""
    found = one.names
    if name in found.reaches | found.binds or any(name in chain for chain in found.chains):
        return True
    return any(name == given.name or name in given.module.split(".") for given in found.imports)


class _Follower:
    """The tokens of one module that mean the function, or its module."""

    def __init__(self, work: _Rename, module: Module, found: Occurrences) -> None:
        self._work = work
        self._module = module
        self._found = found
        self._index = dotted_names(work.library)
        self._packages = own_modules(work.library)

    def follow(self) -> None:
        scopes = set[Scope]()
        if self._module.path == self._work.path:
            scopes |= {one.scope.top for one in self._found.names}
        for one in self._found.imports:
            if self._import(one) and one.what.alias is None:
                scopes.add(one.scope)
        for scope in scopes:
            self._bound_in(scope)
        for one in self._found.imports:
            self._chains(one)
        self._work.renamed.setdefault(self._module.path, set()).update(scopes)

    def _bound_in(self, scope: Scope) -> None:
        """All that means the name which is bound here."""
        old = self._work.old
        for one in self._found.names:
            if one.name == old and one.scope.find(old) is scope:
                self._token(one.span)
        if scope.parent is None:
            self._work.exports.add(self._module.path)
            for name, span in self._found.exported:
                if name == old:
                    self._token(span)

    def _import(self, one: Imported) -> bool:
        """Rename what the import names; whether its name then means the function or its module."""
        work, base = self._work, absolute(self._module, one.what)
        follows = False
        if one.what.name == work.old and one.name is not None:
            follows = self._index.get(base) in work.exports or self._is_moved(f"{base}.{work.old}")
            if follows:
                self._token(one.name)
        for count, (name, span) in enumerate(one.parts, 1):
            rest = ".".join(part for part, _ in one.parts[count:])
            dotted = base.removesuffix(f".{rest}") if rest else base
            if name == work.old and self._is_moved(dotted):
                self._token(span)
                follows = follows or (one.what.name is None and count == 1)
        return follows

    def _chains(self, one: Imported) -> None:
        """Attributes of a module that the import binds."""
        base = absolute(self._module, one.what)
        if one.what.name is not None:
            start = f"{base}.{one.what.name}".removeprefix(".")
        else:
            start = base if one.what.alias else base.partition(".")[0]
        if start not in self._packages:
            return
        bound = one.what.bound
        for name in self._found.names:
            if name.name == bound and name.scope.find(bound) is one.scope:
                self._chain(start, name)

    def _chain(self, current: str, name: Occurrence) -> None:
        work = self._work
        for attribute, span in name.chain:
            inner = f"{current}.{attribute}"
            means = self._index.get(current) in work.exports or self._is_moved(inner)
            if attribute == work.old and means:
                self._token(span)
            if inner not in self._packages:
                return
            current = inner

    def _is_moved(self, dotted: str) -> bool:
        return self._work.moved and self._index.get(dotted) == self._work.path

    def _token(self, span: Span) -> None:
        self._work.token(self._module.path, span)


def _clash(work: _Rename) -> Fault | None:
    """The first place where the new name means, or would come to mean, something else."""
    for path, scopes in work.renamed.items():
        module = work.library.modules[path]
        found = occurrences(module)
        assert not isinstance(found, Fault), "BUG: it was followed"
        for one in found.names:
            if _clashes(work, one, scopes, one.span in work.patches.get(path, ())):
                return _clashing(work, module, one.span)
        for given in found.imports:
            if given.what.bound == work.new and given.scope in scopes:
                return _clashing(work, module, given.name or given.parts[0][1])
    return None


def _clashes(work: _Rename, one: Occurrence, scopes: set[Scope], follows: bool) -> bool:
    if one.name == work.new:
        return any(_is_seen(one.scope, work.new, renamed) for renamed in scopes)
    if one.name != work.old:
        return False
    target = one.scope.find(work.old)
    if one.loads and target is one.scope and target.kind == "class" and target.parent:
        return target.parent.find(work.old, inner=False) in scopes  # which of both, none can say
    nearer = one.scope.find(work.new)
    if target is None or nearer is None or nearer is target:
        return False
    return follows and target in scopes and target in nearer.outwards()


def _is_seen(scope: Scope, name: str, renamed: Scope) -> bool:
    """Whether ``name``, looked up in ``scope``, would be found in ``renamed`` if bound there."""
    found = scope.find(name)
    around = list(scope.outwards())
    return renamed in around and (found is None or found in renamed.outwards())


def _clashing(work: _Rename, module: Module, span: Span) -> Fault:
    line = module.text.body.count(b"\n", 0, span[0]) + 1
    message = f"{work.new} already means something else in {module.path}:{line}"
    return Fault("name-taken", message, "Choose another name.", work.old, module.path, line)


def _patched(work: _Rename, target: str) -> Library | tuple[Fault, ...]:
    files = dict(work.library.files)
    for path, spans in work.patches.items():
        module = work.library.modules[path]
        assert all(module.text.body[a:b].decode() == work.old for a, b in spans), "BUG: spans"
        text = patch(module.text, [Patch(a, b, work.new.encode()) for a, b in spans])
        fault = compiles(text, path)
        if fault:
            return (fault,)
        try:
            files[path] = text.encode()
        except UnicodeEncodeError:
            return (unsaid(module, work.old),)
    if target != work.path:
        files[target] = files.pop(work.path)
    return read(files)


def _left_behind(work: _Rename, after: Library, target: str) -> tuple[Fault, ...]:
    """Who would still find the old name, if it were there: by name, or at run time.

    The old function is put back, empty, where it was; then the call graph is asked.
    """
    files = dict(after.files)
    files[work.path] = files.get(work.path, b"") + f"\n\ndef {work.old}(): ...\n".encode()
    ghosts = read(files)
    module = ghosts.modules.get(work.path)
    if module is None:
        return ()
    (index,) = module.bound[work.old][-1:]
    ghost = (work.path, index)
    found = [
        (path, i)
        for path, i in _statements(ghosts, module, work.old)
        if (path, i) != ghost
        and not _only_said(ghosts.modules[path].statements[i], work.old)
        and ghost in neighbours(ghosts, (path, i), read=False)
    ]
    if not found:
        return ()
    lines = [f"{path}:{ghosts.modules[path].statements[i].line}" for path, i in found[:_SHOWN]]
    message = f"{work.old} may still be looked up by name in {', '.join(lines)}"
    mend = f"Name it there in plain words first, or keep the name {work.old}."
    return (Fault("cannot-follow", message, mend, work.old, work.path),)


def _only_said(one: Statement, name: str) -> bool:
    """Whether the name stands in a string alone: those that mean the function were followed."""
    return name in one.names.mentions - one.names.uses and not one.dynamic


def _statements(library: Library, there: Module, name: str) -> Iterator[tuple[str, int]]:
    """The statements of modules that may reach ``name``: they say its module's name, or its own."""
    said = (name.encode(), there.name.rpartition(".")[2].encode())
    for path, module in library.modules.items():
        near = path == there.path or module.starred or any(one in module.text.body for one in said)
        for index, one in enumerate(module.statements):
            if near or one.loads:
                yield path, index
