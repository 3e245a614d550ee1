"""Where AutoGen's AgentOptimizer runs its functions, and fnopt its own: defects 1, 9 and 13."""

from __future__ import annotations

import subprocess

import pytest
from rivals.scene import AGENT, DOUBLE, TRIPLE, Stage, add, function, offered
from rivals.sides import AutoGen, Fnopt
from scripted_server import calls

pytestmark = [pytest.mark.rivals, pytest.mark.timeout(600)]

BRANCH = "fnopt/run-1"
PEEK = function("peek", 'len(os.environ.get("OPENAI_API_KEY", "")) + 0 * number', "import os\n\n\n")
SLEEP = function("sleep", "number + int(time.sleep(number) is not None)", "import time\n\n\n")
LONGER = 11  # seconds: more than fnopt grants a call by default


def test_01_two_functions_run_as_themselves(stage: Stage, autogen: AutoGen, fnopt: Fnopt) -> None:
    """One reply adds two functions: AutoGen's first name runs the second; each of ours its own."""
    reply = calls(add("double", DOUBLE), add("triple", TRIPLE))
    stage.begin(reply)
    told = autogen.run("calls", calls=[["double", {"number": 7}], ["triple", {"number": 7}]])
    assert told["names"] == ["double", "triple"]
    for one in told["calls"]:
        assert one["result"] == "Result of triple function execution:\n21\n"

    stage.begin(reply)
    fnopt.configure("max_actions = 3")
    step = fnopt.step()
    assert (step["verdict"], step["function"], step["score"]) == ("kept", "double, triple", 1.0)
    for name, result in (("double", 14), ("triple", 21)):
        code, told = fnopt("call", f"{name}@{BRANCH}", '{"number": 7}')
        assert (code, told["result"]) == (0, result)


def test_09_packages_are_had_or_the_edit_is_refused(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """Packages with a comma are no requirement: AutoGen's pip fails, unsaid, and so does the
    function when it is called; ours is refused before a trial, by the package's name."""
    packages = "sympy, numpy"
    needs = function("triple", "int(sympy.Integer(3) * number)", "import sympy\n\n\n")
    idle = calls(add("double", DOUBLE, packages))
    wants = calls(add("triple", needs, packages))
    pip = [str(autogen.python), "-m", "pip", "install", packages]
    failed = subprocess.run(pip, env=autogen.environment, capture_output=True, text=True)
    assert failed.returncode != 0
    assert "Invalid requirement" in failed.stderr
    stage.begin(idle)
    (one,) = autogen.run("calls", calls=[["double", {"number": 7}]])["calls"]
    assert one["result"].startswith(f"Installing package: {packages}\n")
    assert one["result"].endswith("\n14\n")  # the exit code of pip made no difference
    stage.begin(wants)
    (one,) = autogen.run("calls", "second", calls=[["triple", {"number": 7}]])["calls"]
    assert "No module named 'sympy'" in one["error"]

    stage.begin(idle)
    assert fnopt.step()["verdict"] == "kept"
    stage.begin(wants)
    step = fnopt.step()
    assert step["verdict"] == "refused"
    assert "sympy" in step["reason"]
    assert not [request for request in stage.asked(AGENT) if "triple" in offered(request)]


def test_13_functions_run_apart_from_keys_and_in_time(
    stage: Stage, autogen: AutoGen, fnopt: Fnopt
) -> None:
    """AutoGen runs them natively in any container: with the key, for up to 600 s; else in an image
    by its tag alone. Ours see no key, end after 10 s, and need no image."""
    stage.begin(calls(add("peek", PEEK)))
    told = autogen.run("calls", calls=[["peek", {"number": 1}]])
    assert told["calls"][0]["result"].endswith(f"\n{len('a-key')}\n")
    assert told["limit"] == 600  # seconds; execute_func gives no other
    assert "use_docker" in told["constants"]
    assert "timeout" not in told["constants"]
    (image,) = [one for one in told["constants"] if "/" in one and "\n" not in one]
    assert ":" in image
    assert "@sha256:" not in image
    stage.begin(calls(add("sleep", SLEEP)))
    (slept,) = autogen.run("calls", "second", calls=[["sleep", {"number": LONGER}]])["calls"]
    assert slept["result"].endswith(f"\n{LONGER}\n")

    for name, code in (("peek", PEEK), ("sleep", SLEEP)):
        (fnopt.folder / f"functions/{name}.py").write_text(code)
    code, seen = fnopt("call", "peek", '{"number": 1}')
    assert (code, seen["result"]) == (0, 0)
    code, late = fnopt("call", "sleep", f'{{"number": {LONGER}}}')
    assert (code, late["ok"]) == (1, False)
    assert "10 s" in late["error"]
