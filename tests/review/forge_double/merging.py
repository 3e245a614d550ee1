"""Merges as the forges do them, with the messages that they write."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence

from review.forge_double.bare import Bare
from review.forge_double.values import How, Kind, Pull, Refused

COMMITTERS = {"github": "GitHub <noreply@github.com>"}


def merge(bare: Bare, kind: Kind, pull: Pull, how: How, by: str, place: str, when: str) -> None:
    """Move the base branch as the forge would, and note in the pull request what it became.

    ``place`` is the repository as messages name it, ``when`` the date of what is made. Raises
    Refused (``conflict``) where it does not merge cleanly.
    """
    tip = bare.git("rev-parse", f"refs/heads/{pull.base}")
    signer = _Signer(bare, kind, by, when)
    message = _message(bare, kind, pull, how, place)
    if how == "rebase":
        end = _rebased(bare, signer, tip, pull.head_sha)
    elif how == "squash":
        end = pull.squashed_as = signer.commit(_merged(bare, tip, pull.head_sha), [tip], message)
        if kind == "gitlab":  # it merges the one commit that it made
            said = _message(bare, kind, pull, "merge", place)
            end = signer.commit(f"{end}^{{tree}}", [tip, end], said)
    else:
        end = signer.commit(_merged(bare, tip, pull.head_sha), [tip, pull.head_sha], message)
    bare.git("update-ref", f"refs/heads/{pull.base}", end, tip)
    pull.merged_as, pull.merged_by, pull.how = end, by, how


class _Signer:
    """Makes commits by a person; the forge is the committer where it says so."""

    def __init__(self, bare: Bare, kind: Kind, by: str, when: str) -> None:
        self.bare = bare
        person = f"{by} <{by}@example.org>"
        words: dict[str, str] = {}
        for role, who in (("AUTHOR", person), ("COMMITTER", COMMITTERS.get(kind, person))):
            name, mail = who.rstrip(">").split(" <")
            words |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": mail, f"GIT_{role}_DATE": when}
        self.words = words

    def commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        """A commit without any reference to it."""
        tree = self.bare.git("rev-parse", tree)
        named = [word for parent in parents for word in ("-p", parent)]
        return self.bare.git("commit-tree", tree, *named, "-m", message, **self.words)

    @property
    def committer(self) -> dict[str, str]:
        """For commits that keep their author."""
        return {name: word for name, word in self.words.items() if "COMMITTER" in name}


def _merged(bare: Bare, ours: str, theirs: str) -> str:
    """The tree of a clean merge."""
    try:
        return bare.git("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
    except subprocess.CalledProcessError:
        raise Refused("conflict", theirs) from None


def _rebased(bare: Bare, signer: _Signer, onto: str, head: str) -> str:
    """The head's commits anew on ``onto``, each with its author and message."""
    commits = bare.git("rev-list", "--reverse", "--no-merges", f"{onto}..{head}").split()
    with tempfile.TemporaryDirectory() as folder:
        bare.git("worktree", "add", "-q", "--detach", f"{folder}/tree", onto)
        try:
            words = ("cherry-pick", "--allow-empty-message", "--keep-redundant-commits", *commits)
            bare.git("-C", f"{folder}/tree", *words, **signer.committer)
            return bare.git("-C", f"{folder}/tree", "rev-parse", "HEAD")
        except subprocess.CalledProcessError:
            raise Refused("conflict", head) from None
        finally:
            bare.git("worktree", "remove", "--force", f"{folder}/tree")


def _message(bare: Bare, kind: Kind, pull: Pull, how: How, place: str) -> str:
    if kind == "gitlab":
        if how == "squash":
            return pull.title
        into = f"Merge branch '{pull.head}' into '{pull.base}'"
        return f"{into}\n\n{pull.title}\n\nSee merge request {place}!{pull.number}"
    if kind == "gitea":
        return _gitea(pull, how, place)
    if how == "squash":
        return _github_squash(bare, pull)
    owner = place.split("/")[0]
    return f"Merge pull request #{pull.number} from {owner}/{pull.head}\n\n{pull.title}"


def _gitea(pull: Pull, how: How, place: str) -> str:
    """Squashed, the pull request's own words come along (Gitea's setting unless changed)."""
    reviewed = f"Reviewed-on: {place}/pulls/{pull.number}"
    if how == "squash":
        return f"{pull.title} (#{pull.number})\n\n{pull.body}\n\n{reviewed}"
    into = f" into {pull.base}" if pull.base != "main" else ""
    return (
        f"Merge pull request '{pull.title}' (#{pull.number}) from {pull.head}{into}\n\n{reviewed}"
    )


def _github_squash(bare: Bare, pull: Pull) -> str:
    """One commit: its own message. Several: the title, and each message as an item of a list.

    Authors other than the pull request's are credited below a rule, as are those that the
    commits credit (trailers ``Co-authored-by``).
    """
    commits = [
        commit
        for commit in bare.commits(pull.base_sha, pull.head_sha)
        if not bare.git("show", "-s", "--format=%P", commit).count(" ")
    ]
    messages = [bare.message(commit) for commit in commits]
    if len(messages) == 1:
        subject, _, body = messages[0].partition("\n")
        return f"{subject} (#{pull.number})\n\n{body.strip()}".strip()
    items = "\n\n".join(f"* {message}" for message in messages)
    people = dict.fromkeys(bare.author(commit) for commit in commits)
    credit = [f"Co-authored-by: {who}" for who in people if not who.startswith(f"{pull.author} ")]
    below = "\n\n---------\n\n" + "\n".join(credit) if credit else ""
    return f"{pull.title} (#{pull.number})\n\n{items}{below}"
