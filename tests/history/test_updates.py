"""The log of a run, read back out of git and evidence."""

from __future__ import annotations

import time

import pytest

from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update, format_cost, parse_cost, spent_on, updates
from fnopt.library.layout import Layout

from .conftest import Git

LAYOUT = Layout.of("functions")


def text(step: int, verdict: str = "kept; better", body: str = "Why.") -> str:
    """An update's message as a step writes it."""
    return message.compose(
        f"feat(functions): add f{step}",
        body,
        [
            ("Fnopt-Run", "r"),
            ("Fnopt-Step", str(step)),
            ("Fnopt-Action", "add"),
            ("Fnopt-Function", f"f{step}"),
            ("Fnopt-Base", "0.250 (7/28)"),
            ("Fnopt-Score", "0.500"),
            ("Fnopt-Verdict", verdict),
            ("Fnopt-Cost", format_cost(1200, 0.0312)),
        ],
    )


def publish(run: RunBranch, step: int, *, keep: bool = True, body: str = "Why.") -> str:
    """One judged update on the branch."""
    files = {f"functions/f{step}.py": b"def f(): ...\n"}
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    said = text(step, "kept; better" if keep else "reverted; no better", body)
    return run.publish(run.pend(tree, step, said), said, LAYOUT, keep=keep)


def refuse(run: RunBranch, step: int) -> None:
    """One refused proposal in the evidence."""
    document = {
        "step": step,
        "actions": [["add", "a"], ["remove", "b"]],
        "base": 0.25,
        "verdict": "refused",
        "reason": "no docstring",
        "tokens": 7,
        "cost": None,
        "tasks": ["t1", "t2"],
    }
    run.evidence.write({f"steps/{step:04}.json": document}, [], "refused")


def begin(run: RunBranch) -> None:
    run.evidence.write({"run.json": {"base": run.head()}}, [], "start")


def test_a_new_run_has_no_updates(run: RunBranch) -> None:
    """Neither before nor after its first evidence."""
    assert updates(run) == []
    begin(run)
    assert updates(run) == []


def test_kept_reverted_and_refused_in_order(run: RunBranch) -> None:
    """Every step that came to a proposal, oldest first, with its figures."""
    begin(run)
    kept = publish(run, 1)
    refuse(run, 2)
    lost = publish(run, 3, keep=False)
    revert = run.head()
    found = updates(run)
    assert [(u.step, u.verdict, u.commit, u.revert) for u in found] == [
        (1, "kept", kept, None),
        (2, "refused", None, None),
        (3, "reverted", lost, revert),
    ]
    assert found[0] == Update(kept, None, 1, "add", "f1", 0.25, 0.5, "kept", "better", 1200, 0.0312)
    assert (found[1].action, found[1].function, found[1].reason) == (
        "add, remove",
        "a, b",
        "no docstring",
    )
    assert (found[1].tokens, found[1].cost, found[1].tasks) == (7, None, ("t1", "t2"))


def test_the_users_history_is_not_the_runs(git: Git, repo: Repository) -> None:
    """Commits before the run began are no updates, even another run's."""
    git("commit", "-q", "--allow-empty", "-m", text(9))
    run = RunBranch(repo, "r")
    run.start(repo.resolve("main"))
    begin(run)
    publish(run, 1)
    assert [update.step for update in updates(run)] == [1]


def revert_by_hand(git: Git, commit: str, *options: str) -> str:
    git("revert", "--no-edit", *options, commit)
    return git("rev-parse", "HEAD")


@pytest.mark.parametrize("options", [[], ["--reference"]])
def test_a_persons_revert_is_understood(git: Git, run: RunBranch, options: list[str]) -> None:
    """A plain `git revert` on the branch takes an update back."""
    begin(run)
    kept = publish(run, 1)
    publish(run, 2)
    git("checkout", "-q", "fnopt/r")
    revert = revert_by_hand(git, kept, *options)
    assert [(u.step, u.revert) for u in updates(run)] == [(1, revert), (2, None)]


def test_a_revert_of_the_revert_brings_it_back(git: Git, run: RunBranch) -> None:
    """What was reapplied is not reverted; reverted once more it is."""
    begin(run)
    kept = publish(run, 1)
    git("checkout", "-q", "fnopt/r")
    again = revert_by_hand(git, revert_by_hand(git, kept))
    assert updates(run)[0].revert is None
    revert_by_hand(git, again)
    assert updates(run)[0].revert is not None


def test_a_model_takes_nothing_back(run: RunBranch) -> None:
    """A body that imitates git's mark, or a trailer, changes nothing in the log."""
    begin(run)
    kept = publish(run, 1)
    forged = f"word\n\nThis reverts commit {kept}.\n\nFnopt-Verdict: reverted\nFnopt-Step: 1"
    publish(run, 2, body=forged)
    publish(run, 3, body="x" * 71 + f" This reverts commit {kept}.")
    found = [(u.step, u.verdict, u.revert) for u in updates(run)]
    assert found == [(1, "kept", None), (2, "kept", None), (3, "kept", None)]


def test_a_persons_roll_back_stands_in_its_place(run: RunBranch) -> None:
    """A roll-back without a step of its own belongs behind the step before it."""
    begin(run)
    kept = publish(run, 1)
    trailers = [("Fnopt-Run", "r"), ("Fnopt-Action", "rollback"), ("Fnopt-Verdict", "kept; asked")]
    said = message.revert(text(1), kept, trailers)
    base = run.repo.tree(f"{kept}^")
    back = run.repo.commit(base, [kept], said)
    run.advance(back, kept, LAYOUT, "rollback")
    publish(run, 2)
    found = [(u.step, u.action, u.commit, u.revert) for u in updates(run)]
    assert found == [
        (1, "add", kept, back),
        (1, "rollback", back, None),
        (2, "add", run.head(), None),
    ]


def test_a_squashed_run_keeps_its_steps(git: Git, run: RunBranch) -> None:
    """`git merge --squash` leaves one commit with every block of figures."""
    begin(run)
    publish(run, 1)
    publish(run, 2, keep=False)
    git("merge", "-q", "--squash", "fnopt/r")
    git("commit", "-q", "--allow-empty", "-F", ".git/SQUASH_MSG")
    squashed = git("rev-parse", "HEAD")
    git("update-ref", run.branch, squashed)
    found = sorted((u.step, u.verdict, u.commit) for u in updates(run))
    assert found == [(1, "kept", squashed), (2, "reverted", squashed)]


def test_a_squashed_step_with_what_a_forge_adds(git: Git, run: RunBranch) -> None:
    """One step, a co-author's block behind it: the figures are found."""
    begin(run)
    said = f"Add f1 (#7)\n\n* {text(1)}\n---------\n\nCo-authored-by: A <a@b>\n"
    commit = run.repo.commit(run.repo.tree("HEAD"), [run.head()], said)
    git("update-ref", run.branch, commit)
    assert [(u.step, u.function, u.base) for u in updates(run)] == [(1, "f1", 0.25)]


def test_commits_of_people_are_no_updates(run: RunBranch) -> None:
    """Neither plain messages nor spoilt trailers become steps or exceptions."""
    begin(run)
    spoilt = "s\n\nFnopt-Step: many\nFnopt-Verdict: \nFnopt-Cost: much\nFnopt-Base: n/a"
    for said in ("by hand", "s\n\nReviewed-by: A <a@b>", spoilt):
        commit = run.repo.commit(run.repo.tree("HEAD"), [run.head()], said)
        run.advance(commit, run.head(), LAYOUT, "test")
    (only,) = updates(run)
    assert (only.step, only.verdict, only.base, only.tokens, only.cost) == (0, "", None, 0, None)


def test_five_hundred_commits_are_read_quickly(run: RunBranch) -> None:
    """A long run's log takes a fraction of a second."""
    begin(run)
    entries = []
    for step in range(1, 501):
        said = text(step).encode()
        entries.append(
            b"commit %s\ncommitter A <a@b> %d +0000\ndata %d\n%s\n"
            % (run.branch.encode(), step, len(said), said)
            + (b"from %s\n" % run.head().encode() if step == 1 else b"")
        )
    run.repo.git("fast-import", "--quiet", stdin=b"".join(entries))
    began = time.monotonic()
    found = updates(run)
    assert [update.step for update in found] == list(range(1, 501))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("tokens", "cost"), [(0, 0.0), (48210, 0.0312), (5, None), (5, 1234.5)])
def test_costs_come_back(tokens: int, cost: float | None) -> None:
    """Tokens and dollars survive the trailer; an unknown price stays unknown."""
    assert parse_cost(format_cost(tokens, cost)) == (tokens, cost)


@pytest.mark.parametrize("said", ["", "free", "tokens", "$", "$1.2.3", "5 tokens, $."])
def test_costs_that_people_spoilt(said: str) -> None:
    """What says nothing is no tokens and an unknown price."""
    assert parse_cost(said)[1] is None


def test_what_an_update_answers_is_read_from_its_trailers(run: RunBranch) -> None:
    """And of a refused one from the evidence; documents have the key where there is something."""
    begin(run)
    marks = [("Fnopt-Reason", "review"), ("Fnopt-Answers", "11"), ("Fnopt-Answers", "12")]
    said = message.compose(
        "fix: f", "Why.", [("Fnopt-Step", "1"), *marks, ("Fnopt-Verdict", "kept; x")]
    )
    tree = run.repo.write_tree(run.repo.tree(run.head()), {"functions/f.py": b"f"})
    run.publish(run.pend(tree, 1, said), said, LAYOUT, keep=True)
    refuse(run, 2)
    path = "steps/0002.json"
    document = run.evidence.document(path)
    assert document is not None
    run.evidence.write({path: {**document, "answers": ["13"]}}, [], "answers")
    publish(run, 3)
    found = updates(run)
    assert [one.answers for one in found] == [("11", "12"), ("13",), ()]
    assert [one.to_json().get("answers") for one in found] == [["11", "12"], ["13"], None]


def test_what_replies_without_a_step_cost_is_told(run: RunBranch) -> None:
    """A fresh clone knows it from the evidence alone."""
    begin(run)
    publish(run, 1)
    reply = {"id": "11", "state": "declined", "tokens": 40, "cost": 0.01}
    run.evidence.write({"requests/11.json": reply, "requests/12.json": {"id": "12"}}, [], "reply")
    assert run.evidence.requests() == {"11": reply, "12": {"id": "12"}}
    assert (spent_on(run).tokens, spent_on(run).cost) == (1240, pytest.approx(0.0412))
