"""Pushing: to the right remote, as one, forward only, and what each refusal is told as."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fnopt.errors import GitStateError, UsageError
from fnopt.history.credential import Credential, environment
from fnopt.history.remote import Moved, Pushed, Remote, choose_remote, push
from fnopt.history.remotes import look, remotes
from fnopt.history.repo import Repository

from .conftest import Git, run_git
from .git_server import GitServer

BRANCH = "refs/heads/fnopt/r"
EVIDENCE = "refs/fnopt/runs/r"
TOKEN = "ghp_" + "s3cret" * 6


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An empty bare repository in a folder of its own."""
    folder = tmp_path / "served" / "origin.git"
    run_git(tmp_path, "init", "-q", "--bare", str(folder))
    run_git(folder, "config", "http.receivepack", "true")
    return folder


@pytest.fixture
def origin(bare: Path, git: Git, repo: Repository) -> Remote:
    """The bare repository as the remote origin."""
    git("remote", "add", "origin", str(bare))
    return chosen(repo)


@pytest.fixture
def server(bare: Path) -> Iterator[GitServer]:
    """The bare repository over HTTP."""
    with GitServer(bare.parent) as running:
        yield running


@pytest.fixture
def served(server: GitServer, git: Git, repo: Repository) -> Remote:
    """The bare repository over HTTP as the remote origin."""
    git("remote", "add", "origin", server.url("origin.git"))
    return chosen(repo)


def chosen(repo: Repository, named: str | None = None, base: str | None = None) -> Remote:
    remote = choose_remote(repo, named, base)
    assert remote is not None
    return remote


def commit(git: Git, text: str) -> str:
    git("commit", "-q", "--allow-empty", "-m", text)
    return git("rev-parse", "HEAD")


def hook(folder: Path, name: str, script: str) -> None:
    path = folder / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def there(bare: Path) -> dict[str, str]:
    out = run_git(bare, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split() for line in out.splitlines())


# which remote


def test_no_remote_at_all(repo: Repository) -> None:
    """That is a value: what needs none goes on."""
    assert choose_remote(repo, None, "main") is None


def test_the_remote_that_is_named(repo: Repository, git: Git) -> None:
    """It wins over all else, with its own address for pushing."""
    git("remote", "add", "origin", "https://example.org/a.git")
    git("remote", "add", "fork", "https://ada:pw@example.org/b.git")
    git("remote", "set-url", "--push", "fork", "https://ada:pw@example.org/c.git")
    found = chosen(repo, "fork", "main")
    assert (found.fetch_url[-5:], found.push_url[-5:]) == ("b.git", "c.git")
    assert found.shown == "fork (https://example.org/c.git)"
    assert [one.name for one in remotes(repo)] == ["fork", "origin"]


def test_no_remote_by_that_name(repo: Repository, git: Git) -> None:
    """The ones that there are stand in the mend."""
    git("remote", "add", "origin", "https://example.org/a.git")
    with pytest.raises(UsageError, match="'upstraem'") as caught:
        choose_remote(repo, "upstraem", None)
    assert caught.value.mend == "remotes: origin"


@pytest.mark.parametrize("base", ["main", "refs/heads/main", "company/main"])
def test_the_upstream_of_the_base_branch(repo: Repository, git: Git, base: str) -> None:
    """It comes before origin, whether the branch or what it tracks is named."""
    for name in ("origin", "company"):
        git("remote", "add", name, f"https://example.org/{name}.git")
    git("config", "branch.main.remote", "company")
    assert chosen(repo, None, base).name == "company"
    assert chosen(repo, None, "other").name == "origin"


def test_the_only_remote_and_several(repo: Repository, git: Git) -> None:
    """One is meant; of two without a rule nothing says which."""
    git("remote", "add", "one", "https://example.org/a.git")
    assert chosen(repo, None, "main").name == "one"
    git("remote", "add", "two", "https://example.org/b.git")
    with pytest.raises(UsageError, match="one, two") as caught:
        choose_remote(repo, None, "main")
    assert "review.remote" in caught.value.mend


# the push


def test_new_unchanged_and_forward(repo: Repository, git: Git, origin: Remote, bare: Path) -> None:
    """What each reference was and is; what was seen there is noted here."""
    first, second = git("rev-parse", "HEAD"), commit(git, "two")
    done = push(repo, origin, {first: (BRANCH, None), "HEAD": (EVIDENCE, None)})
    assert isinstance(done, Pushed)
    assert done.atomic
    assert [(one.ref, one.state) for one in done.refs] == [(BRANCH, "new"), (EVIDENCE, "new")]
    done = push(repo, origin, {second: (BRANCH, first), "refs/heads/main": (EVIDENCE, second)})
    assert isinstance(done, Pushed)
    assert [one.state for one in done.refs] == ["updated", "unchanged"]
    assert there(bare) == {BRANCH: second, EVIDENCE: second}
    assert repo.refs("refs/fnopt/remotes/") == {
        "refs/fnopt/remotes/origin/heads/fnopt/r": second,
        "refs/fnopt/remotes/origin/runs/r": second,
    }


def test_somebody_was_faster(repo: Repository, git: Git, origin: Remote, bare: Path) -> None:
    """Nothing moves, and who asks is told what is there."""
    first = git("rev-parse", "HEAD")
    push(repo, origin, {first: (BRANCH, None)})
    theirs = commit(git, "theirs")
    run_git(bare, "fetch", "-q", git("rev-parse", "--show-toplevel"), f"HEAD:{BRANCH}")
    git("reset", "-q", "--hard", first)
    mine = commit(git, "mine")
    done = push(repo, origin, {mine: (EVIDENCE, None), "HEAD": (BRANCH, first)})
    assert done == Moved(origin, BRANCH, first, theirs)
    assert theirs[:10] in done.message
    assert there(bare) == {BRANCH: theirs}


def test_somebody_made_it_first(repo: Repository, git: Git, origin: Remote) -> None:
    """A reference that should be new is there."""
    first = git("rev-parse", "HEAD")
    push(repo, origin, {first: (BRANCH, None)})
    assert push(repo, origin, {commit(git, "x"): (BRANCH, None)}) == Moved(
        origin, BRANCH, None, first
    )


def test_the_branch_was_deleted_at_the_server(
    repo: Repository, git: Git, origin: Remote, bare: Path
) -> None:
    """It is not made again behind anybody's back, and no longer noted as seen."""
    first = git("rev-parse", "HEAD")
    push(repo, origin, {first: (BRANCH, None)})
    run_git(bare, "update-ref", "-d", BRANCH)
    done = push(repo, origin, {commit(git, "x"): (BRANCH, first)})
    assert done == Moved(origin, BRANCH, first, None)
    assert "deleted" in done.message
    assert (there(bare), repo.refs("refs/fnopt/remotes/")) == ({}, {})


def test_nothing_is_rewritten(repo: Repository, git: Git, origin: Remote, bare: Path) -> None:
    """Not even when it is known what is there: that is settled before the network is."""
    theirs = commit(git, "theirs")
    push(repo, origin, {theirs: (BRANCH, None)})
    git("reset", "-q", "--hard", "HEAD~1")
    with pytest.raises(GitStateError, match="does not have") as caught:
        push(repo, origin, {commit(git, "mine"): (BRANCH, theirs)})
    assert "never forces" in caught.value.mend
    assert there(bare) == {BRANCH: theirs}


def test_a_remote_that_is_not_atomic(
    repo: Repository, git: Git, origin: Remote, bare: Path
) -> None:
    """One by one, in the order given; the first that fails is the last that is tried."""
    run_git(bare, "config", "receive.advertiseAtomic", "false")
    first = git("rev-parse", "HEAD")
    done = push(repo, origin, {first: (EVIDENCE, None), "HEAD": (BRANCH, None)})
    assert isinstance(done, Pushed)
    assert not done.atomic
    second = commit(git, "two")
    refs = {second: (EVIDENCE, first), "HEAD": (BRANCH, None), "main": ("refs/fnopt/x", None)}
    assert push(repo, origin, refs) == Moved(origin, BRANCH, None, first)
    assert there(bare) == {EVIDENCE: second, BRANCH: first}


# refusals


def test_a_protected_branch(repo: Repository, origin: Remote, bare: Path) -> None:
    """The server's own words, and what to allow; they cannot steer a terminal."""
    hook(
        bare, "pre-receive", r"printf 'GH006: Protected branch \033[2Jupdate failed\n' >&2; exit 1"
    )
    with pytest.raises(GitStateError, match="GH006: Protected branch") as caught:
        push(repo, origin, {"HEAD": (BRANCH, None)})
    assert "protects" in caught.value.message
    assert caught.value.message.isprintable()
    assert "fnopt/*" in caught.value.mend
    assert there(bare) == {}


def test_a_hook_of_the_server(repo: Repository, origin: Remote, bare: Path) -> None:
    """A rule of the server's own is told with the reference that it is about."""
    hook(bare, "update", f'[ "$1" != {BRANCH} ] || {{ echo "no robots" >&2; exit 1; }}')
    with pytest.raises(GitStateError, match=r"no robots.*hook declined"):
        push(repo, origin, {"HEAD": (EVIDENCE, None), "main": (BRANCH, None)})
    assert there(bare) == {}


def test_the_users_own_pre_push_hook(repo: Repository, git: Git, origin: Remote) -> None:
    """It runs, and its refusal is told as such."""
    hook(
        Path(git("rev-parse", "--absolute-git-dir")), "pre-push", "echo not on fridays >&2; exit 1"
    )
    with pytest.raises(GitStateError, match=r"pre-push hook .*: not on fridays$"):
        push(repo, origin, {"HEAD": (BRANCH, None)})


def test_no_repository_there(repo: Repository, git: Git, tmp_path: Path) -> None:
    """A wrong address is no network failure."""
    git("remote", "add", "origin", str(tmp_path / "nowhere.git"))
    with pytest.raises(GitStateError, match="is not there") as caught:
        push(repo, chosen(repo), {"HEAD": (BRANCH, None)})
    assert caught.value.mend == "see: git remote -v"


# over HTTP


def test_a_token(repo: Repository, git: Git, server: GitServer, served: Remote, bare: Path) -> None:
    """It opens the door where it is right."""
    server.token = TOKEN
    done = push(repo, served, {"HEAD": (BRANCH, None)}, Credential(server.host, TOKEN))
    assert isinstance(done, Pushed)
    assert there(bare) == {BRANCH: git("rev-parse", "HEAD")}
    assert look(repo, served, [BRANCH], Credential(server.host, TOKEN)) == there(bare)


def test_a_token_stands_nowhere_but_in_the_environment(
    repo: Repository,
    server: GitServer,
    served: Remote,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No argument and no trace of git's has it, nor the repository's configuration."""
    server.token = TOKEN
    traces = {name: tmp_path / name for name in ("GIT_TRACE", "GIT_TRACE2", "GIT_TRACE_CURL")}
    for name, path in traces.items():
        monkeypatch.setenv(name, str(path))
    credential = Credential(server.host, TOKEN)
    push(repo, served, {"HEAD": (BRANCH, None)}, credential)
    said = "".join(path.read_text() for path in traces.values())
    assert "git-receive-pack" in said
    said += (repo.folder.parent / "config").read_text() + repr(credential)
    assert TOKEN not in said
    assert credential.header.split()[-1] not in said


def test_what_a_checkout_left_behind_is_not_sent_along(
    repo: Repository, git: Git, server: GitServer, served: Remote
) -> None:
    """Actions leave a header in the configuration; a second one would be an error to GitHub."""
    server.token = TOKEN
    git("config", f"http.http://{server.host}/.extraheader", "AUTHORIZATION: basic b2xk")
    push(repo, served, {"HEAD": (BRANCH, None)}, Credential(server.host, TOKEN))
    assert set(server.authorizations) == {Credential("", TOKEN).header.partition(": ")[2]}


def test_another_hosts_token_is_not_sent(
    repo: Repository, server: GitServer, served: Remote
) -> None:
    """It is meant for its own host only."""
    push(repo, served, {"HEAD": (BRANCH, None)}, Credential("github.com", TOKEN))
    assert server.authorizations == []


def test_a_wrong_token_and_none(repo: Repository, server: GitServer, served: Remote) -> None:
    """Nobody is asked for a password; the error says how to log in and not with what it was."""
    server.token = "another"
    for credential in (Credential(server.host, TOKEN), None):
        with pytest.raises(GitStateError, match="wants to know who you are") as caught:
            push(repo, served, {"HEAD": (BRANCH, None)}, credential)
        assert "GITHUB_TOKEN" in caught.value.mend
        assert TOKEN not in caught.value.message


def test_a_password_in_the_address_is_not_told(
    repo: Repository, git: Git, server: GitServer
) -> None:
    """git's complaint names the address; ours without what opens it."""
    server.refuses = 403
    git("remote", "add", "origin", f"http://ada:hunter2x@{server.host}/origin.git")
    with pytest.raises(GitStateError) as caught:
        push(repo, chosen(repo), {"HEAD": (BRANCH, None)})
    assert server.host in caught.value.message
    assert "hunter2x" not in caught.value.message


def test_no_right_to_push(repo: Repository, server: GitServer, served: Remote) -> None:
    """403 is no matter of the network or of the password."""
    server.refuses = 403
    with pytest.raises(GitStateError, match="does not let you write") as caught:
        push(repo, served, {"HEAD": (BRANCH, None)})
    assert "contents: write" in caught.value.mend


def test_a_server_that_is_ill(repo: Repository, server: GitServer, served: Remote) -> None:
    """5xx passes."""
    server.refuses = 503
    with pytest.raises(GitStateError, match="cannot be reached") as caught:
        push(repo, served, {"HEAD": (BRANCH, None)})
    assert "again" in caught.value.mend


def test_the_answer_is_lost(
    repo: Repository, git: Git, server: GitServer, served: Remote, bare: Path
) -> None:
    """The push was carried out, and nobody said so: that is seen, and is no failure."""
    server.breaks = True
    done = push(repo, served, {"HEAD": (BRANCH, None)})
    assert isinstance(done, Pushed)
    assert there(bare) == {BRANCH: git("rev-parse", "HEAD")}


def test_nobody_listens(repo: Repository, git: Git) -> None:
    """A connection that is refused."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    git("remote", "add", "origin", f"http://127.0.0.1:{port}/a.git")
    with pytest.raises(GitStateError, match="cannot be reached"):
        push(repo, chosen(repo), {"HEAD": (BRANCH, None)})


def test_a_server_that_says_nothing(repo: Repository, git: Git) -> None:
    """It is waited for as long as is allowed."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        git("remote", "add", "origin", f"http://127.0.0.1:{port}/a.git")
        with pytest.raises(GitStateError, match=r"no end after 0.2 seconds"):
            look(repo, chosen(repo), ["*"], timeout=0.2)


# the environment


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://github.com/o/r.git", True),
        ("https://ada@GitHub.com/o/r.git", True),
        ("https://github.com.example.org/o/r.git", False),
        ("https://github.com:8443/o/r.git", False),
        ("https://github.com@example.org/o/r.git", False),
        ("ssh://git@github.com/o/r.git", False),
        ("git@github.com:o/r.git", False),
        ("/srv/github.com", False),
    ],
)
def test_for_which_addresses_a_token_is(url: str, fits: bool) -> None:
    """Its own host over HTTP, and nothing that looks like it."""
    given = environment(url, Credential("github.com", TOKEN), {})
    assert Credential("github.com", TOKEN).fits(url) is fits
    assert ("GIT_CONFIG_COUNT" in given) is fits


def test_configuration_in_the_environment_stays() -> None:
    """What is there already keeps its numbers."""
    given = environment("https://h/r", Credential("h", TOKEN), {"GIT_CONFIG_COUNT": "2"})
    assert given["GIT_CONFIG_COUNT"] == "4"
    assert "GIT_CONFIG_KEY_1" not in given
    assert given["GIT_CONFIG_KEY_3"] == "http.https://h/r.extraHeader"


def test_ssh_asks_nobody_unless_the_user_has_said_how_it_runs() -> None:
    """Their own command stays."""
    assert "BatchMode=yes" in environment("git@h:r", None, {})["GIT_SSH_COMMAND"]
    assert "GIT_SSH_COMMAND" not in environment("git@h:r", None, {"GIT_SSH_COMMAND": "mine"})
    assert "GIT_SSH_COMMAND" not in environment("git@h:r", None, os.environ, ssh=False)
