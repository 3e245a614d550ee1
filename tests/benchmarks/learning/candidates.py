"""Which families the reported set consists of: a rule, applied before anything learned on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.learning.accepted import write
from benchmarks.learning.finish import per_family
from benchmarks.learning.setting import repository
from benchmarks.learning.stand import EMPTY, stand

CANDIDATES = (
    "base_conversion",
    "basic_arithmetic",
    "binary_alternation",
    "bitwise_arithmetic",
    "complex_arithmetic",
    "count_primes",
    "decimal_arithmetic",
    "fraction_simplification",
    "gcd",
    "isomorphic_strings",
    "number_filtering",
    "number_format",
    "power_function",
    "products",
    "ransom_note",
    "simple_equations",
    "time_intervals",
    "word_sequence_reversal",
    "word_sorting",
)
"""Text in, one short answer, which is a deterministic function of what stands in the question and
takes a few lines of the standard library."""
SEED = 900  # of these tasks, and of no others
SIZE = 8  # tasks of each
MOST = 0.5  # share that the agent may answer without functions
WANTED = 5


def measure(out: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """How many of each family the agent answers without functions, and which five are chosen."""
    out.mkdir(parents=True, exist_ok=True)
    first = CANDIDATES[0]
    files = repository(
        train=f"reasoning-gym:{','.join(CANDIDATES)}?size={SIZE}&seed={SEED}",
        val=f"reasoning-gym:{first}?size=1&seed={SEED + 1_000}",
        test=f"reasoning-gym:{first}?size=1&seed={SEED + 2_000}",
    )
    with stand(out, files, SIZE * len(CANDIDATES), say) as place:
        place.evaluate_all(EMPTY, "train", place.train)
        counts = per_family(row for row in place.ledger.rows if row["score"] is not None)
    document = {"counts": counts, "chosen": chosen(counts)}
    write(out / "candidates.json", document)
    say(json.dumps(document))
    return document


def chosen(counts: dict[str, dict[str, int]]) -> list[str]:
    """Of the families at which it fails often enough the first five, by the hash of their names."""
    hard = [name for name, one in counts.items() if one["right"] <= MOST * one["total"]]
    return sorted(sorted(hard, key=_place)[:WANTED])


def _place(name: str) -> str:
    """An order that nobody chose: by SHA-256."""
    return hashlib.sha256(name.encode()).hexdigest()
