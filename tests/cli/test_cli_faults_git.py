"""Repositories of every kind, and people who work on them while a run is trained."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer

from .conftest import Fnopt, run_git, write
from .fault_scene import RUN, Arrange, Fault, Scene, faults, play

pytestmark = pytest.mark.slow

BRANCH = f"refs/heads/fnopt/{RUN}"
STORY = tuple(scripted_run.STORY)
DONE = "stopped (small)"


@pytest.fixture
def scene(
    tools: Path, server: ScriptedServer, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """A repository with the scripted run's files."""
    return Scene(tools, server, fnopt, monkeypatch)


def git(*words: str) -> Arrange:
    """One git command before the run."""
    return lambda scene: [scene.git(*words), None][1]


def hook(name: str) -> Arrange:
    """A hook that fails."""

    def arrange(scene: Scene) -> None:
        path = scene.tools / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\necho refused by a hook >&2\nexit 1\n")
        path.chmod(0o755)

    return arrange


def without_hook(name: str) -> Arrange:
    """As before."""
    return lambda scene: (scene.tools / ".git" / "hooks" / name).unlink()


def elsewhere(make: Callable[[Scene, Path], None]) -> Arrange:
    """The run happens in a repository that is made of this one."""

    def arrange(scene: Scene) -> None:
        new = scene.tools.parent / "else where'ß"
        make(scene, new)
        scene.monkeypatch.chdir(new)
        scene.tools = new

    return arrange


def shallow(scene: Scene, new: Path) -> None:
    """A clone of depth 1."""
    scene.git("commit", "-q", "--allow-empty", "-m", "later")
    run_git(scene.tools.parent, "clone", "-q", "--depth=1", f"file://{scene.tools}", str(new))


def linked(scene: Scene, new: Path) -> None:
    """A linked working tree."""
    scene.git("worktree", "add", "-q", "-b", "side", str(new))


def sha256(scene: Scene, new: Path) -> None:
    """Objects named by SHA-256."""
    new.mkdir()
    run_git(new, "init", "-q", "-b", "main", "--object-format=sha256")
    write(new, scripted_run.FILES)
    run_git(new, "add", ".")
    run_git(new, "commit", "-qm", "start")


def named_oddly(scene: Scene, new: Path) -> None:
    """Blanks, quotes and letters beyond ASCII, in the folder and in its files."""
    scene.git("mv", "functions", "fünctions")
    scene.configure("library", 'functions = "fünctions"')
    write(scene.tools, {"ein Brief „an“ 'alle'.txt": b"x\n"})
    scene.git("add", ".")
    scene.git("commit", "-qm", "odd names")
    shutil.move(scene.tools, new)


def with_a_blank(scene: Scene) -> None:
    """Nothing can be imported from there."""
    scene.git("mv", "functions", "my functions")
    scene.configure("library", 'functions = "my functions"')
    scene.git("commit", "-qam", "a blank")


def without_a_blank(scene: Scene) -> None:
    """As the mend says."""
    scene.git("mv", "my functions", "functions")
    scene.configure("library", 'functions = "functions"')
    text = (scene.tools / "fnopt.toml").read_text()
    (scene.tools / "fnopt.toml").write_text(text.replace('functions = "my functions"\n', ""))
    scene.git("commit", "-qam", "no blank")


def submodule(scene: Scene, new: Path) -> None:
    """A repository with another inside."""
    words = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    other = scene.tools.parent / "other"
    shutil.copytree(scene.tools, other)
    scene.git(*words, str(other), "vendored")
    scene.git("commit", "-qm", "vendored")
    shutil.move(scene.tools, new)


def inside(scene: Scene, new: Path) -> None:
    """The submodule itself is where people work."""
    outer = scene.tools.parent / "outer"
    outer.mkdir()
    run_git(outer, "init", "-q", "-b", "main")
    words = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    run_git(outer, *words, str(scene.tools), "tools")
    new.symlink_to(outer / "tools")


def sparse(scene: Scene) -> None:
    """The library's folder is not in the working tree."""
    write(scene.tools, {"docs/x.md": b"x\n"})
    scene.git("add", ".")
    scene.git("commit", "-qm", "docs")
    scene.git("sparse-checkout", "set", "--cone", "tasks")


def of_somebody_else(scene: Scene) -> None:
    """Another user's folder, as in a container with a mounted checkout."""
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (scene.tools, scene.tools / ".git"):
        os.chown(path, 12345, 12345)


def ours_again(scene: Scene) -> None:
    """What git itself says to do, in the user's configuration."""
    path = scene.tools.parent / "gitconfig"
    path.write_text(f"[safe]\n\tdirectory = {scene.tools}\n")
    scene.monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))


def bare(scene: Scene) -> None:
    """No working tree, so no tasks and no configuration to read."""
    new = scene.tools.parent / "bare.git"
    run_git(scene.tools.parent, "clone", "-q", "--bare", str(scene.tools), str(new))
    scene.monkeypatch.chdir(new)


def empty(scene: Scene) -> None:
    """Not one commit."""
    shutil.rmtree(scene.tools / ".git")
    scene.git("init", "-q", "-b", "main")


def first_commit(scene: Scene) -> None:
    """As the mend says."""
    scene.git("add", ".")
    scene.git("commit", "-qm", "start")


def no_identity(scene: Scene) -> None:
    """Nobody that git could name as the author."""
    for name in list(os.environ):
        if name.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_")) or name == "EMAIL":
            scene.monkeypatch.delenv(name)
    scene.git("config", "user.useConfigOnly", "true")


def identity(scene: Scene) -> None:
    """As the mend says."""
    scene.git("config", "user.name", "Ada")
    scene.git("config", "user.email", "ada@example.org")


def signing(scene: Scene) -> None:
    """A key that wants a passphrase that nobody types."""
    program = scene.tools.parent / "sign"
    program.write_text("#!/bin/sh\necho 'gpg: signing failed: No passphrase given' >&2\nexit 2\n")
    program.chmod(0o755)
    scene.git("config", "commit.gpgsign", "true")
    scene.git("config", "gpg.program", str(program))


def unsigned(scene: Scene) -> None:
    """As the mend says."""
    scene.git("config", "commit.gpgsign", "false")


def busy(scene: Scene) -> None:
    """An editor's git is at work on the index, for as long as we are."""
    (scene.tools / ".git" / "index.lock").touch()


def between(meddle: Arrange, steps: int = 1) -> Arrange:
    """Somebody does something after so many steps of the run."""

    def arrange(scene: Scene) -> None:
        told = scene.fnopt("train", "--max-steps", str(steps))
        assert told.code == 0, told
        meddle(scene)

    return arrange


def meanwhile(meddle: Arrange) -> Arrange:
    """Somebody does something while the second step is judged."""

    def arrange(scene: Scene) -> None:
        done: list[bool] = []

        def respond(request: Json) -> Answer:
            log = scene.git("rev-list", "--count", f"main..{BRANCH}") if not done else "0"
            if not scripted_run.is_optimizer(request) and log == "1" and not done:
                done.append(True)
                meddle(scene)
            return scripted_run.respond(request)

        scene.answers(respond)

    return arrange


def reset(scene: Scene) -> None:
    """The first update is dropped, as if it had never been."""
    scene.git("update-ref", BRANCH, f"{BRANCH}~1")


def delete(scene: Scene) -> None:
    """The branch goes."""
    scene.git("branch", "-qD", f"fnopt/{RUN}")


def by_name(scene: Scene) -> None:
    """It is asked for all the same."""
    between(delete)(scene)
    scene.words = ("train", "--run", RUN)


def rewrite(scene: Scene) -> None:
    """The newest update is committed anew, with another date, as a rebase does."""
    message = scene.git("log", "-1", "--format=%B", BRANCH)
    tree, parent = f"{BRANCH}^{{tree}}", scene.git("rev-parse", f"{BRANCH}~1")
    scene.monkeypatch.setenv("GIT_COMMITTER_DATE", "2031-01-01T00:00:00+00:00")
    new = scene.git("commit-tree", tree, "-p", parent, "-m", message)
    scene.git("update-ref", BRANCH, new)


def commit(scene: Scene) -> None:
    """A person's commit on the run's branch."""
    tree, parent = f"{BRANCH}^{{tree}}", scene.git("rev-parse", BRANCH)
    scene.git("update-ref", BRANCH, scene.git("commit-tree", tree, "-p", parent, "-m", "Mine"))


@faults(
    Fault("detached HEAD", git("checkout", "-q", "--detach"), 0, DONE),
    Fault("a shallow clone", elsewhere(shallow), 0, DONE),
    Fault("a linked working tree", elsewhere(linked), 0, DONE),
    Fault("objects named by SHA-256", elsewhere(sha256), 0, DONE),
    Fault("blanks, quotes and umlauts in names", elsewhere(named_oddly), 0, DONE),
    Fault(
        "a library folder with a blank",
        with_a_blank,
        2,
        "Python can import nothing from 'my functions'",
        without_a_blank,
    ),
    Fault("a submodule in it", elsewhere(submodule), 0, DONE),
    Fault("a submodule itself", elsewhere(inside), 0, DONE),
    Fault("core.autocrlf", git("config", "core.autocrlf", "true"), 0, DONE),
    Fault("a sparse checkout without the library", sparse, 0, DONE),
    Fault("hooks that fail on commits", hook("pre-commit"), 0, DONE),
    Fault("an index that another git holds", busy, 0, DONE),
    Fault(
        "a hook that lets no reference move",
        hook("reference-transaction"),
        4,
        "hook",
        without_hook("reference-transaction"),
    ),
    Fault("a repository of somebody else", of_somebody_else, 4, "safe.directory", ours_again),
    Fault(
        "a branch named fnopt",
        git("branch", "fnopt"),
        4,
        "a branch named 'fnopt' is in the way",
        git("branch", "-m", "fnopt", "something-else"),
    ),
    Fault("no commit yet", empty, 4, "make a first commit", first_commit),
    Fault("no identity", no_identity, 4, "user.email", identity),
    Fault("a key whose passphrase nobody types", signing, 4, "could not sign", unsigned),
    Fault("a bare repository", bare, 2, "mend: ", story=None),
)
def test_kinds_of_repositories(scene: Scene, fault: Fault) -> None:
    """Each works, or is refused with the mend; then it works."""
    play(scene, fault)


@faults(
    Fault("the branch is reset between steps", between(reset), 0, DONE, story=None),
    Fault("the branch is rewritten between steps", between(rewrite), 0, DONE),
    Fault("a person commits between steps", between(commit), 0, DONE),
    Fault("a person commits while it judges", meanwhile(commit), 4, "somebody else"),
    Fault("the branch is rewritten while it judges", meanwhile(rewrite), 4, "somebody else"),
    Fault("the branch is deleted while it judges", meanwhile(delete), 4, "mend: ", story=None),
    Fault("the branch is deleted between steps", between(delete), 0, "run run-2", story=None),
    Fault("a run by name whose branch is deleted", by_name, 4, "run-1 is gone", story=None),
)
def test_people_work_on_the_runs_branch(scene: Scene, fault: Fault) -> None:
    """What they did is the new incumbent, or refused with the mend; nothing of theirs is lost."""
    play(scene, fault)
