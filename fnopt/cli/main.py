"""The entry point: commands loaded when called, one handler for whatever goes wrong."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import tempfile
import traceback

import click

from fnopt import __version__
from fnopt.cli.echo import note
from fnopt.errors import FnoptError

COMMANDS = {
    "init": "fnopt.cli.init:init",
    "doctor": "fnopt.cli.doctor:doctor",
    "list": "fnopt.cli.library:list_",
    "show": "fnopt.cli.library:show",
    "diff": "fnopt.cli.diff:diff",
    "check": "fnopt.cli.check:check",
    "call": "fnopt.cli.library:call",
    "eval": "fnopt.cli.evaluate:evaluate",
    "credit": "fnopt.cli.credit:credit",
    "step": "fnopt.cli.train:step",
    "train": "fnopt.cli.train:train",
    "log": "fnopt.cli.log:log",
    "runs": "fnopt.cli.runs:runs",
    "abandon": "fnopt.cli.runs:abandon",
    "clean": "fnopt.cli.runs:clean",
    "update": "fnopt.cli.runs:update",
    "keep": "fnopt.cli.keep:keep",
    "rollback": "fnopt.cli.rollback:rollback",
    "test": "fnopt.cli.evaluate:test",
    "claim": "fnopt.cli.claim:claim",
    "calibrate": "fnopt.cli.calibrate:calibrate",
    "power": "fnopt.cli.power:power",
    "pr": "fnopt.cli.pr:pr",
    "verify": "fnopt.cli.verify:verify",
    "demo": "fnopt.cli.demo:demo",
}
"""Every command, in the order in which a newcomer meets them, with where it lives."""

SUMMARIES = {
    "init": "Scaffold fnopt.toml, functions/, tasks/ and a CI workflow.",
    "doctor": "Say what is missing, and the command that mends it.",
    "list": "List the functions of the library.",
    "show": "Show one function, FUNCTION or FUNCTION@REV.",
    "diff": "Show what became of each function between two revisions.",
    "check": "Check every rule on every function.",
    "call": "Call one function in the sandbox.",
    "eval": "Score a revision.",
    "credit": "Show what each function does, and what is lost without it.",
    "step": "Propose, check, commit, judge; keep or revert.",
    "train": "Step until it stops paying; resumes by itself.",
    "log": "Show the updates of a run with their verdicts, or the history of a function.",
    "runs": "List the runs of the repository and how each stands.",
    "abandon": "Give a run up: no command goes on with it by itself.",
    "clean": "Delete the runs that are abandoned.",
    "update": "Bring a run up to date: merge the branch that it came from into the run's.",
    "keep": "Keep an update that the gate took back, or that waits for its verdict.",
    "rollback": "Take one update back, or bring one function back as it was.",
    "test": "Open the sealed test split once, and score it.",
    "claim": "Measure what a run gained, with an interval, on fresh trials or the sealed split.",
    "calibrate": "Measure the agent's own noise: one library, several times.",
    "power": "Say what gain the validation tasks can show, before anything is paid for.",
    "pr": "Push a run and its evidence, and open or update its pull request.",
    "verify": "Check that what the commits say follows from the evidence.",
    "demo": "Watch the whole loop in a scratch repository.",
}
BUG = FAILURE = 1
OF_THE_SYSTEM = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
)
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fnopt")
def cli() -> None:
    """Train the functions that an LLM agent can call, as commits in your own git repository."""


def main() -> None:
    """Run the command line and exit with the code that design and help promise."""
    gc.set_threshold(50_000, 20, 20)  # what a command makes mostly lives as long as it
    code = run(sys.argv[1:])
    if code == INTERRUPTED:  # a second Ctrl-C: trials under way in other threads end with us
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code. Errors are told in two lines on stderr."""
    try:
        result = cli.main(arguments, prog_name="fnopt", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _tell(error.format_message(), "", 2)
    except FnoptError as error:
        return _tell(error.message, error.mend, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _tell("interrupted", "run the same command again to go on", INTERRUPTED)
    except BrokenPipeError:  # `fnopt log | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        return _refused_by_the_system(error)
    except Exception:  # noqa: BLE001 - the last handler: a bug, told without a traceback
        return _bug()


def _tell(message: str, mend: str, code: int) -> int:
    note(f"error: {' '.join(message.split())}")
    if mend:
        note(f"mend: {' '.join(mend.split())}")
    return code


def _refused_by_the_system(error: OSError) -> int:
    """A full disk, a folder that cannot be written, too many open files: no bug of ours."""
    if error.errno not in OF_THE_SYSTEM:
        return _bug()
    where = f"{error.filename}: " if error.filename else ""
    mend = "see to it, and run the same command again: it goes on where it was"
    return _tell(f"{where}{os.strerror(error.errno)}", mend, FAILURE)


def _bug() -> int:
    with tempfile.NamedTemporaryFile(
        "w", prefix="fnopt-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        log.write(traceback.format_exc())
    kind, value, _ = sys.exc_info()
    name = kind.__name__ if kind else "error"
    return _tell(f"fnopt failed: {name}: {value}", f"please report it with {log.name}", BUG)
