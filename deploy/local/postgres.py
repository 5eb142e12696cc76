"""The PostgreSQL programs of this machine that have PostGIS beside them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
DEBIAN_SHARE = Path("/usr/share/postgresql")
OLDEST = 13


@dataclass(frozen=True)
class Programs:
    """One installed PostgreSQL: its major version and the folder of its programs."""

    version: int
    folder: Path

    def path(self, name: str) -> str:
        """One program of it."""
        return str(self.folder / name)


def installed() -> list[Programs]:
    """Every PostgreSQL server with PostGIS on this machine, the newest first."""
    found = {}
    for folder in DEBIAN.glob("*/bin"):
        version = folder.parent.name
        if version.isdigit() and _complete(folder, DEBIAN_SHARE / version):
            found[int(version)] = Programs(int(version), folder)
    own = _by_pg_config()
    if own:
        found.setdefault(own.version, own)
    return [found[version] for version in sorted(found, reverse=True) if version >= OLDEST]


def newest() -> Programs | None:
    """The newest of them, if any."""
    return next(iter(installed()), None)


def of_version(version: int) -> Programs | None:
    """The one of this major version, which a cluster made by it needs."""
    return next((programs for programs in installed() if programs.version == version), None)


def package() -> str:
    """Debian's package that brings PostGIS, with a server unless one is there."""
    servers = [int(path.parent.parent.name) for path in DEBIAN.glob("[0-9]*/bin/postgres")]
    return f"postgresql-{max(servers)}-postgis-3" if servers else "postgresql-postgis"


def _complete(programs: Path, share: Path) -> bool:
    return (
        (programs / "initdb").exists()
        and (programs / "postgres").exists()
        and (share / "extension" / "postgis.control").exists()
    )


def _by_pg_config() -> Programs | None:
    """The PostgreSQL that `pg_config` on the PATH speaks of: one built by hand, or of another system."""
    if not shutil.which("pg_config"):
        return None
    told = subprocess.run(
        ["pg_config", "--bindir", "--sharedir", "--version"], capture_output=True, text=True, check=False
    )
    lines = told.stdout.splitlines()
    version = re.search(r"\d+", lines[2]) if len(lines) == 3 else None
    if version is None or not _complete(Path(lines[0]), Path(lines[1])):
        return None
    return Programs(int(version.group()), Path(lines[0]))
