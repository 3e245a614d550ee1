"""Edits in a module that people wrote, from the optimizer's reply to the commit in git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import scripted_run
from scripted_server import Answer, Json, ScriptedServer, calls

from .conftest import Fnopt, run_git, write

WORDS = b'''"""Words."""

import re
from typing import Any


def squeeze(word: str) -> str:
    """Squeeze a word."""
    return re.sub(r"(.)\\1", r"\\1", word)


def loud(word: Any) -> str:
    """Make a word loud."""  # not quiet
    return str(word).upper()
'''
CALLER = b'''from functions.words import loud as louder, squeeze


def narrow(word: str) -> str:
    """Make a word narrow and loud."""
    return louder(squeeze(word))
'''
COUNT = scripted_run.COUNT_ALL.replace(
    "word.lower().count(letter.lower())", "Counter(word.lower())[letter.lower()]"
)
SHRINK = '''def shrink(word: str) -> str:
    """Shrink a word."""
    return word.replace("ll", "l")
'''
EDITS = (
    ("add_function", {"code": f"from collections import Counter\n\n\n{COUNT}"}),
    ("revise_function", {"name": "squeeze", "new_name": "shrink", "code": SHRINK}),
    ("remove_function", {"name": "count_letter"}),
)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The repository of the scripted run with two modules of people's; each step one of EDITS."""
    folder = tmp_path / "words"
    mine = {"functions/words.py": WORDS, "functions/narrow.py": CALLER}
    write(folder, {**scripted_run.FILES, **mine})
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-qm", "start")
    monkeypatch.chdir(folder)
    proposals = iter(EDITS)

    said: list[tuple[str, Json]] = []

    def respond(request: Json) -> Answer:
        if not scripted_run.is_optimizer(request):
            return scripted_run.answer(request)
        if len(request["messages"]) == 2:  # else it is told what does not fit, and insists
            said[:] = [next(proposals)]
        name, given = said[0]
        module = {"module": "functions.words"} if name == "add_function" else {}
        return calls((name, {**given, **module, "why": "It helps."}))

    with ScriptedServer() as server:
        server.respond = respond
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "a-key")
        yield folder


def test_edits_in_a_module_of_peoples(words: Path, fnopt: Fnopt) -> None:
    """Add into it, rename in it with a caller elsewhere, remove from it: the rest stays."""
    added, renamed = (fnopt("step", "--json").json["steps"][0] for _ in EDITS[:2])
    others = tuple(one for one in scripted_run.TRAIN if not scripted_run.LETTERS.search(one[0]))
    write(words, {"tasks/train.jsonl": scripted_run.lines("train", others)})  # none needs it now
    removed = fnopt("step", "--json").json["steps"][0]
    assert (added["verdict"], added["function"]) == ("kept", "count_letter")
    text = WORDS.decode().replace("import re\n", "import re\nfrom collections import Counter\n")
    assert _show(words, added["commit"], "words") == f"{text}\n\n{COUNT}"

    assert (renamed["action"], renamed["function"]) == ("revise", "shrink")
    caller = CALLER.decode().replace(
        "import loud as louder, squeeze", "import loud as louder, shrink"
    )
    assert _show(words, renamed["commit"], "narrow") == caller.replace("r(squeeze", "r(shrink")
    told = run_git(words, "log", "-1", "--format=%B", renamed["commit"])
    assert "squeeze is called shrink now, its callers follow." in told
    assert "Left unused: import re in functions/words.py." in told
    assert "import re\n" in _show(words, renamed["commit"], "words")

    before = _show(words, f"{removed['commit']}^", "words")
    assert _show(words, removed["commit"], "words") == before.replace(f"\n\n{COUNT}", "").replace(
        "from collections import Counter\n", ""
    )


def _show(folder: Path, commit: str, module: str) -> str:
    """A file as the commit has it."""
    return run_git(folder, "show", f"{commit}:functions/{module}.py") + "\n"
