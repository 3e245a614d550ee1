"""From a name in the configuration to a client."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted_server import Fail, ScriptedServer

from fnopt.errors import EndpointError, UsageError
from fnopt.models import Reply, Request
from fnopt.models.connect import Connection, connect, endpoint_name
from fnopt.models.scripted import Scripted
from fnopt.records import Usage
from fnopt.store import Store

ASKED = Request("m", ({"role": "user", "content": "hi"},))
OWN = """
from fnopt.models import Reply
class Echo:
    def complete(self, request, trial=0):
        return Reply(request.messages[-1]["content"])
made = Echo()
wrong = 7
"""


class Free:
    """A meter without limits that counts."""

    def __init__(self) -> None:
        self.usage = Usage()

    def before(self, request: Request) -> None:
        """Allow."""

    def after(self, request: Request, usage: Usage | None) -> None:
        """Count."""
        self.usage += usage or Usage()


def opened(model: str, base_url: str | None = None, record: Path | None = None) -> Connection:
    """A connection with a cache in memory."""
    return connect(model, base_url, Store(None), meter=Free(), record=record)


def test_a_name_is_a_model_of_the_endpoint(scripted_server: ScriptedServer) -> None:
    """Asked over HTTP once, metered once, then cached."""
    meter = Free()
    client = connect("m", scripted_server.url, Store(None), meter=meter)
    assert [client.complete(ASKED).cached, client.complete(ASKED).cached] == [False, True]
    assert len(scripted_server.requests) == 1
    assert meter.usage == Usage(1, 10, 5, None)
    client.close()


def test_ollamas_names_are_no_python_objects(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without a base URL, a colon and a dot make no module."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_server.url)
    for model in ("qwen2.5:latest", "llama3.2:1b", "phi.mini:latest", "hf.co/a/b.c:Q4_K_M"):
        client = opened(model)
        client.complete(ASKED)
        client.close()
        assert endpoint_name(model, None) == scripted_server.url


def test_a_client_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class, or an object that is a client already; anything else is refused."""
    (tmp_path / "mine_models").mkdir()
    (tmp_path / "mine_models" / "echo.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Echo", "made"):
        model = f"mine_models.echo:{name}"
        assert opened(model).complete(ASKED).content == "hi"
        assert endpoint_name(model, None) == model
    for name in ("wrong", "absent"):
        with pytest.raises(UsageError, match="no method"):
            opened(f"mine_models.echo:{name}")


def test_a_run_is_recorded_and_played_back(tmp_path: Path, scripted_server: ScriptedServer) -> None:
    """The player needs no endpoint, and meters what the recorded calls had cost."""
    path = tmp_path / "run.jsonl"
    client = opened("m", scripted_server.url, record=path)
    said = client.complete(ASKED)
    client.close()
    meter = Free()
    player = connect(f"recorded:{path}", None, Store(None), meter=meter)
    assert player.complete(ASKED) == Reply(said.content, (), said.usage, "scripted", "stop")
    assert meter.usage.tokens == 15
    assert endpoint_name(f"recorded:{path}", None) == "recorded"


def test_names_of_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL that will be asked; the embedded model has one name whatever its port."""
    assert endpoint_name("local", "http://x/v1") == "local"
    assert endpoint_name("m", None) == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://y/v1")
    assert endpoint_name("m", None) == "http://y/v1"
    assert endpoint_name("m", "http://x/v1") == "http://x/v1"


def test_nothing_is_needed_when_all_is_cached(scripted_server: ScriptedServer) -> None:
    """No key, no network: the client is made at the first request that is paid for."""
    store = Store(None)
    store.keep_reply(ASKED.key(), Scripted(["kept"]).complete(ASKED).to_json())
    assert connect("m", None, store, meter=Free()).complete(ASKED).content == "kept"


def test_a_wrong_key_ends_at_once(scripted_server: ScriptedServer) -> None:
    """One request, no retries."""
    scripted_server.respond = lambda _: Fail(401)
    with pytest.raises(EndpointError, match="401"):
        opened("m", scripted_server.url).complete(ASKED)
    assert len(scripted_server.requests) == 1
