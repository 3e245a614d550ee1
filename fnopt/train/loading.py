"""Can the modules of an edit be imported? Tried in the sandbox, before a trial is paid for.

What is allowed need not be there: a package that is not installed, a name that a module lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnopt.library.function import Function, Library
from fnopt.library.reached import files_for
from fnopt.records import Fault
from fnopt.sandbox import Sandbox


def faults(
    before: Library, after: Library, names: Iterable[str], sandbox: Sandbox
) -> Iterator[Fault]:
    """The functions of these names whose module cannot be imported, and could before the edit."""
    functions = [one for name in names if (one := after.get(name))]
    for module, function in {one.module: one for one in functions}.items():
        why = _refusal(after, function.path, module, sandbox)
        if why is None or (
            function.path in before.modules and _refusal(before, function.path, module, sandbox)
        ):
            continue
        yield _fault(function, why)


def _refusal(library: Library, path: str, module: str, sandbox: Sandbox) -> str | None:
    """The last line of what importing ends with; None where it ends well, or the sandbox broke."""
    code = f"import importlib\nimportlib.import_module({module!r})\nNone"
    outcome = sandbox.run(files_for(library, path), code)
    if outcome.ok or outcome.fault:
        return None
    return (outcome.error or "it fails").strip().splitlines()[-1][:200]


def _fault(function: Function, why: str) -> Fault:
    message = f"the module of {function.name} cannot be imported: {why}"
    mend = "Import only what is there; do the rest inside the function."
    return Fault("import", message, mend, function.name, function.path, function.line)
