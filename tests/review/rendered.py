"""What becomes of Markdown at a forge: parsed for real, then searched as forges search text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

FOUND = {
    "mention": re.compile(r"(?<![\w/`])@[A-Za-z0-9]"),
    "issue": re.compile(r"#\d|\bGH-\d", re.IGNORECASE),
    "address": re.compile(
        r"\w+://|\bwww\.|[\w.+-]+@[\w-]+\.\w|\b(?:mailto|xmpp):\w", re.IGNORECASE
    ),
    "gitlab": re.compile(r"(?<!\w)[!%~&$^](?=[\w\"])|\[(?:\[|_?TOC|\w+:)"),
    "tracker": re.compile(r"\b[A-Z]{2,}-\d"),
    "commit": re.compile(r"\b[0-9a-f]{7,64}\b"),
}
"""What forges look for in the text between tags, outside of code."""

CLOSES = re.compile(r"\b(?:clos|fix|resolv|implement)\w*:?\s+\S*#\d", re.IGNORECASE)
"""A closing keyword, in a commit message, where code is no code."""


@dataclass
class Rendered(HTMLParser):
    """A rendered text: its tags with their attributes, and its text outside and inside of code."""

    tags: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    code: str = ""
    comments: list[str] = field(default_factory=list)
    _depth: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, " ".join(f"{name}={value}" for name, value in attrs)))
        self._depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.code += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def active(self) -> Iterator[tuple[str, str]]:
        """What forges would make something of in the text."""
        for what, pattern in FOUND.items():
            for match in pattern.finditer(self.text):
                yield what, match[0]


def rendered(text: str) -> Rendered:
    """A text as GitHub Flavored Markdown, HTML in it let through."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found = Rendered()
    found.feed(reader.render(text))
    found.close()
    return found
