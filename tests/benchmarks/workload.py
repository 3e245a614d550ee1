"""A library as fnopt makes it: a module a function, most of which call the one before."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT = '''"""Tool {n}: counts what it is told to count."""

from __future__ import annotations

import math
import re
from collections import Counter
{imported}
_PATTERN = re.compile(r"[a-z]+{n}?")
_LIMIT = {n}


def _words(text: str) -> list[str]:
    """Return the words."""
    return _PATTERN.findall(text.lower())


def tool_{n}(text: str, limit: int = 10) -> int:
    """Count the words of a text that are longer than {n}.

    Args:
        text: What is counted.
        limit: The most that is returned.

    Returns:
        The count.
    """
    counts = Counter(_words(text))
    total = 0
    for word, count in sorted(counts.items()):
        if len(word) > _LIMIT + {n}:
            total += count * {more}
        elif word.startswith("a"):
            total -= int(math.sqrt(count))
{called}    return min(total, limit)
'''


def library(count: int) -> Mapping[str, bytes]:
    """The files of a library of so many functions of about 40 lines; three in four call another."""
    return {f"functions/tool_{n}.py": _module(n) for n in range(count)}


def _module(n: int) -> bytes:
    calls = n % 4 > 0
    before = f"tool_{n - 1}"
    imported = f"\nfrom functions.{before} import {before}\n" if calls else ""
    called = f"    total += {before}(text, limit)\n" if calls else ""
    return _TEXT.format(n=n, more=n + 1, imported=imported, called=called).encode()
