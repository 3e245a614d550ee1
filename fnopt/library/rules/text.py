"""Is the text what it seems to be? (Boucher and Anderson, Trojan Source, 2021.)"""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
import unicodedata
from collections.abc import Iterator

from fnopt.library.module import Module
from fnopt.library.rules.registry import Settings, fault, rule
from fnopt.library.source import compiles
from fnopt.records import Fault

_HIDDEN = frozenset(
    [
        *(chr(code) for code in range(0x202A, 0x202F)),  # bidirectional embedding and override
        *(chr(code) for code in range(0x2066, 0x206A)),  # bidirectional isolates
        *"\u200b\u200e\u200f\u061c\u2060\u2061\u2062\u2063\u2064\u00ad\u180e\ufeff\u3164\uffa0",
        *(chr(code) for code in range(0xE0000, 0xE0080)),  # tags
    ]
)
_SEEN_AS = str.maketrans(
    "аеорсухіјѕԁһԛԝьвкмнтАВЕКМНОРСТУХІЈЅАαοινρκυτΑΒΕΖΗΙΚΜΝΟΡΤΥΧօոսհցքԚԜ",
    "aeopcyxijsdhqwbbkmhtABEKMHOPCTYXIJSAaoivpkutABEZHIKMNOPTYXonuhgqQW",
)
_FAMILIES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
_MEND = "Write it with the letters that are meant."


@rule(
    "syntax", "A module compiles: what does not parse, and what parses and is wrong all the same."
)
def _syntax(module: Module, _: Settings) -> Iterator[Fault]:
    found = compiles(module.text, module.path)
    if found:
        yield found


@rule("trojan-source", "No invisible or turning characters, no letters that look like others.")
def _trojan(module: Module, _: Settings) -> Iterator[Fault]:
    if module.text.body.isascii():
        return
    text = module.text.body.decode("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        found = sorted(set(line) & _HIDDEN)
        if found:
            name = unicodedata.name(found[0], "an unnamed character")
            message = f"{module.path} holds an invisible character: {name} (U+{ord(found[0]):04X})"
            mend = "Delete it; in a string write it as an escape."
            yield fault(module, "trojan-source", None, number, message, mend)
    yield from _names(module, text)


def _names(module: Module, text: str) -> Iterator[Fault]:
    names: dict[str, int] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                names.setdefault(token.string, token.start[0])
    except (tokenize.TokenError, SyntaxError):
        return
    plain = {name for name in names if name.isascii()} | set(dir(builtins)) | set(keyword.kwlist)
    for name, line in names.items():
        why = "" if name.isascii() else _disguise(name, plain)
        if why:
            yield fault(module, "trojan-source", None, line, f"the name {name} {why}", _MEND)


def _disguise(name: str, plain: set[str]) -> str:
    """What makes a name look like another one; empty when nothing does."""
    if unicodedata.normalize("NFKC", name) != name:
        return f"is read as {unicodedata.normalize('NFKC', name)}"
    seen = name.translate(_SEEN_AS)
    if seen in plain:
        return f"looks like {seen} and is another"
    families = {family for letter in name if (family := _family(letter))}
    return "mixes letters of several scripts" if len(families) > 1 else ""


def _family(letter: str) -> str:
    name = unicodedata.name(letter, "") if letter.isalpha() else ""
    first = name.partition(" ")[0]
    return first if first in _FAMILIES else ""
