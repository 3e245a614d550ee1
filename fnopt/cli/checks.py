"""What `fnopt doctor` looks at in the repository, its configuration, its tasks and this machine.

A check says what it found, or raises the error that the user would meet; that is turned into a
failed check with the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fnopt import __version__
from fnopt.errors import FnoptError, ForgeError, GitStateError, SandboxError, UsageError

if TYPE_CHECKING:
    from fnopt.cli.session import Session
    from fnopt.records import Split
    from fnopt.review.forge import Place
    from fnopt.review.token import Token

OLDEST_GIT = (2, 38)  # has `git merge-tree --write-tree`
PATIENCE = 20.0  # seconds for a worker of an executor to answer
SOON = 10.0  # seconds in which a forge that fails is asked again
FEW = 40  # val tasks below which one function's share can hardly show


@dataclass(frozen=True)
class Check:
    """One line of the doctor; a check that is ok may still have advice in ``mend``.

    ``code`` is the exit code that it asks for when it is not ok.
    """

    name: str
    ok: bool
    message: str
    mend: str = ""
    code: int = 1


Found = tuple[str, str]
"""What a check found, and advice or nothing."""


def check(name: str, look: Callable[[], Found]) -> Check:
    """Look, and turn an error into a failed check."""
    try:
        message, advice = look()
    except FnoptError as error:
        return Check(name, False, error.message, error.mend, _code(error))
    return Check(name, True, message, advice)


def _code(error: FnoptError) -> int:
    return error.exit_code if error.exit_code in (4, 5, 6) else 1


def git(_: Session) -> Found:
    """git is there and young enough."""
    from fnopt.history import command

    said = command.run(("version",), Path.cwd()).text
    match = re.search(r"(\d+)\.(\d+)", said)
    if match is None or (int(match[1]), int(match[2])) < OLDEST_GIT:
        needed = ".".join(map(str, OLDEST_GIT))
        raise GitStateError(f"{said or 'git'} is too old", f"install git {needed} or newer")
    return said, ""


def repository(session: Session) -> Found:
    """The current folder is in a repository that git lets us use."""
    return str(session.repo.root), ""


def identity(session: Session) -> Found:
    """git knows in whose name to commit."""
    found = session.repo.identity()
    if found is None:
        raise GitStateError(
            "git does not know who you are",
            'git config user.name "Your Name" && git config user.email you@example.org',
        )
    return found, ""


def history(session: Session) -> Found:
    """There is a commit to begin at, and the log is whole: it is the optimizer's memory."""
    head = session.repo.resolve("HEAD")
    if session.repo.shallow():
        raise GitStateError(
            "the clone is shallow: its log, and the runs in it, are cut off",
            "git fetch --unshallow (in CI: fetch-depth: 0)",
        )
    return f"whole, at {head[:10]}", ""


def configuration(session: Session) -> Found:
    """The configuration is valid, down to the names that it chooses by."""
    from fnopt.cli.scaffold import configured_in
    from fnopt.evaluate.gate import choose

    gate = session.config.gate
    choose(
        gate.rule,
        confidence=gate.confidence,
        margin=gate.margin,
        guards=gate.guards,
        ties=gate.ties,
    )
    place = configured_in(session.repo.root)
    return (place, "") if place else ("no fnopt.toml: defaults are used", "fnopt init")


def functions(session: Session) -> Found:
    """Every file of the library can be read."""
    from fnopt.library.policy import check as check_rules

    library = session.library()
    if library.faults:
        first = library.faults[0]
        raise UsageError(first.message, first.mend or "fnopt check")
    faults = check_rules(library, session.rules)
    found = f"{len(library.functions)} in {session.layout}"
    return (f"{found}, with {len(faults)} faults", "fnopt check") if faults else (found, "")


def tasks(split: Split, session: Session) -> Found:
    """A split has tasks; val has enough of them for a function's share to show."""
    from fnopt.cli.build import tasks as tasks_of

    if split == "test" and split not in session.tasks.names:
        return "none: nothing can be claimed at the end", "set tasks.test"
    found = tasks_of(session, split)
    said = f"{len(found)} from {session.tasks.describe(split)}"
    if split == "val" and len(found) < FEW:
        return f"{said}: one function's share may not show", f"{FEW} or more, or tasks.trials = 3"
    return said, ""


def splits(session: Session) -> Found:
    """No question stands in two splits."""
    if not session.tasks.names:
        raise UsageError("no tasks are configured", "fnopt init --tasks FILE, or set tasks.train")
    session.tasks.check()
    return f"no question in two of {', '.join(session.tasks.names)}", ""


def scorer(session: Session) -> Found:
    """The scorer can be had."""
    from fnopt.tasks.scorers import scorer as scorer_of

    given = session.config.tasks
    if given.scorer == "judge":
        return f"judge: {session.config.judge.model}", ""
    scorer_of(given.scorer, given.partial, session.repo.root)
    return given.scorer or "that of the tasks' format, else exact", ""


def sandbox(session: Session) -> Found:
    """The sandbox is as strong as required, and it runs code."""
    outcome = session.sandbox.run({}, "6 * 7")
    if not outcome.ok or outcome.result != "42":
        raise SandboxError(f"the sandbox does not work: {outcome.error}", "see memory and disk")
    said = f"tier {session.sandbox.tier}, {outcome.seconds * 1000:.0f} ms a call"
    if granted := session.config.sandbox.allow:
        said += f"; grants for {', '.join(sorted(granted))}"
    return said, _next_tier(session.sandbox.tier)


def _next_tier(tier: str) -> str:
    """What the next stronger tier would need, or nothing when there is none."""
    from fnopt.sandbox import TIERS
    from fnopt.sandbox import sandbox as sandbox_of

    stronger = TIERS[TIERS.index(tier) + 1 :]
    if not stronger:
        return ""
    try:
        sandbox_of(stronger[0], 5.0).close()
        return f'sandbox.require = "{stronger[0]}" would hold here'
    except SandboxError as error:
        return f"to get {stronger[0]}: {error.message}"


def executor(session: Session) -> Found:
    """Trials have somewhere to run: an executor opens, and its workers answer."""
    from fnopt.evaluate.executor import Lease, choose

    name = session.config.agent.executor
    place = choose(name, session.repo.root)
    if place is None:
        return f"{name}: {session.config.agent.concurrency} at once in this process", ""
    lease = Lease(place)
    try:
        version = lease.submit(version_there).result(timeout=PATIENCE)
    except FnoptError:
        raise
    except Exception as error:
        said = place.trouble() or " ".join(str(error).split())[:300] or type(error).__name__
        mend = "install the same fnopt on every worker, and see what they print"
        raise UsageError(f"agent.executor: {name}: no worker answers: {said}", mend) from error
    finally:
        lease.close()
    if version != __version__:
        said = f"agent.executor: {name}: a worker has fnopt {version}, this one is {__version__}"
        raise UsageError(said, "install the same fnopt and dependencies on every worker")
    return f"{name}: a worker answers, with fnopt {version}", ""


def version_there() -> str:
    """The version of fnopt where this is called."""
    return __version__


def forge(session: Session, *, offline: bool) -> Found:
    """Where runs become pull requests, and whether the token there may push.

    That nothing is set up is no failure: nobody needs a forge to learn.
    """
    from fnopt.history.remotes import choose_remote
    from fnopt.review.place import place as place_of
    from fnopt.review.token import how_to_give
    from fnopt.review.token import token as token_of

    review = session.config.review
    remote = choose_remote(session.repo, review.remote, review.base)
    if remote is None:
        return "no remote: runs stay in this repository", "git remote add origin URL"
    if offline:
        return f"{remote.shown}, not asked", ""
    place = place_of(remote.push_url, review)
    if place is None:
        return f"{remote.shown}: no forge, runs are pushed without a pull request", ""
    token = token_of(place, remote.push_url)
    where = f"{place.kind}: {place.web}/{place.path}"
    if token is None:
        return f"{where}, without a token: no pull request is opened", how_to_give(place)
    return _at_forge(place, token, where)


def _at_forge(place: Place, token: Token, where: str) -> Found:
    """Who the token is, and what it may."""
    from fnopt.review.connect import forge as forge_of

    there = forge_of(place, token, SOON)
    try:
        who = there.whoami()
        may = None if token.job else there.may_push()  # the job's may not ask
    finally:
        there.close()
    found = f"{where} as {who} ({token.source})"
    if may is False:
        raise ForgeError(f"{found}, who may not push", "ask for write access, or use another token")
    limits = "a job's token opens no merge request: set GITLAB_TOKEN" if token.job else ""
    return f"{found}, who may push" if may else found, limits


CHECKS: Mapping[str, Callable[[Session], Found]] = {
    "git": git,
    "repository": repository,
    "identity": identity,
    "history": history,
    "configuration": configuration,
    "functions": functions,
    "train tasks": partial(tasks, "train"),
    "val tasks": partial(tasks, "val"),
    "test tasks": partial(tasks, "test"),
    "splits": splits,
    "scorer": scorer,
    "sandbox": sandbox,
    "executor": executor,
}
"""Every check that asks no model, in order."""

VITAL = ("git", "repository", "configuration")
"""Checks without which the others make no sense."""
