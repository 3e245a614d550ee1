"""The client of a forge's API: what it asks again, what it waits for, where the token goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback import Asked, Loopback, Once, Told, through

from fnopt.errors import ForgeError
from fnopt.review.api import Api, Refused
from fnopt.review.http import Secret

TOKEN = "s3cret-t0ken"
SECRET = Secret("Authorization", f"Bearer {TOKEN}", TOKEN)


class Sleeps:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
def serve(sleeps: Sleeps) -> Iterator[Callable[..., tuple[Loopback, Api]]]:
    """A server that answers so, and a client that has a token for it."""
    opened: list[Any] = []

    def make(*answers: Any, **settings: Any) -> tuple[Loopback, Api]:
        server = Loopback(Once(*answers)).__enter__()
        given = {"secret": SECRET, "sleep": sleeps.sleep, "clock": sleeps.clock, **settings}
        api = Api(f"{server.url}/api", **given)
        opened.extend([api.close, lambda: server.__exit__(None, None, None)])
        return server, api

    yield make
    for close in opened:
        close()


Serve = Callable[..., tuple[Loopback, Api]]


def test_asks_with_the_token(serve: Serve) -> None:
    """The token goes into the header, the answer is JSON."""
    server, api = serve({"login": "ada"})
    assert api.get("user", {"a": "b c"}) == {"login": "ada"}
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert server.asked[0].path == "/api/user"
    assert server.asked[0].query == {"a": "b c"}
    assert server.asked[0].headers["user-agent"].startswith("fnopt/")


@pytest.mark.parametrize("fault", [Told(500), Told(502, "<html>"), Told(503), Told(lost=True)])
def test_reads_again_after_faults(serve: Serve, sleeps: Sleeps, fault: Told) -> None:
    """A 5xx and a connection that breaks are tried again, with a pause."""
    server, api = serve(fault, fault, [1])
    assert api.get("x") == [1]
    assert len(server.asked) == 3
    assert len(sleeps.slept) == 2


def test_gives_up_after_its_patience(serve: Serve, sleeps: Sleeps) -> None:
    """Faults without an end become an error once the time is spent."""
    _, api = serve(Told(502, {"message": "Bad gateway"}), patience=20.0)
    with pytest.raises(ForgeError, match=r"502 Bad gateway; given up after 20 s") as caught:
        api.get("x")
    assert sleeps.now <= 20.0
    assert "again later" in caught.value.mend


def test_times_out(serve: Serve) -> None:
    """A forge that says nothing is a fault, too."""
    done = threading.Event()

    def silent(_: Asked) -> Told:
        done.wait(20)
        return Told(200, 1)

    _, api = serve(silent, read=0.05, patience=0)
    try:
        with pytest.raises(ForgeError, match="did not answer in time"):
            api.get("x")
    finally:
        done.set()


def test_looks_before_it_sends_again(serve: Serve) -> None:
    """What a lost request made is found, and it is not sent a second time."""
    server, api = serve(Told(lost=True), Told(201, {"number": 2}))
    assert api.send("POST", "pulls", {"title": "t"}, lambda: "that one") == "that one"
    assert server.lines == ["POST /api/pulls"]


def test_sends_again_what_was_not_made(serve: Serve) -> None:
    """Where the look finds nothing, the request goes out again."""
    server, api = serve(Told(504), Told(201, {"number": 1}))
    looks: list[None] = []
    found = api.send("POST", "pulls", {"title": "t"}, lambda: looks.append(None))
    assert found == {"number": 1}
    assert len(looks) == 1
    assert len(server.asked) == 2


def test_looks_once_more_when_time_is_up(serve: Serve) -> None:
    """The last request may have been carried out as well."""
    _, api = serve(Told(502), patience=0)
    assert api.send("POST", "pulls", {}, lambda: 7) == 7


def test_a_refused_limit_needs_no_look(serve: Serve, sleeps: Sleeps) -> None:
    """A request that was one too many was not carried out."""
    server, api = serve(Told(429, headers={"Retry-After": "7"}), Told(201, {"number": 1}))

    def never() -> None:
        raise AssertionError

    assert api.send("POST", "pulls", {}, never) == {"number": 1}
    assert 7.0 <= sleeps.slept[0] <= 8.0
    assert len(server.asked) == 2


DATE = "Mon, 30 Nov 2026 10:00:00 GMT"
RESET = "1796032830"  # 30 s after that date
LIMITS = {
    "github, primary": (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, 31),
    "github, 429": (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, 31),
    "github, secondary": (403, {"retry-after": "12", "x-ratelimit-remaining": "55"}, 12),
    "github, in words": (403, {}, 60),
    "gitlab": (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": RESET}, 31),
    "gitlab, retry-after": (429, {"Retry-After": "3", "RateLimit-Reset": RESET}, 3),
    "a date": (429, {"Retry-After": "Mon, 30 Nov 2026 10:00:20 GMT"}, 20),
    "unsaid": (429, {}, 60),
}


@pytest.mark.parametrize("name", LIMITS)
def test_waits_for_rate_limits(serve: Serve, sleeps: Sleeps, name: str) -> None:
    """Each forge's way to say until when is understood, by the forge's own clock."""
    status, headers, seconds = LIMITS[name]
    said = {"message": "You have exceeded a secondary rate limit"}
    _, api = serve(Told(status, said, {"Date": DATE, **headers}), [1])
    assert api.get("x") == [1]
    assert seconds <= sleeps.slept[0] <= seconds + 1


def test_names_the_time_of_a_limit_that_is_too_long(serve: Serve, sleeps: Sleeps) -> None:
    """Nobody waits for an hour: the error says when it is over."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1796036400", "Date": DATE}
    server, api = serve(Told(403, {"message": "API rate limit exceeded"}, headers))
    with pytest.raises(ForgeError, match=r"rate limit is reached; it ends at 20..-") as caught:
        api.get("x")
    assert "in 3601 s" in caught.value.message
    assert sleeps.slept == []
    assert len(server.asked) == 1


def test_no_right_is_no_rate_limit(serve: Serve) -> None:
    """A 403 with requests left is final, in the forge's words."""
    server, api = serve(Told(403, {"message": "Must have push"}, {"x-ratelimit-remaining": "9"}))
    with pytest.raises(Refused, match="403 Must have push"):
        api.get("x")
    assert len(server.asked) == 1


SAYINGS = [
    ({"message": "Validation Failed", "errors": [{"message": "exists"}]}, "Validation Failed: exi"),
    ({"message": "V", "errors": [{"field": "head", "code": "invalid"}]}, "V: head invalid"),
    ({"message": ["Another one exists: !5"]}, "Another one exists: !5"),
    ({"message": {"title": ["is too long"]}}, "title is too long"),
    ({"error": "insufficient_scope", "error_description": "needs more"}, "needs more"),
    ({"message": "409 Conflict"}, "x: 409 Conflict$"),
    ("<html>no</html>", "409$"),
]


@pytest.mark.parametrize(("body", "shown"), SAYINGS)
def test_says_what_the_forge_said(serve: Serve, body: Any, shown: str) -> None:
    """The words of each forge's refusal are in the error."""
    _, api = serve(Told(409, body))
    with pytest.raises(Refused, match=shown):
        api.get("x")


@pytest.mark.parametrize("status", [401, 404])
def test_says_what_to_do_without_a_right(serve: Serve, status: int) -> None:
    """An expired token, and a repository that the token may not see."""
    _, api = serve(Told(status, {"message": "no"}))
    with pytest.raises(Refused) as caught:
        api.get("x")
    assert caught.value.status == status
    assert "token" in caught.value.mend


def test_never_shows_the_token(serve: Serve) -> None:
    """Not even when the forge repeats it."""
    _, api = serve(Told(401, {"message": f"bad credentials {TOKEN}, Bearer {TOKEN}"}))
    with pytest.raises(Refused) as caught:
        api.get("x")
    shown = f"{caught.value!r} {caught.value.said} {caught.value.message} {caught.value.mend}"
    assert TOKEN not in shown
    assert "[redacted]" in shown
    assert TOKEN not in repr(SECRET)


def test_a_header_that_cannot_be_sent_is_not_shown(serve: Serve) -> None:
    """The library's own error would quote it."""
    _, api = serve([], secret=Secret("Authorization", f"Bearer {TOKEN}\n", f"{TOKEN}\n"))
    with pytest.raises(ForgeError, match="cannot be sent") as caught:
        api.get("x")
    assert TOKEN not in f"{caught.value.message}{caught.value.mend}"


def test_follows_redirects_at_home(serve: Serve) -> None:
    """A repository that was renamed is found, token and all."""
    moved = Told(301, None, {"Location": "/api/repositories/7"})
    server, api = serve(moved, {"id": 7})
    assert api.get("repos/a/b") == {"id": 7}
    assert server.asked[1].path == "/api/repositories/7"
    assert server.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("where", ["other", "https"])
def test_takes_the_token_to_no_other_host(serve: Serve, where: str) -> None:
    """A redirect elsewhere is an error that names it; nobody is asked there."""
    other, _ = serve([])
    target = other.url if where == "other" else "https://127.0.0.1:1"
    _, api = serve(Told(302, None, {"Location": f"{target}/login?x=1"}))
    with pytest.raises(ForgeError, match=f"redirects to {target}/login, where") as caught:
        api.get("x")
    assert "review.url" in caught.value.mend
    assert other.asked == []


def test_redirects_no_post_into_a_get(serve: Serve) -> None:
    """With 301 the method is lost: what would be sent is another request."""
    server, api = serve(Told(301, None, {"Location": "/api/y"}), {})
    with pytest.raises(ForgeError, match="redirects"):
        api.send("POST", "x", {})
    assert len(server.asked) == 1


def test_ends_a_circle_of_redirects(serve: Serve) -> None:
    """It is an error, not a wait."""
    _, api = serve(Told(302, None, {"Location": "/api/x"}))
    with pytest.raises(ForgeError, match="without an end"):
        api.get("x")


def test_knows_a_page_from_json(serve: Serve) -> None:
    """A login page with status 200 is named for what it is."""
    _, api = serve(Told(200, "<html>sign in</html>"))
    with pytest.raises(ForgeError, match="text/html where JSON was expected") as caught:
        api.get("x")
    assert "review.api" in caught.value.mend


def test_knows_json_of_another_shape(serve: Serve) -> None:
    """An answer without what is needed is no traceback."""
    _, api = serve({"id": 1})
    with pytest.raises(ForgeError, match=r"another shape .*KeyError 'login'"):
        api.read(lambda user: user["login"], api.get("user"))
    with pytest.raises(ForgeError, match="no list"):
        api.pages("users")


def test_turns_pages_by_link(serve: Serve) -> None:
    """The Link header's query is followed, whatever host it names."""

    def page(asked: Asked) -> Told:
        number = int(asked.query.get("page", 1))
        link = '<https://elsewhere.example/api/x?per_page=2&page=1>; rel="prev"'
        if number < 3:
            link += f", <https://elsewhere.example/x?per_page=2&page={number + 1}>; rel=next"
        return Told(200, [number], {"Link": link})

    server, api = serve(page)
    assert api.pages("x", {"per_page": 2}) == [1, 2, 3]
    assert server.asked[2].query == {"per_page": "2", "page": "3"}


def test_turns_pages_by_gitlabs_header(serve: Serve) -> None:
    """X-Next-Page is empty on the last one."""
    answers = [
        Told(200, [1], {"X-Next-Page": "2"}),
        Told(200, [2], {"X-Next-Page": "", "X-Total-Count": "9"}),
    ]
    server, api = serve(*answers, [])
    assert api.pages("x") == [1, 2]
    assert len(server.asked) == 2


def test_turns_pages_by_the_total(serve: Serve) -> None:
    """Gitea says how many there are; a page may be shorter than what was asked for."""
    pages = [Told(200, one, {"X-Total-Count": "3"}) for one in ([1, 2], [3])]
    server, api = serve(*pages)
    assert api.pages("x", {"limit": 50}) == [1, 2, 3]
    assert [one.query.get("page") for one in server.asked] == [None, "2"]


def test_an_empty_page_is_the_last(serve: Serve) -> None:
    """A total that is too high makes no endless loop."""
    server, api = serve(Told(200, [1], {"X-Total-Count": "9"}), Told(200, [], {}))
    assert api.pages("x") == [1]
    assert len(server.asked) == 2


def test_goes_through_the_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is asked, and it alone reaches the forge."""
    server, api = serve({"login": "ada"})
    with Loopback(through) as proxy:
        monkeypatch.delenv("NO_PROXY")
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert api.get("user") == {"login": "ada"}
        assert proxy.asked[0].target == f"{server.url}/api/user"
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_proxy_sees_no_token_of_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for a tunnel, without the header; its refusal is named."""
    with Loopback(lambda asked: Told(407)) as proxy:
        monkeypatch.delenv("NO_PROXY")
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        api = Api("https://forge.example/api", SECRET, patience=0)
        with pytest.raises(ForgeError, match="proxy refuses: 407") as caught:
            api.get("user")
        api.close()
    assert "HTTPS_PROXY" in caught.value.mend
    assert proxy.asked[0].method == "CONNECT"
    assert TOKEN not in str(proxy.asked[0])


def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that is none is an error without the password in it."""
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", "gopher://ada:hunter2@proxy.example")
    with pytest.raises(ForgeError, match="proxy cannot be used") as caught:
        Api("https://forge.example/api").get("user")
    assert "hunter2" not in caught.value.message + caught.value.mend


def test_a_forge_that_is_not_there(serve: Serve, sleeps: Sleeps) -> None:
    """A port where nobody listens is soon given up."""
    gone = Api("http://127.0.0.1:9/api", sleep=sleeps.sleep, clock=sleeps.clock)
    with pytest.raises(ForgeError, match="cannot be reached") as caught:
        gone.send("POST", "x", {}, lambda: "never")
    assert len(sleeps.slept) == 2
    assert "network" in caught.value.mend
