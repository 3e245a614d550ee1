"""The client that speaks a place's dialect."""

from __future__ import annotations

from fnopt.review import github
from fnopt.review.api import PATIENCE, Api
from fnopt.review.forge import Forge, Place
from fnopt.review.gitea import Gitea
from fnopt.review.github import GitHub
from fnopt.review.gitlab import GitLab
from fnopt.review.token import Token

JSON = {"Accept": "application/json"}


def forge(place: Place, token: Token | None, patience: float = PATIENCE) -> Forge:
    """The forge at a place; nothing is asked yet. Without a token it can read what is public.

    ``patience``: seconds in which a request that fails is tried again.
    """
    secret = token.header(place.kind) if token else None
    headers = github.HEADERS if place.kind == "github" else JSON
    api = Api(place.api, secret, headers, patience=patience)
    match place.kind:
        case "github":
            return GitHub(place, api)
        case "gitlab":
            return GitLab(place, api)
        case "gitea":
            return Gitea(place, api)
