"""A run in work: everything that a step needs, built once by the command that was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from fnopt import __version__
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.gate import Gate
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.memo import Memo
from fnopt.prose import Prose
from fnopt.records import Evaluation, Task
from fnopt.train.budget import Budget
from fnopt.train.optimizer import Optimizer
from fnopt.train.request import Declined, Request
from fnopt.train.screen import Screen

if TYPE_CHECKING:
    from fnopt.train.drafted import Draft
    from fnopt.train.outcome import Terminated, Undecided

_LIBRARIES = Memo[Library](8)


@dataclass(frozen=True)
class Base:
    """The incumbent: the head of the run's branch and the library there."""

    commit: str
    library: Library


@dataclass(frozen=True)
class Judging:
    """How a candidate is judged: the gate, on which tasks, and whether it is screened first.

    ``single_use``: what becomes of an added function that helps with one of the tasks at most.
    """

    gate: Gate
    split: str
    tasks: Sequence[Task]
    screened: bool = True
    single_use: Literal["allow", "refuse"] = "allow"


@dataclass(frozen=True)
class Stops:
    """When a run ends. ``only_kept`` counts accepted steps alone (the paper's epochs); without
    ``patience`` (None) nothing ends it early. In ``one_shot`` answers to people are no steps."""

    max_steps: int
    patience: int | None
    only_kept: bool = False
    one_shot: bool = False


class Drafter(Protocol):
    """Makes a step's proposal from the training trials of the incumbent."""

    def __call__(
        self, run: Run, base: Base, trained: Evaluation, /
    ) -> Draft | Terminated | Undecided:
        """A draft that passed the free filters or was refused; or why there is none."""


@dataclass(frozen=True)
class Run:
    """One run. ``notes`` are what people want the optimizer to know, ``requests`` what they asked
    for in review (oldest first; what was answered may stand among them), ``declined`` what they
    refused in earlier pull requests; ``say`` is told in a few words what happens now."""

    branch: RunBranch
    layout: Layout
    train: Sequence[Task]
    judging: Judging
    evaluator: Evaluator
    optimizer: Optimizer
    draft: Drafter
    screen: Screen
    budget: Budget
    prose: Prose
    stops: Stops
    agent_model: str = ""
    notes: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()
    declined: tuple[Declined, ...] = ()
    say: Callable[[str], None] = lambda _: None

    @property
    def repo(self) -> Repository:
        """The repository of the run."""
        return self.branch.repo

    def head(self) -> Base:
        """The incumbent as the branch has it now, whoever committed it."""
        return self.base(self.branch.head())

    def base(self, commit: str) -> Base:
        """The library at a commit."""
        return Base(commit, library_at(self.repo, commit, self.layout))

    def evaluate(self, library: Library, split: str, tasks: Sequence[Task]) -> Evaluation:
        """Score a library on tasks of a split, from the cache where nothing could differ."""
        return self.evaluator.evaluate(library, split, tasks)

    def begin(self, base: str, came_from: str | None = None) -> None:
        """Create the branch at ``base`` if need be, and record where the run began: the commit,
        and the branch ``came_from`` (short name)."""
        if not self.branch.exists:
            self.branch.start(base)
        if self.branch.evidence.document("run.json") is None:
            start = {"run": self.branch.name, "base": self.branch.head(), "fnopt": __version__}
            start |= {"from": came_from} if came_from else {}
            self.branch.evidence.write({"run.json": start}, (), f"begin {self.branch.name}")


def library_at(repo: Repository, commit: str, layout: Layout) -> Library:
    """The library at a commit; the last ones are kept."""
    tree = repo.tree(commit)
    return _LIBRARIES.get((repo.root, tree, layout), lambda: read(repo.files(tree, layout)))


def tree_with(repo: Repository, base: Base, library: Library, layout: Layout) -> str:
    """The base's tree with another library in place of its own, which need not be read again."""
    tree = repo.exchange(base.commit, base.library.files, library.files)
    _LIBRARIES.get((repo.root, tree, layout), lambda: library)
    return tree
