"""The free filters."""

from __future__ import annotations

import pytest

from fnopt.library.edit import Add, Edit, Remove, Revise
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.policy import PLAIN
from fnopt.library.proposal import Proposal
from fnopt.records import Fault, Task
from fnopt.train.screen import Screen

FILES = {
    "functions/a.py": b'def plain(number: int) -> int:\n    """Do."""\n    return number\n',
    "functions/b.py": (
        b'# fnopt: locked\ndef ours(number: int) -> int:\n    """Ours."""\n    return number\n'
    ),
    "functions/c.py": b'def price_net(number: int) -> int:\n    """Net."""\n    return number\n',
    "functions/old.py": b"def untyped(number):\n    print(number)\n    return undefined_name\n",
}
LIBRARY = read(FILES)
ANSWERS = ("tiger", "zebra", "camel", "31415", "-27182", "0.5772", "yes", "42", "1000000")


def code(name: str, body: str = "") -> str:
    """A function unlike all others, or with this body."""
    body = body or f"return number + len('{name}')"
    return f'def {name}(number: int) -> int:\n    """Do."""\n    {body}\n'


def screen(*locked: str, answers: tuple[str, ...] = ANSWERS) -> Screen:
    tasks = [Task(str(at), "?", f" {answer}\n") for at, answer in enumerate(answers)]
    return Screen.of(Layout.of("functions"), PLAIN, locked, tasks)


def apply(*edits: Edit, by: Screen | None = None) -> Library | tuple[Fault, ...]:
    return (by or screen()).apply(LIBRARY, Proposal(edits, "why"))


def rules(result: Library | tuple[Fault, ...]) -> list[str]:
    assert not isinstance(result, Library), "it went through"
    return [fault.rule for fault in result]


def test_a_sound_edit_goes_through() -> None:
    """The library after it has the function, and the old one is what it was."""
    after = apply(Add("extra", code("extra")))
    assert isinstance(after, Library)
    assert after.get("extra") is not None
    assert read(FILES) == LIBRARY


@pytest.mark.parametrize("edit", [Revise("ours", code("ours", "return 1")), Remove("ours")])
def test_a_locked_comment_holds(edit: Edit) -> None:
    """A function that people locked is neither revised nor removed; the fault names it."""
    result = apply(edit)
    assert rules(result) == ["locked"]
    assert isinstance(result, tuple)
    assert (result[0].function, "ours" in result[0].message) == ("ours", True)


def test_a_locked_pattern_holds() -> None:
    """By name, for functions that exist and for new ones; letter case counts."""
    by = screen("price_*")
    assert rules(apply(Revise("price_net", code("price_net", "return 1")), by=by)) == ["locked"]
    assert rules(apply(Remove("price_net"), by=by)) == ["locked"]
    assert rules(apply(Add("price_gross", code("price_gross")), by=by)) == ["locked"]
    assert isinstance(apply(Add("prices", code("prices")), by=by), Library)
    assert isinstance(apply(Remove("plain"), by=by), Library)


def test_a_proposal_may_not_tell_the_rules_to_look_away() -> None:
    """Comments that fnopt obeys are for people; what stands there already may stay."""
    idle = code("extra", "return 1").replace(":\n", ":  # fnopt: ignore[unused-argument]\n", 1)
    assert rules(apply(Add("extra", idle))) == ["comment"]
    assert rules(apply(Add("extra", "# fnopt: locked\n" + code("extra")))) == ["comment"]


def test_locked_names_are_listed() -> None:
    """By comment and by pattern, in the library's order."""
    assert screen("price_*", "gone").locked_names(LIBRARY) == ("ours", "price_net")
    assert screen().locked_names(LIBRARY) == ("ours",)


@pytest.mark.parametrize(
    "body",
    [
        'return {1: "tiger", 2: "zebra", 3: "camel"}[number]',
        'return [31415, "tiger", "zebra"][number]',
        "return [31415, -27182, 0.5772][number]",
        "return [31415.0, 27182, 1_000_000][number]",
        'return ["tiger ", " zebra", "camel"][number]',
        'return "tiger zebra camel".split()[number]',
        'return "tiger, zebra, camel".split(",")[number]',
        'return ["ti" + "ger", "ze" "bra", "cam" + "e" + "l"][number]',
        "return [0x7ab7, 0x6a2e, 10**0 * 1000000][number]",
    ],
)
@pytest.mark.parametrize("kind", [Add, Revise])
def test_a_function_that_carries_answers_is_refused(
    body: str, kind: type[Add] | type[Revise]
) -> None:
    """Three distinct answers as literals, texts or numbers in whatever notation."""
    name = "extra" if kind is Add else "plain"
    result = apply(kind(name, code(name, body)))
    assert "answers" in rules(result)
    assert "3 answers" in str(result)


@pytest.mark.parametrize(
    "body",
    [
        'return {1: "tiger", 2: "zebra"}[number]',
        'return ["tiger", "tiger", "tiger", "zebra"][number]',
        'return ["yes", "42", 42, "tiger", "zebra"][number]',
        'return "the tiger and the zebra and the camel" * number',
        "return number + 0x" + "f" * 5_000,
        "return [True, None, ..., b'x', 1j, 1e400][number]",
    ],
)
def test_a_few_or_short_answers_may_turn_up(body: str) -> None:
    """Two answers, and those below four characters, can be there by chance."""
    assert isinstance(apply(Add("extra", code("extra", body))), Library)


def test_answers_in_code_that_was_there_before_do_not_matter() -> None:
    """Only what an edit writes is looked at; a remove writes nothing."""
    lookup = code("animals", 'return ["tiger", "zebra", "camel"][number]').encode()
    library = read({**FILES, "functions/d.py": lookup})
    for edit in (Remove("animals"), Add("extra", code("extra"))):
        assert isinstance(screen().apply(library, Proposal((edit,), "")), Library)


def test_only_new_faults_count() -> None:
    """What people's old code lacks is no reason to refuse; what the edit brings is."""
    assert isinstance(apply(Add("extra", code("extra"))), Library)
    result = apply(Add("extra", "def extra(number):\n    return number\n"))
    assert rules(result)
    assert isinstance(result, tuple)
    assert {fault.function for fault in result} == {"extra"}


@pytest.mark.parametrize(
    "text",
    [
        "def extra(number: int) -> int:\n    return (\n",
        "",
        "import os\n",
        code("other"),
        "import requests\n\n\n" + code("extra"),
        code("extra") + "\nprint(extra(1))\n",
        "(" * 10_000,
    ],
    ids=["syntax", "empty", "nothing", "name", "package", "top level", "hostile"],
)
def test_what_the_library_refuses_is_refused(text: str) -> None:
    """A fault each, with what is wrong, and never an exception."""
    assert rules(apply(Add("extra", text)))


def test_several_edits_are_taken_together() -> None:
    """Later edits see what earlier ones did."""
    after = apply(
        Add("extra", code("extra")),
        Revise("plain", code("plain", "return number + 1")),
        Remove("price_net"),
        Revise("extra", code("extra", "return number + 2")),
    )
    assert isinstance(after, Library)
    assert {f.name for f in after.functions} == {"extra", "ours", "plain", "untyped"}
    assert "number + 2" in after.get("extra").source  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "bad",
    [Remove("gone"), Remove("ours"), Add("plain", code("plain")), Revise("gone", code("gone"))],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_refused_edit_refuses_them_all(bad: Edit, first: bool) -> None:
    """Nothing half: the library is what it was."""
    good = Add("extra", code("extra"))
    assert rules(apply(*((bad, good) if first else (good, bad))))
    assert read(FILES) == LIBRARY
    assert LIBRARY.get("extra") is None


def test_what_calls_a_renamed_function_follows_unless_it_is_locked() -> None:
    """A locked caller would have to change its text; one that calls by an alias would not."""
    files = {"functions/plain.py": FILES["functions/a.py"]}
    caller = 'def ours(n: int) -> int:\n    """Ours."""\n    return {0}(n)\n'
    by_name = "from functions.plain import plain\n\n\n" + caller.format("plain")
    by_alias = "from functions.plain import plain as p\n\n\n" + caller.format("p")
    rename = Proposal((Revise("plain", code("clear"), "clear"),), "")
    for text, by, expected in (
        (by_name, screen(), []),
        (by_name, screen("ours"), ["locked"]),
        (by_alias, screen("ours"), []),
        (by_alias, screen("clear"), ["locked"]),
    ):
        library = read({**files, "functions/b.py": text.encode()})
        after = by.apply(library, rename)
        assert ([] if isinstance(after, Library) else rules(after)) == expected
        if isinstance(after, Library):
            assert set(after.files) == {"functions/clear.py", "functions/b.py"}


def test_a_helper_function_and_its_caller_come_together() -> None:
    """Edits apply one after another: what one adds, the next may import."""
    module = "from functions.extra import extra\n\n\n"
    edits = (
        Add("extra", code("extra")),
        Revise("plain", module + code("plain", "return extra(number)")),
        Revise("extra", code("more"), "more"),
        Add("sum_up", code("sum_up", "return number - 7"), "functions.a"),
    )
    after = apply(*edits)
    assert isinstance(after, Library)
    text = after.files["functions/a.py"].decode()
    assert text.startswith("from functions.more import more\n\n\ndef plain(")
    assert "return more(number)" in text
    assert "def sum_up(" in text
