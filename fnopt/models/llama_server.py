"""The child process of the embedded model: llama.cpp's own server, run by file path.

It imports nothing of fnopt. Its orders come as one line of JSON on stdin: ``weights``, ``api_key``,
``folder`` (for saved slots) and ``settings`` (attributes of ``xllamacpp.CommonParams``; ``threads``
apart). It answers with one line of JSON on stdout, ``{"address": …}``, once it listens. What
llama.cpp prints goes to stderr.

When stdin ends, because the parent closed it or died by whatever means, the process ends too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from typing import Any


def serve() -> None:
    """Serve until stdin ends."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # the group's: the parent's to handle
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    orders = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, args=(orders["folder"],), daemon=True).start()
    server = _start(orders)
    print(json.dumps({"address": server.listening_address}), file=answers, flush=True)
    threading.Event().wait()


def _start(orders: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = orders["weights"]
    params.slot_save_path = orders["folder"] + os.sep
    params.api_keys = [orders["api_key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    settings = dict(orders["settings"])
    threads = settings.pop("threads")
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    for name, value in settings.items():
        setattr(params, name, value)
    return xllamacpp.Server(params)


def _end_with_parent(folder: str) -> None:
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)  # a parent that was killed could not
    os._exit(0)


if __name__ == "__main__":
    serve()
