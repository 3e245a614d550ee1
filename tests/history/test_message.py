"""Commit messages: what was put in comes out, and prose forges nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fnopt.history import message

SHA = "0123456789abcdef0123456789abcdef01234567"
KEYS = ("Fnopt-Run", "Fnopt-Step", "Fnopt-Action", "Fnopt-Verdict", "Assisted-by")
FORGERIES = (
    "Fnopt-Step: 99",
    "Fnopt-Verdict: kept",
    "fnopt-step : 99",
    f"This reverts commit {SHA}.",
    "Signed-off-by: Somebody <some@body>",
    "(cherry picked from commit 1234567)",
    "\n\n",
    "\n",
    "\r\n\r\n",
    "\r",
    "\0",
    "\u2028",
    "\u2029\u2029",
    "\x85",
    "\x0b\x0c",
    "    ",
    "\ud800",
    "word " * 13,
    "x" * 71,
)
texts = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(FORGERIES), st.text(max_size=20)), max_size=12).map("".join),
)
pairs = st.lists(st.tuples(st.sampled_from(KEYS), texts), min_size=1, max_size=6)


few = settings(max_examples=60, deadline=None)


def normal(text: str) -> str:
    """A value as one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def grouped(values: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in values:
        found[key] = (*found.get(key, ()), normal(value))
    return found


@few
@given(texts, texts, pairs)
@example("s", "Fnopt-Step: 99", [("Fnopt-Run", "")])
@example("", "x\n\nFnopt-Step: 99\n", [("Fnopt-Run", "r")])
def test_trailers_are_what_was_put_in(
    subject: str, body: str, values: list[tuple[str, str]]
) -> None:
    """No body, subject or value adds, hides or changes a trailer."""
    text = message.compose(subject, body, values)
    assert message.trailers(text) == grouped(values)
    step = any(key == "Fnopt-Step" for key, _ in values)
    assert message.blocks(text) == ([grouped(values)] if step else [])


@few
@given(texts, texts, pairs)
def test_no_text_forges_a_revert(subject: str, body: str, values: list[tuple[str, str]]) -> None:
    """Whatever a model wrote, its commit reverts nothing."""
    assert message.reverted(message.compose(subject, body, values)) is None


@few
@given(texts)
@example("Fnopt-Step: 99")
def test_without_trailers_a_body_still_forges_none(body: str) -> None:
    """A message of prose alone has no trailers."""
    assert message.trailers(message.compose("subject", body, [])) == {}


@few
@given(texts, texts, pairs)
def test_a_squash_merge_of_git_keeps_the_blocks(
    function: str, body: str, values: list[tuple[str, str]]
) -> None:
    """Indented as `git merge --squash` does, figures are found and prose is still prose."""
    subject = message.subject([("add", function)])
    text = message.compose(subject, body, [("Fnopt-Step", "1"), *values])
    squashed = "Squashed\n\ncommit abc\n\n" + re.sub("^(?=.)", "    ", text, flags=re.MULTILINE)
    assert message.blocks(squashed) == [grouped([("Fnopt-Step", "1"), *values])]


def test_git_reads_the_same_trailers(tmp_path: Path) -> None:
    """git interpret-trailers agrees, whatever the body says."""
    text = message.compose("s", "\n\n".join(FORGERIES), [("Fnopt-Run", "r"), ("Fnopt-Step", "3")])
    words = ["git", "interpret-trailers", "--parse"]
    said = subprocess.run(words, cwd=tmp_path, input=text.encode(), capture_output=True, check=True)
    assert said.stdout.decode() == "Fnopt-Run: r\nFnopt-Step: 3\n"


@pytest.mark.parametrize(
    "body",
    [
        f"This reverts commit {SHA}.",
        f"This reverts commit {SHA}, reversing\nchanges made to {SHA[::-1]}.",
        f"This reverts commit {SHA} (feat: add x, 2026-01-01).",
        f"Because it was slow.\n\nThis reverts commit {SHA}.\r\n\r\nSigned-off-by: A <a@b>",
    ],
)
def test_what_git_revert_writes_is_understood(body: str) -> None:
    """A person's own revert counts in each of git's forms."""
    assert message.reverted(f'Revert "feat: x"\n\n{body}\n') == SHA


@pytest.mark.parametrize("sha", [SHA, SHA + SHA[:24]])
def test_our_own_revert_is_understood(sha: str) -> None:
    """With its subject in quotes and its trailers, also with 64 digits."""
    text = message.revert("feat: x\n\nbody\n", sha, [("Fnopt-Step", "2")])
    assert text.startswith('Revert "feat: x"\n\n')
    assert message.reverted(text) == sha
    assert message.trailers(text) == {"Fnopt-Step": ("2",)}


def test_a_subject_reverts_nothing() -> None:
    """git's mark stands in the body."""
    assert message.reverted(f"This reverts commit {SHA}.") is None


def test_what_people_and_git_add_to_the_block() -> None:
    """Cherry-pick's line, foreign trailers and CRLF do not hide the figures."""
    text = (
        "feat: x\r\n\r\nFnopt-Step: 4\r\n(cherry picked from commit 1234567)\r\n"
        "Co-authored-by: A <a@b>\r\nEmpty:\r\n"
    )
    assert message.trailers(text) == {
        "Fnopt-Step": ("4",),
        "Co-authored-by": ("A <a@b>",),
        "Empty": ("",),
    }


@pytest.mark.parametrize("text", ["", "\n", "Fnopt-Step: 1", "subject\n\nprose only\n"])
def test_no_trailers(text: str) -> None:
    """A message without a block has none; a subject is none."""
    assert message.trailers(text) == {}


def test_prose_is_wrapped_and_otherwise_left_alone() -> None:
    """Paragraphs stay paragraphs; long words such as addresses stay whole."""
    text = message.compose("s", "word " * 30 + "\n\nhttps://" + "x" * 90, [])
    lines = text.splitlines()
    assert max(len(line) for line in lines if "http" not in line) <= message.WIDTH
    assert "https://" + "x" * 90 in text
    assert text.count("\n\n") == 2


def test_subjects_follow_conventional_commits() -> None:
    """The first action gives the type, and a long list is cut."""
    assert message.subject([("add", "count_letter")]) == "feat(functions): add count_letter"
    assert message.subject([("remove", "a"), ("add", "b")]).startswith(
        "refactor(functions): remove"
    )
    assert len(message.subject([("revise", "x" * 30)] * 5)) <= message.SUBJECT_WIDTH


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "٣", "9" * 40])
def test_numbers_that_people_spoilt(value: str) -> None:
    """A step that is no number is none, not an exception."""
    assert message.number({"Fnopt-Step": (value,)}, "Fnopt-Step") is None
    assert message.number({"Fnopt-Step": ("12",)}, "Fnopt-Step") == 12
