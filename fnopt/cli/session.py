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
    from fnopt.sandbox import Sandbox
    from fnopt.store import Store
    from fnopt.tasks.splits import Splits
    from fnopt.train.budget import Budget, Limits


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
        from fnopt.store import Store

        store: Store = self.defer(Store(self.repo.folder / "store.db"))
        return store

    @cached_property
    def sandbox(self) -> Sandbox:
        """Where learned code runs. Raises SandboxError below what is required."""
        from fnopt.sandbox import sandbox

        return sandbox(self.config.sandbox.require, self.config.sandbox.timeout)

    @cached_property
    def tasks(self) -> Splits:
        """The splits, read when needed."""
        from fnopt.tasks.splits import load

        given = self.config.tasks
        return load(
            self.repo.root, train=given.train, val=given.val, test=given.test, source=given.source
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
        return Settings.of(given.packages, given.rules, *limits, absent)

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
        return Limits(stop.max_tokens, stop.max_cost, stop.max_time)

    def purse(self, run: str) -> Budget:
        """The limits of the configuration, on top of what a run has cost."""
        from fnopt.history.updates import spent_on
        from fnopt.train.budget import Budget

        if run not in self._purses:
            spent = self.store.spent(run)
            if not spent.calls:  # a fresh clone: what the log says
                spent = spent_on(RunBranch(self.repo, run))
            book = partial(self.store.spend, run)
            self._purses[run] = Budget(self.limits, spent, book=book)
        return self._purses[run]

    def current_run(self) -> RunBranch:
        """The run that commands are about. Raises UsageError when there is none."""
        name = runs.current(self.repo)
        if name is None:
            raise UsageError("there is no run here yet", "start one: fnopt train")
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
