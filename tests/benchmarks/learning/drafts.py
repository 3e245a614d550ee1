"""How good a first draft is, without a run: what a step proposes for each family, and what the
function computes on val tasks when it is called with what stands in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.learning.accepted import write
from benchmarks.learning.candidates import CANDIDATES
from benchmarks.learning.setting import SETS, repository
from benchmarks.learning.stand import Stand, stand

from fnopt.cli import build, clients
from fnopt.history.runs import RunBranch
from fnopt.library.edit import Remove
from fnopt.records import Evaluation, Task
from fnopt.train import draft
from fnopt.train.drafted import Draft
from fnopt.train.filters import try_edits
from fnopt.train.run import Run
from fnopt.train.tryout import NONE

FAMILIES = tuple(sorted({*CANDIDATES, *SETS["dev"]} - set(SETS["reported"])))
"""Those that are reported nowhere: prompts may be developed on them."""
TRAIN, VAL = 4, 8
BUDGET = 10_000  # trials: only the training tasks meet the agent


def measure(
    out: Path,
    families: Sequence[str],
    seed: int,
    functions: Path | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """For each family the draft, its share of training and of val tasks, replies and tokens.

    ``functions`` is a folder of modules that the library begins with.
    """
    out.mkdir(parents=True, exist_ok=True)
    named = ",".join(families)
    files = repository(
        train=f"reasoning-gym:{named}?size={TRAIN}&seed={seed}",
        val=f"reasoning-gym:{named}?size={VAL}&seed={seed + 1_000}",
        test=f"reasoning-gym:{families[0]}?size=1&seed={seed + 2_000}",
    )
    if functions is not None:
        found = sorted(functions.glob("*.py"))
        files |= {f"functions/{path.name}": path.read_text() for path in found}
    document = {"seed": seed, **drafted(out, files, families, say)}
    write(out / "drafts.json", document)
    say(json.dumps(document["total"]))
    return document


def drafted(
    out: Path, files: Mapping[str, str], families: Sequence[str], say: Callable[[str], None]
) -> dict[str, Any]:
    """A row for each family of a repository's tasks, and their total."""
    with stand(out, files, BUDGET, say) as place:
        rows = list(_rows(place, families, say))
    return {"rows": rows, "total": _total(rows)}


def _rows(
    place: Stand, families: Sequence[str], say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    session = place.session
    branch = RunBranch(session.repo, "drafts")
    watch = clients.Watcher()
    with branch.lock():
        run = replace(
            build.run(session, branch, session.purse("drafts"), watch),
            evaluator=place.evaluator,
            optimizer=build.optimizer(session, place.meter("optimizer"), watch),
        )
        run.begin(session.repo.resolve("HEAD"))
        trained = place.evaluate_all(run.head().library, "train", place.train)
        for family in families:
            row = _row(place, run, trained, family)
            say(json.dumps(row))
            yield row


def _row(place: Stand, run: Run, trained: Evaluation, family: str) -> dict[str, Any]:
    def own(tasks: Sequence[Task]) -> tuple[Task, ...]:
        return tuple(task for task in tasks if task.metadata.get("family") == family)

    ids = {task.id for task in own(place.train)}
    mine = replace(trained, trials=tuple(one for one in trained.trials if one.task in ids))
    before = place.spent("optimizer")
    known = [one for one in trained.trials if one.task in ids or one.right]  # what serves others
    given = tuple(task for task in place.train if task.id in {one.task for one in known})
    done = draft.draft(replace(run, train=given), run.head(), replace(trained, trials=tuple(known)))
    after = place.spent("optimizer")
    row: dict[str, Any] = {
        "family": family,
        "wrong": len(draft.wrong_in(mine)),
        "replies": after.calls - before.calls,
        "tokens": after.tokens - before.tokens,
    }
    if not isinstance(done, Draft):
        return {**row, "draft": type(done).__name__}
    held = NONE
    if done.library is not None and not isinstance(done.proposal.edits[0], Remove):
        held_out = (done.proposal.edits, list(own(place.val)), replace(mine, trials=()))
        held = try_edits(run, done.library, *held_out)
    names = [edit.name for edit in done.proposal.edits]
    faults = [fault.message for fault in done.faults]
    share = {"train": round(done.tryout.share, 2), "val": round(held.share, 2)}
    return {**row, "draft": ", ".join(names), "faults": faults, **share}


def _total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over the families of which anything failed."""
    tried = [row for row in rows if row["wrong"]]
    return {
        "families": len(tried),
        "val": round(sum(row.get("val", 0.0) for row in tried), 2),
        "solved": sum(row.get("val", 0.0) >= 0.9 for row in tried),
        "replies": sum(row["replies"] for row in tried),
        "tokens": sum(row["tokens"] for row in tried),
    }
