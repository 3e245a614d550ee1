"""The evidence of a run: every trial and every proposal, as JSON under ``refs/fnopt/runs/RUN``.

A commit chain of its own beside the user's history. Files:

- ``run.json``: where the run began
- ``profiles.json``: what the endpoints can do, by which the trials were made
- ``steps/0001.json``: a step's proposal, faults and verdict
- ``requests/ID.json``: what a person asked for in review, and what came of it
- ``trials/SPLIT/LIBRARY.jsonl``: trials, keyed by the digest of the library that they measured
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from fnopt.errors import GitStateError
from fnopt.history.redact import Redactor
from fnopt.history.repo import Repository
from fnopt.records import Evaluation, Trial

Document = Mapping[str, Any]


class Evidence:
    """Reads and writes the evidence of one run. ``environ`` holds the keys that are kept out."""

    def __init__(self, repo: Repository, run: str, environ: Mapping[str, str] = os.environ) -> None:
        self.repo = repo
        self._environ = environ
        self.ref = f"refs/fnopt/runs/{run}"

    @property
    def commit(self) -> str | None:
        """The newest commit of evidence, or None."""
        return self.repo.ref(self.ref)

    def document(self, path: str) -> dict[str, Any] | None:
        """One JSON document, or None."""
        blob = self._blobs(path).get(path)
        return self._load(path, blob) if blob else None

    def steps(self) -> dict[int, dict[str, Any]]:
        """The recorded steps by number, in order."""
        found = self._blobs("steps")
        documents = {_step(path): self._load(path, blob) for path, blob in found.items()}
        return {step: documents[step] for step in sorted(documents)}

    def requests(self) -> dict[str, dict[str, Any]]:
        """What people asked for in review, by the name of its file."""
        found = self._blobs("requests")
        return {_stem(path): self._load(path, blob) for path, blob in sorted(found.items())}

    def trial_blobs(self) -> dict[str, str]:
        """Path and blob of every file of trials."""
        return self._blobs("trials")

    def trials(self, blob: str) -> list[Trial]:
        """The trials in one file. Raises GitStateError when it holds something else."""
        try:
            lines = self.repo.read(blob).splitlines()
            return [Trial.from_json(json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(self.ref, blob, error) from None

    def write(
        self, documents: Mapping[str, Document], evaluations: Iterable[Evaluation], why: str
    ) -> None:
        """Add documents and trials in one commit; nothing happens when all is there already.

        Keys and tokens that stand in their texts do not come along.
        """
        old = self.commit
        base = self.repo.tree(old) if old else None
        redactor = Redactor(self._environ)
        files = {path: document_bytes(value, redactor) for path, value in documents.items()}
        files |= self._merged(evaluations, redactor)
        tree = self.repo.write_tree(base, files)
        if tree != base:
            new = self.repo.commit(tree, [old] if old else [], f"{why}\n")
            self.repo.move(self.ref, new, old, why)

    def _load(self, path: str, blob: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self.repo.read(blob)))
        except (ValueError, TypeError) as error:
            raise _unreadable(self.ref, path, error) from None

    def _merged(self, evaluations: Iterable[Evaluation], redactor: Redactor) -> dict[str, bytes]:
        known = self.trial_blobs()
        merged: dict[str, dict[tuple[str, int], str]] = defaultdict(dict)
        for evaluation in evaluations:
            path = f"trials/{evaluation.split}/{evaluation.library[:40]}.jsonl"
            if path not in merged and path in known:
                merged[path] = _lines(self.trials(known[path]), redactor)
            merged[path] |= _lines(evaluation.trials, redactor)
        return {
            path: "".join(f"{rows[key]}\n" for key in sorted(rows)).encode()
            for path, rows in merged.items()
        }

    def _blobs(self, folder: str) -> dict[str, str]:
        commit = self.commit
        return self.repo.blobs(commit, folder) if commit else {}


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".json")


def _step(path: str) -> int:
    stem = _stem(path)
    return int(stem) if re.fullmatch(r"[0-9]{1,9}", stem) else 0


def _unreadable(ref: str, what: str, error: Exception) -> GitStateError:
    return GitStateError(
        f"the evidence {ref} is not readable: {what}: {error}",
        "another version of fnopt wrote it, or somebody edited it",
    )


def _lines(trials: Iterable[Trial], redactor: Redactor) -> dict[tuple[str, int], str]:
    return {(one.task, one.number): trial_line(one, redactor) for one in trials}


def trial_line(trial: Trial, redactor: Redactor | None = None) -> str:
    """A trial as it stands in the evidence, one line of JSON."""
    return _redacted(trial.to_json(), redactor)


def document_bytes(value: Document, redactor: Redactor | None = None) -> bytes:
    """A document as it stands in the evidence."""
    return (_redacted(value, redactor, indent=1) + "\n").encode()


def _redacted(value: Any, redactor: Redactor | None, indent: int | None = None) -> str:
    text = _json(value, indent)
    if redactor is None or not redactor.suspects(text):
        return text
    return _json(redactor.value(value), indent)


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=indent)
    if text.isascii() or text.encode(errors="ignore").decode() == text:
        return text
    # half a surrogate pair, which models do write, is no UTF-8: escape it
    return json.dumps(value, sort_keys=True, indent=indent)
