"""Function calls that a model wrote as text, in whatever dress it gave them."""

from __future__ import annotations

import ast
import itertools
import json
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

LONGEST = 100_000  # characters of a reply that are searched for calls
MOST_WORK = 500_000  # characters that may be read in vain while looking for JSON
TOO_DEEP = 10_000  # what brackets that nest too deep cost, in characters
DEEPEST = 4  # levels of lists and objects in which a call can be wrapped
IN_VAIN = 100  # what each failure costs beside, in characters
START = re.compile(r'\{\s*"|\[\s*(?:\[|\{\s*")')  # what an object, or a list of them, begins with
NAME = ("name", "function", "tool", "action")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input")
BEGINNING = re.compile(
    rf"""\{{\s*["'](?:{"|".join(NAME)})["']\s*:\s*["']([\w.]+)["']\s*,\s*"""
    rf"""["'](?:{"|".join(ARGUMENTS)})["']\s*:\s*(?=\{{)"""
)
MOST_CUT_OFF = 4  # beginnings of calls that are looked at
MOST_ENDS = 32  # braces that may be the end of arguments as Python writes them
LONGEST_PYTHON = 10_000  # characters of them
HUGE = 1e18  # what a number in a sum or product that is worked out may come to
_WORK: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def calls_in_text(text: str, known: Iterable[str]) -> list[tuple[str, str]]:
    """Name and arguments (JSON text) of each distinct call of a known function, in order.

    Understood: a bare JSON object, a ```json fence, ``<tool_call>`` tags, doubled braces, a list
    of calls, an object under ``function`` or ``tool_calls``, one cut off behind its arguments, one
    with texts as Python writes them.
    """
    names = set(known)
    searched = text[:LONGEST]
    return (
        _known_calls(_objects(searched), names)
        or _known_calls(_objects(_single(searched)), names)
        or _known_calls(_cut_off(searched), names)
        or _known_calls(_as_python(searched), names)
    )


def calls_alone(text: str) -> list[tuple[str, str]]:
    """Name and arguments of the calls that a text begins with, fences aside, whatever they call."""
    bare = _unfenced(text[:LONGEST].strip())
    if not BEGINNING.match(bare):
        return []
    for values in (_objects(bare), _cut_off(bare), _as_python(bare)):
        found = [(name, _as_json(given)) for name, given in _calls(next(values, None))]
        if found:
            return found
    return []


def _known_calls(values: Iterable[Any], names: Collection[str]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for value in values:
        for name, arguments in _calls(value):
            if name in names:
                found[name, _as_json(arguments)] = None
    return list(found)


def arguments_of(text: str) -> dict[str, Any] | str:
    """The arguments of a call as a model sent them; a text says what is wrong with them."""
    candidates = (text, _single(text), _unfenced(text))
    for candidate in candidates:
        try:
            value = json.loads(candidate or "{}", strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, str):  # encoded twice
            return arguments_of(value) if value != text else _not_an_object(text)
        return value if isinstance(value, dict) else _not_an_object(text)
    return _not_an_object(text)


def _not_an_object(text: str) -> str:
    return f"the arguments must be one JSON object with the parameters' names, not: {text[:200]}"


def _unfenced(text: str) -> str:
    return re.sub(r"^\s*```\w*|```\s*$", "", text).strip()


def _single(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def _objects(text: str) -> Iterator[Any]:
    """Every outermost JSON object or list of objects in a text, as far as ``MOST_WORK`` allows.

    The bound is on characters read in vain: a text of nothing but braces fails at each of them.
    """
    decoder = json.JSONDecoder(strict=False)
    at = work = 0
    while work < MOST_WORK and (match := START.search(text, at)):
        start = match.start()
        try:
            value, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            at, work = start + 1, work + error.pos - start + IN_VAIN
        except (ValueError, RecursionError):  # an integer without end, brackets without end
            at, work = start + 1, work + TOO_DEEP
        else:
            yield value


def _cut_off(text: str) -> Iterator[Any]:
    """Calls whose object has no end, but whose arguments have: some models write the result that
    they expect behind them, without end."""
    decoder = json.JSONDecoder(strict=False)
    for match in itertools.islice(BEGINNING.finditer(text), MOST_CUT_OFF):
        with suppress(ValueError, RecursionError):
            yield {"name": match[1], "arguments": decoder.raw_decode(text, match.end())[0]}


def _as_python(text: str) -> Iterator[Any]:
    """Calls whose arguments are a Python literal: lists keep the single quotes of a question."""
    for match in itertools.islice(BEGINNING.finditer(text), MOST_CUT_OFF):
        found = text[match.end() : match.end() + LONGEST_PYTHON]
        for end in itertools.islice(re.finditer("}", found), MOST_ENDS):
            arguments = _literal(found[: end.end()])
            if arguments is not None:
                yield {"name": match[1], "arguments": arguments}
                break


def _literal(text: str) -> Any:
    """The value of a Python literal that JSON has as well, sums and products of numbers worked out;
    None for anything else."""
    if "\\" in text:
        return None  # its escapes are not JSON's, and Python warns of some on the terminal
    with suppress(ValueError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError):
        tree = ast.parse(text, mode="eval")
        return json.loads(json.dumps(ast.literal_eval(_WorkedOut().visit(tree))))
    return None


class _WorkedOut(ast.NodeTransformer):
    """Sums, differences and products of plain numbers: a small model writes ``{"a": 28 * 59}``."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """The number that it comes to, where both sides are numbers that are not huge."""
        self.generic_visit(node)
        left, right = _plain_number(node.left), _plain_number(node.right)
        work = _WORK.get(type(node.op))
        if work is None or left is None or right is None:
            return node
        return ast.copy_location(ast.Constant(work(left, right)), node)


def _plain_number(node: ast.expr) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        under = _plain_number(node.operand)
        return None if under is None else -under
    value = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) < HUGE else None


def _calls(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list) and depth < DEEPEST:
        for item in value[:32]:
            yield from _calls(item, depth + 1)
    if not isinstance(value, dict) or depth > DEEPEST:
        return
    if isinstance(value.get("tool_calls"), list):
        yield from _calls(value["tool_calls"], depth + 1)
    if isinstance(value.get("function"), dict):
        yield from _calls(value["function"], depth + 1)
    name = next((value[key] for key in NAME if isinstance(value.get(key), str)), None)
    arguments = next((value[key] for key in ARGUMENTS if key in value), None)
    if name is not None and arguments is not None:
        yield name.removeprefix("functions."), arguments


def _as_json(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError:
        return "(brackets that nest too deep)"  # no JSON: the model is told so
