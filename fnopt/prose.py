"""The texts that fnopt writes, from the Jinja2 files in ``templates/``.

A repository may override each one by a file of the same name in ``.fnopt/templates/``. Those come
from the user's working tree, never from a model, and run in Jinja2's sandbox all the same. Values
are inserted as data: a value is never itself taken as a template.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import SandboxedEnvironment

from fnopt.errors import UsageError

BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template that a person wrote may raise: 1/0, None + 1, a file that is not UTF-8…"""

OVERRIDES = Path(".fnopt") / "templates"


class Prose:
    """Renders templates by name, those of ``root/.fnopt/templates`` first."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def render(self, name: str, /, **values: Any) -> str:
        """The template's text, without surrounding blank lines.

        Raises UsageError when the repository's own templates are broken.
        """
        try:
            return self._environment.get_template(name).render(values).strip("\n")
        except BROKEN as error:
            if self._root is None or not (self._root / OVERRIDES).is_dir():
                raise  # BUG: a template of ours
            line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise UsageError(
                f"template {name}{line}: {error}",
                f"mend or remove your override {self._root / OVERRIDES / name}",
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
