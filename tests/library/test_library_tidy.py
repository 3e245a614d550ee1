"""Star imports that nothing needs go; everything else stays."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Add, Remove, Revise
from fnopt.library.proposal import Proposal
from fnopt.library.tidy import tidy, without_idle_imports, without_idle_stars

BODY = 'def double(n: int) -> int:\n    """Return twice n."""\n    return 2 * n\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BODY, BODY),
        (f"from typing import *\nfrom collections import *\n\n{BODY}", BODY),
        (f"import math\nfrom typing import *\n\n{BODY}", f"import math\n\n{BODY}"),
        (f"from os import (\n    *\n)\n{BODY}", f"from os import (\n    *\n)\n{BODY}"),
        ("from typing import *\nclass", "from typing import *\nclass"),
        ("\ufeff", "\ufeff"),
        (f"X = '\u2028'\nfrom typing import *\n{BODY}", f"X = '\u2028'\n{BODY}"),
        (f"Y = 1; from typing import *\n{BODY}", f"Y = 1; from typing import *\n{BODY}"),
    ],
    ids=[
        *("nothing to do", "two", "among others", "no Python at all", "half a module"),
        *("a byte order mark alone", "a line end that is none to Python", "not alone on its line"),
    ],
)
def test_idle_star_imports_go(before: str, after: str) -> None:
    """Lines that bring names which nobody uses are dropped, and no other byte changes."""
    assert without_idle_stars(before) == after


def test_a_star_import_that_is_needed_stays() -> None:
    """A name that only the star import can have brought keeps it, for the policy to refuse."""
    code = (
        'from math import *\n\ndef root(n: float) -> float:\n    """Root."""\n    return sqrt(n)\n'
    )
    assert without_idle_stars(code) == code


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BODY, BODY),
        (f"import math\n\n{BODY}", BODY),
        (f"import math, re\n\n{BODY}\n\nX = re\n", f"import re\n\n{BODY}\n\nX = re\n"),
        (
            f"from typing import Any, List\n\n{BODY}Y: Any\n",
            f"from typing import Any\n\n{BODY}Y: Any\n",
        ),
        (f"from __future__ import division\n\n{BODY}", BODY),
        (
            f"from __future__ import annotations\n\n{BODY}",
            f"from __future__ import annotations\n\n{BODY}",
        ),
        (f"import math\n\n{BODY}# see math\n", f"import math\n\n{BODY}# see math\n"),
        (f"import math; X = 1\n{BODY}", f"import math; X = 1\n{BODY}"),
        ("import math\nclass", "import math\nclass"),
    ],
)
def test_idle_imports_go(before: str, after: str) -> None:
    """Unless the name is said anywhere: an example in a docstring may need it."""
    assert without_idle_imports(before) == after


def test_a_proposal_is_tidied_edit_by_edit() -> None:
    """Code is tidied, a removal has none."""
    given = Proposal((Add("double", f"from typing import *\n{BODY}"), Remove("old")), "why")
    assert tidy(given) == Proposal((Add("double", BODY), Remove("old")), "why")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("canConstruct", "can_construct"),
        ("HTTPStatus2Text", "http_status2_text"),
        ("Is_Prime", "is_prime"),
        ("count_letter", "count_letter"),
        ("größer", "größer"),
    ],
)
def test_a_new_name_comes_in_snake_case(given: str, name: str) -> None:
    """Calls of itself follow, and the edit is for the name that its code defines."""
    code = f'def {given}(n: int) -> int:\n    """Do."""\n    return {given}(n - 1) if n else 0\n'
    [edit] = tidy(Proposal((Add(given, code),), "")).edits
    assert edit == Add(name, code.replace(given, name))


def test_a_name_that_cannot_be_another_stays() -> None:
    """Where the other name is taken in the code, or the code defines no such function; a revision
    keeps the name of what is there."""
    code = 'def canDo(n: int) -> int:\n    """Do."""\n    return n\n'
    taken = f"{code}\n\ncan_do = 1\n"
    assert tidy(Proposal((Add("canDo", taken),), "")).edits == (Add("canDo", taken),)
    assert tidy(Proposal((Add("canGo", code),), "")).edits == (Add("canGo", code),)
    assert tidy(Proposal((Revise("canDo", code),), "")).edits == (Revise("canDo", code),)
