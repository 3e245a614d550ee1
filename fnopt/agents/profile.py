"""How a model is best spoken to: the format of a conversation is worth more than a model's size.

What an endpoint can do is a :class:`Profile`, found by :mod:`fnopt.agents.probe`; what applies
where the configuration leaves it open are :class:`Habits`. ``model = "local"`` ships with the best
of both that was measured for the embedded model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from fnopt.config import Tools

FORMAT = 1
"""Of the JSON document; a profile of another one is found out anew."""

Calls = Literal["parallel", "single", "text", "none"]
Results = Literal["tool", "user"]
Json = Literal["json_schema", "json_object"]

SAID: Mapping[Calls, str] = {
    "parallel": "calls functions, several in one reply",
    "single": "calls functions, one in a reply",
    "text": "writes calls as text",
    "none": "was not seen to call a function",
}
"""Each way of calling in words."""


@dataclass(frozen=True)
class Profile:
    """What an endpoint can do with a model.

    ``calls``: how it calls functions. Where it does so in text, or was not seen to do it, they are
    listed in the system prompt instead of the request's ``tools``. ``strict``: it takes OpenAI's
    strict schemas. ``system``: it takes the system role; else that text goes in front of the first
    message. ``results``: as whose message results are fed back. ``json``: the kinds of
    ``response_format`` with which it answers in JSON. ``found_by`` says of each what it was found
    by.
    """

    calls: Calls = "parallel"
    strict: bool = False
    system: bool = True
    results: Results = "tool"
    json: tuple[Json, ...] = ()
    found_by: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def native(self) -> bool:
        """Whether functions go into the request's ``tools``."""
        return self.calls in ("parallel", "single")

    @property
    def said(self) -> str:
        """All of it in one line."""
        return "; ".join(
            [
                SAID[self.calls],
                *(["takes strict schemas"] if self.strict else []),
                *([] if self.system else ["takes no system role"]),
                *(["wants results as the user's message"] if self.results == "user" else []),
                *([f"answers in JSON ({', '.join(self.json)})"] if self.json else []),
            ]
        )

    def overruled(self, tools: Tools) -> Profile:
        """The profile with what the configuration says of tools."""
        if tools == "text" and self.native:
            return replace(self, calls="text", results="user")
        if tools == "native" and not self.native:
            return replace(self, calls="parallel", results="tool")
        return self

    def to_json(self) -> dict[str, Any]:
        """A JSON document from which :meth:`from_json` makes an equal profile."""
        return {"format": FORMAT, **asdict(self), "json": list(self.json)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Profile:
        """Inverse of :meth:`to_json`. Raises ValueError on another format or shape."""
        try:
            values = {one.name: data[one.name] for one in fields(cls)}
            if data["format"] == FORMAT and _is_sound(made := cls(**values)):
                return replace(made, json=tuple(made.json))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no profile: {error}") from None
        raise ValueError("a profile of another format")


def _is_sound(made: Profile) -> bool:
    return (
        made.calls in get_args(Calls)
        and made.results in get_args(Results)
        and {type(made.strict), type(made.system)} == {bool}
        and set(made.json) <= set(get_args(Json))
        and all(isinstance(said, str) for pair in made.found_by.items() for said in pair)
    )


def opening(system: str, user: str, *, role: bool = True) -> tuple[dict[str, str], ...]:
    """The first messages of a conversation; without a system ``role`` its text goes in front."""
    if role:
        return ({"role": "system", "content": system}, {"role": "user", "content": user})
    return ({"role": "user", "content": f"{system}\n\n{user}"},)


OPENAI = Profile()
"""OpenAI's own format with nothing that some endpoint refuses: where nothing was found out."""

LOCAL = Profile(
    calls="text",
    strict=True,
    results="user",
    json=("json_schema", "json_object"),
    found_by=dict.fromkeys(
        ("calls", "strict", "system", "results", "json"), "measured for the embedded model"
    ),
)
"""What the probe finds of the embedded model."""


def shipped(model: str) -> Profile | None:
    """The profile that ships for a model's name in the configuration, or None: to be found out."""
    return LOCAL if model == "local" or model.startswith("recorded:") else None


@dataclass(frozen=True)
class Habits:
    """What applies to a model where the configuration leaves it open.

    ``temperature`` and ``max_tokens`` a reply of the agent, and the same two for the optimizer,
    which is warmer (``retry_temperature``) where it failed before, reads prompts of at most
    ``max_prompt`` tokens, draws up to ``proposals`` candidates, and writes functions for up to
    ``kinds`` kinds of failing tasks a step. What ``reconsiders``
    can mend a function that is told what it computed instead of the expected answers. What is
    ``brief`` copies whatever it is shown, and is shown little.
    """

    temperature: float | None = None
    max_tokens: int | None = None
    optimizer_temperature: float | None = None
    retry_temperature: float | None = None
    optimizer_max_tokens: int | None = None
    max_prompt: int = 24_000
    proposals: int = 1
    kinds: int = 1
    reconsiders: bool = True
    brief: bool = False


USUAL = Habits()
SMALL = Habits(
    temperature=0.0,
    max_tokens=256,
    optimizer_temperature=0.0,
    retry_temperature=0.6,
    optimizer_max_tokens=900,
    max_prompt=3_000,
    proposals=6,
    kinds=8,
    reconsiders=False,
    brief=True,
)
"""Measured for the embedded model: it says the same again when it is told what was wrong, so that
other draws are worth more."""


def habits(model: str) -> Habits:
    """The habits of a model by its name in the configuration."""
    return SMALL if shipped(model) else USUAL
