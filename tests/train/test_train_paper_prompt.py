"""What one action of the paper's optimizer is chosen by, and that it always fits the budget."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.errors import UsageError
from fnopt.library.edit import Add, Remove
from fnopt.library.function import Library, read
from fnopt.models.client import Reply, Request
from fnopt.models.scripted import Scripted
from fnopt.prose import Prose
from fnopt.records import Call, Evaluation, Fault, Score, Trial
from fnopt.train.budget import prompt_tokens
from fnopt.train.optimizer import Optimizer, Voice
from fnopt.train.paper_memory import Failed
from fnopt.train.paper_prompt import Form, request
from fnopt.train.paper_view import View, code_of, transcript

from .paper_scene import code

THREE = Form(3)


def library(*names: str) -> Library:
    return read({f"functions/{name}.py": code(name).encode() for name in names})


def trial(task: str, value: float | None, said: str = "I cannot say.", called: str = "") -> Trial:
    """A trial with its conversation."""
    calls = (Call(called, '{"number": 1}', "2"),) if called else ()
    asked = [{"id": "1", "function": {"name": called, "arguments": '{"number": 1}'}}]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "SYSTEM"},
        {"role": "user", "content": f"The question of {task}?"},
        *([{"role": "assistant", "content": None, "tool_calls": asked}] if called else []),
        {"role": "assistant", "content": said},
    ]
    score = None if value is None else Score(value)
    return Trial(task, 0, "key", f"answer-{task}", score, calls, messages=tuple(messages))


def trained(*trials: Trial) -> Evaluation:
    return Evaluation("train", "digest", trials)


def view(names: str = "ab", *trials: Trial, **more: Any) -> View:
    """A step's beginning with functions of these names."""
    found = library(*names)
    return replace(View(found, trained(*trials or (trial("t1", 0.0),)), found), **more)


def voice(native: bool = True, most: int = 24_000) -> Voice:
    return Voice(
        "big", native_tools=native, temperature=0.0, retry_temperature=0.6, max_prompt=most
    )


def said(asked: Request) -> str:
    return "\n".join(message["content"] for message in asked.messages)


def ask(given: View, form: Form = THREE, native: bool = True, most: int = 24_000) -> Request:
    return request(Prose(), voice(native, most), form, given)


@pytest.mark.parametrize("native", [True, False])
def test_the_papers_ingredients(native: bool) -> None:
    """Principles, code with success rates, transcripts, the table; each once, the system's words
    to the agent never."""
    given = view("ab", trial("t1", 1.0, called="a"), trial("t2", 0.0, called="a"), trial("t3", 0.5))
    asked = ask(given, native=native)
    text = said(asked)
    for action in ("add", "revise", "remove"):
        assert f"- {action}{'_function' if native else ''}: " in text
    assert "- terminate: " in text
    assert "1 of 3 answers are right (success rate 0.500)" in text
    assert text.count("def a(number: int)") == text.count("def b(number: int)") == 1
    assert "a: right in 1 of 2 tasks that called it" in text
    assert "b: never called" in text
    for task in ("t1", "t2", "t3"):
        assert text.count(f"The question of {task}?") == 1
    assert 'assistant: a({"number": 1})' in text
    assert "Results, 1 is right and 0 is wrong: t1 1, t2 0, t3 0" in text
    assert "Now take action 1 of 3 at most." in text
    assert "SYSTEM" not in text
    assert bool(asked.tools) == native
    assert ("Reply in this form" in text) == (not native)
    assert len(asked.messages[0]["content"]) < 3_000


def test_a_beginning_without_anything() -> None:
    """No functions, no failures, no notes: the prompt says so or leaves it out."""
    text = said(ask(view("", trial("t1", 0.0))))
    assert "No function is accepted yet; without functions, 0 of 1 answers are right" in text
    for absent in ("taken back, each", "Actions of this step", "Locked", "owner", "```"):
        assert absent not in text


def test_each_transcript_stands_under_its_own_result() -> None:
    """Wrong ones first; what infrastructure took is neither right nor wrong, and is left out."""
    trials = (trial("t1", 1.0), trial("t2", None), trial("t3", 0.0), trial("t4", 1.0))
    text = said(ask(view("a", *trials)))
    shown = [part.partition("]\n") for part in text.partition("did:\n")[2].split("\n[")[1:]]
    assert [head for head, _, _ in shown] == ["t3: 0", "t1: 1", "t4: 1"]
    for head, _, talk in shown:
        task = head.split(":")[0]
        assert f"The question of {task}?" in talk
        assert f"answer: answer-{task}" in talk
        assert talk.count("The question") == 1
    assert "t2" not in text


def test_several_trials_of_a_task_are_one_line_of_the_table() -> None:
    """In the order of their numbers."""
    again = replace(trial("t1", 1.0), number=1)
    assert "wrong: t1 0 1, t2 1" in said(ask(view("a", trial("t1", 0.0), again, trial("t2", 1.0))))


def test_the_functions_after_the_actions_so_far() -> None:
    """What was done in this step, and the code of what is new by it; accepted ones stand above."""
    given = view("ab", after=library("a", "c"), edits=(Add("c", code("c")), Remove("b")))
    text = said(ask(given))
    assert "Actions of this step so far: add c, remove b. The functions are now: a, c." in text
    now = text.partition("Actions of this step")[2]
    assert "def c(number: int)" in now
    assert "def a(number: int)" not in now
    assert "Now take action 3 of 3 at most." in text


def test_the_failed_libraries_in_ascending_order() -> None:
    """Score, names, and the code that is not accepted; a library that only lost one has none."""
    failed = (Failed(0.1, library("a")), Failed(0.35, library("a", "b", "c")))
    text = said(ask(view("ab", failed=failed)))
    low, high = (
        text.index("0.100 with the functions a\n"),
        text.index("0.350 with the functions a, b"),
    )
    assert low < high
    assert text.count("def c(number: int)") == text.count("def a(number: int)") == 1


def test_locked_names_and_notes_are_told() -> None:
    """As every optimizer is told them."""
    text = said(ask(view("ab", locked=("b",), notes=("Use metres.", "No lists."))))
    assert "Locked, not to be edited: b." in text
    assert "Use metres.\nNo lists." in text


def test_expected_answers_are_no_ingredient() -> None:
    """They stand above a transcript only where they are given."""
    plain = view("a", trial("t1", 0.0))
    assert "expected" not in said(ask(plain))
    assert "[t1: 0; expected: 42]" in said(ask(replace(plain, expected={"t1": "42"})))


@pytest.mark.parametrize("native", [True, False])
def test_one_shot_asks_for_all_at_once(native: bool) -> None:
    """No word of further actions."""
    text = said(ask(view(), Form(10, one_shot=True, packages=("sympy",)), native=native))
    assert "Propose at once all edits that are worth it, 10 at most" in text
    assert "Now propose 10 edits at most." in text
    assert "action 1" not in text
    assert "and sympy" in text


def test_what_was_written_is_no_template() -> None:
    """Braces and percent signs in a transcript, a note or code stand as they are."""
    odd = "{{ 7 * 7 }} {% for %} {# x #}"
    text = said(ask(view("a", trial("t1", 0.0, odd), notes=(odd,))))
    assert text.count(odd) == 2


def test_is_warmer_after_steps_in_vain() -> None:
    """With a seed of the step, as the same prompt would bring the same reply."""
    cold = request(Prose(), voice(), THREE, view(), seed=4)
    warm = request(Prose(), voice(), THREE, view(), warm=True, seed=4)
    assert [(one.temperature, one.seed) for one in (cold, warm)] == [(0.0, None), (0.6, 4)]


def test_an_agent_that_tells_no_conversation() -> None:
    """Its calls stand for it, failed ones with their error."""
    calls = (Call("a", '{"number": 1}', "2"), Call("b", "{}", "", error="no argument number"))
    told = transcript(Trial("t", 0, "k", "3", Score(0.0), calls))
    assert told == 'call: a({"number": 1}) -> 2\ncall: b({}) -> no argument number\nanswer: 3'
    assert transcript(Trial("t", 0, "k")) == "answer: none"


MODULE = b'''"""Numbers."""

import math
import re

LIMIT = 9


def _half(number: int) -> int:
    return number // 2


def small(number: int) -> int:
    """Say something small."""
    return min(math.isqrt(_half(number)), LIMIT)


def other(text: str) -> int:
    """Say something else."""
    return len(re.findall(r"x", text)) + small(4)
'''


def test_code_comes_with_what_it_needs() -> None:
    """Imports, constants and private helpers of its module, not the other functions there."""
    found = read({"functions/numbers.py": MODULE})
    small, other = code_of(found, "small"), code_of(found, "other")
    assert all(part in small for part in ("import math", "LIMIT = 9", "def _half", "def small"))
    assert "def other" not in small
    assert "import re" in other
    assert "def small" not in other
    with pytest.raises(KeyError):
        code_of(found, "absent")


HUGE = 1_000_000


def huge(filler: str, tasks: int) -> View:
    """Everything without end: transcripts, code, names, failed libraries, notes, ids."""
    text = filler * (HUGE // len(filler))
    body = json.dumps(text[:20_000])
    files = {f"functions/f{n}.py": code(f"f{n}", f"len({body}) + {n}").encode() for n in range(60)}
    before = read(files)
    more = {f"functions/g{n}.py": code(f"g{n}" + "x" * 200).encode() for n in range(30)}
    after = read({**files, **more})
    trials = [trial(f"{n}{text[:500]}", float(n % 2), text) for n in range(tasks)]
    return View(
        before,
        trained(*trials),
        after,
        tuple(Add(f"g{n}" + "x" * 200, "") for n in range(30)),
        tuple(Failed(0.1, after) for _ in range(20)),
        tuple(f"locked{n}" + "l" * 1_000 for n in range(1_000)),
        (text, text),
        {one.task: text for one in trials},
    )


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("filler", ["word ", "\u6570\u5b57", "\0\n\"'\\", "\U0001f600"])
def test_the_budget_is_never_exceeded(native: bool, filler: str) -> None:
    """Neither by the prompt, nor by a reply that goes back with its faults; and most of it is used.

    AutoGen's prompt for 20 transcripts of 200,000 characters has 4 million.
    """
    given = huge(filler, 60)
    for most in (3_000, 24_000):
        asked = ask(given, native=native, most=most)
        assert most * 0.4 < prompt_tokens(asked) <= most * 0.7
        back = Optimizer(Scripted([]), Prose(), voice(native, most))
        again = back.again(asked, Reply(filler * HUGE), [Fault("rule", "m" * HUGE)] * 500)
        assert prompt_tokens(again) <= most


def test_a_budget_too_small_for_any_prompt_is_a_usage_error() -> None:
    """With the number that would do, which then does."""
    with pytest.raises(UsageError, match="max_prompt: 300 tokens are too few") as caught:
        ask(view(), most=300)
    needed = int(caught.value.mend.split(" to ")[1].split()[0])
    assert prompt_tokens(ask(view(), most=needed)) <= needed


@settings(max_examples=40)
@given(
    st.integers(2_600, 9_000),
    st.lists(st.text(max_size=3_000), max_size=12),
    st.lists(st.text(max_size=2_000), max_size=2),
)
def test_any_transcripts_in_any_budget(most: int, texts: list[str], notes: list[str]) -> None:
    """The prompt is made, and within it."""
    trials = [trial(str(number), float(number % 2), text) for number, text in enumerate(texts)]
    given = view("abc", *trials, notes=tuple(notes))
    assert prompt_tokens(ask(given, native=False, most=most)) <= most * 0.7
