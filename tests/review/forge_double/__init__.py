"""A forge for tests: GitHub's, GitLab's or Gitea's API and git over HTTP, over one real repository.

``double`` is what tests hold; ``state`` what the forge knows; ``github``, ``gitlab`` and ``gitea``
how it says that; ``edge`` the server's door, where every request and every response is compared
with the forge's own description of its API (``descriptions/README.md``).
"""

from review.forge_double.double import Double

__all__ = ["Double"]
