"""What a forge answered, read: its words, and where its list goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SAID = 300  # characters of what a forge says that stand in an error

Query = Mapping[str, str | int]


@dataclass(frozen=True)
class Response:
    """What the forge answered; ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


def said(answer: Response) -> str:
    """What a forge says in an answer that is no success, on one line."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""  # a page for people
    return re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", _words(told)).strip()[:SAID]


def next_page(headers: Mapping[str, str], asked: Query, have: int) -> Query | None:
    """What to ask for next, or None at the end. Of a link nothing is taken but its query: forges
    behind proxies name hosts that are not theirs."""
    if "link" in headers:
        target = _link(headers["link"], "next")
        if target is None:
            return None
        following = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        return following if following != {k: str(v) for k, v in asked.items()} else None
    page = headers.get("x-next-page", "").strip()
    if page.isdecimal():
        return {**asked, "page": int(page)}
    total = headers.get("x-total-count", "").strip()
    if "x-next-page" not in headers and total.isdecimal() and have < int(total):
        return {**asked, "page": int(asked.get("page", 1)) + 1}
    return None


def _link(header: str, relation: str) -> str | None:
    """The target with a relation in a Link header."""
    for target, parameters in re.findall(r"<([^>]*)>((?:\s*;[^,<]*)*)", header):
        named = re.search(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', parameters, re.IGNORECASE)
        if named and relation in (named[1] or named[2]).lower().split():
            return str(target)
    return None


def _words(told: Any) -> str:
    """GitHub has a message and errors, GitLab a message (text, list or object) or an error, Gitea
    a message."""
    if isinstance(told, str):
        return told
    if isinstance(told, Sequence):
        return "; ".join(filter(None, map(_words, told)))
    if not isinstance(told, Mapping):
        return ""
    if not any(key in told for key in ("message", "error", "error_description", "errors")):
        fields = (told.get("resource"), told.get("field"), told.get("code"))
        own = " ".join(str(one) for one in fields if one)
        return own or "; ".join(f"{key} {_words(value)}".strip() for key, value in told.items())
    parts = (told.get("message"), told.get("error_description") or told.get("error"))
    return ": ".join(filter(None, (*map(_words, parts), _words(told.get("errors")))))
