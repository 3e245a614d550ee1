"""Keys and tokens never get into the evidence; nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnopt.history.evidence import Evidence
from fnopt.history.redact import MARK, Redactor
from fnopt.history.repo import Repository
from fnopt.records import Call, Evaluation, Score, Trial

NOTHING = Redactor({})
SECRET = 'pa"ss\\wörd-4711'
NAMED = Redactor({"MY_API_KEY": SECRET, "HOME": "/home/ada", "SHORT_TOKEN": "short"})
A40 = "Ab3d" * 10

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1234\nAb3dAb3dAb3dAb3d=\n"


@pytest.mark.parametrize(
    "secret",
    [
        f"sk-{A40}",
        f"sk-ant-api03-{A40}-{A40}AA",
        f"sk-proj-{A40}_{A40}",
        f"ghp_{A40}",
        f"gho_{A40}",
        f"ghs_{A40}",
        f"github_pat_11{A40}_{A40}",
        "glpat-x8Jq2mN4kLp0Zr7TtY3w",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-1234567890-abcdefghij",
        "AIza" + "Sy3" * 11 + "ab",
        f"hf_{A40}",
        f"eyJ{A40}.eyJ{A40}.{A40}",
        f"{PEM}-----END RSA PRIVATE KEY-----",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "key: {}, then", '{{"k": "{}"}}', "a\n{}\nb", "a\\n{}\\nb"]
)
def test_known_shapes(secret: str, around: str) -> None:
    """Alone, in a sentence, in JSON within a text, behind a line break written out."""
    assert NOTHING.text(around.format(secret)) == around.format(MARK)
    assert NOTHING.suspects(json.dumps(around.format(secret)))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"Authorization: Bearer {A40}==", f"Authorization: Bearer {MARK}"),
        ("see https://ada:s3cret@example.org/x", f"see https://{MARK}@example.org/x"),
        ("git@https://:tok@h", f"git@https://{MARK}@h"),
        (f"it says\n{PEM}and no more", f"it says\n{MARK}and no more"),
    ],
)
def test_what_stays_around_a_secret(text: str, after: str) -> None:
    """The scheme and the host; of a key that is cut off, what is no part of it."""
    assert NOTHING.text(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "task-management-system-number-12 and risk-free-0123456789-0123456789",
        "the sk-learn-like-estimator-of-yours has no figure",
        "bearer of bad news; Bearer authentication",
        "see https://example.org:8080/a@b and mail ada@example.org",
        "AKIA is a prefix, AKIAIOSFODNN7EXAMPLES is too long",
        "f" * 64,
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        f"already {MARK}, https://{MARK}@host",
    ],
)
def test_what_only_looks_alike(text: str) -> None:
    """Words, digests, addresses and what was redacted before stay."""
    assert NOTHING.text(text) == text


def test_values_of_the_environment() -> None:
    """In a text, and in JSON within it once and twice over; not what is short or innocent."""
    once, twice = json.dumps(SECRET)[1:-1], json.dumps(json.dumps(SECRET)[1:-1])[1:-1]
    for form in (SECRET, once, twice, json.dumps(SECRET, ensure_ascii=False)[1:-1]):
        assert NAMED.text(f"a {form} b") == f"a {MARK} b"
    assert NAMED.text("/home/ada is short") == "/home/ada is short"


def test_a_mark_is_no_secret() -> None:
    """Even where a variable says so: nothing is redacted twice."""
    assert Redactor({"X_KEY": "redacted"}).text(MARK) == MARK


TEXTS = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(
    ["", "sk-", "Bearer ", "://", "a@b", "\\n", '"', "é", "12", "ghp_"]
).flatmap(lambda one: st.text(max_size=9).map(lambda more: one + more))


@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_nothing_but_the_secrets_changes(texts: list[str]) -> None:
    """Texts with secrets between them come back with marks between them, and all else as it was."""
    seams = [f" ghp_{A40} ", f" {SECRET} ", f" AKIA{'Q7' * 8} "]
    whole, expected = texts[0], texts[0]
    for at, text in enumerate(texts[1:]):
        whole += seams[at % 3] + text
        expected += f" {MARK} " + text
    assert NAMED.text(whole) == expected
    assert NAMED.text(expected) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_a_value_without_secrets_stays(value: Any) -> None:
    """Figures, names and texts of any JSON come back equal."""
    assert NAMED.value(value) == value


@given(st.dictionaries(st.sampled_from(["answer", "why", "calls"]), TEXTS), st.booleans())
def test_the_quick_look_misses_nothing(document: dict[str, str], ascii_only: bool) -> None:
    """What would be replaced in a value is suspected in its JSON."""
    for secret in (f"\nsk-{A40}", f"\u2028ghp_{A40}", SECRET, f"\tbearer {A40}", PEM):
        full = {**document, "text": f"{secret}"}
        assert NAMED.suspects(json.dumps(full, ensure_ascii=ascii_only))
        assert NAMED.value(full) == {**document, "text": NAMED.text(secret)}
        assert NAMED.text(secret) != secret


def trial(**texts: str) -> Trial:
    """A trial that holds the secret wherever there is a text, and in its ids."""
    said = texts.get("said", f"it is {SECRET}")
    return Trial(
        task=f"task {SECRET}",
        number=0,
        key=SECRET,
        answer=said,
        score=Score(1.0, said),
        calls=(Call("f", json.dumps({"a": said}), said, said, said),),
        closures={"f": SECRET},
        messages=({"role": "user", "content": said, "key": said},),
        error=said,
    )


def test_evidence_is_written_without(repo: Repository) -> None:
    """In documents and trials, at the moment of writing; ids and digests are what they were."""
    evidence = Evidence(repo, "r", {"MY_SECRET": SECRET})
    evidence.write({"steps/0001.json": {"step": 1, "why": SECRET}}, [one(trial())], "one")
    assert evidence.steps() == {1: {"step": 1, "why": MARK}}
    ((path, blob),) = evidence.trial_blobs().items()
    (found,) = evidence.trials(blob)
    clean = trial(said=f"it is {MARK}")
    assert found == clean
    assert (found.task, found.key) == (f"task {SECRET}", SECRET)
    evidence.write({}, [one(trial())], "again")
    assert len(repo.log(evidence.ref)) == 1, path


def test_what_was_written_before_is_looked_at_again(repo: Repository) -> None:
    """A file that is written anew holds no key that an earlier version of it held."""
    Evidence(repo, "r", {}).write({}, [one(trial())], "one")
    evidence = Evidence(repo, "r", {"MY_SECRET": SECRET})
    evidence.write({}, [one(Trial("b", 0, "k"))], "two")
    (blob,) = evidence.trial_blobs().values()
    assert [t.answer for t in evidence.trials(blob)] == ["", f"it is {MARK}"]


def one(*trials: Trial) -> Evaluation:
    return Evaluation("val", "ab" * 32, trials)
