"""The texts that fnopt writes, from the Jinja2 files in ``templates/``.

A repository may override each one by a file of the same name in ``.fnopt/templates/``. Those come
from the user's working tree, never from a model, and run in Jinja2's sandbox all the same. Values
are inserted as data: a value is never itself taken as a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
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
    """Renders templates by name, those of ``root/.fnopt/templates`` first.

    ``texts`` are a repository's own templates by name where the repository itself is not at hand.
    """

    def __init__(self, root: Path | None = None, texts: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._texts = texts or {}

    def own(self) -> dict[str, str]:
        """The repository's own templates by name. Raises UsageError for one that is no text."""
        folder = self._root / OVERRIDES if self._root else None
        found = dict(self._texts)
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.is_file():
                found[path.relative_to(folder or path).as_posix()] = _text(path)
        return found

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
        given, ours = DictLoader(self._texts), PackageLoader("fnopt.templates", "")
        return SandboxedEnvironment(
            loader=ChoiceLoader([*loaders, given, ours]),
            undefined=StrictUndefined,
            autoescape=False,  # prompts and messages, never HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"template {path}: {error}", "mend or remove it") from None
