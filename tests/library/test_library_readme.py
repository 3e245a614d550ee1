"""What the room's README says of the rules is what they are."""

import re
from pathlib import Path

from fnopt.library.policy import RULES

README = Path(__file__).parents[2] / "fnopt" / "library" / "README.md"
ROW = re.compile(r"^\| `([\w-]+)` \| (\w+) \| (.+) \|$", re.MULTILINE)


def test_the_table_of_rules_is_whole() -> None:
    """Every rule with its level and what holds, by id."""
    rows = ROW.findall(README.read_text())
    assert rows == [(one.name, one.level, one.what) for _, one in sorted(RULES.items())]
