"""The embedded model is probed: what ships for it is what is found."""

from __future__ import annotations

import pytest

from fnopt.agents.probe import probe
from fnopt.agents.profile import LOCAL, habits
from fnopt.models.connect import connect
from fnopt.store import Store
from fnopt.train.budget import Budget, Limits

pytest.importorskip("xllamacpp", reason="the embedded model needs the extra 'local'")
pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


def test_the_shipped_profile_is_what_the_probe_finds() -> None:
    """Calls as text, results as the user's message, JSON in both formats."""
    budget = Budget(Limits())
    client = connect("local", None, Store(None), meter=budget)
    usual = habits("local")
    most = usual.max_tokens or 256
    found = probe(client, "local", "local", temperature=usual.temperature, max_tokens=most)
    client.close()
    assert found == LOCAL
    assert budget.spent.calls <= 5
