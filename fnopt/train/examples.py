"""Do the examples in docstrings give what they say? Run in the sandbox, compared out here.

The examples are :mod:`doctest`'s, read by its parser and judged by its checker, with its options
(``+SKIP``, ``+ELLIPSIS``, ``+NORMALIZE_WHITESPACE``…). They run one after the other in the names of
the function's module, as doctest has it.
"""

from __future__ import annotations

import ast
import doctest
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fnopt.library.function import Function, Library
from fnopt.library.reached import files_for
from fnopt.records import Fault
from fnopt.sandbox import Outcome, Sandbox

MOST = 20
"""Examples of one function that are tried."""

_LONGEST = 500  # characters of an output that are compared
_RUNNER = """
import contextlib, importlib, io, json, traceback
_given = json.loads({given!r})
_scope = dict(vars(importlib.import_module(_given["module"])))
_told = []
for _source in _given["sources"]:
    _text, _raised = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(_text):
            exec(compile(_source, "<example>", "single"), _scope)
    except BaseException as _error:
        _raised = "".join(traceback.format_exception_only(_error))
    _told.append([_text.getvalue()[:{longest}], _raised and _raised[:{longest}]])
json.dumps(_told)
"""


@dataclass(frozen=True)
class _Told:
    """What an example printed, and the exception that it ended with, as its last lines."""

    output: str
    raised: str | None


def faults(library: Library, names: Iterable[str], sandbox: Sandbox) -> tuple[Fault, ...]:
    """The examples of the functions of these names that do not give what they say."""
    functions = (library.get(name) for name in names)
    return tuple(fault for one in functions if one for fault in _of_function(library, one, sandbox))


def _of_function(library: Library, function: Function, sandbox: Sandbox) -> Iterator[Fault]:
    if ">>>" not in function.doc:
        return
    try:
        examples = doctest.DocTestParser().get_examples(function.doc, function.name)
    except ValueError as error:  # a prompt without its blank, uneven indentation
        yield _fault(function, f"its examples cannot be read: {error}")
        return
    wanted = [one for one in examples if not one.options.get(doctest.SKIP)][:MOST]
    if not wanted:
        return
    outcome = sandbox.run(files_for(library, function.path), _program(function, wanted))
    told = _told(outcome)
    if told is None:
        if not outcome.fault:  # the sandbox's own failures are nobody's fault here
            why = (outcome.error or "they cannot be run").splitlines()[-1]
            yield _fault(function, f"its examples do not run: {why}")
        return
    for example, got in zip(wanted, told, strict=False):
        if not _fits(example, got):
            said = _shown(example.exc_msg or example.want or "nothing")
            gave = _shown(got.raised or got.output or "nothing")
            yield _fault(function, f"{_shown(example.source)} gives {gave}, not {said}")
            return


def _program(function: Function, examples: list[doctest.Example]) -> str:
    sources = [example.source for example in examples]
    given = json.dumps({"module": function.module, "sources": sources})
    return _RUNNER.format(given=given, longest=_LONGEST)


def _told(outcome: Outcome) -> list[_Told] | None:
    """What each example told, of the text of the program's last line; None where that is not it."""
    if not outcome.ok:
        return None
    last = outcome.result.rpartition("\n")[2]  # what the module prints when imported comes before
    try:
        return [_Told(output, raised) for output, raised in json.loads(ast.literal_eval(last))]
    except (ValueError, SyntaxError, TypeError):
        return None


def _fits(example: doctest.Example, got: _Told) -> bool:
    checker = doctest.OutputChecker()
    flags = sum(flag for flag, on in example.options.items() if on)
    if example.exc_msg is not None:
        return got.raised is not None and _is_raised(example.exc_msg, got.raised, flags)
    if got.raised is not None:
        return False
    return checker.check_output(example.want[:_LONGEST], got.output, flags)


def _is_raised(want: str, got: str, flags: int) -> bool:
    if flags & doctest.IGNORE_EXCEPTION_DETAIL:
        want, got = (text.partition(":")[0].rpartition(".")[2].strip() for text in (want, got))
    return doctest.OutputChecker().check_output(want, got, flags)


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"


def _fault(function: Function, what: str) -> Fault:
    mend = "Correct the example, or what it shows to be wrong."
    return Fault(
        "doctest", f"{function.name}: {what}", mend, function.name, function.path, function.line
    )
