"""What Gitea's answers hold."""

from __future__ import annotations

from review.forge_double.speech import Call, Json
from review.forge_double.values import Note, Pull, Review, Thread

VERDICTS = {
    "approved": "APPROVED",
    "changes_requested": "REQUEST_CHANGES",
    "commented": "COMMENT",
}
DRAFTS = ("WIP:", "[WIP]")
"""Titles that say that it is a draft, in whatever case."""


def person(call: Call, name: str) -> Json:
    """A user."""
    return {
        "id": call.state.person(name),
        "login": name,
        "login_name": "",
        "source_id": 0,
        "full_name": "",
        "email": f"{name}@noreply.forge.invalid",
        "avatar_url": f"{call.web}/avatars/{name}",
        "html_url": f"{call.web}/{name}",
        "language": "",
        "is_admin": False,
        "last_login": "0001-01-01T00:00:00Z",
        "created": "2026-01-02T03:04:05Z",
        "restricted": False,
        "active": False,
        "prohibit_login": False,
        "location": "",
        "website": "",
        "description": "",
        "visibility": "public",
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
    }


def repository(call: Call) -> Json:
    """The repository."""
    state = call.state
    return {
        "id": 1,
        "owner": person(call, state.owner),
        "name": state.name,
        "full_name": state.full_name,
        "description": "",
        "empty": not state.bare.branches(),
        "private": state.private,
        "fork": False,
        "template": False,
        "parent": None,
        "mirror": False,
        "size": 0,
        "language": "",
        "html_url": f"{call.web}/{state.full_name}",
        "url": f"{call.api}/repos/{state.full_name}",
        "ssh_url": f"git@forge.invalid:{state.full_name}.git",
        "clone_url": f"{call.web}/{state.full_name}.git",
        "default_branch": state.default_branch,
        "archived": False,
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z",
        "permissions": {
            "admin": state.may(call.user, "admin"),
            "push": state.may(call.user, "write"),
            "pull": state.may(call.user, "read"),
        },
        "has_pull_requests": True,
        "allow_squash_merge": True,
        "default_merge_style": "merge",
    }


def label(call: Call, name: str) -> Json:
    """A label."""
    number = call.state.label(name)
    url = f"{call.api}/repos/{call.state.full_name}/labels/{number}"
    told = {"color": "ededed", "description": "", "exclusive": False, "is_archived": False}
    return {"id": number, "name": name, **told, "url": url}


def place(call: Call, one: Pull) -> str:
    """A pull request's page."""
    return f"{call.web}/{call.state.full_name}/pulls/{one.number}"


def pull(call: Call, one: Pull) -> Json:
    """A pull request; ``merge_commit_sha`` is null until it is merged."""
    changed = call.state.bare.changes(one.base_sha, one.head_sha)
    merged = one.state == "merged"
    return {
        "id": one.id,
        "url": place(call, one),
        "number": one.number,
        "user": person(call, one.author),
        "title": one.title,
        "body": one.body,
        "labels": [label(call, name) for name in one.labels],
        "milestone": None,
        "assignee": None,
        "assignees": None,
        "requested_reviewers": [person(call, name) for name in one.reviewers] or None,
        "requested_reviewers_teams": None,
        "state": "open" if one.state == "open" else "closed",
        "draft": one.title.upper().startswith(DRAFTS),
        "is_locked": False,
        "comments": len([thread for thread in one.threads if thread.path is None]),
        "review_comments": len([note for note in one.notes if note.review]),
        "additions": sum(change[2] for change in changed),
        "deletions": sum(change[3] for change in changed),
        "changed_files": len(changed),
        "html_url": place(call, one),
        "diff_url": f"{place(call, one)}.diff",
        "patch_url": f"{place(call, one)}.patch",
        "mergeable": one.state == "open",
        "merged": merged,
        "merged_at": one.merged_at,
        "merge_commit_sha": one.merged_as,
        "merged_by": person(call, one.merged_by) if merged else None,
        "allow_maintainer_edit": False,
        "base": _branch(call, one.base, one.base_sha),
        "head": {**_branch(call, one.head, one.head_sha), "ref": _head(call, one)},
        "merge_base": one.base_sha,
        "due_date": None,
        "created_at": one.created,
        "updated_at": one.updated,
        "closed_at": one.closed_at,
        "pin_order": 0,
    }


def _head(call: Call, one: Pull) -> str:
    """The branch; where it was deleted, what the forge keeps of it."""
    there = one.head in call.state.bare.branches()
    return one.head if there else f"refs/pull/{one.number}/head"


def _branch(call: Call, name: str, sha: str) -> Json:
    repo = repository(call)
    return {"label": name, "ref": name, "sha": sha, "repo_id": 1, "repo": repo}


def comment(call: Call, one: Pull, note: Note) -> Json:
    """What was said on the whole."""
    return {
        "id": note.id,
        "html_url": f"{place(call, one)}#issuecomment-{note.id}",
        "pull_request_url": place(call, one),
        "issue_url": "",
        "user": person(call, note.author),
        "original_author": "",
        "original_author_id": 0,
        "body": note.body,
        "assets": [],
        "created_at": note.created,
        "updated_at": note.created,
    }


def review(call: Call, one: Pull, made: Review) -> Json:
    """A review; ``stale`` once the head has moved."""
    lines = [note for note in one.notes if note.review == made.id]
    return {
        "id": made.id,
        "user": person(call, made.author),
        "team": None,
        "state": VERDICTS[made.verdict],
        "body": made.body,
        "commit_id": made.commit,
        "stale": made.commit != one.head_sha,
        "official": call.state.may(made.author, "write"),
        "dismissed": False,
        "comments_count": len(lines),
        "submitted_at": made.created,
        "updated_at": made.created,
        "html_url": f"{place(call, one)}#issuecomment-{made.id}",
        "pull_request_url": place(call, one),
    }


def line_comment(call: Call, one: Pull, thread: Thread, note: Note) -> Json:
    """What was said on a line: ``position`` is the line itself; answers do not say that they are
    answers, they are at the same line in the same review."""
    assert thread.path is not None
    now = call.state.line_now(one, thread)
    return {
        "id": note.id,
        "body": note.body,
        "user": person(call, note.author),
        "resolver": person(call, thread.resolved_by) if thread.resolved_by else None,
        "pull_request_review_id": note.review,
        "created_at": note.created,
        "updated_at": note.created,
        "path": thread.path,
        "commit_id": thread.commit,
        "original_commit_id": "",
        "diff_hunk": call.state.bare.hunk(one.base_sha, thread.commit, thread.path, thread.line),
        "position": now or thread.line,
        "original_position": 0,
        "html_url": f"{place(call, one)}#issuecomment-{note.id}",
        "pull_request_url": place(call, one),
    }


def file(call: Call, change: tuple[str, str, int, int, str, str]) -> Json:
    """A changed file."""
    letter, path, more, less, _, _ = change
    where = f"{call.web}/{call.state.full_name}"
    return {
        "filename": path,
        "status": {"A": "added", "D": "deleted"}.get(letter, "changed"),
        "additions": more,
        "deletions": less,
        "changes": more + less,
        "html_url": f"{where}/src/branch/HEAD/{path}",
        "contents_url": f"{call.api}/repos/{call.state.full_name}/contents/{path}",
        "raw_url": f"{where}/raw/branch/HEAD/{path}",
    }
