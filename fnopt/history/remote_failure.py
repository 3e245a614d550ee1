"""What it means to a person that git and a remote did not come together, and what to do about it.

git says it in English (it is run with ``LC_ALL=C``), the server in words of its own behind
``remote:``. Those are shown, and never believed further than by which mend they suggest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fnopt.errors import GitStateError
from fnopt.history import command
from fnopt.history.command import Answer

SHOWN = 300  # characters of what a server said

_UNSHALLOW = "git fetch --unshallow (in CI: fetch-depth: 0)"
_WRITE = "ask for write access, push to a fork (review.remote), or in CI grant it: contents: write"
_LOG_IN = "set a token (GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN), or: gh auth login; ssh: ssh-add"
_PROTECTED = "let fnopt/* be pushed to in the rules of the forge, or push elsewhere: review.remote"
_HOOK = "do what the server says, or push elsewhere: review.remote"
_NETWORK = "nothing is lost: run the command again once it can be reached"

_NO_RIGHT = r"returned error: 403|Permission to .* denied|access not granted|not allowed to push|"
_NO_RIGHT += r"insufficient permission|not have permission|denied to deploy key|read.only"
_NO_LOGIN = r"returned error: 401|Authentication failed|could not read (Username|Password)|"
_NO_LOGIN += r"Permission denied \(|Invalid username or |Access denied|Host key verification"
_NOT_THERE = r"[Rr]epository .*not found|not found$|does not appear to be a git repository|"
_NOT_THERE += r"does not exist|returned error: 404|could not be found"
_NO_NETWORK = r"returned error: (5\d\d|429|408)|Could not resolve|unable to access|timed out|"
_NO_NETWORK += r"Connection (refused|reset|closed)|hung up|early EOF|RPC failed|no end after"

_MEANINGS = (
    (r"GH006|GH013|protected branch|rule violations", "protects what is to be pushed", _PROTECTED),
    (r"shallow update not allowed", "takes nothing from a shallow clone", _UNSHALLOW),
    (r"hook declined", "refuses it by a rule of its own", _HOOK),
    (_NO_RIGHT, "does not let you write", _WRITE),
    (_NO_LOGIN, "wants to know who you are, and nobody can be asked here", _LOG_IN),
    (_NOT_THERE, "is not there, or not for you to see", "see: git remote -v"),
    (_NO_NETWORK, "cannot be reached", _NETWORK),
)


def failure(shown: str, doing: str, answer: Answer, reasons: Sequence[str] = ()) -> GitStateError:
    """The error for an exchange that came to nothing; ``reasons`` are those of single references.

    ``shown`` is the remote, ``doing`` what was tried of it (``push to``).
    """
    whole = "\n".join([*reasons, answer.error])
    said = _said(answer, reasons)
    for pattern, meaning, mend in _MEANINGS:
        if re.search(pattern, whole, re.MULTILINE):
            return GitStateError(f"could not {doing} {shown}: it {meaning}: {said}", mend)
    return GitStateError(f"could not {doing} {shown}: {said}", "see: git remote -v")


def hook_failure(shown: str, answer: Answer) -> GitStateError:
    """The error where the user's own pre-push hook did not let it out."""
    lines = [line for line in answer.error.splitlines() if "failed to push some refs" not in line]
    said = _line(" ".join(lines)) or "it said nothing"
    return GitStateError(
        f"the pre-push hook of this repository refused to push to {shown}: {said}",
        "see: git rev-parse --git-path hooks/pre-push",
    )


def is_network(answer: Answer) -> bool:
    """Whether the exchange broke off, so that nobody knows whether the server did as asked."""
    broke = re.search(_NO_NETWORK, answer.error) is not None
    certain = re.search(f"{_NO_RIGHT}|{_NO_LOGIN}|{_NOT_THERE}", answer.error, re.MULTILINE)
    return answer.code == command.TIMED_OUT or (broke and not certain)


def _said(answer: Answer, reasons: Sequence[str]) -> str:
    lines = [line.strip() for line in answer.error.splitlines()]
    theirs = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    words = [one for one in (*theirs, *(reasons or [answer.complaint])) if one]
    return _line("; ".join(words))


def _line(text: str) -> str:
    """One line that cannot steer a terminal."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]} …"
