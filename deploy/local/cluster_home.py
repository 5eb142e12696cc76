"""Where the private cluster lies and whose it is: a place its user can reach, a socket path short enough.

Root may not run PostgreSQL, so under root the cluster belongs to `postgres` – who may not enter a checkout
under /root. And the path of a unix socket has at most 107 bytes, which a deep folder name soon exceeds.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import socket
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.console import Refused
from deploy.local.places import Places

POINTER = "cluster-folder"
ELSEWHERE = Path("/var/lib/pocit")
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
SHORT_ROOT = Path("/tmp")  # noqa: S108 - the folder made in it is checked to be ours alone


@dataclass(frozen=True)
class Owner:
    """The user whose processes the cluster's are."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether that is this process's own user."""
        return self.uid == os.geteuid()

    def options(self) -> dict[str, object]:
        """What subprocess needs to start a program as this user."""
        return {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}


def folder(places: Places) -> Path:
    """The folder of this POCIT_HOME's cluster; made, and noted in a pointer file when it lies elsewhere."""
    pointer = places.home / POINTER
    if pointer.exists():
        return Path(pointer.read_text().strip())
    usual = places.home / "cluster"
    if (usual / "data").exists() or reachable(places.home, owner_of(usual)):
        return usual
    # A name of its own each time: a folder left by a POCIT_HOME that was deleted, or moved away with
    # its pointer, is never taken for this one's.
    name = hashlib.sha256(os.fsencode(places.home)).hexdigest()[:8]
    elsewhere = ELSEWHERE / f"{name}-{secrets.token_hex(4)}"
    pointer.write_text(f"{elsewhere}\n")
    return elsewhere


def owner_of(base: Path) -> Owner:
    """Whose the cluster in this folder is: the owner of its data, else us, or `postgres` under root."""
    data = base / "data"
    if data.exists():
        uid = data.stat().st_uid
        if os.geteuid() not in (0, uid):
            raise Refused(
                f"The database in {base} belongs to {_name(uid)}.\n"
                "Start as that user, or set POCIT_HOME to a folder of your own."
            )
        if uid == 0:
            raise Refused(f"{data} belongs to root, as whom PostgreSQL doesn't run. Move it away and start again.")
        return Owner(_name(uid), uid, data.stat().st_gid)
    if os.geteuid() != 0:
        return Owner(_name(os.geteuid()), os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise Refused("PostgreSQL doesn't run as root, and there is no user `postgres` to run it as.") from None
    return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable(place: Path, owner: Owner) -> bool:
    """Whether this user can pass through a folder; asked of the system, which knows its ACLs as well."""
    if owner.is_us:
        return True
    question = ["/bin/sh", "-c", 'cd "$1"', "sh", str(place)]
    options = owner.options()
    return subprocess.run(question, cwd="/", capture_output=True, check=False, **options).returncode == 0  # type: ignore[call-overload,no-any-return]


def make(base: Path, owner: Owner) -> None:
    """Make the cluster's folder, its owner's alone."""
    if not base.exists():
        base.parent.mkdir(parents=True, exist_ok=True)
        base.mkdir(mode=0o700)
        if not owner.is_us:
            os.chown(base, owner.uid, owner.gid)
    if not reachable(base, owner):
        raise Refused(
            f"The user {owner.name}, as whom PostgreSQL runs, can't enter {base}.\nGive way: chmod o+x on it."
        )


def socket_folder(base: Path, owner: Owner) -> Path:
    """A folder for the socket that only this user (and root) may enter, with a path short enough."""
    beside = base / "socket"
    if _takes_sockets(beside, owner):
        return beside
    name = hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
    short = SHORT_ROOT / f"pocit-{owner.uid}-{name}"
    if made_private(short, owner):
        return short
    # Someone else sits on that name: take one that nobody could foresee.
    chosen = Path(tempfile.mkdtemp(prefix=f"pocit-{owner.uid}-", dir=SHORT_ROOT))
    os.chown(chosen, owner.uid, owner.gid)
    return chosen


def _takes_sockets(place: Path, owner: Owner) -> bool:
    """Whether a socket can be made here: the path may be too long, the file system may not know sockets."""
    path = str(place / SOCKET_NAME)
    # PostgreSQL reads the folder from a list: a comma or a quote would end it.
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH or set(path) & set(",\"'\\"):
        return False
    if not made_private(place, owner):
        return False
    trial = place / f"t{os.getpid() % 1000}"
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(trial))
    except OSError:
        return False
    trial.unlink()
    return True


def made_private(place: Path, owner: Owner) -> bool:
    """Make a folder for one user; False when there is something by that name that isn't exactly that."""
    try:
        place.mkdir(mode=0o700)
        os.chown(place, owner.uid, owner.gid)
    except FileExistsError:
        pass
    found = place.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner.uid and stat.S_IMODE(found.st_mode) == 0o700


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
