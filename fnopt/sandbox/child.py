"""The program of the child interpreter: one request in, learned code run, one reply out.

Run by path, never imported by fnopt; it uses only the standard library and its sibling files.
The request comes as JSON on standard input until its end; the reply is one frame (four bytes of
length, big-endian, then JSON) on the descriptor named by the first argument, after one byte that
says that learned code begins. Standard output and standard error belong to the learned code.

Every call waits for this file's imports: they are few, and chosen for what they import in turn.
"""

from __future__ import annotations

import _ast
import contextlib
import errno
import functools
import importlib.machinery
import importlib.util
import json
import linecache
import os
import resource
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import AsyncGeneratorType, CoroutineType, ModuleType

TYPE_CHECKING = False  # that of typing, which takes a tenth of the start to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

CODE = "<code>"  # the file name under which the agent's own code stands in tracebacks
MAX_TEXT = 16 * 1024  # characters of an error, or of the text of a last expression


@functools.cache
def sibling(name: str) -> ModuleType:
    """The file ``name``.py beside this one, as a module of its own."""
    path = os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120
    spec = importlib.util.spec_from_file_location(f"_sandbox_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def limit(limits: Mapping[str, tuple[int, int]]) -> None:
    """Lower this process's resource limits; a kind that the system lacks is passed over."""
    for name, values in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        most = resource.getrlimit(kind)[1]
        soft, hard = (v if most == resource.RLIM_INFINITY else min(v, most) for v in values)
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue


class LibraryFinder:
    """Finds and loads the library's modules from their text, before anything installed.

    ``src/tools/dates.py`` is ``src.tools.dates``; code that was written to run from ``src`` calls
    it ``tools.dates``, which is the same module here.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.short: dict[str, str] = {}
        self.specs: dict[str, importlib.machinery.ModuleSpec | None] = {}
        self.files = {self._module(path): (path, text) for path, text in files.items()}
        parents = {name.rpartition(".")[0] for name in self.files}
        self.folders = {
            parent.rsplit(".", n)[0] for parent in parents for n in range(parent.count(".") + 1)
        }
        for path, text in files.items():
            lines = text.decode("utf-8", "replace").splitlines(keepends=True)
            linecache.cache[path] = (len(text), None, lines, path)

    @staticmethod
    def _module(path: str) -> str:
        return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """A spec for a module of the library or for a folder between; else None."""
        if name not in self.files and name not in self.folders:
            if name.partition(".")[0] == "fnopt":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return self._shortened(name)
        origin = self.files[name][0] if name in self.files else None
        package = name in self.folders or str(origin).endswith("/__init__.py")
        loader: Any = self  # by duck: importlib.abc would cost more than all other imports
        spec = importlib.machinery.ModuleSpec(name, loader, origin=origin, is_package=package)
        spec.has_location = origin is not None
        return spec

    def _shortened(self, name: str) -> importlib.machinery.ModuleSpec | None:
        """A spec for a module that is called without the folders above it; else None."""
        if name.partition(".")[0] in sys.stdlib_module_names:
            return None
        if not self.short:
            for whole in sorted(self.files.keys() | self.folders):
                parts = whole.split(".")
                for start in range(1, len(parts)):
                    self.short.setdefault(".".join(parts[start:]), whole)
        if name not in self.short:
            return None
        loader: Any = self
        package = self.short[name] in self.folders
        return importlib.machinery.ModuleSpec(name, loader, is_package=package)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """The module that a shortened name means; None for others, which are made as usual."""
        if spec.name in self.files or spec.name not in self.short:
            return None
        module = importlib.import_module(self.short[spec.name])
        self.specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's text in its namespace, once, whatever it was called."""
        given = module.__spec__
        if given is not None and given.name in self.specs:
            module.__spec__ = self.specs[given.name]
        elif module.__name__ in self.files:
            path, text = self.files[module.__name__]
            exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)


async def listed(values: Any) -> list[Any]:
    """All that an asynchronous generator gives."""
    return [one async for one in values]


class Refused(Exception):
    """The call cannot be made or its result not be sent; the message is the whole error."""


def call(request: Mapping[str, Any]) -> Any:
    """Call one function of the library; its result as a JSON value."""
    arguments, values = sibling("arguments"), sibling("values")
    module = importlib.import_module(request["module"])
    function = vars(module).get(request["function"])
    if not callable(function):
        raise Refused(f"module {request['module']} has no function {request['function']}")
    signature = arguments.signature_of(function)
    try:
        bound = arguments.bind(request["function"], signature, request["arguments"])
    except arguments.WrongArguments as error:
        raise Refused(str(error)) from None
    result = function(*bound.args, **bound.kwargs)
    if isinstance(result, CoroutineType | AsyncGeneratorType):
        import asyncio  # here, since it takes longer to import than all the rest

        result = asyncio.run(listed(result) if hasattr(result, "__aiter__") else result)
    try:
        return values.to_json(result)
    except values.Unconvertible as error:
        raise Refused(str(error)) from None


def run(code: str) -> str:
    """Execute ``code``; the text of its last line's value where that is an expression."""
    linecache.cache[CODE] = (len(code), None, code.splitlines(keepends=True), CODE)
    # as ast.parse does: importing ast takes a fifth of the start
    tree: Any = compile(code, CODE, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    last = None
    if tree.body and isinstance(tree.body[-1], _ast.Expr):
        last = _ast.Expression(tree.body[-1].value)
        tree.body.pop()
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    exec(compile(tree, CODE, "exec", dont_inherit=True), module.__dict__)
    if last is None:
        return ""
    value = eval(compile(last, CODE, "eval", dont_inherit=True), module.__dict__)
    return "" if value is None else clip(repr(value))


def clip(text: str) -> str:
    """Beginning and end of a text that is too long, valid as UTF-8."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text) <= MAX_TEXT:
        return text
    half = MAX_TEXT // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"


def describe(error: BaseException, files: Sequence[str]) -> str:
    """The traceback with the frames of learned code alone."""
    try:
        trace = traceback.TracebackException.from_exception(error)
        if isinstance(error, MemoryError):  # what filled the memory hangs on the frames
            traceback.clear_frames(error.__traceback__)
        pending: list[traceback.TracebackException | None] = [trace]
        while pending:
            part = pending.pop()
            if part is None:
                continue
            frames = [frame for frame in part.stack if frame.filename in files]
            part.stack = traceback.StackSummary.from_list(frames)
            pending += [part.__cause__, part.__context__, *(part.exceptions or ())]
        return clip("".join(trace.format()).strip())
    except BaseException:  # noqa: BLE001 - an exception of learned code may fail to show itself
        return f"{type(error).__name__} (it cannot be shown)"


def limit_of(error: BaseException) -> str | None:
    """Which limit an exception tells of, if any."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "file size"
    return None


def answer(request: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """Run what is asked; every way in which learned code can end by exception is a reply."""
    reply: dict[str, Any] = {"ok": False, "result": None, "error": None, "limit": None}
    try:
        result = run(request["code"]) if "code" in request else call(request)
        return {**reply, "ok": True, "result": result}
    except Refused as error:
        return {**reply, "error": clip(str(error))}
    except BaseException as error:  # noqa: BLE001 - SystemExit and its like are errors too
        text = describe(error, [*files, CODE])
        limit = limit_of(error)
        if request.get("confined") and limit is None:
            hint = sibling("hints").wanted(
                error, request.get("function", "*"), hidden=request["confined"] == "isolated"
            )
            text, limit = (clip(f"{text}\n{hint}"), "grant") if hint else (text, None)
        return {**reply, "error": text, "limit": limit}


def encode(reply: dict[str, Any], most: int) -> bytes:
    """The reply as a frame; one that would be too long says so instead."""
    data = json.dumps(reply).encode()
    if len(data) > most:
        error = f"the result takes {len(data):,} bytes as JSON; at most {most:,} are allowed"
        data = json.dumps(
            {**reply, "ok": False, "result": None, "error": error, "limit": "output"}
        ).encode()
    return len(data).to_bytes(4, "big") + data


def flush(before: set[str]) -> None:
    """Empty the output buffers, C's too where learned code loaded compiled code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):  # learned code may have closed or replaced it
            stream.flush()
    loaded = [vars(sys.modules[name]).get("__file__") for name in set(sys.modules) - before]
    if any(str(file).endswith((".so", ".dylib")) for file in loaded) or "ctypes" in sys.modules:
        import ctypes

        ctypes.CDLL(None).fflush(None)


def main() -> None:
    """Read the request, run it, reply, and end without waiting for anything left behind."""
    channel = int(sys.argv[1])
    os.set_inheritable(channel, False)
    request = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    limit(request["limits"])
    signal.alarm(request["seconds"])  # should the parent be gone by then
    sys.set_int_max_str_digits(0)
    sys.argv = [""]
    sys.path = [path for path in sys.path if path] + request["paths"]
    files = encoded(request["files"])
    sys.meta_path.insert(0, LibraryFinder(files))
    serve(request, files, channel)


def encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    """The files as they came in JSON, as bytes again."""
    return {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}


def serve(request: Mapping[str, Any], files: Mapping[str, bytes], channel: int) -> NoReturn:
    """Run what is asked and reply on the channel; the process ends."""
    process, before = os.getpid(), set(sys.modules)
    os.write(channel, b"\x01")  # whatever happens from here on is learned code's doing
    reply = answer(request, files)
    if os.getpid() != process:  # a fork of the learned code came back up to here
        os._exit(0)
    try:
        flush(before)
    finally:
        frame = encode({**reply, "id": request["id"]}, request["reply"])
        while frame:
            frame = frame[os.write(channel, frame) :]
        os._exit(0)


if __name__ == "__main__":
    main()
