"""Does a function compute the expected answers from what stands in the questions? No model asked.

An edited function is called in the sandbox with arguments out of the text of the training tasks
that it is for (:mod:`fnopt.train.arguments`) and with those that the agent gave its predecessor;
the scorer, out here, says which results are the expected answers. A fit is strong evidence; that
nothing fits is weak, since a question may have to be understood first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from fnopt.agents.calls import arguments_of
from fnopt.library.function import Function, Library
from fnopt.library.reached import files_for
from fnopt.library.schema import schema
from fnopt.records import Score, Task, Trial
from fnopt.sandbox import Sandbox
from fnopt.tasks.scorers import Scorer
from fnopt.train import arguments
from fnopt.train.arguments import Candidate
from fnopt.train.choices import choices
from fnopt.train.form import BETWEEN, Form, Formatted, Joined, specs

SHOWN = 200  # characters of a call and of its result that are told
SECONDS = 1.5  # that all calls for one task may take together
EACH = 0.5  # seconds that one of them may take
RECORDED = 16  # calls of the agent that are made again
ROOM = 30_000  # characters of results that are looked at

_Result = tuple[list[int], bool, str, list[str]]
_ROWS: TypeAdapter[list[list[_Result]]] = TypeAdapter(list[list[_Result]])

_RUNNER = """
import contextlib, importlib, io, json, signal, time
_given = json.loads({given!r})
_function = getattr(importlib.import_module(_given["module"]), _given["name"])
def _late(*_):
    raise TimeoutError("no result in {each} s")
signal.signal(signal.SIGALRM, _late)
def _try(_values):
    signal.setitimer(signal.ITIMER_REAL, {each})
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _value = _function(**_values)
            if hasattr(type(_value), "__await__"):
                signal.setitimer(signal.ITIMER_REAL, 0)
                import asyncio
                signal.setitimer(signal.ITIMER_REAL, {each})
                _value = asyncio.run(_value)
        if isinstance(_value, str):
            return True, _value, ()
        _value = json.loads(json.dumps(_value))
        _items = _value if isinstance(_value, list) else []
        _flat = not any(isinstance(_one, (list, dict)) for _one in _items)
        return True, str(_value), tuple(map(str, _items)) if _flat else ()
    except Exception as _error:
        return False, f"{{type(_error).__name__}}: {{_error}}", ()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
_told = []
for _calls in _given["tasks"]:
    _found, _end, _room = {{}}, time.monotonic() + {seconds}, {room}
    for _number, _values in enumerate(_calls):
        if time.monotonic() > _end:
            break
        _came = _try(_values)
        if _came not in _found and len(_came[1]) < _room:
            _found[_came] = []
            _room -= len(_came[1]) + 20
        if _came in _found:
            _found[_came].append(_number)
    _told.append([[_numbers, *_came] for _came, _numbers in _found.items()])
print(json.dumps(_told))
"""


@dataclass(frozen=True)
class Tried:
    """What came of one task: whether a call ``fits``, and the likeliest call as it went."""

    task: str
    fits: bool
    call: str
    came: str


@dataclass(frozen=True)
class Tryout:
    """What came of all tasks for which there were arguments to try.

    ``form``: in which the results would all be the expected answers; None where that is not what is
    wrong. ``ran``: whether the module was imported, and all calls came to an end.
    """

    tried: tuple[Tried, ...] = ()
    form: Form | None = None
    ran: bool = False

    @property
    def fits(self) -> int:
        """The tasks whose expected answer was computed."""
        return sum(one.fits for one in self.tried)

    @property
    def share(self) -> float:
        """Of the tasks that could be tried, 0 to 1; 0 without any."""
        return self.fits / len(self.tried) if self.tried else 0.0

    @property
    def sure(self) -> bool:
        """Whether several tasks' answers were computed, all of them: one may be by luck."""
        return len(self.tried) > 1 and self.share == 1.0


NONE = Tryout()


def tryout(
    library: Library,
    name: str,
    tasks: Iterable[Task],
    trials: Sequence[Trial],
    sandbox: Sandbox,
    scorer: Scorer,
) -> Tryout:
    """Try the function ``name`` on tasks. ``trials`` hold calls of what it was before."""
    function = library.get(name)
    if function is None:
        return NONE
    told = schema(library, function)
    cases = choices(function.source)
    given = [
        (task, [*_recorded(name, task, trials), *arguments.candidates(told, task.question, cases)])
        for task in tasks
    ]
    given = [(task, calls) for task, calls in given if calls]
    if not given:
        return NONE
    files = files_for(library, function.path)
    outcome = sandbox.run(files, _program(function, [calls for _, calls in given]))
    if outcome.fault:
        return NONE
    results = _results(outcome.result) if outcome.ok else None
    if results is None or len(results) != len(given):
        why = (outcome.error or "it did not return").strip().splitlines()[-1][:SHOWN]
        lost = (Tried(task.id, False, _shown(function, calls[0]), why) for task, calls in given)
        return Tryout(tuple(lost), ran=outcome.ok)
    rows = [
        _fitting(task, calls, found, scorer)
        for (task, calls), found in zip(given, results, strict=True)
    ]
    best = _places(rows)
    tried = tuple(
        _one(function, task, calls, found, fits, best)
        for (task, calls), found, fits in zip(given, results, rows, strict=True)
    )
    done = Tryout(tried, ran=True)
    return replace(done, form=_form(given, results, scorer, right=done.share == 1.0))


_Given = Sequence[tuple[Task, Sequence[Candidate]]]
_Results = Sequence[Sequence[_Result]]


def _form(given: _Given, results: _Results, scorer: Scorer, *, right: bool) -> Form | None:
    """What makes the results the expected answers of several tasks, all of them. A number counts to
    the letter: what a scorer takes in another form, a small model puts into the right one wrongly.
    """
    if len(given) < 2:
        return None
    lists = () if right else map(Joined, BETWEEN)
    for one in lists:
        if _all_fit(given, _in_form(one, results), scorer):
            return one
    if _all_fit(given, results, _to_the_letter):
        return None
    numbers = map(Formatted, specs(given[0][0].answer))
    found = (one for one in numbers if _all_fit(given, _in_form(one, results), _to_the_letter))
    return next(found, None)


def _all_fit(given: _Given, results: _Results, scorer: Scorer) -> bool:
    """Whether all tasks have a fitting result, from the same places in every question: with so many
    forms much fits by luck."""
    rows = [
        _fitting(task, calls, found, scorer)
        for (task, calls), found in zip(given, results, strict=True)
    ]
    best = _places(rows)
    return bool(best) and all(best in fits for fits in rows)


def _in_form(form: Form, results: _Results) -> list[list[_Result]]:
    """The results that can have a form, in it."""
    return [
        [
            (numbers, worked, told, [])
            for numbers, worked, text, items in found
            if (told := form.of(text, items)) is not None
        ]
        for found in results
    ]


def _to_the_letter(answer: str, task: Task) -> Score:
    return Score(float(answer.strip() == task.answer.strip()))


AGENT = ("the agent's",)  # the places of arguments that it gave
_Fits = dict[tuple[str, ...], tuple[int, str]]
"""By the places from which arguments came: the first call that fits, and what it gave."""


def _recorded(name: str, task: Task, trials: Sequence[Trial]) -> list[Candidate]:
    """The arguments that the agent gave a function at a task."""
    given = [
        arguments_of(call.arguments)
        for trial in trials
        if trial.task == task.id
        for call in trial.calls
        if call.function == name
    ]
    return [Candidate(AGENT, one) for one in given if not isinstance(one, str)][:RECORDED]


def _fitting(
    task: Task, calls: Sequence[Candidate], results: Sequence[_Result], scorer: Scorer
) -> _Fits:
    fits: _Fits = {}
    for numbers, worked, text, _ in results:
        if worked and scorer(text, task).value >= 1.0:
            for number in numbers:
                if 0 <= number < len(calls):
                    fits.setdefault(calls[number].places, (number, text))
    return fits


def _places(rows: Sequence[_Fits]) -> tuple[str, ...]:
    """The places from which arguments fit at the most tasks: elsewhere it is luck."""
    count = Counter(places for fits in rows for places in fits if places != AGENT)
    return max(count, key=lambda places: count[places], default=())


def _one(
    function: Function,
    task: Task,
    calls: Sequence[Candidate],
    results: Sequence[_Result],
    fits: _Fits,
    best: tuple[str, ...],
) -> Tried:
    """A call that fits, from the best places or the agent's; else the likeliest that returned."""
    for places in (best, AGENT):
        if places in fits:
            number, text = fits[places]
            return Tried(task.id, True, _shown(function, calls[number]), text[:SHOWN])
    at = next((number for number, one in enumerate(calls) if one.places == best), 0)
    came = {number: (worked, text) for numbers, worked, text, _ in results for number in numbers}
    if at not in came:
        at = min((n for n in came if 0 <= n < len(calls)), default=at)
    text = came[at][1] if at in came else "nothing in time"
    return Tried(task.id, False, _shown(function, calls[at]), text[:SHOWN])


def _program(function: Function, tasks: Sequence[Sequence[Candidate]]) -> str:
    calls = [[one.values for one in candidates] for candidates in tasks]
    given = {"module": function.module, "name": function.name, "tasks": calls}
    room = ROOM // len(calls)
    return _RUNNER.format(given=json.dumps(given), seconds=SECONDS, each=EACH, room=room)


def _results(result: Any) -> list[list[_Result]] | None:
    """The distinct results of each task's calls, as the sandbox printed them: numbers of the calls,
    whether they returned, the text, the items of a flat list. It is learned code's word: its shape
    is checked."""
    try:
        return _ROWS.validate_json(str(result).rpartition("\n")[2])
    except ValueError:
        return None


def _shown(function: Function, call: Candidate) -> str:
    inside = ", ".join(f"{name}={value!r}" for name, value in call.values.items())
    return f"{function.name}({inside})"[:SHOWN]
