"""What goes between the door and the dialects: a call, an answer, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from review.forge_double.state import State

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request that was understood: ``path`` holds the parts of the path that its template
    names, decoded; ``url`` is the whole address that was asked; ``user`` may be empty."""

    state: State
    user: str
    web: str
    api: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None

    @property
    def number(self) -> int:
        """The pull request's."""
        names = ("pull_number", "issue_number", "index", "merge_request_iid")
        return int(next(self.path[name] for name in names if name in self.path))


@dataclass(frozen=True)
class Answer:
    """A response; ``body`` is JSON unless it is bytes or None."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Dialect:
    """How a forge speaks: where its API is, what it serves, and how it says no.

    ``unknown`` and ``wrong`` are its answers where nothing stands at a path and where a request
    does not fit the description; ``refused`` says a reason in its words. ``personal`` operations
    are for those who say who they are.
    """

    api: str
    routes: Mapping[str, Handler]
    refused: Callable[[str, str, Call], Answer]
    unauthorized: Callable[[bool], Answer]
    forbidden: Callable[[str], Answer]
    unknown: Callable[[], Answer]
    wrong: Callable[[str], Answer]
    limited: Callable[[int, int], Answer]
    budget: Callable[[int, int], Mapping[str, str]]
    personal: Sequence[str] = ("GET /user",)


def page(
    call: Call, items: Sequence[Json], *, size: str, usual: int, most: int
) -> tuple[Sequence[Json], dict[str, str], tuple[int, int]]:
    """One page of a list, the ``Link`` header (RFC 8288) around it, and its number and size."""
    count = min(int(call.query.get(size) or usual), most)
    number = max(int(call.query.get("page") or 1), 1)
    last = max(-(-len(items) // count), 1)
    places = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number == 1:
        del places["prev"], places["first"]
    if number >= last:
        del places["next"], places["last"]
    links = (f'<{_turned(call.url, to, size, count)}>; rel="{name}"' for name, to in places.items())
    header = {"Link": ", ".join(links)} if places else {}
    return items[(number - 1) * count : number * count], header, (number, count)


def _turned(url: str, to: int, size: str, count: int) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "page": str(to), size: str(count)}
    return urlunsplit(parts._replace(query=urlencode(query)))
