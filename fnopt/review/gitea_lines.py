"""Whether what a comment of Gitea's stands on is still there.

Gitea tells the line that a comment was made on and the part of the diff that ends with it, not
whether the line has moved since (GitHub and GitLab do). So the line's text is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fnopt.errors import ForgeError
from fnopt.review.api import Api

Texts = Mapping[str, list[str] | None]
"""The lines of files at the branch's head, by path; None where the forge does not tell."""


def texts(api: Api, repo: str, branch: str, paths: set[str]) -> Texts:
    """The files that comments stand on, as they are now."""
    return {path: _lines(api, repo, branch, path) for path in sorted(paths)}


def line_now(comment: Mapping[str, Any], there: Texts) -> int | None:
    """The line (1-based) of a comment, as far as it has the text that it was made on."""
    line = int(comment.get("position") or 0)
    hunk = str(comment.get("diff_hunk") or "").splitlines()
    lines = there.get(str(comment.get("path")))
    if line < 1 or lines is None or not hunk:
        return line or None  # on what was removed; or nobody knows better
    text = hunk[-1][1:].rstrip()  # without the sign of the diff
    return line if line <= len(lines) and lines[line - 1].rstrip() == text else None


def _lines(api: Api, repo: str, branch: str, path: str) -> list[str] | None:
    try:
        return api.text(f"{repo}/raw/{quote(path)}", {"ref": branch}).splitlines()
    except ForgeError:  # the branch or the file is gone, or the forge has no such answer
        return None
