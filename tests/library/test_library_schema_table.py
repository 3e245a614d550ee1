"""The table of types (``schema_cases.py``): what schemas accept and reject, in each dialect."""

from __future__ import annotations

import contextlib
import json
import sys
import types
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schema_cases import CASES, Case

from fnopt.library.function import read
from fnopt.library.schema import schema
from fnopt.library.schema.tools import openai_strict_tool

Schema = dict[str, Any]
NOT_STRICT = frozenset({"uniqueItems", "prefixItems", "propertyNames", "default", "oneOf", "allOf"})
INELIGIBLE = {
    "any": "x may be anything",
    "list": "x may hold anything",
    "dict": "x may have keys of any name",
    "dict of int": "x may have keys of any name",
    "dict by int": "x may have keys of any name",
    "dict by choice": "x may have keys of any name",
    "Mapping": "x may have keys of any name",
    "OrderedDict": "x may have keys of any name",
    "Counter": "x may have keys of any name",
    "pair": "x is a tuple of different types",
    "empty tuple": "x may hold anything",
    "union of containers": "x may have keys of any name",
    "NamedTuple": "x is a tuple of different types",
    "RootModel": "x may have keys of any name",
    "MaxLen of a dict": "x may have keys of any name",
}
"""Cases that strict mode cannot say, with the reason that is given."""


def made(case: Case) -> Schema:
    """What fnopt makes of the case's function."""
    library = read({"functions/f.py": case.source.encode()})
    assert not library.faults
    return schema(library, library.functions[0])


def accepts(given: Schema, value: Any) -> bool:
    """Whether a schema of arguments lets ``x`` be the value."""
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(given, format_checker=checker).is_valid({"x": value})


def judged(case: Case) -> Iterator[tuple[Any, bool]]:
    """Every example value with whether it is right."""
    yield from ((value, True) for value in case.good)
    yield from ((value, False) for value in case.bad)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_schema_accepts_what_is_right_and_nothing_else(case: Case) -> None:
    """Over the case's example values; and the argument is described, required or not."""
    given = made(case)
    Draft202012Validator.check_schema(given)
    assert [(value, accepts(given, value)) for value, _ in judged(case)] == list(judged(case))
    assert given["properties"]["x"]["description"] == "What it is given."
    assert given["required"] == ([] if case.default else ["x"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_strict_mode_is_kept_to_or_refused_with_the_reason(case: Case) -> None:
    """What is right is accepted; every object is closed and whole; nothing unknown is said."""
    library = read({"functions/f.py": case.source.encode()})
    tool = openai_strict_tool(library, library.functions[0])
    if case.name in INELIGIBLE:
        assert tool == INELIGIBLE[case.name]
        return
    assert isinstance(tool, dict), tool
    given = tool["function"]["parameters"]
    assert tool["function"]["strict"] is True
    for part in _parts(given):
        assert not part.keys() & NOT_STRICT
        if part.get("type") == "object":
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False
        assert "$ref" not in part or part.keys() == {"$ref"}
    full = [value for value in case.good if not _leaves_out(given, value)]
    assert all(accepts(given, value) for value in full)
    assert accepts(given, None) or not case.default


def _parts(part: Any) -> Iterator[Schema]:
    """Every schema within a schema, the names of properties aside."""
    if isinstance(part, list):
        for one in part:
            yield from _parts(one)
    elif isinstance(part, dict):
        yield part
        for key, one in part.items():
            if key in ("properties", "$defs"):
                for inner in one.values():
                    yield from _parts(inner)
            else:
                yield from _parts(one)


def _leaves_out(given: Schema, value: Any) -> bool:
    """Whether a value is right but for what strict mode wants said all the same."""
    errors = Draft202012Validator(given).iter_errors({"x": value})
    deep = [cause for error in errors for cause in (error, *(error.context or ()))]
    return any(error.validator == "required" for error in deep)


def frameworks(case: Case) -> Iterator[tuple[str, Schema | None]]:
    """What openai-agents, mcp and langchain-core make of the function; None where they fail."""
    from agents.function_schema import function_schema
    from langchain_core.utils.function_calling import convert_to_openai_tool
    from mcp.server.mcpserver.tools.base import Tool

    module = types.ModuleType("a_case")
    sys.modules["a_case"] = module  # dataclasses look their module up
    exec(compile(case.source, "a_case", "exec", dont_inherit=True), module.__dict__)
    makers: dict[str, Any] = {
        "openai-agents": lambda f: function_schema(f, strict_json_schema=False).params_json_schema,
        "mcp": lambda f: Tool.from_function(f).parameters,
        "langchain-core": lambda f: convert_to_openai_tool(f)["function"]["parameters"],
    }
    for name, make in makers.items():
        given = None
        with contextlib.suppress(Exception):
            given = json.loads(json.dumps(make(module.f)))
        yield name, given


@pytest.mark.slow
def test_it_is_right_wherever_a_framework_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Case by case and value by value, against the real packages; the count of each is printed."""
    for name in ("agents", "mcp", "langchain_core"):
        pytest.importorskip(name, reason="needs the extra 'frameworks'")
    right = Counter[str]()
    for case in CASES:
        mine = made(case)
        others = dict(frameworks(case))
        for value, wanted in judged(case):
            told = {
                name: given is not None and accepts(given, value) is wanted
                for name, given in others.items()
            }
            told["fnopt"] = accepts(mine, value) is wanted
            right.update(name for name, is_right in told.items() if is_right)
            right["values"] += 1
            assert told["fnopt"] or not any(told.values()), (case.name, value, told)
    assert right["openai-agents"] > right["values"] * 0.8  # else it was not they that were asked
    with capsys.disabled():
        sys.stdout.write(f"\nright of {right.pop('values')} values: {dict(right)}\n")
