"""The history of every function in a scripted one, and the way back to each of its states."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.errors import UsageError
from fnopt.history.bring_back import BroughtBack, bring_back
from fnopt.history.lineage import lineage
from fnopt.history.refusal import Refusal
from fnopt.history.repo import Repository
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.listing import listing
from fnopt.library.policy import new_faults

from .conftest import run_git
from .scripted_history import Fn, State, Story, files, lines, tell

LAYOUT = Layout.of("functions")


_once: list[tuple[Path, Story]] = []


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story]:
    """The repository with the history, made once, and its story."""
    if not _once:
        work = tmp_path_factory.mktemp("told")
        run_git(work, "init", "-q", "-b", "main")
        _once.append((work, tell(work)))
    return _once[0]


def test_the_script_is_what_it_should_be(told: tuple[Path, Story]) -> None:
    """Thirty updates and a merge over twelve functions, with every kind of change."""
    _, story = told
    kinds = {one.kind for entries in story.entries.values() for one in entries}
    assert kinds == {"added", "revised", "renamed", "moved", "removed", "brought back"}
    assert (len(story.names()), len(story.commits) >= 30) == (12, True)
    assert sum(len(one.calls) for one in story.states[-1].values()) >= 8


def test_log_is_right_for_every_function(told: tuple[Path, Story]) -> None:
    """Each commit that changed it, and no other, with the names before and after."""
    work, story = told
    with Repository(work) as repo:
        for number, expected in story.entries.items():
            events = lineage(repo, LAYOUT, story.commits[-1], expected[-1].name).events
            found = [(one.commit, one.kind, one.before, one.name) for one in reversed(events)]
            assert sorted(found) == sorted(
                (one.commit, one.kind, one.before, one.name) for one in expected
            ), number


def pairs(story: Story, every: int) -> list[tuple[int, int]]:
    """Function and place of the revision, all or some of them."""
    found = [(number, at) for number in story.names() for at in range(len(story.commits))]
    return found[::every]


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_the_way_back_is_right_or_rightly_refused(told: tuple[Path, Story], every: int) -> None:
    """For every function and revision: its text of then, all else as it was; or a true reason."""
    work, story = told
    head, now = story.commits[-1], story.states[-1]
    outcomes: list[str] = []
    with Repository(work) as repo:
        before = read(repo.files(head, LAYOUT))
        for number, at in pairs(story, every):
            name = (now.get(number) or last(story, number)).name
            outcome = tried(repo, name, story.commits[at])
            run_git(work, "reset", "-q", "--hard", head)
            why = hindrance(story.states[at], now, number)
            assert isinstance(outcome, BroughtBack) is (why is None), (number, at, why, outcome)
            outcomes.append(why or "brought back")
            if isinstance(outcome, BroughtBack):
                after = read(repo.files(outcome.commit, LAYOUT))
                assert_right(before, after, outcome, story.states[at], number)
    assert outcomes.count("brought back") >= len(outcomes) / 10


def last(story: Story, number: int) -> Fn:
    """The function as it was before it went for good."""
    return next(state[number] for state in reversed(story.states) if number in state)


def tried(repo: Repository, name: str, commit: str) -> BroughtBack | Refusal | None:
    """What comes of it; None where there was no such function."""
    try:
        return bring_back(repo, name, commit, LAYOUT)
    except UsageError:
        return None


def hindrance(then: State, now: State, number: int) -> str | None:
    """Why the function cannot be as it was, by the model; None when it can."""
    old, new = then.get(number), now.get(number)
    if old is None:
        return "it was not there"
    if new and old.name == new.name and lines(then, number) == lines(now, number):
        return "it is as it was"
    place = new.module if new else old.module
    for other in old.calls:
        was, is_ = then[other], now.get(other)
        if is_ is None or (is_.name, is_.parameters) != (was.name, was.parameters):
            return "what it calls is gone or takes something else"
        if was.module == old.module and is_.module != place:
            return "what it calls has moved away"
        if was.module != old.module and is_.module != was.module:
            return "what it calls has moved"
    callers = [one for one in now.values() if number in one.calls and one.number != number]
    if callers and new and new.parameters != old.parameters:
        return "its callers would not fit"
    return None


def assert_right(
    before: Library, after: Library, outcome: BroughtBack, then: State, number: int
) -> None:
    """The function is what it was; every other is what it is, unless it follows a new name."""
    wanted = {line for line in lines(then, number) if not line.startswith("from")}
    found = {line for line in listing(after, outcome.function).splitlines() if line}
    assert wanted <= found, outcome
    for one in before.functions:
        if one.name not in (outcome.was, *outcome.others):
            kept = after.get(one.name)
            assert kept is not None, one.name
            assert (kept.path, kept.source) == (one.path, one.source)
    assert not outcome.others or outcome.was != outcome.function
    for path, data in after.files.items():
        compile(data, path, "exec")
    assert new_faults(before, after) == ()


def test_the_model_renders_what_git_holds(told: tuple[Path, Story]) -> None:
    """Also behind the merge: what the model thinks is what the last commit has."""
    work, story = told
    with Repository(work) as repo:
        for commit, state in zip(story.commits, story.states, strict=True):
            held = {path: data.decode() for path, data in repo.files(commit, LAYOUT).items()}
            assert held == files(state)
