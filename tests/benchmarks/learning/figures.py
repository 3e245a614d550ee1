"""What a report says of right and wrong answers, with how sure it is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

RESAMPLES = 10_000
SEED = 20_240_617  # fixed, so that a report can be made again
Z = 1.959964


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927), which stays within 0 and 1."""
    if not total:
        return 0.0, 1.0
    share, spread = right / total, Z * Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def paired(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """The mean difference, one minus other, of the same tasks, with its 95% bootstrap interval.

    Tasks are drawn with replacement; the interval is the percentiles' of the mean differences.
    """
    differences = [a - b for a, b in zip(one, other, strict=True)]
    if not differences:
        return 0.0, 0.0, 0.0
    chance, size = random.Random(SEED), len(differences)
    means = sorted(sum(chance.choices(differences, k=size)) / size for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return sum(differences) / size, low, high
