"""What a docstring says of the whole and of each argument: Google, NumPy and Sphinx style."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_MAX_PARSED = 20_000  # characters: parsing is by regular expressions
_QUIET: dict[str, Any] = {"warnings": False}


@dataclass(frozen=True)
class Sections:
    """``text``: all but the arguments; ``arguments``: what is said of each, by name.

    Of a class the attributes are what arguments are of a function.
    """

    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4_096)
def sections(doc: str, parameters: tuple[str, ...]) -> Sections:
    """Read a clean docstring; where its style is not understood, all of it is text."""
    from griffe import Docstring  # 0.1 s that not every command needs
    from griffe import DocstringSectionKind as kinds

    if not doc or len(doc) > _MAX_PARSED:
        return Sections(doc)
    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # it knows the docstring alone
    styles = {"google": _QUIET, "numpy": _QUIET, "sphinx": _QUIET}
    try:
        found = Docstring(doc, lineno=1).parse("auto", per_style_options=styles)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return Sections(doc)
    arguments: dict[str, str] = {}
    texts: list[str] = []
    for one in found:
        if one.kind in (kinds.parameters, kinds.other_parameters, kinds.attributes):
            arguments |= {p.name.lstrip("*"): " ".join(p.description.split()) for p in one.value}
        elif one.kind is kinds.text:
            texts.append(str(one.value).strip())
        elif one.kind is kinds.returns:
            texts.append(_returned(one.value))
    known = {name: text for name, text in arguments.items() if name in parameters}
    return Sections("\n\n".join(text for text in texts if text), known)


def _returned(values: list[Any]) -> str:
    said = "; ".join(" ".join(str(one.description).split()) for one in values if one.description)
    return f"Returns: {said}" if said else ""
