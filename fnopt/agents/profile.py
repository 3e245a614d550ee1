"""What an endpoint does well: the format of a conversation is worth more than a model's size.

``model = "local"`` ships with the best profile that was measured for the embedded model; every
other endpoint is spoken to in OpenAI's own format.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How to talk to a model.

    ``native_tools``: functions go into the request's ``tools``; otherwise they are listed in the
    system prompt and called by a JSON object in the text. The other values apply where the
    configuration leaves them open: ``temperature``, ``max_tokens`` a reply of the agent, and the
    same two for the optimizer, which is warmer (``retry_temperature``) where it failed before,
    reads prompts of at most ``max_prompt`` tokens, and draws up to ``proposals`` candidates a step.
    """

    native_tools: bool = True
    temperature: float | None = None
    max_tokens: int | None = None
    optimizer_temperature: float | None = None
    retry_temperature: float | None = None
    optimizer_max_tokens: int | None = None
    max_prompt: int = 24_000
    proposals: int = 1


OPENAI = Profile()
LOCAL = Profile(
    native_tools=False,
    temperature=0.0,
    max_tokens=256,
    optimizer_temperature=0.0,
    retry_temperature=0.6,
    optimizer_max_tokens=900,
    max_prompt=3_000,
    proposals=3,
)


def profile(model: str) -> Profile:
    """The profile of a model by its name in the configuration."""
    return LOCAL if model == "local" or model.startswith("recorded:") else OPENAI


def opening(system: str, user: str, *, role: bool = True) -> tuple[dict[str, str], ...]:
    """The first messages of a conversation; without a system ``role`` its text goes in front."""
    if role:
        return ({"role": "system", "content": system}, {"role": "user", "content": user})
    return ({"role": "user", "content": f"{system}\n\n{user}"},)
