"""Which system calls learned code may make, by their numbers on x86_64 and aarch64.

Read by the child program as a sibling file, so: nothing of fnopt. The numbers are those of Linux's
own tables (``asm/unistd_64.h`` and ``asm-generic/unistd.h``); ``-`` where an architecture has none.
"""

from __future__ import annotations

_ALLOWED = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, close 3 57,
close_range 436 436, lseek 8 62, stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79,
statx 332 291, access 21 -, faccessat 269 48, readlink 89 -, readlinkat 267 78, getdents 78 -,
getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, mkdir 83 -, mkdirat 258 34,
rmdir 84 -, unlink 87 -, unlinkat 263 35, rename 82 -, renameat 264 38, renameat2 316 276,
symlink 88 -, symlinkat 266 36, link 86 -, linkat 265 37, ftruncate 77 46, fsync 74 82,
fdatasync 75 83, flock 73 32, fadvise64 221 223, copy_file_range 326 285, sendfile 40 71,
statfs 137 43, fstatfs 138 44, umask 95 166, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -,
pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, eventfd 284 -,
eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87,
mmap 9 222, mprotect 10 226, munmap 11 215, mremap 25 216, brk 12 214, madvise 28 233,
msync 26 227, mincore 27 232, membarrier 324 283, rt_sigaction 13 134, rt_sigprocmask 14 135,
rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
sigaltstack 131 132, pause 34 -, alarm 37 -, getitimer 36 102, setitimer 38 103,
restart_syscall 219 128, nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113,
clock_getres 229 114, gettimeofday 96 169, time 201 -, times 100 153, getrandom 318 278,
futex 202 98, set_robust_list 273 99, get_robust_list 274 100, set_tid_address 218 96,
rseq 334 293, arch_prctl 158 -, gettid 186 178, getpid 39 172, getppid 110 173, getpgrp 111 -,
getpgid 121 155, getsid 124 156, getuid 102 174, geteuid 107 175, getgid 104 176,
getegid 108 177, getgroups 115 158, getresuid 118 148, getresgid 120 150, capget 125 90,
getrlimit 97 163, getrusage 98 165, sysinfo 99 179, uname 63 160, getcpu 309 168,
sched_yield 24 124, sched_getaffinity 204 123, sched_getscheduler 145 120,
sched_getparam 143 121, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
getpriority 140 141, exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95, sendto 44 206,
recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, shutdown 48 210, getsockopt 55 209,
getsockname 51 204, getpeername 52 205
"""
"""Calls that reach nothing but the process itself, files that Landlock watches over, and sockets
that it was given or has in pairs. Not among them: new processes and programs, sockets, signals to
others, modes, owners and times of files (Landlock does not watch these), clocks, shared memory,
namespaces, keys, tracing."""

_CHECKED = """
open 2 -, openat 257 56, creat 85 -, fallocate 285 47, setsockopt 54 208, clone 56 220,
fcntl 72 25, ioctl 16 29, kill 62 129, tgkill 234 131, prlimit64 302 261, prctl 157 167,
socketpair 53 199
"""
"""Calls that are allowed with some arguments only; see ``filter.py``."""

_ABSENT = """
clone3 435 435, faccessat2 439 439, openat2 437 437, io_uring_setup 425 425,
memfd_create 319 279
"""
"""Calls that are said not to exist, since libraries then take an older one."""

_COLUMN = {"x86_64": 1, "aarch64": 2}


def _numbers(table: str, machine: str) -> dict[str, int]:
    rows = (row.split() for row in table.replace("\n", " ").split(","))
    return {row[0]: int(row[_COLUMN[machine]]) for row in rows if row[_COLUMN[machine]] != "-"}


def known(machine: str) -> bool:
    """Whether the numbers of a machine (``os.uname().machine``) are known."""
    return machine in _COLUMN


def allowed(machine: str) -> dict[str, int]:
    """The calls that are allowed whatever their arguments: name and number."""
    return _numbers(_ALLOWED, machine)


def checked(machine: str) -> dict[str, int]:
    """The calls that are allowed by their arguments."""
    return _numbers(_CHECKED, machine)


def absent(machine: str) -> dict[str, int]:
    """The calls that are answered with ENOSYS."""
    return _numbers(_ABSENT, machine)
