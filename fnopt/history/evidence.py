"""The evidence of a run: every trial and every proposal, as JSON under ``refs/fnopt/runs/RUN``.

A commit chain of its own beside the user's history. Files:

- ``run.json``: where the run began
- ``profiles.json``: what the endpoints can do, by which the trials were made
- ``steps/0001.json``: a step's proposal, faults and verdict
- ``trials/SPLIT/LIBRARY.jsonl``: trials, keyed by the digest of the library that they measured
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from fnopt.errors import GitStateError
from fnopt.history.repo import Repository
from fnopt.records import Evaluation, Trial

Document = Mapping[str, Any]


class Evidence:
    """Reads and writes the evidence of one run."""

    def __init__(self, repo: Repository, run: str) -> None:
        self._repo = repo
        self.ref = f"refs/fnopt/runs/{run}"

    @property
    def commit(self) -> str | None:
        """The newest commit of evidence, or None."""
        return self._repo.ref(self.ref)

    def document(self, path: str) -> dict[str, Any] | None:
        """One JSON document, or None."""
        blob = self._blobs(path).get(path)
        return self._load(path, blob) if blob else None

    def steps(self) -> dict[int, dict[str, Any]]:
        """The recorded steps by number, in order."""
        found = self._blobs("steps")
        documents = {_step(path): self._load(path, blob) for path, blob in found.items()}
        return {step: documents[step] for step in sorted(documents)}

    def trial_blobs(self) -> dict[str, str]:
        """Path and blob of every file of trials."""
        return self._blobs("trials")

    def trials(self, blob: str) -> list[Trial]:
        """The trials in one file. Raises GitStateError when it holds something else."""
        try:
            lines = self._repo.read(blob).splitlines()
            return [Trial.from_json(json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(self.ref, blob, error) from None

    def write(
        self, documents: Mapping[str, Document], evaluations: Iterable[Evaluation], why: str
    ) -> None:
        """Add documents and trials in one commit; nothing happens when all is there already."""
        old = self.commit
        base = self._repo.tree(old) if old else None
        files = {path: _document(value) for path, value in documents.items()}
        files |= self._merged(evaluations)
        tree = self._repo.write_tree(base, files)
        if tree != base:
            new = self._repo.commit(tree, [old] if old else [], f"{why}\n")
            self._repo.move(self.ref, new, old, why)

    def _load(self, path: str, blob: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._repo.read(blob)))
        except (ValueError, TypeError) as error:
            raise _unreadable(self.ref, path, error) from None

    def _merged(self, evaluations: Iterable[Evaluation]) -> dict[str, bytes]:
        known = self.trial_blobs()
        merged: dict[str, dict[tuple[str, int], str]] = defaultdict(dict)
        for evaluation in evaluations:
            path = f"trials/{evaluation.split}/{evaluation.library[:40]}.jsonl"
            if path not in merged and path in known:
                merged[path] = {(t.task, t.number): _line(t) for t in self.trials(known[path])}
            merged[path] |= {(t.task, t.number): _line(t) for t in evaluation.trials}
        return {
            path: "".join(f"{rows[key]}\n" for key in sorted(rows)).encode()
            for path, rows in merged.items()
        }

    def _blobs(self, folder: str) -> dict[str, str]:
        commit = self.commit
        return self._repo.blobs(commit, folder) if commit else {}


def _step(path: str) -> int:
    stem = path.rsplit("/", 1)[-1].removesuffix(".json")
    return int(stem) if re.fullmatch(r"[0-9]{1,9}", stem) else 0


def _unreadable(ref: str, what: str, error: Exception) -> GitStateError:
    return GitStateError(
        f"the evidence {ref} is not readable: {what}: {error}",
        "another version of fnopt wrote it, or somebody edited it",
    )


def _line(trial: Trial) -> str:
    return _json(trial.to_json())


def _document(value: Document) -> bytes:
    return (_json(value, indent=1) + "\n").encode()


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=indent)
    if text.isascii() or text.encode(errors="ignore").decode() == text:
        return text
    # half a surrogate pair, which models do write, is no UTF-8: escape it
    return json.dumps(value, sort_keys=True, indent=indent)
