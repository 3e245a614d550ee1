"""``fnopt demo``: the whole loop in a scratch repository, on the embedded model."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click

from fnopt.cli import build
from fnopt.cli.echo import document, json_option, note
from fnopt.cli.session import Session
from fnopt.cli.train import EXIT, begin
from fnopt.errors import UsageError
from fnopt.history import scratch
from fnopt.history.runs import RunBranch
from fnopt.history.updates import scores, updates
from fnopt.models.recordings import DEMO
from fnopt.prose import Prose
from fnopt.records import Evaluation
from fnopt.report.demo import Summary, show
from fnopt.report.live import Live
from fnopt.train.loop import Stop
from fnopt.train.loop import train as go_on
from fnopt.train.run import Run

FAMILIES = ("letter_counting", "count_bits", "spell_backward", "prime_factorization")
SEED = 1


@click.command(help="Watch the whole loop in a scratch git repository; needs no key, no account.")
@click.option("--recorded", is_flag=True, help="Play back the model's replies of a real run.")
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Of tasks.")
@click.option("--path", type=click.Path(path_type=Path), help="Where (default: a new folder).")
@click.option("--record", type=click.Path(path_type=Path), help="Record the replies in a file.")
@json_option
def demo(recorded: bool, seed: int, path: Path | None, record: Path | None, as_json: bool) -> int:
    """Scaffold, train, open the test split, and show what was learned."""
    if recorded and (seed != SEED or record):
        raise UsageError("--recorded plays one run back", "leave --seed and --record out")
    folder = _folder(path)
    began = time.monotonic()
    scratch.create(folder, _files(seed, recorded))
    if recorded:
        note("playing back the model's replies of a real run; everything else is real")
    with Session(folder, record=record) as session:
        summary, stop = _learn(session, began)
    if as_json:
        document({**summary.to_json(), "folder": str(folder), "recorded": recorded})
    else:
        show(summary, folder)
    return EXIT[stop.why]


def _learn(session: Session, began: float) -> tuple[Summary, Stop]:
    branch = RunBranch(session.repo, "demo")
    purse = session.purse(branch.name)
    with branch.lock(), Live(lambda: purse.spent) as live:
        run = begin(session, branch, None, live)
        base = run.branch.head()
        stop = go_on(run, live.step)
        before, after = (_test(session, run, commit) for commit in (base, run.branch.head()))
        first, last = scores(updates(run.branch))
        summary = Summary(
            val=(first, last),
            test=(before, after),
            updates=tuple(updates(branch)),
            usage=purse.spent,
            seconds=time.monotonic() - began,
            stop=stop.reason,
            graph=session.repo.graph(branch.branch),
        )
    return summary, stop


def _test(session: Session, run: Run, commit: str) -> Evaluation:
    return run.evaluate(run.base(commit).library, "test", build.tasks(session, "test"))


def _folder(path: Path | None) -> Path:
    return path.absolute() if path else Path(tempfile.mkdtemp(prefix="fnopt-demo-"))


def _files(seed: int, recorded: bool) -> dict[str, str]:
    model = f"recorded:{DEMO}" if recorded else "local"
    toml = Prose().render("demo.toml", families=",".join(FAMILIES), seed=seed, model=model)
    return {"fnopt.toml": toml + "\n", "functions/.gitkeep": ""}
