"""The optimizer's reply: both forms, as models really write them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnopt.library.edit import Add, Edit, Remove, Revise
from fnopt.library.proposal import Proposal, parse_calls, parse_text, tool_definitions
from fnopt.records import Fault

CODE = 'def f(x: int) -> int:\n    """Do."""\n    return x\n'
BLOCK = f"```python\n{CODE}```\n"
Outcome = Proposal | tuple[Fault, ...]


def rules(outcome: Outcome) -> list[str]:
    """The rules of the faults; none for a proposal."""
    return [] if isinstance(outcome, Proposal) else [one.rule for one in outcome]


def call(tool: str, /, **arguments: object) -> tuple[str, str]:
    """A tool call with sound arguments."""
    return tool, json.dumps(arguments)


@pytest.mark.parametrize(
    ("text", "edits", "why"),
    [
        (f"add f\nIt helps.\n{BLOCK}", (Add("f", CODE),), "It helps."),
        (f"\n\n  revise f\n\nIt helps.\n\n{BLOCK}", (Revise("f", CODE),), "It helps."),
        ("remove f\nIt hurts.", (Remove("f"),), "It hurts."),
        (f"**add f**\n{BLOCK}", (Add("f", CODE),), "Do."),
        (f"# Add `f`:\nWhy\n{BLOCK}", (Add("f", CODE),), "Why"),
        (f"`ADD f`\n```py\n{CODE}```", (Add("f", CODE),), "Do."),
        (f"> add f — it helps\n```\n{CODE}```\nDone.", (Add("f", CODE),), "it helps"),
        (f"add_function f()\r\n~~~\n{CODE}~~~", (Add("f", CODE),), "Do."),
        (f"revise function f.\n{BLOCK}", (Revise("f", CODE),), "Do."),
        (f"<think>remove g?\n</think>\nadd f\n{BLOCK}", (Add("f", CODE),), "Do."),
        (f"add f\n```python\n{CODE}", (Add("f", CODE.rstrip()),), "Do."),
        (f"add f to functions.dates\n{BLOCK}", (Add("f", CODE, "functions.dates"),), "Do."),
        (f"**add `f` to `lib/dates.py`**: why\n{BLOCK}", (Add("f", CODE, "lib/dates.py"),), "why"),
        (f"revise g as f\nWhy.\n{BLOCK}", (Revise("g", CODE, "f"),), "Why."),
        (f"Revise g() as `f()` - why\n{BLOCK}", (Revise("g", CODE, "f"),), "why"),
        (f"add f\n{BLOCK}It helps.", (Add("f", CODE),), "It helps."),
        ("terminate", (), ""),
        ("Terminate.\nAll is well.", (), "All is well."),
        ("**TERMINATE**: nothing helps", (), "nothing helps"),
    ],
)
def test_texts_are_read(text: str, edits: tuple[Edit, ...], why: str) -> None:
    """The action in the first line, however it is dressed; the code; the reason, which is the
    docstring's where none is given."""
    proposal = parse_text(text)
    assert isinstance(proposal, Proposal), proposal
    stripped = tuple(_strip(edit) for edit in proposal.edits)
    assert (stripped, proposal.why) == (tuple(_strip(edit) for edit in edits), why)
    assert proposal.terminates is (not edits)


def _strip(edit: Edit) -> Edit:
    return edit if isinstance(edit, Remove) else replace(edit, code=edit.code.strip())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "bogus-action"),
        ("delete f", "bogus-action"),
        ("add", "bogus-action"),
        (f"add a function\n{BLOCK}", "bogus-action"),
        (f"Sure! Here it is.\nadd f\n{BLOCK}", "bogus-action"),
        (f"improve f\n{BLOCK}", "bogus-action"),
        (f"revise f as follows:\n{BLOCK}", "bogus-action"),
        (f"revise f as a better one\n{BLOCK}", "bogus-action"),
        (f"add code to functions\n{BLOCK}", "bogus-action"),
        ("terminate the loop\n", "bogus-action"),
        (f"terminate\n{BLOCK}", "contradiction"),
        ("add f\nno code", "no-code"),
        ("add f\n```python\ndef f(", "no-code"),
        (f"add f\n{BLOCK}\n{BLOCK}", "several-blocks"),
        (f"add f\n{BLOCK}\nremove g\n", "too-many-actions"),
    ],
)
def test_a_text_that_is_no_proposal_is_a_fault(text: str, rule: str) -> None:
    """A bogus action is never taken as an add."""
    outcome = parse_text(text)
    assert rule in rules(outcome)
    assert all(one.mend for one in outcome) if isinstance(outcome, tuple) else False


def test_a_fence_in_a_docstring_is_no_second_block() -> None:
    """What parses as a whole is one block."""
    code = 'def f() -> None:\n    """Do.\n\n```\nx\n```\n    """\n'
    assert parse_text(f"add f\n```python\n{code}```") == Proposal((Add("f", code),), "Do.")


def test_several_actions_follow_each_other_where_allowed() -> None:
    """Lines of the code are no actions."""
    code = CODE + "# remove f\n"
    text = f"add f\nGood.\n```python\n{code}```\n\nremove g\nBad.\n"
    assert parse_text(text, max_actions=2) == Proposal((Add("f", code), Remove("g")), "Good.\nBad.")


@pytest.mark.parametrize(
    ("one", "edit"),
    [
        (call("add_function", code=CODE, why="w"), Add("f", CODE)),
        (call("revise_function", name=" f ", code=CODE, why="w"), Revise("f", CODE)),
        (call("remove_function", name="f", why="w"), Remove("f")),
        (call("add_function", code=CODE, module="a.b", why="w"), Add("f", CODE, "a.b")),
        (call("add_function", code=CODE, module=None, why="w"), Add("f", CODE)),
        (call("add_function", code=CODE, module=" ", why="w"), Add("f", CODE)),
        (
            call("revise_function", name="g", new_name="f", code=CODE, why="w"),
            Revise("g", CODE, "f"),
        ),
        (
            call("revise_function", name="f", new_name="f", code=CODE, why="w"),
            Revise("f", CODE),
        ),
        (call("add_function", code=BLOCK, why="w"), Add("f", CODE)),
        (("add_function", json.dumps(json.dumps({"code": CODE, "why": "w"}))), Add("f", CODE)),
        (("add_function", "{" + json.dumps({"code": CODE, "why": "w"}) + "}"), Add("f", CODE)),
        (("remove_function", '{"name": "f", "why": "w\n"}'), Remove("f")),
    ],
)
def test_calls_are_read(one: tuple[str, str], edit: Edit) -> None:
    """The name of an added function is that of the code's one public function."""
    assert parse_calls([one]) == Proposal((edit,), "w")


def test_terminate_needs_no_arguments() -> None:
    """Some models send none at all."""
    assert parse_calls([("terminate", "")]) == Proposal((), "", terminates=True)
    assert parse_calls([call("terminate", why="Done.")]) == Proposal((), "Done.", terminates=True)


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (("add_function", ""), "bad-arguments"),
        (("add_function", "{'code': 1}"), "bad-arguments"),
        (("add_function", "[1]"), "bad-arguments"),
        (("add_function", "[" * 100_000), "bad-arguments"),
        (("add_function", '{"code": ' + "9" * 5_000 + "}"), "bad-arguments"),
        (call("add_function", why="w"), "bad-arguments"),
        (call("add_function", code=1), "bad-arguments"),
        (call("add_function", code="def f(:"), "syntax"),
        (call("add_function", code=CODE, module=1), "bad-arguments"),
        (call("revise_function", name="f", code=CODE, new_name=["g"]), "bad-arguments"),
        (call("add_function", code="x = 1"), "one-function"),
        (call("add_function", code="def a(): 0\ndef b(): 0"), "one-function"),
        (("add_function", '{"code": "\\ud800"}'), "encoding"),
        (call("revise_function", code=CODE), "bad-arguments"),
        (call("revise_function", name="f"), "bad-arguments"),
        (call("remove_function"), "bad-arguments"),
        (call("delete_function", name="f", code=CODE), "bogus-action"),
        (call("f", x=1), "bogus-action"),
    ],
)
def test_a_call_that_is_no_proposal_is_a_fault(one: tuple[str, str], rule: str) -> None:
    """Malformed arguments, missing fields and unknown tools are told to the model."""
    assert rules(parse_calls([one])) == [rule]


def test_more_actions_than_allowed_are_a_fault() -> None:
    """Eight parallel calls must not add eight functions."""
    calls = [call("remove_function", name=f"f{i}", why="") for i in range(8)]
    assert rules(parse_calls(calls, max_actions=3)) == ["too-many-actions"]
    assert parse_calls(calls[:3], max_actions=3) == Proposal(
        (Remove("f0"), Remove("f1"), Remove("f2")), ""
    )


def test_a_call_that_is_repeated_counts_once() -> None:
    """Models send the same call twice in parallel."""
    one = call("remove_function", name="f", why="w")
    assert parse_calls([one, one]) == Proposal((Remove("f"),), "w")


def test_no_call_and_contradictions_are_faults() -> None:
    """Nothing to do is said by terminate, and by that alone."""
    assert rules(parse_calls([])) == ["no-action"]
    both = [call("terminate", why=""), call("remove_function", name="f")]
    assert rules(parse_calls(both, max_actions=2)) == ["contradiction"]


def test_a_reason_is_clean_text() -> None:
    """It goes into commit messages and databases."""
    assert parse_calls([("terminate", '{"why": "a\\u0000\\ud800"}')]) == Proposal((), "a?", True)


def test_the_tools_are_what_the_parser_reads() -> None:
    """Four tools, each with a reason, and no more arguments than are read."""
    named = {
        tool["function"]["name"]: tool["function"]["parameters"] for tool in tool_definitions()
    }
    assert {name: list(one["properties"]) for name, one in named.items()} == {
        "add_function": ["diagnosis", "code", "module", "why"],
        "revise_function": ["diagnosis", "name", "code", "new_name", "why"],
        "remove_function": ["diagnosis", "name", "why"],
        "terminate": ["diagnosis", "why"],
    }
    assert "module" not in named["add_function"]["required"]
    assert "new_name" not in named["revise_function"]["required"]


PIECES = st.sampled_from(
    [
        "add f",
        "revise ",
        "terminate",
        "\n",
        "```",
        "```python\n",
        CODE,
        "**",
        ":",
        "<think>",
        "é",
        "\0",
    ]
)


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_what_else_ends_a_line_somewhere_cuts_no_part(end: str) -> None:
    """The cut and the reading of its parts agree on what a line is."""
    assert isinstance(parse_text(f"```{end}revise f{end}d"), tuple)
    said = parse_text(f"terminate{end}revise f{end}d")
    assert isinstance(said, Proposal | tuple)


def test_carriage_returns_end_lines() -> None:
    """As old files have them."""
    reply = f"add f\n{BLOCK}"
    assert parse_text(reply.replace("\n", "\r")) == parse_text(reply)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_text_raises(text: str) -> None:
    """Whatever comes, it is a proposal or faults."""
    assert isinstance(parse_text(text, max_actions=2), Proposal | tuple)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["add_function", "revise_function", "terminate", "x"]),
    st.one_of(
        st.text(),
        st.dictionaries(
            st.sampled_from(["name", "code", "why"]),
            st.one_of(st.none(), st.integers(), st.text(), st.just(CODE)),
        ).map(json.dumps),
    ),
)
def test_no_call_raises(name: str, arguments: str) -> None:
    """Whatever comes, it is a proposal or faults."""
    assert isinstance(parse_calls([(name, arguments)]), Proposal | tuple)
