"""What a task file holds, whatever its tasks look like: rows of named values, each with its place.

JSONL, JSON (a list, an object by id, or one task), CSV and TSV, YAML, or a folder of JSON files;
told apart by how the name ends. Nothing in a file is ever run.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnopt.errors import UsageError

SHAPE = '{"question": "…", "answer": "…"}'
_CELLS = ("input", "choices", "metadata")  # columns whose cells may be JSON, as Inspect writes them


@dataclass(frozen=True)
class Row:
    """One task as its file has it; ``key`` is what the file knows it by: its key, its path.

    ``file`` is what messages call the file, ``place`` also says where in it.
    """

    place: str
    values: Mapping[str, Any]
    key: str | None = None
    file: str = ""


def read_rows(path: Path, name: str) -> Iterator[Row]:
    """The rows of a file or folder, in its order; ``name`` is what messages call it.

    Raises UsageError with file, line and value.
    """
    if path.is_dir():
        return _folder(path, name)
    text = read_text(path, name)
    match path.suffix.lower():
        case ".json":
            return _json(text, name)
        case ".csv" | ".tsv" as suffix:
            return _table(text, name, "\t" if suffix == ".tsv" else None)
        case ".yaml" | ".yml":
            from fnopt.tasks.yaml_rows import rows  # PyYAML, for those who use it

            return rows(text, name)
    return _lines(text, name)


def read_text(path: Path, name: str) -> str:
    """The text of a file, line ends as they are. Raises UsageError: absent, or not UTF-8."""
    try:
        found = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{name}: {reason}", "Name an existing task file.") from None
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        bad = found.split(b"\n")[line - 1]
        raise UsageError(f"{name}:{line}: not UTF-8: {shown(bad)}", "Save it as UTF-8.") from None


def shown(value: Any) -> str:
    """A value in a message, cut short; text without quotes."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def shown_json(value: Any) -> str:
    """A value in a message as JSON has it, quotes and all."""
    return shown(json.dumps(value, default=str))


def parse(text: str, place: str) -> Any:
    """The JSON value of ``text``: no NaN, no key twice, no half a character. Raises UsageError."""
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()  # fails on half a surrogate pair
    except UnicodeError:
        raise UsageError(f"{place}: not UTF-8: {shown(text)}", "Save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        reason = f"not valid JSON ({error}): {shown(text)}"
        raise UsageError(f"{place}: {reason}", f"Write one object a line: {SHAPE}") from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {shown(max(keys, key=keys.count))} stands there twice")
    return found


def _lines(text: str, name: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"{name}:{number}"
            yield Row(place, as_object(parse(line, place), place))


def _json(text: str, name: str) -> Iterator[Row]:
    if not text.strip():
        return iter(())
    first, _, rest = text.strip().partition("\n")
    if first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip().startswith("{"):
        return _lines(text, name)  # many a file of lines is called .json
    return items(parse(text, name), name)


def items(value: Any, name: str, places: Iterable[str] = ()) -> Iterator[Row]:
    """The rows of a document: a list of objects, objects by id, or one object.

    ``places``: where each stands, where that is known. Raises UsageError.
    """
    known = iter(places)
    if isinstance(value, list):
        for number, one in enumerate(value, start=1):
            place = next(known, f"{name}, item {number}")
            yield Row(place, as_object(one, place))
    elif isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
        for key, one in value.items():
            yield Row(next(known, f"{name}, {shown(key)}"), one, key)
    else:
        yield Row(name, as_object(value, name))


def as_object(value: Any, place: str) -> Mapping[str, Any]:
    """The value, which must be an object. Raises UsageError."""
    if not isinstance(value, dict):
        raise UsageError(f"{place}: not an object: {shown(value)}", f"Write {SHAPE}")
    return value


def _table(text: str, name: str, delimiter: str | None) -> Iterator[Row]:
    header = text.partition("\n")[0]
    delimiter = delimiter or (";" if ";" in header and "," not in header else ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            mend = "Quote it as CSV does, or write the tasks as JSONL."
            raise UsageError(f"{name}:{line}: not valid CSV: {error}", mend) from None
        if cells is None:
            return
        if not columns:
            columns = _columns(cells, f"{name}:{line}")
        elif any(cell.strip() for cell in cells):
            yield Row(f"{name}:{line}", _cells(columns, cells, f"{name}:{line}"))
        line = reader.line_num + 1


def _columns(cells: Sequence[str], place: str) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if len(set(columns)) < len(columns):
        raise UsageError(
            f"{place}: a column stands there twice: {shown(', '.join(columns))}",
            "Give every column a name of its own, in the first line.",
        )
    return columns


def _cells(columns: Sequence[str], cells: Sequence[str], place: str) -> dict[str, Any]:
    if len(cells) != len(columns):
        raise UsageError(
            f"{place}: {len(cells)} cells, for {len(columns)} columns: {shown(', '.join(cells))}",
            'Put cells that hold a comma or a line end into quotes: "a, b".',
        )
    found: dict[str, Any] = {key: cell for key, cell in zip(columns, cells, strict=True) if cell}
    for key in _CELLS:
        if str(found.get(key, "")).startswith(("[", "{")) and _is_json(found[key]):
            found[key] = parse(found[key], place)
    return found


def _is_json(cell: str) -> bool:
    try:
        json.loads(cell)
    except (ValueError, RecursionError):
        return False
    return True


def _folder(path: Path, name: str) -> Iterator[Row]:
    files = sorted((one for one in path.rglob("*.json") if one.is_file()), key=_in_order)
    if not files:
        mend = "Name a file, or a folder of JSON files with a task each, as MATH has it."
        raise UsageError(f"{name}: no .json files in this folder", mend)
    within = path.resolve()
    for file in files:
        key = file.relative_to(path).with_suffix("").as_posix()
        place = f"{name}/{file.relative_to(path).as_posix()}"
        if not file.resolve().is_relative_to(within):
            raise UsageError(f"{place}: links to outside of the folder", "Copy the file itself.")
        yield Row(place, as_object(parse(read_text(file, place), place), place), key)


def _in_order(file: Path) -> tuple[str, int, str]:
    """By folder, and by number where files are called 1.json, 2.json, 10.json."""
    number = int(file.stem) if file.stem.isascii() and file.stem.isdigit() else -1
    return str(file.parent), number, file.name
