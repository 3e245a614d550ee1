"""All that a pull request says of a run, read out of git and the evidence: no model is asked, no
network either, and nothing is judged again.

What people and models wrote stands here as it is: :mod:`fnopt.review.body` makes it harmless.
"""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fnopt import __version__
from fnopt.errors import GitStateError
from fnopt.evaluate.credit import Contribution
from fnopt.history import message
from fnopt.history.runs import RunBranch
from fnopt.history.updates import PEOPLES, Update, scores, updates
from fnopt.library.changes import Change, changes
from fnopt.library.compat import incompatible
from fnopt.library.function import Library
from fnopt.library.layout import Layout
from fnopt.library.policy import PLAIN, check
from fnopt.library.rules.registry import RULES, Settings
from fnopt.library.since import new_since
from fnopt.records import Fault, Usage
from fnopt.review.claims import Claimed, claims
from fnopt.review.lineage_graph import Point
from fnopt.review.measured import Measured, measured
from fnopt.review.told import distinct, points, short, why
from fnopt.sandbox import Grant
from fnopt.train.run import library_at


@dataclass(frozen=True)
class Learned:
    """What became of one function: its signature ``before`` and ``after``, None where it is not
    there; ``was`` is its old name where that is another. ``example`` is a call of it with what it
    returned, in a trial that ended right. ``commits``: the updates that are why it is as it is."""

    name: str
    kind: str
    path: str
    was: str | None
    before: str | None
    after: str | None
    credit: Contribution | None = None
    example: tuple[str, str] | None = None
    commits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why an update was made: ``text`` is the model's, from the commit's message."""

    update: Update
    text: str


@dataclass(frozen=True)
class Facts:
    """``branch`` is what is to be merged (a short name), at commit ``head``; ``base`` is what its
    functions are compared with, ``began`` where the run did. ``selection`` are scores before the
    run and now by the trials that chose its updates. ``sandbox`` has the words of each trailer,
    ``grants`` what functions of the run, or all (``*``), may reach. ``faults`` are new since the
    base; ``breaks`` says which calls may fail; ``rules`` counts the rules that are on.
    """

    run: str
    branch: str
    head: str
    base: str
    began: str
    remote: str
    split: str
    claims: tuple[Claimed, ...]
    measured: Measured | None
    selection: tuple[float | None, float | None]
    functions: tuple[Learned, ...]
    reasons: tuple[Reason, ...]
    sandbox: tuple[str, ...]
    grants: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    breaks: tuple[Fault, ...]
    rules: int
    log: tuple[Update, ...]
    points: tuple[Point, ...]
    models: tuple[str, ...]
    agent: str
    usage: Usage
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scope:
    """What a run's facts are asked for. ``head`` is the commit that is pushed, and ``branch`` the
    (short) name that it gets, where these are not the run's own; ``onto`` the commit that it is to
    be merged into. ``split`` is the gate's, ``rules`` and ``grants`` the configuration's, ``agent``
    the model that answers. Without ``texts`` nothing of a trial's conversation is told."""

    head: str | None = None
    branch: str | None = None
    onto: str | None = None
    remote: str = "origin"
    split: str = "val"
    rules: Settings = PLAIN
    grants: Mapping[str, Grant] | None = None
    agent: str = ""
    texts: bool = True


def facts(run: RunBranch, layout: Layout, scope: Scope | None = None) -> Facts:
    """What there is to say of a run. Raises GitStateError where its branch or its evidence is not
    here, or not readable."""
    return _Reader(run, layout, scope or Scope()).facts()


class _Reader:
    def __init__(self, run: RunBranch, layout: Layout, scope: Scope) -> None:
        self._run = run
        self._layout = layout
        self._scope = scope
        self._start = _start(run)
        self._began = run.repo.resolve(self._start["base"])
        self._commits = run.commits()
        self._log = updates(run)
        self._shas = [*(one.sha for one in self._commits), self._began]

    def facts(self) -> Facts:
        scope = self._scope
        found = self._functions
        names = {name for one in found for name in (one.name, one.was) if name}
        marks = [self._marks.get(one.commit or "", {}) for one in self._log]
        walked = tuple(points(self._commits, self._log))
        counted = {one.commit for one in walked}
        given = [(name, str(one)) for name, one in sorted((scope.grants or {}).items()) if one]
        return Facts(
            run=self._run.name,
            branch=scope.branch or f"fnopt/{self._run.name}",
            head=scope.head or self._shas[0],
            base=self._base,
            began=self._began,
            remote=scope.remote,
            split=scope.split,
            claims=claims(self._run.evidence, self._shas, counted, self._is_current),
            measured=self._measured,
            selection=scores(self._log),
            functions=found,
            reasons=tuple(self._reasons(found)),
            sandbox=distinct(marks, "Fnopt-Sandbox"),
            grants=tuple(one for one in given if one[0] == "*" or one[0] in names),
            faults=self._faults,
            breaks=incompatible(self._before, self._after, scope.rules) if found else (),
            rules=len(RULES) - sum(level == "off" for _, level in scope.rules.levels),
            log=tuple(self._log),
            points=walked,
            models=tuple(map(short, distinct(marks, "Fnopt-Model"))),
            agent=short(scope.agent),
            usage=sum((Usage(0, one.tokens, 0, one.cost) for one in self._log), Usage()),
            versions=self._versions,
        )

    @cached_property
    def _base(self) -> str:
        """Where the branch left what it is to be merged into; where that is not known, its start.

        The same as the run's start, unless the branch was brought up to date since.
        """
        if self._scope.onto is None:
            return self._began
        words = ("merge-base", self._scope.onto, self._shas[0])
        answer = self._run.repo.git(*words, check=False)
        return answer.text if not answer.code else self._began

    @cached_property
    def _before(self) -> Library:
        return self._library(self._base)

    @cached_property
    def _after(self) -> Library:
        return self._library(self._shas[0])

    def _library(self, commit: str) -> Library:
        return library_at(self._run.repo, commit, self._layout)

    def _is_current(self, commit: str) -> bool:
        return self._library(commit).digest == self._after.digest

    @cached_property
    def _marks(self) -> Mapping[str, message.Trailers]:
        return {
            one.sha: next(iter(message.blocks(one.message)), message.trailers(one.message))
            for one in self._commits
        }

    @cached_property
    def _measured(self) -> Measured | None:
        written = defaultdict[str, frozenset[str]](frozenset)
        for one in self._log:
            for name in one.function.split(", ") if one.commit else ():
                written[name] |= frozenset(one.tasks)
        first = self._library(self._began)
        split = self._scope.split
        return measured(self._run.evidence, split, first, self._shas[:-1], self._library, written)

    @cached_property
    def _functions(self) -> tuple[Learned, ...]:
        return tuple(map(self._learned, changes(self._before, self._after)))

    def _learned(self, change: Change) -> Learned:
        old, new, seen = change.before, change.after, self._measured
        names = {one.name for one in change.ends if one}
        example = seen.examples.get(change.name) if seen and self._scope.texts else None
        return Learned(
            name=change.name,
            kind=change.kind,
            path=change.now.path,
            was=old.name if old and change.renamed else None,
            before=old.signature if old else None,
            after=new.signature if new else None,
            credit=seen.credit.get(change.name) if seen and new else None,
            example=example if new else None,
            commits=tuple(sha for sha, one in self._standing if names & _names(one)),
        )

    @cached_property
    def _standing(self) -> list[tuple[str, Update]]:
        """The updates that were not taken back, with their commits, oldest first."""
        return [
            (one.commit, one)
            for one in self._log
            if one.commit and one.revert is None and one.action not in PEOPLES
        ]

    def _reasons(self, functions: Iterable[Learned]) -> Iterator[Reason]:
        wanted = {commit for one in functions for commit in one.commits}
        texts = {one.sha: one.message for one in self._commits}
        for sha, one in self._standing:
            if sha in wanted:
                yield Reason(one, why(texts.get(sha, "")))

    @cached_property
    def _faults(self) -> tuple[Fault, ...]:
        known, now = (check(one, self._scope.rules) for one in (self._before, self._after))
        return new_since(self._before, known, self._after, now)

    @property
    def _versions(self) -> tuple[tuple[str, str], ...]:
        began = str(self._start.get("fnopt", ""))
        ours = __version__ if began in ("", __version__) else f"{__version__} (begun by {began})"
        return ("fnopt", ours), ("Python", platform.python_version())


def _start(run: RunBranch) -> Mapping[str, Any]:
    start = run.evidence.document("run.json") or {}
    if not isinstance(start.get("base"), str):
        ref = run.evidence.ref
        raise GitStateError(
            f"where run {run.name} began is not known here: its evidence is missing",
            f"git fetch ORIGIN {ref}:{ref}",
        )
    return start


def _names(update: Update) -> set[str]:
    return set(update.function.split(", "))
