"""Bring one function back as it was: its text to the letter, with what it needed then."""

from __future__ import annotations

from dataclasses import replace

from fnopt.library.concrete import anchored, import_line
from fnopt.library.dotted import absolute
from fnopt.library.function import Library, with_file
from fnopt.library.listing import listing
from fnopt.library.module import Module, module_of
from fnopt.library.ours import Provenance
from fnopt.library.place import fault_of, place, taken, unsaid, written
from fnopt.library.revise import insert, splice
from fnopt.library.scope import Import
from fnopt.library.source import Text
from fnopt.records import Fault


def restore(
    now: Library,
    then: Library,
    name: str,
    *,
    called: str | None = None,
    ours: Provenance | None = None,
) -> Library | tuple[Fault, ...]:
    """The library ``now`` with the function ``name`` as it was ``then``, or why that cannot be.

    Where the function stands today its text is replaced; the helpers and imports that it had come
    back, and what only the text of today needed goes. A function that is gone comes back behind
    its old neighbour in the module where it stood, or with the module. ``called`` is the name that
    it has by now, where that is another one; ``ours`` as for :func:`fnopt.library.edit.apply`.
    """
    function = then.get(name)
    if function is None:
        message = f"there was no function {name!r:.80} then"
        return (Fault("unknown-function", message, "Name a revision that has it."),)
    if called and called != name:
        from fnopt.library.rename import renamed  # libcst takes 0.3 s

        back = renamed(now, called, name)
        return (
            back
            if isinstance(back, tuple)
            else _or_renamed(back, restore(back, then, name, ours=ours))
        )
    draft = _draft(then, name)
    if isinstance(draft, Fault):
        return (draft,)
    if now.get(name) is None:
        return _brought_back(now, then, name, draft)
    there = place(now, name)
    if isinstance(there, tuple):
        return there
    draft = _from_there(draft, there)
    if isinstance(draft, Fault):
        return (draft,)
    try:
        text = splice(now, there, name, draft, ours=ours, exact=True)
        if isinstance(text, Fault):
            return (text,)
        after = text.encode()
    except UnicodeEncodeError:
        return (unsaid(there, name),)
    if after == now.files[there.path]:
        message = f"{name} is what it was then, with all that it needs"
        return (fault_of("no-change", message, "There is nothing to bring back.", function),)
    return written(now, there.path, after)


def _or_renamed(back: Library, after: Library | tuple[Fault, ...]) -> Library | tuple[Fault, ...]:
    """Its old name alone, where nothing else has changed since."""
    unchanged = isinstance(after, tuple) and [one.rule for one in after] == ["no-change"]
    return back if unchanged else after


def _draft(then: Library, name: str) -> Module | Fault:
    """The function with what it needed, as a module where it stood; its bytes are the file's."""
    function = then.get(name)
    assert function is not None, "BUG: asked for a function that was there"
    text = Text(listing(then, name).encode("utf-8"))
    module = module_of(text, function.path)
    return module if isinstance(module, Fault) else anchored(module)


def _from_there(draft: Module, there: Module) -> Module | Fault:
    """The draft with absolute imports, where relative ones would lead elsewhere by now."""
    if draft.package == there.package:
        return draft
    body = draft.text.body
    for one in reversed(draft.statements):
        if not any(imported.level for imported in one.names.imports):
            continue
        if one.kind != "import":
            message = f"line {one.line} of it imports from its package, and it has moved since"
            return Fault("relative-import", message, f"Move it to {draft.path} first.")
        lines = import_line([_absolute(draft, imported) for imported in one.names.imports])
        body = body[: one.start] + lines + body[one.end :]
    module = module_of(Text(body), draft.path)
    return module if isinstance(module, Fault) else anchored(module)


def _absolute(draft: Module, one: Import) -> Import:
    return replace(one, module=absolute(draft, one), level=0)


def _brought_back(
    now: Library, then: Library, name: str, draft: Module
) -> Library | tuple[Fault, ...]:
    """A function that is gone, in the module where it stood; else with the module."""
    path = draft.path
    there = now.modules.get(path)
    if there is None:
        return tuple(taken(now, path)) or with_file(now, path, _file(then, path, name, draft))
    try:
        text = insert(now, there, name, draft, _neighbour(then, there, name))
        return (text,) if isinstance(text, Fault) else written(now, path, text.encode())
    except UnicodeEncodeError:
        return (unsaid(there, name),)


def _file(then: Library, path: str, name: str, draft: Module) -> bytes:
    """The file as it was, if the function was the only one in it; else what it needs of it."""
    alone = [one.name for one in then.modules[path].statements if one.is_public] == [name]
    return then.files[path] if alone else draft.text.body


def _neighbour(then: Library, there: Module, name: str) -> str | None:
    """The nearest function above it then that is still in the module."""
    known = {one.name for one in there.statements if one.is_public}
    above: list[str] = []
    for one in then.modules[there.path].statements:
        if one.name == name:
            break
        above += [one.name] if one.is_public and one.name in known else []
    return above[-1] if above else None
