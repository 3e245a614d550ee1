"""Put a function into a file: a new version in the place of its own, or one that was not there."""

from __future__ import annotations

from fnopt.library.concrete import anchored
from fnopt.library.dotted import own_modules
from fnopt.library.function import Library
from fnopt.library.helpers import take_over
from fnopt.library.imports import import_patches
from fnopt.library.module import Module
from fnopt.library.ours import Provenance
from fnopt.library.ownership import names_taken, owned, place_of
from fnopt.library.plan import Plan
from fnopt.library.prune import pruned, to_cut
from fnopt.library.site import BLANK, Site, site, usual_gap
from fnopt.library.source import Text
from fnopt.library.splice import Patch, blank_lines, patch, verified
from fnopt.records import Fault


def splice(
    library: Library,
    there: Module,
    name: str,
    draft: Module,
    *,
    ours: Provenance | None = None,
    exact: bool = False,
) -> Text | Fault:
    """The file with the draft's function in the place of its own, or why that cannot be.

    The comments above it stay unless the draft brings some; ``exact``: they are the draft's. With
    ``ours`` the imports that people wrote stay, needed or not.
    """
    module = anchored(there)
    if isinstance(module, Fault):
        return module
    index = place_of(module, name)
    taken, _ = names_taken(library, module)
    mine = owned(library, module, name)
    old = module.statements[index]
    above = module.text.body[: old.above].splitlines(keepends=True)
    blank = blank_lines(reversed(above)) or BLANK
    plan = Plan(module, draft, name, index, mine, frozenset(taken), blank, own_modules(library))
    helpers = import_patches(plan) or take_over(plan)
    if isinstance(helpers, Fault):
        return helpers
    if helpers:
        plan.patches.append(Patch(old.above, old.above, helpers))
    brings = exact or plan.coming.above < plan.coming.start
    source = draft.source(plan.coming, comments=True)
    plan.replace(index, source, old.above if brings else old.start)
    after = _spliced(plan)
    return after if isinstance(after, Fault) else _without_orphans(library, plan, after, ours)


def insert(
    library: Library, there: Module, name: str, draft: Module, behind: str | None = None
) -> Text | Fault:
    """The file with the draft's function in it, which it does not have, or why that cannot be.

    It goes behind the function ``behind``, else where :func:`fnopt.library.site.site` says.
    """
    module = anchored(there)
    if isinstance(module, Fault):
        return module
    taken, _ = names_taken(library, module)
    gap, own = usual_gap(module), own_modules(library)
    plan = Plan(module, draft, name, None, frozenset(), frozenset(taken), gap, own)
    fault = _name_taken(plan)
    helpers = fault or import_patches(plan) or take_over(plan)
    if isinstance(helpers, Fault):
        return helpers
    needed = frozenset(name for one in draft.statements for name in one.names.now)
    where = site(module, needed, behind)
    block = (helpers or b"") + draft.source(plan.coming, comments=True)
    plan.patches.append(Patch(where.at, where.at, _once_ended(plan, where, block)))
    after = _spliced(plan)
    return after if isinstance(after, Fault) else after.text


def _once_ended(plan: Plan, where: Site, block: bytes) -> bytes:
    """What comes in at the site; imports that end the file's last line do so for all."""
    new = where.holding(block)
    imports = any(one.start == where.at and one.new.endswith(b"\n") for one in plan.patches)
    ended = plan.module.text.body[: where.at].endswith((b"\n", b"\r"))
    return new.removeprefix(b"\n") if imports and not ended else new


def _name_taken(plan: Plan) -> Fault | None:
    """The fault of a name that means something else in the module."""
    module, name = plan.module, plan.name
    there = module.bound.get(name, ())
    using = plan.captured(frozenset({name}))
    if not there and not using:
        return None
    line = module.statements[there[0]].line if there else None
    who = f": {', '.join(using)}" if using else ""
    message = f"{name} already means something else in {module.path}{who}"
    return Fault("exists", message, "Choose another name.", name, module.path, line)


def _spliced(plan: Plan) -> Module | Fault:
    plan.new.append(plan.draft.source(plan.coming))
    gone = _cut_patches(plan, sorted(plan.cuts - plan.changed))
    text = patch(plan.module.text, [*plan.patches, *gone])
    return verified(text, plan.module, plan.cuts, plan.new)


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


def _without_orphans(
    library: Library, plan: Plan, after: Module, ours: Provenance | None
) -> Text | Fault:
    """Cut what only the old version needed."""
    old = plan.module.statements
    kept = [old[i] for i in plan.mine - plan.cuts]
    known = {(one.names.binds, plan.module.source(one).strip()) for one in kept}
    mine = {
        i
        for i, one in enumerate(after.statements)
        if one.alone and (one.names.binds, after.source(one).strip()) in known
    }
    roots = set(range(len(after.statements))) - mine
    orphans = mine - after.reach(roots)
    wanted = {
        name for i in {plan.index, *plan.mine} if i is not None for name in old[i].names.reaches
    }
    coming = {name for one in plan.draft.statements for name in one.names.binds}
    last = pruned(after, to_cut(library, after, orphans, wanted - coming, ours))
    return last if isinstance(last, Fault) else last.text
