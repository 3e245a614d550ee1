"""What the commits of a run say: the commits that are looked at, and their blocks of trailers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fnopt.history import message
from fnopt.history.message import Trailers
from fnopt.history.repo import Commit, Repository
from fnopt.history.updates import PEOPLES

FIGURES = ("Fnopt-Verdict", "Fnopt-Score", "Fnopt-Base")
"""The trailers that claim something that must have been measured."""

_FORM = "--format=%H%n%P%n%T%n%aI%n%B"


@dataclass(frozen=True)
class Told:
    """One commit and its blocks; several, where a squash merge put messages into one."""

    commit: Commit
    blocks: tuple[Trailers, ...]

    @property
    def sha(self) -> str:
        """The commit's full name."""
        return self.commit.sha

    @property
    def steps(self) -> tuple[Trailers, ...]:
        """The blocks of judged steps."""
        return tuple(one for one in self.blocks if is_step(one))

    @property
    def squashed(self) -> bool:
        """Whether several messages lie in one."""
        return len(self.blocks) > 1


def is_step(marks: Trailers) -> bool:
    """Whether the trailers are those of a judged step."""
    if "Fnopt-Step" not in marks or action(marks) in PEOPLES:
        return False
    return any(key in marks for key in FIGURES)


def action(marks: Trailers) -> str:
    """What the trailers say was done, ``several`` for more than one edit."""
    actions = marks.get("Fnopt-Action", ())
    return actions[0] if len(actions) == 1 else "several" if actions else ""


def first(marks: Trailers, key: str) -> str:
    """The first value of a trailer, or nothing."""
    return marks.get(key, ("",))[0]


def span(repo: Repository, run: str, head: str, base: str | None) -> list[Told]:
    """The commits from ``base`` to ``head`` on the way that the run took, oldest first.

    What ``fnopt update`` merged into it stays aside. At other merges the way goes on where commits
    of the run are: a forge's merge commit has them on its second side.
    """
    found = log(repo, head, *([f"^{base}"] if base else []))
    told = {one.sha: Told(one, blocks_in(one.message)) for one in found}
    leads = _leading(told, run)
    way: dict[str, Told] = {}
    pending = [head]
    while pending:
        one = told.get(pending.pop())
        if one is not None and one.sha not in way:
            way[one.sha] = one
            pending += _onward(one, leads)
    return [told[one.sha] for one in reversed(found) if one.sha in way]


def runs_in(repo: Repository, head: str, base: str | None) -> list[str]:
    """The runs that commits up to ``head`` name, the newest first."""
    words = (head, *([f"^{base}"] if base else []))
    found = log(repo, "--extended-regexp", "--grep=^ *Fnopt-Run: ", *words)
    named = (first(marks, "Fnopt-Run") for one in found for marks in blocks_in(one.message))
    return list(dict.fromkeys(filter(None, named)))


def _onward(told: Told, leads: Mapping[str, bool]) -> Iterable[str]:
    parents = told.commit.parents
    if any(action(marks) == "update" for marks in told.blocks):
        return parents[:1]
    return [one for one in parents if leads.get(one)] or parents[:1]


def _leading(told: Mapping[str, Told], run: str) -> dict[str, bool]:
    """Whether a commit, or one before it, is the run's; git names children first."""
    leads: dict[str, bool] = {}
    for sha, one in reversed(list(told.items())):
        ours = any(first(marks, "Fnopt-Run") == run for marks in one.blocks)
        leads[sha] = ours or any(leads.get(parent, False) for parent in one.commit.parents)
    return leads


def blocks_in(text: str) -> tuple[Trailers, ...]:
    """The blocks of trailers of ours in a message."""
    if "Fnopt-" not in text:
        return ()
    last = message.trailers(text)
    alone = [last] if any(key.startswith("Fnopt-") for key in last) else []
    return tuple(message.blocks(text) or alone)


def log(repo: Repository, *words: str) -> list[Commit]:
    """Commits in topological order, newest first; options of git's come before revisions."""
    options = ("-z", "--topo-order", "--no-show-signature", "--encoding=UTF-8", _FORM)
    wanted = [one for one in words if one.startswith("--")]
    out = repo.git("log", *options, *wanted, "--end-of-options", *words[len(wanted) :], "--").out
    entries = (one for one in out.decode(errors="replace").split("\0") if one)
    return [_commit(one) for one in entries]


def _commit(entry: str) -> Commit:
    sha, parents, tree, date, text = entry.split("\n", 4)
    return Commit(sha, tuple(parents.split()), tree, date, text.strip("\n"))
