"""A roll-back that would leave a call that no longer fits is refused."""

from fnopt.history.refusal import broken
from fnopt.library.function import Library, read

OLD = 'def pad(text: str) -> str:\n    """Pad."""\n    return text.center(9)\n'
NEW = OLD.replace("text: str)", "text: str, width: int)").replace("9", "width")
CALL = "from functions.pad import pad\n\n\ndef title(text: str) -> str:\n    return pad({0})\n"


def library(pad: str, call: str | None = None) -> Library:
    """A library of one function, and perhaps one that calls it."""
    files = {"functions/pad.py": pad.encode()}
    if call is not None:
        files["functions/title.py"] = CALL.replace("{0}", call).encode()
    return read(files)


def test_a_call_that_would_no_longer_fit_refuses() -> None:
    """With the caller named."""
    refusal = broken(library(NEW, "text, 7"), library(OLD, "text, 7"), library(OLD))
    assert refusal is not None
    assert "title calls pad with 2 arguments by position" in refusal.message
    assert refusal.functions == ("title",)


def test_a_call_that_fits_both_does_not() -> None:
    """Nor one that did not fit before the update."""
    assert broken(library(NEW), library(OLD), library(OLD)) is None
    wide = NEW.replace("width: int", "width: int = 9")
    assert broken(library(wide, "text"), library(OLD, "text"), library(OLD)) is None
    same = library(OLD, "text, 7")
    assert broken(library(NEW, "text, 7"), same, same) is None
