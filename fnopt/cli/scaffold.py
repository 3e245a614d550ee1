"""What `fnopt init` writes into a repository: never over anything, never outside of it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fnopt import __version__
from fnopt.cli import ci as forges
from fnopt.cli.ci import CI
from fnopt.config import FILE, Config
from fnopt.errors import UsageError
from fnopt.library.layout import SUFFIX, Layout
from fnopt.prose import Prose
from fnopt.tasks import formats, gym, pytest_tasks
from fnopt.tasks.division import divide


@dataclass(frozen=True)
class File:
    """One file or folder, relative to the root, and whether it was ``created`` or ``kept``."""

    path: str
    state: str


def task_source(root: Path, folder: Path, given: str) -> str:
    """What ``tasks.source`` must say for the tasks that a person named from ``folder``.

    Raises UsageError when they cannot be read, lie outside the repository, or are too few to be
    divided.
    """
    if given.startswith(f"{gym.PREFIX}:"):
        gym.parse(given)
        return _sayable(given)
    if given.startswith(f"{pytest_tasks.PREFIX}:"):
        pytest_tasks.parse(root, given)
        return _sayable(given)
    name, file = formats.divided(given)
    path = (folder / file).resolve()
    tasks = formats.read_file(path, file, name)
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f"{given} lies outside the repository", "copy it into the folder tasks/")
    missing = {name for name, part in divide(tasks).items() if not part}
    if missing:
        raise UsageError(
            f"{given}: {len(tasks)} tasks are too few to be divided: none would be in "
            f"{', '.join(sorted(missing))}",
            "add tasks; 100 or more are good",
        )
    within = path.relative_to(root.resolve()).as_posix()
    return _sayable(f"{name}:{within}" if name else within)


def scaffold(root: Path, config: Config, source: str | None, prose: Prose, ci: CI) -> list[File]:
    """Write what is missing. ``source`` is for a new configuration. Raises UsageError."""
    place = configured_in(root)
    functions = config.library.functions
    source = config.tasks.source if place else source
    made = [
        File(place, "kept") if place else _write(root, FILE, _config(prose, functions, source)),
        *_home(root, Layout.of(functions)),
    ]
    if source is None and config.tasks.source is None:
        made.append(_folder(root, "tasks", "README.md", prose.render("scaffold-tasks.md")))
    return [*made, *_ci(root, ci, prose, _requirement(config, source))]


def _ci(root: Path, ci: CI, prose: Prose, requirement: str) -> list[File]:
    """The workflow; for GitLab a file that the one which people have includes."""
    if ci == "none":
        return []
    if ci == "gitlab":
        text = prose.render("scaffold-gitlab-ci.yml", requirement=requirement)
        jobs = _write(root, forges.GITLAB, text)
        return [jobs, _write(root, forges.GITLAB_ROOT, forges.INCLUDE)]
    known = {"requirement": requirement, "forge": forges.WORKFLOWS[ci]}
    text = prose.render("scaffold-workflow.yml", **known)
    return [_write(root, forges.workflow_path(root, ci), text)]


def configured_in(root: Path) -> str | None:
    """The file that holds a configuration already, or None."""
    if (root / FILE).exists():
        return FILE
    path = root / "pyproject.toml"
    if not path.is_file():
        return None
    tool = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("tool")
    return path.name if isinstance(tool, Mapping) and "fnopt" in tool else None


def _config(prose: Prose, functions: str | tuple[str, ...], source: str | None) -> str:
    values = {
        "functions": json.dumps(functions, ensure_ascii=False),
        "source": _toml(source) if source else None,
    }
    return prose.render("scaffold-fnopt.toml", **values)


def _requirement(config: Config, source: str | None) -> str:
    """What CI installs: this very version, with the extras that are needed."""
    tasks = config.tasks
    sources = (source, tasks.train, tasks.val, tasks.test)
    wanted = {
        "gym": any(one and one.startswith(f"{gym.PREFIX}:") for one in sources),
        "local": "local" in (config.agent.model, config.optimizer.model),
        "math": tasks.scorer == "math" or (tasks.scorer is None and _is_math(sources)),
    }
    extras = ",".join(name for name, needed in wanted.items() if needed)
    return f"fnopt[{extras}]=={__version__}" if extras else f"fnopt=={__version__}"


def _is_math(sources: Iterable[str | None]) -> bool:
    """Whether a source says that its tasks are MATH's; what a file holds is not looked at here."""
    return any(one and formats.divided(one)[0] == "math" for one in sources)


def _home(root: Path, layout: Layout) -> list[File]:
    """Where new functions go, if the configuration names it: a folder, or one module."""
    home = layout.home()
    if not home:
        return []
    return [
        _write(root, home, "") if home.endswith(SUFFIX) else _folder(root, home, ".gitkeep", "")
    ]


def _folder(root: Path, folder: str, file: str, text: str) -> File:
    """A folder with its first file; one that is there stays as it is."""
    if (root / folder).exists():
        return File(f"{folder}/", "kept")
    return _write(root, f"{folder}/{file}", text)


def _write(root: Path, path: str, text: str) -> File:
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(root.resolve()):
            raise UsageError(f"{path} would lie outside the repository", "see its symbolic links")
        with target.open("x", encoding="utf-8") as file:  # x: what is there stays
            file.write(f"{text}\n" if text else "")
    except FileExistsError:
        return File(path, "kept")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "see what is there"
        ) from None
    return File(path, "created")


def _sayable(text: str) -> str:
    if not text.isprintable():
        raise UsageError(f"{text!r} holds characters that no configuration can", "rename the file")
    return text


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # of printable text, JSON's string is TOML's
