"""Compares requests and responses with a forge's description of its API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from review.forge_double.speech import Json
from review.forge_double.values import Kind

FOLDER = Path(__file__).parent / "descriptions"


@cache
def description(kind: Kind) -> Description:
    """The vendored description of a forge."""
    return Description(json.loads((FOLDER / f"{kind}.json").read_text()))


class Description:
    """Operations with the schemas of their query, body and responses."""

    def __init__(self, told: Json) -> None:
        self.operations: dict[str, Json] = told["operations"]
        self.errors: Json = told["errors"]["basic"]
        self._shared = told["$defs"]
        self._compiled: dict[int, Draft202012Validator] = {}

    def query(self, operation: str, query: dict[str, str]) -> tuple[Json, list[str]]:
        """The query with its numbers and truths as such, and what is wrong with it."""
        schema = {"additionalProperties": False, **self.operations[operation]["query"]}
        known = schema["properties"]
        values = {name: self._typed(known.get(name, {}), text) for name, text in query.items()}
        return values, self._faults(schema, values, "query")

    def body(self, operation: str, body: Any) -> list[str]:
        """What is wrong with a request's body."""
        schema = self.operations[operation]["body"]
        if schema is None:
            return [] if body is None else ["body: there should be none"]
        return self._faults(schema, {} if body is None else body, "body")

    def answer(self, operation: str, status: int, body: Any) -> list[str]:
        """What is wrong with a response; the faults of a server are nowhere described."""
        told = self.operations[operation]["responses"]
        if status >= 500:
            return []
        if status < 400 and str(status) not in told:
            return [f"status {status} is not described"]
        schema = told.get(str(status))
        if schema is None and status >= 400:
            schema = self.errors
        if schema is None:
            plain = body is None or isinstance(body, bytes)
            return [] if plain else ["response: there should be no JSON"]
        return self._faults(schema, body, "response")

    def _typed(self, schema: Json, text: str) -> Any:
        while "$ref" in schema:
            schema = self._shared[schema["$ref"].rsplit("/", 1)[1]]
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if "integer" in kinds and text.lstrip("-").isdigit():
            return int(text)
        if "boolean" in kinds and text in ("true", "false"):
            return text == "true"
        return [text] if "array" in kinds else text

    def _faults(self, schema: Json, value: Any, part: str) -> list[str]:
        check = self._compiled.get(id(schema))
        if check is None or "query" in part:
            whole = {"$defs": self._shared, "allOf": [schema]}
            check = Draft202012Validator(whole, format_checker=FormatChecker())
            self._compiled[id(schema)] = check
        return [
            f"{part}{error.json_path.removeprefix('$')}: {error.message[:300]}"
            for error in check.iter_errors(value)
        ]
