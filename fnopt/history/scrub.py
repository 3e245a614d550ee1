"""Evidence without texts, for ``review.evidence = "scores"``: what is pushed where whole
conversations must not go.

It is a chain of commits beside that of the evidence, made of it and of nothing else: the same
evidence gives the same commits, so that a second push adds none. Only what is known to hold figures
comes along:

- of a trial its task, number, key and closures, its score, usage, and which functions were called
  and whether they returned; no answer, no conversation, no argument, output or complaint;
- of a step all figures, the tasks, functions and rules; its code and its reasons where it was
  judged (they stand in the commit that is pushed with it), not those of a refused proposal;
- of a person's request what came of it, not who said what, nor what was answered;
- claims, what endpoints can do and where the pull request is, as they are, and of ``run.json`` all
  but what people said.

``fnopt verify`` needs no more. What is lost to a fresh clone: the optimizer cannot read the failing
training trials, so those are paid for again (those of val are not, as long as nobody wants them
scored in another way), and it does not see the code of refused proposals. The evidence here stays
whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fnopt.history.evidence import Evidence, document_bytes, trial_line
from fnopt.history.repo import Repository
from fnopt.history.rewrite import message_of, rewritten
from fnopt.records import NOT_KEPT, Call, Score, Trial

MARK = b"Fnopt-Evidence: scores"
"""The trailer of a scrubbed commit."""

NAME = 100  # characters of a function's name

_RUN = ("run", "base", "fnopt", "from", "abandoned", "landed", "declined")
_STEP = ("step", "base", "score", "verdict", "tokens", "cost", "tasks", "share", "actions")
_STEP_FIGURES = ("figures", "broke", "rests", "answers")
_REQUEST = ("id", "function", "state", "step", "commit", "tokens", "cost")
_FAULT = ("rule", "function", "level")


@dataclass(frozen=True)
class Texts:
    """What texts would leave with the evidence: how many trials, how many of them with their whole
    conversation, how many steps, and the bytes of all of it as it is now."""

    trials: int
    conversations: int
    steps: int
    bytes: int


def describes(evidence: Evidence) -> Texts:
    """What the evidence of a run holds now, for who is about to push it."""
    repo, commit = evidence.repo, evidence.commit
    blobs = repo.blobs(commit) if commit else {}
    files = {path: repo.read(blob) for path, blob in blobs.items()}
    lines = [line for path in files if _is_trials(path) for line in files[path].splitlines()]
    spoken = sum(b'"messages": []' not in line for line in lines)
    steps = sum(path.startswith("steps/") for path in files)
    return Texts(len(lines), spoken, steps, sum(map(len, files.values())))


def is_scrubbed(repo: Repository, commit: str) -> bool:
    """Whether a commit of evidence says that texts were left out of it."""
    return MARK in message_of(repo, commit).splitlines()


def scrubbed(evidence: Evidence, public: str | None = None) -> str:
    """The newest commit of the evidence without its texts.

    What is in the history of ``public``, the commit at the remote, stays as it is: it is there
    already, and no push takes it back. There must be evidence.
    """
    head = evidence.commit
    assert head is not None, "BUG: there is no evidence to scrub"
    return _Scrub(evidence.repo, _history(evidence.repo, public)).chain(head)


class _Scrub:
    def __init__(self, repo: Repository, public: frozenset[str]) -> None:
        self._repo = repo
        self._public = public
        self._blobs: dict[tuple[str, str], bytes | None] = {}

    def chain(self, head: str) -> str:
        out = self._repo.git("rev-list", "--topo-order", "--reverse", "--parents", head).text
        found: dict[str, str] = {}
        for line in out.splitlines():
            commit, *parents = line.split()
            above = [found[parent] for parent in parents]
            found[commit] = commit
            if commit not in self._public:
                found[commit] = self._commit(commit, parents, above)
        return found[head]

    def _commit(self, commit: str, parents: list[str], above: list[str]) -> str:
        text = message_of(self._repo, commit)
        if MARK not in text.splitlines():
            text = text.rstrip(b"\n") + b"\n\n" + MARK + b"\n"
        tree = self._tree(commit, parents, above)
        return rewritten(self._repo, commit, tree, above, text)

    def _tree(self, commit: str, parents: list[str], above: list[str]) -> str:
        """The scrubbed tree, made of the first parent's: most of it is there already."""
        now = self._repo.blobs(commit)
        if not parents or parents[0] in self._public:
            return self._repo.write_tree(None, {p: self._file(p, blob) for p, blob in now.items()})
        before = self._repo.blobs(parents[0])
        changes: dict[str, bytes | None] = {path: None for path in before if path not in now}
        changes |= {
            path: self._file(path, blob) for path, blob in now.items() if before.get(path) != blob
        }
        return self._repo.write_tree(above[0], changes)

    def _file(self, path: str, blob: str) -> bytes | None:
        key = (path, blob)
        if key not in self._blobs:
            self._blobs[key] = scrubbed_file(path, self._repo.read(blob))
        return self._blobs[key]


def scrubbed_file(path: str, data: bytes) -> bytes | None:
    """A file of evidence without its texts; None for one that is not known to hold figures.

    One that is not readable is left out too: what it holds nobody knows.
    """
    try:
        if _is_trials(path):
            rows = [Trial.from_json(json.loads(line)) for line in data.splitlines()]
            return "".join(f"{trial_line(scrubbed_trial(one))}\n" for one in rows).encode()
        document = dict(json.loads(data))
    except (ValueError, KeyError, TypeError):
        return None
    if path == "run.json":
        return document_bytes(_run(document))
    if path.startswith("steps/"):
        return document_bytes(_step(document))
    if path.startswith("requests/"):
        empty = dict.fromkeys(("author", "text", "why", "said"), "")
        return document_bytes(_only(document, _REQUEST) | empty)
    whole = path in ("profiles.json", "review.json") or path.startswith("claims/")
    return data if whole else None


def scrubbed_trial(trial: Trial) -> Trial:
    """A trial without its texts. One that was scored says in place of its answer that there was
    one: it cannot be scored again."""
    return replace(
        trial,
        answer=NOT_KEPT if trial.score is not None else "",
        score=Score(trial.score.value) if trial.score is not None else None,
        calls=tuple(
            Call(_name(call.function), "", "", NOT_KEPT if call.error is not None else None)
            for call in trial.calls
        ),
        messages=(),
        error=NOT_KEPT if trial.error is not None else None,
    )


def _is_trials(path: str) -> bool:
    return path.startswith("trials/")


def _run(document: Mapping[str, Any]) -> dict[str, Any]:
    found = _only(document, _RUN)
    if isinstance(declined := found.get("declined"), Mapping):
        found["declined"] = {**_only(declined, ("url",)), "said": []}
    return found


def _step(document: Mapping[str, Any]) -> dict[str, Any]:
    found = _only(document, _STEP)
    faults = [_only(one, _FAULT) for one in document.get("faults", ())]
    if document.get("verdict") == "refused":
        rules = ", ".join(sorted({str(one.get("rule")) for one in faults}))
        texts = {"reason": rules, "why": "", "code": "", "faults": faults}
    else:
        texts = _only(document, ("reason", "why", "code"))
    observed = [_observed(one) for one in document.get("observed", ())]
    return found | _only(document, _STEP_FIGURES) | texts | {"observed": observed}


def _observed(one: Mapping[str, Any]) -> dict[str, Any]:
    """Which functions the agent called at a task."""
    calls = [f"{_name(str(call).partition('(')[0])}()" for call in one.get("calls", ())]
    return {"task": one.get("task"), "calls": calls, "answer": ""}


def _name(function: str) -> str:
    """Models call functions that do not exist, by whatever text."""
    return function if function.isidentifier() and len(function) <= NAME else ""


def _only(document: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: document[key] for key in keys if key in document}


def _history(repo: Repository, commit: str | None) -> frozenset[str]:
    return frozenset(repo.git("rev-list", commit).text.split() if commit else ())
