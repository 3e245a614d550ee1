"""Gitea's API, version 1, for one repository; Forgejo's is the same in what is served here."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from review.forge_double import gitea_values as say
from review.forge_double import talk
from review.forge_double.speech import Answer, Call, Dialect, Handler, Json, page
from review.forge_double.values import Refused, Thread, Verdict

VERSION = "1.27.3"
REPO = "/repos/{owner}/{repo}"
PULL = f"{REPO}/pulls/{{index}}"
ISSUE = f"{REPO}/issues/{{index}}"
VERDICTS: dict[str, Verdict] = {
    "APPROVED": "approved",
    "APPROVE": "approved",
    "REQUEST_CHANGES": "changes_requested",
    "COMMENT": "commented",
}
OTHERS = "Only admins can query all permissions, repo admins can query all repo permissions, "


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "url": "/api/swagger"})


def refused(reason: str, about: str, call: Call) -> Answer:
    """What Gitea says where it does not do something."""
    if reason == "twin":
        other = call.state.pull(int(about))
        ends = f"head_branch: {other.head}, base_branch: {other.base}"
        ids = f"id: {other.id}, issue_id: {other.number}, head_repo_id: 1, base_repo_id: 1"
        return _error(409, f"pull request already exists for these targets [{ids}, {ends}]")
    if reason in ("not-found", "no-head", "no-base"):
        return _error(404, "The target couldn't be found.")
    if reason == "merged":
        words = "cannot change state of this pull request, it was already merged"
        return _error(412, words)
    if reason == "no-commits":
        words = "Invalid PullRequest: There are no changes between the head and the base"
        return _error(422, words)
    return _error(422, f"{reason}: {about}")


def _listed(call: Call, items: Sequence[Json]) -> Answer:
    shown, link, _ = page(call, items, size="limit", usual=30, most=50)
    return Answer(200, shown, {**link, "X-Total-Count": str(len(items))})


def _version(call: Call) -> Answer:
    return Answer(200, {"version": VERSION})


def _user(call: Call) -> Answer:
    return Answer(200, say.person(call, call.user))


def _repository(call: Call) -> Answer:
    return Answer(200, say.repository(call))


def _pulls(call: Call) -> Answer:
    """There is no filter by head."""
    state = call.query.get("state") or "open"
    base = call.query.get("base_branch")
    found = [
        say.pull(call, one)
        for one in call.state.newest_first()
        if state == "all" or (state == "open") == (one.state == "open")
        if base in (None, one.base)
    ]
    return _listed(call, found)


def _open(call: Call) -> Answer:
    """Labels are ids; whether there is anything to merge is not asked here."""
    body, state = call.body, call.state
    head = body["head"].removeprefix(f"{state.owner}:")
    made = state.open(call.user, head, body["base"], body.get("title", ""), body.get("body", ""))
    made.labels = [
        name for name, number in state.labels.items() if number in body.get("labels", ())
    ]
    return Answer(201, say.pull(call, made))


def _pull(call: Call) -> Answer:
    return Answer(200, say.pull(call, call.state.pull(call.number)))


def _between(call: Call) -> Answer:
    """The newest one of a base and a head branch, whatever its state."""
    for one in call.state.newest_first():
        if (one.base, one.head) == (call.path["base"], call.path["head"]):
            return Answer(200, say.pull(call, one))
    raise Refused("not-found", call.path["head"])


def _update(call: Call) -> Answer:
    """Answers 201; an empty title changes nothing."""
    body, state = call.body, call.state
    one = state.pull(call.number)
    if body.get("state") == "closed":
        state.close(one.number)
    elif body.get("state") == "open":
        state.reopen(one.number)
    state.edit(one.number, title=body.get("title") or None, body=body.get("body"))
    return Answer(201, say.pull(call, one))


def _files(call: Call) -> Answer:
    one = call.state.pull(call.number)
    changes = call.state.bare.changes(one.base_sha, one.head_sha)
    return _listed(call, [say.file(call, change) for change in changes])


def _ask(call: Call) -> Answer:
    """Answers with the reviews that were asked for."""
    one = call.state.pull(call.number)
    for name in call.body.get("reviewers") or ():
        call.state.knows(name)
    call.state.ask(one.number, call.body.get("reviewers") or ())
    return Answer(201, [])


def _shared_labels(call: Call) -> Answer:
    """The owner is a person, no organization."""
    raise Refused("not-found", call.path["org"])


def _all_labels(call: Call) -> Answer:
    return _listed(call, [say.label(call, name) for name in call.state.labels])


def _new_label(call: Call) -> Answer:
    call.state.label(call.body["name"])
    return Answer(201, say.label(call, call.body["name"]))


def _labels(call: Call) -> Answer:
    return Answer(200, [say.label(call, name) for name in call.state.pull(call.number).labels])


def _label(call: Call) -> Answer:
    """By id or by name; a name that the repository does not know is passed over."""
    one, known = call.state.pull(call.number), call.state.labels
    for asked in call.body.get("labels") or ():
        names = [name for name, number in known.items() if asked in (name, number)]
        one.labels += [name for name in names if name not in one.labels]
    return _labels(call)


def _comments(call: Call) -> Answer:
    """All of them; this list has no pages."""
    one = call.state.pull(call.number)
    lines = {note.id for thread in call.state.lines(one) for note in thread.notes}
    notes = [note for note in one.notes if note.id not in lines]
    return Answer(200, [say.comment(call, one, note) for note in notes])


def _comment(call: Call) -> Answer:
    one = call.state.pull(call.number)
    thread = talk.comment(call.state, one.number, call.user, call.body["body"])
    return Answer(201, say.comment(call, one, thread.notes[0]))


def _reviews(call: Call) -> Answer:
    one = call.state.pull(call.number)
    return _listed(call, [say.review(call, one, made) for made in one.reviews])


def _review(call: Call) -> Answer:
    """A comment at a line that is spoken of already joins that conversation."""
    one, body, state = call.state.pull(call.number), call.body, call.state
    lines = body.get("comments") or ()
    if not body.get("body") and not lines and body.get("event") != "APPROVED":
        return _error(422, "body and comments can't both be empty")
    verdict = VERDICTS[body.get("event") or "COMMENT"]
    made = talk.review(state, one.number, call.user, verdict, body.get("body", ""))
    for line in lines:
        at = (line["path"], line["new_position"])
        found = [thread for thread in one.threads if (thread.path, thread.line) == at]
        if found:
            talk.reply(state, one.number, found[0].id, call.user, line["body"])
        else:
            talk.comment_on_line(state, one.number, call.user, *at, line["body"], made.id)
    return Answer(200, say.review(call, one, made))


def _review_comments(call: Call) -> Answer:
    one, number = call.state.pull(call.number), int(call.path["id"])
    if number not in [made.id for made in one.reviews]:
        raise Refused("not-found", str(number))
    pairs = ((thread, note) for thread in call.state.lines(one) for note in thread.notes)
    found = [say.line_comment(call, one, *pair) for pair in pairs if pair[1].review == number]
    return Answer(200, found)


def _thread(call: Call) -> Thread:
    """The thread that a comment on a line belongs to."""
    one = call.state.pull(call.number)
    for thread in call.state.lines(one):
        if int(call.path["id"]) in [note.id for note in thread.notes]:
            return thread
    raise Refused("not-found", call.path["id"])


def _reply(call: Call) -> Answer:
    one, thread = call.state.pull(call.number), _thread(call)
    note = talk.reply(call.state, one.number, thread.id, call.user, call.body["body"])
    return Answer(201, say.line_comment(call, one, thread, note))


def _raw(call: Call) -> Answer:
    """A file as it is at a branch, a tag or a commit."""
    at = call.query.get("ref") or call.state.default_branch
    try:
        text = call.state.bare.git("show", f"{at}:{call.path['filepath']}")
    except subprocess.CalledProcessError:
        raise Refused("not-found", call.path["filepath"]) from None
    return Answer(200, text.encode() + b"\n", {"Content-Type": "text/plain; charset=utf-8"})


def _permission(call: Call) -> Answer:
    """Who is no administrator of the repository may ask for himself alone."""
    state, name = call.state, call.path["collaborator"]
    if not state.may(call.user, "admin") and name.lower() != call.user.lower():
        return _error(403, OTHERS + "collaborators can query only their own")
    right = "owner" if state.knows(name) == state.owner else state.right(state.knows(name))
    told = {"permission": right, "role_name": right, "user": say.person(call, state.knows(name))}
    return Answer(200, told)


def _collaborator(call: Call) -> Answer:
    """Whether somebody was given any right; the owner is none."""
    state, name = call.state, call.path["collaborator"]
    if name not in state.people:
        return _error(422, f"user does not exist [uid: 0, name: {name}]")
    if name == state.owner or name not in state.rights:
        raise Refused("not-found", name)
    return Answer(204)


ROUTES: dict[str, Handler] = {
    "GET /version": _version,
    "GET /user": _user,
    f"GET {REPO}": _repository,
    "GET /orgs/{org}/labels": _shared_labels,
    f"GET {REPO}/labels": _all_labels,
    f"POST {REPO}/labels": _new_label,
    f"GET {REPO}/pulls": _pulls,
    f"POST {REPO}/pulls": _open,
    f"GET {PULL}": _pull,
    f"PATCH {PULL}": _update,
    f"GET {PULL}/files": _files,
    f"POST {PULL}/requested_reviewers": _ask,
    f"GET {ISSUE}/labels": _labels,
    f"POST {ISSUE}/labels": _label,
    f"GET {ISSUE}/comments": _comments,
    f"POST {ISSUE}/comments": _comment,
    f"GET {PULL}/reviews": _reviews,
    f"POST {PULL}/reviews": _review,
    f"GET {PULL}/reviews/{{id}}/comments": _review_comments,
    f"POST {PULL}/comments/{{id}}/replies": _reply,
    f"GET {REPO}/raw/{{filepath}}": _raw,
    f"GET {REPO}/collaborators/{{collaborator}}/permission": _permission,
    f"GET {REPO}/collaborators/{{collaborator}}": _collaborator,
    f"GET {REPO}/pulls/{{base}}/{{head}}": _between,
}
DIALECT = Dialect(
    api="/api/v1",
    routes=ROUTES,
    refused=refused,
    unauthorized=lambda tried: _error(
        401, "invalid username, password or token" if tried else "token is required"
    ),
    forbidden=lambda needed: _error(403, "user should have a permission to write to a repo"),
    unknown=lambda: _error(404, "The target couldn't be found."),
    wrong=lambda why: _error(422, why),
    limited=lambda remaining, reset: _error(429, "Too Many Requests"),
    budget=lambda remaining, reset: {},
)
