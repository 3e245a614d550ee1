"""Landlock by system calls: from here on this process opens only what it is told it may.

Read by the child program as a sibling file, so: nothing of fnopt. Source: the kernel's
``Documentation/userspace-api/landlock.rst`` and ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVS, _SECCOMP, _FILTER, _DEATH = 38, 22, 2, 1

EXECUTE, WRITE, READ, LIST, TRUNCATE, IOCTL = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
REMOVE, MAKE, REFER = 0b11 << 4, 0b1111111 << 6, 1 << 13
_PLAIN = 1 << 7 | 1 << 8 | 1 << 12  # of MAKE: folders, files and links; no devices, sockets, pipes
_OF_FILES = EXECUTE | WRITE | READ | TRUNCATE | IOCTL
_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_CONNECT_AND_BIND = 0b11  # from version 4 on: TCP
_SCOPES = 0b11  # from version 6 on: abstract sockets and signals

READING = READ | LIST
WRITING = READING | WRITE | REMOVE | _PLAIN | REFER | TRUNCATE
RIGHTS = {"read": READING, "write": WRITING & ~(1 << 12), "device": READ | WRITE, "own": WRITING}
"""``write`` is for what others have, too: no symbolic links, which would widen other grants."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class Unavailable(Exception):
    """The kernel refused: the message says what."""


def _call(what: str, number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _prctl(what: str, *arguments: int | ctypes.c_void_p) -> None:
    if _libc.prctl(*arguments, *(ctypes.c_ulong(0) for _ in range(5 - len(arguments)))):
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")


def version() -> int:
    """Landlock's version in this kernel; 0 without it."""
    try:
        return _call("landlock", _CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except Unavailable:
        return 0


_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITIES_3 = 0x20080522


def powerless() -> None:
    """Give up every capability that the user has, root's included (capset(2))."""
    header = struct.pack("=Ii", _CAPABILITIES_3, 0)
    _call("capset", _CAPSET[os.uname().machine], header, bytes(24))


def die_with_parent(signal: int) -> None:
    """Let the kernel send this process the signal when its parent ends."""
    _prctl("prctl", _DEATH, ctypes.c_ulong(signal))  # type: ignore[arg-type]


def restrict(abi: int, rules: Iterable[tuple[str, int]]) -> None:
    """Allow files by rules of a path and rights, and no TCP; the rest is denied from here on.

    ``abi`` is :func:`version`: rights that it does not know are left to the seccomp filter. A path
    that is not there is passed over. Raises :class:`Unavailable`.
    """
    handled = _HANDLED[max(known for known in _HANDLED if known <= abi)]
    attributes = struct.pack(
        "=QQQ", handled, _CONNECT_AND_BIND if abi >= 4 else 0, _SCOPES if abi >= 6 else 0
    )
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _call("landlock", _CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & handled)
        _prctl("no_new_privs", _NO_NEW_PRIVS, ctypes.c_ulong(1))  # type: ignore[arg-type]
        _call("landlock", _RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        what = f"landlock: {path}"
        _call(
            what, _ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)
        )
    finally:
        os.close(descriptor)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [
        ("length", ctypes.c_ushort),
        ("filter", ctypes.c_char_p),
    ]


def filtered(instructions: bytes) -> None:
    """Let only those system calls through from here on that the filter allows; never taken back.

    Raises :class:`Unavailable`.
    """
    program = _Program(len(instructions) // 8, instructions)
    address = ctypes.c_void_p(ctypes.addressof(program))
    _prctl("no_new_privs", _NO_NEW_PRIVS, ctypes.c_ulong(1))  # type: ignore[arg-type]
    _prctl("seccomp", _SECCOMP, ctypes.c_ulong(_FILTER), address)  # type: ignore[arg-type]
