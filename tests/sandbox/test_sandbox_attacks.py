"""Attacks on every tier that the machine has: what they reach, what is left, and the next call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fnopt.errors import SandboxError
from fnopt.sandbox import Sandbox, sandbox
from fnopt.sandbox.attacks import ATTACKS, Attack
from fnopt.sandbox.scene import Scene, attacked, scene

TIERS = ["confined", pytest.param("isolated", marks=pytest.mark.slow)]
REACHED = {
    "read a file of the user's",
    "write a file of the user's",
    "write through a symbolic link",
    "do harm while it is imported",
    "the environment of another process",
    "TCP to this machine",
    "UDP to this machine",
    "a socket in the file system",
    "a socket with an abstract name",
    "a pair of sockets that speaks to others",
    "a socket by a raw system call",
    "fork",
    "another program",
    "a fork bomb",
    "a daemon that stays",
    "a signal to the parent",
}
"""What the tier ``process`` does not stop: were these stopped there, the scene would be blind."""


@pytest.fixture(scope="module")
def made() -> Iterator[Scene]:
    """Targets for all attacks."""
    with scene() as targets:
        yield targets


@pytest.fixture(scope="module", params=TIERS)
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox; a skip with the reason where this machine does not give it."""
    try:
        found = sandbox(request.param, timeout=1.5)
    except SandboxError as error:
        pytest.skip(str(error))
    yield found
    found.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.name)
def test_an_attack_comes_to_nothing(box: Sandbox, attack: Attack, made: Scene) -> None:
    """It reaches nothing outside, leaves nothing running, and the next call is as ever."""
    tried = attacked(box, attack, made)
    assert not tried.succeeded, tried.happened
    assert tried.happened and "fault: the sandbox could not" not in tried.happened


@pytest.mark.parametrize(
    "attack", [one for one in ATTACKS if one.name in REACHED], ids=lambda one: one.name
)
def test_the_scene_sees_what_is_not_stopped(attack: Attack, made: Scene) -> None:
    """Under the tier that shuts nothing off, the same attacks succeed."""
    assert attacked(sandbox("process", 10.0), attack, made).succeeded


def test_every_attack_has_a_name_of_its_own() -> None:
    """And all those that are known to be reached are there."""
    names = [one.name for one in ATTACKS]
    assert len(names) == len(set(names))
    assert set(names) >= REACHED
