"""The program that runs pytest in the user's interpreter, for tests that are tasks.

Run by path, never imported by fnopt: that interpreter need not have fnopt, nor be as new. What
happens goes to a file, one JSON object a line: a run that is killed has told all until then.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
from typing import Any

ANSWER = "FNOPT_ANSWER"  # the file that holds the answer


def say(path: str, **values: Any) -> None:
    """Add a line to the file."""
    with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - of any Python 3
        file.write(json.dumps(values) + "\n")


try:
    import pytest
except ImportError:
    say(sys.argv[1], error=f"{sys.executable} has no pytest", where="")
    sys.exit(1)


class Plugin:
    """What pytest is given beside the user's own plugins: the fixture ``answer``, and an ear."""

    def __init__(self, path: str, seconds: float) -> None:
        self.path, self.seconds = path, seconds
        self.outcomes: dict[str, str] = {}

    @pytest.fixture
    def answer(self) -> str:
        """The agent's answer, as text. A fixture of this name in a conftest.py comes first."""
        with open(os.environ[ANSWER], encoding="utf-8", newline="") as file:  # noqa: PTH123
            return file.read()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        for name, value in (("dist", "no"), ("tx", []), ("numprocesses", None)):
            if hasattr(config.option, name):  # pytest-xdist's: workers would not know of us
                setattr(config.option, name, value)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            lines = str(report.longrepr).strip().splitlines() or [""]
            say(self.path, error=lines[-1][:300], where=report.nodeid)

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            name = getattr(item, "originalname", None) or item.name
            above = item.parent.nodeid if item.parent else ""
            doc = getattr(getattr(item, "obj", None), "__doc__", None) or ""
            say(self.path, id=item.nodeid, base=f"{above}::{name}", doc=inspect.cleandoc(doc))
        watch = threading.Timer(self.seconds, self.end)
        watch.daemon = True
        watch.start()

    def end(self) -> None:
        say(self.path, late=True)
        os._exit(1)

    def pytest_runtest_logreport(self, report: Any) -> None:
        known = self.outcomes.get(report.nodeid, "passed")
        if known != "failed" and report.outcome != "passed":
            self.outcomes[report.nodeid] = known = report.outcome
        if report.when == "teardown":
            say(self.path, ran=report.nodeid, outcome=known)


def main(path: str, seconds: str, *arguments: str) -> int:
    """Run pytest with these arguments; the tests may take ``seconds`` once they are found."""
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as `python -m pytest`; not the folder of this file
    fixed = ["-p", "no:cacheprovider", "--maxfail=0", f"--rootdir={sys.path[0]}"]
    return int(pytest.main([*fixed, *arguments], plugins=[Plugin(path, float(seconds))]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
