"""What endpoints can do, as commands need it: looked up, found out at first use, noted in a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from fnopt.agents import probe_kept
from fnopt.agents.probe_kept import FirstUse
from fnopt.agents.profile import Profile
from fnopt.cli.session import Session
from fnopt.config import AgentConfig, OptimizerConfig
from fnopt.history.runs import RunBranch
from fnopt.models.client import Client
from fnopt.models.connect import endpoint_name

if TYPE_CHECKING:
    from fnopt.cli.clients import Watcher

FILE = "profiles.json"
"""In a run's evidence: the profiles that its trials were made by."""


def first_use(
    session: Session, role: Literal["agent", "optimizer"], client: Client, watch: Watcher
) -> FirstUse:
    """How to talk to a role's model, known or found out when it is first needed."""
    settings: AgentConfig | OptimizerConfig = getattr(session.config, role)
    return FirstUse(
        client,
        settings.model,
        endpoint_name(settings.model, settings.base_url),
        session.store,
        role,
        settings.tools,
        settings.temperature,
        settings.max_tokens,
        watch.say,
        watch.profile,
    )


def note(branch: RunBranch, key: str, profile: Profile) -> None:
    """Put a profile into a run's evidence: trials elsewhere are made, and found again, by it.

    What it was found by stays here: evidence is pushed, and refusals name the endpoint.
    """
    known = branch.evidence.document(FILE) or {}
    document = {**known, key: replace(profile, found_by={}).to_json()}
    branch.evidence.write({FILE: document}, (), "what an endpoint can do")


def recall(session: Session, branch: RunBranch) -> None:
    """Take the profiles of a run's evidence into the store, where none is known."""
    probe_kept.recall(session.store, branch.evidence.document(FILE) or {})
