"""The CI files that ``init`` writes: valid, without rights to spare, and their lines work.

A step is run as the runner runs it: its own text in bash, in a clone of a bare remote. What a
runner does around it (checkout, pip) is done here with git and with the fnopt that is tested.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripted_server import ScriptedServer

from fnopt import __version__

from .conftest import Fnopt, run_git, scripted_repository, write
from .test_cli_check import GOOD, NAKED

PATHS = {
    "github": ".github/workflows/fnopt.yml",
    "gitea": ".gitea/workflows/fnopt.yml",
    "gitlab": ".gitlab/fnopt.yml",
}
ACTIONS = {"github": PATHS["github"], "gitea": PATHS["gitea"]}
BODIES = {"old": b"return x + 1", "new": b"return [x, x, x]", "later": b"return str(x).upper()"}
SCHEMAS = importlib.util.find_spec("check_jsonschema")


@pytest.fixture(params=ACTIONS)
def actions(request: pytest.FixtureRequest, tmp_path: Path, fnopt: Fnopt) -> str:
    """The text of a workflow for Actions, of each kind."""
    return scaffolded(tmp_path, fnopt, request.param)


@pytest.fixture
def pipeline(tmp_path: Path, fnopt: Fnopt) -> dict[str, Any]:
    """The jobs for GitLab, parsed."""
    return parsed(scaffolded(tmp_path, fnopt, "gitlab"))


def scaffolded(folder: Path, fnopt: Fnopt, kind: str) -> str:
    root = folder / kind
    root.mkdir()
    run_git(root, "init", "-q", "-b", "main")
    here = Path.cwd()
    os.chdir(root)
    try:
        assert fnopt("init", "--ci", kind).code == 0
    finally:
        os.chdir(here)
    return (root / PATHS[kind]).read_text()


def parsed(text: str) -> dict[str, Any]:
    found = yaml.safe_load(text)
    assert isinstance(found, dict)
    return found


# -- what they say


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.skipif(SCHEMAS is None, reason="check-jsonschema is not installed")
def test_the_published_schemas_hold(tmp_path: Path, fnopt: Fnopt, kind: str) -> None:
    """Those of GitHub's workflows and of GitLab's pipelines, as check-jsonschema ships them."""
    scaffolded(tmp_path, fnopt, kind)
    transform = ["--data-transform", "gitlab-ci"] if kind == "gitlab" else []
    schema = "vendor.gitlab-ci" if kind == "gitlab" else "vendor.github-workflows"
    path = tmp_path / kind / PATHS[kind]
    words = ["-m", "check_jsonschema", "--builtin-schema", schema, *transform, str(path)]
    done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()
    text = path.read_text()
    path.write_text(
        text.replace("when: always", "when: often").replace("minutes: 10", "minutes: x")
    )
    assert subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode


def test_actions_are_pinned(actions: str) -> None:
    """By the digest of a commit, with the version behind it; fnopt by its very version."""
    used = re.findall(r"uses: (\S+)(.*)", actions)
    assert len(used) == 4
    for name, comment in used:
        assert re.fullmatch(r"(https://github\.com/)?actions/[a-z-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    assert actions.count(f'pip install "fnopt=={__version__}"') == 2


def test_pull_requests_get_nothing(actions: str) -> None:
    """Their job only reads and knows no secret; the other never runs for them."""
    found = parsed(actions)
    review, learn = found["jobs"]["review"], found["jobs"]["learn"]
    assert set(found["jobs"]) == {"review", "learn"}
    assert found["permissions"] == {"contents": "read"}
    assert "permissions" not in review
    assert "secrets." not in json.dumps(review)
    assert review["if"] == "github.event_name == 'pull_request'"
    assert learn["if"] == "github.event_name != 'pull_request'"
    assert learn["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert learn["concurrency"] == {"group": "fnopt-learn", "cancel-in-progress": False}
    assert "pull_request_target" not in actions
    assert "${{ secrets.OPENAI_API_KEY }}" in json.dumps(learn)


def test_no_line_of_shell_is_made_of_what_others_wrote(actions: str) -> None:
    """No expression stands in a script, and git keeps no token; fnopt comes before the files."""
    for job in parsed(actions)["jobs"].values():
        assert not [step["run"] for step in job["steps"] if "${{" in step.get("run", "")]
        (checkout,) = [one for one in job["steps"] if "checkout@" in one.get("uses", "")]
        assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    said = [str(step) for step in parsed(actions)["jobs"]["review"]["steps"]]
    installs = next(at for at, one in enumerate(said) if "pip install" in one)
    assert installs < next(at for at, one in enumerate(said) if "checkout@" in one)


def test_a_token_is_given_where_it_is_needed_alone(actions: str) -> None:
    """To the steps that speak to the forge, under the name that fnopt looks for."""
    found = parsed(actions)["jobs"]["learn"]
    assert "env" not in found
    token = "GITEA_TOKEN" if "https://github.com/actions" in actions else "GITHUB_TOKEN"
    with_token = [one["run"] for one in found["steps"] if token in one.get("env", {})]
    assert ["fnopt step" in with_token[0], with_token[1]] == [True, "fnopt pr"]
    assert len(with_token) == 2


def test_merge_requests_run_with_nothing(pipeline: dict[str, Any]) -> None:
    """The job that learns is for the schedule on the default branch, and one at a time."""
    jobs = {name: job for name, job in pipeline.items() if not name.startswith(".")}
    assert set(jobs) == {"fnopt:check", "fnopt:verify", "fnopt:learn"}
    asks = {name: [rule["if"] for rule in job["rules"]] for name, job in jobs.items()}
    assert asks["fnopt:verify"] == ['$CI_PIPELINE_SOURCE == "merge_request_event"']
    assert not any("merge_request" in one for one in asks["fnopt:learn"])
    assert all("schedule" in one and "DEFAULT_BRANCH" in one for one in asks["fnopt:learn"])
    assert jobs["fnopt:learn"]["resource_group"]
    assert not [one for one in ("fnopt:check", "fnopt:verify") if "TOKEN" in str(jobs[one])]
    reports = jobs["fnopt:check"]["artifacts"]
    path = "gl-code-quality-report.json"
    assert reports == {"when": "always", "reports": {"codequality": path}}
    assert pipeline[".fnopt"]["variables"]["GIT_DEPTH"] == "0"
    assert pipeline[".fnopt"]["before_script"] == [f'pip install "fnopt=={__version__}"']


def test_other_jobs_are_left_alone(pipeline: dict[str, Any]) -> None:
    """Included into a pipeline, it sets nothing for the jobs that are there."""
    assert {"default", "stages", "variables", "workflow", "image"}.isdisjoint(pipeline)


# -- what they do


@dataclass(frozen=True)
class Runner:
    """Runs the lines of a job in a clone, as a CI runner does."""

    clone: Path
    variables: Mapping[str, str]

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """One step's shell."""
        path = f"{self.clone.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        source = os.pathsep.join(one for one in sys.path if one)
        env = {**os.environ, "PATH": path, "PYTHONPATH": source, "CI": "true", **self.variables}
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        return subprocess.run(
            command, cwd=self.clone, env=env, capture_output=True, text=True, check=False
        )


def runner(remote: Path, name: str, ref: str, **variables: str) -> Runner:
    """A fresh clone of all branches with a commit checked out, and fnopt on the PATH."""
    clone = remote.parent / name
    run_git(remote.parent, "clone", "-q", str(remote), name)
    run_git(clone, "checkout", "-q", *(["--detach"] if ref.startswith("origin/") else []), ref)
    program = remote.parent / "bin" / "fnopt"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\nfrom fnopt.cli.main import main\nmain()\n")
    program.chmod(0o755)
    return Runner(clone, variables)


def lines(job: Mapping[str, Any], word: str) -> str:
    """The step of a job for Actions that holds a word."""
    (found,) = [step["run"] for step in job["steps"] if word in step.get("run", "")]
    return str(found)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository: ``topic`` has a fault of its own, ``main`` an old one and, since topic
    began, a new one; ``merge`` is main as it was then with topic, as GitHub makes it."""
    work = tmp_path / "work"
    work.mkdir()
    run_git(work, "init", "-q", "-b", "main")
    for branch, file in (("main", "old"), ("topic", "new"), ("main", "later")):
        run_git(work, "switch", "-q", *(["-C"] if file != "later" else []), branch)
        if file == "later":
            run_git(work, "checkout", "-qb", "merge")
            run_git(work, "merge", "-q", "--no-ff", "-m", "merge", "topic")
            run_git(work, "checkout", "-q", "main")
        code = NAKED.replace(b"bare", file.encode()).replace(b"return x", BODIES[file])
        write(work, {f"functions/{file}.py": code})
        run_git(work, "add", ".")
        run_git(work, "commit", "-qm", file)
    run_git(tmp_path, "clone", "-q", "--bare", "work", "remote.git")
    return tmp_path / "remote.git"


@pytest.mark.parametrize("head", ["origin/merge", "origin/topic"])
def test_a_pull_request_is_checked_against_its_base(remote: Path, actions: str, head: str) -> None:
    """Checked out as a merge (GitHub) or as it is (Gitea), while the base went on: its own faults
    alone, as annotations, and the step fails."""
    check = lines(parsed(actions)["jobs"]["review"], "fnopt check")
    there = runner(remote, "clone", head, GITHUB_ACTIONS="true", GITHUB_BASE_REF="main")
    done = there.run(check)
    assert done.returncode == 3, done.stderr
    assert {line.split(",")[0] for line in done.stdout.splitlines()} == {
        "::error file=functions/new.py"
    }
    write(there.clone, {"functions/new.py": GOOD.replace(b"count(", b"new(", 1)})
    assert there.run(check).returncode == 0


def test_a_merge_request_has_a_report(remote: Path, pipeline: dict[str, Any]) -> None:
    """The job fails with the faults in its log; the report is there all the same, and that of the
    default branch, which it is compared with, is empty."""
    script = "\n".join(pipeline["fnopt:check"]["script"])
    base = run_git(remote, "merge-base", "main", "topic")
    there = runner(remote, "clone", "origin/topic", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    done = there.run(script)
    assert done.returncode == 3, done.stderr
    assert "functions/new.py:1: error annotations" in done.stdout
    report = json.loads((there.clone / "gl-code-quality-report.json").read_text())
    assert {one["location"]["path"] for one in report} == {"functions/new.py"}
    there = runner(remote, "pushed", "origin/main")
    assert there.run(script).returncode == 0
    assert json.loads((there.clone / "gl-code-quality-report.json").read_text()) == []


def test_the_evidence_is_fetched(remote: Path, actions: str, pipeline: dict[str, Any]) -> None:
    """Onto the references that it has at the remote, whether there is any or not."""
    jobs = parsed(actions)["jobs"]
    scripts = [lines(jobs["review"], "fetch"), pipeline["fnopt:verify"]["script"][0]]
    for number, expected in enumerate(["", "refs/fnopt/runs/r"]):
        for script in scripts:
            name = f"clone-{number}-{scripts.index(script)}"
            there = runner(remote, name, "origin/main", TOKEN="a-token")
            done = there.run(script)
            assert done.returncode == 0, done.stderr
            refs = run_git(there.clone, "for-each-ref", "--format=%(refname)", "refs/fnopt")
            assert refs == expected
        run_git(remote, "update-ref", "refs/fnopt/runs/r", "main")


def test_git_has_the_token_for_the_fetch_alone(remote: Path, actions: str) -> None:
    """It is asked for when it is needed, and stands in no file and in no argument."""
    for job in parsed(actions)["jobs"].values():
        script = lines(job, "fetch origin")
        asked = script.partition("fetch origin")[0] + "credential fill"
        there = runner(remote, f"clone-{job['timeout-minutes']}", "origin/main", TOKEN="a-token")
        done = there.run(f"printf 'protocol=https\\nhost=github.com\\n\\n' | {asked}")
        assert {"username=x-access-token", "password=a-token"} <= set(done.stdout.splitlines())
        assert there.run(script).returncode == 0
        assert "a-token" not in (there.clone / ".git" / "config").read_text()


@pytest.mark.parametrize(
    "kind", [one if one == "github" else pytest.param(one, marks=pytest.mark.slow) for one in PATHS]
)
def test_every_night_goes_on_with_the_run(
    tmp_path: Path, server: ScriptedServer, fnopt: Fnopt, kind: str
) -> None:
    """In a fresh clone, with what was paid for; a night in which nothing is kept is none that
    failed, and one without an endpoint is."""
    text = parsed(scaffolded(tmp_path, fnopt, kind))
    if kind == "gitlab":
        script, after = "\n".join(text["fnopt:learn"]["script"]), ""
        verify = "\n".join(text["fnopt:verify"]["script"])
    else:
        job, review = text["jobs"]["learn"], text["jobs"]["review"]
        script = f"{lines(job, 'fetch origin')}\n{lines(job, 'fnopt step')}"
        after = lines(job, "fnopt pr")
        verify = f"{lines(review, 'fetch origin')}\n{lines(review, 'fnopt verify')}"
    scripted_repository(tmp_path / "tools")
    run_git(tmp_path, "clone", "-q", "--bare", "tools", "remote.git")
    remote = tmp_path / "remote.git"
    variables = {
        "CI_COMMIT_BRANCH": "main",
        "CI_PROJECT_URL": str(remote).removesuffix(".git"),
        "CI_SERVER_HOST": "gitlab.example.org",
        "TOKEN": "a-token",
    }
    asked = []
    for night in ("first", "second"):
        server.requests.clear()
        there = runner(remote, night, "main", **variables)
        done = there.run(script)
        assert done.returncode == 0, done.stderr
        asked.append(len(server.requests))
        done = there.run(after)
        assert done.returncode == 0, done.stderr
    branches = run_git(remote, "for-each-ref", "--format=%(refname)", "refs/heads/fnopt")
    assert branches == "refs/heads/fnopt/run-1"
    subjects = run_git(remote, "log", "--format=%s", "main..fnopt/run-1").splitlines()
    assert subjects[-2:] == [subjects[-2], "feat(functions): add count_letter"]
    assert subjects[0].startswith("Revert")
    assert asked[1] < asked[0]
    base = run_git(remote, "rev-parse", "main")
    given = {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "TOKEN": "a-token"}
    checked = runner(remote, "checked", "origin/fnopt/run-1", **given).run(verify)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "every figure follows" in checked.stdout + checked.stderr
    there = runner(remote, "third", "main", **variables, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert there.run(script).returncode == 1
