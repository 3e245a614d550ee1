"""What an agent may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fnopt.agents.toolbox import TRACEBACK, SandboxBroke, Toolbox, returned
from fnopt.library.callgraph import closure_digest
from fnopt.library.function import read
from fnopt.records import Call
from fnopt.sandbox import Outcome, Sandbox

LEARNED_PYTHON = {
    "functions/python.py": b'def python(code: str) -> str:\n    """Mine."""\n    return "mine"\n'
}


def test_output_is_kept_apart_from_the_result(toolbox: Toolbox) -> None:
    """What a function prints is kept for the optimizer and not told to the model."""
    made = toolbox.call("shout", '{"text": "a"}')
    assert (made.result, made.stdout) == ("A", "shouting\n")
    assert "shouting" not in returned(made)


def test_values_are_told_as_python_writes_them(box: Sandbox) -> None:
    """Texts go as they are, everything else as ``str`` has it; characters are not escaped."""
    source = b'def f(x: object) -> object:\n    """Do."""\n    return x\n'
    tools = Toolbox(read({"functions/f.py": source}), box)
    for given, expected in [
        ('{"x": "ü \\" x"}', 'ü " x'),
        ('{"x": {"a": ["ü", 1.5, null]}}', "{'a': ['ü', 1.5, None]}"),
        ('{"x": true}', "True"),
        ('{"x": null}', "None"),
        ('{"x": 1e22}', "1e+22"),
    ]:
        assert tools.call("f", given).result == expected


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("no function is called g", "no function is called g"),
        (f'{TRACEBACK}\n  File "f.py", line 1, in f\n    1 / 0\nE: by 0', "E: by 0"),
        (f'{TRACEBACK}\n  File "f.py", line 1\n    ^^\nE: two\nlines', "E: two\nlines"),
        (f"{TRACEBACK}\n  cut", "  cut"),
        (TRACEBACK, TRACEBACK),
    ],
)
def test_of_a_traceback_the_error_is_told(error: str, told: str) -> None:
    """Frames are for the optimizer."""
    assert returned(Call("f", "{}", "", error)) == f"f failed: {told}"


def test_closures_name_what_was_called(toolbox: Toolbox) -> None:
    """Functions that were called have their closure's digest; unknown names have none."""
    calls = (Call("double", "{}", ""), Call("nothing", "{}", "", "unknown"))
    assert toolbox.closures(calls) == {"double": closure_digest(toolbox.library, "double")}
    assert toolbox.closures(()) == {}


def test_code_could_reach_the_whole_library(toolbox: Toolbox, box: Sandbox) -> None:
    """Where Python itself was called, the digest of all files counts."""
    coding = Toolbox(toolbox.library, box, python=True)
    called = (Call("python", "{}", ""),)
    assert coding.closures(called) == {"python": coding.library.digest}
    assert toolbox.closures(called) == {}


def test_python_is_offered_when_asked_for(toolbox: Toolbox, box: Sandbox) -> None:
    """The tool for code is one more name and definition, and says what it lacks."""
    coding = Toolbox(toolbox.library, box, python=True)
    assert coding.names == (*toolbox.names, "python")
    assert coding.definitions()[-1]["function"]["name"] == "python"
    assert coding.call("python", '{"code": "print(1)\\n2"}').result == "1\n2"
    assert "code" in str(coding.call("python", "{}").error)
    assert "ZeroDivisionError" in str(coding.call("python", '{"code": "1 / 0"}').error)
    assert "known: double" in str(toolbox.call("python", "{}").error)


def test_a_learned_function_named_python_wins(box: Sandbox) -> None:
    """The library's own function is the one offered and called, once."""
    tools = Toolbox(read(LEARNED_PYTHON), box, python=True)
    assert tools.names == ("python",)
    assert [t["function"]["name"] for t in tools.definitions()] == ["python"]
    assert tools.call("python", '{"code": "1"}').result == "mine"
    called = (Call("python", "{}", ""),)
    assert tools.closures(called) == {"python": closure_digest(tools.library, "python")}


@dataclass(frozen=True)
class Broken:
    """A sandbox on a machine without processes left."""

    tier: str = "process"

    def call(self, *_: Any) -> Outcome:
        return Outcome(ok=False, error="no process left", fault=True)

    def run(self, *_: Any) -> Outcome:
        return self.call()


def test_a_broken_sandbox_is_no_result(toolbox: Toolbox) -> None:
    """What the sandbox itself spoilt is neither right nor wrong: it never reaches the model."""
    with pytest.raises(SandboxBroke, match="no process left"):
        Toolbox(toolbox.library, Broken()).call("double", '{"number": 1}')
