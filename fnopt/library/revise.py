"""Put a new version of a function into its file; merge its imports, take over its helpers."""

from __future__ import annotations

from dataclasses import dataclass, field

from fnopt.library.concrete import anchored
from fnopt.library.draft import public_function
from fnopt.library.fingerprint import of_source
from fnopt.library.function import Library
from fnopt.library.imports import import_patches
from fnopt.library.module import Module, Statement
from fnopt.library.ownership import names_taken, owned, place_of, users
from fnopt.library.source import Text
from fnopt.library.splice import Patch, blank_lines, excise, patch, verified
from fnopt.records import Fault


@dataclass
class Plan:
    """What happens to a module: ``patches`` to its bytes, ``cuts`` of statements, ``new`` ones.

    ``index``: the function; ``mine``: the statements that only it needs; ``taken``: the names that
    other modules import from this one.
    """

    module: Module
    draft: Module
    name: str
    index: int
    mine: frozenset[int]
    taken: frozenset[str]
    patches: list[Patch] = field(default_factory=list)
    cuts: set[int] = field(default_factory=set)
    new: list[bytes] = field(default_factory=list)

    @property
    def function(self) -> Statement:
        """The function as it stands in the file."""
        return self.module.statements[self.index]

    def replace(self, index: int, source: bytes, start: int | None = None) -> None:
        """Put ``source`` where the statement is, from ``start`` on."""
        old = self.module.statements[index]
        ended = self.module.source(old).endswith((b"\n", b"\r"))
        new = source if ended else source.rstrip(b"\n")
        self.patches.append(Patch(old.start if start is None else start, old.end, new))
        self.cuts.add(index)


def splice(library: Library, there: Module, name: str, draft: Module) -> Text | Fault:
    """The file with the draft's function in the place of its own, or why that cannot be."""
    module = anchored(there)
    if isinstance(module, Fault):
        return module
    index = place_of(module, name)
    taken, _ = names_taken(library, module)
    mine = owned(library, module, name)
    plan = Plan(module, draft, name, index, mine, frozenset(taken))
    fault = import_patches(plan) or _helpers(plan)
    if fault:
        return fault
    _function(plan)
    drop = [i for i in plan.cuts if not _is_patched(plan, i)]
    text = patch(module.text, [*plan.patches, *_cut_patches(plan, drop)])
    after = verified(text, module, plan.cuts, plan.new)
    return after if isinstance(after, Fault) else _without_orphans(plan, after)


def _is_patched(plan: Plan, index: int) -> bool:
    one = plan.module.statements[index]
    return any(p.start <= one.start < p.end for p in plan.patches)


def _cut_patches(plan: Plan, drop: list[int]) -> list[Patch]:
    """Statements that make room for others; their blank lines below go with them."""
    body = plan.module.text.body
    found = []
    for index in drop:
        one = plan.module.statements[index]
        start = one.start if one.kind == "import" else one.above
        rest = body[one.end :].splitlines(keepends=True)
        blank = 0 if one.kind == "import" else blank_lines(rest)
        found.append(Patch(start, one.end + sum(map(len, rest[:blank])), b""))
    return found


def _function(plan: Plan) -> None:
    """The function's own span; the comments above stay unless the draft brings its own."""
    new = public_function(plan.draft)
    assert new is not None, "BUG: the draft was read"
    brings = new.above < new.start
    start = plan.function.above if brings else plan.function.start
    plan.replace(plan.index, plan.draft.source(new, comments=True), start)
    plan.new.append(plan.draft.source(new))


def _helpers(plan: Plan) -> Fault | None:
    """Take over the draft's helpers and constants: as they are, in place, or above the function."""
    coming = [one for one in plan.draft.statements if _is_helper(one)]
    fresh = frozenset(
        name for one in coming for name in one.names.binds if name not in plan.module.bound
    )
    above: list[bytes] = []
    for one in coming:
        fault = _helper(plan, one, fresh, above)
        if fault:
            return fault
    if above:
        at = plan.function.above
        plan.patches.append(Patch(at, at, b"".join(above)))
    return None


def _is_helper(one: Statement) -> bool:
    return one.kind in ("function", "overload", "class", "constant", "other") and not one.is_public


def _helper(plan: Plan, one: Statement, fresh: frozenset[str], above: list[bytes]) -> Fault | None:
    module, draft = plan.module, plan.draft
    if plan.name in one.names.binds:
        message = f"the code declares variants of {plan.name}, which its file does not"
        return Fault("overload", message, "Leave @overload out.", plan.name, None, one.line)
    there = sorted({i for name in one.names.binds for i in module.bound.get(name, ())})
    if not one.names.binds:  # an if or try that binds nothing: is it there, or one like it?
        there = [i for i, old in enumerate(module.statements) if old.kind == one.kind]
        there = [i for i in there if _is_same(module, [i], draft, one)]
    source = draft.source(one, comments=True)
    if _is_same(module, there, draft, one):
        return None
    if not set(there) <= plan.mine | plan.cuts:
        return _helper_in_use(plan, one)
    plan.new.append(draft.source(one))
    if len(there) == 1 and there[0] not in plan.cuts and _fits(plan, there[0], one, fresh):
        old = module.statements[there[0]]
        plan.replace(there[0], source, old.above if one.above < one.start else None)
        return None
    plan.cuts.update(there)
    above.append(source.rstrip(b"\n") + b"\n" + _gap(plan, one))
    return None


def _is_same(module: Module, there: list[int], draft: Module, one: Statement) -> bool:
    new = of_source(draft.source(one))
    return {of_source(module.source(module.statements[i])) for i in there} == {new}


def _fits(plan: Plan, index: int, one: Statement, fresh: frozenset[str]) -> bool:
    """Whether the helper can stand where the old one does, with all that it needs by then."""
    old = plan.module.statements[index]
    if old.names.binds != one.names.binds or one.names.now & fresh:
        return False
    new = public_function(plan.draft)
    needed = new is not None and bool(one.names.binds & new.names.now)
    return index < plan.index or (one.kind == "function" and not needed)


def _gap(plan: Plan, one: Statement) -> bytes:
    """As many blank lines as stand above the function; none between constants in a row."""
    draft = plan.draft
    place = draft.statements.index(one)
    following = draft.statements[place + 1 : place + 2]
    flat = one.kind == "constant" and all(next_.kind == "constant" for next_ in following)
    above = plan.module.text.body[: plan.function.above].splitlines(keepends=True)
    blank = blank_lines(reversed(above)) if above else 0
    return b"" if flat and following else b"\n" * (blank or 2)


def _helper_in_use(plan: Plan, one: Statement) -> Fault:
    shown = ", ".join(sorted(one.names.binds))
    using = ", ".join(users(plan.module, one.names.binds, plan.name)) or "other modules"
    message = f"{shown} is also used by {using} in {plan.module.path}"
    mend = f"Leave {shown} as it is, or give the changed one another name."
    return Fault("helper-in-use", message, mend, plan.name, plan.module.path, one.line)


def _without_orphans(plan: Plan, after: Module) -> Text | Fault:
    """Cut what only the old version needed."""
    kept = [plan.module.statements[i] for i in plan.mine - plan.cuts]
    known = {(one.names.binds, plan.module.source(one).strip()) for one in kept}
    mine = {
        i
        for i, one in enumerate(after.statements)
        if one.alone and (one.names.binds, after.source(one).strip()) in known
    }
    roots = set(range(len(after.statements))) - mine
    orphans = mine - after.reach(roots)
    if not orphans:
        return after.text
    text = excise(after.text, [after.statements[i] for i in orphans])
    last = verified(text, after, orphans, ())
    return last if isinstance(last, Fault) else last.text
