"""Does the code reach out of its own computation? Said by name: lint, and no wall."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from fnopt.library.module import Module, Statement
from fnopt.library.rules.registry import Settings, fault, rule, words
from fnopt.library.scope import Import
from fnopt.records import Fault

_MEND = "Compute from the arguments{how}; or allow it: {allow}."
_OFF = '`{rule} = "off"` under [library.rules]'
_GRANT = '`{function} = {{ {kind} = ["…"] }}` under [sandbox.allow]'
_KINDS = {"reach-network": "hosts", "reach-files": "read", "reach-environment": "env"}
"""What a function is granted that may do what a rule forbids to others."""
_HOW = {"reach-eval": ' (of an expression, walk the tree of ast.parse(text, mode="eval"))'}


_BUILTINS: Mapping[str, frozenset[str]] = {
    "reach-eval": words("eval exec compile __import__"),
    "reach-files": words("open"),
    "reach-process": words("exit quit breakpoint"),
    "reach-environment": words("input"),
}
_CHAINS: Mapping[str, frozenset[str]] = {
    "reach-eval": words(
        "builtins.eval builtins.exec builtins.compile builtins.__import__ importlib runpy code"
        " codeop types.FunctionType types.CodeType ctypes cffi marshal pickle.load pickle.loads"
        " pickle.Unpickler dill cloudpickle shelve sys.settrace sys.setprofile sys.modules"
        " sys.meta_path sys.path_hooks sys._getframe gc.get_objects gc.get_referrers"
    ),
    "reach-process": words(
        "os.system os.popen os.fork os.forkpty os.kill os.killpg os.abort os._exit os.posix_spawn"
        " os.posix_spawnp os.setuid os.setgid os.nice os.startfile os.execl os.execle os.execlp"
        " os.execlpe os.execv os.execve os.execvp os.execvpe os.spawnl os.spawnle os.spawnlp"
        " os.spawnv os.spawnve os.spawnvp subprocess multiprocessing pty signal sys.exit"
        " concurrent.futures.ProcessPoolExecutor asyncio.create_subprocess_exec"
        " asyncio.create_subprocess_shell asyncio.subprocess resource.setrlimit atexit faulthandler"
    ),
    "reach-network": words(
        "socket ssl http.client http.server urllib.request ftplib smtplib poplib imaplib nntplib"
        " telnetlib socketserver xmlrpc asyncio.open_connection asyncio.start_server"
        " asyncio.open_unix_connection requests httpx httpx2 aiohttp urllib3 websockets paramiko"
        " webbrowser wsgiref"
    ),
    "reach-files": words(
        "io.open io.FileIO os.open os.fdopen os.remove os.unlink os.rename os.renames os.replace"
        " os.mkdir os.makedirs os.rmdir os.removedirs os.listdir os.scandir os.walk os.fwalk"
        " os.chmod os.chown os.link os.symlink os.truncate os.chdir os.write os.read os.mkfifo"
        " shutil tempfile glob fileinput mmap dbm sqlite3 zipfile tarfile gzip.open bz2.open"
        " lzma.open codecs.open linecache"
    ),
    "reach-environment": words(
        "os.environ os.environb os.getenv os.getenvb os.putenv os.unsetenv os.getlogin os.uname"
        " getpass pwd grp platform.node sys.stdin"
    ),
}
_PATH_METHODS = words(
    "write_text write_bytes read_text read_bytes unlink mkdir rmdir touch iterdir rglob rename"
    " replace symlink_to hardlink_to chmod"
)
_WHAT = {
    "reach-eval": "runs code that is made at run time, or meddles with the interpreter",
    "reach-process": "starts, ends or signals processes",
    "reach-network": "speaks to the network",
    "reach-files": "reads or writes files",
    "reach-environment": "reads the environment, or asks who is there",
}


def _rule(name: str) -> None:
    @rule(name, f"Nothing {_WHAT[name]}.")
    def _find(module: Module, settings: Settings) -> Iterator[Fault]:
        for one in module.statements:
            if one.kind == "guard" or settings.frees(_offered(module, one), name):
                continue
            found = next(_reached(module, one, name), None)
            if found:
                who = one.name or module.path
                message = f"{who} {_WHAT[name]}: {found}"
                line = _line(module, one, found)
                function = one.name if one.is_public else None
                allow = (_GRANT if function and name in _KINDS else _OFF).format(
                    rule=name, function=function, kind=_KINDS.get(name)
                )
                mend = _MEND.format(how=_HOW.get(name, ""), allow=allow)
                yield fault(module, name, function, line, message, mend)


for _name in _WHAT:
    _rule(_name)


def _offered(module: Module, one: Statement) -> list[str]:
    """For whom a statement is there: a function for itself, what is private for all beside it."""
    return [one.name] if one.is_public else [o.name for o in module.statements if o.is_public]


def _reached(module: Module, one: Statement, name: str) -> Iterator[str]:
    """What the statement uses of the kind, by its whole name."""
    own = module.bound.keys()
    yield from sorted(one.names.uses & _BUILTINS.get(name, frozenset()) - own)
    given = _everywhere(module)
    own_imports = [imported for imported in one.names.imports if not imported.level]
    for chain in sorted(one.names.chains):
        inside = (imported for imported in own_imports if imported.bound == chain[0])
        for imported in (*given.get(chain[0], ()), *inside):
            whole = _whole(imported, chain)
            if any(f"{whole}.".startswith(f"{bad}.") for bad in _CHAINS[name]):
                yield whole
    if name == "reach-files" and any("pathlib" in (i.module, i.name) for i in _all(module)):
        yield from _path_calls(module, one)


@lru_cache(maxsize=32)
def _everywhere(module: Module) -> dict[str, list[Import]]:
    """What the module imports, by the names that it binds."""
    found: dict[str, list[Import]] = {}
    for imported in _all(module):
        if not imported.level:
            found.setdefault(imported.bound, []).append(imported)
    return found


def _all(module: Module) -> Iterator[Import]:
    for statement in module.statements:
        if statement.kind not in ("function", "class"):
            yield from statement.names.imports


def _whole(imported: Import, chain: tuple[str, ...]) -> str:
    """What the chain means: ``sp.run`` behind ``import subprocess as sp`` is subprocess.run."""
    if imported.name is not None:
        return ".".join((imported.module, imported.name, *chain[1:]))
    return ".".join((imported.module if imported.alias else chain[0], *chain[1:]))


def _path_calls(module: Module, one: Statement) -> Iterator[str]:
    node = module.tree().body[module.statements.index(one)]
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            argument = call.func.attr == "replace" and len(call.args) > 1  # of a text
            if call.func.attr in _PATH_METHODS and not argument:
                yield f".{call.func.attr}"


def _line(module: Module, one: Statement, found: str) -> int:
    """Where it stands: the first place at which its last name does."""
    node = module.tree().body[module.statements.index(one)]
    last = found.rpartition(".")[2]
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name == last:
                return part.lineno
    return one.line
