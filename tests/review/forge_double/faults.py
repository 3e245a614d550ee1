"""What goes wrong on purpose, and what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

What = int | Literal["drop", "after"]


@dataclass(frozen=True)
class Seen:
    """A request that came; status 0: it got no answer."""

    method: str
    path: str
    status: int


@dataclass
class Fault:
    """What becomes of the next ``times`` requests whose path (with its query) has the pattern.

    A status: that is the answer, and nothing is done. ``drop``: the connection ends, nothing is
    done. ``after``: it is done, then the connection ends, or ``status`` is answered if given.
    """

    pattern: str
    what: What
    status: int = 0
    method: str = ""
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)

    def hits(self, method: str, path: str) -> bool:
        """Whether it is meant for this request; each time counts."""
        meant = self.method in ("", method) and re.search(self.pattern, path)
        if not meant or self.times < 1:
            return False
        self.times -= 1
        return True

    @property
    def answer(self) -> int:
        """The status to answer with; 0: the connection ends without any."""
        return self.what if isinstance(self.what, int) else self.status
