"""Imports that come in: in the order that the file keeps, in the form that it has."""

from __future__ import annotations

import ast

import pytest

from fnopt.library.edit import Add, Remove, apply
from fnopt.library.function import Library, read
from fnopt.library.ours import brought

G = "\n\n\ndef g(): pass\n"
PATH = "functions/a.py"


def using(imports: str) -> str:
    """A function ``f`` that uses all of the imports."""
    nodes = [one for one in ast.walk(ast.parse(imports)) if isinstance(one, ast.alias)]
    names = [one.asname or one.name.partition(".")[0] for one in nodes]
    return f"{imports}\n\n\ndef f(): return {', '.join(names)}"


def merged(imports: str | bytes, coming: str) -> str:
    """The beginning of the file after a function with these imports came in.

    They go with it again, to the last byte.
    """
    source = imports if isinstance(imports, bytes) else (imports + G).encode()
    files = {PATH: source, "functions/own.py": b"", "functions/zed/m.py": b""}
    library = apply(read(files), Add("f", using(coming), PATH), "functions")
    assert isinstance(library, Library), library
    ast.parse(library.files[PATH])
    ours = brought(source, library.files[PATH])
    back = apply(library, Remove("f"), "functions", lambda _: ours)
    assert isinstance(back, Library), back
    assert back.files == files
    text = library.modules[PATH].text.body.decode()
    return text.partition("\n\n\ndef g()")[0].partition("\r\n\r\n\r\ndef g()")[0]


PAIRS = {
    "to its place by name": (
        "import abc\nimport re",
        "import math",
        "import abc\nimport math\nimport re",
    ),
    "before the first, below its heading": (
        "# Ours.\nimport math\nimport re",
        "import abc",
        "# Ours.\nimport abc\nimport math\nimport re",
    ),
    "straight ones first": (
        "import re\nfrom abc import ABC",
        "import math\nfrom os import sep",
        "import math\nimport re\nfrom abc import ABC\nfrom os import sep",
    ),
    "or by name alone, where the file is": (
        "from abc import ABC\nimport re\nfrom typing import Any",
        "import sys\nfrom math import pi",
        "from abc import ABC\nfrom math import pi\nimport re\nimport sys\nfrom typing import Any",
    ),
    "into its section": (
        "import re\n\nimport numpy as np\n\nfrom functions import own\n\nfrom . import x",
        "import math\nimport sympy\nfrom functions.zed import m\nfrom .own import y",
        "import math\nimport re\n\nimport numpy as np\nimport sympy\n\n"
        "from functions import own\nfrom functions.zed import m\n\n"
        "from . import x\nfrom .own import y",
    ),
    "into a section that is missing": (
        "import re\n\nfrom . import x",
        "import numpy\nfrom functions import own",
        "import re\n\nimport numpy\n\nfrom functions import own\n\nfrom . import x",
    ),
    "into the first section": (
        '"""Doc."""\n\nimport numpy',
        "import re",
        '"""Doc."""\n\nimport re\n\nimport numpy',
    ),
    "with its kin, wherever it is": (
        "import re\n\nimport mine.a\nimport mine.c\n\nimport numpy",
        "import mine.b",
        "import re\n\nimport mine.a\nimport mine.b\nimport mine.c\n\nimport numpy",
    ),
    "without sections, where the file has none": (
        "import numpy\nimport re\nimport sympy",
        "import os",
        "import numpy\nimport os\nimport re\nimport sympy",
    ),
    "relative ones from afar": (
        "from ..p import a\nfrom .q import b",
        "from ..r import c",
        "from ..p import a\nfrom ..r import c\nfrom .q import b",
    ),
    "numbers as numbers": (
        "import m2\nimport m10",
        "import m9",
        "import m2\nimport m9\nimport m10",
    ),
    "at the end, where the file is not sorted": (
        "import re\nimport abc",
        "import math\nfrom re import I",
        "import re\nimport abc\nimport math\nfrom re import I",
    ),
    "at the end, where they share a line": (
        "import abc; import re",
        "import math",
        "import abc; import re\nimport math",
    ),
    "one line split, as the file has it": (
        "import abc\nimport re",
        "import math, sys",
        "import abc\nimport math\nimport re\nimport sys",
    ),
    "into an import": (
        "from x import a, c",
        "from x import b, d",
        "from x import a, b, c, d",
    ),
    "by kind": ("from x import MAX, Row, a", "from x import Zed", "from x import MAX, Row, Zed, a"),
    "at its end, where names are not sorted": (
        "from x import c, a",
        "from x import b",
        "from x import c, a, b",
    ),
    "in brackets": ("from x import (a, c)", "from x import b", "from x import (a, b, c)"),
    "in brackets, a name a line": (
        "from x import (\n    a,\n    c,  # why\n)",
        "from x import b, d",
        "from x import (\n    a,\n    b,\n    c,  # why\n    d,\n)",
    ),
    "without a comma behind the last": (
        "from x import (\n    a,\n    c  # why\n)",
        "from x import d",
        "from x import (\n    a,\n    c,  # why\n    d\n)",
    ),
    "with a hanging indent": (
        "from x import (a,\n               c)",
        "from x import b, d",
        "from x import (a,\n               b,\n               c,\n               d)",
    ),
    "behind a backslash": (
        "from x import a, \\\n    c",
        "from x import b, d",
        "from x import a, \\\n    b, \\\n    c, \\\n    d",
    ),
    "renamed ones apart": (
        "from x import a",
        "from x import b as c",
        "from x import a\nfrom x import b as c",
    ),
    "renamed ones together, where the file has it": (
        "from x import a, c as d",
        "from x import b as e",
        "from x import a, b as e, c as d",
    ),
    "not where a remark is about the names that are there": (
        "from x import a  # noqa: F401",
        "from x import b",
        "from x import a  # noqa: F401\nfrom x import b",
    ),
    "what is there stays": (
        "from  x  import  c , a\nimport abc",
        "from x import a, c\nimport abc",
        "from  x  import  c , a\nimport abc",
    ),
}


@pytest.mark.parametrize(("before", "coming", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_imports_go_where_they_belong(before: str, coming: str, expected: str) -> None:
    """The imports of the file, those of the code, those of the file after."""
    assert merged(before, coming) == expected


def test_line_ends_marks_tabs_and_form_feeds_stay() -> None:
    """Whatever the file is like."""
    source = "\ufeff# é\r\nimport abc\r\n\x0c\r\nfrom x import (\r\n\ta,\r\n\tc,\r\n)" + G.replace(
        "\n", "\r\n"
    )
    expected = (
        "# é\r\nimport abc\r\nimport math\r\n\x0c\r\nfrom x import (\r\n\ta,\r\n\tb,\r\n\tc,\r\n)"
    )
    assert merged(source.encode(), "import math\nfrom x import b") == expected


def test_a_file_that_ends_with_its_imports_stays_without_line_end() -> None:
    """The function comes behind."""
    assert merged(b"import re", "import abc") == ("import abc\nimport re\n\n\ndef f(): return abc")
    assert merged(b"import abc", "import re") == ("import abc\nimport re\n\n\ndef f(): return re")
