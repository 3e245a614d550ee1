"""What lies among the modules and is not read."""

from __future__ import annotations

import pytest

from fnopt.library.layout import Layout
from fnopt.library.unread import Entry, unread


@pytest.mark.parametrize(
    ("path", "entry", "functions", "rule"),
    [
        ("functions/a.py", "link", "functions", "link"),
        ("functions/deep", "link", "functions", "link"),
        ("functions", "link", "functions", "link"),
        ("functions/table.csv", "link", "functions", None),
        ("other/a.py", "link", "functions", None),
        ("src/a_tool.py", "link", ["src/*_tool.py"], "link"),
        ("src/deep", "link", ["src/*_tool.py"], None),
        ("functions/sub", "repository", "functions", "repository"),
        ("vendor", "repository", "functions", None),
        ("functions", "file", "functions", "folder"),
        ("tools.py", "file", "tools.py", None),
        ("functions/a.py", "file", "functions", None),
    ],
)
def test_what_is_not_read_is_told(
    path: str, entry: Entry, functions: str | list[str], rule: str | None
) -> None:
    """Where a module, or a folder of them, would have been read; elsewhere it is no business."""
    faults = unread({path: entry}, Layout.of(functions))
    assert [one.rule for one in faults] == ([rule] if rule else [])
    assert all(one.file == path and path in one.message and one.mend for one in faults)
