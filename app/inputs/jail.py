"""A process that locks itself in: it sees the program's own files and one folder, and asks the kernel for little.

Landlock (Linux 5.13) closes the file system, a seccomp filter closes what leads out of the process: sockets, other
programs, other processes, other namespaces. Where a kernel knows neither, the process goes on without; what it is
given is little either way (inputs/reading_apart.py).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import gis  # found while the folder it lies in can still be listed
from app.config import ROOT

PR_SET_NO_NEW_PRIVS: Final = 38

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION: Final = 1
PATH_BENEATH: Final = 1
WRITE, READ, LIST, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
FILE_RIGHTS: Final = WRITE | READ | TRUNCATE
MAKES_NO_FILE: Final = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
"""Devices, sockets, FIFOs, symbolic links: whoever opens the results would follow them, or wait."""
RIGHTS_BY_VERSION: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files a version of Landlock knows; later ones know sixteen."""
NEWEST_RIGHTS: Final = 16
SCOPED: Final = 0b11
"""Abstract sockets and signals, from version 6 on: none of processes outside."""

READABLE: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc/self", "/proc/cpuinfo",
                   "/proc/meminfo", "/sys/devices/system/cpu", "/dev/urandom", "/dev/zero")  # fmt: skip
"""What libraries ask for when they are loaded."""
WRITABLE: Final = ("/dev/null",)

SECCOMP_FILTER, SECCOMP_ALL_THREADS = 1, 1
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, HAS_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ARCH_AT, CALL_AT, FIRST_ARGUMENT_AT = 4, 0, 16
OTHER_TABLE: Final = 0x40000000
"""From here on x86-64 has a second table of the same calls."""
CLONE_THREAD: Final = 0x10000
CLONE3: Final = 435

NAMES: Final = (
    "socket", "socketpair", "bind", "listen", "connect", "sendto", "execve", "execveat", "ptrace",
    "process_vm_readv", "process_vm_writev", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    "pidfd_send_signal", "pidfd_open", "pidfd_getfd", "io_uring_setup", "mount", "unshare", "setns", "bpf",
    "keyctl", "add_key", "request_key", "perf_event_open", "userfaultfd", "open_by_handle_at", "kcmp", "chroot",
    "pivot_root", "shmget", "shmat", "msgget", "semget", "mq_open", "personality",
    "setpriority", "ioprio_set", "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr",
    "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "setxattrat",
    "removexattrat", "file_setattr", "process_madvise", "process_mrelease", "move_pages", "migrate_pages",
    "acct", "swapon", "quotactl", "quotactl_fd", "fanotify_init", "inotify_add_watch",
)  # fmt: skip
"""What nobody needs who reads a file and says what is in it."""
X86_64: Final = (
    41, 53, 49, 50, 42, 44, 59, 322, 101, 310, 311, 62, 200, 234, 129, 297, 424, 434, 438, 425, 165, 272, 308, 321,
    250, 248, 249, 298, 323, 304, 312, 161, 155, 29, 30, 68, 64, 240, 135,
    141, 251, 142, 144, 203, 314,
    91, 268, 452, 93, 260, 280,
    188, 189, 190, 197, 198, 199, 463,
    466, 469, 440, 448, 279, 256,
    163, 167, 179, 443, 300, 254,
)  # fmt: skip
AARCH64: Final = (
    198, 199, 200, 201, 203, 206, 221, 281, 117, 270, 271, 129, 130, 131, 138, 240, 424, 434, 438, 425, 40, 97,
    268, 280, 219, 217, 218, 241, 282, 265, 272, 51, 41, 194, 196, 186, 190, 180, 92,
    140, 30, 118, 119, 122, 274,
    52, 53, 452, 55, 54, 88,
    5, 6, 7, 14, 15, 16, 463,
    466, 469, 440, 448, 239, 238,
    89, 224, 60, 443, 262, 27,
)  # fmt: skip
ONLY_THERE: Final = {"x86_64": (57, 58, 90, 92, 94, 132, 235, 261)}
"""fork, vfork, chmod, chown, lchown, utime, utimes, futimesat: newer tables have others that say more."""
SETS_LIMITS: Final = {"x86_64": 302, "aarch64": 261}
"""prlimit64, by which the C library sets limits of its own process (0) and anybody else's."""
CLONE: Final = {"x86_64": 56, "aarch64": 220}
SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED_CALLS: Final = {"x86_64": X86_64, "aarch64": AARCH64}


def lock_in(folder: Path) -> None:
    """See nothing but the program and this folder from here on, and start and reach nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _close_files(libc, folder)
    _close_calls(libc)


def _close_files(libc: ctypes.CDLL, folder: Path) -> None:
    version = libc.syscall(LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return
    rights = (1 << RIGHTS_BY_VERSION.get(version, NEWEST_RIGHTS)) - 1
    asked = struct.pack("=QQQ", rights, 0, SCOPED if version >= 6 else 0)
    size = 24 if version >= 6 else 8
    rules = libc.syscall(LANDLOCK_CREATE, asked, size, 0)
    if rules < 0:
        return
    try:
        for path in _program():
            _allow(libc, rules, path, (READ | LIST) & rights)
        for path in WRITABLE:
            _allow(libc, rules, path, FILE_RIGHTS & rights)
        _allow(libc, rules, f"{folder}", rights & ~1 & ~MAKES_NO_FILE)  # nor to run what lies there
        libc.syscall(LANDLOCK_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _program() -> Iterable[str]:
    """Where our own code and its libraries lie; never the checkout as a whole, in which there may be data."""
    ours = (f"{ROOT / 'app'}", *gis.__path__, sys.prefix, sys.base_prefix, sys.exec_prefix)
    libraries = (path for path in sys.path if path and Path(path) != ROOT)
    return dict.fromkeys((*ours, *libraries, *READABLE))


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= FILE_RIGHTS
        libc.syscall(LANDLOCK_ADD, rules, PATH_BENEATH, struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


def _close_calls(libc: ctypes.CDLL) -> None:
    machine = platform.machine()
    if machine not in ARCH or sys.byteorder != "little":
        return
    program = b"".join(struct.pack("=HBBI", *step) for step in _filter(machine))
    steps = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    told = Program(len(program) // 8, ctypes.addressof(steps))
    libc.syscall(SECCOMP[machine], SECCOMP_FILTER, SECCOMP_ALL_THREADS, ctypes.byref(told))


def _filter(machine: str) -> Sequence[tuple[int, int, int, int]]:
    """The filter, step by step: what to do, how far to go on if so, if not, and with which number."""
    refused = (*REFUSED_CALLS[machine], *ONLY_THERE.get(machine, ()))
    checks = [
        (AT_LEAST, 0, OTHER_TABLE),
        *((EQUAL, 0, number) for number in refused),
    ]
    # … checks, clone3, prlimit64, clone, allow, whose limits, clone's flags, allow, refuse, "no such call"
    n = len(checks)
    steps = [
        (LOAD, 0, 0, ARCH_AT),
        (EQUAL, 0, n + 10, ARCH[machine]),
        (LOAD, 0, 0, CALL_AT),
    ]
    refuse_at, unknown_at = 3 + n + 9, 3 + n + 10
    for what, _, number in checks:
        steps.append((what, refuse_at - len(steps) - 1, 0, number))
    steps.append((EQUAL, unknown_at - len(steps) - 1, 0, CLONE3))
    steps.append((EQUAL, 2, 0, SETS_LIMITS[machine]))
    steps.append((EQUAL, 3, 0, CLONE[machine]))
    steps.append((RETURN, 0, 0, ALLOW))
    steps.append((LOAD, 0, 0, FIRST_ARGUMENT_AT))
    steps.append((EQUAL, 2, 3, 0))  # its own: allowed
    steps.append((LOAD, 0, 0, FIRST_ARGUMENT_AT))
    steps.append((HAS_BIT, 0, 1, CLONE_THREAD))
    steps.append((RETURN, 0, 0, ALLOW))
    steps.append((RETURN, 0, 0, REFUSE | errno.EPERM))
    # Threads are then made by `clone`, whose flags can be looked at.
    steps.append((RETURN, 0, 0, REFUSE | errno.ENOSYS))
    return steps
