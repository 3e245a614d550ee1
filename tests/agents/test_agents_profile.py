"""Profiles as values: to JSON and back, overruled, told in a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.agents.profile import FORMAT, LOCAL, OPENAI, Profile, habits, opening, shipped

PROFILES = st.builds(
    Profile,
    st.sampled_from(["parallel", "single", "text", "none"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["tool", "user"]),
    st.lists(st.sampled_from(["json_schema", "json_object"]), unique=True).map(tuple),
    st.dictionaries(st.text(), st.text()),
)


@given(PROFILES)
def test_a_profile_survives_json(profile: Profile) -> None:
    """``from_json`` is the inverse of ``to_json``, with what each was found by."""
    found = Profile.from_json(json.loads(json.dumps(profile.to_json())))
    assert (found, found.found_by) == (profile, profile.found_by)


@pytest.mark.parametrize(
    "change",
    [
        {"format": FORMAT + 1},
        {"format": None},
        {"calls": "loudly"},
        {"results": 5},
        {"strict": "yes"},
        {"system": None},
        {"json": ["xml"]},
        {"json": 5},
        {"json": [[]]},
        {"found_by": {"calls": 5}},
        {"found_by": []},
    ],
    ids=str,
)
def test_another_shape_is_no_profile(change: dict[str, Any]) -> None:
    """What another version or somebody else wrote is told, never half believed."""
    with pytest.raises(ValueError, match="profile"):
        Profile.from_json({**OPENAI.to_json(), **change})


@pytest.mark.parametrize("key", list(OPENAI.to_json()))
def test_a_document_that_lacks_something_is_no_profile(key: str) -> None:
    """Its default may not be what was found."""
    document = OPENAI.to_json()
    del document[key]
    with pytest.raises(ValueError, match="profile"):
        Profile.from_json(document)


def test_tools_can_be_overruled() -> None:
    """By force as text or natively; what suits already stays, and so does all else."""
    single = Profile("single", True, False, "user", ("json_object",))
    assert single.overruled("auto") == single.overruled("native") == single
    assert single.overruled("text") == Profile("text", True, False, "user", ("json_object",))
    assert LOCAL.overruled("text") == LOCAL
    assert LOCAL.overruled("native") == Profile("parallel", True, True, "tool", LOCAL.json)


def test_a_profile_is_told_in_a_line() -> None:
    """What is as everywhere is not worth a word."""
    assert OPENAI.said == "calls functions, several in one reply"
    assert Profile("none", True, False, "user", ("json_schema",)).said == (
        "was not seen to call a function; takes strict schemas; takes no system role; "
        "wants results as the user's message; answers in JSON (json_schema)"
    )


def test_without_a_system_role_its_text_goes_in_front() -> None:
    """One message of the user then; nothing of either text is lost."""
    assert opening("Be brief.", "Why?") == (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    )
    assert opening("Be brief.", "Why?", role=False) == (
        {"role": "user", "content": "Be brief.\n\nWhy?"},
    )


@pytest.mark.parametrize("model", ["local", "recorded:demo.jsonl"])
def test_the_embedded_model_and_its_recordings_have_a_profile(model: str) -> None:
    """They are never probed, and are spoken to as they were when that was measured."""
    assert shipped(model) is LOCAL
    assert habits(model).temperature == 0.0
    assert habits(model).max_tokens == 256


def test_other_models_have_none() -> None:
    """Theirs is found out; all that is open is left to the endpoint."""
    assert shipped("gpt-5-mini") is None
    assert habits("gpt-5-mini").temperature is None
