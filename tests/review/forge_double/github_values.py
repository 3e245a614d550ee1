"""What GitHub's answers hold: people, the repository, pull requests, comments, reviews."""

from __future__ import annotations

import hashlib
from typing import Any

from review.forge_double.speech import Call, Json
from review.forge_double.values import Note, Pull, Review, Thread

PERSON_URLS = (
    "followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}",
    "subscriptions", "repos", "events{/privacy}", "received_events",
)  # fmt: skip
REPO_URLS = (
    "archive_url:{archive_format}{/ref}", "assignees_url:assignees{/user}",
    "blobs_url:git/blobs{/sha}", "branches_url:branches{/branch}",
    "collaborators_url:collaborators{/collaborator}", "comments_url:comments{/number}",
    "commits_url:commits{/sha}", "compare_url:compare/{base}...{head}",
    "contents_url:contents/{+path}", "contributors_url:contributors",
    "deployments_url:deployments", "downloads_url:downloads", "events_url:events",
    "forks_url:forks", "git_commits_url:git/commits{/sha}", "git_refs_url:git/refs{/sha}",
    "git_tags_url:git/tags{/sha}", "hooks_url:hooks",
    "issue_comment_url:issues/comments{/number}", "issue_events_url:issues/events{/number}",
    "issues_url:issues{/number}", "keys_url:keys{/key_id}", "labels_url:labels{/name}",
    "languages_url:languages", "merges_url:merges", "milestones_url:milestones{/number}",
    "notifications_url:notifications{?since,all,participating}", "pulls_url:pulls{/number}",
    "releases_url:releases{/id}", "stargazers_url:stargazers", "statuses_url:statuses/{sha}",
    "subscribers_url:subscribers", "subscription_url:subscription", "tags_url:tags",
    "teams_url:teams", "trees_url:git/trees{/sha}",
)  # fmt: skip
VERDICTS = {
    "approved": "APPROVED",
    "changes_requested": "CHANGES_REQUESTED",
    "commented": "COMMENTED",
}


def node(*words: Any) -> str:
    """An opaque id, as GraphQL has them."""
    return "N_" + hashlib.sha1(repr(words).encode()).hexdigest()[:16]


def repo_url(call: Call) -> str:
    """The repository's place in the API."""
    return f"{call.api}/repos/{call.state.full_name}"


def person(call: Call, name: str) -> Json:
    """A user as others see them."""
    url = f"{call.api}/users/{name}"
    urls = {f"{part.split('{')[0]}_url": f"{url}/{part}" for part in PERSON_URLS}
    number = call.state.person(name)
    return {
        "login": name,
        "id": number,
        "node_id": node("user", name),
        "avatar_url": f"{call.web}/avatars/u/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{call.web}/{name}",
        **urls,
        "organizations_url": f"{url}/orgs",
        "type": "Bot" if name.endswith("[bot]") else "User",
        "site_admin": False,
    }


def repository(call: Call) -> Json:
    """The repository as pull requests carry it."""
    state, url = call.state, repo_url(call)
    when = "2026-01-02T03:04:05Z"
    words = (pair.split(":", 1) for pair in REPO_URLS)
    return {
        "id": 1,
        "node_id": node("repo"),
        "name": state.name,
        "full_name": state.full_name,
        "owner": person(call, state.owner),
        "private": state.private,
        "visibility": "private" if state.private else "public",
        "html_url": f"{call.web}/{state.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        **{name: f"{url}/{path}" for name, path in words},
        "git_url": f"git://forge.invalid/{state.full_name}.git",
        "ssh_url": f"git@forge.invalid:{state.full_name}.git",
        "clone_url": f"{call.web}/{state.full_name}.git",
        "svn_url": f"{call.web}/{state.full_name}",
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "default_branch": state.default_branch,
        **dict.fromkeys(("forks_count", "stargazers_count", "watchers_count", "size"), 0),
        **dict.fromkeys(("open_issues_count", "open_issues", "forks", "watchers"), 0),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False),
        "is_template": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "topics": [],
        "license": None,
        "created_at": when,
        "updated_at": when,
        "pushed_at": when,
        "permissions": {
            "admin": state.may(call.user, "admin"),
            "push": state.may(call.user, "write"),
            "pull": state.may(call.user, "read"),
        },
    }


def association(call: Call, name: str) -> str:
    """How the author stands to the repository."""
    if name == call.state.owner:
        return "OWNER"
    return "COLLABORATOR" if name in call.state.rights else "NONE"


def label(call: Call, name: str) -> Json:
    """A label; GitHub makes those that are new, in grey."""
    return {
        "id": call.state.label(name),
        "node_id": node("label", name),
        "url": f"{repo_url(call)}/labels/{name}",
        "name": name,
        "description": "",
        "color": "ededed",
        "default": False,
    }


def _branch(call: Call, name: str, sha: str) -> Json:
    return {
        "label": f"{call.state.owner}:{name}",
        "ref": name,
        "sha": sha,
        "user": person(call, call.state.owner),
        "repo": repository(call),
    }


def pull(call: Call, one: Pull) -> Json:
    """A pull request as lists have it.

    ``merge_commit_sha`` is a test merge before the merge, and stays when it is closed unmerged.
    """
    root, url = repo_url(call), f"{repo_url(call)}/pulls/{one.number}"
    issue, page = f"{root}/issues/{one.number}", f"{call.web}/{call.state.full_name}/pull"
    links = {
        "self": url, "html": f"{page}/{one.number}", "issue": issue,
        "comments": f"{issue}/comments", "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}", "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{one.head_sha}",
    }  # fmt: skip
    trial = hashlib.sha1(f"{one.base_sha} {one.head_sha}".encode()).hexdigest()
    return {
        "url": url,
        "id": one.id,
        "node_id": node("pull", one.id),
        "html_url": links["html"],
        "diff_url": f"{links['html']}.diff",
        "patch_url": f"{links['html']}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "number": one.number,
        "state": "open" if one.state == "open" else "closed",
        "locked": False,
        "title": one.title,
        "user": person(call, one.author),
        "body": one.body or None,
        "labels": [label(call, name) for name in one.labels],
        "milestone": None,
        "created_at": one.created,
        "updated_at": one.updated,
        "closed_at": one.closed_at,
        "merged_at": one.merged_at,
        "merge_commit_sha": one.merged_as or trial,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [person(call, name) for name in one.reviewers],
        "requested_teams": [],
        "head": _branch(call, one.head, one.head_sha),
        "base": _branch(call, one.base, one.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": association(call, one.author),
        "auto_merge": None,
        "draft": one.draft,
    }


def pull_in_full(call: Call, one: Pull) -> Json:
    """A pull request when it is asked for alone."""
    changed = call.state.bare.changes(one.base_sha, one.head_sha)
    return {
        **pull(call, one),
        "merged": one.state == "merged",
        "mergeable": None if one.state == "merged" else True,
        "rebaseable": None if one.state == "merged" else True,
        "mergeable_state": "unknown" if one.state == "merged" else "clean",
        "merged_by": person(call, one.merged_by) if one.merged_by else None,
        "comments": len([thread for thread in one.threads if thread.path is None]),
        "review_comments": len([note for note in one.notes if note.review]),
        "maintainer_can_modify": False,
        "commits": len(call.state.bare.commits(one.base_sha, one.head_sha)),
        "additions": sum(change[2] for change in changed),
        "deletions": sum(change[3] for change in changed),
        "changed_files": len(changed),
    }


def _said(call: Call, note: Note) -> Json:
    return {
        "id": note.id,
        "node_id": node("note", note.id),
        "user": person(call, note.author),
        "body": note.body,
        "created_at": note.created,
        "updated_at": note.created,
        "author_association": association(call, note.author),
    }


def comment(call: Call, one: Pull, note: Note) -> Json:
    """What was said on the whole."""
    where = f"{call.web}/{call.state.full_name}/pull/{one.number}"
    return {
        **_said(call, note),
        "url": f"{repo_url(call)}/issues/comments/{note.id}",
        "html_url": f"{where}#issuecomment-{note.id}",
        "issue_url": f"{repo_url(call)}/issues/{one.number}",
    }


def line_comment(call: Call, one: Pull, thread: Thread, note: Note) -> Json:
    """What was said on a line; ``line`` is null once the line was changed."""
    state, url = call.state, f"{repo_url(call)}/pulls/comments/{note.id}"
    html = f"{call.web}/{state.full_name}/pull/{one.number}#discussion_r{note.id}"
    now = state.line_now(one, thread)
    answered = {} if note.id == thread.id else {"in_reply_to_id": thread.id}
    links = {"self": url, "html": html, "pull_request": f"{repo_url(call)}/pulls/{one.number}"}
    assert thread.path is not None
    ends = (one.base_sha, one.head_sha, thread.path)
    first = (one.base_sha, thread.commit, thread.path, thread.line)
    return {
        **_said(call, note),
        **answered,
        "url": url,
        "html_url": html,
        "pull_request_url": links["pull_request"],
        "pull_request_review_id": note.review,
        "diff_hunk": state.bare.hunk(*first),
        "path": thread.path,
        "commit_id": one.head_sha if now is not None else thread.commit,
        "original_commit_id": thread.commit,
        "line": now,
        "original_line": thread.line,
        "position": now and state.bare.position(*ends, now),
        "original_position": state.bare.position(*first) or 1,
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "side": "RIGHT",
        "subject_type": "line",
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def review(call: Call, one: Pull, made: Review) -> Json:
    """A review with its own words."""
    html = f"{call.web}/{call.state.full_name}/pull/{one.number}#pullrequestreview-{made.id}"
    url = f"{repo_url(call)}/pulls/{one.number}"
    return {
        "id": made.id,
        "node_id": node("review", made.id),
        "user": person(call, made.author),
        "body": made.body,
        "state": VERDICTS[made.verdict],
        "html_url": html,
        "pull_request_url": url,
        "submitted_at": made.created,
        "commit_id": made.commit,
        "author_association": association(call, made.author),
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
    }


def file(call: Call, change: tuple[str, str, int, int, str, str]) -> Json:
    """A changed file."""
    letter, path, more, less, blob, patch = change
    status = {"A": "added", "D": "removed"}.get(letter, "modified")
    where = f"{call.state.full_name}/raw/HEAD/{path}"
    return {
        "sha": blob,
        "filename": path,
        "status": status,
        "additions": more,
        "deletions": less,
        "changes": more + less,
        "blob_url": f"{call.web}/{call.state.full_name}/blob/HEAD/{path}",
        "raw_url": f"{call.web}/{where}",
        "contents_url": f"{repo_url(call)}/contents/{path}",
        "patch": patch,
    }
