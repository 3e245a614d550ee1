"""Compare ways of learning: ``python tests/benchmarks/learning run|report|drafts|…`` (README)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

sys.path.pop(0)  # this folder: its modules are of a package
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.learning import choice, drafts
from benchmarks.learning.accepted import write
from benchmarks.learning.candidates import measure
from benchmarks.learning.report import report
from benchmarks.learning.run import ARMS, Plan, Voice, run
from benchmarks.learning.setting import Sizes, families_of, files, files_at
from benchmarks.learning.table import markdown

from fnopt.errors import FnoptError
from fnopt.models.connect import embedded
from fnopt.models.llama import Settings

CONTEXT = Settings(n_ctx=65536)  # 16,384 tokens for each of four slots: AutoGen's prompts are long
USUAL = "none,one_shot,one_shot_each,fnopt"


def main() -> int:
    """Do what was asked."""
    given = _parser().parse_args()
    try:
        embedded().settings = CONTEXT
        given.do(given)
    except FnoptError as error:
        sys.stderr.write(f"error: {error.message}\n{error.mend}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="learning", description="Compare ways of learning.")
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="run arms, or go on with them")
    runs.add_argument("--arms", default=USUAL, help=f"of {', '.join(ARMS)}")
    runs.add_argument("--seeds", default="1,2")
    runs.add_argument("--families", default="dev", help="dev, reported, or families: a,b,c")
    runs.add_argument("--data", type=Path, help="tasks of this folder (*.jsonl) instead")
    runs.add_argument("--budget", type=int, default=300, help="trials of an arm and seed")
    runs.add_argument("--sizes", default="4,8,20", help="train, val and test tasks of a family")
    runs.add_argument("--out", type=Path, required=True)
    runs.set_defaults(do=_run)
    families = commands.add_parser("candidates", help="measure the families to choose from")
    families.add_argument("--out", type=Path, required=True)
    families.set_defaults(do=_candidates)
    calls = commands.add_parser("choice", help="measure whether the agent calls what is right")
    calls.add_argument("--out", type=Path, required=True)
    calls.set_defaults(do=_choice)
    one = commands.add_parser("drafts", help="measure what one step proposes for each family")
    one.add_argument("--families", default=",".join(drafts.FAMILIES), help="a,b,c")
    one.add_argument("--seed", type=int, default=910)
    one.add_argument("--functions", type=Path, help="a folder of modules to begin with")
    one.add_argument("--out", type=Path, required=True)
    one.set_defaults(do=_drafts)
    reports = commands.add_parser("report", help="make the tables of what is finished")
    reports.add_argument("--out", type=Path, required=True)
    reports.set_defaults(do=_report)
    return parser


def _run(given: argparse.Namespace) -> None:
    arms = given.arms.split(",")
    if unknown := set(arms) - ARMS.keys():
        raise FnoptError(f"there is no arm {', '.join(sorted(unknown))}", f"of: {', '.join(ARMS)}")
    name, make = _tasks(given)
    seeds = [int(seed) for seed in given.seeds.split(",")]
    run(Plan(given.out.absolute(), name, arms, seeds, make, given.budget))


def _tasks(given: argparse.Namespace) -> tuple[str, Callable[[int], Mapping[str, str]]]:
    """The name of the set, and what makes a seed's repository."""
    if given.data is not None:
        files = files_at(given.data)
        return given.data.absolute().name, lambda _: files
    name, families = families_of(given.families)
    return name, partial(_files, families, Sizes(*map(int, given.sizes.split(","))))


def _candidates(given: argparse.Namespace) -> None:
    measure(given.out.absolute(), Voice("candidates"))


def _choice(given: argparse.Namespace) -> None:
    choice.measure(given.out.absolute(), Voice("choice"))


def _drafts(given: argparse.Namespace) -> None:
    _, families = families_of(given.families)
    out = given.out.absolute()
    drafts.measure(out, families, given.seed, given.functions, Voice("drafts"))


def _report(given: argparse.Namespace) -> None:
    """``report.md`` and ``report.json`` in the folder of each set; the tables on stdout too."""
    for folder in sorted({path.parent for path in given.out.glob("*/[0-9]*") if path.is_dir()}):
        document = report(folder)
        write(folder / "report.json", document)
        (folder / "report.md").write_text(markdown(document), encoding="utf-8")
        sys.stdout.write(markdown(document))


def _files(families: tuple[str, ...], sizes: Sizes, seed: int) -> dict[str, str]:
    return files(families, seed, sizes)


if __name__ == "__main__":
    sys.exit(main())
