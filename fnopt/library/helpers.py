"""Take over the private helpers and constants of a draft: as they are there, or in their place."""

from __future__ import annotations

from fnopt.library.fingerprint import of_source
from fnopt.library.module import Module, Statement
from fnopt.library.ownership import users
from fnopt.library.plan import Plan
from fnopt.records import Fault


def take_over(plan: Plan) -> bytes | Fault:
    """The helpers that go above the function; others are the same already, or replaced in place."""
    coming = [one for one in plan.draft.statements if _is_helper(one)]
    fresh = frozenset(
        name for one in coming for name in one.names.binds if name not in plan.module.bound
    )
    above: list[bytes] = []
    for one in coming:
        fault = _helper(plan, one, fresh, above)
        if fault:
            return fault
    return b"".join(above)


def _is_helper(one: Statement) -> bool:
    return one.kind in ("function", "overload", "class", "constant", "other") and not one.is_public


def _helper(plan: Plan, one: Statement, fresh: frozenset[str], above: list[bytes]) -> Fault | None:
    module, draft = plan.module, plan.draft
    if plan.name in one.names.binds:
        message = f"the code declares variants of {plan.name}, which its file does not"
        return Fault("overload", message, "Leave @overload out.", plan.name, None, one.line)
    there = _binding(module, one.names.binds)
    if not one.names.binds:  # an if or try that binds nothing: is it there, or one like it?
        there = [i for i, old in enumerate(module.statements) if old.kind == one.kind]
        there = [i for i in there if _is_same(module, [i], draft, one)]
    source = draft.source(one, comments=True)
    if _is_same(module, there, draft, one):
        return None
    if not set(there) <= plan.mine | plan.cuts or plan.captured(one.names.binds):
        return _helper_in_use(plan, one)
    plan.new.append(draft.source(one))
    if len(there) == 1 and there[0] not in plan.cuts and _fits(plan, there[0], one, fresh):
        old = module.statements[there[0]]
        plan.replace(there[0], source, old.above if one.above < one.start else None)
        return None
    plan.cuts.update(there)
    above.append(source.rstrip(b"\n") + b"\n" + _gap(plan, one))
    return None


def _binding(module: Module, names: frozenset[str]) -> list[int]:
    """The statements that bind one of the names; else the functions that set them."""
    found = sorted({i for name in names for i in module.bound.get(name, ())})
    return [i for i in found if module.statements[i].names.binds & names] or found


def _is_same(module: Module, there: list[int], draft: Module, one: Statement) -> bool:
    new = of_source(draft.source(one))
    return {of_source(module.source(module.statements[i])) for i in there} == {new}


def _fits(plan: Plan, index: int, one: Statement, fresh: frozenset[str]) -> bool:
    """Whether the helper can stand where the old one does, with all that it needs by then."""
    old = plan.module.statements[index]
    if old.names.binds != one.names.binds or one.names.now & fresh or plan.index is None:
        return False
    needed = bool(one.names.binds & plan.coming.names.now)
    return index < plan.index or (one.kind == "function" and not needed)


def _gap(plan: Plan, one: Statement) -> bytes:
    """As many blank lines as are usual here; none between constants in a row."""
    draft = plan.draft
    place = draft.statements.index(one)
    following = draft.statements[place + 1 : place + 2]
    flat = one.kind == "constant" and all(next_.kind == "constant" for next_ in following)
    return b"" if flat and following else b"\n" * plan.blank


def _helper_in_use(plan: Plan, one: Statement) -> Fault:
    shown = ", ".join(sorted(one.names.binds))
    module = plan.module
    using = users(module, one.names.binds, plan.name)
    if using or one.names.binds & plan.taken:
        message = f"{shown} is also used by {', '.join(using) or 'other modules'} in {module.path}"
    else:
        message = f"{shown} is there already in {module.path}, and differs"
    mend = f"Leave {shown} as it is, or give the changed one another name."
    return Fault("helper-in-use", message, mend, plan.name, module.path, one.line)
