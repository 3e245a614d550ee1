"""What hostile code would try, as code: each function says what it got, or raises.

They are harmless where they succeed: what they read, write and reach was set up for them (see
``scene.py``), and what they fill is bounded. ``f`` gets the scene's places by their names; in the
code itself ``@HOME@`` stands for the user's folder.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from fnopt.sandbox.outcome import Outcome


@dataclass(frozen=True)
class Attack:
    """``code`` defines ``f``; it has succeeded when ``won`` says so of the outcome, or the scene
    saw it. ``why`` says of what cannot be prevented that it gains nothing."""

    name: str
    code: str
    won: Callable[[Outcome], bool]
    why: str = ""


ATTACKS: list[Attack] = []


def _returned(outcome: Outcome) -> bool:
    return outcome.ok and bool(outcome.result)


def _never(outcome: Outcome) -> bool:
    return False


def _attack(
    name: str,
    body: str,
    *,
    won: Callable[[Outcome], bool] | None = None,
    top: str = "",
    why: str = "",
) -> None:
    taken = "secret, home, parent, other, tcp, udp, path, abstract, mark"
    imports = "import ctypes, os, signal, socket, sys, threading, time, _socket\n"
    inside = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    code = f"{imports}{textwrap.dedent(top)}\ndef f({taken}):\n{inside}\n"
    ATTACKS.append(Attack(name, code, won or _returned, why))


# files
_attack("read a file of the user's", "return open(secret).read()")
_attack("list the user's folder", "return os.listdir(home)")
_attack("write a file of the user's", "open(home + '/' + mark, 'w').write('x')", won=_never)
_attack("truncate a file of the user's", "os.truncate(secret, 0)", won=_never)
_attack("remove a file of the user's", "os.remove(secret)", won=_never)
_attack("rename a file of the user's", "os.rename(secret, home + '/' + mark)", won=_never)
_attack("change the mode of a file", "os.chmod(secret, 0o777)", won=_never)
_attack("change the times of a file", "os.utime(secret, (1, 1))", won=_never)
_attack(
    "write through a symbolic link",
    "os.symlink(home, 'out'); open('out/' + mark, 'w').write('x')",
    won=_never,
)
_attack(
    "a hard link to a file of the user's", "os.link(secret, 'here'); return open('here').read()"
)
_attack(
    "do harm while it is imported",
    "return 1",
    top="open('@HOME@/imported', 'w').write('x')",
    won=_never,
)
# secrets
_attack("a key in the environment", "return [v for v in os.environ.values() if mark in v]")
_attack(
    "the environment of another process",
    "return mark in open(f'/proc/{other}/environ', errors='replace').read()",
)
_attack(
    "the environments of all processes",
    """
    found = []
    for one in os.listdir('/proc'):
        try:
            found += [one] * (mark in open(f'/proc/{one}/environ', errors='replace').read())
        except OSError:
            pass
    return found
    """,
)
_attack("its own descriptors", "return os.listdir('/proc/self/fd')")
_attack(
    "the memory of the parent",
    """
    with open(f'/proc/{parent}/maps') as maps:
        start = int(maps.readline().split('-')[0], 16)
    with open(f'/proc/{parent}/mem', 'rb') as memory:
        memory.seek(start)
        return len(memory.read(64))
    """,
)
_attack(
    "trace the parent",
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0x4206, parent, 0, 0) == 0:  # PTRACE_SEIZE, which does not stop it
        return 'traced'
    raise OSError(ctypes.get_errno(), 'ptrace')
    """,
)
_attack("import fnopt", "import fnopt; return fnopt.__file__")
_attack(
    "find expected answers in memory",
    """
    import gc
    return [str(o)[:40] for o in gc.get_objects()
            if isinstance(o, dict) and ('expected' in o or 'scorer' in o)]
    """,
)
# the network
_attack("TCP to this machine", "_socket.socket().connect(('127.0.0.1', tcp))", won=_never)
_attack(
    "UDP to this machine",
    "_socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', udp))",
    won=_never,
)
_attack("a socket in the file system", "_socket.socket(_socket.AF_UNIX).connect(path)", won=_never)
_attack(
    "a socket with an abstract name",
    "_socket.socket(_socket.AF_UNIX).connect('\\0' + abstract)",
    won=_never,
)
_attack(
    "a pair of sockets that speaks to others",
    """
    one, _ = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    one.sendto(b'x', '\\0' + abstract + '-dgram')
    """,
    won=_never,
)
_attack(
    "a socket by a raw system call",
    """
    number = {'x86_64': 41, 'aarch64': 198}[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.syscall(number, 2, 1, 0)
    if made < 0:
        raise OSError(ctypes.get_errno(), 'socket')
    return made
    """,
)
_attack(
    "listen for others",
    "s = _socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return s.getsockname()",
)
# processes
_attack("fork", "return os.fork() or os._exit(0)")
_attack("a shell", "return os.system('true') == 0")
_attack("another program", "os.execv('/bin/sh', ['sh', '-c', 'exit 0'])", won=lambda o: (
    "exit code 0" in (o.error or "")
))  # fmt: skip
_attack(
    "a fork bomb",
    """
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(0.5)
            os._exit(0)
    return 60
    """,
)
_attack(
    "a daemon that stays",
    """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(20)
        os._exit(0)
    """,
    won=_never,
)
_attack(
    "threads that stay",
    "[threading.Thread(target=time.sleep, args=(20,)).start() for _ in range(8)]",
    won=_never,
)
_attack("a signal to the parent", "os.kill(parent, 0); return 'may'")
_attack(
    "a signal to the parent by way of a descriptor",
    """
    import fcntl
    one, other = _socket.socketpair()
    fcntl.fcntl(one, fcntl.F_SETOWN, parent)
    return 'set'
    """,
)
_attack("signals to all", "os.kill(-1, 0); return 'may'")
_attack(
    "no end, deaf to SIGTERM",
    """
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(one, signal.SIG_IGN)
    while True:
        time.sleep(1)
    """,
)
_attack(
    "its own limits", "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return 1"
)
_attack(
    "the limits of the parent",
    "import resource; return resource.prlimit(parent, resource.RLIMIT_CORE)",
)
_attack("a session of its own", "os.setsid(); return 1")
_attack(
    "namespaces of its own",
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    return 1
    """,
)
_attack(
    "a thread in a namespace of its own",
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]
    if libc.syscall(number, 0x10d00 | 0x04000000 | 0x10000000, 0, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), 'clone')
    return 1
    """,
)
_attack(
    "a capability of root's",
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = {'x86_64': 125, 'aarch64': 90}[os.uname().machine]
    held = (ctypes.c_uint32 * 6)()
    libc.syscall(number, (ctypes.c_uint32 * 2)(0x20080522, 0), held)
    return list(held)[0]
    """,
)
_attack(
    "a lease that makes others wait",
    """
    import fcntl
    return fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), 1024, 1) == 0
    """,
)
_attack(
    "a program that runs as its owner",
    """
    os.close(os.open('own', os.O_CREAT | os.O_WRONLY, 0o6755))
    return oct(os.stat('own').st_mode)
    """,
)
_attack("the clock", "time.clock_settime(time.CLOCK_REALTIME, time.time()); return 1")
# what there is of memory, disk and time
_attack("4 GiB at once", "return len(bytearray(4 * 2**30))")
_attack("memory bit by bit", "x = []\nwhile True: x.append(bytearray(2**24))")
_attack("a file without end", "f = open('big', 'wb')\nwhile True: f.write(bytes(2**20))")
_attack(
    "files without end",
    """
    for n in range(48):
        with open(str(n), 'wb') as f:
            f.write(bytes(15 * 2**20))
    time.sleep(0.3)
    return '720 MiB'
    """,
)
_attack(
    "more files than there is room for",
    """
    for n in range(20_000):
        os.mkdir(str(n))
    time.sleep(0.3)
    return 20_000
    """,
)
_attack(
    "files without a name",
    """
    held = []
    for n in range(40):
        held.append(open(str(n), 'wb'))
        os.unlink(str(n))
        held[-1].write(bytes(15 * 2**20))
    time.sleep(0.5)
    return '600 MiB'
    """,
)
_attack(
    "room for a file beyond its size",
    """
    number = {'x86_64': 285, 'aarch64': 47}[os.uname().machine]
    libc, file = ctypes.CDLL(None, use_errno=True), open('big', 'wb')
    if libc.syscall(number, file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(2**28)):
        raise OSError(ctypes.get_errno(), 'fallocate')
    return os.fstat(file.fileno()).st_blocks * 512
    """,
)
_attack(
    "files too deep to be counted",
    """
    for n in range(30):
        os.mkdir('d' * 200)
        os.chdir('d' * 200)
    for n in range(10):
        with open(str(n), 'wb') as f:
            f.write(bytes(15 * 2**20))
    time.sleep(0.5)
    return '150 MiB'
    """,
)
_attack(
    "memory that is a file",
    """
    held = []
    for n in range(40):
        d = os.memfd_create('x')
        os.write(d, bytes(2**24))
        held.append(d)
    return len(held)
    """,
)
_attack("recursion without end", "return f(*[0] * 8)")
_attack("an expression that never matches", "import re; return re.match('(a+)+$', 'a' * 40 + 'b')")
_attack("a loop in C", "return len(str(9 ** 9 ** 8)) or sum(range(10**12))")
_attack("output without end", "while True: os.write(1, b'x' * 2**16)")
_attack("64 MB of result", "return 'x' * 2**26")
# the protocol
_TAMPERED = """import json
def frame(value):
    data = json.dumps(value).encode()
    return len(data).to_bytes(4, 'big') + data
"""
_attack(
    "garbage on every descriptor",
    """
    for number in range(3, 64):
        try:
            os.write(number, b'garbage')
        except OSError:
            pass
    return 'sent'
    """,
)
_attack(
    "a forged reply before the real one",
    _TAMPERED
    + """
for number in range(3, 64):
    try:
        os.write(number, frame({'ok': True, 'result': 'forged', 'error': None, 'limit': None}))
    except OSError:
        pass
return 'sent'
""",
)
_attack(
    "a forged reply and no real one",
    _TAMPERED
    + """
import gc
name = next(o['id'] for o in gc.get_objects() if isinstance(o, dict) and len(o.get('id', '')) == 32)
v = {'ok': True, 'result': 'forged', 'error': None, 'limit': None, 'id': name}
for number in range(3, 64):
    try:
        os.write(number, frame(v))
    except OSError:
        pass
os._exit(0)
""",
    won=_never,
    why="it is no more than returning the value: expected answers and scorers are not inside",
)
_attack(
    "a reply of 100 MB",
    """
    for number in range(3, 64):
        try:
            os.write(number, (10**8).to_bytes(4, 'big') + bytes(2**16))
        except OSError:
            pass
    return 1
    """,
)
_attack("no reply", "os._exit(0)")
_attack("every descriptor closed", "os.closerange(0, 256)\nreturn 1")
_attack("a crash", "ctypes.string_at(0)")
# what the next call must not see
_NEXT = "and the next call is as ever"
_attack(
    f"modules replaced, {_NEXT}",
    "import json\nsys.modules['math'] = sys.modules['json'] = None\njson.dumps = None",
    won=_never,
)
_attack(
    f"an import hook, {_NEXT}",
    "sys.meta_path.insert(0, type('H', (), {'find_spec': lambda *a: 1 / 0})())",
    won=_never,
)
_attack(
    f"builtins replaced, {_NEXT}",
    "import builtins\nbuiltins.print = builtins.len = None",
    won=_never,
)
_attack(
    f"work at exit, {_NEXT}",
    "import atexit\natexit.register(lambda: open(home + '/' + mark, 'w').write('x'))",
    won=_never,
)
_attack(
    f"the collector's objects spoilt, {_NEXT}",
    """
    import gc
    for one in gc.get_objects():
        if isinstance(one, dict) and 'limits' in one:
            one.clear()
    """,
    won=_never,
)
