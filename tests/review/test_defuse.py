"""Text that nobody vouches for does nothing in Markdown, and reads as it was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.history import message
from fnopt.review import defuse

from .rendered import CLOSES, rendered

HOSTILE = (
    *("@octocat", "cc @org/team, please", "me@example.org", "owner/repo@1a2b3c4d5e"),
    *("Fixes #123", "closes GH-7", "resolves owner/repo#9", "Fixes: #1", "KEY-123"),
    *("closes https://example.org/o/r/issues/1", "www.example.org", "mailto:a@example.org"),
    *("[click](https://example.org)", "![x](//example.org/x.png)", "<https://example.org>"),
    *(
        "[a]: https://example.org\n\n[a]",
        "[^1]\n\n[^1]: note",
        "- [ ] task",
        "[[page]]",
        "[[_TOC_]]",
    ),
    *(
        "<b>bold</b>",
        "<img src=x onerror=y>",
        "<!-- fnopt:end -->",
        "<details>",
        "&lt;b&gt;",
        "&copy;",
    ),
    *("# title", "title\n===", "title\n---", "> quote", "* item", "+ item", "1. item", "2) item"),
    *("***", "___", "```\ncode\n```", "~~~\ncode\n~~~", "`code`", "``x`` `", "    indented", "\tx"),
    *("**bold** _it_ __x__ ~~gone~~", "a | b\n--- | ---\nc | d", "foo\n:-:\nbar", "$x^2$", "$$y$$"),
    *("/close", "  /assign @me", "Fnopt-Verdict: kept", "Signed-off-by: x <x@example.org>"),
    *("This reverts commit 1a2b3c4.", "(cherry picked from commit 1a2b3c4)", "see 1a2b3c4d5e6f"),
    *("!12 %3 ~bug &4 $5 ^alert#6", '%"next milestone"', "[epic:12]", "a\\", "\\*x\\*", ":: def"),
    *(
        "\u202eevil\u202c",
        "zero\u200bwidth",
        "nul\0",
        "\ud800",
        "a\u2028# b",
        "a\r\n# b",
        "e\u0301",
    ),
)
ALLOWED = {"p", "code", "br", "pre", "table", "thead", "tbody", "tr", "th", "td", "blockquote"}

pieces = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=12)
    | st.text("@#`|<>[]()!*_~\\/:-=\n 1a", max_size=9)
)
texts = st.lists(pieces, max_size=8).map("".join) | st.lists(pieces, max_size=8).map("\n".join)


def seen(text: str) -> str:
    """What a reader sees of a text: without what cannot be seen, and however it is spaced."""
    return "".join(defuse.plain(text).replace(defuse.GAP, "").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_acts_and_all_is_read(text: str) -> None:
    """Every known trick, alone: no tag but the paragraph's, nothing that a forge would find, and
    the words as they were."""
    found = rendered(defuse.defused(text))
    assert {tag for tag, _ in found.tags} <= {"p"}
    assert list(found.active()) == []
    assert found.comments == []
    assert seen(found.text) == seen(text)


@given(texts)
def test_prose_in_every_place(text: str) -> None:
    """Whatever comes together: as a paragraph, quoted, and on one line behind other words."""
    for made in (defuse.defused(text), defuse.quoted(text), f"- x: {defuse.one_line(text)} (y)"):
        found = rendered(made)
        assert {tag for tag, _ in found.tags} <= {"p", "blockquote", "ul", "li"}
        assert not any(attributes for _, attributes in found.tags)
        assert list(found.active()) == []
        assert "<!--" not in made
    assert seen(rendered(defuse.defused(text)).text) == seen(text)


@given(texts, texts)
def test_code_in_every_place(text: str, other: str) -> None:
    """Two spans on a line: they hold all of it and end where they should."""
    spans = f"x {defuse.in_code(text)} y {defuse.in_code(other)} z"
    found = rendered(spans)
    assert [tag for tag, _ in found.tags if tag != "code"] == ["p"]
    assert seen(found.text).startswith("x")
    assert seen(found.text).endswith("z")
    assert list(found.active()) == []
    assert not CLOSES.search(spans)
    assert "<!--" not in spans


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_cells_stay_cells(rows: list[tuple[str, str]]) -> None:
    """A table has as many of them as were written, whatever stands in them."""
    lines = [f"| {defuse.in_cell(a)} | {defuse.code_in_cell(b)} |" for a, b in rows]
    found = rendered("\n".join(["| A | B |", "| --- | --- |", *lines]))
    assert [tag for tag, _ in found.tags].count("td") == 2 * len(rows)
    assert {tag for tag, _ in found.tags} <= ALLOWED
    assert list(found.active()) == []


@given(texts)
def test_no_line_is_a_trailer_or_a_quick_action(text: str) -> None:
    """Not in a squash commit either, whose message a body may become."""
    made = "\n\n".join([defuse.defused(text), defuse.quoted(text), defuse.in_code(text)])
    assert message.trailers(f"subject\n\n{made}") == {}
    assert message.blocks(f"subject\n\n{made}") == []
    assert message.reverted(f"subject\n\n{made}") is None
    assert not re.search(r"^\s*/\w", made, re.MULTILINE)


@given(texts, st.integers(2, 40))
def test_what_is_cut_says_so(text: str, most: int) -> None:
    """A long text ends in an ellipsis; one that fits stays whole."""
    words = " ".join(defuse.plain(text).split())
    found = rendered(defuse.one_line(text, most)).text.replace(defuse.GAP, "").strip()
    assert len(found) <= most
    assert found.endswith("…") if len(words) > most else found == words


def test_plain_words_stay_plain() -> None:
    """The source is not made harder to read than it must be."""
    said = "count_letter counts letters (capitals too), 3.5 times; e.g. \"r\" in 'strawberry'."
    assert defuse.defused(said) == said
    assert defuse.in_code("f(x: int) -> str") == "`f(x: int) -> str`"
    assert defuse.in_code("a `b` c") == "``a `b` c``"
    assert defuse.in_code("") == defuse.in_cell("\u200b") == "-"
