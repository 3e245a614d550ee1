"""Adding a function: a file of its own, or a fault."""

import pytest

from fnopt.library.edit import Add, apply
from fnopt.library.function import Library, read
from fnopt.records import Fault

CODE = '''import math


def area(radius: float) -> float:
    """Area of a circle."""
    return math.pi * radius**2
'''


def added(code: str, name: str = "area", **files: bytes) -> Library | tuple[Fault, ...]:
    """The library after adding the code to one with the files of ``functions/``."""
    library = read({f"functions/{stem}.py": data for stem, data in files.items()})
    return apply(library, Add(name, code), "functions")


def rules(outcome: Library | tuple[Fault, ...]) -> list[str]:
    """The rules of the faults; none when the edit went through."""
    return [] if isinstance(outcome, Library) else [one.rule for one in outcome]


def test_an_added_function_gets_a_file_of_its_own() -> None:
    """The code is the file, and the other files stay."""
    library = added(CODE, other=b"def other(): pass\n")
    assert isinstance(library, Library)
    assert library.files == {
        "functions/area.py": CODE.encode(),
        "functions/other.py": b"def other(): pass\n",
    }
    assert library.get("area") is not None


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace("\n", "\r\n"),
        CODE.replace("\n", "\r"),
        CODE.replace("    ", "\t"),
        "\n\n" + CODE.rstrip() + "\n\n\n",
        "\ufeff" + CODE,
    ],
)
def test_new_files_are_uniform(code: str) -> None:
    """Line ends, tabs of the indentation, marks and blank lines at the ends are made ours."""
    library = added(code)
    assert isinstance(library, Library)
    body = library.files["functions/area.py"].decode()
    assert body == CODE.replace("    ", "        ") if "\t" in code else body == CODE


@pytest.mark.parametrize(
    "above",
    [
        "# coding: latin-1\n",
        "# -*- coding: utf-8 -*-\n",
        "\n\n#coding:T\ufffd\n",
        "\r\n#coding:T\r# coding: utf-7\r\r\n",
        "\ufeff# coding: no-such\n\n\n",
    ],
)
def test_a_coding_line_of_characters_says_nothing(above: str) -> None:
    """The file is UTF-8, wherever the line stood in what the model wrote."""
    code = 'def area() -> str:\n    return "é"\n'
    library = added(above + code)
    assert isinstance(library, Library)
    assert library.faults == ()
    assert library.files["functions/area.py"] == code.encode()


def test_what_looks_like_a_coding_line_is_text_of_a_string() -> None:
    """Only comments above the code go."""
    code = '"""Areas.\n\n# coding: latin-1\n"""\n\ndef area() -> str:\n    return "é"\n'
    library = added(code)
    assert isinstance(library, Library)
    assert library.files["functions/area.py"] == code.encode()


def test_tabs_in_strings_stay() -> None:
    """Only white space that means nothing may change."""
    code = 'def area() -> str:\n    return """a\n\tb"""\n'
    library = added(code)
    assert isinstance(library, Library)
    assert library.files["functions/area.py"] == code.encode()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("def area(", "syntax"),
        ("return 1", "syntax"),
        ("", "one-function"),
        ("def _area(): pass", "one-function"),
        ("def area(): pass\ndef other(): pass", "one-function"),
        ("def other(): pass", "name-mismatch"),
        ("def area(): pass\narea = 1", "one-function"),
        ('def area(): pass\nif __name__ == "__main__":\n    area()', "work-at-import"),
        ("def area(): pass\nprint(area())", "work-at-import"),
        ("X = open('x').read()\ndef area(): pass", "work-at-import"),
        ("for x in []:\n    pass\ndef area(): pass", "work-at-import"),
        ("def area(): return '\0'", "encoding"),
        ("def area(): return '\ud800'", "encoding"),
        ("def area(): return " + "(" * 10_000, "syntax"),
        ("def area(): return 1" + "+1" * 5_000, "depth"),
        ("x = 1\n" * 300_000, "size"),
    ],
)
def test_bad_code_is_a_fault(code: str, rule: str) -> None:
    """Nothing that a model writes raises, and nothing of it is stripped silently."""
    assert rules(added(code)) == [rule]


@pytest.mark.parametrize(
    "name",
    ["../area", "a/b", "Area", "class", "print", "_area", "", "área", "a" * 65, "a\n", "a.b"],
)
def test_names_that_are_no_function_names_are_refused(name: str) -> None:
    """The name becomes a path: nothing but a plain name is one."""
    assert rules(added(f"def {name}(): pass", name)) == ["name"]


def test_a_function_that_exists_is_to_be_revised() -> None:
    """The fault says so, wherever the function stands."""
    outcome = added(CODE, circles=b"def area(): pass\n")
    assert rules(outcome) == ["exists"]
    assert not isinstance(outcome, Library)
    assert "functions/circles.py:1" in outcome[0].message
    assert "revise" in outcome[0].mend.lower()


def test_a_file_in_the_way_is_a_fault() -> None:
    """Also one that differs in case only, and a folder of that name."""
    assert rules(added(CODE, area=b"x = 1\n")) == ["exists"]
    assert rules(added(CODE, Area=b"x = 1\n")) == ["exists"]
    library = read({"functions/area/x.py": b""})
    assert rules(apply(library, Add("area", CODE), "functions")) == ["exists"]


@pytest.mark.parametrize(
    ("existing", "duplicate"),
    [
        (CODE.replace("area", "disc"), True),
        (CODE.replace("area", "disc").replace("Area of", "The area of"), True),
        (CODE.replace("area", "disc").replace('    """Area of a circle."""\n', ""), True),
        (CODE.replace("area", "disc").replace("    return", "    # why\n    return "), True),
        (CODE.replace("area", "disc").replace("**2", "**3"), False),
        (CODE.replace("area", "disc").replace("import math", "import cmath as math"), False),
    ],
)
def test_the_same_function_under_another_name_is_a_duplicate(
    existing: str, duplicate: bool
) -> None:
    """Name, docstring and layout aside; what it uses counts."""
    outcome = added(CODE, disc=existing.encode())
    assert rules(outcome) == (["duplicate"] if duplicate else [])
    assert isinstance(outcome, Library) or "disc" in outcome[0].message


def test_a_function_that_an_import_may_replace_is_compared_too() -> None:
    """As the standard library has it: a definition, and a faster one where there is one."""
    source = (
        b"def b(x: int) -> int:\n    return x\ntry:\n    from c import b\nexcept ImportError: 0\n"
    )
    assert rules(added("def area(x: int) -> int:\n    return -x\n", b=source)) == []


def test_a_recursive_duplicate_is_found() -> None:
    """Calling itself, each calls another name."""
    code = "def {0}(n: int) -> int:\n    return n and n * {0}(n - 1)\n"
    assert rules(added(code.format("area"), b=code.format("b").encode())) == ["duplicate"]
