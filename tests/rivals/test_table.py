"""The list of defects is whole: each has one test, marked, and one row of the README."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
DEFECTS = list(range(1, 15))
NUMBERED = re.compile(r"test_(\d\d)_\w+")
ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


def defects(tree: ast.Module) -> list[int]:
    """The numbers of the defects that a module's tests are for."""
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [int(found[1]) for found in map(NUMBERED.fullmatch, names) if found]


def test_each_defect_has_one_test() -> None:
    """No defect without a test, and none with two; none of them runs without being asked for."""
    found: list[int] = []
    for path in HERE.glob("test_*.py"):
        source = path.read_text()
        numbers = defects(ast.parse(source))
        assert not numbers or "pytestmark = [pytest.mark.rivals" in source, path.name
        found += numbers
    assert sorted(found) == DEFECTS


def test_each_defect_has_its_row() -> None:
    """The table of the README tells of each, in order."""
    assert [int(number) for number in ROW.findall((HERE / "README.md").read_text())] == DEFECTS
