"""A history of functions that call each other, with a model that knows what each commit did.

The model renders every module itself and compares what it rendered: nothing of the code under test
takes part in what it expects.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from .conftest import run_git

MODULES = ("alpha", "beta", "gamma")
SPARE = ("Verdict: kept; because", "Run: r", "Action: revise")


@dataclass(frozen=True)
class Fn:
    """One function: ``calls`` are others by number, ``constant`` a helper that it alone needs."""

    number: int
    name: str
    module: str
    parameters: int = 1
    factor: int = 2
    constant: int | None = None
    calls: tuple[int, ...] = ()


State = Mapping[int, Fn]


@dataclass(frozen=True)
class Entry:
    """What a commit did to a function, by the model."""

    commit: str
    kind: str
    before: str | None
    name: str


@dataclass
class Story:
    """The commits from the first on, the state behind each, and what each did to every function."""

    commits: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    entries: dict[int, list[Entry]] = field(default_factory=dict)

    def names(self) -> list[int]:
        """The numbers of all functions that ever were."""
        return sorted({number for state in self.states for number in state})


def lines(state: State, number: int) -> list[str]:
    """All that the function is: its imports, its constant, itself."""
    one = state[number]
    others = [state[other] for other in one.calls]
    imports = [
        f"from functions.{o.module} import {o.name}" for o in others if o.module != one.module
    ]
    constant = [f"_K{number} = {one.constant}"] if one.constant is not None else []
    takes = ", ".join(f"{letter}: int" for letter in "xyz"[: one.parameters])
    terms = [f"x * {one.factor}", *"yz"[: one.parameters - 1]]
    terms += [f"_K{number}"] if constant else []
    terms += [f"{o.name}({', '.join('x' * o.parameters)})" for o in others]
    return [
        *sorted(imports),
        *constant,
        f"def {one.name}({takes}) -> int:",
        f'    """Do number {number}, as number {number} does."""',
        f"    return {' + '.join(terms)}",
    ]


def files(state: State) -> dict[str, str]:
    """The modules, functions in the order in which they came."""
    found = {}
    for module in MODULES:
        here = [number for number, one in state.items() if one.module == module]
        parts = [lines(state, number) for number in here]
        imports = sorted({line for part in parts for line in part if line.startswith("from")})
        constants = [line for part in parts for line in part if line.startswith("_K")]
        bodies = [
            "\n".join(line for line in part if not line.startswith(("from", "_K")))
            for part in parts
        ]
        heads = ["\n".join(one) for one in (imports, constants) if one]
        if here:
            text = "\n\n".join(heads) + ("\n\n\n" if heads else "") + "\n\n\n".join(bodies) + "\n"
            found[f"functions/{module}.py"] = text
    return found


def tell(work: Path, seed: int = 7, count: int = 30, functions: int = 12) -> Story:
    """Make the history in a repository: ``count`` updates on main, one of them a merge."""
    chance = random.Random(seed)
    story, state = Story(), dict[int, Fn]()
    gone: dict[int, Fn] = {}
    steps = _plan(chance, count, functions)
    for index, step in enumerate(steps):
        if step == "merge":
            state = _merge(work, story, state, chance)
        else:
            state = _act(step, state, gone, chance)
            _commit(work, story, state, f"{step} {index}", by_fnopt=chance.random() < 0.5)
    return story


def _plan(chance: random.Random, count: int, functions: int) -> list[str]:
    rest = ["rename", "rename", "rename", "move", "move", "remove", "back", "helper", "helper"]
    rest += ["signature", "merge", "call", "rename", "move"]
    rest += ["revise"] * (count - functions - len(rest))
    early = functions - 2
    chance.shuffle(rest)
    late = [*rest, "add", "add"]
    chance.shuffle(late)
    late.sort(key=lambda step: step == "back")  # what comes back has gone before
    return ["add"] * early + late


def _act(step: str, state: State, gone: dict[int, Fn], chance: random.Random) -> dict[int, Fn]:
    new = dict(state)
    number = chance.choice(sorted(state)) if state else 0
    one = state.get(number)
    match step:
        case "add":
            number = len({*state, *gone})
            known = sorted(state)
            calls = tuple(sorted(chance.sample(known, min(len(known), chance.randrange(3)))))
            constant = chance.randrange(100) if chance.random() < 0.4 else None
            module = chance.choice(MODULES)
            factor = 100 + number
            new[number] = Fn(number, f"do_{number}", module, 1, factor, constant, calls)
        case "revise" if one:
            new[number] = replace(one, factor=one.factor + 1000)
        case "helper" if one:
            new[number] = replace(one, constant=(one.constant or 0) + 500)
        case "rename" if one:
            new[number] = replace(one, name=f"{one.name}_{chance.randrange(10, 99)}")
        case "move" if one:
            others = [module for module in MODULES if module != one.module]
            del new[number]
            new[number] = replace(one, module=chance.choice(others))
        case "signature" if one:
            new[number] = replace(one, parameters=one.parameters + 1)
        case "call" if one:
            free = [n for n in sorted(state) if n not in one.calls and n < number]
            new[number] = replace(one, calls=(*one.calls, *free[:1]), factor=one.factor + 7)
        case "remove":
            called = {other for each in state.values() for other in each.calls}
            number = next(n for n in sorted(state, reverse=True) if n not in called)
            gone[number] = new.pop(number)
        case "back" if gone:
            number, old = gone.popitem()
            new[number] = replace(old, calls=tuple(n for n in old.calls if n in state))
    return new


def _merge(work: Path, story: Story, state: State, chance: random.Random) -> dict[int, Fn]:
    """One function is revised on a branch, another one of another module on main, then merged."""
    first, *rest = chance.sample(sorted(state), len(state))
    second = next(n for n in rest if state[n].module != state[first].module)
    aside = {**state, first: replace(state[first], factor=state[first].factor + 5000)}
    run_git(work, "checkout", "-q", "-b", "side")
    _commit(work, story, aside, "revise aside", state=state)
    run_git(work, "checkout", "-q", "main")
    here = {**state, second: replace(state[second], factor=state[second].factor + 5000)}
    _commit(work, story, here, "revise here", state=state)
    both = {**here, first: aside[first]}
    run_git(work, "merge", "-q", "--no-ff", "-m", "merge side", "side")
    _note(work, story, both)
    return dict(both)


def _commit(
    work: Path,
    story: Story,
    new: State,
    what: str,
    *,
    by_fnopt: bool = False,
    state: State | None = None,
) -> None:
    old = state if state is not None else (story.states[-1] if story.states else {})
    for path in files(old).keys() - files(new).keys():
        (work / path).unlink()
    for path, text in files(new).items():
        (work / path).parent.mkdir(exist_ok=True)
        (work / path).write_text(text)
    marks = "\n\nFnopt-Step: 1\n" + "\n".join(f"Fnopt-{mark}" for mark in SPARE)
    run_git(work, "add", "-A")
    run_git(work, "commit", "-q", "--allow-empty", "-m", what + (marks if by_fnopt else ""))
    sha = _note(work, story, new)
    for number, entry in _entries(old, new, sha):
        known = story.entries.setdefault(number, [])
        back = entry.kind == "added" and any(one.kind == "removed" for one in known)
        known.append(replace(entry, kind="brought back") if back else entry)


def _note(work: Path, story: Story, state: State) -> str:
    story.commits.append(run_git(work, "rev-parse", "HEAD"))
    story.states.append(dict(state))
    return story.commits[-1]


def _entries(old: State, new: State, sha: str) -> Iterator[tuple[int, Entry]]:
    for number in sorted({*old, *new}):
        before, after = old.get(number), new.get(number)
        if before is None and after is not None:
            yield number, Entry(sha, "added", None, after.name)
        elif after is None and before is not None:
            yield number, Entry(sha, "removed", before.name, before.name)
        elif before and after and before.name != after.name:
            yield number, Entry(sha, "renamed", before.name, after.name)
        elif before and after and before.module != after.module:
            yield number, Entry(sha, "moved", before.name, after.name)
        elif before and after and lines(old, number) != lines(new, number):
            yield number, Entry(sha, "revised", before.name, after.name)
