"""When two questions are the same question."""

from __future__ import annotations

import hashlib
import unicodedata


def digest(question: str) -> str:
    """A hash that letter case, Unicode form and white space do not change."""
    plain = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return hashlib.sha256(plain.encode()).hexdigest()
