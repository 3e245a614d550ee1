"""Who brought an import: told from the versions of the file, commit by commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnopt.history import message
from fnopt.history.blame import ours
from fnopt.history.repo import Repository

from .conftest import Git, run_git

PATH = "functions/a.py"
FNOPT = message.compose("feat(functions): add f", "Why.", [("Fnopt-Run", "r"), ("Fnopt-Step", "1")])


def write(work: Path, git: Git, text: str, said: str = "by hand", path: str = PATH) -> str:
    """A commit that sets the file; its id."""
    (work / path).write_text(text)
    git("add", path)
    git("commit", "-qm", said)
    return git("rev-parse", "HEAD")


def imported(repo: Repository, path: str = PATH) -> list[str]:
    """What fnopt imported, for short."""
    found = ours(repo, repo.resolve("HEAD"), path).imports
    return sorted(f"{module}:{name}" if name else module for module, name, _, _ in found)


def test_an_update_brings_what_it_adds(repo: Repository, work: Path, git: Git) -> None:
    """Also a name that joins an import which people wrote."""
    write(work, git, "from x import a\n")
    write(work, git, "import re\nfrom x import a, b\n\ndef f(): ...\n", FNOPT)
    assert imported(repo) == ["re", "x:b"]
    found = ours(repo, repo.resolve("HEAD"), PATH)
    assert (found.functions, found.whole) == (frozenset({"f"}), False)


def test_a_file_that_an_update_made_is_ours(repo: Repository, work: Path, git: Git) -> None:
    """What people add to it later is theirs."""
    write(work, git, "import re\n", FNOPT)
    write(work, git, "import re\nimport abc\n")
    assert imported(repo) == ["re"]
    assert ours(repo, repo.resolve("HEAD"), PATH).whole


def test_what_a_person_ever_brought_is_theirs(repo: Repository, work: Path, git: Git) -> None:
    """Whoever took it out and put it back; what they merely touch stays fnopt's."""
    write(work, git, "import re\n")
    write(work, git, "import os\n", FNOPT)
    write(work, git, "import re\nimport os\n", FNOPT)
    write(work, git, "import re  # why\nimport os  # why\n")
    assert imported(repo) == ["os"]


def test_a_revert_counts_for_nobody(repo: Repository, work: Path, git: Git) -> None:
    """An import that fnopt brought, and that came back by a revert, is still fnopt's."""
    write(work, git, "import re\n")
    write(work, git, "import re\nimport os\n", FNOPT)
    write(work, git, "import re\n", FNOPT)
    git("revert", "--no-edit", "HEAD")
    assert imported(repo) == ["os"]


def test_renames_are_followed(repo: Repository, work: Path, git: Git) -> None:
    """An update that moves a file does not make its imports fnopt's."""
    body = "".join(f"def f{n}(): return {n}\n" for n in range(9))
    write(work, git, "import re\n" + body)
    git("mv", PATH, "functions/b.py")
    git("commit", "-qm", FNOPT)
    write(work, git, "import re\nimport os\n" + body, FNOPT, "functions/b.py")
    assert imported(repo, "functions/b.py") == ["os"]


def test_a_message_cannot_forge_a_version(repo: Repository, work: Path, git: Git) -> None:
    """Lines of prose that look like git's are prose."""
    write(work, git, "import re\n", f"x\n\n:100644 100644 {'0' * 39}1 {'0' * 39}2 M\ta\n")
    assert imported(repo) == []


def test_what_lies_before_a_cut_is_taken_for_peoples(tmp_path: Path, work: Path, git: Git) -> None:
    """A shallow clone cannot know."""
    write(work, git, "import re\n")
    write(work, git, "import re\nimport os\n", FNOPT)
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{work}", "shallow")
    with Repository(tmp_path / "shallow") as cut:
        assert imported(cut) == []


@pytest.mark.parametrize("path", ["functions/none.py", "functions/words.py"])
def test_a_file_of_people_or_none_is_not_ours(repo: Repository, path: str) -> None:
    """Nothing is, then."""
    found = ours(repo, repo.resolve("HEAD"), path)
    assert not found.imports
    assert not found.functions
