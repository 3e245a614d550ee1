"""Task files in YAML: plain values only, read as YAML 1.2 reads them; tags are refused.

PyYAML alone follows YAML 1.1, in which ``answer: 1:20`` is 80 and ``answer: no`` is false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from fnopt.errors import UsageError
from fnopt.tasks.rows import SHAPE, Row, items

_MOST = 2_000_000  # values in a file, aliases counted as often as they are used
_DEEPEST = 100
_NULL, _BOOL = r"~|null|Null|NULL|", r"true|True|TRUE|false|False|FALSE"
_INT, _FLOAT = (
    r"[-+]?[1-9][0-9]{0,17}|0",
    r"[-+]?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?",
)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """PyYAML's safe loader with the plain values of YAML 1.2; all else is text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML declares it so


for _kind, _pattern, _first in (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", rf"(?=[-+.\d]*\d)(?=.*[.eE]){_FLOAT}", list("-+.0123456789")),
    ("merge", "<<", ["<"]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def rows(text: str, name: str) -> Iterator[Row]:
    """The rows of a document: a list of tasks, or tasks by id. Raises UsageError."""
    try:
        value, lines = _document(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        mend = f"Write plain YAML, without tags: a list of {SHAPE}"
        raise UsageError(f"{place}: not valid YAML: {reason}"[:250], mend) from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{name}: not valid YAML: {error}", "Write the tasks as JSONL.") from None
    if value is None:
        return iter(())
    return items(value, name, [f"{name}:{line}" for line in lines])


def _document(text: str) -> tuple[Any, list[int]]:
    """The value, and the line of each of its items."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, []
        value = loader.construct_document(node)
        _measure(value)
    finally:
        loader.dispose()
    content = node.value if not isinstance(node, yaml.ScalarNode) else []
    return value, [
        (one[0] if isinstance(one, tuple) else one).start_mark.line + 1 for one in content
    ]


def _measure(value: Any) -> None:
    """Raises ValueError for what aliases blow up, which a few lines of YAML can."""
    waiting, count = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        count += 1
        if count > _MOST or depth > _DEEPEST:
            raise ValueError("its aliases stand for too much")
        if isinstance(one, dict):
            if not all(isinstance(key, str) for key in one):
                raise ValueError("a key is not text")
            waiting.extend((inner, depth + 1) for inner in one.values())
        elif isinstance(one, list):
            waiting.extend((inner, depth + 1) for inner in one)
        elif one is not None and not isinstance(one, str | int | float):
            raise ValueError(f"a tag makes a {type(one).__name__} of a value")
