"""The scripted run for a server of its own process; each request is logged when it arrives.

The log is the file that the variable ``REQUEST_LOG`` names: one digest of a body a line.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import scripted_run
from scripted_server import Answer, Json

LOG = Path(os.environ["REQUEST_LOG"])


def respond(request: Json) -> Answer:
    """Log the request in one write, then answer it."""
    body = json.dumps(request, sort_keys=True).encode()
    role = "optimizer" if scripted_run.is_optimizer(request) else "agent"
    with LOG.open("a") as log:
        log.write(f"{role} {hashlib.sha256(body).hexdigest()}\n")
    return scripted_run.respond(request)
