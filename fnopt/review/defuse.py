"""Text that nobody vouches for, made harmless in Markdown: it reads as it was written and does
nothing.

Forges act on Markdown twice: they parse it (links, images, HTML, tables: CommonMark 0.31, GitHub
Flavored Markdown 0.29), and then look for mentions, issues, commits and addresses in what came of
it, where no backslash is left. Against the first, punctuation is escaped; against the second, a
zero-width space parts what would be found (Renovate and Dependabot do so, too). A body may become
the message of a squash commit, which is no Markdown: so code is parted as well, and no line can
pass for a trailer or one of GitLab's quick actions.
"""

from __future__ import annotations

import re
import unicodedata

from fnopt.history.message import BELIEVED

GAP = "\u200b"
"""Zero-width space: what parts a mention from its sign. None is left of the text's own."""

CUT = "…"
NOTHING = "-"

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_ESCAPED = re.compile(r"[\\`*\[\]|~{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_TOKENS = re.compile(rf"({_ESCAPED.pattern}|[&<>$])")
_BLOCKS = tuple("#+=:-")  # what begins a heading, a list, a table or a definition
_ORDERED = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")
_REFERENCES = (
    re.compile(r"@"),  # people, teams, addresses, commits (owner/repo@sha)
    re.compile(r"#(?=\w)"),  # issues, here and elsewhere
    re.compile(r":(?=//)|\b(?:mailto|xmpp|tel):|\bwww(?=\.)", re.IGNORECASE),
    re.compile(r"\bgh-(?=\d)", re.IGNORECASE),
)
_IN_PROSE = (
    re.compile(r"(?<=[A-Za-z])-(?=\d)"),  # KEY-123, where a forge links to another tracker
    re.compile(r"[!%~^](?=[\w\"])"),  # GitLab's: merge requests, milestones, labels, alerts
    re.compile(r"[&$](?=[\w\"])"),  # its epics and snippets
    re.compile(r"\[(?=\[|_?TOC|\w+:)", re.IGNORECASE),  # pages, and references such as [epic:1]
)
_COMMIT = re.compile(r"(?<!\w)[0-9a-f]{7,64}(?!\w)", re.IGNORECASE)
_SHORT = re.compile(r".{6}(?=.)")  # no forge takes so few digits for a commit
_SEEN = 8  # of so many characters that are looked at, one can be seen
_TICKS = re.compile(r"`+")
_SPACES = re.compile(r"[^\S\n]+")


def plain(text: str) -> str:
    """Text without what cannot be seen: controls, marks of direction, zero-width characters, half
    surrogate pairs. Line ends are LF, other white space is a blank."""
    if not text.isprintable():
        text = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", text)
        text = "".join(map(_visible, text))
    return _SPACES.sub(" ", text)


def defused(text: str, most: int = 0) -> str:
    """Prose as Markdown that renders as what was written, and nothing else; line breaks stay.

    Of more than ``most`` characters (0: any number) the rest is cut off.
    """
    return "\n".join(_line(line.strip()) for line in _cut(_plain(text, most), most).split("\n"))


def one_line(text: str, most: int = 0) -> str:
    """The same on one line."""
    return _line(_cut(" ".join(_plain(text, most).split()), most))


def quoted(text: str, most: int = 0) -> str:
    """The same as a block quotation."""
    lines = defused(text.strip("\n"), most).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def in_code(text: str, most: int = 0) -> str:
    """Text as a code span on one line; a dash where there is none."""
    text = _in_code(_cut(" ".join(_plain(text, most).split()), most))
    if not text:
        return NOTHING
    fence = "`" * (_longest(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def in_cell(text: str, most: int = 0) -> str:
    """Prose in a cell of a table."""
    return one_line(text, most) or NOTHING


def code_in_cell(text: str, most: int = 0) -> str:
    """A code span in a cell of a table, where a pipe ends the cell even in code."""
    return in_code(text, most).replace("|", "\\|")


def _plain(text: str, most: int) -> str:
    """The same; of a huge text no more than the first ``most`` characters can lie in."""
    return plain(text[: most * _SEEN] if most else text)


def _visible(char: str) -> str:
    if char == "\n" or char.isprintable():
        return char
    return "" if unicodedata.category(char) in ("Cf", "Cs", "Cn", "Co") else " "


def _cut(text: str, most: int) -> str:
    return text if not most or len(text) <= most else f"{text[: most - 1].rstrip()}{CUT}"


def _line(text: str) -> str:
    """One line, without white space around it."""
    acts = _acts(text)
    text = _parted(text, (*_REFERENCES, *_IN_PROSE))
    text = _COMMIT.sub(lambda match: _SHORT.sub(rf"\g<0>{GAP}", match[0]), text)
    ordered = _ORDERED.match(text)
    blocks = text.startswith(_BLOCKS)
    text = "".join(map(_escaped, _TOKENS.split(text)))
    if ordered:
        text = f"{ordered[0]}\\{text[len(ordered[0]) :]}"
    elif blocks:
        text = f"\\{text}"
    return f"{GAP}{text}" if acts else text


def _escaped(token: str) -> str:
    if token in _ENTITIES:
        return _ENTITIES[token]
    return f"\\{token}" if _ESCAPED.fullmatch(token) else token


def _acts(line: str) -> bool:
    """Whether a line could be read as a trailer, as git's own mark, or as a quick action."""
    return bool(BELIEVED.match(line)) or line.lstrip().startswith("/")


def _in_code(text: str) -> str:
    return _parted(text.replace("<!--", "<! --").replace("-->", "-- >"), _REFERENCES)


def _parted(text: str, marks: tuple[re.Pattern[str], ...]) -> str:
    for mark in marks:
        text = mark.sub(lambda match: f"{match[0]}{GAP}", text)
    return text


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
