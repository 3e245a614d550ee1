"""Which files are the library's: folders, files and globs."""

import pytest

from fnopt.library.layout import Layout

CASES = [
    ("functions", "functions/a.py", True),
    ("functions", "functions/deep/er/a.py", True),
    ("functions", "functions/a.txt", False),
    ("functions", "functions2/a.py", False),
    (("tools/*.py",), "tools/a.py", True),
    (("tools/*.py",), "tools/sub/a.py", False),
    (("tools/**/*.py",), "tools/a.py", True),
    (("tools/**/*.py",), "tools/sub/er/a.py", True),
    (("src/*/tools",), "src/app/tools/a.py", True),
    (("src/*/tools",), "src/app/sub/tools/a.py", False),
    (("tools.py",), "tools.py", True),
    (("tools.py",), "sub/tools.py", False),
    (("tools", "!tools/test_*.py"), "tools/test_a.py", False),
    (("tools", "!tools/test_*.py"), "tools/a.py", True),
    (("tools", "!tools/*.py", "tools/kept.py"), "tools/kept.py", True),
    (("**/*_tool.py",), "deep/er/a_tool.py", True),
    (("**/*_tool.py",), "a_tool.py", True),
]


@pytest.mark.parametrize(("functions", "path", "held"), CASES)
def test_which_files_are_held(functions: str | tuple[str, ...], path: str, held: bool) -> None:
    """A folder takes all below it; a star stays within a folder; the last pattern decides."""
    assert Layout.of(functions).holds(path) is held


@pytest.mark.parametrize(
    ("functions", "home"),
    [
        ("functions", "functions"),
        (("src/app/tools/**/*.py",), "src/app/tools"),
        (("src/*/tools/*.py", "lib/tools"), "lib/tools"),
        (("tools.py",), "tools.py"),
        (("**/*.py",), ""),
        (("tools.py", "more"), "more"),
        (("src/*/tools/*.py",), None),
    ],
)
def test_where_new_functions_go(functions: str | tuple[str, ...], home: str | None) -> None:
    """Into the first folder whose new module would be the library's; else into the first file."""
    assert Layout.of(functions).home() == home


def test_new_functions_go_where_most_are() -> None:
    """Where the patterns name no folder as it is."""
    layout = Layout.of(("src/*/tools/*.py",))
    files = ["src/a/tools/x.py", "src/b/tools/x.py", "src/b/tools/y.py", "src/c/x.py"]
    assert layout.home(files) == "src/b/tools"


def test_the_roots_hold_no_folder_twice() -> None:
    """What lies below another root is reached from there."""
    assert Layout.of(("a", "a/b", "c/*.py")).roots == ("a", "c")
    assert Layout.of(("a", "*.py")).roots == ("",)
