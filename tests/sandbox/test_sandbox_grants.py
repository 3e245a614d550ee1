"""What functions may reach, by name: hosts, paths, variables; and what is said without a grant."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fnopt.errors import SandboxError, UsageError
from fnopt.sandbox import Grant, Grants, Outcome, Sandbox, sandbox
from fnopt.sandbox.seatbelt import profile


class Hello(BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self) -> None:
        """One answer for all."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A web server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module", params=["process", "confined", "isolated"])
def box(
    request: pytest.FixtureRequest, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """``f`` may reach the server as localhost, read ``data``, see one variable; ``w`` may write."""
    root = tmp_path_factory.mktemp("root")
    (root / "data" / "deep").mkdir(parents=True)
    (root / "data" / "rates.txt").write_text("1.5")
    (root / "kept").mkdir()
    table = {
        "f": Grant(hosts=(f"localhost:{port}",), read=("data",), env=("RATES_KEY",)),
        "w": Grant(write=("kept",)),
    }
    try:
        made = sandbox(request.param, 20.0, grants=Grants(root, table))
    except SandboxError as error:
        pytest.skip(str(error))
    yield made
    made.close()


@pytest.fixture
def shut(box: Sandbox) -> Sandbox:
    """A sandbox that enforces grants."""
    if box.tier == "process":
        pytest.skip("the tier process enforces nothing")
    return box


def ask(box: Sandbox, body: str, name: str = "f", top: str = "import os") -> Outcome:
    """Call a function of that name."""
    code = f"{top}\ndef {name}():\n    {body}\n"
    return box.call({"functions/one.py": code.encode()}, "functions.one", name, {})


URL = "import urllib.request"


def test_a_granted_host_is_reached(box: Sandbox, port: int) -> None:
    """By the standard library, with and without a loop of events."""
    get = f"return urllib.request.urlopen('http://localhost:{port}/').read().decode()"
    assert ask(box, get, top=URL).result == "hello"
    code = (
        "import asyncio\nasync def f():\n"
        f"    reader, writer = await asyncio.open_connection('localhost', {port})\n"
        "    writer.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
        "    return (await reader.read()).decode()[-5:]\n"
    )
    outcome = box.call({"functions/one.py": code.encode()}, "functions.one", "f", {})
    assert outcome.result == "hello", outcome.error


def test_another_client_reaches_it_too(box: Sandbox, port: int) -> None:
    """A library from the package index, over the same socket."""
    get = f"return httpx2.get('http://localhost:{port}/').text"
    assert ask(box, get, top="import httpx2").result == "hello"


def test_a_host_is_granted_by_its_name_and_port(shut: Sandbox, port: int) -> None:
    """Not by where it lies, and to no other function; what is lacking is said."""
    get = "return urllib.request.urlopen('http://{}/').read().decode()"
    for name, host in (("f", f"127.0.0.1:{port}"), ("f", "localhost"), ("g", f"localhost:{port}")):
        outcome = ask(shut, get.format(host), name, URL)
        wanted = host if ":" in host else f"{host}:80"
        assert (outcome.ok, outcome.limit) == (False, "grant")
        assert f'"{name}" = {{ hosts = ["{wanted}"] }}' in (outcome.error or "")


def test_who_listens_nowhere_is_an_error_as_ever(box: Sandbox) -> None:
    """A granted host that refuses is no matter of grants."""
    table = {"f": Grant(hosts=("localhost:1",))}
    made = sandbox(box.tier, 20.0, grants=Grants(Path(), table))
    outcome = ask(made, "return urllib.request.urlopen('http://localhost:1/')", top=URL)
    made.close()
    assert not outcome.ok and "refused" in (outcome.error or "").lower()


def test_a_granted_folder_is_found_as_from_the_repository(box: Sandbox) -> None:
    """By its relative path, for reading alone."""
    assert ask(box, "return open('data/rates.txt').read()").result == "1.5"
    assert ask(box, "return sorted(os.listdir('data'))").result == ["deep", "rates.txt"]
    wrote = ask(
        box, "open('kept/new.txt', 'w').write('x'); return open('kept/new.txt').read()", "w"
    )
    assert wrote.result == "x", wrote.error


def test_reading_is_not_writing(shut: Sandbox) -> None:
    """And who was granted nothing reads nothing."""
    outcome = ask(shut, "open('data/rates.txt', 'w')")
    assert (outcome.ok, outcome.limit) == (False, "grant")
    assert 'read = ["' in (outcome.error or "") and "(or write)" in (outcome.error or "")
    folder = ask(shut, "return os.path.realpath('data')").result
    outcome = ask(shut, f"return open('{folder}/rates.txt').read()", "g")
    assert f'"g" = {{ read = ["{folder}/rates.txt"] }}' in (outcome.error or "")


def test_a_variable_is_seen_by_who_was_granted_it(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other one, and by nobody else."""
    monkeypatch.setenv("RATES_KEY", "sk-1")
    monkeypatch.setenv("OTHER_KEY", "sk-2")
    assert ask(box, "return os.environ['RATES_KEY']").result == "sk-1"
    assert ask(box, "return os.environ.get('OTHER_KEY')").result is None
    outcome = ask(box, "return os.environ['RATES_KEY']", "g")
    assert not outcome.ok
    if box.tier != "process":
        assert '"g" = { env = ["RATES_KEY"] }' in (outcome.error or "")


def test_who_calls_a_granted_function_may_what_it_may(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grants are by function; functions call each other, across files."""
    monkeypatch.setenv("RATES_KEY", "sk-1")
    files = {
        "functions/low.py": b"import os\ndef f():\n    return os.environ['RATES_KEY']\n",
        "functions/high.py": b"from functions.low import f\ndef g():\n    return f()\n",
    }
    assert box.call(files, "functions.high", "g", {}).result == "sk-1"
    assert box.run(files, "import os\nprint('RATES_KEY' in os.environ)").result == "False"


def test_a_star_is_not_widened(shut: Sandbox, port: int) -> None:
    """Neither by a byte that ends the name for C, nor by a name that lies on this machine."""
    table = {"f": Grant(hosts=(f"*.example.org:{port}", f"*.localhost:{port}"))}
    box = sandbox(shut.tier, 20.0, grants=Grants(Path(), table))
    for host in ("127.0.0.1\\0.example.org", "a.localhost"):
        code = f"import socket\ndef f():\n    socket.socket().connect(('{host}', {port}))\n"
        outcome = box.call({"functions/one.py": code.encode()}, "functions.one", "f", {})
        assert not outcome.ok
    box.close()


def test_questions_do_not_outlast_the_call(tmp_path: Path) -> None:
    """Looking names up takes its time, and the call has its limit."""
    box = sandbox("confined", 2.0, grants=Grants(tmp_path, {"f": Grant(hosts=("*.invalid",))}))
    asked = "os.write(4, b''.join(b'[\"%d.invalid\", 80]\\n' % i for i in range(100)))"
    outcome = ask(box, f"{asked}; time.sleep(9)", top="import os, time")
    assert not outcome.ok and outcome.seconds < 6
    box.close()


def test_a_written_folder_gives_nobody_more(box: Sandbox, tmp_path: Path) -> None:
    """Who may write above what another may read cannot lead it elsewhere."""
    (tmp_path / "data" / "tables").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "answers").write_text("42")
    table = {"w": Grant(write=("data",)), "g": Grant(read=("data/tables",)), "*": Grant()}
    made = sandbox(box.tier, 20.0, grants=Grants(tmp_path, table))
    swap = f"os.rmdir('data/tables'); os.symlink('{tmp_path}/secret', 'data/tables')"
    if box.tier != "process":
        assert not ask(made, swap, "w").ok
        assert not ask(made, "return open('data/tables/answers').read()", "g").ok
        odd = "os.close(os.open('data/s', os.O_CREAT | os.O_WRONLY, 0o6755))"
        assert not ask(made, odd, "w").ok
    made.close()


def test_grants_within_each_other(box: Sandbox, tmp_path: Path) -> None:
    """A folder for all, and one in it for one more."""
    (tmp_path / "data" / "tables").mkdir(parents=True)
    (tmp_path / "data" / "tables" / "a").write_text("1")
    table = {"*": Grant(read=("data",)), "g": Grant(write=("data/tables",))}
    made = sandbox(box.tier, 20.0, grants=Grants(tmp_path, table))
    body = "open('data/tables/a', 'a').write('2'); return open('data/tables/a').read()"
    assert ask(made, body, "g").result == "12"
    assert ask(made, "return os.listdir('data')", "h").result == ["tables"]
    made.close()


def test_no_call_reads_what_another_was_asked(
    shut: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments and variables of earlier calls are in no memory that later ones share."""
    monkeypatch.setenv("RATES_KEY", "sk-kept-for-one-alone")
    files = {"functions/one.py": READS_MEMORY}
    for _ in range(5):
        told = shut.call(files, "functions.one", "f", {"task": "the-task-of-another"})
        assert told.result == "sk-kept-for-one-alonethe-task-of-another", told.error
    for secret in ("sk-kept-for-one-alone", "the-task-of-another"):
        given = {"needle": flipped(secret), "control": flipped("what-is-asked-now"), "now": "x"}
        assert shut.call(files, "functions.one", "g", given).result == [0, 0]
    given |= {"now": "what-is-asked-now"}
    nothing, found = shut.call(files, "functions.one", "g", given).result
    assert nothing == 0 and found > 0  # the search finds what is there


def flipped(text: str) -> str:
    """A text that does not hold what it stands for."""
    return bytes(one ^ 1 for one in text.encode()).decode()


READS_MEMORY = b"""
import ctypes, gc, os

def f(task: str) -> str:
    return os.environ["RATES_KEY"] + task

def g(needle: str, control: str, now: str) -> list:
    libc = ctypes.CDLL(None)
    libc.sbrk.restype = ctypes.c_void_p
    pages = {id(one) >> 12 for one in gc.get_objects()}
    page, seen = libc.sbrk(0) - 1 >> 12, (ctypes.c_ubyte * 1)()
    while libc.mincore(ctypes.c_void_p(page << 12), ctypes.c_size_t(4096), seen) == 0:
        pages.add(page)
        page -= 1
    found = [0, 0]
    for page in pages:
        data = ctypes.string_at(page << 12, 4096)
        for at, one in enumerate((needle, control)):
            found[at] += bytes(each ^ 1 for each in one.encode()) in data
    return found
"""
"""``g`` looks for two texts in the memory that it has."""


def test_processes_are_never_granted(shut: Sandbox) -> None:
    """That is said, too."""
    outcome = ask(shut, "return subprocess.run(['ls'])", top="import subprocess")
    assert (outcome.ok, outcome.limit) == (False, "grant")
    assert "no code start processes" in (outcome.error or "")


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (Grant(hosts=("http://x.org",)), "is no host"),
        (Grant(hosts=("*",)), "is no host"),
        (Grant(env=("A B",)), "cannot be granted"),
        (Grant(env=("LD_PRELOAD",)), "cannot be granted"),
        (Grant(read=("nowhere",)), "is not there"),
        (Grant(read=("/",)), "whole repository"),
        (Grant(read=(".",)), "whole repository"),
        (Grant(read=("..",)), "whole repository"),
        (Grant(write=(".git",)), "whole repository"),
    ],
)
def test_grants_that_cannot_be(grant: Grant, said: str, tmp_path: Path) -> None:
    """A repository as a whole holds the expected answers."""
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match=said) as caught:
        sandbox("process", 1.0, grants=Grants(tmp_path, {"f": grant}))
    assert "sandbox.allow: f" in caught.value.message and caught.value.mend


@pytest.mark.parametrize(
    ("granted", "host", "port", "allowed"),
    [
        ("api.example.org", "api.example.org", 443, True),
        ("api.example.org", "API.example.org", 80, True),
        ("api.example.org", "api.example.org", 22, False),
        ("api.example.org:22", "api.example.org", 22, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evil-example.org", 443, False),
        ("[::1]:80", "::1", 80, True),
    ],
)
def test_which_hosts_a_grant_means(granted: str, host: str, port: int, allowed: bool) -> None:
    """Without a port, those of the web; a star stands for names below."""
    assert Grant(hosts=(granted,)).allows(host, port) is allowed


def test_the_profile_for_macos() -> None:
    """Its text: all denied, what is granted named, quotes escaped. Nobody has run it."""
    text = profile(["/opt/python/lib"], ['/tmp/a "b"'], hosts=False)
    assert text.startswith("(version 1)\n(deny default)\n")
    assert '(allow file-read* (subpath "/opt/python/lib"))' in text
    assert '(allow file-read* file-write* (subpath "/tmp/a \\"b\\""))' in text
    assert "network" not in text and "fork" not in text
    assert "(allow network-outbound (remote tcp))" in profile([], [], hosts=True)
