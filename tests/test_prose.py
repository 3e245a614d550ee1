"""Templates: ours, overridden ones, broken ones, and values that stay data."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from fnopt.errors import UsageError
from fnopt.prose import OVERRIDES, Prose


def override(root: Path, name: str, text: str | bytes) -> None:
    """A repository's own template."""
    path = root / OVERRIDES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_repositorys_own_template(tmp_path: Path) -> None:
    """Found in .fnopt/templates, also in folders there; blank lines around it go."""
    override(tmp_path, "commit.md.j2", "\n\n{{ what }} é\n\n")
    override(tmp_path, "prompts/ask.j2", "{% include 'commit.md.j2' %}!")
    assert Prose(tmp_path).render("commit.md.j2", what="add") == "add é"
    assert "add é" in Prose(tmp_path).render("prompts/ask.j2", what="add")


def test_ours_are_found_behind_overrides(tmp_path: Path) -> None:
    """The package's folder is read where the repository overrides nothing; its own file wins."""
    (name,) = {"__init__.py"}
    ours = Prose(tmp_path).render(name)
    assert "overridable" in ours
    override(tmp_path, name, "mine")
    assert Prose(tmp_path).render(name) == "mine"
    assert Prose().render(name) == ours


@pytest.mark.parametrize(
    "value", ["{{ 7 * 7 }}", "{% raw %}", "{# x #}", "<b>&</b>", "{{ a }}\n# x"]
)
def test_a_value_is_never_a_template(tmp_path: Path, value: str) -> None:
    """What a model wrote is inserted to the letter."""
    override(tmp_path, "t", "[{{ value }}]")
    assert Prose(tmp_path).render("t", value=value) == f"[{value}]"


@pytest.mark.parametrize(
    "text",
    [
        "{{ absent }}",
        "{% if %}",
        "{{ unclosed",
        "{{ 1 / 0 }}",
        "{{ none + 1 }}",
        "{{ value.absent.deeper }}",
        "{{ 'x'.__class__.__mro__[1].__subclasses__() }}",
        "{% include 'absent' %}",
        "{% include 't' %}",
        "{% for i in range(10 ** 9) %}{% endfor %}",
        b"\xff\xfe not UTF-8",
    ],
)
def test_a_broken_override_is_the_users_to_mend(tmp_path: Path, text: str | bytes) -> None:
    """Whatever is wrong with it, the error names the file."""
    override(tmp_path, "t", text)
    with pytest.raises(UsageError, match="template t") as caught:
        Prose(tmp_path).render("t", value="x", none=None)
    assert str(tmp_path / OVERRIDES / "t") in caught.value.mend


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    """The line in the override that Jinja2 complains of."""
    override(tmp_path, "t", "one\ntwo\n{% if %}\n")
    with pytest.raises(UsageError, match="template t, line 3"):
        Prose(tmp_path).render("t")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "absent"])
def test_names_stay_inside(tmp_path: Path, name: str) -> None:
    """A template is found below the two folders or not at all."""
    (tmp_path / ".fnopt" / "outside").parent.mkdir()
    (tmp_path / ".fnopt" / "outside").write_text("secret")
    with pytest.raises(TemplateNotFound):
        Prose(tmp_path).render(name)


def test_a_forgotten_value_in_our_own_template_is_a_bug(tmp_path: Path) -> None:
    """Without overrides nobody but us can be wrong: no advice to mend an override."""
    override(tmp_path / "elsewhere", "t", "{{ absent }}")
    with pytest.raises((UndefinedError, TemplateNotFound)):
        Prose(tmp_path).render("t")
