"""What the fuzzer of the sandbox runs inside: random moves against the protocol, then an end."""

# ruff: noqa: B023, BLE001, S110, SIM105
# mypy: ignore-errors
import _socket
import array
import ctypes
import fcntl
import gc
import json
import os
import random
import signal
import sys
import threading

SEED = 0
chance = random.Random(SEED)


def name():
    found = [
        o["id"] for o in gc.get_objects() if isinstance(o, dict) and isinstance(o.get("id"), str)
    ]
    return chance.choice(found or ["none"])


def value():
    made = {
        "ok": chance.choice([True, False, 1, None, "x"]),
        "result": chance.choice(VALUES),
        "error": chance.choice([None, None, "no", 3]),
        "limit": chance.choice([None, "time", 9]),
        "id": chance.choice([name(), name(), "x", None]),
    }
    for key in list(made):
        if chance.random() < 0.1:
            del made[key]
    return made


VALUES = [1, "forged", None, [], {}, 1e308, "\ud800", float("nan"), [[[[]]]], "x" * 70000]


def frame():
    data = json.dumps(chance.choice([value(), value(), [], "x", 1])).encode()
    size = chance.choice(
        [len(data), len(data), len(data) + chance.randint(-3, 3), 2**31, 0, 2**32 - 1]
    )
    return chance.choice([b"", b"\x01"]) + (size % 2**32).to_bytes(4, "big") + data


def junk():
    return bytes(chance.randrange(256) for _ in range(chance.choice([0, 1, 3, 4, 5, 64, 5000])))


def quietly(move):
    try:
        move()
    except BaseException:
        pass


def f():
    moves = MOVES[:]
    for _ in range(chance.randint(1, 12)):
        quietly(chance.choice(moves))
    return chance.choice(ENDS)()


def to():
    return chance.randrange(0, 12)


def write_all():
    for one in range(12):
        quietly(lambda: os.write(one, frame()))


def pass_on():
    s = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=os.dup(to()))
    s.sendmsg(
        [junk() + b"\n"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [to(), to()]))]
    )


def ask_broker():
    for one in range(3, 12):
        quietly(
            lambda: os.write(
                one,
                json.dumps(
                    chance.choice(
                        [["localhost", 1], ["x", 80], ["localhost", "x"], [], {}, "x" * 5000, None]
                    )
                ).encode()
                + b"\n",
            )
        )


def keep_writing():
    def run():
        for _ in range(200):
            quietly(lambda: os.write(to(), frame()))

    threading.Thread(target=run, daemon=True).start()


MOVES = [
    lambda: os.write(to(), frame()),
    lambda: os.write(to(), junk()),
    write_all,
    pass_on,
    ask_broker,
    keep_writing,
    lambda: os.close(to()),
    lambda: os.dup2(to(), to()),
    lambda: os.closerange(to(), to()),
    lambda: os.set_blocking(to(), chance.random() < 0.5),
    lambda: os.ftruncate(to(), 0),
    lambda: fcntl.fcntl(to(), fcntl.F_SETPIPE_SZ, 4096),
    lambda: os.read(to(), 0),
    lambda: os.lseek(to(), 0, 0),
    lambda: sys.modules.clear(),
    lambda: sys.stdout.close(),
    lambda: setattr(json, "dumps", lambda *a: frame().decode("latin-1")),
    lambda: setattr(os, "write", lambda *a: 0 if chance.random() < 0.1 else len(a[1])),
    lambda: os._exit(0) if chance.random() < 0.2 else None,
    lambda: os.fork(),
    lambda: (
        signal.raise_signal(chance.choice([10, 13, 15, 19, 11])) if chance.random() < 0.2 else None
    ),
    lambda: [os.write(1, junk()) for _ in range(50)],
    lambda: sys.exit(3),
    lambda: ctypes.CDLL(None).raise_(9),
    lambda: gc.get_objects()[:] and gc.disable(),
    lambda: [o.clear() for o in gc.get_objects() if isinstance(o, dict) and "reply" in o],
    lambda: os.kill(os.getpid(), chance.choice([9, 19, 31])) if chance.random() < 0.1 else None,
]


def spin():
    while True:
        pass


ENDS = [
    lambda: 1,
    lambda: chance.choice(VALUES),
    lambda: os._exit(chance.randrange(256)),
    lambda: 1 / 0,
    lambda: frame(),
    lambda: object(),
    lambda: sys.exit(0),
    lambda: os.abort(),
    lambda: {1: {2: (3,)}},
    lambda: spin() if chance.random() < 0.05 else 2,
    lambda: os.execv("/bin/true", ["true"]),
]
