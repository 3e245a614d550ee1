"""What tests hold: the forge's addresses, and what people do at it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from review.forge_double import gitea, github, gitlab, talk
from review.forge_double.edge import Edge
from review.forge_double.faults import Fault, Seen, What
from review.forge_double.server import Served
from review.forge_double.speech import Dialect
from review.forge_double.state import BEGIN, State
from review.forge_double.values import How, Kind, Pull, Review, Right, Thread, Verdict

DIALECTS: dict[Kind, Dialect] = {
    "github": github.DIALECT,
    "gitlab": gitlab.DIALECT,
    "gitea": gitea.DIALECT,
}


class Double:
    """A forge with one repository, ``owner/name``, empty at first; ``user`` may write to it.

    With a ``token`` it asks who is there, and the token is ``user``'s; without one everybody is
    ``user``. ``private``: who has no right does not learn that it exists. Use it in ``with``.
    """

    def __init__(
        self,
        kind: Kind,
        root: Path,
        *,
        token: str | None = "secret-token",
        user: str = "fnopt-bot",
        owner: str = "acme",
        name: str = "tools",
        branch: str = "main",
        private: bool = False,
    ) -> None:
        self.kind, self.token, self.user = kind, token, user
        self.state = State(kind, root, owner, name, branch)
        self.state.private = private
        self.grant(user, "write")
        self._edge = Edge(self.state, DIALECTS[kind], root, user, "")
        if token is not None:
            self._edge.guarded, self._edge.tokens = True, {token: user}
        self._server = Served(self._edge)
        self._edge.web = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Double:
        self._server.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.end()

    @property
    def url(self) -> str:
        """The forge's own address; no slash at its end."""
        return self._edge.web

    @property
    def api(self) -> str:
        """What the paths of its API go behind."""
        return self.url + self._edge.dialect.api

    @property
    def path(self) -> str:
        """``owner/name``."""
        return self.state.full_name

    @property
    def git_url(self) -> str:
        """What a remote is set to, without the token."""
        return f"{self.url}/{self.path}.git"

    @property
    def git_url_with_token(self) -> str:
        """The same with the token in it, for git without a credential helper."""
        sign = f"x-access-token:{self.token}@" if self.token else ""
        return self.git_url.replace("://", f"://{sign}")

    @property
    def bare(self) -> Path:
        """The repository's folder."""
        return self.state.bare.path

    @property
    def requests(self) -> list[Seen]:
        """What was asked so far, git's own requests too."""
        return self._edge.seen

    @property
    def violations(self) -> list[str]:
        """Requests and responses that are not as the forge describes its API."""
        return self._edge.violations

    def git(self, *words: str) -> str:
        """git in the bare repository; its output."""
        return self.state.bare.git(*words)

    def commit(
        self,
        branch: str,
        files: dict[str, str],
        message: str,
        by: str = "ada",
        onto: str = "main",
    ) -> str:
        """Somebody writes files (paths and whole contents) and pushes; the commit's hash.

        A branch that is not there yet begins at ``onto``; the first commit of all begins at
        nothing.
        """
        with self.state.lock:
            self.state.events += 1
            when = int(BEGIN.timestamp()) + self.state.events
            made = self.state.bare.commit(branch, files, message, by, when, onto)
            self.state.refresh()
            return made

    def pull(self, number: int) -> Pull:
        """A pull request as the forge remembers it now."""
        with self.state.lock:
            self.state.refresh()
            return self.state.pull(number)

    @property
    def pulls(self) -> list[Pull]:
        """Every pull request, oldest first."""
        with self.state.lock:
            self.state.refresh()
            return list(reversed(self.state.newest_first()))

    def open(self, author: str, head: str, title: str, body: str = "", base: str = "main") -> Pull:
        """Somebody opens a pull request by hand."""
        with self.state.lock:
            return self.state.open(author, head, base, title, body)

    def comment(self, number: int, author: str, text: str) -> Thread:
        """Somebody comments on the whole."""
        with self.state.lock:
            return talk.comment(self.state, number, author, text)

    def comment_on_line(self, number: int, author: str, path: str, line: int, text: str) -> Thread:
        """Somebody comments on a line of a file as it is at the branch's head."""
        with self.state.lock:
            self.state.refresh()
            return talk.comment_on_line(self.state, number, author, path, line, text)

    def reply_in(self, thread: Thread, author: str, text: str) -> None:
        """Somebody answers in a thread."""
        with self.state.lock:
            number = next(n for n, one in self.state.pulls.items() if thread in one.threads)
            talk.reply(self.state, number, thread.id, author, text)

    def resolve(self, thread: Thread, by: str) -> None:
        """Somebody says that a thread is done with (GitHub's REST API does not show it)."""
        with self.state.lock:
            thread.resolved_by = by

    def review(
        self,
        number: int,
        author: str,
        state: Verdict,
        text: str,
        lines: tuple[tuple[str, int, str], ...] = (),
    ) -> Review:
        """Somebody gives a review, with comments on lines: path, line, text."""
        with self.state.lock:
            self.state.refresh()
            made = talk.review(self.state, number, author, state, text)
            for line in lines:
                talk.comment_on_line(self.state, number, author, *line, within=made.id)
            return made

    def merge(self, number: int, how: How = "merge", by: str = "ada") -> Pull:
        """Somebody merges it, with the forge's own message; raises Refused where it would not."""
        place = f"{self.url}/{self.path}" if self.kind == "gitea" else self.path
        with self.state.lock:
            return self.state.merge(number, how, by, place)

    def close(self, number: int, by: str = "ada") -> None:
        """Somebody closes it unmerged."""
        with self.state.lock:
            self.state.close(number, by)

    def reopen(self, number: int, by: str = "ada") -> None:
        """Somebody opens it again."""
        with self.state.lock:
            self.state.reopen(number, by)

    def edit(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Somebody writes another title or body by hand."""
        with self.state.lock:
            self.state.edit(number, title=title, body=body, by="ada")

    def delete_branch(self, name: str) -> None:
        """Somebody deletes a branch at the forge."""
        with self.state.lock:
            self.state.delete_branch(name)

    def grant(self, author: str, right: Right) -> None:
        """Give somebody a right, or take it (``none``)."""
        with self.state.lock:
            self.state.person(author)
            self.state.rights[author] = right
            if right == "none":
                del self.state.rights[author]

    def protect(self, branch: str) -> None:
        """Refuse pushes to a branch."""
        self.state.bare.protect(branch)

    def token_of(self, author: str, token: str) -> None:
        """Let somebody else in with a token of their own."""
        self._edge.tokens[token] = author

    def expire(self) -> None:
        """The token is good no longer."""
        if self.token is not None:
            self._edge.tokens.pop(self.token, None)

    def limit(self, remaining: int, reset: int) -> None:
        """Allow so many more requests of the API until a time (seconds since 1970)."""
        self._edge.remaining, self._edge.reset = remaining, reset

    def fail_next(self, pattern: str, what: What, **more: Any) -> None:
        """Let the next request fail whose path and query have the (regular) pattern.

        A status: answer that, do nothing. ``"drop"``: end the connection, do nothing. ``"after"``:
        do it, then end the connection (with ``status=502``: answer that). ``times``: how often;
        ``method``: of this one only; ``headers``: of the answer.
        """
        self._edge.faults.append(Fault(pattern, what, **more))
