"""The embedded model: a real child process; with ``live``, a real answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnopt.errors import EndpointError
from fnopt.models import Request
from fnopt.models.embedded import Embedded
from fnopt.models.llama import SCRIPT, LlamaServer
from fnopt.models.weights import Progress, find

WEIGHTS = find()  # before the tests are sealed in
FOLDER = WEIGHTS.parent if WEIGHTS is not None else None


def test_a_server_that_dies_is_reported_with_its_log(tmp_path: Path) -> None:
    """Weights that are none end the child; the error quotes what it said last."""
    pytest.importorskip("xllamacpp")
    (tmp_path / "junk.gguf").write_bytes(b"junk")
    with pytest.raises(EndpointError, match="ended before it was ready") as caught:
        LlamaServer(tmp_path / "junk.gguf")
    assert "junk.gguf" in caught.value.message
    assert "FNOPT_WEIGHTS" in caught.value.mend


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Orders that never come, then the end of stdin: no process stays."""
    child = subprocess.Popen([sys.executable, "-P", str(SCRIPT)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(20) != 0
    assert child.stdout is not None and child.stdout.read() == b""
    child.stdout.close()


@pytest.mark.live
@pytest.mark.skipif(WEIGHTS is None, reason="the weights are not in fnopt's cache")
def test_the_embedded_model_answers(capfd: pytest.CaptureFixture[str]) -> None:
    """One question; a killed server is started again; nothing reaches our stdout."""
    assert WEIGHTS is not None
    weights = WEIGHTS

    def found(*, progress: Progress) -> Path:
        return weights

    client = Embedded(found)
    system = {"role": "system", "content": "Answer with one word. " * 60}
    question = {"role": "user", "content": "What is the capital of France?"}
    asked = Request("local", (system, question), temperature=0.0, max_tokens=8)
    try:
        reply = client.complete(asked)
        assert "Paris" in reply.content
        assert reply.usage.completion_tokens > 0
        assert client._running is not None
        os.kill(client._running.server._child.pid, 9)
        client._running.server._child.wait()
        assert "Paris" in client.complete(asked).content
    finally:
        client.close()
    assert capfd.readouterr() == ("", "")
