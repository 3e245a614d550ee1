"""The only printing: documents on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

SCHEMA = 1

_COMMAND = re.compile(r"^\s*:(?=:)|##(?=\[)", re.MULTILINE)

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """The option that every command takes."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(
        command
    )


def document(values: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command."""
    click.echo(json.dumps({"schema": SCHEMA, **values}, ensure_ascii=False))


def note(text: str) -> None:
    """Say something that is not the command's result."""
    click.echo(unobeyed(text), err=True)


def unobeyed(text: str) -> str:
    """The text with a blank in whatever a CI runner would take for a command of ours to it.

    GitHub's obeys lines of the log that begin with ``::``, and ``##[`` anywhere in a line; what we
    say may quote a repository, or a model.
    """
    return _COMMAND.sub(r"\g<0> ", text)
