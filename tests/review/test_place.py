"""Which forge a remote is at: git's addresses, the configuration, names, and asking."""

from __future__ import annotations

from typing import Any

import pytest
from loopback import Loopback, Routes, Told

from fnopt.config import ReviewConfig
from fnopt.errors import UsageError
from fnopt.review.forge import Kind, Place
from fnopt.review.place import place, recognise
from fnopt.review.remote_url import read


def nobody(web: str) -> Kind | None:
    """Asked where the name should be enough."""
    raise AssertionError(web)


GITHUB = Place("github", "https://github.com", "https://api.github.com", "ada/tools")
REMOTES = {
    "https://github.com/ada/tools": GITHUB,
    "https://github.com/ada/tools.git/": GITHUB,
    "https://ada:pass@github.com/ada/tools.git": GITHUB,
    "git@github.com:ada/tools.git": GITHUB,
    "github.com:ada/tools": GITHUB,
    "ssh://git@github.com/ada/tools.git": GITHUB,
    "ssh://git@ssh.github.com:443/ada/tools.git": GITHUB,
    "git+ssh://git@github.com/ada/tools": GITHUB,
    "git://github.com/ada/tools.git": GITHUB,
    "https://GitHub.com/ada/tools": GITHUB,
    "https://gitlab.com/team/sub/deep/tools.git": Place(
        "gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "team/sub/deep/tools"
    ),
    "git@altssh.gitlab.com:team/tools": Place(
        "gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "team/tools"
    ),
    "https://codeberg.org/ada/tools": Place(
        "gitea", "https://codeberg.org", "https://codeberg.org/api/v1", "ada/tools"
    ),
    "https://github.corp.example:8443/ada/tools": Place(
        "github",
        "https://github.corp.example:8443",
        "https://github.corp.example:8443/api/v3",
        "ada/tools",
    ),
    "ssh://git@git-gitea.corp.example:2222/ada/tools.git": Place(
        "gitea",
        "https://git-gitea.corp.example",
        "https://git-gitea.corp.example/api/v1",
        "ada/tools",
    ),
    "https://octo.ghe.com/ada/tools": Place(
        "github", "https://octo.ghe.com", "https://api.octo.ghe.com", "ada/tools"
    ),
    "http://gitlab.local/a/b": Place(
        "gitlab", "http://gitlab.local", "http://gitlab.local/api/v4", "a/b"
    ),
}


@pytest.mark.parametrize("remote", REMOTES)
def test_reads_remotes(remote: str) -> None:
    """Each way that git has to write an address, and each forge's API behind it."""
    assert place(remote, ReviewConfig(), nobody) == REMOTES[remote]


FOLDERS = [
    *("/srv/git/tools.git", "../tools", "./a:b", "tools", "~/tools.git", "file:///srv/tools.git"),
    *("C:\\git\\tools", "C:/git/tools", "ext::sh -c git%", "rsync://host/ada/tools", ""),
    *("https:///ada/tools", "https://[::1/ada/tools"),
]


@pytest.mark.parametrize("remote", FOLDERS)
def test_folders_have_no_forge(remote: str) -> None:
    """A path, and what no forge speaks, is nothing; nobody is asked."""
    assert place(remote, ReviewConfig(), nobody) is None


def test_reads_addresses_of_version_6() -> None:
    """Brackets stay around them."""
    found = read("ssh://git@[::1]:2222/a/b.git")
    assert found is not None
    assert (found.host, found.port, found.path) == ("[::1]", 2222, "a/b")
    assert read("git@[::1]:a/b") == read("ssh://[::1]/a/b")


def test_the_configuration_has_the_last_word() -> None:
    """Kind, address and API are taken from it; a forge behind a path of its own is understood."""
    review = ReviewConfig(
        forge="gitea", url="https://corp.example/git/", api="https://api.corp.example/v1/"
    )
    there = ("gitea", "https://corp.example/git", "https://api.corp.example/v1", "ada/tools")
    assert place("https://corp.example/git/ada/tools", review, nobody) == Place(*there)
    assert place("work:ada/tools.git", review, nobody) == Place(*there)


def test_none_is_a_choice() -> None:
    """With forge = none nothing is read."""
    assert place("https://github.com/ada/tools", ReviewConfig(forge="none"), nobody) is None


WRONG = [
    ("https://github.com/tools", {}, "OWNER/NAME"),
    ("https://github.com/a/b/c", {}, "OWNER/NAME"),
    ("https://gitlab.com/tools", {}, "GROUP/NAME"),
    ("https://github.com/a/..", {}, "no repository"),
    ("https://github.com/a/b%3Fx", {}, "no repository"),
    ("https://github.com/a%2F../b", {}, "no repository"),
    ("a:b/c", {"forge": "github", "url": "ftp://host"}, r"review\.url"),
    ("a:b/c", {"forge": "github", "url": "https://u:p@host"}, r"review\.url"),
    ("a:b/c", {"forge": "github", "api": "https://host?x=1"}, r"review\.api"),
    ("https://bitbucket.org/a/b", {}, "not known what forge"),
]


@pytest.mark.parametrize(("remote", "given", "said"), WRONG)
def test_says_what_is_wrong(remote: str, given: dict[str, Any], said: str) -> None:
    """An address that is no repository's, and settings that are none; no password is repeated."""
    with pytest.raises(UsageError, match=said) as caught:
        place(remote, ReviewConfig(**given), nobody)
    assert caught.value.mend
    assert "u:p" not in caught.value.message


ANSWERS: dict[str, tuple[Kind | None, dict[str, Any]]] = {
    "gitea": ("gitea", {"GET /api/v1/version": {"version": "1.24.0"}}),
    "gitlab": (
        "gitlab",
        {"GET /api/v4/version": Told(401, {"message": "401 Unauthorized"})},
    ),
    "enterprise": ("github", {"GET /api/v3/meta": {"verifiable_password_authentication": True}}),
    "a page": (None, {"GET /api/v1/version": Told(200, "<html>version</html>")}),
    "a redirect": (None, {"GET /api/v1/version": Told(302, None, {"Location": "/login"})}),
    "nothing": (None, {}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_asks_an_unknown_host(name: str) -> None:
    """What only one forge has tells it; there is no token in the question."""
    kind, table = ANSWERS[name]
    with Loopback(Routes(table)) as server:
        assert recognise(server.url) == kind
    assert all("authorization" not in one.headers for one in server.asked)
    assert len(server.asked) <= 4


def test_an_unknown_host_is_named() -> None:
    """Where asking does not help, the error says which setting does."""
    with Loopback(Routes({})) as server, pytest.raises(UsageError, match="not known") as caught:
        place(f"{server.url}/ada/tools.git", ReviewConfig())
    assert "review.forge" in caught.value.mend


def test_a_recognised_host_becomes_a_place() -> None:
    """From a remote on an unknown host, with its port, to its API."""
    with Loopback(Routes(ANSWERS["gitea"][1])) as server:
        found = place(f"{server.url}/ada/tools.git", ReviewConfig())
    assert found == Place("gitea", server.url, f"{server.url}/api/v1", "ada/tools")
