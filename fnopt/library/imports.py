"""Merge the imports of a draft into a module: in their order, or at the end of those there."""

from __future__ import annotations

from collections.abc import Iterable

from fnopt.library.concrete import import_line
from fnopt.library.members import joined, takes
from fnopt.library.module import Module, Statement
from fnopt.library.order import Block, section, sorted_block
from fnopt.library.ownership import users
from fnopt.library.plan import Plan
from fnopt.library.scope import Import
from fnopt.library.site import BLANK, line_end
from fnopt.library.splice import Patch, blank_lines
from fnopt.records import Fault

_LEADING = ("docstring", "future", "import", "other", "constant")


def import_patches(plan: Plan) -> Fault | None:
    """Add to the plan what the draft's imports ask for; the fault of a name that is taken."""
    wanted: list[tuple[Statement, list[Import]]] = []
    for one in plan.draft.statements:
        if one.kind not in ("import", "future"):
            continue
        missing = []
        for alias in one.names.imports:
            verdict = _wanted(plan, alias)
            if isinstance(verdict, Fault):
                return verdict
            missing += [alias] if verdict else []
        wanted += [(one, missing)] if missing else []
    future = [(one, given) for one, given in wanted if one.kind == "future"]
    _insert(plan, [_source(plan, *one) for one in future], ("docstring", "future"))
    ordinary = [(one, given) for one, given in wanted if one.kind != "future"]
    block = sorted_block(plan.module, plan.own)
    if block is None or not ordinary:
        _insert(plan, [_source(plan, *one) for one in ordinary], _LEADING)
    else:
        _in_order(plan, block, _not_joined(plan, block, ordinary))
    return None


def _not_joined(
    plan: Plan, block: Block, wanted: list[tuple[Statement, list[Import]]]
) -> list[tuple[Import, bytes]]:
    """Put names into imports that are there; the others, each with its statement's source."""
    there = {plan.module.statements.index(one) for group in block.groups for one in group}
    joining: dict[int, list[Import]] = {}
    found = []
    for statement, given in wanted:
        rest: list[Import] = []
        for one in given:
            homes = [i for i in sorted(there - plan.cuts) if takes(plan.module, i, one)]
            (joining.setdefault(homes[-1], []) if homes else rest).append(one)
        parts = [rest] if statement.names.imports[0].name is not None else [[one] for one in rest]
        found += [(part[0], _source(plan, statement, part)) for part in parts if part]
    for index, names in joining.items():
        plan.mend(index, joined(plan.module, index, names))
    return found


def _in_order(plan: Plan, block: Block, coming: list[tuple[Import, bytes]]) -> None:
    """Put each import where the block's order has it."""
    placed: list[tuple[int, int, bytes]] = []
    fresh: dict[tuple[int, int], list[bytes]] = {}
    for one, source in sorted(coming, key=lambda given: block.order.key(given[0])):
        group = block.group_for(one)
        if group is None:
            place = (block.group_before(one), section(one, block.order.own))
            fresh.setdefault(place, []).append(source)
            continue
        above = block.above(one, group)
        first = block.groups[group][0]
        at = line_end(plan.module, above) if above else first.start
        placed.append((at, 1, _ended(plan, at) + source))
    for (group, _), sources in sorted(fresh.items()):
        placed.append(_group(plan, block, group, b"".join(sources)))
    for at, _, new in sorted(placed, key=lambda one: one[:2]):
        plan.patches.append(Patch(at, at, new))


def _group(plan: Plan, block: Block, before: int, new: bytes) -> tuple[int, int, bytes]:
    """A group of its own behind so many others; its blank line only where there are some."""
    body = plan.module.text.body
    if before:
        at = line_end(plan.module, block.groups[before - 1][-1])
        rest = body[at:].splitlines(keepends=True)
        gap = b"\n" if blank_lines(rest) or not rest else b""
        return at, 2, _ended(plan, at) + gap + new
    at = block.groups[0][0].start
    above = body[:at].splitlines(keepends=True)
    return at, 0, new + (b"\n" if blank_lines(reversed(above)) or not above else b"")


def _ended(plan: Plan, at: int) -> bytes:
    """The line end that is missing before ``at``."""
    return b"" if plan.module.text.body[:at].endswith((b"\n", b"\r")) or not at else b"\n"


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


def _source(plan: Plan, statement: Statement, wanted: list[Import]) -> bytes:
    """What comes in of one statement of the draft."""
    whole = len(wanted) == len(statement.names.imports)
    source = plan.draft.source(statement).rstrip(b"\n") + b"\n" if whole else import_line(wanted)
    plan.new.append(source)
    return source


def _insert(plan: Plan, sources: list[bytes], leading: tuple[str, ...]) -> None:
    """Behind the last import, else behind the docstring, else at the top.

    No more blank lines come in than there are, so that the file is what it was without them.
    """
    if not sources:
        return
    body = plan.module.text.body
    anchor = _anchor(plan.module, leading)
    at = line_end(plan.module, anchor) if anchor else _top(plan.module)
    before = _ended(plan, at)
    rest = body[at:].splitlines(keepends=True)
    after = b""
    if anchor is None and rest:
        above = blank_lines(reversed(body[:at].splitlines(keepends=True))) if body[:at] else BLANK
        after = b"\n" * min(BLANK, above)
    if anchor is not None and anchor.kind == "docstring":
        before += b"\n" if blank_lines(rest) or not rest else b""
    plan.patches.append(Patch(at, at, before + b"".join(sources) + after))


def _top(module: Module) -> int:
    return module.statements[0].above if module.statements else len(module.text.body)


def _anchor(module: Module, leading: tuple[str, ...]) -> Statement | None:
    """The last import before the first definition; else the module's docstring; else None."""
    found: Statement | None = None
    for index, one in enumerate(module.statements):
        if one.kind not in leading or (one.kind == "docstring" and index):
            break
        if one.kind in ("import", "future") or (one.kind == "docstring" and found is None):
            found = one
    return found
