"""What people say at the double reaches clients as each forge tells it, and back."""

from __future__ import annotations

import pytest
from review.double_scene import FILE, WORDS, Forges, began, client, pulls, repo
from review.forge_double import Double

pytestmark = pytest.mark.slow  # the double's own: what stands on it is in the test line


def test_comments_on_lines_have_threads_with_answers(double: Double) -> None:
    """A person speaks on a line, the client finds it and answers; the line is followed."""
    double.open("fnopt-bot", "work", "T")
    thread = double.comment_on_line(1, "ada", FILE, 4, "No.")
    double.commit("work", {FILE: "# new\n" + WORDS + "def c(): ...\n"}, "feat: above")
    with client(double) as http:
        one = f"{pulls(double)}/1"
        if double.kind == "github":
            [said] = http.get(f"{one}/comments").json()
            assert (said["path"], said["line"]) == (FILE, 5)
            sent = http.post(f"{one}/comments/{said['id']}/replies", json={"body": "Done."})
        elif double.kind == "gitlab":
            [found] = [d for d in http.get(f"{one}/discussions").json() if d["notes"][0]["type"]]
            assert found["notes"][0]["position"]["new_line"] == 5
            sent = http.post(f"{one}/discussions/{found['id']}/notes", json={"body": "Done."})
        else:
            [review] = http.get(f"{one}/reviews").json()
            [said] = http.get(f"{one}/reviews/{review['id']}/comments").json()
            assert (said["path"], said["position"]) == (FILE, 5)
            sent = http.post(f"{one}/comments/{said['id']}/replies", json={"body": "Done."})
    assert sent.status_code == 201
    double.reply_in(thread, "ada", "Thanks.")
    assert [note.body for note in thread.notes] == ["No.", "Done.", "Thanks."]


def test_a_line_that_was_changed_is_where_it_was(forge_double: Forges) -> None:
    """GitHub says ``line: null`` and keeps ``original_line``."""
    double = forge_double("github")
    began(double).open("fnopt-bot", "work", "T")
    double.comment_on_line(1, "ada", FILE, 4, "No.")
    double.commit("work", {FILE: WORDS + "def instead(): ...\n"}, "feat: instead")
    with client(double) as http:
        [said] = http.get(f"{pulls(double)}/1/comments").json()
        assert (said["line"], said["original_line"]) == (None, 4)


def test_comments_on_the_whole(double: Double) -> None:
    """Said by a person, and by the client."""
    double.open("fnopt-bot", "work", "T")
    double.comment(1, "ada", "Hm.")
    lab = double.kind == "gitlab"
    where = f"{pulls(double)}/1/notes" if lab else f"{repo(double)}/issues/1/comments"
    with client(double) as http:
        assert http.post(where, json={"body": "Yes?"}).status_code == 201
        said = http.get(where, params={"sort": "asc"} if lab else {}).json()
        assert [one["body"] for one in said] == ["Hm.", "Yes?"]


def test_a_review_asks_for_changes(double: Double) -> None:
    """Its verdict, its words, and its comments on lines."""
    double.open("fnopt-bot", "work", "T")
    lines = ((FILE, 4, "Here."),)
    double.review(1, "ada", "changes_requested", "Not yet.", lines)
    one = f"{pulls(double)}/1"
    with client(double) as http:
        if double.kind == "gitlab":
            [reviewer] = http.get(f"{one}/reviewers").json()
            assert reviewer["state"] == "requested_changes"
            notes = http.get(f"{one}/notes", params={"sort": "asc"}).json()
            said = [note["body"] for note in notes if not note["system"]]
            assert said == ["Not yet.", "Here."]
        else:
            [review] = http.get(f"{one}/reviews").json()
            assert review["state"] in ("CHANGES_REQUESTED", "REQUEST_CHANGES")
            assert review["body"] == "Not yet."
    assert double.pull(1).notes[-1].body == "Here."


def test_reviewers_and_labels(double: Double) -> None:
    """Asked for and put on, beside what is there."""
    double.grant("ada", "write")
    double.open("fnopt-bot", "work", "T")
    one, issue = f"{pulls(double)}/1", f"{repo(double)}/issues/1"
    with client(double) as http:
        if double.kind == "gitlab":
            [ada] = http.get("/users", params={"username": "Ada"}).json()
            words = {"reviewer_ids": [ada["id"]], "add_labels": "learned"}
            assert http.put(one, json=words).json()["labels"] == ["learned"]
        else:
            asked = http.post(f"{one}/requested_reviewers", json={"reviewers": ["ada"]})
            assert asked.status_code == 201
            if double.kind == "gitea":
                label = {"name": "learned", "color": "#ededed"}
                assert http.post(f"{repo(double)}/labels", json=label).status_code == 201
            http.post(f"{issue}/labels", json={"labels": ["learned"]})
    assert (double.pull(1).reviewers, double.pull(1).labels) == (["ada"], ["learned"])


def test_a_stranger_cannot_be_asked_at_github(forge_double: Forges) -> None:
    """422, and nobody is asked."""
    double = forge_double("github")
    began(double).open("fnopt-bot", "work", "T")
    with client(double) as http:
        url = f"{pulls(double)}/1/requested_reviewers"
        assert http.post(url, json={"reviewers": ["nobody"]}).status_code == 422
    assert double.pull(1).reviewers == []


def test_rights_are_told(double: Double) -> None:
    """What a person may do; Gitea tells those who are no administrators of themselves alone."""
    double.grant("ada", "write")
    double.comment(double.open("ada", "work", "T").number, "eve", "Hello.")
    with client(double) as http:
        if double.kind == "gitlab":
            number = double.state.people["ada"]
            assert http.get(f"{repo(double)}/members/all/{number}").json()["access_level"] == 30
            number = double.state.people["eve"]
            assert http.get(f"{repo(double)}/members/all/{number}").status_code == 404
            return
        if double.kind == "gitea":
            url = f"{repo(double)}/collaborators"
            assert http.get(f"{url}/ada/permission").status_code == 403
            assert [http.get(f"{url}/{name}").status_code for name in ("ada", "eve")] == [204, 404]
            double.grant("fnopt-bot", "admin")
        for name, right in (("ada", "write"), ("eve", "read")):
            told = http.get(f"{repo(double)}/collaborators/{name}/permission").json()
            assert told["permission"] == right


def test_a_comment_shows_its_hunk_down_to_the_line(forge_double: Forges) -> None:
    """As GitHub and Gitea do; GitHub's position counts the lines of the diff."""
    for kind in ("github", "gitea"):
        double = began(forge_double(kind))
        double.open("fnopt-bot", "work", "T")
        double.comment_on_line(1, "ada", FILE, 2, "Hm.")
        review = double.pull(1).reviews[0].id
        where = "comments" if kind == "github" else f"reviews/{review}/comments"
        with client(double) as http:
            [said] = http.get(f"{pulls(double)}/1/{where}").json()
        assert said["diff_hunk"] == "@@ -1,3 +1,4 @@\n def a(): ...\n def b(): ..."
        assert said["position"] == 2


def test_labels_show_in_lists(double: Double) -> None:
    """What was put on a pull request comes with it in the list."""
    double.open("fnopt-bot", "work", "T").labels.append("learned")
    with client(double) as http:
        [listed] = http.get(pulls(double)).json()
    names = [label if isinstance(label, str) else label["name"] for label in listed["labels"]]
    assert names == ["learned"]
