"""What a reading process can't do, once it has locked itself in: asked of a real one, that tries."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.config import ROOT
from app.inputs import jail
from app.inputs.reading_apart import bare_environment

TRIES = """
import ctypes, json, os, platform, signal, socket, subprocess, sys, threading
from pathlib import Path
from app.inputs.reading_apart import confine

secret, parent, door, folder = sys.argv[1:5]
SET_DISK = {"x86_64": 251, "aarch64": 30}[platform.machine()]
confine(20, 1 << 20)

def tried(deed):
    try:
        deed()
    except BaseException as error:
        return type(error).__name__
    return "done"

def thread():
    done = []
    one = threading.Thread(target=lambda: done.append(1))
    one.start(), one.join()
    assert done

def connect():
    with socket.socket(socket.AF_UNIX) as plug:
        plug.connect(door)

def link():
    try:
        os.link(secret, folder + "/linked")
    except OSError as error:  # "another device", to Landlock
        raise PermissionError from error

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    given = [one.encode() if isinstance(one, str) else ctypes.c_long(one) if isinstance(one, int) else one
             for one in arguments]
    if libc.syscall(ctypes.c_long(number), *given) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))

def own_limit():
    import resource
    now = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (now[0] - 1, now[1] - 1))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == now[0] - 1

def others_limit():
    import resource
    resource.prlimit(int(parent), resource.RLIMIT_NOFILE)

def special(kind):
    os.mknod(folder + f"/special-{kind}", kind | 0o600, os.makedev(1, 3))

def bound_socket():
    # no socket comes into being at all, so nothing can be bound; the file of one is made by mknod
    import stat
    special(stat.S_IFSOCK)

def packages():
    import numpy, cv2, pyogrio, shapely, pyproj, pi_heif, pypdfium2, zxingcpp, PIL.Image, pyarrow
    assert pyproj.Transformer.from_crs(4326, 5514).transform(50, 15)
    assert numpy.ones((300, 300)).dot(numpy.ones((300, 300)))[0, 0] == 300

print(json.dumps({
    "read a secret": tried(lambda: open(secret).read()),
    "read the parent's settings": tried(lambda: open(f"/proc/{parent}/environ").read()),
    "read who has accounts": tried(lambda: open("/etc/passwd").read()),
    "list the home": tried(lambda: os.listdir(Path(secret).parent)),
    "write beside": tried(lambda: open(secret + ".new", "w").write("x")),
    "write into the program": tried(lambda: open(Path(sys.argv[5]) / "app" / "x.py", "w").write("x")),
    "link a secret in": tried(link),
    "follow a link to a secret": tried(lambda: open(folder + "/symlink").read()),
    "connect to a database": tried(connect),
    "ask the network": tried(lambda: socket.create_connection(("127.0.0.1", 1), 1)),
    "run a program": tried(lambda: subprocess.run(["/bin/true"], check=True)),
    "fork": tried(os.fork),
    "become a program": tried(lambda: os.execv("/bin/true", ["true"])),
    "end the parent": tried(lambda: os.kill(int(parent), signal.SIGUSR1)),
    "change another's limits": tried(others_limit),
    "change another's turn": tried(lambda: os.setpriority(os.PRIO_PROCESS, int(parent), 19)),
    "change another's place": tried(lambda: os.sched_setaffinity(int(parent), os.sched_getaffinity(0))),
    "change another's schedule": tried(
        lambda: os.sched_setscheduler(int(parent), os.SCHED_IDLE, os.sched_param(0))),
    "change another's disk": tried(lambda: call(SET_DISK, 1, int(parent), 3 << 13)),
    "open a secret to all": tried(lambda: os.chmod(secret, 0o644)),
    "give a secret away": tried(lambda: os.chown(secret, os.getuid(), os.getgid())),
    "make a secret look old": tried(lambda: os.utime(secret, (1, 1))),
    "mark a secret": tried(lambda: os.setxattr(secret, "user.x", b"x")),
    "change it the newest way": tried(lambda: call(452, -100, secret, 0o644, 0)),
    "limit itself": tried(own_limit),
    "leave a FIFO": tried(lambda: os.mkfifo(folder + "/fifo")),
    "leave a link": tried(lambda: os.symlink(secret, folder + "/left")),
    "leave a socket": tried(bound_socket),
    "read its folder": tried(lambda: open(folder + "/given").read()),
    "write into its folder": tried(lambda: open(folder + "/made", "w").write("x")),
    "use a thread": tried(thread),
    "load what reads files": tried(packages),
}))
"""
MAY = {"read its folder", "write into its folder", "use a thread", "limit itself", "load what reads files"}
OF_FILES = {"read a secret", "link a secret in", "read who has accounts", "list the home", "write beside",
            "write into the program",
            "follow a link to a secret", "leave a FIFO", "leave a link", "leave a socket",
            "read the parent's settings"}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each try."""
    place = tmp_path_factory.mktemp("jail")
    folder, home = place / "folder", place / "home"
    folder.mkdir()
    home.mkdir()
    secret, door = home / "session-key", place / "door"
    secret.write_text("secret")
    (folder / "given").write_text("a file")
    (folder / "symlink").symlink_to(secret)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(door))
        listening.listen()
        arguments = [str(secret), str(os.getpid()), str(door), str(folder), str(ROOT)]
        done = subprocess.run(
            [sys.executable, "-c", TRIES, *arguments],
            cwd=ROOT,
            env=bare_environment(folder, ""),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_reading_process_still_reads(told: dict[str, Any]) -> None:
    assert {what: told[what] for what in MAY} == dict.fromkeys(MAY, "done")


@pytest.mark.skipif(not Path("/proc/self/status").read_text().count("Seccomp"), reason="a kernel without seccomp")
def test_it_reaches_nothing_and_starts_nothing(told: dict[str, Any]) -> None:
    others = set(told) - MAY - OF_FILES
    assert {what: told[what] for what in others} == dict.fromkeys(others, "PermissionError")


def test_it_sees_no_file_but_its_own(told: dict[str, Any]) -> None:
    if not _knows_landlock():
        pytest.skip("a kernel without Landlock")
    assert {what: told[what] for what in OF_FILES} == dict.fromkeys(OF_FILES, "PermissionError")


def test_both_tables_of_calls_name_the_same() -> None:
    assert len(jail.NAMES) == len(set(jail.X86_64)) == len(set(jail.AARCH64))
    for machine in jail.ARCH:
        steps = jail._filter(machine)
        # A jump is a byte: none leads farther, and none behind the end.
        ends = [n + 1 + max(yes, no) for n, (_, yes, no, _) in enumerate(steps) if yes or no]
        assert max(ends) == len(steps) - 1
        assert max(max(yes, no) for _, yes, no, _ in steps) < 256


def _knows_landlock() -> bool:
    import ctypes

    return bool(ctypes.CDLL(None).syscall(jail.LANDLOCK_CREATE, None, 0, jail.LANDLOCK_VERSION) > 0)
