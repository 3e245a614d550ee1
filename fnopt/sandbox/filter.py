"""A seccomp filter as bytes: which system calls go through, in the kernel's classic BPF.

Read by the child program as a sibling file, so: nothing of fnopt. Source: the kernel's
``Documentation/userspace-api/seccomp_filter.rst`` and ``linux/bpf_common.h``.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from types import ModuleType

_LOAD, _EQUAL, _ABOVE, _MASKED, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_EPERM, _ENOSYS = 1, 38
_ARCH, _NUMBER, _ARGUMENTS = 4, 0, 16  # offsets in struct seccomp_data
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # numbers from here on are those of another table, on x86_64

_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020000
_UNIX, _STREAM, _TYPES = 1, 1, 0xF
_FCNTL_OTHERS = (8, 10, 15, 1024, 1026)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY: they signal others, or make them wait."""
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # ask a terminal, count, block, inherit
_PRCTL = (15, 16)  # PR_SET_NAME and PR_GET_NAME, of a thread
_CREATES = 0x400040  # O_CREAT, O_TMPFILE
_SETUID = 0o6000  # set-user-id and set-group-id of a mode
_OPTIONS = {1: (2, 7, 8, 9, 13, 20, 21), 6: (1, 4, 5, 6, 12, 18)}
"""Of sockets: reuse, buffers, keep-alive, linger, time-outs; of TCP: no delay, keep-alive, acks."""


def _one(code: int, value: int, then: int = 0, other: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, other, value)


def _argument(index: int, *, high: bool = False) -> bytes:
    return _one(_LOAD, _ARGUMENTS + 8 * index + 4 * high)


def _give(value: int) -> bytes:
    return _one(_RETURN, value)


_ALLOWED, _DENIED = _give(_ALLOW), _give(_ERRNO | _EPERM)


def _among(index: int, values: tuple[int, ...]) -> bytes:
    """Allowed when the argument is one of the values."""
    tests = b"".join(_one(_EQUAL, value, 0, 1) + _ALLOWED for value in values)
    return _argument(index) + tests + _DENIED


def _not_among(index: int, values: tuple[int, ...]) -> bytes:
    tests = b"".join(_one(_EQUAL, value, 0, 1) + _DENIED for value in values)
    return _argument(index) + tests + _ALLOWED


def _opening(flags: int, mode: int) -> bytes:
    """Allowed, but for a new file that would run as its owner."""
    bad_mode = _argument(mode) + _one(_MASKED, _SETUID, 0, 1) + _DENIED
    skip = len(bad_mode) // 8
    return _argument(flags) + _one(_MASKED, _CREATES, 0, skip) + bad_mode + _ALLOWED


def _options() -> bytes:
    """Allowed are options by their levels."""
    parts = []
    for level, names in _OPTIONS.items():
        inside = _among(2, names)
        parts += [_argument(1), _one(_EQUAL, level, 0, len(inside) // 8), inside]
    return b"".join([*parts, _DENIED])


def _checks(process: int) -> Mapping[str, bytes]:
    """What follows when one of the checked calls was made by the process of that number."""
    itself = _among(0, (process,))
    ask_only = (
        _argument(2)
        + _one(_EQUAL, 0, 1, 0)
        + _DENIED
        + _argument(2, high=True)
        + _one(_EQUAL, 0, 1, 0)
        + _DENIED
    )
    stream_pair = (
        _argument(0)
        + _one(_EQUAL, _UNIX, 1, 0)
        + _DENIED
        + _argument(1)
        + _one(0x54, _TYPES)  # and it with the mask: SOCK_CLOEXEC and SOCK_NONBLOCK do not matter
        + _one(_EQUAL, _STREAM, 0, 1)
        + _ALLOWED
        + _DENIED
    )
    thread = (
        _argument(0)
        + _one(_MASKED, _CLONE_NEW, 0, 1)
        + _DENIED
        + _one(_MASKED, _CLONE_THREAD, 0, 1)
        + _ALLOWED
        + _DENIED
    )
    return {
        "clone": thread,
        "open": _opening(1, 2),
        "openat": _opening(2, 3),
        "creat": _argument(1) + _one(_MASKED, _SETUID, 0, 1) + _DENIED + _ALLOWED,
        "fallocate": _among(1, (0,)),
        "setsockopt": _options(),
        "fcntl": _not_among(1, _FCNTL_OTHERS),
        "ioctl": _among(1, _IOCTL),
        "kill": itself,
        "tgkill": itself,
        "prlimit64": ask_only + _among(0, (0, process)),
        "prctl": _among(0, _PRCTL),
        "socketpair": stream_pair,
    }


_SOME = 0x7E57AB1E
"""Stands for the number of the process in the filter that is made once for all."""


def program(syscalls: ModuleType, machine: str, process: int) -> bytes:
    """The filter for a process, as instructions of 8 bytes.

    Another architecture's call kills the process; what is not allowed gives EPERM.
    """
    return _for_some(syscalls, machine).replace(
        struct.pack("=I", _SOME), struct.pack("=I", process)
    )


@functools.cache
def _for_some(syscalls: ModuleType, machine: str) -> bytes:
    parts = [_one(_LOAD, _ARCH), _one(_EQUAL, _AUDIT[machine], 1, 0), _give(_KILL)]
    parts.append(_one(_LOAD, _NUMBER))
    if machine == "x86_64":
        parts += [_one(_ABOVE, _X32, 0, 1), _give(_ERRNO | _ENOSYS)]
    for number in syscalls.allowed(machine).values():
        parts += [_one(_EQUAL, number, 0, 1), _ALLOWED]
    for number in syscalls.absent(machine).values():
        parts += [_one(_EQUAL, number, 0, 1), _give(_ERRNO | _ENOSYS)]
    checks = _checks(_SOME)
    for name, number in syscalls.checked(machine).items():
        parts += [_one(_EQUAL, number, 0, len(checks[name]) // 8), checks[name]]
    return b"".join([*parts, _DENIED])
