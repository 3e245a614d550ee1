"""What the checks of a run's commits share: commits, libraries, and the evidence of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from fnopt.errors import UsageError
from fnopt.evaluate.gate import Gate
from fnopt.history import message
from fnopt.history.message import Trailers
from fnopt.history.repo import Repository
from fnopt.records import Trial
from fnopt.review.proof.archive import Archive, At, unreadable
from fnopt.review.proof.figures import Step
from fnopt.review.proof.libraries import Libraries
from fnopt.review.proof.measured import Rests, Trials, derived, in_one_block, rests_of, trials_path
from fnopt.review.proof.settings import gate_in
from fnopt.review.proof.told import Told, blocks_in, first, is_step, log

DEEP = 50
"""Commits of the run's branch, from its head on, whose libraries may be what was merged."""


@dataclass(frozen=True)
class Scene:
    """A run's commits on the ``way`` to its head, oldest first, and all that they are held against.

    ``whole``: all of them are the run's but for ``others``, which were merged already; else the way
    is a branch that has more than the run.
    """

    repo: Repository
    run: str
    archive: Archive
    libraries: Libraries
    way: Sequence[Told]
    whole: bool
    others: frozenset[str] = frozenset()
    _documents: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    @cached_property
    def incumbents(self) -> set[str]:
        """The digests of the libraries that the run had: what was kept, and what was compared
        with."""
        found: set[str] = set()
        for path in self.archive.paths("steps"):
            document = self.archive.document(path) or {}
            ends = (document.get("rests") or {}).get("libraries", ())
            found |= set(ends if document.get("verdict") == "kept" else ends[:1])
        return {one[:40] for one in found}

    def is_incumbent(self, commit: str) -> bool:
        """Whether the library at a commit is one that the run had."""
        return self.libraries.digest(commit)[:40] in self.incumbents

    def is_of_people(self, commit: str) -> bool:
        """Whether the library at a commit is one that people made on the run's branch, here or at a
        remote: nobody measured it, and no update of the branch's claims figures of it."""
        return self.libraries.digest(commit) in self._of_people

    @cached_property
    def _of_people(self) -> set[str]:
        repo, options = self.repo, ("--first-parent", f"--max-count={DEEP}")
        refs = [f"refs/heads/fnopt/{self.run}", *repo.refs(f"refs/remotes/*/fnopt/{self.run}")]
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for ref in (one for one in refs if repo.ref(one)):
            for one in log(repo, *options, ref):
                claims = any(map(is_step, blocks_in(one.message)))
                found[claims].add(self.libraries.digest(one.sha))
        return found[False] - found[True]

    @cached_property
    def owners(self) -> dict[str, str]:
        """By step the commit that is it: of several that say so the one whose library was measured,
        else the first."""
        found: dict[str, str] = {}
        for told in self.way:
            for marks in () if told.squashed else told.steps:
                number = first(marks, "Fnopt-Step")
                document = self.document(marks) or {}
                after = (document.get("rests") or {}).get("libraries", ("", ""))[-1]
                taken = found.get(number)
                if taken is None or (
                    self.libraries.digest(taken) != after == self.libraries.digest(told.sha)
                ):
                    found[number] = told.sha
        return found

    def document(self, marks: Trailers) -> dict[str, Any] | None:
        """The document of a judged step; None where the evidence has none."""
        number = message.number(marks, "Fnopt-Step")
        if number is None:
            return None
        path = step_path(number)
        if path not in self._documents:
            found = self.archive.document(path)
            refused = found is not None and found.get("verdict") == "refused"
            self._documents[path] = None if refused else found
        return self._documents[path]

    def step(self, told: Told, marks: Trailers, document: Mapping[str, Any]) -> Step:
        """A step with its evidence, as that was when it was judged. Raises GitStateError."""
        number = message.number(marks, "Fnopt-Step") or 0
        trials = partial(trials_at, self.archive, self.archive.written(step_path(number)))
        try:
            rests = self._rests(told, document, trials)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreadable(step_path(number), error) from None
        library = partial(self.libraries.read, told.sha)
        return Step(told.sha, number, marks, document, rests, trials, library)

    def _rests(self, told: Told, document: Mapping[str, Any], trials: Trials) -> Rests | None:
        """What a step rests on; by the configuration at its commit where an older version did not
        write that down."""
        if given := document.get("rests"):
            return rests_of(given)
        config, gate = self.libraries.config(told.sha), self._gate(told)
        if config is None or gate is None or told.squashed or not told.commit.parents:
            return None
        ends = [self.libraries.digest(one) for one in (told.commit.parents[0], told.sha)]
        split, numbers = config.gate.split, config.tasks.trials
        rests = derived(document, ends[0], ends[1], gate, split, numbers)
        if rests is None or rests.screened is not None:
            return None
        return in_one_block(rests, trials, int(document["figures"]["tasks"]))

    def _gate(self, told: Told) -> Gate | None:
        config = self.libraries.config(told.sha)
        try:
            return gate_in(config) if config is not None else None
        except UsageError:
            return None


def trials_at(archive: Archive, at: At, split: str, library: str) -> Sequence[Trial] | None:
    """The trials of a library on a split, as they were in a state of the evidence."""
    return archive.trials(trials_path(split, library), at)


def step_path(number: int) -> str:
    """The file of evidence that holds a step's document."""
    return f"steps/{number:04}.json"
