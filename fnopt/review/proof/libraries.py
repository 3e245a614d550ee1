"""The library at each commit of a run, by what its own configuration says is the library."""

from __future__ import annotations

from collections.abc import Mapping

from fnopt.config import FILE, Config
from fnopt.history.repo import Repository
from fnopt.library.function import Library, digest_of, read
from fnopt.library.layout import Layout
from fnopt.review.proof.settings import PYPROJECT, config_at


class Libraries:
    """Configuration, blobs, digest and functions at commits, each read once."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._configs: dict[tuple[str | None, str | None], Config | None] = {}
        self._blobs: dict[str, Mapping[str, str]] = {}
        self._digests: dict[str, str] = {}
        self._read: dict[str, Library] = {}

    def config(self, commit: str) -> Config | None:
        """The configuration in a commit's tree; None where it cannot be read."""
        blobs = self._repo.blobs(commit, FILE, PYPROJECT)
        key = (blobs.get(FILE), blobs.get(PYPROJECT))
        if key not in self._configs:
            self._configs[key] = config_at(self._repo, commit)
        return self._configs[key]

    def layout(self, commit: str) -> Layout:
        """Which files are the library's at a commit."""
        config = self.config(commit) or Config()
        return Layout.of(config.library.functions)

    def blobs(self, commit: str) -> Mapping[str, str]:
        """Path and blob of the library's files."""
        if commit not in self._blobs:
            layout = self.layout(commit)
            found = self._repo.blobs(commit, *layout.roots)
            self._blobs[commit] = {path: one for path, one in found.items() if layout.holds(path)}
        return self._blobs[commit]

    def digest(self, commit: str) -> str:
        """What the library at a commit is known by in the evidence."""
        if commit not in self._digests:
            self._digests[commit] = digest_of(self._files(commit))
        return self._digests[commit]

    def read(self, commit: str) -> Library:
        """The functions at a commit. This parses; nothing is imported."""
        if commit not in self._read:
            self._read[commit] = read(self._files(commit))
        return self._read[commit]

    def touched(self, commit: str, parent: str | None) -> Library:
        """The functions of the files that a commit changed."""
        before = self.blobs(parent) if parent else {}
        changed = {path: one for path, one in self.blobs(commit).items() if before.get(path) != one}
        return read({path: self._repo.read(blob) for path, blob in changed.items()})

    def _files(self, commit: str) -> dict[str, bytes]:
        return {path: self._repo.read(blob) for path, blob in self.blobs(commit).items()}
