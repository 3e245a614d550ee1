"""``list``, ``show`` and ``call``."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from .conftest import Fnopt, Git, write

NAKED = b"def bare(x):\n    return x\n"


def test_list_names_every_function(work: Path, fnopt: Fnopt) -> None:
    """One line each, from a sub-folder, signature and summary aligned; nothing on stderr."""
    told = fnopt("list")
    assert (told.code, told.err) == (0, "")
    first, second = told.out.splitlines()
    assert first == "count_letter(word: str, letter: str) -> int  Count a letter."
    assert second.split() == ["shout(word:", "str)", "->", "str", "Make", "a", "word", "loud."]
    assert first.index("Count a") == second.index("Make a")


def test_list_as_a_document(work: Path, fnopt: Fnopt) -> None:
    """Name, module, signature, summary and the JSON schema of the parameters."""
    found = fnopt("list", "--json").json
    assert found["schema"] == 1
    first = found["functions"][0]
    assert list(first) == ["name", "module", "signature", "summary", "schema"]
    assert (first["name"], first["module"]) == ("count_letter", "functions.words")
    assert first["schema"]["properties"]["letter"] == {
        "type": "string",
        "description": "What to count.",
    }


def test_list_of_nothing(work: Path, git: Git, fnopt: Fnopt) -> None:
    """An empty library is no failure."""
    git("rm", "-rq", "functions")
    told = fnopt("list")
    assert (told.code, told.out, told.err) == (0, "", "no functions in functions/ yet\n")


def test_list_says_what_could_not_be_read(work: Path, fnopt: Fnopt) -> None:
    """An unreadable file does not hide the others and is not passed over in silence."""
    write(work, {"functions/broken.py": b"def ("})
    told = fnopt("list")
    assert told.code == 0
    assert len(told.out.splitlines()) == 2
    assert "1 fault in functions/: see `fnopt check`" in told.err


def test_show_prints_the_source(work: Path, fnopt: Fnopt) -> None:
    """Source alone on stdout, its place on stderr."""
    told = fnopt("show", "shout")
    assert told.code == 0
    assert told.out.startswith('def shout(word: str) -> str:\n    """Make a word loud."""\n')
    assert told.err == "functions/words.py:15\n"


def test_show_at_a_revision(work: Path, fnopt: Fnopt) -> None:
    """The function as it was, not as it stands in the working tree."""
    write(work, {"functions/words.py": NAKED})
    assert fnopt("show", "shout").code == 2
    assert fnopt("show", "shout@HEAD", "--json").json["function"]["line"] == 15


def test_show_says_who_calls_whom(work: Path, fnopt: Fnopt) -> None:
    """Callers and callees within the library."""
    more = b'''from functions.words import shout


def yell(word: str) -> str:
    """Louder."""
    return shout(word) + "!"
'''
    write(work, {"functions/more.py": more})
    assert "called by: yell" in fnopt("show", "shout").err
    assert fnopt("show", "yell", "--json").json["function"]["calls"] == ["shout"]


def test_show_tells_a_function_as_a_tool(work: Path, fnopt: Fnopt) -> None:
    """In each dialect, as JSON alone; what strict mode cannot say is refused with the reason."""
    told = fnopt("show", "shout", "--schema", "mcp")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out)["outputSchema"]["properties"] == {"result": {"type": "string"}}
    plain = fnopt("show", "shout@HEAD", "--schema", "openai", "--json").json
    strict = fnopt("show", "shout", "--schema", "strict", "--json").json["tool"]["function"]
    assert plain["schema"] == 1
    assert {**plain["tool"]["function"], "strict": True} == strict
    write(work, {"functions/more.py": b"def any_of(values: list) -> int:\n    return 1\n"})
    refused = fnopt("show", "any_of", "--schema", "strict")
    assert (refused.code, refused.out) == (2, "")
    assert "any_of is not eligible for strict mode: values may hold anything" in refused.err


def test_show_cannot_drive_the_terminal(work: Path, fnopt: Fnopt) -> None:
    """Control characters in a source are not obeyed."""
    write(work, {"functions/evil.py": b'def evil() -> str:\n    """A \x1b[2J."""\n    return ""\n'})
    assert "\x1b" not in fnopt("show", "evil").out + fnopt("list").out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("shuot", 2, "there is no function 'shuot'\nmend: did you mean shout?"),
        ("zzz@HEAD", 2, "there is no function 'zzz' at HEAD"),
        ("shout@", 2, "no revision after the @"),
        ("shout@nowhere", 4, "no commit is called 'nowhere'"),
        ("shout@--all", 4, "no commit is called '--all'"),
    ],
)
def test_show_of_what_is_not_there(
    work: Path, fnopt: Fnopt, words: str, code: int, message: str
) -> None:
    """Says what is wrong, and the nearest name."""
    told = fnopt("show", words)
    assert (told.code, told.out) == (code, "")
    assert message in told.err


def test_call_prints_the_result_alone(work: Path, fnopt: Fnopt) -> None:
    """The result on stdout; what the function printed on stderr."""
    told = fnopt("call", "count_letter", '{"word": "banana", "letter": "a"}')
    assert (told.code, told.out, told.err) == (0, "3\n", "counting\n")


def test_call_as_a_document(work: Path, fnopt: Fnopt) -> None:
    """Result, captured output, duration and tier."""
    found = fnopt("call", "count_letter", '{"word": "é", "letter": "é"}', "--json").json
    assert found.pop("seconds") > 0
    assert found == {
        "schema": 1,
        "ok": True,
        "result": 1,
        "error": None,
        "stdout": "counting\n",
        "tier": "confined",
    }


def test_call_reads_stdin(work: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch) -> None:
    """With - as arguments."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"word": "hey"}')))
    assert fnopt("call", "shout", "-").out == "HEY\n"


def test_a_call_that_raises(work: Path, fnopt: Fnopt) -> None:
    """Exit 1; the traceback of the learned code is told, no other."""
    told = fnopt("call", "shout", '{"word": ""}')
    assert (told.code, told.out) == (1, "")
    assert "ValueError: nothing to shout" in told.err
    assert "fnopt failed" not in told.err
    found = fnopt("call", "shout", "--json").json
    assert found["ok"] is False
    assert "word" in found["error"]


@pytest.mark.parametrize("text", ["{", "[1]", '{"word": NaN}', "[" * 100_000])
def test_call_wants_an_object(work: Path, fnopt: Fnopt, text: str) -> None:
    """Anything but a JSON object is a usage error."""
    told = fnopt("call", "shout", text)
    assert (told.code, told.out) == (2, "")
    assert "mend: " in told.err


def test_call_at_a_revision(work: Path, fnopt: Fnopt) -> None:
    """The function of that revision runs."""
    write(work, {"functions/words.py": NAKED})
    assert fnopt("call", "shout@HEAD", '{"word": "a"}').out == "A\n"


def test_a_tier_that_is_not_there(
    work: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing runs below what the configuration requires: exit 6."""
    monkeypatch.setenv("FNOPT_SANDBOX_REQUIRE", "isolated")
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: None)
    assert fnopt("call", "shout", '{"word": "a"}').code == 6


def test_a_grant_frees_from_the_rule_too(
    work: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One table for the sandbox and for the rules; who was not granted is told how."""
    code = """import os


def {}() -> str:
    \"\"\"Give the rate.\"\"\"
    return open("data/rate.txt").read() + os.environ["RATES_KEY"]
"""
    write(
        work,
        {
            "functions/rate.py": code.format("rate").encode(),
            "data/rate.txt": b"1.5",
        },
    )
    told = fnopt("check", "rate")
    assert told.code == 3
    assert '`rate = { read = ["…"] }` under [sandbox.allow]' in told.out
    assert '`rate = { env = ["…"] }` under [sandbox.allow]' in told.out
    assert '"rate" = { read = ' in fnopt("call", "rate").err
    grant = '[sandbox.allow]\nrate = { read = ["data"], env = ["RATES_KEY"] }\n'
    write(work, {"fnopt.toml": grant.encode()})
    assert fnopt("check", "rate").code == 0
    monkeypatch.setenv("RATES_KEY", "!")
    assert fnopt("call", "rate").out == "1.5!\n"


def test_outside_a_repository(
    tmp_path: Path, fnopt: Fnopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4, with the command that mends it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    told = fnopt("list")
    assert told.code == 4
    assert "mend: run: git init" in told.err


@pytest.mark.parametrize("command", ["list", "show", "call"])
def test_help_begins_with_the_summary(fnopt: Fnopt, command: str) -> None:
    """The same line as in the list of commands."""
    from fnopt.cli.main import SUMMARIES

    told = fnopt(command, "--help")
    assert told.code == 0
    assert told.out.splitlines()[2].strip() == SUMMARIES[command]
