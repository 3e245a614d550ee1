"""GitHub's REST API, version 2022-11-28, for one repository. Its web's own name is not needed:
the double stands as an Enterprise server does, with the API behind ``/api/v3``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review.forge_double import github_values as say
from review.forge_double import talk
from review.forge_double.speech import Answer, Call, Dialect, Handler, Json, page
from review.forge_double.values import Pull, Refused

DOCS = "https://docs.github.com/rest"
REPO = "/repos/{owner}/{repo}"
PULL = f"{REPO}/pulls/{{pull_number}}"
ISSUE = f"{REPO}/issues/{{issue_number}}"


def _error(status: int, message: str, **more: object) -> Answer:
    said = {} if status == 422 else {"status": str(status)}  # as the description has it
    body = {"message": message, **more, "documentation_url": DOCS, **said}
    return Answer(status, body)


def _invalid(field: str = "", code: str = "custom", message: str = "") -> Answer:
    told = {"field": field} if field else {}
    said = {"message": message} if message else {}
    error = {"resource": "PullRequest", "code": code, **told, **said}
    return _error(422, "Validation Failed", errors=[error])


def refused(reason: str, about: str, call: Call) -> Answer:
    """What GitHub says where it does not do something."""
    if reason == "not-found":
        return _error(404, "Not Found")
    if reason == "reviewer":
        words = "Reviews may only be requested from collaborators. One or more of the users or "
        more = f"teams you specified is not a collaborator of the {call.state.full_name} repository"
        return Answer(422, {"message": words + more + ".", "documentation_url": DOCS})
    if reason == "author":
        message = "Review cannot be requested from pull request author."
        return Answer(422, {"message": message, "documentation_url": DOCS})
    if reason in ("no-head", "no-base"):
        return _invalid(reason.removeprefix("no-"), "invalid")
    if reason == "twin":
        head = call.body.get("head") if isinstance(call.body, dict) else None
        head = head or call.state.pull(int(about)).head
        named = head if ":" in head else f"{call.state.owner}:{head}"
        return _invalid(message=f"A pull request already exists for {named}.")
    if reason == "no-commits":
        return _invalid(message=f"No commits between {about}")
    return _invalid("state", "invalid", f"state cannot be changed. {reason}: {about}")


def _listed(call: Call, items: Sequence[Json]) -> Answer:
    shown, link, _ = page(call, items, size="per_page", usual=30, most=100)
    return Answer(200, shown, link)


def _meta(call: Call) -> Answer:
    return Answer(200, {"verifiable_password_authentication": True})


def _user(call: Call) -> Answer:
    when = "2026-01-02T03:04:05Z"
    texts = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    profile = {**texts, **counts, "created_at": when, "updated_at": when}
    return Answer(200, {**say.person(call, call.user), **profile})


def _repository(call: Call) -> Answer:
    return Answer(200, {**say.repository(call), "network_count": 0, "subscribers_count": 0})


def _pulls(call: Call) -> Answer:
    """The head's filter is ``owner:branch``; without an owner GitHub ignores it."""
    found = [one for one in call.state.newest_first() if _wanted(call, one)]
    order = call.query.get("direction") or ("asc" if call.query.get("sort") else "desc")
    if call.query.get("sort") == "updated":
        found.sort(key=lambda one: one.updated, reverse=True)
    if order == "asc":
        found.reverse()
    return _listed(call, [say.pull(call, one) for one in found])


def _wanted(call: Call, one: Pull) -> bool:
    state = call.query.get("state", "open")
    head, base = call.query.get("head", ""), call.query.get("base", one.base)
    right_head = ":" not in head or head == f"{call.state.owner}:{one.head}"
    right_state = state == "all" or (state == "open") == (one.state == "open")
    return bool(right_head and right_state and base == one.base)


def _open(call: Call) -> Answer:
    body, state = call.body, call.state
    if "title" not in body:
        return _invalid("title", "missing_field")
    head = body["head"].removeprefix(f"{state.owner}:")
    words = (call.user, head, body["base"], body["title"], body.get("body") or "")
    made = state.open(*words, draft=body.get("draft", False))
    return Answer(201, say.pull_in_full(call, made))


def _pull(call: Call) -> Answer:
    return Answer(200, say.pull_in_full(call, call.state.pull(call.number)))


def _update(call: Call) -> Answer:
    body, state = call.body, call.state
    one = state.edit(
        call.number, title=body.get("title"), body=body.get("body"), base=body.get("base")
    )
    if body.get("state") == "closed" and one.state != "merged":
        state.close(one.number)
    elif body.get("state") == "open":
        state.reopen(one.number)
    return Answer(200, say.pull_in_full(call, one))


def _files(call: Call) -> Answer:
    one = call.state.pull(call.number)
    changes = call.state.bare.changes(one.base_sha, one.head_sha)
    return _listed(call, [say.file(call, change) for change in changes])


def _ask(call: Call) -> Answer:
    call.state.ask(call.number, call.body.get("reviewers") or ())
    return Answer(201, say.pull(call, call.state.pull(call.number)))


def _labels(call: Call) -> Answer:
    one = call.state.pull(call.number)
    return _listed(call, [say.label(call, name) for name in one.labels])


def _label(call: Call) -> Answer:
    """GitHub makes a label that it does not know."""
    one, body = call.state.pull(call.number), call.body
    asked = body.get("labels", ()) if isinstance(body, dict) else body
    names = [name if isinstance(name, str) else name["name"] for name in asked]
    one.labels += [name for name in dict.fromkeys(names) if name not in one.labels]
    return Answer(200, [say.label(call, name) for name in one.labels])


def _comments(call: Call) -> Answer:
    one = call.state.pull(call.number)
    lines = {note.id for thread in call.state.lines(one) for note in thread.notes}
    notes = [note for note in one.notes if note.id not in lines]
    return _listed(call, [say.comment(call, one, note) for note in notes])


def _comment(call: Call) -> Answer:
    one = call.state.pull(call.number)
    thread = talk.comment(call.state, one.number, call.user, call.body["body"])
    return Answer(201, say.comment(call, one, thread.notes[0]))


def _line_comments(call: Call) -> Answer:
    one = call.state.pull(call.number)
    pairs = [(thread, note) for thread in call.state.lines(one) for note in thread.notes]
    pairs.sort(key=lambda pair: pair[1].id, reverse=call.query.get("direction") == "desc")
    return _listed(call, [say.line_comment(call, one, *pair) for pair in pairs])


def _reply(call: Call) -> Answer:
    """Only to a thread's first comment."""
    one = call.state.pull(call.number)
    thread = call.state.thread(one.number, int(call.path["comment_id"]))
    if thread.path is None:
        raise Refused("not-found", str(thread.id))
    note = talk.reply(call.state, one.number, thread.id, call.user, call.body["body"])
    return Answer(201, say.line_comment(call, one, thread, note))


def _reviews(call: Call) -> Answer:
    one = call.state.pull(call.number)
    return _listed(call, [say.review(call, one, made) for made in one.reviews])


def _permission(call: Call) -> Answer:
    """Only for those who may push."""
    if not call.state.may(call.user, "write"):
        return _error(403, "Must have push access to view collaborator permission.")
    name = call.state.knows(call.path["username"])
    right = call.state.right(name)
    rights = dict(zip(("pull", "push", "admin"), ("read", "write", "admin"), strict=True))
    may = {word: call.state.may(name, need) for word, need in rights.items()}  # type: ignore[arg-type]
    more = {"permissions": {**may, "triage": may["push"], "maintain": may["admin"]}}
    who = {**say.person(call, name), **more, "role_name": right}
    return Answer(200, {"permission": right, "role_name": right, "user": who})


def _unauthorized(tried: bool) -> Answer:
    return _error(401, "Bad credentials" if tried else "Requires authentication")


def _limited(limit: int, reset: int) -> Answer:
    return _error(403, "API rate limit exceeded for user ID 1.")


def _budget(remaining: int, reset: int) -> Mapping[str, str]:
    told = {"limit": 5000, "remaining": remaining, "used": 5000 - remaining, "reset": reset}
    words = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in told.items()}
    return {**words, "X-RateLimit-Resource": "core"}


ROUTES: dict[str, Handler] = {
    "GET /meta": _meta,
    "GET /user": _user,
    f"GET {REPO}": _repository,
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
    f"GET {PULL}/comments": _line_comments,
    f"POST {PULL}/comments/{{comment_id}}/replies": _reply,
    f"GET {PULL}/reviews": _reviews,
    f"GET {REPO}/collaborators/{{username}}/permission": _permission,
}
DIALECT = Dialect(
    api="/api/v3",
    routes=ROUTES,
    refused=refused,
    unauthorized=_unauthorized,
    forbidden=lambda needed: _error(403, "Resource not accessible by personal access token"),
    unknown=lambda: _error(404, "Not Found"),
    wrong=lambda why: _error(422, f"Invalid request.\n\n{why}"),
    limited=_limited,
    budget=_budget,
)
