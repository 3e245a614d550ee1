"""The texts that fnopt writes, from the Jinja2 files in ``templates/``.

A repository may override each one by a file of the same name in ``.fnopt/templates/``. Those come
from the user's working tree, never from a model, and run in Jinja2's sandbox all the same. Values
are inserted as data: a value is never itself taken as a template.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from fnopt.errors import UsageError

OVERRIDES = Path(".fnopt") / "templates"


class Prose:
    """Renders templates by name, those of ``root/.fnopt/templates`` first."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def render(self, name: str, /, **values: Any) -> str:
        """The template's text, without surrounding blank lines. Raises UsageError."""
        try:
            return self._environment.get_template(name).render(values).strip("\n")
        except TemplateError as error:
            where = self._root / OVERRIDES / name if self._root else name
            raise UsageError(
                f"template {name}: {error}", f"mend or remove your override {where}"
            ) from None

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        loaders = [FileSystemLoader(self._root / OVERRIDES)] if self._root else []
        return SandboxedEnvironment(
            loader=ChoiceLoader([*loaders, PackageLoader("fnopt.templates", "")]),
            undefined=StrictUndefined,
            autoescape=False,  # prompts and messages, never HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )
