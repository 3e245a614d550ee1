"""Keys and tokens never get into the evidence, which travels: they are replaced as it is written.

Two kinds are known: values of environment variables whose names say that they are secret, and the
shapes of well-known keys. Texts alone are looked at; figures, ids and digests stay what they are.
Where nothing is found nothing changes, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

MARK = "[redacted]"
LEAST = 8  # characters of a variable's value that is taken for a secret
NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE")

EXACT = frozenset(
    {"task", "tasks", "key", "closures", "usage", "number", "function", "actions", "broke", "rule"}
    | {"run", "base", "base_commit", "commit", "from", "fnopt", "split", "step", "verdict"}
)
"""Fields of trials and documents that are ids, digests, names and figures; not in a conversation,
which may have any fields."""

_DIGIT = r"(?=[\w-]*[0-9])"
_SPACE = r"(?:\s|\\+[nr])"


def _begun(by: str, rest: str) -> tuple[str, str]:
    """What stands in every such key, and the key. It is no word's end, though it may stand behind
    what JSON escapes. The literal comes first: the search for it is what makes this fast."""
    apart = rf"(?:(?<![A-Za-z0-9_-]{by})|(?<=\\[bfnrt]{by})|(?<=\\u[0-9a-f]{{4}}{by}))"
    return by, by + apart + rest


_SHAPES = (
    _begun("sk-", rf"{_DIGIT}[A-Za-z0-9_-]{{20,}}"),  # OpenAI, Anthropic, OpenRouter
    *(_begun(f"gh{kind}_", r"[A-Za-z0-9]{20,}") for kind in "opsur"),  # GitHub
    _begun("github_pat_", r"[A-Za-z0-9_]{20,}"),
    *(_begun(f"gl{kind}-", r"[\w.=-]{16,}") for kind in ("pat", "dt", "rt")),
    _begun("AKIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),  # AWS
    _begun("ASIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _begun("xox", r"[a-z]-[A-Za-z0-9-]{10,}"),  # Slack
    _begun("AIza", r"[0-9A-Za-z_-]{35}"),  # Google
    _begun("hf_", r"[A-Za-z0-9]{30,}"),  # Hugging Face
    _begun("eyJ", r"[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),  # RFC 7519
    # what is to be kept before it is a group
    ("earer ", r"(earer +)(?=[^\s\"\\]*[0-9])[\w.~+/-]{16,}=*"),  # RFC 6750
    ("://", r"(://)[^\s/@:\"'<>\\]*:[^\s/@\"'<>\\]+(?=@)"),  # user and password
    (
        "PRIVATE KEY",  # RFC 7468; also one that is cut off
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.{0,20000}?-----END [A-Z ]*PRIVATE KEY-----"
        rf"|{_SPACE}*(?:[\w+/=]{{16,}}{_SPACE}*)*)",
    ),
)


class Redactor:
    """Finds and replaces secrets; made of the environment as it is when it is made."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {value for name, value in environ.items() if _is_secret(name, value)}
        forms = sorted({form for one in values for form in _forms(one)}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, forms))) if forms else None
        self._needles = tuple(forms)
        self._shapes = [
            (needle, re.compile(shape, re.DOTALL | re.ASCII)) for needle, shape in _SHAPES
        ]

    def suspects(self, text: str) -> bool:
        """Whether a closer look at a text, JSON or not, is worth it: fast, and never wrongly no."""
        return any(one in text for one in self._needles) or any(
            needle in text and shape.search(text) for needle, shape in self._shapes
        )

    def text(self, text: str) -> str:
        """The text with every secret in it replaced."""
        if self._values is not None:
            text = self._values.sub(MARK, text)
        for needle, shape in self._shapes:
            if needle in text:
                text = shape.sub(rf"\1{MARK}" if shape.groups else MARK, text)
        return text

    def value(self, value: Any, exact: Container[str] = EXACT) -> Any:
        """A JSON value without the secrets in its texts, but for those of ``exact`` fields."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self._field(key, one, exact) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one, exact) for one in value]
        return value

    def _field(self, key: str, value: Any, exact: Container[str]) -> Any:
        return value if key in exact else self.value(value, () if key == "messages" else exact)


def _is_secret(name: str, value: str) -> bool:
    return name.upper().endswith(NAMES) and len(value) >= LEAST and value not in MARK


def _forms(value: str) -> Iterable[str]:
    """A value as it stands in a text, and in JSON within it, once and twice over."""
    yield value
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
