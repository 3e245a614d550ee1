"""What people want the optimizer to know: ``optimizer.hints`` and the file ``feedback.md``.

Both come from the working tree of the repository's owner, as the configuration does. To the
optimizer they are text in its prompt, to everything else data.
"""

from __future__ import annotations

from pathlib import Path

from fnopt.errors import UsageError

FILE = "feedback.md"
LONGEST = 100_000  # bytes that are read


def read(root: Path, hints: str) -> tuple[str, ...]:
    """The notes there are, each a text that is not empty.

    Raises UsageError when the file is there and cannot be read.
    """
    path = root / FILE
    try:
        with path.open("rb") as file:
            written = file.read(LONGEST).decode("utf-8-sig", "replace")
    except FileNotFoundError:
        written = ""
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message, "see its permissions, or remove it") from None
    return tuple(one.strip() for one in (hints, written) if one.strip())
