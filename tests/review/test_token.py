"""Whose token goes where."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fnopt.errors import UsageError
from fnopt.review.forge import Place
from fnopt.review.token import Token, token

HUB = Place("github", "https://github.com", "https://api.github.com", "ada/tools")
CORP = Place("github", "https://git.corp.example", "https://git.corp.example/api/v3", "ada/tools")
LAB = Place("gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "ada/tools")
OWN_LAB = Place("gitlab", "https://lab.example", "https://lab.example/api/v4", "ada/tools")
TEA = Place("gitea", "https://tea.example", "https://tea.example/api/v1", "ada/tools")


def remote(place: Place) -> str:
    return f"{place.web}/{place.path}.git"


FOUND = [
    (HUB, {"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, "GITHUB_TOKEN"),
    (HUB, {"GH_TOKEN": " b\n"}, "GH_TOKEN"),
    (HUB, {"GITHUB_TOKEN": "", "GH_ENTERPRISE_TOKEN": "c"}, None),
    (CORP, {"GITHUB_TOKEN": "a", "GH_ENTERPRISE_TOKEN": "c"}, "GH_ENTERPRISE_TOKEN"),
    (CORP, {"GITHUB_TOKEN": "a"}, None),
    (CORP, {"GITHUB_TOKEN": "a", "GITHUB_SERVER_URL": CORP.web}, "GITHUB_TOKEN"),
    (CORP, {"GITHUB_TOKEN": "a", "GITHUB_SERVER_URL": "https://github.com"}, None),
    (CORP, {"GITHUB_TOKEN": "a", "FNOPT_REVIEW_URL": CORP.web}, "GITHUB_TOKEN"),
    (LAB, {"GITLAB_TOKEN": "a", "CI_JOB_TOKEN": "b"}, "GITLAB_TOKEN"),
    (LAB, {"CI_JOB_TOKEN": "b", "CI_SERVER_URL": "https://gitlab.com"}, "CI_JOB_TOKEN"),
    (LAB, {"CI_JOB_TOKEN": "b", "CI_SERVER_URL": "https://lab.example"}, None),
    (OWN_LAB, {"GITLAB_TOKEN": "a"}, "GITLAB_TOKEN"),
    (TEA, {"FORGEJO_TOKEN": "b"}, "FORGEJO_TOKEN"),
    (TEA, {"GITEA_TOKEN": "a", "FORGEJO_TOKEN": "b"}, "GITEA_TOKEN"),
    (TEA, {"GITHUB_TOKEN": "a"}, None),
]


@pytest.mark.parametrize(("place", "environ", "source"), FOUND)
def test_finds_the_token_for_a_host(
    place: Place, environ: dict[str, str], source: str | None
) -> None:
    """Each forge's variables, and no other's; another host's token stays at home."""
    found = token(place, remote(place), environ)
    assert (found and found.source) == source


EVIL = [
    (Place("github", "https://evil.example", "https://evil.example/api/v3", "a/b"), "GH_TOKEN"),
    (Place("github", "https://github.com", "https://evil.example", "a/b"), "GITHUB_TOKEN"),
    (Place("gitlab", "https://gitlab.com", "https://evil.example", "a/b"), "GITLAB_TOKEN"),
    (Place("gitea", "https://evil.example", "https://evil.example", "a/b"), "GITEA_TOKEN"),
    (Place("github", "https://evil.example", "https://evil.example", "a/b"), "GH_ENTERPRISE_TOKEN"),
]


@pytest.mark.parametrize(("place", "name"), EVIL)
def test_a_repositorys_configuration_gets_no_token(place: Place, name: str) -> None:
    """A host that only fnopt.toml names is sent nothing, whatever the environment holds."""
    there = "git@github.com:a/b.git"
    if name == "GH_TOKEN":
        assert token(place, there, {name: "s3cret"}) is None
        return
    with pytest.raises(UsageError, match=f"{name} is not sent to evil.example") as caught:
        token(place, there, {name: "s3cret"})
    assert "s3cret" not in caught.value.message + caught.value.mend


def test_an_address_in_the_environment_is_the_users_own_word() -> None:
    """FNOPT_REVIEW_API is as good as the remote."""
    place = Place("gitea", "https://tea.example", "https://api.tea-corp.example", "a/b")
    environ = {"GITEA_TOKEN": "a", "FNOPT_REVIEW_API": place.api}
    assert token(place, "work:a/b", environ) == Token("a", "GITEA_TOKEN")


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "ümlaut"])
def test_what_is_no_token_is_not_sent(value: str) -> None:
    """A variable that holds something else is named, its value is not."""
    with pytest.raises(UsageError, match="GITHUB_TOKEN holds what is no token") as caught:
        token(HUB, remote(HUB), {"GITHUB_TOKEN": value})
    assert value not in caught.value.message


def program(folder: Path, name: str, body: str) -> dict[str, str]:
    """An environment in whose path there is a program of that name."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    path.chmod(0o755)
    return {"PATH": str(folder), "HOME": str(folder)}


PROGRAMS = [
    (CORP, "gh", ["auth", "token", "--hostname", "git.corp.example"], "gh auth token"),
    (OWN_LAB, "glab", ["config", "get", "token", "--host", "lab.example"], "glab config get"),
]


@pytest.mark.parametrize(("place", "name", "words", "source"), PROGRAMS)
def test_asks_the_forges_own_program(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Place,
    name: str,
    words: list[str],
    source: str,
) -> None:
    """gh and glab are asked for that host; of variables for others they are told nothing."""
    body = f"assert sys.argv[1:] == {words!r}\nassert not [n for n in os.environ if 'TOKEN' in n]"
    environ = program(tmp_path, name, f"{body}\nprint('from-{name}')")
    monkeypatch.setenv("PATH", str(tmp_path))
    leaks = {"GITHUB_TOKEN": "a", "GH_TOKEN": "b"} if name == "gh" else {"GITHUB_TOKEN": "a"}
    assert token(place, remote(place), {**environ, **leaks}) == Token(f"from-{name}", source)


@pytest.mark.parametrize("body", ["sys.exit(1)", "print('no oauth token found for host')", ""])
def test_a_program_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """One that fails, or says something else, has no token."""
    environ = program(tmp_path, "gh", body)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert token(HUB, remote(HUB), environ) is None


def test_tokens_are_not_shown() -> None:
    """Neither the token nor its header stands in a repr."""
    held = Token("s3cret", "GITHUB_TOKEN")
    assert "s3cret" not in repr(held)
    assert "s3cret" not in repr(held.header("github"))


HEADERS = [
    ("github", False, "Authorization", "Bearer s", "x-access-token"),
    ("gitlab", False, "Authorization", "Bearer s", "oauth2"),
    ("gitlab", True, "JOB-TOKEN", "s", "gitlab-ci-token"),
    ("gitea", False, "Authorization", "token s", "x-access-token"),
]


@pytest.mark.parametrize(("kind", "job", "name", "value", "user"), HEADERS)
def test_each_forge_has_its_header(kind: str, job: bool, name: str, value: str, user: str) -> None:
    """What the API wants, and whose password it is when git pushes."""
    held = Token("s", "X", job=job)
    header = held.header(kind)  # type: ignore[arg-type]
    assert (header.name, header.value) == (name, value)
    assert held.user(kind) == user  # type: ignore[arg-type]
