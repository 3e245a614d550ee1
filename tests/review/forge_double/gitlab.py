"""GitLab's API, version 4, for one project; its number is 1."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from review.forge_double import gitlab_values as say
from review.forge_double import talk
from review.forge_double.speech import Answer, Call, Dialect, Handler, Json, page
from review.forge_double.values import Pull, Refused, Thread

PROJECT = "/projects/{id}"
REQUEST = f"{PROJECT}/merge_requests/{{merge_request_iid}}"
THREAD = f"{REQUEST}/discussions/{{discussion_id}}"
TEXT = {"Content-Type": "text/plain"}


def _error(status: int, message: object) -> Answer:
    return Answer(status, {"message": message})


def refused(reason: str, about: str, call: Call) -> Answer:
    """What GitLab says where it does not do something."""
    if reason == "not-found":
        return _error(404, "404 Not found" if about else "404 Project Not Found")
    if reason == "twin":
        words = f"Another open merge request already exists for this source branch: !{about}"
        return _error(409, [words])
    if reason in ("no-head", "no-base", "gone"):
        field = "target_branch" if reason == "no-base" else "source_branch"
        return _error(400, {field: ["does not exist"]})
    if reason == "no-commits":
        return _error(409, ["You can't use same project/branch for source and target"])
    return _error(400, f"400 Bad request - {reason}: {about}")


def _listed(call: Call, items: Sequence[Json]) -> Answer:
    shown, link, (number, size) = page(call, items, size="per_page", usual=20, most=100)
    last = max(-(-len(items) // size), 1)
    told = {
        "X-Page": number,
        "X-Per-Page": size,
        "X-Total": len(items),
        "X-Total-Pages": last,
        "X-Next-Page": number + 1 if number < last else "",
        "X-Prev-Page": number - 1 if number > 1 else "",
    }
    return Answer(200, shown, {**link, **{name: str(value) for name, value in told.items()}})


def _version(call: Call) -> Answer:
    return Answer(200, {"version": "19.5.0", "revision": "0123456789a"})


def _user(call: Call) -> Answer:
    told = {"email": f"{call.user}@example.org", "is_admin": False, "bot": False}
    when = {"created_at": "2026-01-02T03:04:05.000Z"}
    return Answer(200, {**say.person(call, call.user), **told, **when})


def _job(call: Call) -> Answer:
    """The job that the token is of; ours is of none."""
    raise Refused("not-found", "job")


def _users(call: Call) -> Answer:
    """By name, whole; upper and lower case are the same."""
    asked = call.query.get("username", "").lower()
    found = [name for name in call.state.people if asked in ("", name.lower())]
    return _listed(call, [say.person(call, name) for name in found])


def _project(call: Call) -> Answer:
    return Answer(200, say.project(call))


def _member(call: Call) -> Answer:
    """Whoever has a right, by number."""
    number = int(call.path["user_id"])
    for name, known in call.state.people.items():
        if known == number and say.level(call, name):
            return Answer(200, say.member(call, name))
    raise Refused("not-found", str(number))


def _members(call: Call) -> Answer:
    found = [name for name in call.state.people if say.level(call, name)]
    word = call.query.get("query", "").lower()
    return _listed(call, [say.member(call, name) for name in found if word in name.lower()])


def _requests(call: Call) -> Answer:
    """Of every state unless one is named."""
    found = [one for one in call.state.newest_first() if _wanted(call, one)]
    if call.query.get("sort") == "asc":
        found.reverse()
    return _listed(call, [say.request(call, one) for one in found])


def _wanted(call: Call, one: Pull) -> bool:
    query = call.query
    return (
        query.get("state", "all") in ("all", say.STATES[one.state])
        and query.get("source_branch", one.head) == one.head
        and query.get("target_branch", one.base) == one.base
    )


def _open(call: Call) -> Answer:
    """A source branch without anything new is taken; a draft is one by its title."""
    body, state = call.body, call.state
    words = (call.user, body["source_branch"], body["target_branch"], body["title"])
    made = state.open(*words, body.get("description") or "")
    made.labels = _names(body.get("labels", ""))
    made.reviewers = _people(call, body.get("reviewer_ids", ()))
    return Answer(201, say.request_in_full(call, made))


def _names(listed: str | Sequence[str]) -> list[str]:
    words = listed.split(",") if isinstance(listed, str) else listed
    return [word.strip() for word in words if word.strip()]


def _people(call: Call, numbers: Sequence[int]) -> list[str]:
    """Numbers that nobody has are passed over."""
    return [name for name, number in call.state.people.items() if number in numbers]


def _request(call: Call) -> Answer:
    return Answer(200, say.request_in_full(call, call.state.pull(call.number)))


def _update(call: Call) -> Answer:
    """Reviewers and ``labels`` are replaced by those named, ``add_labels`` adds."""
    body, state = call.body, call.state
    one = state.edit(
        call.number,
        title=body.get("title"),
        body=body.get("description"),
        base=body.get("target_branch"),
        by=call.user,
    )
    if "reviewer_ids" in body:
        one.reviewers = _people(call, body["reviewer_ids"] or ())
    if "labels" in body:
        one.labels = _names(body["labels"])
    one.labels += [name for name in _names(body.get("add_labels", "")) if name not in one.labels]
    if body.get("state_event") == "close":
        state.close(one.number, call.user)
    elif body.get("state_event") == "reopen":
        state.reopen(one.number, call.user)
    return Answer(200, say.request_in_full(call, one))


def _changed(call: Call) -> list[Json]:
    one = call.state.pull(call.number)
    return [say.change(told) for told in call.state.bare.changes(one.base_sha, one.head_sha)]


def _changes(call: Call) -> Answer:
    whole = say.request_in_full(call, call.state.pull(call.number))
    return Answer(200, {**whole, "changes": _changed(call), "overflow": False})


def _diffs(call: Call) -> Answer:
    return _listed(call, _changed(call))


def _reviewers(call: Call) -> Answer:
    """Who is asked, and what each has said so far."""
    one = call.state.pull(call.number)
    words = {"approved": "approved", "changes_requested": "requested_changes"}
    states = {made.author: words.get(made.verdict, "reviewed") for made in one.reviews}
    when = {made.author: made.created for made in one.reviews}
    names = dict.fromkeys([*one.reviewers, *states])
    return Answer(
        200,
        [
            {
                "user": say.person(call, name),
                "state": states.get(name, "unreviewed"),
                "created_at": when.get(name, one.created),
            }
            for name in names
        ],
    )


def _discussions(call: Call) -> Answer:
    one = call.state.pull(call.number)
    return _listed(call, [say.discussion(call, one, thread) for thread in one.threads])


def _thread(call: Call) -> Thread:
    for thread in call.state.pull(call.number).threads:
        if say.discussion_id(thread) == call.path["discussion_id"]:
            return thread
    raise Refused("not-found", "Discussion")


def _discussion(call: Call) -> Answer:
    one = call.state.pull(call.number)
    return Answer(200, say.discussion(call, one, _thread(call)))


def _discuss(call: Call) -> Answer:
    """A new thread; with a position it is on a line."""
    one, at = call.state.pull(call.number), call.body.get("position")
    if at:
        words = (at["new_path"], at["new_line"], call.body["body"])
        thread = talk.comment_on_line(call.state, one.number, call.user, *words)
    else:
        thread = talk.comment(call.state, one.number, call.user, call.body["body"])
        thread.single = False
    return Answer(201, say.discussion(call, one, thread))


def _reply(call: Call) -> Answer:
    """A single comment becomes a thread by it; what the forge said itself has no answers."""
    one, thread = call.state.pull(call.number), _thread(call)
    if thread.notes[0].system:
        return _error(400, "400 Bad request - Discussion can not be replied to.")
    note = talk.reply(call.state, one.number, thread.id, call.user, call.body["body"])
    return Answer(201, say.note(call, one, thread, note))


def _notes(call: Call) -> Answer:
    """Newest first unless asked otherwise."""
    one = call.state.pull(call.number)
    pairs = [(thread, note) for thread in one.threads for note in thread.notes]
    pairs.sort(key=lambda pair: pair[1].id, reverse=call.query.get("sort", "desc") == "desc")
    return _listed(call, [say.note(call, one, *pair) for pair in pairs])


def _note(call: Call) -> Answer:
    one = call.state.pull(call.number)
    thread = talk.comment(call.state, one.number, call.user, call.body["body"])
    return Answer(201, say.note(call, one, thread, thread.notes[0]))


def _budget(remaining: int, reset: int) -> Mapping[str, str]:
    told = {"Limit": 5000, "Remaining": remaining, "Observed": 5000 - remaining, "Reset": reset}
    words = {f"RateLimit-{name}": str(value) for name, value in told.items()}
    again = {"Retry-After": str(max(reset - int(time.time()), 1))} if remaining < 1 else {}
    return {**words, **again}


ROUTES: dict[str, Handler] = {
    "GET /version": _version,
    "GET /user": _user,
    "GET /job": _job,
    "GET /users": _users,
    f"GET {PROJECT}": _project,
    f"GET {PROJECT}/members/all": _members,
    f"GET {PROJECT}/members/all/{{user_id}}": _member,
    f"GET {PROJECT}/merge_requests": _requests,
    f"POST {PROJECT}/merge_requests": _open,
    f"GET {REQUEST}": _request,
    f"PUT {REQUEST}": _update,
    f"GET {REQUEST}/changes": _changes,
    f"GET {REQUEST}/diffs": _diffs,
    f"GET {REQUEST}/reviewers": _reviewers,
    f"GET {REQUEST}/discussions": _discussions,
    f"POST {REQUEST}/discussions": _discuss,
    f"GET {THREAD}": _discussion,
    f"POST {THREAD}/notes": _reply,
    f"GET {REQUEST}/notes": _notes,
    f"POST {REQUEST}/notes": _note,
}
DIALECT = Dialect(
    api="/api/v4",
    routes=ROUTES,
    refused=refused,
    unauthorized=lambda tried: _error(401, "401 Unauthorized"),
    forbidden=lambda needed: _error(403, "403 Forbidden"),
    unknown=lambda: Answer(404, {"error": "404 Not Found"}),
    wrong=lambda why: Answer(400, {"error": why}),
    limited=lambda remaining, reset: Answer(429, b"Retry later\n", TEXT),
    budget=_budget,
    personal=("GET /user", "GET /version", "GET /job"),
)
