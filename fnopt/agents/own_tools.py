"""The functions as an agent of one's own gets them: a read-only mapping from names to callables."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from fnopt.agents.attempt import Attempt, ToolError, as_json
from fnopt.agents.toolbox import result

Schema = dict[str, Any]

TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
}
"""JSON's types in Python."""


class Tool:
    """A learned function. To call it runs it in the sandbox; the result is a JSON value.

    Arguments may be given by place as well. Raises ToolError with what went wrong.
    """

    __name__: str
    signature: str
    _attempt: Attempt
    _schema: Mapping[str, Any]

    def __init__(self, attempt: Attempt, schema: Mapping[str, Any], signature: str) -> None:
        function = schema["function"]
        vars(self).update(
            __name__=function["name"],
            __doc__=function["description"],
            __signature__=_signature(function["parameters"]),
            signature=signature,
            _attempt=attempt,
            _schema=schema,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("tools are read-only")

    @property
    def schema(self) -> Schema:
        """The function as OpenAI's ``tools`` has it; a copy."""
        copied: Schema = _plain(self._schema)
        return copied

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function."""
        call, value = self._attempt.call(self.__name__, as_json(self._named(given, named)))
        if call.error is not None:
            raise ToolError(result(call))
        return value

    def __repr__(self) -> str:
        return f"<tool {self.signature}>"

    def _named(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments by name. Raises ToolError when there are more than the function takes."""
        names = list(self._schema["function"]["parameters"]["properties"])
        double = [name for name in names[: len(given)] if name in named]
        if len(given) > len(names) or double:
            raise ToolError(f"wrong arguments: it is {self.signature}")
        return {**dict(zip(names, given, strict=False)), **named}


class AsyncTool(Tool):
    """The same, to be awaited."""

    async def __call__(self, *given: Any, **named: Any) -> Any:  # type: ignore[override,unused-ignore]
        """Call the function without holding up the event loop."""
        return await asyncio.to_thread(super().__call__, *given, **named)


class Tools(Mapping[str, Tool]):
    """Every function by its name; ``schemas`` are what a model is to be offered."""

    def __init__(self, attempt: Attempt, kind: type[Tool] = Tool) -> None:
        toolbox = attempt.toolbox
        lines = {one.name: one.signature for one in toolbox.functions}
        self._attempt = attempt
        self._tools = {
            name: kind(attempt, one, lines.get(name, f"{name}(code: str) -> str"))
            for one in toolbox.definitions()
            if (name := one["function"]["name"])
        }

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    @property
    def schemas(self) -> list[Schema]:
        """All functions as OpenAI's ``tools``; a copy."""
        return [one.schema for one in self._tools.values()]

    def call(self, name: str, arguments: str) -> str:
        """Call a function as a model asked for it, with JSON arguments: the text to tell it.

        Whatever goes wrong with the function or its arguments is told in that text.
        """
        call, _ = self._attempt.call(name, arguments)
        return result(call)


class AsyncTools(Tools):
    """The same for an async agent: tools are awaited, and so is ``call``."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt, AsyncTool)

    async def call(self, name: str, arguments: str) -> str:  # type: ignore[override]
        """See :meth:`Tools.call`."""
        return await asyncio.to_thread(super().call, name, arguments)


def tools_for(attempt: Attempt, *, awaited: bool) -> Tools:
    """The functions for one attempt."""
    return AsyncTools(attempt) if awaited else Tools(attempt)


def _signature(parameters: Mapping[str, Any]) -> inspect.Signature:
    """What frameworks look at that make their own schema: names, plain types, what is required."""
    required = parameters.get("required", ())
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if name in required else one.get("default"),
                annotation=TYPES.get(str(one.get("type")), Any),
            )
            for name, one in parameters["properties"].items()
        ]
    )


def _plain(value: Any) -> Any:
    """A copy that is nothing but dicts and lists."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return copy.copy(value)
