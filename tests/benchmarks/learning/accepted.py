"""The libraries that an arm accepted, in their order, with what they had cost by then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


class Accepted:
    """A list in a file. A resumed arm accepts everything again: what is known stays as it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._again = 0
        self.entries: list[Entry] = json.loads(path.read_text()) if path.is_file() else []

    def accept(self, entry: Entry) -> None:
        """The next library; ``entry["library"]`` is its digest."""
        known = self.entries[self._again : self._again + 1]
        if not known or known[0]["library"] != entry["library"]:
            self.entries = [*self.entries[: self._again], entry]
            write(self._path, self.entries)
        self._again += 1


def write(path: Path, document: Any) -> None:
    """A JSON document in one stroke."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
