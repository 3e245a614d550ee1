"""What the live tests need of the machine: the folder in which the model's weights are kept."""

from __future__ import annotations

import os

import pytest

from fnopt.models.weights import cache_folder

CACHE = os.environ.get("FNOPT_CACHE") or str(cache_folder())  # before the tests are sealed in


@pytest.fixture(autouse=True)
def weights(sealed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights are taken from the real cache, and fetched into it when they are not there."""
    monkeypatch.setenv("FNOPT_CACHE", CACHE)
