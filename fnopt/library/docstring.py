"""What a docstring says of the whole and of each argument: Google, NumPy and Sphinx style."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_MAX_PARSED = 20_000  # characters: parsing is by regular expressions
_HEADING = re.compile(r"(Args|Arguments|Parameters|Params|Returns?):\s*$")
_QUIET: dict[str, Any] = {"warnings": False}


@dataclass(frozen=True)
class Sections:
    """``text``: all but the arguments; ``arguments``: what is said of each, by name.

    Of a class the attributes are what arguments are of a function.
    """

    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Types:
    """What a docstring says of types, in its own words: of arguments by name, and of the result;
    empty where it says nothing."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    result: str = ""


@lru_cache(maxsize=4_096)
def sections(doc: str, parameters: tuple[str, ...]) -> Sections:
    """Read a clean docstring; where its style is not understood, all of it is text."""
    from griffe import DocstringSectionKind as kinds

    found = _parsed(doc)
    if not found:
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


def types(doc: str, parameters: tuple[str, ...]) -> Types:
    """What a clean docstring says of the types of parameters and of the result.

    Google style is understood without its indentation too, and with NumPy's headings: models
    write it so.
    """
    from griffe import DocstringSectionKind as kinds

    arguments: dict[str, str] = {}
    result = ""
    for one in _parsed(_indented(doc)):
        if one.kind is kinds.parameters:
            arguments |= {p.name.lstrip("*"): str(p.annotation or "") for p in one.value}
        elif one.kind is kinds.returns and len(one.value) == 1:
            result = _typed(one.value[0])
    known = {name: said for name, said in arguments.items() if said and name in parameters}
    return Types(known, result)


def _typed(returned: Any) -> str:
    """What is said of the result's type. A type alone in front of a colon is read as a name, or,
    with brackets in it, as description."""
    begin, colon, _ = str(returned.description).partition(":")
    return str(returned.annotation or returned.name or (begin if colon else ""))


def _indented(doc: str) -> str:
    """A docstring whose lines below Google's headings are indented, as they should be."""
    lines: list[str] = []
    heading = ""
    for line in doc.splitlines():
        if found := _HEADING.match(line):
            heading = "Returns:" if found[1].startswith("Return") else "Args:"
            lines.append(heading)
            continue
        heading = heading if line.strip() else ""
        lines.append(f"    {line}" if heading and not line[:1].isspace() else line)
    return "\n".join(lines)


def _parsed(doc: str) -> list[Any]:
    """The sections of a docstring; none where it is empty, too long or not understood."""
    from griffe import Docstring  # 0.1 s that not every command needs

    if not doc or len(doc) > _MAX_PARSED:
        return []
    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # it knows the docstring alone
    styles = {"google": _QUIET, "numpy": _QUIET, "sphinx": _QUIET}
    try:
        return list(Docstring(doc, lineno=1).parse("auto", per_style_options=styles))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return []


def _returned(values: list[Any]) -> str:
    said = "; ".join(" ".join(str(one.description).split()) for one in values if one.description)
    return f"Returns: {said}" if said else ""
