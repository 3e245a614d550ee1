"""The body of a pull request as people read it: from real runs, rendered, and never too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnopt.errors import UsageError
from fnopt.evaluate.claim import Claim
from fnopt.history.repo import Repository
from fnopt.history.runs import RunBranch
from fnopt.history.updates import Update
from fnopt.prose import Prose
from fnopt.records import Fault, Usage
from fnopt.review import marks
from fnopt.review.body import LONGEST, body, rewritten, title
from fnopt.review.claims import Claimed
from fnopt.review.facts import Facts, Learned, Reason, facts
from fnopt.review.lineage_graph import Point, drawn
from fnopt.review.measured import Measured, Worse

from .body_scene import COUNT, LAYOUT, WIDE, begun, claimed, repository, step, trials
from .rendered import CLOSES, rendered
from .test_defuse import HOSTILE

SHA = "0123456789abcdef0123456789abcdef01234567"
TAGS = {"p", "strong", "em", "code", "pre", "ul", "li", "h3", "table", "thead", "tbody", "tr"} | {
    *("th", "td", "blockquote", "br", "details", "summary", "sub")
}
"""All that the template writes."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunBranch]:
    """A run that has just begun, on a library of one function."""
    with Repository(repository(tmp_path / "work")) as repo:
        yield begun(repo)


def told(run: RunBranch) -> str:
    """The body of a run, without what is in comments."""
    return re.sub("<!--.*?-->\n", "", body(facts(run, LAYOUT), Prose())).strip()


def many(text: str, count: int) -> Facts:
    """Facts of which everything is ``count`` times there, and says ``text``."""
    update = Update(SHA, None, 7, "add", text, 0.25, 0.5, "kept", text, 9, 0.1, (text,), 0.5)
    refused = replace(update, commit=None, action=text, verdict=text, score=None)
    claim = Claim("val", 0.25, 0.75, 0.5, 0.2, 0.8, 9, 1, 16, 1, 0.95, 12)
    fault = Fault(text, text, text, text, text, 3)
    worse = tuple(Worse(f"{text}{number}", 1.0, 0.0) for number in range(count))
    learned = Learned(text, "revised", text, text, text, f"{text}.", None, (text, text), (SHA,))
    others = replace(learned, kind="renamed", commits=())
    return Facts(
        run="r",
        branch=text,
        head=SHA,
        base=SHA,
        began=SHA,
        remote=text,
        split="val",
        claims=(Claimed(claim, text, "gone"), Claimed(claim, SHA, "moved", 2)),
        measured=Measured("val", SHA, False, True, count, 1, worse, 4, Usage(1, 2, 3), {}, {}),
        selection=(0.25, 0.5),
        functions=(learned, others) * count,
        reasons=(Reason(update, f"{text}\n\n{text}"),) * count,
        sandbox=(text, f"process; {text}") * count,
        grants=((text, text), ("*", text)) * count,
        faults=(fault, replace(fault, level="warning")) * count,
        breaks=(fault, replace(fault, level="warning")) * count,
        rules=50,
        log=(update, refused) * count,
        points=tuple(Point(SHA, kind, text) for kind in ("kept", "reverted", "people")) * count,  # type: ignore[arg-type]
        models=(text,) * count,
        agent=text,
        usage=Usage(1, 2, 3),
        versions=(("fnopt", text),),
    )


def test_should_it_be_merged_within_ten_lines(run: RunBranch) -> None:
    """The claim, what got worse, what changed, where it runs, what was checked, the way back."""
    head = step(run, 1, [("add", "count")], {"functions/count.py": COUNT})
    trials(run, run.repo.resolve("main"), {"a": 1.0, "b": 0.0, "c": 0.0})
    trials(run, head, {"a": 0.0, "b": 1.0, "c": 1.0}, called="count")
    claimed(run, "test", head)
    first = told(run).splitlines()[:10]
    assert first[0] == (
        "**On the sealed test split: 0.250 → 0.750, a gain of +0.500** (95% interval +0.200 to "
        "+0.800; 9 better, 1 worse of 16 tasks). Measured on this very library."
    )
    assert first[2] == (
        "- **Got worse:** **1 task** of 3 on val, 2 better: `a`, by the trials that chose the "
        "updates."
    )
    assert first[3] == "- **Changes:** 1 function added. No call that worked before breaks."
    assert first[4] == "- **Runs in:** sandbox tier `confined`; nothing is granted."
    assert first[5].startswith("- **Checked:** ")
    assert first[6].startswith("- **Way back:** `fnopt rollback COMMIT`")


def test_without_a_claim(run: RunBranch) -> None:
    """What stands instead is called by its name."""
    assert "Nothing was measured on val either." in told(run)
    step(run, 1, [("add", "count")], {"functions/count.py": COUNT})
    first = told(run).splitlines()[0]
    assert first.startswith("**Nothing is claimed yet: `fnopt claim --run r` measures it.**")
    assert "*Selection scores* on val, which chose these updates and so flatter them" in first
    assert first.endswith("0.250 → 0.500.")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"low": -0.1}, "Not proven: no gain lies in that interval, too."),
        ({"lost": 3}, "of 16 tasks, 3 left out since infrastructure failed"),
        ({"libraries": 12}, "the interval holds for each of 12 libraries"),
        ({"commit": "f" * 40}, "Claimed at `ffffffffff`, which is no commit of this branch"),
    ],
)
def test_what_a_claim_does_not_say(run: RunBranch, other: dict[str, object], said: str) -> None:
    """It is told beside it."""
    head = step(run, 1, [("add", "count")], {"functions/count.py": COUNT})
    claimed(run, "val", head, **other)
    assert said in told(run)


def test_a_claim_of_another_commit_is_told_as_such(run: RunBranch) -> None:
    """With how long ago that was; a claim beside it is not lost."""
    first = step(run, 1, [("add", "count")], {"functions/count.py": COUNT})
    claimed(run, "test", first)
    claimed(run, "val", first)
    step(run, 2, [("revise", "count")], {"functions/count.py": WIDE})
    step(run, 3, [("remove", "shout")], {"functions/words.py": None})
    found = told(run)
    assert f"Claimed at `{first[:10]}`, 2 updates ago: `fnopt claim --run r` measures" in found
    assert "Also claimed: fresh trials of val 0.250 → 0.750" in found


def test_functions_reasons_and_steps(run: RunBranch) -> None:
    """The signature before and after, the credit, the reason with its commit, each step."""
    step(
        run, 1, [("add", "count")], {"functions/count.py": COUNT}, why="It miscounts.\n\nSo count."
    )
    lost = step(run, 2, [("revise", "count")], {"functions/count.py": WIDE}, keep=False)
    loud = b'def shout(word: str, by: int = 1) -> str:\n    """Make loud."""\n    return word\n'
    head = step(run, 3, [("revise", "shout")], {"functions/words.py": loud})
    trials(run, run.repo.resolve("main"), {"a": 1.0})
    trials(run, head, {"a": 1.0}, called="count")
    found = told(run)
    assert (
        "| revised | `shout(word: str) -> str`<br>→ `shout(word: str, by: int=1) -> str` "
        "| 0 | 0 | 0 |" in found
    )
    assert "| added | `count(word: str) -> int` | 1 | 1 | 1 |" in found
    assert "> It miscounts.\n>\n> So count." in found
    assert 'For example `count({"word": "tea"})` gave `3`.' in found
    assert f"Take it back: `fnopt rollback {head[:10]}`" in found
    assert (
        f"| 2 | `revise count` | reverted | 0.250 → 0.500 | 1,000 | 0.0200 USD | {lost[:10]} |"
        in found
    )
    assert found.index("revise shout") < found.index("add count"), "the newest reason first"
    assert "3 steps: 2 kept, 1 reverted; 3,000 tokens, 0.0600 USD" in found
    assert "git fetch origin fnopt/r refs/fnopt/runs/r:refs/fnopt/runs/r" in found


def test_the_weakest_tier_and_grants_are_plain_to_see(run: RunBranch) -> None:
    """A reader must not have to look for them."""
    given = 'process; count: { hosts = ["a.example"] }'
    step(run, 1, [("add", "count")], {"functions/count.py": COUNT}, Sandbox=given)
    assert (
        "sandbox tier `process`, which shuts off **neither files nor the network**; granted: "
        '`count: { hosts = ["a.example"] }`.' in told(run)
    )


def test_calls_that_break_are_first_seen(run: RunBranch) -> None:
    """An error in the second line, named below."""
    uses = b"from functions.words import shout\n\n\ndef use(a: str) -> str:\n    return shout(a)\n"
    run.advance(_with(run, {"functions/use.py": uses}), run.head(), LAYOUT, "people")
    step(run, 1, [("remove", "shout")], {"functions/words.py": None})
    found = told(run)
    assert "**Changes:** 1 function removed, 1 added. **1 call breaks**, see below." in found
    assert "**2 errors** and 0 warnings new since" in found
    assert "### What to look at\n- **error** `function-removed`: shout is gone" in found


def _with(run: RunBranch, files: dict[str, bytes | None]) -> str:
    tree = run.repo.write_tree(run.repo.tree(run.head()), files)
    return run.repo.commit(tree, [run.head()], "by hand\n")


def test_titles_are_subjects_of_commits(run: RunBranch) -> None:
    """Conventional, and never long."""
    assert title(facts(run, LAYOUT)) == "chore(functions): nothing to merge of run r"
    step(run, 1, [("add", "count")], {"functions/count.py": COUNT})
    assert title(facts(run, LAYOUT)) == "feat(functions): add count"
    step(run, 2, [("remove", "shout")], {"functions/words.py": None})
    assert title(facts(run, LAYOUT)) == "feat(functions): add count, remove shout"
    assert len(title(many("x" * 300, 100))) <= 72


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4), st.sampled_from(["", " ", "\n"]))
def test_nothing_acts_that_the_template_did_not_write(parts: list[str], between: str) -> None:
    """With every text hostile: no tag, link, image or mention; commits alone may link."""
    found = many(between.join(parts), 2)
    text = body(found, Prose())
    shown = rendered(text)
    assert {tag for tag, _ in shown.tags} <= TAGS
    attributes = {words for _, words in shown.tags if words}
    assert attributes <= {"class=language-sh", "class=language-mermaid", "style=text-align:right"}
    assert {what for what in shown.active() if what != ("commit", SHA[:10])} == set()
    assert not CLOSES.search(text)
    assert len(shown.comments) == 4
    assert marks.read_marker(text) == {"run": "r", "head": SHA}
    graph = text.split("```mermaid\n")[1].split("\n```")[0]
    for line in graph.splitlines()[2:-2]:
        assert re.fullmatch(
            r'  \w+ -\.?->? \w+\["[^"`;\[\]{}()#%&@]*"\](:::\w+)?|  \w+ --> .*', line
        )
        assert line.count('"') == 2


def test_what_is_huge_is_cut_and_says_so() -> None:
    """1,000 functions and reasons of 2 MB; nothing important goes before what is not."""
    text = body(many("@all fixes #1 <b>" * 120_000, 1_000), Prose())
    assert len(text) <= LONGEST
    assert "Left out to stay below 60,000 characters: reasons after their first words" in text
    assert "### Functions" in text
    assert marks.read_marker(text) == {"run": "r", "head": SHA}


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=300), st.sampled_from([1, 30, 400]), st.integers(1, 400))
def test_never_too_long(text: str, count: int, times: int) -> None:
    """Whatever stands in it, and however often."""
    made = body(many(text * times, count), Prose())
    assert len(made) <= LONGEST
    assert set(rendered(made).active()) <= {("commit", SHA[:10])}


def test_a_template_of_ones_own_that_is_too_long(tmp_path: Path) -> None:
    """It is the user's to mend; one that fits is taken, with the marks around it."""
    own = tmp_path / ".fnopt" / "templates" / "pull-request.md"
    own.parent.mkdir(parents=True)
    own.write_text("Ours: {{ counts }}\n")
    assert "Ours: " in body(many("x", 1), Prose(tmp_path))
    assert marks.read_marker(body(many("x", 1), Prose(tmp_path))) is not None
    own.write_text("long " * 20_000)
    with pytest.raises(UsageError, match=r"pull-request\.md: the body has 100,\d+ characters"):
        body(many("x", 1), Prose(tmp_path))


def test_what_people_wrote_around_it_stays() -> None:
    """Above, below, and with a browser's line ends; over and over the same."""
    first = body(many("x", 1), Prose())
    edited = f"Please review, Ann!\n\n{first}\nTested by hand, too.\n".replace("\n", "\r\n")
    second = rewritten(edited, many("y", 1), Prose())
    assert second.startswith("Please review, Ann!\n\n<!-- fnopt:begin -->")
    assert "\n<!-- fnopt:end -->\n\nTested by hand, too.\n\n<!-- fnopt:run=r head=" in second
    assert marks.words_around(second) == ("Please review, Ann!", "Tested by hand, too.")
    assert rewritten(second, many("y", 1), Prose()) == second
    assert rewritten(first, many("x", 1), Prose()) == first


def test_a_body_without_marks_is_a_persons() -> None:
    """It stays whole above fnopt's part; so does one of which a mark is missing."""
    made = body(many("x", 1), Prose())
    assert rewritten("Mine.", many("x", 1), Prose()) == f"Mine.\n\n{made}"
    assert rewritten("", many("x", 1), Prose()) == made
    torn = made.replace(marks.BEGIN, "")
    assert rewritten(torn, many("x", 1), Prose()).startswith(torn.split(marks.END)[0].strip())


def test_long_words_of_people_take_room_from_ours() -> None:
    """The whole stays below the limit as long as theirs leave any."""
    full = many("words and more words " * 60, 60)
    theirs = "theirs " * 6_000
    assert len(body(full, Prose())) > LONGEST - len(theirs)
    made = rewritten(theirs, full, Prose())
    assert len(made) <= LONGEST + 10
    assert made.startswith(theirs.strip())


def test_markers_are_read_at_the_start_of_a_line_alone() -> None:
    """The last counts; what is none is none."""
    other = SHA[::-1]
    both = f"{marks.marker('a', SHA)}\r\ntext\r\n{marks.marker('b-2', other)}\r\n"
    assert marks.read_marker(both) == {"run": "b-2", "head": other}
    assert marks.read_marker(f"`{marks.marker('a', SHA)}`") is None
    assert marks.read_marker("<!-- fnopt:run=../x head=1 -->") is None


@pytest.mark.parametrize(("count", "nodes"), [(0, 1), (5, 6), (19, 20), (20, 20), (500, 20)])
def test_a_graph_has_twenty_nodes_at_most(count: int, nodes: int) -> None:
    """The older ones become one, which says what they were."""
    points = [Point(SHA, "kept" if n % 2 else "reverted", f"step {n}") for n in range(count)]
    text = drawn(SHA, points)
    assert 1 + len(re.findall(r"--?>|-\.->", text)) == nodes
    assert ("older: " in text) == (count >= 20)
    if count == 500:
        assert '"482 older: 241 kept, 241 reverted"' in text


def test_what_was_reverted_hangs_beside_the_line() -> None:
    """The branch went on from what was there before it."""
    text = drawn(
        SHA,
        [
            Point(SHA, "kept", "one", "0.1 → 0.2"),
            Point(SHA, "reverted", "two"),
            Point(SHA, "people", 'three"]; click x "https://example.org'),
        ],
    )
    assert f'start --> c1["kept: one<br>0.1 → 0.2<br>{SHA[:10]}"]' in text
    assert 'c1 -.-> c2["reverted: two' in text
    assert 'c1 --> c3["by people: three click x https: example.org' in text
