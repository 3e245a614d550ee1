"""What an agent may call: the library's functions, and perhaps Python itself, in the sandbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from fnopt.agents.calls import arguments_of
from fnopt.errors import SandboxError
from fnopt.library.callgraph import closure_digest
from fnopt.library.function import Function, Library
from fnopt.library.reached import files_for
from fnopt.library.schema.tools import offered_tools
from fnopt.models.client import Tools
from fnopt.records import Call
from fnopt.sandbox import Outcome, Sandbox

PYTHON = "python"
LONGEST_RESULT = 4_000  # characters of a result that go back to the model
TRACEBACK = "Traceback (most recent call last):"
WRITTEN = "results as str, errors alone"  # how they go back to the model, for the digests of agents
LONGEST_STDOUT = 2_000  # characters of captured output that are kept for the optimizer

PYTHON_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": PYTHON,
        "description": "Run Python code and get what it printed. The functions can be imported.",
        "parameters": {
            "type": "object",
            "properties": {"code": {"type": "string", "description": "The code to run."}},
            "required": ["code"],
        },
    },
}
STRICT_PYTHON_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        **PYTHON_TOOL["function"],
        "strict": True,
        "parameters": {**PYTHON_TOOL["function"]["parameters"], "additionalProperties": False},
    },
}


class SandboxBroke(SandboxError):
    """The sandbox itself failed at a call: what came of it is neither right nor wrong."""


class Toolbox:
    """The functions of one library, callable in a sandbox. ``python`` adds a tool for code.

    Of all functions only those ``offered`` by name can be called, if that is not None; others are
    there for them to use.
    """

    def __init__(
        self,
        library: Library,
        sandbox: Sandbox,
        *,
        python: bool = False,
        offered: Collection[str] | None = None,
    ) -> None:
        self.library = library
        self._offered = None if offered is None else frozenset(offered)
        self.python = python and library.get(PYTHON) is None
        self._sandbox = sandbox

    @property
    def functions(self) -> tuple[Function, ...]:
        """What is offered, by name."""
        every = self.library.functions
        return (
            every if self._offered is None else tuple(f for f in every if f.name in self._offered)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can be called."""
        return tuple(f.name for f in self.functions) + ((PYTHON,) if self.python else ())

    def definitions(self, *, strict: bool = False) -> Tools:
        """The functions as OpenAI tool definitions, with strict schemas where they have them."""
        return _offered(self.library, self._offered, strict=strict, python=self.python)

    def call(self, name: str, arguments: str) -> Call:
        """Call a function with arguments as a model wrote them; whatever goes wrong is a value.

        Raises SandboxBroke only when the sandbox itself failed.
        """
        return self.made(name, arguments)[0]

    def made(self, name: str, arguments: str) -> tuple[Call, Any]:
        """The same with the JSON value that the function returned; None where it did not."""
        values = arguments_of(arguments)
        if isinstance(values, str):
            return Call(name, arguments, "", error=values), None
        if name not in self.names:
            known = ", ".join(self.names) or "none"
            absent = f"no function is called {name}; known: {known}"
            return Call(name, arguments, "", error=absent), None
        outcome = self._run(name, values)
        if outcome.fault:
            raise SandboxBroke(outcome.error or "the sandbox failed", "try again")
        result = _cut(str(outcome.result)) if outcome.ok else ""  # README.md: why not as JSON
        error = None if outcome.ok else _ends(outcome.error or "it failed")
        call = Call(name, arguments, result, error, outcome.stdout[:LONGEST_STDOUT])
        return call, outcome.result if outcome.ok else None

    def closures(self, calls: tuple[Call, ...]) -> dict[str, str]:
        """The closure digest of each function called; code that ran could call any of them."""
        called = {call.function for call in calls}
        found = {
            name: closure_digest(self.library, name) for name in called if self.library.get(name)
        }
        return found | ({PYTHON: self.library.digest} if PYTHON in called and self.python else {})

    def _run(self, name: str, values: Mapping[str, Any]) -> Outcome:
        function = self.library.get(name)
        if function is None:
            code = values.get("code")
            if not isinstance(code, str):
                return Outcome(ok=False, error="the argument code must hold Python code as a text")
            return self._sandbox.run(self.library.files, code)
        files = files_for(self.library, function.path)
        return self._sandbox.call(files, function.module, name, values)


@lru_cache(maxsize=16)
def _offered(
    library: Library, names: frozenset[str] | None, *, strict: bool, python: bool
) -> Tools:
    tools = definitions(library, strict=strict)
    if names is not None:
        tools = Tools(one for one in tools if one["function"]["name"] in names)
    return Tools((*tools, STRICT_PYTHON_TOOL if strict else PYTHON_TOOL)) if python else tools


@lru_cache(maxsize=8)
def definitions(library: Library, *, strict: bool = False) -> Tools:
    """The functions of a library as OpenAI tool definitions; those of one library are made once."""
    return Tools(offered_tools(library, strictly=strict))


def returned(call: Call) -> str:
    """What the model is told of a call."""
    what = "returned" if call.error is None else "failed"
    return f"{call.function} {what}: {result(call)}"


def result(call: Call) -> str:
    """The result of a call; of a traceback the error alone, which says all that a caller can mend.

    The optimizer sees the whole.
    """
    if call.error is None:
        return call.result
    return call.error if not call.error.startswith(TRACEBACK) else _error_of(call.error)


def _error_of(traceback: str) -> str:
    """The lines behind a traceback's frames, which are indented."""
    lines = traceback.splitlines()
    last = max((at for at, line in enumerate(lines) if line.startswith("  ")), default=0)
    return "\n".join(lines[last + 1 :]) or lines[-1]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_RESULT else text[:LONGEST_RESULT] + " … (cut)"


def _ends(error: str) -> str:
    """A traceback's beginning and its last line, which names the error."""
    if len(error) <= LONGEST_RESULT:
        return error
    half = LONGEST_RESULT // 2
    return f"{error[:half]} … (cut) … {error[-half:]}"
