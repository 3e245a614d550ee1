"""A model of one's own that doubles, and ends its process at the number 3."""

from __future__ import annotations

import json
import os
import re

from fnopt.models.client import Reply, Request, ToolCall


class Deadly:
    """Calls double, then answers what it returned; at 3 there is nobody left to answer."""

    def complete(self, request: Request, trial: int = 0) -> Reply:
        """Answer or die."""
        [number] = re.findall(r"\d+", request.messages[1]["content"])
        if number == "3":
            os._exit(9)
        if request.messages[-1]["role"] == "tool":
            return Reply(f"ANSWER: {request.messages[-1]['content']}")
        call = ToolCall("c", "double", json.dumps({"number": int(number)}))
        return Reply("", (call,))
