"""Values of the forges' answers for tests, and a client for a server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loopback import Asked, Loopback, Routes

from fnopt.review.connect import forge
from fnopt.review.forge import Forge, Kind, Opening, Place
from fnopt.review.token import Token

OPENING = Opening("fnopt/run-1", "main", "Learn", "A body <!-- fnopt:run=run-1 -->")
Json = dict[str, Any]


@contextmanager
def client(
    kind: Kind, table: dict[str, Any], patience: float = 20.0
) -> Iterator[tuple[Forge, Loopback]]:
    """A forge's client, and the server that it speaks to: ``table`` as for Routes."""
    with Loopback(Routes(table)) as server:
        path = "team/sub/tools" if kind == "gitlab" else "ada/tools"
        place = Place(kind, server.url, f"{server.url}/api", path)
        there = forge(place, Token("s3cret", "TEST"), patience)
        try:
            yield there, server
        finally:
            there.close()


def recorded(answers: list[Any], make: Callable[[Json], Json]) -> Callable[[Asked], Any]:
    """A POST that keeps what it makes of a body in ``answers``, and tells it."""

    def post(asked: Asked) -> Json:
        made = make(asked.body)
        answers.append(made)
        return made

    return post


def github_pull(number: int, **given: Any) -> Json:
    """A pull request as GitHub tells it."""
    repo = {"id": 7, "full_name": "ada/tools"}
    return {
        "number": number,
        "html_url": f"https://github.com/ada/tools/pull/{number}",
        "state": "open",
        "title": "Learn",
        "body": "A body",
        "draft": False,
        "merged_at": None,
        "merge_commit_sha": "a" * 40,
        "head": {"ref": "fnopt/run-1", "repo": repo},
        "base": {"ref": "main", "repo": repo},
        **given,
    }


def gitlab_merge(number: int, **given: Any) -> Json:
    """A merge request as GitLab tells it."""
    return {
        "iid": number,
        "web_url": f"https://gitlab.com/team/sub/tools/-/merge_requests/{number}",
        "state": "opened",
        "title": "Learn",
        "description": "A body",
        "draft": False,
        "source_branch": "fnopt/run-1",
        "target_branch": "main",
        "source_project_id": 7,
        "target_project_id": 7,
        "sha": "e" * 40,
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        **given,
    }


def gitea_pull(number: int, **given: Any) -> Json:
    """A pull request as Gitea tells it."""
    return {
        "number": number,
        "html_url": f"https://tea.example/ada/tools/pulls/{number}",
        "state": "open",
        "title": "Learn",
        "body": "A body",
        "merged": False,
        "merge_commit_sha": None,
        "head": {"ref": "fnopt/run-1", "label": "fnopt/run-1", "repo_id": 7},
        "base": {"ref": "main", "label": "main", "repo_id": 7},
        **given,
    }
