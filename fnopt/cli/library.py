"""``fnopt list``, ``show`` and ``call``: the library, by function."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fnopt.cli.columns import columns, printable
from fnopt.cli.echo import document, json_option, note

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.library.function import Function, Library
    from fnopt.records import Fault
    from fnopt.sandbox import Outcome

RAISED = 1


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the functions of the library.

    As they stand in the working tree: one line each, with its signature and what it does.
    """
    from fnopt.cli.session import Session

    with Session() as session:
        library = session.library()
        layout = session.layout
    if as_json:
        document({"functions": [_listed(library, one) for one in library.functions]})
    elif library.functions:
        rows = [(one.signature, one.summary) for one in library.functions]
        click.echo("\n".join(columns(rows)))
    else:
        note(f"no functions in {layout} yet")
    if library.faults:
        note(f"{_counted(library.faults)} in {layout}: see `fnopt check`")


@click.command("show")
@click.argument("function", metavar="FUNCTION[@REV]")
@click.option(
    "--schema",
    "dialect",
    type=click.Choice(["openai", "strict", "mcp"]),
    help="Instead, as a tool in JSON: for OpenAI, for its strict mode, for MCP.",
)
@json_option
def show(function: str, dialect: str | None, as_json: bool) -> None:
    """Show one function, FUNCTION or FUNCTION@REV.

    Its source on stdout; where it stands, what it calls and what calls it on stderr. Without a
    revision, as it stands in the working tree.
    """
    from fnopt.cli.session import Session
    from fnopt.library.callgraph import callees, callers

    with Session() as session:
        library, found = _find(session, function)
    if dialect is not None:
        tool = _tool(library, found, dialect)
        document({"tool": tool}) if as_json else click.echo(json.dumps(tool, indent=2))
        return
    linked = {
        "calls": sorted(callees(library, found.name)),
        "called_by": sorted(callers(library, found.name)),
    }
    if as_json:
        where = {"path": found.path, "line": found.line, "source": found.source}
        document({"function": {**_listed(library, found), "doc": found.doc, **where, **linked}})
        return
    note(f"{found.path}:{found.line}")
    for what, names in linked.items():
        if names:
            note(f"{what.replace('_', ' ')}: {', '.join(names)}")
    click.echo(printable(found.source).rstrip("\n"))


@click.command("call")
@click.argument("function", metavar="FUNCTION[@REV]")
@click.argument("arguments", metavar="[JSON]", default="{}")
@json_option
def call(function: str, arguments: str, as_json: bool) -> int:
    """Call one function in the sandbox.

    JSON is an object with its arguments, such as '{"word": "strawberry", "letter": "r"}'; - reads
    it from stdin. The result goes to stdout, all that the function printed to stderr. Exit 1 when
    it raised.
    """
    from fnopt.cli.session import Session
    from fnopt.library.reached import files_for

    given = _arguments(sys.stdin.buffer.read() if arguments == "-" else arguments)
    with Session() as session:
        library, found = _find(session, function)
        sandbox = session.sandbox
        outcome = sandbox.call(files_for(library, found.path), found.module, found.name, given)
    if as_json:
        shown = ("ok", "result", "error", "stdout", "seconds")
        document({**{key: getattr(outcome, key) for key in shown}, "tier": sandbox.tier})
    else:
        _tell(outcome)
    return 0 if outcome.ok else RAISED


def _tool(library: Library, function: Function, dialect: str) -> dict[str, Any]:
    """The function as a tool. Raises UsageError where strict mode cannot say it."""
    from fnopt.errors import UsageError
    from fnopt.library.schema.tools import mcp_tool, openai_strict_tool, openai_tool

    if dialect == "mcp":
        return mcp_tool(library, function)
    if dialect == "openai":
        return openai_tool(library, function)
    tool = openai_strict_tool(library, function)
    if isinstance(tool, str):
        mend = f"see: fnopt show {function.name} --schema openai"
        raise UsageError(f"{function.name} is not eligible for strict mode: {tool}", mend)
    return tool


def _listed(library: Library, function: Function) -> dict[str, Any]:
    from fnopt.library.schema import schema

    return {
        "name": function.name,
        "module": function.module,
        "signature": function.signature,
        "summary": function.summary,
        "schema": schema(library, function),
    }


def _find(session: Session, words: str) -> tuple[Library, Function]:
    """The function that ``NAME`` or ``NAME@REV`` names, and its library. Raises UsageError."""
    import difflib

    from fnopt.errors import UsageError
    from fnopt.library.unread import unread_with

    name, at, rev = words.partition("@")
    if at and not rev:
        raise UsageError(f"{words}: no revision after the @", f"write {name}@HEAD, or {name} alone")
    library = session.library(rev or None)
    found = library.get(name) or _under_another_name(session, library, name, rev)
    if found is None:
        near = difflib.get_close_matches(name, [one.name for one in library.functions], n=1)
        where = f" at {rev}" if rev else ""
        if unread := unread_with(library, name):
            where += f" that can be read: {unread.message}"
            mend = f"mend {unread.file}" + (f", line {unread.line}" if unread.line else "")
            raise UsageError(f"there is no function {name!r}{where}", mend)
        mend = f"did you mean {near[0]}?" if near else "see: fnopt list"
        raise UsageError(f"there is no function {name!r}{where}", mend)
    return library, found


def _under_another_name(session: Session, library: Library, name: str, rev: str) -> Function | None:
    """What a function of today was called at a revision, if it was there."""
    from fnopt.history.bring_back import name_at

    repo = session.repo
    if not (rev and repo.ref("HEAD")):
        return None
    old = name_at(repo, session.layout, name, repo.resolve(rev), repo.resolve("HEAD"))
    found = library.get(old) if old else None
    if found is not None:
        note(f"{name} was called {old} at {rev}")
    return found


def _arguments(text: str | bytes) -> dict[str, Any]:
    from fnopt.errors import UsageError

    try:
        given = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        mend = """write an object: '{"word": "strawberry"}'"""
        raise UsageError(f"the arguments are not valid JSON: {error}", mend) from None
    if not isinstance(given, dict):
        mend = """name the arguments: '{"word": "strawberry"}'"""
        raise UsageError(f"the arguments are not a JSON object: {text[:80]!r}", mend)
    return given


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _counted(faults: Sequence[Fault]) -> str:
    return "no faults" if not faults else f"{len(faults)} fault{'s' * (len(faults) > 1)}"


def _tell(outcome: Outcome) -> None:
    for printed in (outcome.stdout, outcome.stderr):
        if printed:
            note(printable(printed).rstrip("\n"))
    if not outcome.ok:
        note(printable(f"error: {outcome.error}"))
        return
    result = outcome.result
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    click.echo(printable(text) if sys.stdout.isatty() else text)
