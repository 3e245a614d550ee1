"""Merge the imports of a draft into a module: those that are missing, at the end of its imports."""

from __future__ import annotations

from collections.abc import Iterable

from fnopt.library.concrete import import_line
from fnopt.library.module import Module, Statement
from fnopt.library.ownership import users
from fnopt.library.plan import Plan
from fnopt.library.scope import Import
from fnopt.library.site import line_end
from fnopt.library.splice import Patch
from fnopt.records import Fault

_LEADING = ("docstring", "future", "import", "other", "constant")


def import_patches(plan: Plan) -> Fault | None:
    """Add to the plan what the draft's imports ask for; the fault of a name that is taken."""
    ordinary: list[bytes] = []
    future: list[bytes] = []
    for one in plan.draft.statements:
        if one.kind not in ("import", "future"):
            continue
        wanted = []
        for alias in one.names.imports:
            verdict = _wanted(plan, alias)
            if isinstance(verdict, Fault):
                return verdict
            if verdict:
                wanted.append(alias)
        if wanted:
            source = _source(plan.draft, one, wanted)
            plan.new.append(source)
            (future if one.kind == "future" else ordinary).append(source)
    _insert(plan, future, ("docstring", "future"))
    _insert(plan, ordinary, _LEADING)
    return None


def _wanted(plan: Plan, alias: Import) -> bool | Fault:
    """Whether the import is missing; a fault when its name means something else to others."""
    module = plan.module
    there = module.bound.get(alias.bound, ())
    if any(_offers(module.statements[i], alias) for i in there):
        return False
    name = frozenset({alias.bound})
    using = plan.captured(name)
    if not using and all(_is_same_package(module.statements[i], alias) for i in there):
        return True
    if there and set(there) <= plan.mine:
        _make_room(plan, there, alias.bound)
        return True
    using = using or users(module, name, plan.name)
    imported = there and all(module.statements[i].kind == "import" for i in there)
    mine = {module.statements[i].name or f"line {module.statements[i].line}" for i in plan.mine}
    if imported and set(using) <= mine and alias.bound not in plan.taken:
        return True  # the later import wins, and nobody else asks for the earlier one
    message = f"{alias.bound} already means something else in {module.path}: {', '.join(using)}"
    mend = f"Import it under another name, e.g. import … as _{alias.bound}."
    return Fault("import-conflict", message, mend, plan.name, module.path, alias.line)


def _offers(statement: Statement, alias: Import) -> bool:
    """Whether the statement imports just that, and not only for a type checker."""
    checking = "TYPE_CHECKING" in statement.names.reaches
    same = any(one.key == alias.key for one in statement.names.imports)
    return same and not checking and statement.kind in ("import", "future", "other")


def _is_same_package(statement: Statement, alias: Import) -> bool:
    """``import a.b`` and ``import a.c`` bind the same ``a``."""
    both = (alias, *statement.names.imports)
    return statement.kind == "import" and all(one.name is None and not one.alias for one in both)


def _make_room(plan: Plan, there: Iterable[int], name: str) -> None:
    """Take the old meaning of the name away: the statement, or that name of it."""
    for index in there:
        if index in plan.cuts:
            continue
        one = plan.module.statements[index]
        rest = [alias for alias in one.names.imports if alias.bound != name]
        if one.kind == "import" and rest:
            plan.replace(index, import_line(rest))
            plan.new.append(import_line(rest))
        else:
            plan.cuts.add(index)


def _source(draft: Module, statement: Statement, wanted: list[Import]) -> bytes:
    if len(wanted) == len(statement.names.imports):
        return draft.source(statement).rstrip(b"\n") + b"\n"
    return import_line(wanted)


def _insert(plan: Plan, sources: list[bytes], leading: tuple[str, ...]) -> None:
    if not sources:
        return
    body = plan.module.text.body
    anchor = _anchor(plan.module, leading)
    new = b"".join(sources)
    if anchor is None:
        at = plan.module.statements[0].above
        plan.patches.append(Patch(at, at, new + b"\n\n"))
        return
    at = line_end(plan.module, anchor)
    ended = body[:at].endswith((b"\n", b"\r"))
    before = b"" if ended else b"\n"
    if anchor.kind == "docstring":
        before += b"\n"
    following = body[at:].splitlines()[:1]
    after = b"\n\n" if anchor.kind == "docstring" and any(one.strip() for one in following) else b""
    plan.patches.append(Patch(at, at, before + new + after))


def _anchor(module: Module, leading: tuple[str, ...]) -> Statement | None:
    """The last import before the first definition; else the module's docstring; else None."""
    found: Statement | None = None
    for index, one in enumerate(module.statements):
        if one.kind not in leading or (one.kind == "docstring" and index):
            break
        if one.kind in ("import", "future") or (one.kind == "docstring" and found is None):
            found = one
    return found
