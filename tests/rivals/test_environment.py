"""The environments of the rivals: made once, whole or not at all, and apart from ours."""

from __future__ import annotations

import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rivals.environment import Unavailable, clean_environment, interpreter

RECORD = "greeting.py,,\ngreeting-1.0.dist-info/METADATA,,\ngreeting-1.0.dist-info/WHEEL,,\n"


@pytest.fixture
def greeting(tmp_path: Path) -> str:
    """A requirement that needs no network: a package that says hello."""
    wheel = tmp_path / "greeting-1.0-py3-none-any.whl"
    members = {
        "greeting.py": "WORD = 'hello'\n",
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        "greeting-1.0.dist-info/RECORD": RECORD,
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return f"greeting @ {wheel.as_uri()}"


def says(python: Path, code: str) -> str:
    """What a line of Python prints there."""
    command = [str(python), "-I", "-c", code]
    environment = clean_environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_two_at_once_get_the_one_whole_environment(greeting: str, tmp_path: Path) -> None:
    """Two callers meet in one environment with the requirement and without fnopt; it stays."""
    folder = tmp_path / "kept"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: interpreter(greeting, folder=folder), range(2))
    assert first == second
    assert says(first, "import greeting; print(greeting.WORD)") == "hello"
    assert says(first, "import importlib.util as u; print(u.find_spec('fnopt'))") == "None"
    (first.parent.parent / "left").touch()
    assert interpreter(greeting, folder=folder) == first
    assert (first.parent.parent / "left").exists()


def test_a_half_environment_is_made_anew(tmp_path: Path) -> None:
    """What a killed process left behind, without the mark of a whole one, is not used."""
    folder = tmp_path / "kept"
    (folder / interpreter(folder=folder).parent.parent.name / "complete.json").unlink()
    (place,) = (path for path in folder.iterdir() if path.is_dir())
    (place / "half").touch()
    assert interpreter(folder=folder).parent.parent == place
    assert not (place / "half").exists()


def test_what_pip_cannot_have_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline the error says what pip lacks, and no environment counts as made."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable, match="no-such-package"):
        interpreter("no-such-package==1.0", folder=tmp_path)
    assert not list(tmp_path.glob("*/complete.json"))
