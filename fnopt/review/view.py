"""Facts as the template shows them: nothing in a view is dangerous in Markdown, and of each thing
there is as much as there is room for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fnopt.history.updates import Update, scores
from fnopt.records import Fault, Usage
from fnopt.report.words import cost_of, dollars, edits_of, percent
from fnopt.review.claims import Claimed
from fnopt.review.defuse import NOTHING, code_in_cell, in_cell, in_code, one_line, quoted
from fnopt.review.facts import Facts, Learned, Reason
from fnopt.review.lineage_graph import drawn
from fnopt.review.measured import Measured

NAME, TEXT, SIGNATURE, MESSAGE = 80, 100, 160, 200  # characters of each
LOOKED_AT = 2_000  # characters of a trailer, or of a call, that are looked at
OPEN = 6
"""Reasons that are shown unfolded."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_DOLLARS = re.compile(r"\$([\d.,]*\d)")
View = dict[str, Any]


@dataclass(frozen=True)
class Room:
    """How many of each a body shows, and how many characters of a reason; no nodes, no graph."""

    worse: int = 50
    functions: int = 200
    reasons: int = 50
    words: int = 1_500
    faults: int = 20
    steps: int = 20
    nodes: int = 20


def view(facts: Facts, room: Room) -> View:
    """The template's values."""
    ordered = sorted(facts.functions, key=lambda one: one.kind == "added")
    functions = ordered[: room.functions]
    return {
        "run": facts.run,
        "branch": _word(facts.branch, "BRANCH"),
        "remote": _word(facts.remote, "origin"),
        "evidence": f"refs/fnopt/runs/{facts.run}",
        "head": facts.head[:10],
        "base": facts.base[:10],
        "split": _word(facts.split, "val"),
        "claims": [_claim(one, facts.measured) for one in facts.claims[:1]],
        "more_claims": [_claim(one, None) for one in facts.claims[1:]],
        "selection": None if facts.selection[1] is None else list(map(percent, facts.selection)),
        "measured": facts.measured and _measured(facts.measured, room),
        "counts": _counts(facts.functions),
        "functions": [_function(one) for one in functions],
        "functions_more": len(ordered) - len(functions),
        "breaks": _faults(facts.breaks, room.faults),
        "checks": _faults(facts.faults, room.faults),
        "rules": facts.rules,
        **_sandbox(facts),
        **_why(facts, room),
        **_curve(facts.log, room.steps),
        "graph": drawn(facts.began, facts.points, room.nodes) if room.nodes else "",
        "models": [in_code(one, NAME) for one in facts.models[:5]],
        "agent": in_code(facts.agent, NAME) if facts.agent else "",
        "versions": ", ".join(f"{name} {one_line(what, NAME)}" for name, what in facts.versions),
        "cost": _money(cost_of(facts.usage)),
    }


def _word(text: str, otherwise: str) -> str:
    """A name that may stand in a command as it is."""
    return text if _WORD.fullmatch(text) else otherwise


def _money(text: str) -> str:
    """``0.02 USD``: between two dollar signs forges see mathematics."""
    return _DOLLARS.sub(r"\1 USD", text)


def _claim(one: Claimed, measured: Measured | None) -> View:
    paid = measured and measured.fresh and one.claim.split == "val"
    return {
        **vars(one.claim),
        "proven": one.claim.proven,
        "standing": one.standing,
        "behind": one.behind,
        "commit": in_code(one.commit[:10]),
        "cost": _money(cost_of(measured.usage)) if measured and paid else "",
    }


def _measured(found: Measured, room: Room) -> View:
    shown = found.worse[: room.worse]
    return {
        **vars(found),
        "commit": found.commit[:10],
        "worse": [{**vars(one), "task": code_in_cell(one.task, NAME)} for one in shown],
        "worse_count": len(found.worse),
    }


def _counts(functions: Iterable[Learned]) -> str:
    counts = Counter(one.kind for one in functions)
    first, *more = [f"{count} {kind}" for kind, count in counts.most_common()] or [""]
    noun = "function" if first.startswith("1 ") else "functions"
    return ", ".join([first.replace(" ", f" {noun} ", 1), *more])


def _function(one: Learned) -> View:
    credit = one.credit
    tasks = f"{credit.tasks} + {credit.through}" if credit and credit.through else ""
    return {
        "change": f"renamed from {code_in_cell(one.was, NAME)}" if one.was else one.kind,
        "function": _signature(one),
        "calls": credit.calls if credit else NOTHING,
        "tasks": tasks or (credit.tasks if credit else NOTHING),
        "right": credit.right if credit else NOTHING,
    }


def _signature(one: Learned) -> str:
    ends = dict.fromkeys(end for end in (one.before, one.after) if end)
    return "<br>→ ".join(code_in_cell(end, SIGNATURE) for end in ends)


def _faults(faults: Sequence[Fault], most: int) -> View:
    errors = sum(one.level == "error" for one in faults)
    ranked = sorted(faults, key=lambda one: one.level != "error")
    return {
        "errors": errors,
        "warnings": len(faults) - errors,
        "count": len(faults),
        "shown": [_fault(one) for one in ranked[:most]],
        "more": max(len(faults) - most, 0),
    }


def _fault(one: Fault) -> str:
    where = f" ({in_code(f'{one.file}:{one.line or 1}', MESSAGE)})" if one.file else ""
    level = "**error**" if one.level == "error" else "warning"
    return f"{level} {in_code(one.rule, NAME)}: {one_line(one.message, MESSAGE)}{where}"


def _sandbox(facts: Facts) -> View:
    parts = [one[:LOOKED_AT].split("; ") for one in dict.fromkeys(facts.sandbox)]
    tiers = list(dict.fromkeys(first for first, *_ in parts))
    told = [f"{name[:NAME]}: {grant[:LOOKED_AT]}" for name, grant in dict.fromkeys(facts.grants)]
    grants = list(dict.fromkeys([*told, *(one for _, *more in parts for one in more)]))
    more = [f"{len(grants) - 10} more"] if len(grants) > 10 else []
    return {
        "tiers": [in_code(one, NAME) for one in tiers[:5]],
        "weak": "process" in tiers,
        "grants": [*(in_code(one, MESSAGE) for one in grants[:10]), *more],
    }


def _why(facts: Facts, room: Room) -> View:
    newest = facts.reasons[::-1]
    shown = newest[: room.reasons]
    people = [one.name for one in facts.functions if not one.commits]
    reasons = [_reason(one, facts, room) for one in shown]
    for number, one in enumerate(reasons):
        one["hidden"] = number == OPEN
    return {
        "reasons": reasons,
        "reasons_more": len(newest) - len(shown),
        "folded": len(shown) > OPEN,
        "by_people": [in_code(name, NAME) for name in people[: room.faults]],
        "by_people_more": max(len(people) - room.faults, 0),
    }


def _reason(one: Reason, facts: Facts, room: Room) -> View:
    update = one.update
    commit = update.commit or ""
    own = [made for made in facts.functions if made.example and made.commits[-1:] == (commit,)]
    return {
        "edits": _edits(update),
        "commit": commit[:10],
        "step": update.step,
        "score": _score(update),
        "figures": one_line(update.reason, MESSAGE),
        "text": quoted(one.text, room.words) if one.text.strip() else "",
        "examples": [_example(made) for made in own[:OPEN]],
    }


def _example(one: Learned) -> str:
    arguments, result = one.example or ("", "")
    call = in_code(f"{one.name[:NAME]}({arguments[:LOOKED_AT]})", MESSAGE)
    return f"For example {call} gave {in_code(result, TEXT)}."


def _edits(update: Update) -> str:
    short = replace(update, action=update.action[:LOOKED_AT], function=update.function[:LOOKED_AT])
    edits = edits_of(short)
    more = f" and {len(edits) - 4} more" if len(edits) > 4 else ""
    return ", ".join(code_in_cell(one, NAME) for one in edits[:4]) + more


def _score(update: Update) -> str:
    if update.base is None or update.score is None:
        return ""
    part = f" ({update.share:.0%} of the tasks)" if update.share < 1 else ""
    return f"{update.base:.3f} → {update.score:.3f}{part}"


def _curve(log: Sequence[Update], most: int) -> View:
    """The steps as rows; the older ones of many are one row."""
    shown = log if len(log) <= most else log[len(log) - most + 1 :]
    older = log[: len(log) - len(shown)]
    rows = [_step(one) for one in shown]
    return {
        "curve": [*([_gathered(older)] if older else []), *rows],
        "steps": len(log),
        "verdicts": _verdicts(log),
    }


def _step(one: Update) -> View:
    return {
        "step": one.step,
        "edit": _edits(one) or NOTHING,
        "verdict": in_cell(_verdict(one), NAME),
        "score": _score(one) or NOTHING,
        "tokens": f"{one.tokens:,}",
        "cost": _money(dollars(one.cost)),
        "commit": (one.commit or NOTHING)[:10],
    }


def _gathered(older: Sequence[Update]) -> View:
    usage = sum((Usage(0, one.tokens, 0, one.cost) for one in older), Usage())
    first, now = scores(older)
    return {
        "step": f"{older[0].step}–{older[-1].step}",  # noqa: RUF001 (a range)
        "edit": f"{len(older)} steps",
        "verdict": in_cell(_verdicts(older), NAME),
        "score": NOTHING if first is None else f"{percent(first)} → {percent(now)}",
        "tokens": f"{usage.tokens:,}",
        "cost": _money(dollars(usage.cost)),
        "commit": NOTHING,
    }


def _verdict(one: Update) -> str:
    if one.overruled:
        return f"{one.verdict}, kept by a person"
    return f"{one.verdict}, taken back" if one.verdict == "kept" and one.revert else one.verdict


def _verdicts(log: Iterable[Update]) -> str:
    counts = Counter(one.verdict for one in log)
    most = counts.most_common(5)
    return one_line(", ".join(f"{count} {verdict[:NAME]}" for verdict, count in most))
