"""The repository that the forge serves: a real bare one, asked with git."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from review.forge_double.values import Kind

REFUSALS = {
    "github": "error: GH006: Protected branch update failed for",
    "gitlab": "GitLab: You are not allowed to push code to protected branches on this project:",
    "gitea": "Gitea: Not allowed to push to protected branch",
}
SETTINGS = """[http]
	receivepack = true
[receive]
	hideRefs = refs/pull
	hideRefs = refs/merge-requests
[gc]
	auto = 0
"""
PER_REF = """#!/bin/sh
if grep -qxF -- "$1" protected; then echo "{refusal} $1." >&2; exit 1; fi
"""
WHOLE = """#!/bin/sh
while read -r old new name; do
  if grep -qxF -- "$name" protected; then echo "{refusal} $name." >&2; exit 1; fi
done
"""
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class Bare:
    """A bare repository in a folder of its own."""

    def __init__(self, path: Path, kind: Kind, branch: str) -> None:
        self.path = path
        self._known: dict[tuple[str, ...], str | subprocess.CalledProcessError] = {}
        path.mkdir(parents=True)
        self.git("init", "-q", "--bare", "-b", branch, ".")
        with (path / "config").open("a") as lines:
            lines.write(SETTINGS)
        self._hook(kind)

    def _hook(self, kind: Kind) -> None:
        """GitHub refuses a reference alone, the others the whole push."""
        name, script = ("update", PER_REF) if kind == "github" else ("pre-receive", WHOLE)
        hook = self.path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script.format(refusal=REFUSALS[kind]))
        hook.chmod(0o755)
        (self.path / "protected").write_text("")

    def protect(self, branch: str) -> None:
        """Nobody pushes to the branch; merges at the forge still reach it."""
        with (self.path / "protected").open("a") as lines:
            lines.write(f"refs/heads/{branch}\n")

    def git(self, *words: str, told: str = "", **environment: str) -> str:
        """git's output without the last line break; ``told`` is its input. Raises
        CalledProcessError."""
        env = {**os.environ, **environment}
        done = subprocess.run(
            ["git", *words],
            cwd=self.path,
            env=env,
            input=told.encode(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def known(self, *words: str) -> str:
        """git's answer to what can only ever have one: everything in it is named by its hash.

        Raises CalledProcessError.
        """
        if words not in self._known:
            try:
                self._known[words] = self.git(*words)
            except subprocess.CalledProcessError as error:
                self._known[words] = error
        answer = self._known[words]
        if isinstance(answer, subprocess.CalledProcessError):
            raise answer
        return answer

    def branches(self) -> dict[str, str]:
        """Every branch with the commit that it stands at, read as git keeps them (gitrepository-
        layout): without a process, since it is asked with every request."""
        packed, root = self.path / "packed-refs", self.path / "refs" / "heads"
        lines = packed.read_text().splitlines() if packed.exists() else []
        pairs = (line.split(" ") for line in lines if line[0] not in "#^")
        found = {name: sha for sha, name in pairs if name.startswith("refs/heads/")}
        for file in root.rglob("*"):
            if file.is_file() and file.suffix != ".lock":
                found[f"refs/heads/{file.relative_to(root).as_posix()}"] = file.read_text().strip()
        return {name.removeprefix("refs/heads/"): sha for name, sha in sorted(found.items())}

    def commit(
        self, branch: str, files: dict[str, str], message: str, by: str, when: int, onto: str
    ) -> str:
        """A commit by a person at a branch's end (a new branch's: at that of ``onto``)."""
        there = self.branches()
        start = f"from refs/heads/{branch if branch in there else onto}^0\n" if there else ""
        who = f"{by} <{by}@example.org> {when} +0000"
        changes = "".join(f"M 100644 inline {name}\n{_data(files[name])}" for name in files)
        head = f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n{_data(message)}"
        self.git("fast-import", "--quiet", told=head + start + changes)
        return self.branches()[branch]

    def commits(self, base: str, head: str) -> list[str]:
        """What the head has and the base has not, oldest first."""
        return self.known("rev-list", "--reverse", "--topo-order", f"{base}..{head}").split()

    def message(self, commit: str) -> str:
        """A commit's message."""
        return self.known("show", "-s", "--format=%B", commit).strip()

    def author(self, commit: str) -> str:
        """``Name <email>``."""
        return self.known("show", "-s", "--format=%an <%ae>", commit)

    def fork_point(self, base: str, head: str) -> str:
        """The best common ancestor; the base itself where there is none."""
        try:
            return self.known("merge-base", base, head)
        except subprocess.CalledProcessError:
            return base

    def has(self, branch_sha: str, commit: str) -> bool:
        """Whether the commit is in the history of the other."""
        try:
            self.known("merge-base", "--is-ancestor", commit, branch_sha)
        except subprocess.CalledProcessError:
            return False
        return True

    def changes(self, base: str, head: str) -> list[tuple[str, str, int, int, str, str]]:
        """Changed files: status letter, path, lines added, lines removed, blob, patch."""
        status = self.known("diff", "--no-renames", "--name-status", base, head).splitlines()
        counts = self.known("diff", "--no-renames", "--numstat", base, head).splitlines()
        found = []
        for line, count in zip(status, counts, strict=True):
            letter, path = line.split("\t", 1)
            more, less = (int(word) if word != "-" else 0 for word in count.split("\t")[:2])
            side = base if letter == "D" else head
            blob = self.known("rev-parse", f"{side}:{path}")
            found.append((letter, path, more, less, blob, self.patch(base, head, path)))
        return found

    def patch(self, base: str, head: str, path: str) -> str:
        """The hunks of one file, without the lines that name it."""
        text = self.known("diff", "--no-renames", base, head, "--", path)
        start = HUNK.search(text)
        return text[start.start() :] if start else ""

    def hunk(self, base: str, head: str, path: str, line: int) -> str:
        """The hunk that a line of the new file stands in, down to it; empty where none has it."""
        lines = self.patch(base, head, path).splitlines()
        place = self.position(base, head, path, line)
        if place is None:
            return ""
        first = max(at for at in range(place) if HUNK.match(lines[at]))
        return "\n".join(lines[first : place + 1])

    def position(self, base: str, head: str, path: str, line: int) -> int | None:
        """How far down in a file's diff a line of the new file is (the first line below the first
        ``@@`` is 1); None where the diff does not show it."""
        at = 0
        for place, text in enumerate(self.patch(base, head, path).splitlines()):
            if found := HUNK.match(text):
                at = int(found[3]) - 1
            elif not text.startswith(("-", "\\")):
                at += 1
                if at == line:
                    return place
        return None

    def followed(self, path: str, line: int, old: str, new: str) -> int | None:
        """Where a line of a file at ``old`` stands at ``new``; None where it was changed."""
        if old == new:
            return line
        shift = 0
        for found in HUNK.finditer(self.known("diff", "-U0", "--no-renames", old, new, "--", path)):
            start, less, more = int(found[1]), int(found[2] or 1), int(found[4] or 1)
            if less and start <= line < start + less:
                return None
            if start + max(less - 1, 0) < line:
                shift += more - less
        return line + shift


def _data(text: str) -> str:
    """Text as git fast-import takes it."""
    return f"data {len(text.encode())}\n{text}\n"
