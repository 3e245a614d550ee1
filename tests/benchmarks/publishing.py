"""``fnopt pr``: a run of so many updates goes to a forge on this machine, and again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from loop import _repository, _run
from measure import Figure, once
from review.forge_double import Double
from verifying import _coin

from fnopt.history.repo import Repository
from fnopt.train.step import step

VAL = 40


def publishing(count: int, target: float | None) -> Callable[[], Iterator[Figure]]:
    """The first ``fnopt pr`` of a run pushes and opens; the second finds nothing to do."""

    def measure() -> Iterator[Figure]:
        with _repository({"functions/f.py": b"x = 1\n"}) as repo, _Forge(repo) as forge:
            run = _coin(_run(repo), VAL)
            run.begin(repo.resolve("main"), "main")
            for _ in range(count):
                step(run)
            given = {"GH_ENTERPRISE_TOKEN": str(forge.token), "FNOPT_REVIEW_FORGE": "github"}

            def command() -> None:
                words = [sys.executable, "-m", "fnopt", "pr", "--run", "r"]
                env = {**os.environ, **given}
                subprocess.run(words, cwd=repo.root, env=env, capture_output=True, check=True)

            for name in ("opened", "once more, nothing to do"):
                took, _ = once(command)
                of = f"fnopt pr, {name}, by updates"
                yield Figure(f"fnopt pr of {count} updates, {name}", took, "s", target, of, count)
            assert len(forge.pulls) == 1

    return measure


class _Forge(Double):
    """A forge with the repository's main branch, which is the remote of that."""

    def __init__(self, repo: Repository) -> None:
        self._folder = tempfile.TemporaryDirectory()
        super().__init__("github", Path(self._folder.name))
        self._repo = repo

    def __enter__(self) -> _Forge:
        super().__enter__()
        self._repo.git("remote", "add", "origin", self.git_url)
        self._repo.git("push", "-q", self.git_url_with_token, "main")
        return self

    def __exit__(self, *about: object) -> None:
        super().__exit__(*about)  # type: ignore[arg-type]
        self._folder.cleanup()


BENCHMARKS = {"pr-10": publishing(10, None), "pr": publishing(100, 3.0)}
