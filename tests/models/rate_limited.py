"""A server with a rate limit, for a process of its own: a bucket of tokens that fills at a rate.

The rate changes with the number of answers: ``RATES`` is ``answers:rate,…``, such as
``0:100,200:25``. ``TELLS`` says what refusals and answers tell: ``after`` (Retry-After),
``left`` (x-ratelimit headers) or nothing. A request to the model ``count`` is told how many
requests were answered and refused, and is not counted.
"""

from __future__ import annotations

import json
import os
import threading
import time

from scripted_server import Answer, Fail, Json, text

RATES = [tuple(map(float, one.split(":"))) for one in os.environ["RATES"].split(",")]
TELLS = os.environ.get("TELLS", "")
ROOM = 8.0


class Bucket:
    """What is left, and what was answered and refused so far."""

    def __init__(self) -> None:
        self.left, self.filled = ROOM, time.monotonic()
        self.answered = self.refused = 0
        self.lock = threading.Lock()

    @property
    def rate(self) -> float:
        """Requests a second, now."""
        return [rate for since, rate in RATES if self.answered >= since][-1]

    def take(self) -> tuple[bool, dict[str, str]]:
        """Whether a request is answered, and the headers."""
        with self.lock:
            now = time.monotonic()
            self.left = min(ROOM, self.left + (now - self.filled) * self.rate)
            self.filled = now
            taken = self.left >= 1
            self.left -= taken
            self.answered += taken
            self.refused += not taken
            return taken, self.told(taken)

    def told(self, taken: bool) -> dict[str, str]:
        """The headers of an answer or a refusal."""
        if TELLS == "left":
            return {
                "x-ratelimit-limit-requests": str(int(ROOM)),
                "x-ratelimit-remaining-requests": str(int(self.left)),
                "x-ratelimit-reset-requests": f"{(ROOM - self.left) / self.rate * 1000:.0f}ms",
            }
        if TELLS == "after" and not taken:
            return {"retry-after-ms": f"{(1 - self.left) / self.rate * 1000:.0f}"}
        return {}


bucket = Bucket()


def respond(request: Json) -> Answer:
    """Answer, or refuse for the rate."""
    if request["model"] == "count":
        return json.dumps([bucket.answered, bucket.refused])
    taken, headers = bucket.take()
    return Fail(200, headers, text("ok")) if taken else Fail(429, headers)
