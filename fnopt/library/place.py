"""Where does a function stand, and what becomes of the library when one file changes?"""

from __future__ import annotations

from fnopt.library.dotted import dotted_names
from fnopt.library.function import Function, Library, with_file
from fnopt.library.module import Module
from fnopt.records import Fault

_MAX_SHOWN = 20


def place(library: Library, name: str) -> Module | tuple[Fault, ...]:
    """The module that defines the function, where exactly one statement does."""
    function = library.get(name)
    if function is None:
        return (_unknown(library, name),)
    homes = [path for path, module in library.modules.items() if _defines(module, name)]
    module = library.modules[function.path]
    if len(homes) > 1 or len(module.bound[name]) > 1:
        message = f"{name} is defined more than once: {', '.join(homes)}"
        return (fault_of("ambiguous", message, "Let one definition remain.", function),)
    return module


def _defines(module: Module, name: str) -> bool:
    return any(one.is_public and one.name == name for one in module.statements)


def _unknown(library: Library, name: str) -> Fault:
    known = ", ".join(one.name for one in library.functions[:_MAX_SHOWN]) or "none yet"
    return Fault("unknown-function", f"there is no function {name!r:.80}", f"There are: {known}.")


def named_module(library: Library, module: str) -> Module | Fault:
    """The module that a dotted name or a path means."""
    given = module.strip().strip("`'\"").removeprefix("./")
    path = given if given in library.modules else dotted_names(library).get(given)
    if path is None:
        names = sorted(one.name for one in library.modules.values())[:_MAX_SHOWN]
        message = f"there is no module {module!r:.80}"
        known = ", ".join(names) or "none yet"
        return Fault("unknown-module", message, f"There are: {known}. Or leave the module out.")
    return library.modules[path]


def fault_of(rule: str, message: str, mend: str, function: Function) -> Fault:
    """A fault with the place of a function."""
    return Fault(rule, message, mend, function.name, function.path, function.line)


def taken(library: Library, path: str) -> list[Fault]:
    """A file or a package of that name is there; some file systems do not tell A from a."""
    stem = path.removesuffix(".py").lower()
    for other in library.files:
        if other.lower() == path.lower() or other.lower().startswith(f"{stem}/"):
            mend = "Choose another name."
            return [Fault("exists", f"{other} is in the way of {path}", mend, None, other)]
    return []


def unsaid(module: Module, name: str) -> Fault:
    """The fault of code that the file's encoding cannot say."""
    message = f"{module.path} is in {module.text.encoding}, which cannot say all of the new code"
    return Fault("encoding", message, "Use ASCII in the code.", name, module.path)


def written(library: Library, path: str, content: bytes | None) -> Library | tuple[Fault, ...]:
    """Like :func:`with_file`; the file must be as readable as it was before."""
    after = with_file(library, path, content)
    faults = tuple(one for one in after.faults if one.file == path and one not in library.faults)
    return tuple(one for one in faults if one.rule != "duplicate-name") or after
