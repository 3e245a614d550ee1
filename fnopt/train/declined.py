"""What people refused before: it is told to the optimizer, and not tried once more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from fnopt.library.draft import parse_draft, public_function
from fnopt.library.edit import Edit, Remove, Revise
from fnopt.library.function import Library
from fnopt.library.twin import twin
from fnopt.records import Fault
from fnopt.train.quote import in_a_line, quoted
from fnopt.train.request import Declined

TOLD = 3  # refusals that the optimizer is told of, the newest ones
SHOWN = 300  # characters of what people said
LINE = 200  # of a function's first line

Shape = tuple[str, ...]
"""What a function does, and then what it needs of its module; see :mod:`fnopt.library.twin`."""


def faults(
    after: Library, edits: Iterable[Edit], declined: Sequence[Declined]
) -> tuple[Fault, ...]:
    """The edits that bring back what people refused, other names and another layout aside."""
    if not declined:
        return ()
    return tuple(
        Fault("declined", f"{edit.name}: people refused this", _mend(one), edit.name)
        for edit in edits
        if (one := _refused(after, edit, declined)) is not None
    )


def told(declined: Sequence[Declined]) -> tuple[str, ...]:
    """The newest refusals in words, a note each; what people said is quoted."""
    return tuple(_note(one) for one in declined[-TOLD:])


def _note(one: Declined) -> str:
    first = next((line for line in one.code.splitlines() if line.startswith("def ")), "")
    what = in_a_line(first, LINE) or f"that {in_a_line(one.function, LINE)} is removed"
    said = f" and said:\n{quoted(one.text, SHOWN)}" if one.text.strip() else "."
    return f"People refused `{what.replace('`', '')}`{said}"


def _mend(one: Declined) -> str:
    return "Leave it." if not one.code.strip() else "Compute it in another way, or leave it."


def _refused(after: Library, edit: Edit, declined: Sequence[Declined]) -> Declined | None:
    if isinstance(edit, Remove):
        gone = (one for one in declined if not one.code.strip() and one.function == edit.name)
        return next(gone, None)
    name = (edit.new_name or edit.name) if isinstance(edit, Revise) else edit.name
    function = after.get(name)
    shape = twin(after.modules[function.path], name) if function else ()
    return next((one for one in declined if _is_like(shape, _shape(one.code))), None)


def _is_like(shape: Shape, refused: Shape) -> bool:
    """Whether one does what the other did; helpers count where they stood with what was refused."""
    return bool(shape and refused) and shape[0] == refused[0] and set(refused) <= set(shape)


@lru_cache(maxsize=1_000)
def _shape(code: str) -> Shape:
    """The shape of code as people saw it; nothing where it holds no one public function."""
    module = parse_draft(code) if code.strip() else ()
    if isinstance(module, tuple):
        return ()
    function = public_function(module)
    return twin(module, function.name) if function and function.name else ()
