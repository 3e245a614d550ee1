"""A function as a tool in the dialects that tools are told in: OpenAI, OpenAI strict, MCP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from fnopt.library.function import Function, Library, functions_of
from fnopt.library.links import around, touched_around
from fnopt.library.module import Module
from fnopt.library.schema import (
    description,
    result_schema,
    schema,
    schema_among,
)
from fnopt.library.schema.bounds import Schema
from fnopt.library.schema.strict import strict
from fnopt.library.touched import by_module

Tool = dict[str, Any]


class OfferedTool(Tool):
    """A tool that goes into many requests. It must not be changed."""

    @cached_property
    def json(self) -> str:
        """Its JSON with sorted keys and no spaces, made once."""
        return json.dumps(self, sort_keys=True, separators=(",", ":"))


RESULT = "result"
"""The key under which MCP gets a result that is no object."""


def openai_tool(library: Library, function: Function) -> Tool:
    """The function as an entry of ``tools`` in OpenAI's chat completions."""
    return _openai(function, {"parameters": schema(library, function)})


def openai_strict_tool(library: Library, function: Function) -> Tool | str:
    """The same in strict mode, in which arguments keep to the schema; a text says why it cannot."""
    parameters = strict(schema(library, function))
    if isinstance(parameters, str):
        return parameters
    return _openai(function, {"strict": True, "parameters": parameters})


def offered_tools(library: Library, *, strictly: bool = False) -> Iterator[OfferedTool]:
    """The functions, by name, as an agent is offered them: in strict mode where that is asked for
    and can be. Each is made once for its module and those that this imports."""
    made = (_STRICT if strictly else _PLAIN).of(library)
    return (made[one.path][one.name] for one in library.functions)


def _of_module(strictly: bool, library: Library, module: Module) -> Mapping[str, OfferedTool]:
    modules = around(library, module.path)
    return {one.name: _offered(modules, one, strictly) for one in functions_of(module)}


_PLAIN = by_module(partial(_of_module, False), touched_around)
_STRICT = by_module(partial(_of_module, True), touched_around)


def _offered(modules: tuple[Module, ...], function: Function, strictly: bool) -> OfferedTool:
    parameters = schema_among(modules, function)
    narrowed = strict(parameters) if strictly else ""
    if isinstance(narrowed, str):
        return OfferedTool(_openai(function, {"parameters": parameters}))
    return OfferedTool(_openai(function, {"strict": True, "parameters": narrowed}))


def _openai(function: Function, told: Tool) -> Tool:
    named = {"name": function.name, "description": description(function)}
    return {"type": "function", "function": {**named, **told}}


def mcp_tool(library: Library, function: Function) -> Tool:
    """The function as a ``Tool`` of the Model Context Protocol (revision 2025-06-18 and later).

    ``outputSchema`` is left out where the result's type is not said or not understood. It must be
    an object's: any other result stands under the key ``result``.
    """
    tool: Tool = {
        "name": function.name,
        "description": description(function),
        "inputSchema": schema(library, function),
    }
    returned = result_schema(library, function)
    return {**tool, "outputSchema": _as_object(returned)} if returned else tool


def _as_object(returned: Schema) -> Schema:
    if returned.get("type") == "object":
        return returned
    defs = {key: one for key, one in returned.items() if key == "$defs"}
    inner = {key: one for key, one in returned.items() if key != "$defs"}
    properties = {RESULT: inner}
    return {"type": "object", "properties": properties, "required": [RESULT], **defs}
