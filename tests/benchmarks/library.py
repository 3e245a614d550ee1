"""The library room: reading, checking, editing, and the schemas of its functions."""

from __future__ import annotations

from collections.abc import Iterator

from measure import Figure, best, once, peak
from workload import library

from fnopt.library import policy
from fnopt.library.edit import Add, Edit, Remove, Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.schema.tools import openai_tool

NEW = '''def newest(a: int) -> int:
    """Square.

    Args:
        a: It.
    """
    return a * a
'''


def small() -> Iterator[Figure]:
    """A library of 1,000 functions."""
    files = library(1_000)
    cold, known = once(lambda: _checked(dict(files)))
    yield Figure("read and check 1,000 functions, cold", cold, "s", 8.0)
    yield Figure("the same again", best(lambda: _checked(dict(files))) * 1_000, "ms", 150.0)
    first, _ = once(lambda: [openai_tool(known, one) for one in known.functions])
    yield Figure("schemas of 1,000 functions, cold", first, "s")
    for edit in _edits(files["functions/tool_501.py"]):
        name = type(edit).__name__.lower()
        alone = best(lambda edit=edit: _applied(known, edit))
        yield Figure(f"{name} one of 1,000", alone * 1_000, "ms", 100.0)
        judged = best(lambda edit=edit: policy.new_faults(known, _applied(known, edit)))
        yield Figure(f"{name} one of 1,000, and check it", judged * 1_000, "ms")


def large() -> Iterator[Figure]:
    """A library of 10,000 functions: how it grows, and what it takes of memory."""
    files = library(10_000)
    before = peak()
    cold, known = once(lambda: _checked(dict(files)))
    yield Figure("read and check 10,000 functions, cold", cold, "s")
    yield Figure("the same again", best(lambda: _checked(dict(files))) * 1_000, "ms")
    edit = next(_edits(files["functions/tool_501.py"]))
    yield Figure("add one to 10,000", best(lambda: _applied(known, edit)) * 1_000, "ms")
    yield Figure("memory for 10,000 functions", peak() - before, "MB", 500.0)


def _edits(text: bytes) -> Iterator[Edit]:
    yield Add("newest", NEW)
    yield Revise("tool_501", text.decode().replace("total = 0", "total = 1"))
    yield Remove("tool_503")


def _checked(files: dict[str, bytes]) -> Library:
    found = read(files)
    assert not policy.check(found), "BUG: the workload is clean"
    return found


def _applied(known: Library, edit: Edit) -> Library:
    after = apply(known, edit, "functions")
    assert isinstance(after, Library), after
    return after


BENCHMARKS = {"library-1000": small, "library-10000": large}
