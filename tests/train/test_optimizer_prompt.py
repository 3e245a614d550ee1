"""What the optimizer is told, and what it is never told."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fnopt.agents.agent import Setup
from fnopt.agents.tools import ToolsAgent
from fnopt.errors import UsageError
from fnopt.evaluate.evaluation import Evaluator
from fnopt.evaluate.gate import Paired
from fnopt.evaluate.trial import Bench
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update
from fnopt.library.edit import Add
from fnopt.library.function import Library, read
from fnopt.library.layout import Layout
from fnopt.library.policy import PLAIN
from fnopt.library.proposal import Proposal
from fnopt.models.client import Reply, Request, ToolCall
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Fault, Score, Task, Trial, Usage
from fnopt.sandbox import sandbox
from fnopt.store import Store
from fnopt.tasks.scorers import Checked, exact
from fnopt.train.attempts import Attempt, Observation
from fnopt.train.budget import Budget, Limits, prompt_tokens
from fnopt.train.draft import draft
from fnopt.train.failure import Failure, failures
from fnopt.train.optimizer import MAX_PROMPT, Optimizer, Voice
from fnopt.train.run import Judging, Run, Stops
from fnopt.train.screen import Screen
from fnopt.train.situation import Situation
from fnopt.train.step import step

HUGE = 1_000_000


def function(name: str, body: str = "return number") -> bytes:
    return f'def {name}(number: int) -> int:\n    """The {name}."""\n    {body}\n'.encode()


def library(*names: str) -> Library:
    return read({f"functions/{name}.py": function(name) for name in names})


def failure(id_: str, *calls: str) -> Failure:
    task = Task(id_, f"What is the double of {id_}?", f"{id_}-doubled")
    return Failure(task, Observation(id_, calls, f"{id_}-wrong"))


def attempt(tasks: tuple[str, ...], code: str = "def x(): ...") -> Attempt:
    update = Update(None, None, 1, "add", "x", 0.1, 0.2, "reverted", "lost by a nose", 1, None)
    seen = tuple(Observation(task, (f"x({task}) -> 5",), f"{task}-again") for task in tasks)
    return Attempt(update, tasks, code, seen)


def optimizer(
    *,
    native: bool = True,
    brief: bool = False,
    client: Scripted | None = None,
    max_prompt: int = MAX_PROMPT,
    **options: object,
) -> Optimizer:
    voice = Voice("big", "", native, 0.0, 0.7, max_tokens=9, max_prompt=max_prompt, brief=brief)
    return Optimizer(client or Scripted([]), Prose(), voice, **options)  # type: ignore[arg-type]


def text(request: Request) -> str:
    return "\n".join(message["content"] for message in request.messages)


FORMS = pytest.mark.parametrize(
    ("native", "brief"),
    [(True, False), (False, False), (False, True)],
    ids=["calls", "text", "embedded"],
)


@FORMS
def test_says_what_failed_and_how(native: bool, brief: bool) -> None:
    """Questions, expected answers, calls and answers of the failing tasks, and the locked names."""
    situation = Situation(
        library("double", "other"),
        (failure("7", "double(7) -> 15"), failure("8", "double(8) -> 17")),
        locked=("other",),
        notes=("Use metres.",),
    )
    asked = optimizer(native=native, brief=brief, packages=("sympy",)).ask(situation, 3)
    said = text(asked)
    for expected in ("What is the double of 7?", "8-doubled", "8-wrong", "double(7) -> 15"):
        assert expected in said
    assert "must not be edited: other" in said
    assert "sympy" in said
    assert "Use metres." in said
    assert [message["role"] for message in asked.messages] == ["system", "user"]
    assert bool(asked.tools) == native
    assert ("add NAME" in said) == (not native)
    assert ("Diagnosis:" in said) == (not native and not brief)
    assert ("Find out what went wrong" in said) == (not brief)


@FORMS
def test_an_empty_library_and_silence_can_be_told(native: bool, brief: bool) -> None:
    """The first step of all: no functions, no calls, no answers."""
    empty = Failure(Task("t", "Question?", "yes"), Observation("t", (), ""))
    said = text(optimizer(native=native, brief=brief).ask(Situation(read({}), (empty,)), 1))
    assert ("It answered: nothing" in said) == (not brief)  # a small model learns nothing from it
    assert "It called" not in said
    assert "revise `" not in said


def test_shows_whole_only_what_these_tasks_called() -> None:
    """Functions that most of the tasks called may have to be revised; of others one line is shown.

    A model that is shown an unrelated function rewrites that one.
    """
    situation = Situation(
        library("used", "once", "unrelated"),
        (
            failure("1", "used(1) -> 1", "once(1) -> 1"),
            failure("2", "used(2) -> 2", "used(3) -> 3"),
            failure("3", "nothing(3) -> unknown"),
        ),
    )
    said = text(optimizer().ask(situation, 1))
    assert "def used(number: int)" in said
    assert "def once" not in said
    assert "def unrelated" not in said
    assert "- once(number: int) -> int: The once." in said
    assert "- unrelated(number: int) -> int: The unrelated." in said


def test_a_small_model_is_told_nothing_of_functions_that_serve_other_questions() -> None:
    """It copies from them: a product came out as `solve_multiplication(base, exponent)`, a power as
    "the final hexadecimal value". Calls that went there by mistake are no better."""
    failing = (
        failure("1", "unrelated(1) -> 7"),
        failure("2"),
        failure("3", "wished(3) -> unknown"),
    )
    before = attempt(("1",), "def tried(a: int): ...")
    seen = (Observation("1", ("unrelated(1) -> 8", "x(1) -> 9"), "9"),)
    situation = Situation(library("unrelated"), failing, (replace(before, observed=seen),))
    said = text(optimizer(native=False, brief=True).ask(situation, 1))
    assert "unrelated" not in said
    assert "wished(3)" in said  # it says what was wanted
    assert "There it called: x(1) -> 9 and" in said
    assert "unrelated(1) -> 7" in text(optimizer().ask(situation, 1))


def test_a_small_model_is_told_of_the_function_that_it_may_revise() -> None:
    """What most of the tasks called is shown whole, and its calls with it."""
    failing = (failure("1", "used(1) -> 7", "once(1) -> 5"), failure("2", "used(2) -> 8"))
    situation = Situation(library("used", "once"), failing)
    said = text(optimizer(native=False, brief=True).ask(situation, 1))
    assert "def used(number: int)" in said
    assert "It called: used(1) -> 7\n" in said
    assert "once" not in said


def test_what_is_asked_for_as_text_can_be_read() -> None:
    """The form that the prompt shows, filled in: the diagnosis stands before the reason."""
    why = "Diagnosis: It guessed.\nIt has no function.\n\n{}\nIt was missing."
    client = Scripted([Reply(why.format(f"add extra\n```python\n{CODE}```"))])
    one = optimizer(native=False, client=client)
    _, proposal = one.send(one.ask(Situation(read({}), (failure("1"),)), 1), 1)
    assert isinstance(proposal, Proposal)
    assert proposal.why == "It guessed.\nIt has no function.\n\nIt was missing."


@FORMS
def test_a_prompt_is_well_laid_out(native: bool, brief: bool) -> None:
    """No line is empty twice in a row, and none is glued to a heading."""
    situation = Situation(library("used"), (failure("1", "used(1) -> 1"),), (attempt(("1",)),))
    said = text(optimizer(native=native, brief=brief).ask(situation, 1))
    assert "\n\n\n" not in said
    assert "others.Begin" not in said


def test_shows_what_was_tried_before() -> None:
    """Code and fate of earlier attempts, and what the agent did with them on the tasks shown."""
    situation = Situation(library("f"), (failure("1"),), (attempt(("1", "2"), "def tried(): ..."),))
    said = text(optimizer().ask(situation, 1))
    assert "lost by a nose" in said
    assert "def tried(): ..." in said
    assert "x(1) -> 5" in said
    assert "1-again; expected was 1-doubled" in said
    assert "2-again" not in said


@FORMS
def test_every_second_candidate_of_a_small_model_takes_the_text(native: bool, brief: bool) -> None:
    """It draws the same signature again and again, unless the form to be filled in has another, and
    none stands there that was tried before."""
    situation = Situation(library("f"), (failure("1"),), (attempt(("1",), "def g(a, b): ..."),))
    asked = [
        text(optimizer(native=native, brief=brief).ask(situation, 1, draw)) for draw in range(4)
    ]
    assert ["def NAME(text: str) ->" in one for one in asked] == [False, brief, False, brief]
    assert ["copied as it stands there" in one for one in asked] == [False, brief, False, brief]
    assert ["def g(a, b)" in one for one in asked] == [True, not brief, True, not brief]


def test_is_warmer_where_it_failed_before() -> None:
    """The same prompt at temperature 0 would bring the same reply: a seed per step comes along."""
    fresh = Situation(library("f"), (failure("1"),))
    tried = replace(fresh, tried=(attempt(("1",)),))
    asked = [optimizer().ask(situation, 4) for situation in (fresh, tried)]
    assert [(one.temperature, one.seed) for one in asked] == [(0.0, None), (0.7, 4)]
    assert all(one.max_tokens == 9 for one in asked)


def test_what_was_written_is_no_template() -> None:
    """Braces and percent signs in questions and answers stand as they are."""
    odd = Task("t", "{{ 7 * 7 }} {% for %} {# x #}", "{{ answer }}")
    said = text(optimizer().ask(Situation(read({}), (Failure(odd, Observation("t", (), "")),)), 1))
    assert odd.question in said
    assert odd.answer in said


def trial(id_: str, number: int, score: float | None, answer: str = "") -> Trial:
    return Trial(id_, number, "k", answer, None if score is None else Score(score))


def test_the_trial_shown_is_one_that_failed() -> None:
    """Of several trials of a task the first wrong one, neither a right nor a lost one."""
    trials = (trial("t", 0, 1.0, "right"), trial("t", 1, None), trial("t", 2, 0.0, "wrong"))
    [found] = failures([Task("t", "?", "right")], Evaluation("train", "d", trials), Checked(exact))
    assert found.observed.answer == "wrong"


def huge_trial(task: str) -> Trial:
    """A transcript of 2 MB and more calls than anybody wants to read."""
    calls = tuple(
        Call(f"f{n % 10}", json.dumps({"text": "a" * 10_000}), "r" * 10_000, None, "s" * 10_000)
        for n in range(200)
    )
    messages = ({"role": "user", "content": "TRANSCRIPT" * 200_000},)
    return Trial(task, 0, "k", "w" * HUGE, Score(0.0), calls, messages=messages)


@cache
def huge_situation() -> Situation:
    """500 failing tasks, transcripts, answers, sources, attempts and lists without end."""
    tasks = [Task(str(n), "q" * HUGE, "e" * HUGE) for n in range(500)]
    trials = tuple(huge_trial(task.id) for task in tasks[:20])
    trials += tuple(trial(task.id, 0, 0.0, "w" * 1_000) for task in tasks[20:])
    body = f'return "{"b" * 50_000}"'
    files = {f"functions/f{n}.py": function(f"f{n}", body) for n in range(10)}
    files |= {f"functions/g{n}.py": function(f"g{n}" + "x" * 60) for n in range(100)}
    calls = tuple(f"x({n}) -> " + "5" * 10_000 for n in range(500))
    seen = tuple(Observation(task.id, calls, "a" * HUGE) for task in tasks)
    tried = attempt(tuple(task.id for task in tasks), "c" * HUGE)
    tried = replace(tried, observed=seen, update=replace(tried.update, reason="r" * HUGE))
    return Situation(
        read(files),
        failures(tasks, Evaluation("train", "d", trials), Checked(exact)),
        (tried, tried),
        tuple(f"locked{n}" + "l" * 1_000 for n in range(1_000)),
    )


@FORMS
def test_a_prompt_has_a_bound(native: bool, brief: bool) -> None:
    """Whatever there is to tell, and whatever is replied."""
    faults = [Fault("rule", "m" * 10_000, "mend it", "f")] * 1_000
    calls_ = (ToolCall("c", "add_function", "x" * HUGE),)
    for budget in (3_000, 4_000, 8_000, MAX_PROMPT):
        one = optimizer(native=native, brief=brief, max_prompt=budget)
        asked = one.ask(huge_situation(), 1)
        assert prompt_tokens(asked) <= budget
        for reply in (Reply("y" * HUGE), Reply("", calls_), Reply("é" * HUGE)):
            again = one.again(asked, reply, faults)
            for _ in range(2):
                assert prompt_tokens(again) <= budget
                assert "m" * 50 in again.messages[-1]["content"]
                again = one.again(again, reply, faults)


def test_a_budget_too_small_for_any_prompt_is_said_with_the_number() -> None:
    """What the smallest useful prompt needs is enough for it."""
    situation = Situation(library("f"), (failure("1"),))
    with pytest.raises(UsageError, match="50 tokens are too few") as caught:
        optimizer(max_prompt=50).ask(situation, 1)
    found = re.search(r"needs (\d+)", caught.value.message)
    assert found
    assert optimizer(max_prompt=int(found[1])).ask(situation, 1)


def test_faults_go_back_with_the_reply() -> None:
    """What is wrong and how to mend it, below what was said."""
    asked = optimizer().ask(Situation(read({}), (failure("1"),)), 1)
    fault = Fault("docstring", "f has no docstring", "Write one.", "f")
    again = optimizer().again(asked, Reply("", (ToolCall("c", "add_function", "{}"),)), [fault])
    assert again.messages[:2] == asked.messages
    assert again.messages[2] == {"role": "assistant", "content": "add_function({})"}
    assert "f has no docstring (Write one.)" in again.messages[3]["content"]
    assert (again.model, again.tools, again.max_tokens) == ("big", asked.tools, 9)


CODE = function("extra").decode()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(f"add extra\nIt was missing.\n```python\n{CODE}```"),
        Reply(
            "",
            (
                ToolCall(
                    "c",
                    "add_function",
                    json.dumps({"name": "extra", "code": CODE, "why": "It was missing."}),
                ),
            ),
        ),
    ],
    ids=["text", "native"],
)
def test_a_reply_is_read_as_a_proposal(reply: Reply) -> None:
    """By tool call or as text, whatever was asked for."""
    client = Scripted([reply])
    asked = optimizer(client=client).ask(Situation(read({}), (failure("1"),)), 1)
    back, proposal = optimizer(client=client).send(asked, 1)
    assert back == reply
    assert isinstance(proposal, Proposal)
    [edit] = proposal.edits
    assert isinstance(edit, Add)
    assert (edit.name, edit.code.strip()) == ("extra", CODE.strip())


def test_a_reply_that_proposes_nothing_is_a_fault() -> None:
    """Chatter, and more actions than are allowed."""
    calls = tuple(ToolCall("c", "remove_function", f'{{"name": "f{n}"}}') for n in range(3))
    for reply in (Reply("I do not know."), Reply("", calls)):
        client = Scripted([reply])
        asked = optimizer().ask(Situation(read({}), (failure("1"),)), 1)
        _, faults = optimizer(client=client).send(asked, 1)
        assert isinstance(faults, tuple)
        assert faults


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, env={**os.environ}, capture_output=True, check=True)


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[RunBranch]:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "plain.py").write_bytes(function("plain"))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "start")
    with Repository(tmp_path) as repo:
        yield RunBranch(repo, "r")


SPLITS = ("train", "val", "test")


def tasks(split: str) -> list[Task]:
    """Questions whose answers tell the split that they come from."""
    return [Task(f"{split}{n}", f"{split} question {n}?", f"{split}-answer-{n}") for n in range(3)]


def test_answers_of_val_and_test_never_reach_a_model(branch: RunBranch) -> None:
    """Over several real steps: the agent's model sees no answer, the optimizer's those of train."""

    def agent(request: Request) -> str:
        return f"ANSWER: I saw {request.messages[1]['content']}"

    def think(request: Request) -> str:
        number = len(thinker.requests)
        code = function(f"attempt_{number}", f"return number + {number}").decode()
        return f"add attempt_{number}\nWhy not.\n```python\n{code}```"

    answering, thinker = Scripted(agent), Scripted(think)
    setup = Setup(answering, Prose(), "small")
    bench = Bench(ToolsAgent(setup), sandbox("process", 20.0), Checked(exact))
    run = Run(
        branch=branch,
        layout=Layout.of("functions"),
        train=tasks("train"),
        judging=Judging(Paired(), "val", tasks("val"), screened=False),
        evaluator=Evaluator(bench, Store(None)),
        optimizer=Optimizer(thinker, Prose(), Voice("big", native_tools=False)),
        draft=draft,
        screen=Screen.of(Layout.of("functions"), PLAIN, (), tasks("train")),
        budget=Budget(Limits(), Usage()),
        prose=Prose(),
        stops=Stops(9, 9),
    )
    run.begin(branch.repo.resolve("main"))
    for _ in range(3):
        step(run)
    told, asked = repr([vars(r) for r in thinker.requests]), repr(vars(answering)["requests"])
    assert len(thinker.requests) >= 3
    assert "This was tried before" in told
    assert "train-answer-1" in told
    assert "val question 1?" in asked
    assert all(f"{split}-answer" not in told for split in ("val", "test"))
    assert all(f"{split} question" not in told for split in ("val", "test"))
    assert all(f"{split}-answer" not in asked for split in SPLITS)
