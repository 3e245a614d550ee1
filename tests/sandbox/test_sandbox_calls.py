"""Calls in every tier that the machine has, on real child interpreters."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnopt.errors import SandboxError, UsageError
from fnopt.sandbox import TIERS, Outcome, Sandbox, sandbox


def tier(name: str, timeout: float) -> Sandbox:
    """The sandbox, or a skip with the reason where this machine does not give it."""
    try:
        return sandbox(name, timeout)
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=TIERS)
def box(request: pytest.FixtureRequest) -> Sandbox:
    return tier(request.param, 20.0)


@pytest.fixture(scope="module", params=TIERS)
def hasty(request: pytest.FixtureRequest) -> Sandbox:
    return tier(request.param, 2.0)


def ask(box: Sandbox, source: str, **arguments: object) -> Outcome:
    """Call ``f`` of a library of one module."""
    return box.call({"functions/one.py": source.encode()}, "functions.one", "f", arguments)


def test_returns_the_result(box: Sandbox) -> None:
    """A call gives the function's value and a duration."""
    outcome = ask(box, "def f(a: int, b: int) -> int:\n    return a + b\n", a=2, b=3)
    assert (outcome.ok, outcome.result, outcome.error, outcome.fault) == (True, 5, None, False)
    assert outcome.seconds > 0


def test_modules_import_each_other(box: Sandbox) -> None:
    """Learned modules import each other by the names that they have in the repo, at any depth."""
    files = {
        "tools/functions/dates.py": b"def year(text):\n    return int(text[:4])\n",
        "tools/functions/deep/ages.py": (
            b"from tools.functions.dates import year\nfrom .. import dates\n"
            b"def f(born):\n    assert dates.year is year\n    return 2000 - year(born)\n"
        ),
    }
    outcome = box.call(files, "tools.functions.deep.ages", "f", {"born": "1990-01-01"})
    assert outcome.result == 10, outcome.error


def test_modules_are_called_without_the_folders_above(box: Sandbox) -> None:
    """Code that runs from ``src`` is found by its names from there, as the same modules."""
    files = {
        "src/app/dates.py": b"class Year(int):\n    pass\n",
        "src/app/ages.py": (
            b"import app.dates\nfrom app import dates as short\nfrom src.app.dates import Year\n"
            b"def f() -> list:\n    from . import dates\n    return [app.dates.Year is Year,"
            b" short is dates, __name__, dates.__spec__.name]\n"
        ),
    }
    outcome = box.call(files, "src.app.ages", "f", {})
    assert outcome.result == [True, True, "src.app.ages", "src.app.dates"], outcome.error


def test_a_shortened_name_is_never_the_standard_librarys(box: Sandbox) -> None:
    """``functions/json.py`` is ``functions.json``; ``json`` stays what it is everywhere."""
    files = {"functions/json.py": b"def f() -> str:\n    import json\n    return json.dumps([1])\n"}
    assert box.call(files, "functions.json", "f", {}).result == "[1]"


def test_library_goes_before_installed_packages(box: Sandbox) -> None:
    """A library folder that is named like an installed package is still the library."""
    files = {"hypothesis/one.py": b"def f():\n    return __file__\n"}
    assert box.call(files, "hypothesis.one", "f", {}).result == "hypothesis/one.py"


def test_exception_is_the_traceback_of_learned_code_alone(box: Sandbox) -> None:
    """The error shows repo file names, source lines and the exception; nothing of the sandbox."""
    source = "import json\n\ndef f(text):\n    return json.loads(text)\n"
    error = ask(box, source, text="{").error or ""
    assert error.startswith("Traceback")
    assert 'File "functions/one.py", line 4, in f\n    return json.loads(text)' in error
    assert "JSONDecodeError" in error
    assert "child.py" not in error and "decoder.py" not in error


def test_syntax_error_names_the_line(box: Sandbox) -> None:
    """A module that does not parse is an error like another."""
    error = ask(box, "def f(:\n    pass\n").error or ""
    assert 'File "functions/one.py", line 1' in error and "SyntaxError" in error


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os._exit(7)", "ended with exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", "killed by signal 40"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("return f()", "RecursionError"),
        ("raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})()", "E"),
        ("raise ValueError('x' * 1_000_000)", "characters left out"),
    ],
)
def test_ways_to_fail(box: Sandbox, body: str, says: str) -> None:
    """However learned code ends, it is an error of bounded size, and no fault of the sandbox."""
    outcome = ask(box, f"def f():\n    {body}\n")
    assert not outcome.ok and not outcome.fault
    assert says in (outcome.error or "") and len(outcome.error or "") < 20_000


def test_unknown_module_and_function(box: Sandbox) -> None:
    """What the library does not hold is an error that says so."""
    files = {"functions/one.py": b"x = 1\n"}
    assert "No module named" in (box.call(files, "functions.two", "f", {}).error or "")
    assert "has no function f" in (box.call(files, "functions.one", "f", {}).error or "")


def test_state_is_fresh_per_call(box: Sandbox) -> None:
    """What a call leaves in a module, in the working folder or in builtins is gone at the next."""
    source = (
        "import builtins, os\nseen = []\ndef f():\n    seen.append(1)\n"
        "    open('left', 'w').close()\n    builtins.left = 1\n"
        "    return [len(seen), os.listdir('.')]\n"
    )
    assert [ask(box, source).result for _ in range(2)] == [[1, ["left"]]] * 2


def test_working_folder_is_removed(box: Sandbox) -> None:
    """The working folder goes, also when it holds a read-only folder and deep nesting."""
    source = (
        "import os\ndef f():\n    home = os.getcwd()\n    os.mkdir('shut', 0o000)\n"
        "    for _ in range(200):\n        os.mkdir('d')\n        os.chdir('d')\n    return home\n"
    )
    outcome = ask(box, source)
    assert outcome.ok, outcome.error
    assert not Path(outcome.result).exists()


def test_environment_is_scrubbed(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child sees no variable of the parent, and neither fnopt nor the parent's folder."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    outcome = ask(box, "import os\ndef f():\n    return dict(os.environ)\n")
    assert set(outcome.result) <= {
        "LANG", "LC_ALL", "LC_CTYPE", "HOME", "TMPDIR", "PYTHONHASHSEED", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "__CF_USER_TEXT_ENCODING", "PWD",
    }  # fmt: skip
    assert outcome.result["HOME"] != str(Path.home())
    assert "No module named" in (ask(box, "import fnopt\ndef f(): pass\n").error or "")


def test_order_of_a_set_is_the_same_in_every_call(box: Sandbox) -> None:
    """Hashing is not salted, so that a function of a set of strings repeats its result."""
    source = "def f():\n    return ' '.join({'a', 'b', 'c', 'd', 'e', 'f'})\n"
    assert len({ask(box, source).result for _ in range(3)}) == 1


def test_time_limit(hasty: Sandbox) -> None:
    """A busy loop ends at the limit, with what it had printed."""
    outcome = ask(hasty, "def f():\n    print('begun', flush=True)\n    while True: pass\n")
    assert (outcome.ok, outcome.limit, outcome.stdout) == (False, "time", "begun\n")
    assert outcome.error == "stopped after the time limit of 2 seconds"
    assert outcome.seconds < 8


def _running(mark: str) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_text():
                yield int(folder.name)
        except OSError:
            continue


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
@pytest.mark.parametrize("ending", ["while True: time.sleep(1)", "return 'done'", "os._exit(0)"])
def test_nothing_remains_running(ending: str) -> None:
    """Deaf to SIGTERM, with a thread, a fork and a child of its own: all of it is killed."""
    mark = f"left-{time.time_ns()}"
    source = (
        "import os, signal, subprocess, sys, threading, time\ndef f():\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        f"    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])\n"
        "    if os.fork() == 0:\n        time.sleep(60)\n"
        f"    {ending}\n"
    )
    outcome = ask(sandbox("process", 2.0), source)
    assert outcome.seconds < 8
    assert outcome.result == ("done" if "done" in ending else None)
    deadline = time.monotonic() + 5  # the kernel takes its time to bury what was killed
    while list(_running(mark)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not list(_running(mark))


def test_a_fork_that_returns_too_does_not_reply_twice() -> None:
    """The copy of the process that also returns from the function is silent."""
    source = "import os, time\ndef f():\n    if os.fork(): time.sleep(0.2)\n    return 1\n"
    assert ask(sandbox("process", 20.0), source).result == 1


@pytest.mark.skipif(os.uname().sysname == "Darwin", reason="macOS has no limit on memory")
@pytest.mark.parametrize(
    "body", ["return len(bytearray(2**32))", "x = []\n    while True: x.append(bytes(10**6))"]
)
def test_memory_limit(body: str) -> None:
    """Too large an allocation, at once or bit by bit, is the memory limit."""
    outcome = ask(sandbox("process", 20.0, 512 * 1024**2), f"def f():\n    {body}\n")
    assert (outcome.ok, outcome.limit, outcome.fault) == (False, "memory", False)
    assert "MemoryError" in (outcome.error or "")


def test_a_sandbox_that_cannot_start_is_a_fault() -> None:
    """Where learned code never began, nothing is said about it."""
    outcome = ask(sandbox("process", 0.001), "def f():\n    return 1\n")
    assert outcome.fault and "did not start" in (outcome.error or "")


def test_file_size_limit(box: Sandbox) -> None:
    """A file grows to 16 MiB and no further."""
    outcome = ask(box, "def f():\n    open('big', 'wb').write(bytes(20 * 2**20))\n")
    assert (outcome.ok, outcome.limit) == (False, "file size")


def test_output_is_captured_apart_and_capped(box: Sandbox) -> None:
    """10 MB of print do not touch the result; 64 KiB are kept and the rest is noted."""
    source = (
        "import sys\ndef f():\n    print('x' * 10_000_000)\n    print('e', file=sys.stderr)\n"
        "    return 1\n"
    )
    outcome = ask(box, source)
    assert (outcome.ok, outcome.result, outcome.stderr) == (True, 1, "e\n")
    assert len(outcome.stdout) < 70_000 and "more bytes dropped" in outcome.stdout


def test_output_below_python_is_captured(box: Sandbox) -> None:
    """Prints of C code and of child processes, where there are any, are captured too."""
    source = (
        "import ctypes, os\ndef f():\n    ctypes.CDLL(None).printf(b'from C\\n')\n"
        "    os.system('echo from a shell')\n    return 1\n"
    )
    outcome = ask(box, source)
    assert outcome.result == 1
    shell = {"from a shell"} if box.tier == "process" else set()
    assert set(outcome.stdout.split("\n")) == {"from C", "", *shell}


def test_result_too_large(box: Sandbox) -> None:
    """A result over 1 MiB of JSON is refused with its size."""
    outcome = ask(box, "def f():\n    return 'x' * 3_000_000\n")
    assert (outcome.ok, outcome.limit, outcome.fault) == (False, "output", False)
    assert "3,000," in (outcome.error or "")


_EVERYWHERE = (
    "import os\ndef f():\n    for fd in range(3, 64):\n        try: os.write(fd, {garbage})\n"
    "        except OSError: pass\n    {ending}\n"
)


@pytest.mark.parametrize(
    "garbage",
    [
        "b'garbage'",
        "b'\\0' * 5",
        "b'\\xff' * 2_000_000",
        "b'\\0\\0\\0\\x02{}'",
        "b'\\0\\0\\0\\x04null'",
    ],
)
@pytest.mark.parametrize("ending", ["return 1", "os._exit(0)"])
def test_garbage_on_every_descriptor_is_an_error_of_the_code(
    box: Sandbox, garbage: str, ending: str
) -> None:
    """What is not exactly one well-formed frame never passes for a result."""
    outcome = ask(box, _EVERYWHERE.format(garbage=garbage, ending=ending))
    assert (outcome.ok, outcome.fault, outcome.limit) == (False, False, "protocol"), outcome


def test_closing_every_descriptor_is_an_error(box: Sandbox) -> None:
    """A child that cannot reply any more is an error, promptly."""
    outcome = ask(box, "import os\ndef f():\n    os.closerange(0, 256)\n    return 1\n")
    assert not outcome.ok and outcome.seconds < 10


def test_many_threads_at_once(box: Sandbox) -> None:
    """Concurrent calls neither mix nor wait for each other's children."""
    source = "import time\ndef f(n: int):\n    print(n)\n    time.sleep(n % 2 / 5)\n    return n\n"
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: ask(box, source, n=n), range(16)))
    assert [(o.result, o.stdout) for o in outcomes] == [(n, f"{n}\n") for n in range(16)]


def test_no_descriptor_is_left_open(box: Sandbox) -> None:
    """The parent has as many descriptors after a call as before."""
    count = len(list(Path("/dev/fd").iterdir()))
    ask(box, "def f():\n    return 1\n")
    assert len(list(Path("/dev/fd").iterdir())) == count


@pytest.mark.parametrize("package", ["numpy", "sympy"])
def test_installed_packages_can_be_imported(box: Sandbox, package: str) -> None:
    """Packages of the interpreter's environment are there, within the memory limit."""
    pytest.importorskip(package)
    outcome = ask(box, f"import {package}\ndef f():\n    return {package}.__name__\n")
    assert outcome.result == package, outcome.error


def test_run_gives_output_and_the_last_expression(box: Sandbox) -> None:
    """``run`` prints like a script and shows its last expression like a prompt."""
    files = {"functions/one.py": b"def double(n):\n    return 2 * n\n"}
    code = "from functions.one import double\nprint('twice')\ndouble(21)"
    assert box.run(files, code).result == "twice\n42"
    assert box.run(files, "x = 1").result == ""
    assert box.run(files, "print('a')\nprint('b')").result == "a\nb"


def test_run_shows_the_failing_line(box: Sandbox) -> None:
    """An error in ``run`` keeps what was printed and shows the line."""
    outcome = box.run({}, "print('so far')\n1 / 0\n")
    assert not outcome.ok and outcome.stdout == "so far\n"
    assert 'File "<code>", line 2' in (outcome.error or "") and "1 / 0" in (outcome.error or "")


def test_wrong_settings() -> None:
    """Unknown tiers and limits without meaning are usage errors."""
    for tier, timeout in (("proces", 1.0), ("process", 0.0), ("process", float("nan"))):
        with pytest.raises(UsageError):
            sandbox(tier, timeout)


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    yield from range(3)\n",
        "async def f():\n    return [0, 1, 2]\n",
        "import asyncio\nasync def f():\n    for n in range(3):\n        await asyncio.sleep(0)\n"
        "        yield n\n",
        "import asyncio\nasync def g(n):\n    return n\n"
        "async def f():\n    return await asyncio.gather(*map(g, range(3)))\n",
    ],
)
def test_functions_of_every_kind(box: Sandbox, code: str) -> None:
    """Coroutines are run, generators are lists."""
    assert ask(box, code).result == [0, 1, 2]
