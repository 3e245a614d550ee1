"""Runs whose log and evidence are made here, by the same calls that a step makes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fnopt.evaluate.claim import Claim
from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import format_cost
from fnopt.library.layout import Layout
from fnopt.records import Call, Evaluation, Score, Trial, Usage
from fnopt.train.run import library_at

LAYOUT = Layout.of("functions")
START = {
    "functions/words.py": b'def shout(word: str) -> str:\n    """Make loud."""\n    return word\n'
}
COUNT = b'def count(word: str) -> int:\n    """Count letters."""\n    return len(word)\n'
WIDE = b'def count(word: str, of: str = "") -> int:\n    """Count letters."""\n    return 0\n'


def git(folder: Path, *words: str) -> str:
    """git's output; raises CalledProcessError when it fails."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ, capture_output=True, check=True
    )
    return done.stdout.decode().rstrip("\n")


def repository(folder: Path, files: Mapping[str, bytes] = START) -> Path:
    """A repository with one commit on main."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    return folder


def begun(repo: Repository, name: str = "r") -> RunBranch:
    """A run that has begun at main."""
    run = RunBranch(repo, name)
    run.start(repo.resolve("main"))
    start = {"run": name, "base": run.head(), "fnopt": "0.0.9", "from": "main"}
    run.evidence.write({"run.json": start}, (), "begin")
    return run


def step(
    run: RunBranch,
    number: int,
    actions: Sequence[tuple[str, str]],
    files: Mapping[str, bytes | None],
    *,
    keep: bool = True,
    why: str = "Because it helps.",
    figures: tuple[float, float] = (0.25, 0.5),
    **marks: str,
) -> str:
    """One judged update; its commit. ``marks``: trailers in place of the usual ones."""
    verdict = "kept" if keep else "reverted"
    usual = {
        "Fnopt-Run": run.name,
        "Fnopt-Step": str(number),
        "Fnopt-Base": f"{figures[0]:.4f}",
        "Fnopt-Score": f"{figures[1]:.4f}",
        "Fnopt-Verdict": f"{verdict}; {figures[1] - figures[0]:+.3f} (p = 0.01)",
        "Fnopt-Model": "optimizer-model",
        "Fnopt-Sandbox": "confined",
        "Fnopt-Cost": format_cost(1_000, 0.02),
    }
    told = {**usual, **{f"Fnopt-{key}": value for key, value in marks.items()}}
    pairs = [*told.items()]
    for action, function in actions:
        pairs += [("Fnopt-Action", action), ("Fnopt-Function", function)]
    body = f"{why}\n\nSelection score on val: {figures[0]} before, {figures[1]} with it."
    text = message.compose(message.subject(actions), body, pairs)
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    return run.publish(run.pend(tree, number, text), text, LAYOUT, keep=keep)


def trials(
    run: RunBranch,
    commit: str,
    scores: Mapping[str, float],
    *,
    called: str | None = None,
    first: int = 0,
    split: str = "val",
) -> None:
    """Trials of a commit's library become evidence, one a task; each calls a function once."""
    calls = (Call(called, '{"word": "tea"}', "3"),) if called else ()
    library = library_at(run.repo, commit, LAYOUT)
    made = tuple(
        Trial(
            task, first, f"k{task}", score=Score(score), calls=calls, usage=Usage(1, 10, 5, 0.001)
        )
        for task, score in scores.items()
    )
    run.evidence.write({}, [Evaluation(split, library.digest, made)], "trials")


def claimed(run: RunBranch, split: str, commit: str, /, **other: Any) -> None:
    """A claim becomes evidence, as ``fnopt claim`` writes it."""
    claim = Claim(split, 0.25, 0.75, 0.5, 0.2, 0.8, 9, 1, 16, 0, 0.95, 1)
    commits = {"base_commit": run.repo.resolve("main"), "commit": commit}
    document = {"run": run.name, **commits, **asdict(claim), "judged": 1, "kept": 1, **other}
    run.evidence.write({f"claims/{split}.json": document}, (), "claim")
