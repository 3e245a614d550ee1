"""When two questions are the same question."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Literal

_LONGEST = 1_000  # characters of a word that is brought into one form


def digest(question: str) -> str:
    """A hash that letter case, Unicode form and white space do not change."""
    plain = " ".join(one_form(question, "NFKC").casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()


def one_form(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """The text with single spaces and its words in one Unicode form.

    Enormous words stay as they are: a run of combining marks takes quadratic time.
    """
    words = text.split()
    return " ".join(
        unicodedata.normalize(form, word) if len(word) <= _LONGEST else word for word in words
    )
