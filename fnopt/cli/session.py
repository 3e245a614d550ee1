"""What commands share: the repository, its configuration and its store, opened when needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnopt import config as configuration
from fnopt.config import Config
from fnopt.errors import GitStateError, UsageError
from fnopt.history import runs
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.library.layout import Layout

if TYPE_CHECKING:  # imported where they are needed: reading functions takes half a second to import
    from fnopt.library.function import Library
    from fnopt.library.rules.registry import Settings
    from fnopt.prose import Prose
    from fnopt.records import Usage
    from fnopt.sandbox import Sandbox
    from fnopt.store import Store
    from fnopt.tasks.splits import Splits
    from fnopt.train.budget import Budget, Limits
    from fnopt.train.share import Share


class Session:
    """One command's view of the world. Use as a context manager: it closes what it opened."""

    def __init__(
        self,
        folder: Path | None = None,
        options: Mapping[str, Any] | None = None,
        record: Path | None = None,
    ) -> None:
        """``options`` are what the command line says of the configuration, by ``section.key``;
        ``record`` is a file to write the model's replies to."""
        self._folder = folder or _here()
        self._options = options or {}
        self._purses: dict[str, Budget] = {}
        self.record = record
        self.shares: dict[str, Share] = {}
        """What is spent by agent and judge, once a command has them."""
        self.reviews: dict[str, object] = {}
        """The open pull request of each run that was looked for, or None."""
        self._open = ExitStack()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: Any) -> None:
        self._open.close()

    def defer(self, resource: Any) -> Any:
        """Close a resource with the session; returns it."""
        self._open.callback(resource.close)
        return resource

    @cached_property
    def repo(self) -> Repository:
        """The repository around the current folder."""
        repo: Repository = self.defer(Repository(self._folder))
        return repo

    @cached_property
    def config(self) -> Config:
        """The configuration, environment variables included."""
        return configuration.load(self.repo.root, os.environ, self._options)

    @cached_property
    def prose(self) -> Prose:
        """The texts, with the repository's own ones first."""
        from fnopt.prose import Prose

        return Prose(self.repo.root)

    @cached_property
    def store(self) -> Store:
        """The cache of replies and trials."""
        from fnopt.cli.echo import note
        from fnopt.store import Store

        store: Store = self.defer(Store(self.repo.folder / "store.db", say=note))
        return store

    def has_paid(self) -> bool:
        """Whether anything was asked of a model by now."""
        return any(share.spent.calls for share in self.shares.values())

    @cached_property
    def sandbox(self) -> Sandbox:
        """Where learned code runs. Raises SandboxError below what is required."""
        from fnopt.sandbox import Grant, Grants, sandbox

        given = self.config.sandbox
        table = {name: Grant(**dict(one)) for name, one in given.allow.items()}
        box: Sandbox = self.defer(
            sandbox(
                given.require,
                given.timeout,
                python=str(self.repo.root / given.python) if given.python else None,
                preload=self.config.library.packages,
                grants=Grants(self.repo.root, table),
            )
        )
        return box

    @cached_property
    def tasks(self) -> Splits:
        """The splits, read when needed."""
        from fnopt.tasks.splits import Terms, load

        given = self.config.tasks
        return load(
            self.repo.root,
            train=given.train,
            val=given.val,
            test=given.test,
            source=given.source,
            terms=Terms(given.strata, given.near_duplicates == "refuse", given.scorer),
        )

    @property
    def layout(self) -> Layout:
        """Which files are the library's."""
        return Layout.of(self.config.library.functions)

    @cached_property
    def rules(self) -> Settings:
        """What the configuration says of the rules. Raises UsageError for an unknown one."""
        from fnopt.library.rules.registry import Settings

        given = self.config.library
        absent = [name for name in given.packages if not _installed(name)]
        limits = (given.max_lines, given.max_complexity)
        allowed = self.config.sandbox.allow.items()
        granted = [(name, rule) for name, one in allowed for rule in one.rules()]
        return Settings.of(given.packages, given.rules, *limits, absent, granted)

    def library(self, rev: str | None = None) -> Library:
        """The library at a revision; without one, as it stands in the working tree."""
        from fnopt.cli.disk import library_in
        from fnopt.library.unread import unread
        from fnopt.train.run import library_at

        if rev is None and not self.repo.bare:
            return library_in(self.repo.root, self.layout)
        commit = self.repo.resolve("HEAD" if rev is None else rev)
        library = library_at(self.repo, commit, self.layout)
        faults = unread(self.repo.others(commit, *self.layout.roots), self.layout)
        return replace(library, faults=(*faults, *library.faults))

    @property
    def limits(self) -> Limits:
        """What the configuration allows to spend."""
        from fnopt.train.budget import Limits

        stop = self.config.stop
        return Limits(stop.max_tokens, stop.max_cost, stop.max_time, stop.max_calls)

    @property
    def step_limits(self) -> Limits:
        """What the configuration allows each step to spend."""
        from fnopt.train.budget import Limits

        stop = self.config.stop
        return Limits(stop.step_tokens, stop.step_cost, stop.step_time, stop.step_calls)

    def purse(self, run: str) -> Budget:
        """The limits of the configuration, on top of what a run has cost."""
        from fnopt.train.budget import Budget

        if run not in self._purses:
            spent = self.store.spent(run)
            if not spent.calls:  # a fresh clone: what the log says
                spent = self._told_of(RunBranch(self.repo, run))
            book = partial(self.store.spend, run)
            limits = (self.limits, spent)
            self._purses[run] = Budget(*limits, each_step=self.step_limits, book=book)
            self._keep_pace(self._purses[run])
        return self._purses[run]

    def allowance(self, command: str) -> Budget:
        """The limits of the configuration for a command, by its name, that belongs to no run."""
        from fnopt.train.budget import Budget, Command

        budget = Budget(self.limits, command=Command(command, options=False))
        self._keep_pace(budget)
        return budget

    def _keep_pace(self, budget: Budget) -> None:
        from fnopt.cli.pace import keep

        store = self.store  # opened now, so that it is closed later
        self._open.callback(lambda: keep(store, budget.took))

    def _told_of(self, run: RunBranch) -> Usage:
        """What a run says that it has cost; of its calls, those of its trials are known."""
        from fnopt.history.updates import calls_of, spent_on

        told = spent_on(run)
        if self.limits.calls is None:
            return told  # counting them takes all of the evidence
        return replace(told, calls=calls_of(run))

    def current_run(self) -> RunBranch:
        """The run that commands are about. Raises UsageError when there is none."""
        name = runs.current(self.repo)
        if name is None:
            raise UsageError("there is no run here yet", "start one: fnopt train")
        return RunBranch(self.repo, name)

    def run(self, name: str | None) -> RunBranch:
        """The run of that name; without one, the current one. Raises UsageError."""
        known = runs.names(self.repo)
        name = name or runs.current(self.repo)
        if name is None or name not in known:
            listed = f"runs: {', '.join(known)}" if known else "fnopt train starts one"
            none = "there is no open run" if known else "there is no run yet"
            raise UsageError(f"there is no run {name!r:.80}" if name else none, listed)
        return RunBranch(self.repo, name)


def _installed(package: str) -> bool:
    """Whether functions can import it: the sandbox has the packages of this interpreter."""
    from importlib.util import find_spec

    return find_spec(package.partition(".")[0]) is not None  # of a top-level name: imports nothing


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise GitStateError("the current folder is gone", "go to a folder that exists") from None
