"""The program that forks a child for each call: one request in, one exit status out.

Run by path, never imported by fnopt. It runs no learned code itself: the forked child shuts itself
in (:mod:`landlock`, :mod:`filter`), loads the library and makes the call as ``child.py`` does.

Frames on the control socket (its descriptor is the first argument) are four bytes of length,
big-endian, then JSON. First the terms come in and ``{"ready": …}`` goes out; then for each call a
folder and a library, with the descriptors of the request, of the reply, of standard output and
error (and of the broker) sent along, and ``{"status": …}`` goes out when the child is gone. Any
frame in between means: kill it.
"""

from __future__ import annotations

import _socket
import array
import fcntl
import gc
import importlib.util
import json
import os
import select
import signal
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LOOK = 50  # ms between two looks at what a call has written
DISK = 64 * 1024**2  # bytes of all files that a call may have at once
ENTRIES = 4096  # files and folders that a call may have at once
REPLY, BROKER = 3, 4  # descriptors of a child beside the standard ones
SHUT = 70  # exit code of a child that could not shut itself in


def _load(name: str) -> ModuleType:
    path = os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120
    spec = importlib.util.spec_from_file_location(f"_sandbox_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


child, landlock, bpf, syscalls = (_load(n) for n in ("child", "landlock", "filter", "syscalls"))


class Gone(Exception):
    """The parent closed the control socket."""


class Control:
    """The control socket: whole frames in and out, with descriptors."""

    def __init__(self, descriptor: int) -> None:
        self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=descriptor)

    def send(self, value: Mapping[str, Any]) -> None:
        """A frame to the parent."""
        data = json.dumps(value).encode()
        self.socket.sendall(len(data).to_bytes(4, "big") + data)

    def receive(self) -> tuple[Any, list[int]]:
        """A frame and its descriptors. Raises :class:`Gone` at the end."""
        room = _socket.CMSG_SPACE(8 * array.array("i").itemsize)
        head, ancillary, _, _ = self.socket.recvmsg(4, room)
        passed = array.array("i")
        for level, kind, data in ancillary:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                passed.frombytes(data[: len(data) - len(data) % passed.itemsize])
        head += self._exactly(4 - len(head))
        return json.loads(self._exactly(int.from_bytes(head, "big"))), list(passed)

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self.socket.recv(min(size - len(data), 1 << 20))
            if not chunk:
                raise Gone
            data += chunk
        return bytes(data)


def prepare(terms: Mapping[str, Any]) -> list[str]:
    """Import what learned code may import, so that no call waits for it; what could not be."""
    sys.path = [path for path in sys.path if path and path != os.path.dirname(__file__)]  # noqa: PTH120
    sys.path += terms["paths"]
    sys.argv = [""]
    sys.set_int_max_str_digits(0)
    for name in ("arguments", "values", "hints"):
        child.sibling(name)
    child.sibling("reach").install()
    failed = []
    for name in terms["preload"]:
        try:
            __import__(name)
        except BaseException as error:  # noqa: BLE001 - a package may do anything when imported
            failed.append(f"{name}: {type(error).__name__}: {error}"[:300])
    return failed


class Library:
    """The files of the last call: text only, none of it is run here."""

    def __init__(self) -> None:
        self.digest = ""
        self.files: dict[str, bytes] = {}
        self.finder = child.LibraryFinder({})

    def take(self, digest: str, files: Mapping[str, str] | None) -> None:
        """Those that came with a call; None stands for those of the call before."""
        if files is not None:
            for path in self.files:
                child.linecache.cache.pop(path, None)
            self.files = child.encoded(files)
            self.finder = child.LibraryFinder(self.files)
            self.digest = digest
        assert self.digest == digest, "BUG: the library was not sent"


def begin(
    terms: Mapping[str, Any],
    library: Library,
    passed: list[int],
) -> None:
    """In the forked child: read the request, shut it in, and make the call. It does not return.

    The request is read here and never by the zygote: what it holds would stay in the memory that
    later children share.

    What is shut in makes no processes, so that to kill it is to kill all of it.
    """
    landlock.die_with_parent(signal.SIGKILL)
    asked, reply, out, err, *broker = passed
    with open(asked, "rb", closefd=False) as file:
        request = json.load(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 16) for number in (out, err, reply, *broker)]
    for number, target in zip(high, (1, 2, REPLY, BROKER), strict=False):
        os.dup2(number, target, inheritable=target < REPLY)
    os.closerange(REPLY + 1 + len(broker), 1 << 20)
    folder = request["folder"]
    os.chdir(folder)
    os.environ.update({"HOME": folder, "TMPDIR": folder, **request["env"]})
    for name, target in request["links"]:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)  # noqa: PTH103, PTH120
        os.symlink(target, name)  # noqa: PTH211
    child.limit(terms["limits"])
    if terms["tier"]:
        given = [*terms["rules"], *request["rules"], (folder, "own")]
        rules = [(path, landlock.RIGHTS[rights]) for path, rights in given]
        landlock.restrict(terms["landlock"], rules)
        landlock.powerless()
        machine = os.uname().machine
        landlock.filtered(bpf.program(syscalls, machine, os.getpid()))
    sys.meta_path.insert(0, library.finder)
    if broker:
        child.sibling("reach").open_to(BROKER)
    child.serve({**request, "confined": terms["tier"]}, library.files, REPLY)


def fills(folder: str, process: int) -> bool:
    """Whether the files of a child are too large or too many, or cannot be counted."""
    total, count = size(folder)
    total += unlinked(process)
    return total > DISK or count > ENTRIES


def unlinked(process: int) -> int:
    """Bytes on disk of files that have no name any more and are open."""
    total = 0
    try:
        with os.scandir(f"/proc/{process}/fd") as found:
            for entry in found:
                state = entry.stat()
                total += state.st_blocks * 512 if not state.st_nlink else 0
    except OSError:  # it is gone, or there is no /proc: there the whole folder is of limited size
        return total
    return total


def size(folder: str) -> tuple[int, int]:
    """Bytes on disk and entries below a folder, counted no further than both limits."""
    total = count = 0
    pending = [folder]
    while pending and total <= DISK and count <= ENTRIES:
        try:
            with os.scandir(pending.pop()) as found:
                for entry in found:
                    count += 1
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    if count > ENTRIES:
                        break
        except FileNotFoundError:
            continue
        except OSError:  # too deep, or shut: it is meant not to be counted
            return DISK + 1, count
    return total, count


def watch(control: Control, process: int, folder: str) -> dict[str, Any]:
    """Wait until the child is gone, or kill it when told to or when it fills the disk."""
    descriptor = os.pidfd_open(process)
    why, told = None, True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.register(control.socket.fileno(), select.POLLIN)
    try:
        while not (ready := [number for number, _ in poll.poll(LOOK)]) or descriptor not in ready:
            if ready and told:
                poll.unregister(control.socket.fileno())
                told = False
                os.kill(process, signal.SIGKILL)
                control.receive()
            if why is None and fills(folder, process):
                why = "disk"
                os.kill(process, signal.SIGKILL)
    except Gone:
        os._exit(0)
    finally:
        os.close(descriptor)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return {"status": status, "why": why}


def cleared(folder: str) -> bool:
    """Remove what a call left on the worker's own disk; False where it goes with the worker."""
    try:
        os.rmdir(folder)  # noqa: PTH106
    except OSError:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
    return not os.path.exists(folder)  # noqa: PTH110


def main() -> None:
    """Serve calls until the parent goes."""
    control = Control(int(sys.argv[1]))
    library = Library()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the parent
    try:
        terms, _ = control.receive()
        terms["landlock"] = landlock.version()
        failed = prepare(terms)
        bpf.program(syscalls, os.uname().machine, 0)
        gc.freeze()  # no collection in a child touches, and so copies, what is shared
        control.send({"failed": failed, "landlock": terms["landlock"], "python": sys.version})
        while True:
            request, passed = control.receive()
            if "folder" not in request:
                continue  # it was told to kill a child that had just gone
            library.take(request["library"], request["files"])
            if terms["own_disk"]:
                os.mkdir(request["folder"])  # noqa: PTH102
            process = os.fork()
            if process == 0:
                try:
                    begin(terms, library, passed)
                except BaseException as error:  # noqa: BLE001
                    os.write(2, f"{type(error).__name__}: {error}".encode())
                finally:
                    os._exit(SHUT)
            for number in passed:
                os.close(number)
            said = watch(control, process, request["folder"])
            spent = terms["own_disk"] and not cleared(request["folder"])
            control.send({**said, "spent": spent})
    except (Gone, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
