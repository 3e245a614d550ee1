"""``from __future__ import …``: what does nothing any more, and what may go again."""

from __future__ import annotations
import __future__

from fnopt.library.module import Module, Statement
from fnopt.library.prune import Cut, pruned
from fnopt.library.rules.imports import undefined
from fnopt.records import Fault

IDLE = frozenset(__future__.all_feature_names) - {"annotations", "barry_as_FLUFL"}
"""The features that every Python 3 has by itself."""


def is_idle(one: Statement) -> bool:
    """Whether the statement asks for nothing that is not there anyhow."""
    return one.kind == "future" and all(alias.name in IDLE for alias in one.names.imports)


def without_annotations(module: Module, came: frozenset[object]) -> Module:
    """The module without ``from __future__ import annotations``, if that ``came`` and is idle.

    It is not where an annotation names what is defined further down, or only for type checkers.
    """
    places = [
        i
        for i, one in enumerate(module.statements)
        if one.kind == "future" and one.alone and {alias.key for alias in one.names.imports} <= came
    ]
    if not places or b"TYPE_CHECKING" in module.text.body:
        return module
    after = pruned(module, Cut(frozenset(places), {}))
    if isinstance(after, Fault):
        return module
    known = {one.message for one in undefined(module)}
    return module if any(one.message not in known for one in undefined(after)) else after
