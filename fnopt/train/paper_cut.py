"""Many texts in little room: long ones are cut before short ones are. Lengths are in characters."""

from __future__ import annotations

from collections.abc import Sequence

CUT = " … (cut) … "
LEAST = 60  # characters of a text below which it says nothing


def cut(text: str, most: int) -> str:
    """A text of at most ``most`` characters: its beginning and, a third of it, its end."""
    if len(text) <= most:
        return text
    kept = most - len(CUT)
    if kept <= 0:
        return text[: max(0, most)]
    end = kept // 3
    return text[: kept - end] + CUT + text[len(text) - end :]


def fitted(texts: Sequence[str], room: int) -> list[str]:
    """The texts, together no longer than ``room``: an equal share each, and what short ones leave
    goes to the long ones. Those for which a share would say nothing are left out, the last first.
    """
    kept = list(texts)
    while kept and sum(min(len(text), LEAST) for text in kept) > room:
        kept = kept[: min(len(kept) - 1, max(room // LEAST, len(kept) // 2))]
    share = _share([len(text) for text in kept], room)
    return [cut(text, share) for text in kept]


def _share(lengths: Sequence[int], room: int) -> int:
    """The greatest length to which all can be cut so that they fit."""
    left = room
    for done, length in enumerate(sorted(lengths)):
        share = left // (len(lengths) - done)
        if length > share:
            return share
        left -= length
    return max(lengths, default=0)
