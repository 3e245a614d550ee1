"""Near-duplicates: the same question with other punctuation, or with a word changed in ten.

Two questions are near-duplicates when their *figures* are the same in the same order, at most one
word in ten is changed, added or left out, and the same answer is expected: where a word changes the
answer it makes another task. Of those that differ in punctuation only, answers do not count.
Figures are numbers, operators, single letters (but for the words a and I) and LaTeX commands: tasks
of one template that differ in them are different tasks. A question that resembles more than
``FAMILY`` others was made from a template, whatever is filled in, and counts as a near-duplicate
only where nothing but punctuation differs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from fnopt.tasks.question import one_form

_Key = tuple[Any, ...]  # words in a row, behind the figures in an index
FAMILY = 4  # more alike than this come from a template; copies come in twos and threes
_PER_EDIT = 10  # words for each that may differ
_MOST = 2_000  # words of a question that are looked at
_TOKEN = re.compile(
    r"\\[a-z]+"  # LaTeX commands
    r"|\d+(?:[.,]\d+)*"
    r"|[\u2e80-\u9fff\uac00-\ud7af]"  # scripts without spaces: a word a character
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*"
    r"|(?<=\d)!"
    r"|[-*/](?=\s*(?:[\d({$\\]|[a-z]\b))"  # not within and between words
    r"|[+^=<>%\u00d7\u00f7\u00b7\u2212]"
)
_FIGURE = re.compile(r"\\.*|\d.*|[b-hj-z\u03b1-\u03c9]|\W")


@dataclass(frozen=True)
class Shape:
    """What of a task is compared: words and figures in order, the figures alone, the answer."""

    tokens: tuple[str, ...]
    figures: tuple[str, ...]
    answer: str = ""

    @property
    def edits(self) -> int:
        """How many words may differ."""
        return len(self.tokens) // _PER_EDIT


def shape(question: str, answer: str = "") -> Shape:
    """What is compared of a task."""
    plain = one_form(question, "NFKC").casefold()
    tokens = tuple(_TOKEN.findall(plain)[:_MOST])
    figures = tuple(one for one in tokens if _FIGURE.fullmatch(one))
    return Shape(tokens, figures, one_form(answer, "NFKC").casefold())


def alike(one: Shape, other: Shape) -> bool:
    """Whether two questions are near-duplicates, as the head of this module says."""
    if one.figures != other.figures:
        return False
    if one.tokens == other.tokens:
        return True
    edits = min(one.edits, other.edits)
    return one.answer == other.answer and _within(one.tokens, other.tokens, edits)


def _within(one: Sequence[str], other: Sequence[str], edits: int) -> bool:
    """Whether at most ``edits`` words make one text the other."""
    if abs(len(one) - len(other)) > edits:
        return False
    start, most = 0, min(len(one), len(other))
    while start < most and one[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(left), len(right)) <= edits:
        return True
    missing = max(len(set(left) - set(right)), len(set(right) - set(left)))
    return missing <= edits and _distance(left, right, edits) <= edits


def _distance(one: Sequence[str], other: Sequence[str], edits: int) -> int:
    """Levenshtein's distance up to ``edits``, by the cells near the diagonal alone."""
    far = edits + 1
    row = {column: column for column in range(min(len(other), edits) + 1)}
    for number, token in enumerate(one, start=1):
        above, row = row, {}
        for column in range(max(0, number - edits), min(len(other), number + edits) + 1):
            changed = above.get(column - 1, far) + (column > 0 and token != other[column - 1])
            row[column] = min(changed, above.get(column, far) + 1, row.get(column - 1, far) + 1)
        if min(row.values(), default=far) > edits:
            return far
    return row.get(len(other), far)


class Index:
    """Finds what is alike among many questions, without comparing all with all.

    An edit takes one word away, and three triples of words in a row. So of the rarest ``edits + 1``
    words, or of the rarest ``3 * edits + 1`` triples, two questions that are alike have one in
    common. Whichever of the two leaves fewer questions to compare is used.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self.shapes = shapes
        self._counts: Counter[_Key] = Counter()
        for one in shapes:
            self._counts.update(_words(one) | _triples(one))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """The pairs of near-duplicates, as numbers of questions, the later one first."""
        found = list(self._resembling())
        degree = Counter(number for pair in found for number in pair)
        yield from (pair for pair in found if self._is_copy(*pair, degree))

    def models(self) -> dict[int, int]:
        """By number of a question, the first of the earlier ones that it is a near-duplicate of.

        What comes behind a question changes nothing for it.
        """
        found: dict[int, int] = {}
        degree: Counter[int] = Counter()
        for later, pairs in groupby(self._resembling(), key=itemgetter(0)):
            earlier = [number for _, number in pairs]
            degree.update([later] * len(earlier) + earlier)
            followed = [one for one in earlier if self._is_copy(later, one, degree)]
            if followed:
                found[later] = min(followed)
        return found

    def _is_copy(self, later: int, earlier: int, degree: Mapping[int, int]) -> bool:
        same = self.shapes[later].tokens == self.shapes[earlier].tokens
        return same or max(degree[later], degree[earlier]) <= FAMILY

    def _resembling(self) -> Iterator[tuple[int, int]]:
        """Pairs that are alike: of a question the first that is the same, or up to ``FAMILY + 1``
        others, which are enough to know that it is of a template."""
        postings: dict[_Key, list[int]] = defaultdict(list)
        same: dict[tuple[str, ...], int] = {}
        for number, one in enumerate(self.shapes):
            if one.tokens in same:
                yield number, same[one.tokens]
                continue
            same[one.tokens] = number
            if not one.edits:
                continue  # as short as this, only the same is alike
            ways = self._keys(one)
            near = min(
                ([postings[key] for key in keys if key in postings] for keys in ways),
                key=lambda lists: sum(map(len, lists)),
            )
            yield from ((number, other) for other in self._others(one, near))
            for key in chain(*ways):
                postings[key].append(number)

    def _others(self, one: Shape, near: Iterable[Sequence[int]]) -> list[int]:
        found: list[int] = []
        for number in dict.fromkeys(chain(*near)):
            if alike(one, self.shapes[number]):
                found.append(number)
                if len(found) > FAMILY:
                    break
        return found

    def _keys(self, one: Shape) -> tuple[list[_Key], list[_Key]]:
        """The rarest words and the rarest triples, with the figures that must be the same, too."""
        words, triples = self._rarest(_words(one)), self._rarest(_triples(one))
        return (
            [(one.figures, *key) for key in words[: one.edits + 1]],
            [(one.figures, *key) for key in triples[: 3 * one.edits + 1]],
        )

    def _rarest(self, keys: Iterable[_Key]) -> list[_Key]:
        return sorted(keys, key=lambda key: (self._counts[key], key))


def _words(one: Shape) -> set[_Key]:
    return {(token,) for token in one.tokens}


def _triples(one: Shape) -> set[_Key]:
    padded = ("", "", *one.tokens, "", "")
    return set(zip(padded, padded[1:], padded[2:], strict=False))
