"""What GitLab's answers hold."""

from __future__ import annotations

import hashlib

from review.forge_double.speech import Call, Json
from review.forge_double.values import Note, Pull, Right, Thread

LEVELS: dict[Right, int] = {"none": 0, "read": 20, "write": 30, "admin": 40}
"""Reporter, Developer, Maintainer; the owner of the project has 50."""
STATES = {"open": "opened", "closed": "closed", "merged": "merged"}
DRAFTS = ("draft:", "[draft]", "(draft)")


def person(call: Call, name: str) -> Json:
    """A user as others see them."""
    return {
        "id": call.state.person(name),
        "username": name,
        "name": name.capitalize(),
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"{call.web}/{name}",
    }


def project(call: Call) -> Json:
    """The project."""
    state = call.state
    path = state.full_name
    return {
        "id": 1,
        "name": state.name,
        "path": state.name,
        "path_with_namespace": path,
        "name_with_namespace": path.replace("/", " / "),
        "description": None,
        "default_branch": state.default_branch,
        "visibility": "private" if state.private else "public",
        "web_url": f"{call.web}/{path}",
        "http_url_to_repo": f"{call.web}/{path}.git",
        "ssh_url_to_repo": f"git@forge.invalid:{path}.git",
        "created_at": "2026-01-02T03:04:05.000Z",
        "archived": False,
        "merge_method": "merge",
        "squash_option": "default_off",
        "permissions": {"project_access": _access(call, call.user), "group_access": None},
    }


def level(call: Call, name: str) -> int:
    """What somebody may do, as a number."""
    return 50 if name == call.state.owner else LEVELS[call.state.rights.get(name, "none")]


def _access(call: Call, name: str) -> Json | None:
    found = level(call, name)
    return {"access_level": found, "notification_level": 3} if found else None


def member(call: Call, name: str) -> Json:
    """Somebody with a right of their own."""
    told = {"access_level": level(call, name), "expires_at": None, "membership_state": "active"}
    return {**person(call, name), **told, "created_at": "2026-01-02T03:04:05.000Z"}


def is_draft(one: Pull) -> bool:
    """A title says it."""
    return one.title.lower().startswith(DRAFTS)


def request(call: Call, one: Pull) -> Json:
    """A merge request as lists have it."""
    path, short = call.state.full_name, f"!{one.number}"
    merger = person(call, one.merged_by) if one.merged_by else None
    commit = one.merged_as if one.how in ("merge", "squash") else None
    people = [person(call, name) for name in one.reviewers]
    return {
        "id": one.id,
        "iid": one.number,
        "project_id": 1,
        "title": one.title,
        "description": one.body or None,
        "state": STATES[one.state],
        "created_at": _time(one.created),
        "updated_at": _time(one.updated),
        "merged_by": merger,
        "merge_user": merger,
        "merged_at": _time(one.merged_at),
        "closed_by": person(call, one.author) if one.state == "closed" else None,
        "closed_at": _time(one.closed_at) if one.state == "closed" else None,
        "source_branch": one.head,
        "target_branch": one.base,
        "author": person(call, one.author),
        "assignee": None,
        "assignees": [],
        "reviewers": people,
        "source_project_id": 1,
        "target_project_id": 1,
        "labels": sorted(one.labels),
        "draft": is_draft(one),
        "work_in_progress": is_draft(one),
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "draft_status" if is_draft(one) else "mergeable",
        "sha": one.head_sha,
        "merge_commit_sha": commit,
        "squash_commit_sha": one.squashed_as,
        "user_notes_count": len([note for note in one.notes if not note.system]),
        "upvotes": 0,
        "downvotes": 0,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": False,
        "reference": short,
        "references": {"short": short, "relative": short, "full": f"{path}{short}"},
        "web_url": f"{call.web}/{path}/-/merge_requests/{one.number}",
        "squash": False,
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
    }


def request_in_full(call: Call, one: Pull) -> Json:
    """A merge request when it is asked for alone."""
    changed = call.state.bare.changes(one.base_sha, one.head_sha)
    refs = {"base_sha": one.base_sha, "head_sha": one.head_sha, "start_sha": one.base_sha}
    return {
        **request(call, one),
        "subscribed": True,
        "changes_count": str(len(changed)) if changed else None,
        "diff_refs": refs,
        "merge_error": None,
        "user": {"can_merge": call.state.may(call.user, "write")},
    }


def change(told: tuple[str, str, int, int, str, str]) -> Json:
    """A changed file."""
    letter, path, _, _, _, patch = told
    return {
        "old_path": path,
        "new_path": path,
        "a_mode": "0" if letter == "A" else "100644",
        "b_mode": "0" if letter == "D" else "100644",
        "diff": patch,
        "new_file": letter == "A",
        "renamed_file": False,
        "deleted_file": letter == "D",
        "generated_file": False,
    }


def discussion_id(thread: Thread) -> str:
    """Forty hexadecimal digits."""
    return hashlib.sha1(f"discussion {thread.id}".encode()).hexdigest()


def discussion(call: Call, one: Pull, thread: Thread) -> Json:
    """A thread with its notes."""
    notes = [note(call, one, thread, said) for said in thread.notes]
    return {"id": discussion_id(thread), "individual_note": thread.single, "notes": notes}


def note(call: Call, one: Pull, thread: Thread, said: Note) -> Json:
    """Something that was said, by a person or by the forge itself."""
    on_line = thread.path is not None
    kind = "DiffNote" if on_line else None if thread.single else "DiscussionNote"
    resolvable = not thread.single and not said.system
    return {
        "id": said.id,
        "type": kind,
        "body": said.body,
        "author": person(call, said.author),
        "created_at": _time(said.created),
        "updated_at": _time(said.created),
        "system": said.system,
        "noteable_id": one.id,
        "noteable_type": "MergeRequest",
        "noteable_iid": one.number,
        "project_id": 1,
        "resolvable": resolvable,
        "confidential": False,
        "internal": False,
        "commands_changes": {},
        **(_resolution(call, thread) if resolvable else {}),
        **(_position(call, one, thread) if on_line else {}),
    }


def _resolution(call: Call, thread: Thread) -> Json:
    by = person(call, thread.resolved_by) if thread.resolved_by else None
    return {"resolved": bool(by), "resolved_by": by, "resolved_at": None}


def _position(call: Call, one: Pull, thread: Thread) -> Json:
    """Where it is, in the newest version if the line is still there, else as it was written."""
    now = call.state.line_now(one, thread)
    place = {
        "base_sha": one.base_sha,
        "start_sha": one.base_sha,
        "head_sha": one.head_sha if now else thread.commit,
        "old_path": thread.path,
        "new_path": thread.path,
        "position_type": "text",
        "old_line": None,
        "new_line": now or thread.line,
        "line_range": None,
    }
    return {"position": place, "commit_id": None}


def _time(when: str | None) -> str | None:
    return when and when.replace("Z", ".000Z")
