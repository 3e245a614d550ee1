"""A small library, the real sandbox, and models that say what a script says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnopt.agents.agent import Setup
from fnopt.agents.profile import OPENAI, Profile
from fnopt.agents.toolbox import Toolbox
from fnopt.library.function import read
from fnopt.models.scripted import Script, Scripted
from fnopt.prose import Prose
from fnopt.sandbox import Sandbox, sandbox

SOURCE = b'''
def double(number: int) -> int:
    """Double a number.

    Args:
        number: What to double.
    """
    return 2 * number


def shout(text: str) -> str:
    """Put a text into capitals."""
    print("shouting")
    return text.upper()


def fail(text: str) -> str:
    """Always fail."""
    raise ValueError("first words " + "x" * 100_000 + " last words")


def repeat(text: str, times: int) -> str:
    """Repeat a text."""
    return text * times
'''

FILES = {"functions/things.py": SOURCE}


@pytest.fixture(scope="session")
def box() -> Sandbox:
    return sandbox("process", timeout=20.0)


@pytest.fixture
def toolbox(box: Sandbox) -> Toolbox:
    """double, shout, fail and repeat."""
    return Toolbox(read(FILES), box)


@pytest.fixture
def setup() -> Callable[..., tuple[Scripted, Setup]]:
    """A scripted model, and what an agent that asks it is built from."""

    def build(
        script: Script, profile: Profile = OPENAI, **values: object
    ) -> tuple[Scripted, Setup]:
        client = Scripted(script)
        setup = Setup(client, Prose(), "m", profile=lambda: profile, **values)  # type: ignore[arg-type]
        return client, setup

    return build
