"""Do the commits of a run say what the evidence says? No key, no model, no sandbox is needed.

Commits are known by what they say and by the library in their tree, never by their names, so that a
rebase, a squash merge and the branch of kept updates alone are verified as the run's own branch is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fnopt.errors import GitStateError
from fnopt.history import openings
from fnopt.history.evidence import Evidence
from fnopt.history.message import trailers
from fnopt.history.repo import Repository
from fnopt.history.runs import BRANCHES, PENDING
from fnopt.review.proof import claimed, commits, sound
from fnopt.review.proof.archive import Archive, At, unreadable
from fnopt.review.proof.finding import Finding, Report
from fnopt.review.proof.libraries import Libraries
from fnopt.review.proof.policy import findings as of_policy
from fnopt.review.proof.scene import Scene, trials_at
from fnopt.review.proof.told import Told, first, span


@dataclass(frozen=True)
class Asked:
    """What is verified: a run, at a commit; ``base`` is where it is to be merged, if that is known.

    ``remote`` is the name of where evidence would be fetched from.
    """

    run: str
    head: str
    base: str | None = None
    remote: str = "origin"


def verify(repo: Repository, asked: Asked) -> Report:
    """Everything that is wrong. Raises GitStateError for a clone that is too shallow, and for
    evidence that cannot be read."""
    evidence = Evidence(repo, asked.run)
    if evidence.commit is None:
        return Report(asked.run, (_no_evidence(asked, evidence.ref),))
    archive = Archive(repo, evidence.commit)
    begun = _begun(repo, archive, asked)
    way = span(repo, asked.run, asked.head, begun)
    found = _Run(repo, asked, archive, Libraries(repo), way).findings(begun)
    files = archive.paths("trials")
    return Report(
        asked.run,
        tuple(_in_order(_with_fetch(found, asked, evidence.ref), way)),
        updates=len(_steps_told(asked.run, way)),
        commits=len(way),
        trials=sum(len(archive.trials(path) or ()) for path in files),
        libraries=len({path.rpartition("/")[2] for path in files}),
    )


@dataclass(frozen=True)
class _Run:
    repo: Repository
    asked: Asked
    archive: Archive
    libraries: Libraries
    way: Sequence[Told]

    def findings(self, begun: str | None) -> Iterator[Finding]:
        for path in self.archive.paths("trials"):
            yield from sound.findings(path, self.archive.trials(path) or ())
        whole = self.asked.base is not None or self._is_own()
        given = (self.repo, self.asked.run, self.archive, self.libraries, self.way)
        yield from commits.findings(Scene(*given, whole, self._others(begun)))
        yield from self._missing()
        for split in ("val", "test"):
            yield from self._claim(split)
        if begun is not None and self.way:
            yield from of_policy(self.libraries, begun, self.asked.head)

    def _others(self, begun: str | None) -> frozenset[str]:
        """The commits that the base has already."""
        if self.asked.base is None:
            return frozenset()
        words = (self.asked.base, *([f"^{begun}"] if begun else []))
        return frozenset(self.repo.git("rev-list", *words).text.split())

    def _is_own(self) -> bool:
        """Whether the run's own branch, here or as a remote has it, is what is looked at."""
        name = f"fnopt/{self.asked.run}"
        refs = [f"{BRANCHES}{self.asked.run}", *self.repo.refs(f"refs/remotes/*/{name}")]
        return self.asked.head in [self.repo.ref(ref) for ref in refs]

    def _missing(self) -> Iterator[Finding]:
        """Published steps that the run's own branch does not tell."""
        if not self._is_own():
            return
        told = _steps_told(self.asked.run, self.way)
        numbers = [int(one) for one in told if one.isdecimal()]
        waits = self.repo.ref(f"{PENDING}{self.asked.run}") is not None
        for path in self.archive.paths("steps"):
            document = self.archive.document(path) or {}
            number, verdict = document.get("step"), document.get("verdict")
            if verdict not in ("kept", "reverted") or str(number) in told:
                continue
            last = isinstance(number, int) and number > max(numbers, default=0)
            yield Finding(
                "missing-step",
                f"step {number} was {verdict}, and no commit here says so",
                "bring its commits back onto the branch; see: git reflog",
                claimed="nothing",
                follows=str(verdict),
                level="warning" if last and waits else "error",
            )

    def _claim(self, split: str) -> Iterator[Finding]:
        path = f"claims/{split}.json"
        document = self.archive.document(path)
        if document is None:
            return
        at = self.archive.written(path)
        judged = [self.archive.document(one) or {} for one in self._steps_before(at)]
        measured = [one for one in judged if one.get("base") is not None]
        kept = sum(one.get("verdict") == "kept" for one in measured)
        trials = partial(trials_at, self.archive, self.archive.states)  # only claims make such
        said = claimed.Said(split, document, self._pair(document), trials, len(measured), kept)
        try:
            if split == "test":
                yield from claimed.sealed(said, _opened(self.repo))
            else:
                yield from claimed.findings(said)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise unreadable(path, error) from None

    def _steps_before(self, at: At) -> list[str]:
        steps = self.archive.paths("steps")
        return [path for path in steps if self.archive.written(path) <= at]

    def _pair(self, document: dict[str, object]) -> tuple[str, str] | None:
        """The libraries of a claim: as their commits have them, else as it says itself."""
        rests = document.get("rests")
        said = rests.get("libraries") if isinstance(rests, dict) else None
        found = [str(one) for one in said] if isinstance(said, list) else []
        for at, key in enumerate(("base_commit", "commit")):
            commit = document.get(key)
            if isinstance(commit, str) and _is_here(self.repo, commit):
                found[at : at + 1] = [self.libraries.digest(commit)]
        return (found[0], found[1]) if len(found) == 2 else None


def _steps_told(run: str, way: Sequence[Told]) -> set[str]:
    """The numbers of the run's steps that commits tell."""
    marks = (marks for one in way for marks in one.steps)
    return {first(one, "Fnopt-Step") for one in marks if first(one, "Fnopt-Run") in ("", run)}


def _begun(repo: Repository, archive: Archive, asked: Asked) -> str | None:
    """Where the run began, or parted from the base; None for the whole history of it."""
    start = (archive.document("run.json") or {}).get("base")
    for one in (start, asked.base):
        if isinstance(one, str) and _is_here(repo, one):
            merge_base = repo.git("merge-base", one, asked.head, check=False)
            if not merge_base.code:
                return merge_base.text
    if repo.shallow():
        raise GitStateError(
            "the clone is too shallow: where the run began is not in it",
            "git fetch --unshallow (in CI: fetch-depth: 0)",
        )
    return None


def _is_here(repo: Repository, commit: str) -> bool:
    words = ("cat-file", "-e", f"{commit}^{{commit}}")
    return bool(commit.isalnum()) and not repo.git(*words, check=False).code


def _opened(repo: Repository) -> dict[str, float] | None:
    """The scores of the sealed split by commit, the newest of each."""
    scores: dict[str, float] = {}
    for one in openings.read(repo):
        marks = trailers(one.message)
        figure = first(marks, "Fnopt-Score")
        if figure:
            scores.setdefault(first(marks, "Fnopt-Commit"), float(figure))
    return scores or None


def _no_evidence(asked: Asked, ref: str) -> Finding:
    said = f"the evidence of run {asked.run} is not here: no figure can be held against it"
    return Finding("evidence-missing", said, _fetch(asked, ref), asked.head, follows=ref)


def _fetch(asked: Asked, ref: str) -> str:
    return f"git fetch {asked.remote} {ref}:{ref}"


def _with_fetch(found: Iterable[Finding], asked: Asked, ref: str) -> Iterator[Finding]:
    """What lacks evidence is mended by fetching it."""
    for one in found:
        yield one if one.mend else Finding(**{**vars(one), "mend": _fetch(asked, ref)})


def _in_order(found: Iterable[Finding], way: Sequence[Told]) -> list[Finding]:
    """By commit, oldest first; then what is at none."""
    place = {one.sha: at for at, one in enumerate(way)}
    return sorted(found, key=lambda one: place.get(one.commit or "", len(way)))
