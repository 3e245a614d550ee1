"""The history of one function: every commit that changed it, through renames and moves.

The walk is git's: children before parents, and where a merge left the function as one parent had
it, only that parent is followed (git-log(1), "History Simplification"). What changed is seen by
comparing the two libraries of a commit, on the files that it touched alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from fnopt.history import message
from fnopt.history.repo import Repository
from fnopt.library.changes import Change, pairs
from fnopt.library.function import Function, Library, read
from fnopt.library.layout import Layout

Kind = Literal["added", "revised", "renamed", "moved", "removed", "brought back"]
Blobs = Mapping[str, tuple[str | None, str | None]]
"""Paths with their blob before and after; None where the file does not exist."""

_RAW = re.compile(r":\d+ (\d+) ([0-9a-f]+) ([0-9a-f]+) [A-Z]")


@dataclass(frozen=True)
class Event:
    """What a commit did to the function. ``name`` and ``path`` are those behind it (of one that
    went, those before), ``before`` its name before it. ``verdict``: of an update of fnopt's, else
    empty; ``date`` as ISO 8601."""

    commit: str
    kind: Kind
    name: str
    before: str | None
    path: str
    date: str = ""
    author: str = ""
    subject: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Lineage:
    """The events, newest first; ``names``: what the function was called at each commit that was
    seen, None where it was not there."""

    events: tuple[Event, ...]
    names: Mapping[str, str | None]


@dataclass(frozen=True)
class _Track:
    """The function at one commit: its name, and its file; no file where it is not there."""

    name: str
    path: str | None


def lineage(repo: Repository, layout: Layout, commit: str, name: str) -> Lineage:
    """The history up to ``commit`` of the function that has the name there, or had it last."""
    walk = _Walk(repo, layout, commit)
    found = [
        _Track(name, path) for path, data in walk.files(commit, name) if _defines(path, data, name)
    ]
    events, names = walk.follow(next(iter(found), _Track(name, None)))
    return Lineage(tuple(_told(repo, _brought_back(events))), names)


class _Walk:
    """The commits below one, and what each changed in the library."""

    def __init__(self, repo: Repository, layout: Layout, commit: str) -> None:
        self._repo = repo
        self._layout = layout
        out = repo.git("rev-list", "--topo-order", "--parents", commit).text
        self._parents = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
        self._changes = self._plain(commit)

    def files(self, commit: str, name: str) -> Iterator[tuple[str, bytes]]:
        """The library's files at a commit that may define the function."""
        for path, blob in sorted(self._repo.blobs(commit, *self._layout.roots).items()):
            if self._layout.holds(path) and _says((data := self._repo.read(blob)), name):
                yield path, data

    def follow(self, start: _Track) -> tuple[list[Event], dict[str, str | None]]:
        """The events from the newest commit on, and the names that were met."""
        head = next(iter(self._parents))
        tracks = {head: start}
        events: list[Event] = []
        for commit, parents in self._parents.items():
            track = tracks.get(commit)
            if track is None:
                continue
            steps = [self._step(commit, parent, track, events) for parent in parents]
            if not parents and track.path:
                events.append(Event(commit, "added", track.name, None, track.path))
            same = next((i for i, (event, _) in enumerate(steps) if event is None), None)
            if same is not None:
                tracks.setdefault(parents[same], steps[same][1])
                continue
            events += [event for event, _ in steps[:1] if event]
            for parent, (_, earlier) in zip(parents, steps, strict=True):
                if earlier.name:
                    tracks.setdefault(parent, earlier)
        names = {commit: one.name if one.path else None for commit, one in tracks.items()}
        return events, names

    def _step(
        self, commit: str, parent: str, track: _Track, events: list[Event]
    ) -> tuple[Event | None, _Track]:
        """What the commit did to the function since a parent, and where it was there."""
        touched = self._touched(commit, parent)
        if not (track.path in touched if track.path else self._said(touched, track.name)):
            return None, track
        before = self._library(touched, 0)
        after = self._library(touched, 1)
        if track.path is None:
            return self._absent(commit, before, after, track, events)
        if after.get(track.name) is None:
            return None, track  # the file cannot be read here
        change = next(one for one in pairs(before, after) if one.after and one.name == track.name)
        assert change.after is not None, "BUG: it was chosen for that"
        if change.before is None:
            unread = {one.file for one in before.faults}
            if track.path in unread:
                return None, track
            event = Event(commit, "added", track.name, None, change.after.path)
            return event, _Track(track.name, None)
        earlier = _Track(change.before.name, change.before.path)
        return _event(commit, change, change.before, change.after), earlier

    def _absent(
        self, commit: str, before: Library, after: Library, track: _Track, events: list[Event]
    ) -> tuple[Event | None, _Track]:
        """Whether it went with this commit, or got another name.

        Where there was a function of its name later on, one that got another name is another's.
        """
        old = before.get(track.name)
        if old is None or after.get(track.name) is not None:
            return None, track
        change = next(one for one in pairs(before, after) if one.before == old)
        if change.after is not None and events:
            return Event(commit, "removed", "", None, ""), _Track("", None)
        if change.after is not None:
            event = Event(commit, "renamed", change.after.name, old.name, change.after.path)
            return event, _Track(old.name, old.path)
        event = Event(commit, "removed", old.name, old.name, old.path)
        return event, _Track(old.name, old.path)

    def _touched(self, commit: str, parent: str) -> Blobs:
        if len(self._parents[commit]) == 1:
            return self._changes.get(commit, {})
        words = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
        out = self._repo.git(*words, parent, commit, "--", *self._where()).out
        return self._blobs(out.decode(errors="surrogateescape").split("\0"))

    def _plain(self, commit: str) -> dict[str, Blobs]:
        """What each commit that is no merge changed, in one pass of git's."""
        words = ("log", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-merges")
        form = "--format=%x00%x00%H"
        where = ("--full-history", "--root", "--end-of-options", commit, "--", *self._where())
        out = self._repo.git(*words, form, *where).out.decode(errors="surrogateescape")
        found: dict[str, Blobs] = {}
        for entry in re.split("\0*\0\0(?=[0-9a-f]{40})", "\0\0" + out.lstrip("\0"))[1:]:
            sha, *fields = [part.strip("\n") for part in entry.split("\0")]
            found[sha] = self._blobs(fields)
        return found

    def _where(self) -> list[str]:
        return [f":(top,literal){one}" if one else ":(top)" for one in self._layout.roots]

    def _blobs(self, fields: list[str]) -> dict[str, tuple[str | None, str | None]]:
        found: dict[str, tuple[str | None, str | None]] = {}
        fields = [one for one in fields if one]
        for head, path in zip(fields[::2], fields[1::2], strict=False):
            match = _RAW.match(head.strip())
            if match and self._layout.holds(path):
                found[path] = (_known(match[2]), _known(match[3]))
        return found

    def _said(self, touched: Blobs, name: str) -> bool:
        blobs = (old for old, _ in touched.values() if old)
        return any(_says(self._repo.read(blob), name) for blob in blobs)

    def _library(self, touched: Blobs, side: int) -> Library:
        found = {path: both[side] for path, both in touched.items()}
        return read({path: self._repo.read(blob) for path, blob in found.items() if blob})


def _says(data: bytes, name: str) -> bool:
    return name.encode() in data


def _defines(path: str, data: bytes, name: str) -> bool:
    return read({path: data}).get(name) is not None


def _known(blob: str) -> str | None:
    return blob if blob.strip("0") else None


def _event(commit: str, change: Change, old: Function, new: Function) -> Event | None:
    match change.kind:
        case "renamed" | "moved" | "revised" as kind:
            return Event(commit, kind, new.name, old.name, new.path)
    return None


def _brought_back(events: Iterable[Event]) -> list[Event]:
    """An addition of what had been removed is a return; what is another's history is cut off."""
    known = [one for one in events if one.name]
    gone = False
    for index, one in reversed(list(enumerate(known))):
        if one.kind == "added" and gone:
            known[index] = replace(one, kind="brought back")
        gone = one.kind == "removed" or (gone and one.kind != "added")
    return known


def _told(repo: Repository, events: list[Event]) -> Iterator[Event]:
    """The events with who, when and why."""
    if not events:
        return
    form = "--format=%H%n%aN%n%aI%n%B"
    words = ("log", "-z", "--no-walk=unsorted", "--no-show-signature", "--encoding=UTF-8", form)
    lines = "\n".join(dict.fromkeys(one.commit for one in events))
    out = repo.git(*words, "--stdin", stdin=f"{lines}\n".encode()).out.decode(errors="replace")
    told = {entry.partition("\n")[0]: entry for entry in out.split("\0") if entry}
    for one in events:
        _, author, date, text = told[one.commit].split("\n", 3)
        marks = next(iter(message.blocks(text)), message.trailers(text))
        verdict = marks.get("Fnopt-Verdict", ("",))[0].split(" ")[0].rstrip(";:,")
        subject = text.split("\n", 1)[0]
        yield replace(one, author=author, date=date, subject=subject, verdict=verdict)
