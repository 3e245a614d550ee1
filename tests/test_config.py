"""The configuration: files, variables, and every kind of mistake in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fnopt.config import Config, known_keys, load, parse, variable
from fnopt.errors import UsageError


def write(root: Path, text: str, name: str = "fnopt.toml") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root


def test_no_file_means_defaults(tmp_path: Path) -> None:
    """Without a file every key has its default."""
    assert load(tmp_path, {}) == Config()


def test_a_whole_file(tmp_path: Path) -> None:
    """Keys are read with their types; numbers may be written without a fraction."""
    text = """
        [library]
        packages = ["numpy", "sympy"]
        [agent]
        model = "local"
        concurrency = 2
        temperature = 0
        [gate]
        confidence = 0.9
        [stop]
        max_cost = 5
    """
    config = load(write(tmp_path, text), {})
    assert config.library.packages == ("numpy", "sympy")
    assert (config.agent.model, config.agent.concurrency) == ("local", 2)
    assert config.agent.temperature == 0.0
    assert (config.gate.confidence, config.stop.max_cost) == (0.9, 5.0)


def test_pyproject_has_its_own_table(tmp_path: Path) -> None:
    """[tool.fnopt] counts where there is no fnopt.toml; else the latter alone."""
    write(tmp_path, "[tool.fnopt.agent]\nmodel = 'p'\n", "pyproject.toml")
    assert load(tmp_path, {}).agent.model == "p"
    write(tmp_path, "[stop]\npatience = 2\n")
    assert load(tmp_path, {}).agent.model == Config().agent.model


@pytest.mark.parametrize("text", ["", "[tool]\n", "[tool.other]\nx = 1\n", "tool = 5\n"])
def test_a_pyproject_without_us(tmp_path: Path, text: str) -> None:
    """Other people's tables are none of our business."""
    assert load(write(tmp_path, text, "pyproject.toml"), {}) == Config()


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    """What Notepad writes is read."""
    (tmp_path / "fnopt.toml").write_bytes(b'\xef\xbb\xbf[agent]\r\nmodel = "x"\r\n')
    assert load(tmp_path, {}).agent.model == "x"


@pytest.mark.parametrize(
    ("text", "wrong", "mend"),
    [
        ("[agent]\nmodle = 'x'", "unknown key agent.modle", "did you mean agent.model?"),
        ("[agents]\nmodel = 'x'", "unknown key agents", "did you mean agent?"),
        ("[optimiser]\nmodel = 'x'", "unknown key optimiser", "did you mean optimizer?"),
        ("[gate]\nconfidance = 1", "unknown key gate.confidance", "did you mean gate.confidence?"),
        ("[agent]\npatience = 1", "unknown key agent.patience", "did you mean stop.patience?"),
        ("patience = 1", "unknown key patience", "did you mean stop.patience?"),
        ("zzz = 1", "unknown key zzz", "known sections: library, tasks"),
        ("[agent.model]\nx = 1", "agent.model: Input should be a valid string", "agent.model"),
        ("agent = 5", "agent: should be a table (it is 5)", "mend fnopt.toml: agent"),
        ("[agent]\ncommand = ['a']", "runs no command", "leave it out, or set agent.kind"),
        ("[agent]\ncommand = 'node a.js'", "agent.command: Input should be", "agent.command"),
        ("[agent]\nkind = 'react'\nversion = '2'", "has no version of yours", "leave agent.vers"),
        ("[agent]\nconcurrency = 'many'", "agent.concurrency: ", "agent.concurrency"),
        ("[agent]\nconcurrency = '8'", "agent.concurrency: ", "agent.concurrency"),
        ("[agent]\nconcurrency = true", "agent.concurrency: ", "agent.concurrency"),
        ("[agent]\nconcurrency = 0", "greater than or equal to 1 (it is 0)", "concurrency"),
        ("[agent]\nmodel = ''", "agent.model: ", "agent.model"),
        ("[agent]\nmodel = 5", "valid string (it is 5)", "agent.model"),
        ("[agent]\ntimeout = inf", "agent.timeout: ", "agent.timeout"),
        ("[agent]\ntimeout = nan", "agent.timeout: ", "agent.timeout"),
        ("[agent]\npython = 1", "agent.python: ", "agent.python"),
        ("[gate]\nconfidence = 0.5", "greater than 0.5", "gate.confidence"),
        ("[gate]\nties = 'maybe'", "'accept' or 'reject' (it is 'maybe')", "gate.ties"),
        ("[gate]\nmargin = 2", "less than or equal to 1", "gate.margin"),
        ("[stop]\nmax_cost = 0", "greater than 0", "stop.max_cost"),
        ("[stop]\nmax_time = 2026-01-01", "stop.max_time: ", "stop.max_time"),
        ("[library]\npackages = 'numpy'", "library.packages: ", "library.packages"),
        ("[library]\npackages = [1]", "library.packages.0: ", "library.packages.0"),
        ("[library]\nfunctions = '../x'", "folder inside the repository", "library.functions"),
        ("[library]\nfunctions = '/x'", "folder inside the repository", "library.functions"),
        ("[library]\nfunctions = '.'", "folder inside the repository", "library.functions"),
        ("[library]\nfunctions = 'C:\\x'", "folder inside the repository", "library.functions"),
        ("[tasks]\nsource = 'a'\ntrain = 'b'", "source divides one file", "tasks"),
        ("[agent\n", "fnopt.toml is not valid TOML", "line"),
        ("a = 1\na = 2\n", "fnopt.toml is not valid TOML", "line"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, text: str, wrong: str, mend: str) -> None:
    """Each says file, key and value, and what to do."""
    with pytest.raises(UsageError) as caught:
        load(write(tmp_path, text), {})
    assert wrong in caught.value.message
    assert "fnopt.toml" in caught.value.message
    assert mend in caught.value.mend
    assert "\n" not in caught.value.message


def test_mistakes_in_pyproject_name_it(tmp_path: Path) -> None:
    """The file that holds the mistake is the file that is named."""
    write(tmp_path, "[tool.fnopt.agent]\nmodle = 'x'\n", "pyproject.toml")
    with pytest.raises(UsageError, match=r"pyproject\.toml \[tool\.fnopt\]: unknown key"):
        load(tmp_path, {})
    write(tmp_path, "[tool]\nfnopt = 3\n", "pyproject.toml")
    with pytest.raises(UsageError, match="is not a table"):
        load(tmp_path, {})


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """UTF-16, as some editors save, is a usage error."""
    (tmp_path / "fnopt.toml").write_bytes("[agent]".encode("utf-16"))
    with pytest.raises(UsageError, match="not valid TOML"):
        load(tmp_path, {})


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """Permissions are an error with a mend."""
    (write(tmp_path, "") / "fnopt.toml").chmod(0)
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path, {})


@pytest.mark.parametrize("written", ["lib/tools", "lib/tools/", "./lib/tools", "lib\\\\tools"])
def test_the_functions_folder_has_one_spelling(tmp_path: Path, written: str) -> None:
    """However it is written, paths in git can be put together with it."""
    config = load(write(tmp_path, f'[library]\nfunctions = "{written}"'), {})
    assert config.library.functions == "lib/tools"


def test_variables_win(tmp_path: Path) -> None:
    """Text, numbers, switches and lists come from the environment with their types."""
    write(tmp_path, "[agent]\nmodel = 'file'\nconcurrency = 3\n[library]\npackages = ['x']\n")
    config = load(
        tmp_path,
        {
            "FNOPT_AGENT_MODEL": "5",
            "FNOPT_AGENT_PYTHON": "true",
            "FNOPT_AGENT_MAX_TOKENS": "100",
            "FNOPT_AGENT_TEMPERATURE": "0.5",
            "FNOPT_GATE_TIES": "reject",
            "FNOPT_LIBRARY_PACKAGES": "a, b,",
            "FNOPT_STOP_MAX_COST": " 2.5 ",
        },
    )
    assert (config.agent.model, config.agent.concurrency) == ("5", 3)
    assert config.agent.python is True
    assert (config.agent.max_tokens, config.agent.temperature) == (100, 0.5)
    assert config.gate.ties == "reject"
    assert config.library.packages == ("a", "b")
    assert config.stop.max_cost == 2.5


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """CI sets variables that nobody filled in to nothing."""
    write(tmp_path, "[stop]\nmax_cost = 1.0\n[library]\nlocked = ['a']\n")
    environ = {"FNOPT_STOP_MAX_COST": "", "FNOPT_LIBRARY_LOCKED": " "}
    config = load(tmp_path, environ)
    assert (config.stop.max_cost, config.library.locked) == (1.0, ("a",))


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("FNOPT_AGENT_MODLE", "x", "did you mean FNOPT_AGENT_MODEL?"),
        ("FNOPT_STOP_ZZZZZZZ", "x", "unset FNOPT_STOP_ZZZZZZZ"),
        ("FNOPT_AGENT_CONCURRENCY", "many", "FNOPT_AGENT_CONCURRENCY"),
        ("FNOPT_AGENT_CONCURRENCY", "0", "FNOPT_AGENT_CONCURRENCY"),
        ("FNOPT_AGENT_PYTHON", "perhaps", "FNOPT_AGENT_PYTHON"),
        ("FNOPT_GATE_TIES", "maybe", "FNOPT_GATE_TIES"),
        ("FNOPT_STOP_MAX_COST", "nan", "FNOPT_STOP_MAX_COST"),
    ],
)
def test_mistakes_in_variables(tmp_path: Path, name: str, value: str, mend: str) -> None:
    """The variable is named, not the file, which is innocent."""
    with pytest.raises(UsageError, match=name) as caught:
        load(write(tmp_path, "[agent]\nconcurrency = 2\n"), {name: value})
    assert mend in caught.value.mend
    assert "fnopt.toml" not in caught.value.message


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    """Only FNOPT_SECTION_… belongs to the configuration."""
    assert load(tmp_path, {"FNOPT_CACHE": "x", "FNOPTX": "y", "PATH": ":"}) == Config()


def test_every_key_has_a_variable() -> None:
    """No two keys share one."""
    assert "agent.model" in known_keys()
    assert variable("agent.base_url") == "FNOPT_AGENT_BASE_URL"
    assert len({variable(key) for key in known_keys()}) == len(known_keys())


def test_a_parsed_document() -> None:
    """parse() takes what tomllib gives, and names the file it is told."""
    assert parse({"stop": {"patience": 1}}).stop.patience == 1
    with pytest.raises(UsageError, match=r"^mine\.toml: unknown key x"):
        parse({"x": 1}, "mine.toml")
