"""What the fuzzer tries on an input, and what must hold of it whatever the input is."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Iterator

from fnopt.library import policy
from fnopt.library.callgraph import callees, callers, closure_digest
from fnopt.library.edit import Add, Edit, Remove, Revise, apply
from fnopt.library.function import Function, Library, read
from fnopt.library.likeness import likeness
from fnopt.library.listing import listing
from fnopt.library.proposal import Proposal, parse_calls, parse_text
from fnopt.library.rules.registry import Settings
from fnopt.library.schema.tools import mcp_tool, openai_strict_tool, openai_tool
from fnopt.library.tidy import tidy
from fnopt.records import Fault

PATH = "functions/a.py"
BESIDE = {
    "functions/__init__.py": b"",
    "functions/b.py": b"import functions.a\nfrom functions.a import *\n\n\ndef beside() -> int:\n"
    b'    """Call what may be there."""\n    return f(1) + functions.a.g()\n',
}
CUT = b"\n#=====\n"
"""Between the file and the code of the edits in an input; without it both are the same."""

SETTINGS = Settings(packages=("numpy",))

MOST = 3
"""Functions of a file that are edited."""

Starting = Callable[[str], None]


def attempt(data: bytes, starting: Starting = lambda _: None) -> frozenset[str]:
    """Read the input, check it, edit it; what came of it, by rules. Raises when a promise breaks.

    ``starting`` is told each stage by its name: no stage may take long.
    """
    starting("read")
    source, _, code = data.partition(CUT)
    library = read({PATH: source, **BESIDE})
    text = (code or source).decode("utf-8", "replace")
    told = {f"{one.rule}" for one in library.faults}
    told |= _looked_at(library, starting)
    for edit in _edits(library, text):
        kind = type(edit).__name__
        starting(kind)
        told |= {f"{kind}:{one}" for one in _edited(library, edit, starting)}
    starting("replies")
    return frozenset(told | _replies(text))


def _looked_at(library: Library, starting: Starting) -> set[str]:
    """All that only looks."""
    starting("check")
    faults = policy.check(library, SETTINGS)
    _sound(faults)
    starting("describe")
    for function in library.functions[:20]:
        for tool in (openai_tool, openai_strict_tool, mcp_tool):
            json.dumps(tool(library, function), allow_nan=False).encode()
        listing(library, function.name)
        function.source.encode()
    starting("graph")
    for function in library.functions[:20]:
        closure_digest(library, function.name)
        callees(library, function.name)
        callers(library, function.name)
    return {one.rule for one in faults}


def _edits(library: Library, text: str) -> Iterator[Edit]:
    names = [one.name for one in library.functions if one.path == PATH][:MOST]
    for name in names:
        yield Revise(name, text)
        yield Revise(name, _extended(listing(library, name)))
        yield Remove(name)
    for name in {*names, *_defined(text)}:
        yield Add(name, text)
        yield Add(name, text, module=PATH)
        yield Add(f"new_{name}"[:60], text.replace(f"def {name}(", f"def new_{name}("), module=PATH)


def _extended(code: str) -> str:
    """Code with another import and another helper."""
    return f"import zlib as _zlib\n{code.rstrip()}\n\n\ndef _more():\n    return _zlib\n"


def _defined(text: str) -> list[str]:
    return [line[4:].partition("(")[0] for line in text.splitlines() if line.startswith("def ")][:2]


def _edited(library: Library, edit: Edit, starting: Starting) -> set[str]:
    after = apply(library, edit, "functions")
    if isinstance(after, tuple):
        _sound(after)
        assert after, "refused without a fault"
        return {one.rule for one in after}
    for path in after.files.keys() - library.files.keys() | {PATH} & after.files.keys():
        if after.files[path] != library.files.get(path):
            _compiles(after.files[path])
    others = {one.name: _text(one) for one in library.functions if one.name != edit.name}
    for function in after.functions:
        if function.name != edit.name:
            assert others.pop(function.name, None) == _text(function), "a neighbour changed"
    assert not others, "a neighbour went"
    starting("new faults")
    faults = policy.new_faults(library, after)
    _sound(faults)
    return {"applied", *(f"new {one.rule}" for one in faults)}


def _text(function: Function) -> str:
    """Its text; a last line that was not ended is, when something comes behind it."""
    return function.source.rstrip("\n")


def _compiles(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(ast.parse(data), PATH, "exec", dont_inherit=True)


def _replies(text: str) -> set[str]:
    """The input as what a model wrote."""
    told = set()
    arguments = json.dumps({"name": "f", "code": text, "why": text[:99]})
    for reply in (
        parse_calls([("add_function", arguments)]),
        parse_calls([("revise_function", text)]),
        parse_text(f"add f\n{text}"),
        parse_text(f"revise f\nbecause\n```python\n{text}\n```", max_actions=2),
        parse_text(text, max_actions=3),
    ):
        if isinstance(reply, Proposal):
            tidy(reply)
            likeness(text)
            told.add("reply:proposal")
        else:
            _sound(reply)
            told |= {f"reply:{one.rule}" for one in reply}
    return told


def _sound(faults: tuple[Fault, ...]) -> None:
    """A fault can be shown and kept, and is short enough to be read."""
    for one in faults:
        json.dumps([one.message, one.mend, one.function, one.file]).encode()
        f"{one.message}{one.mend}".encode()
        assert one.rule and one.message and one.mend, f"a fault without words: {one}"
        assert len(one.message) + len(one.mend) < 5_000, f"a fault without end: {one.rule}"
