"""Drafts that return a list or a number where a text is expected."""

from __future__ import annotations

import pytest

from fnopt.library.as_text import formatted, joined

HEAD = 'def f(words: list[str]) -> list[str]:\n    """Sort."""\n'


def body(code: str) -> str:
    """The function's code behind head and docstring."""
    head, found = code.split('"""Sort."""\n')
    assert head == "def f(words: list[str]) -> str:\n    "
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    return sorted(words)\n", '    return ", ".join(map(str, sorted(words)))\n'),
        (
            "    if not words:\n        return []\n    return words, words\n",
            '    if not words:\n        return ", ".join(map(str, []))\n'
            '    return ", ".join(map(str, (words, words)))\n',
        ),
        ("    return[1]  # one\n", '    return ", ".join(map(str, [1]))  # one\n'),
        (
            "    def key(word: str) -> int:\n        return len(word)\n\n"
            "    return sorted(words, key=key)\n",
            "    def key(word: str) -> int:\n        return len(word)\n\n"
            '    return ", ".join(map(str, sorted(words, key=key)))\n',
        ),
    ],
)
def test_every_return_of_its_own_is_joined(before: str, after: str) -> None:
    """And the signature says so; what is defined inside returns what it did."""
    assert body(joined(HEAD + before, "f", ", ")) == after


def test_what_stands_between_is_text() -> None:
    """Quotes and line breaks too."""
    scope: dict[str, object] = {}
    exec(joined(HEAD + "    return words\n", "f", "'\n\\"), scope)
    assert scope["f"](["a", "b"]) == "a'\n\\b"  # type: ignore[operator]


@pytest.mark.parametrize(
    "code",
    [
        HEAD + "    yield from words\n",
        HEAD + "    if not words:\n        return\n    return words\n",
        HEAD + "    if not words:\n        return None\n    return words\n",
        HEAD + "    if not words:\n        return 'none'\n    return words\n",
        HEAD + "    if not words:\n        return f'{words}'\n    return words\n",
        HEAD + "    print(words)\n",
        HEAD.replace("f(", "g(") + "    return words\n",
        "def f(:\n",
        "x = [" * 5000,
    ],
    ids=[
        "generator",
        "nothing",
        "None",
        "text",
        "f-string",
        "no return",
        "another name",
        "no Python",
        "too deep",
    ],
)
def test_what_cannot_be_joined_stays_as_it_is(code: str) -> None:
    """To the letter."""
    assert joined(code, "f", ", ") == code
    assert formatted(code, "f", "#x") == code


def test_a_number_gets_the_form_that_was_asked_for() -> None:
    """By a format specification."""
    head = 'def f(a: int) -> int:\n    """Double."""\n'
    code = f"{head}    if a < 0:\n        return -2\n    return 2 * a\n"
    after = formatted(code, "f", "#x")
    assert 'return format(-2, "#x")' in after
    assert 'return format(2 * a, "#x")' in after
    assert "def f(a: int) -> str:" in after
    scope: dict[str, object] = {}
    exec(after, scope)
    assert [scope["f"](one) for one in (-1, 15)] == ["-0x2", "0x1e"]  # type: ignore[operator]
