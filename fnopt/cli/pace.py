"""How long a model's replies took on this machine: for what a dry run says of time."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fnopt.store import Store
from fnopt.train.budget import Pace


def keep(store: Store, took: Mapping[tuple[str, str], Pace]) -> None:
    """Add what calls took to what is known, by model and endpoint."""
    for (model, endpoint), pace in took.items():
        both = known(store, model, endpoint) + pace
        store.replace_reply(_key(model, endpoint), dict(vars(both)))


def known(store: Store, model: str, endpoint: str) -> Pace:
    """What earlier calls took, of no calls where nothing is known."""
    try:
        return Pace(**(store.reply(_key(model, endpoint)) or {}))
    except TypeError:
        return Pace()  # of another shape: worth no more than a miss


def _key(model: str, endpoint: str) -> str:
    return f"pace:{json.dumps([model, endpoint])}"
