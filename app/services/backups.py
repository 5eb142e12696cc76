"""Everything in one file: the database in one snapshot, the files that are nobody's copy, and the server's key."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec
import psycopg
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.inputs.backup_files import (
    DUMP,
    FOLDERS,
    KEY,
    MANIFEST,
    MOST_MANIFEST_BYTES,
    NOTE,
    PIECE_BYTES,
    BackupRefused,
    Manifest,
    Part,
    Told,
    file_name,
    is_backup,
    mark_of,
    placeholder,
    write_end,
)
from app.services.backups_programs import Program, find_program, major_of, running, surroundings

LEFT_OUT = ("official_session", "throttle")
"""Tables whose rows stay behind: whoever was signed in signs in again, and attempts are counted from nothing."""
COMPRESSION = 3
"""Half the time of the usual 6, for a tenth more bytes."""
LOCK_WAIT_S = 20
"""A migration that is at work is waited for so long; nobody is kept waiting by us meanwhile."""
STAMP = "last-backup"
PATTERN = "pocit-*.backup"
UNFINISHED_SUFFIX = ".unfinished"
UNFINISHED_KEPT = timedelta(days=1)

_TABLES = text(
    """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1
    """
)
_FUNCTIONS = text(
    """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                      AND d.objid = p.oid AND d.deptype = 'e')
    ORDER BY 1
    """
)
_EXTENSIONS = text("SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")

_READ_ME = """\
This is a backup of a server of emotional maps, made by `pocit backup` at {made_at}.
It holds personal data{key}. Keep it where only those may read who may read the database.

Restore it with:            pocit restore FILE
Look whether it is whole:   pocit restore --check FILE

Inside: {dump} is a dump in PostgreSQL's custom format (pg_restore reads it), files/ belongs into
POCIT_HOME, manifest.json says what there is and how many rows each table has.
"""


@dataclass(frozen=True)
class Source:
    """What a backup is taken of, besides the database: the folder of state, and the server's key."""

    home: Path
    key: str = field(repr=False)
    with_key: bool = True


@dataclass(frozen=True)
class Made:
    """A backup that is whole and on the disk."""

    path: Path
    manifest: Manifest
    bytes: int


def make_backup(session: Session, source: Source, path: Path, told: Told) -> Made:
    """Write everything into this file, which appears only when it is whole; BackupRefused otherwise.

    Wants a session whose transaction has not begun yet: its snapshot is what is dumped.
    """
    _refuse_others_file(path)
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED_SUFFIX, delete=False
        ) as file:
            unfinished = Path(file.name)
            try:
                manifest = _write(session, source, file, told)
                file.flush()
                os.fsync(file.fileno())
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
        _to_the_disk(path.parent)
    except OSError as error:
        raise BackupRefused(f"can't write {path}: {error.strerror}") from error
    except ProgrammingError as error:
        raise BackupRefused(f"the database does not let us read it: {str(error.orig).splitlines()[0]}") from error
    made = Made(path, manifest, path.stat().st_size)
    _stamp(source.home, made)
    return made


def name_for(folder: Path, now: datetime) -> Path:
    """The path of a backup made now, in a folder of them: their names sort by time."""
    return folder / f"pocit-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"


def clear_away(folder: Path, keep: int, now: datetime) -> list[Path]:
    """Remove all but the newest whole backups of a folder, and what broken-off ones left; those removed."""
    found = sorted((path for path in folder.glob(PATTERN) if path.is_file()), key=_made, reverse=True)
    whole = [path for path in found if is_backup(path)]
    oldest = (now - UNFINISHED_KEPT).timestamp()
    left = [path for path in folder.glob(f".*{UNFINISHED_SUFFIX}") if path.stat().st_mtime < oldest]
    for path in [*whole[keep:], *left]:
        path.unlink(missing_ok=True)
    return whole[keep:]


def _made(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def _refuse_others_file(path: Path) -> None:
    """A slip of the finger shall not put a backup in the place of something else."""
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise BackupRefused(f"{path} is not a file")
    if path.exists() and path.stat().st_size and not is_backup(path):
        raise BackupRefused(f"{path} is there already and is no backup; choose another name")


def _write(session: Session, source: Source, file: IO[bytes], told: Told) -> Manifest:
    """The archive with its manifest and its end, in a snapshot of the database that all of it shares."""
    connection = session.connection(
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    )
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(type(raw))
    server = str(raw.info.parameter_status("server_version"))
    program = find_program("pg_dump", major_of(server))
    now = datetime.now(UTC)
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
    tables = _counted(session)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        packed = _Packed(archive, now, told)
        key = " and the key of the server" if source.with_key else ""
        made_at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        packed.add(NOTE, [_READ_ME.format(made_at=made_at, key=key, dump=DUMP).encode()])
        # Before the dump: a file that the snapshot knows of is there now, and may be gone in a minute.
        packed.add_files(source.home)
        if source.with_key:
            packed.add(KEY, [source.key.encode()])
        packed.add(DUMP, _dump(raw, program, snapshot))
        manifest = Manifest(
            made_at=made_at,
            migration=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
            server=server,
            dumped_by=program.version,
            tables=tables,
            functions=list(connection.scalars(_FUNCTIONS)),
            extensions={row.extname: row.extversion for row in connection.execute(_EXTENSIONS)},
            left_out=list(LEFT_OUT),
            key=mark_of(source.key),
            parts=packed.parts,
        )
        told_of_it = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        if len(told_of_it) > MOST_MANIFEST_BYTES:
            raise BackupRefused("there are more files than a backup can name: put old reports elsewhere")
        packed.store(MANIFEST, told_of_it)
        archive.comment = placeholder()
    write_end(file, source.key, told)
    return manifest


def _counted(session: Session) -> dict[str, int]:
    """How many rows each table has; BackupRefused where there are none of ours."""
    names = session.scalars(_TABLES).all()
    if "alembic_version" not in names:
        raise BackupRefused("the database has no tables of ours yet: there is nothing to back up")
    return {
        name: 0 if name in LEFT_OUT else int(session.scalar(text(f"SELECT count(*) FROM {in_public(name)}")) or 0)
        for name in names
    }


def in_public(name: str) -> str:
    """A table of our schema as SQL names it, whatever its name is."""
    return psycopg.sql.Identifier("public", name).as_string()


def _dump(connection: psycopg.Connection[object], program: Program, snapshot: str) -> Iterator[bytes]:
    """The bytes of a dump of this snapshot, as they come."""
    command = [
        program.path,
        "--format=custom",
        f"--compress={COMPRESSION}",
        "--schema=public",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT_S * 1000}",
        "--exclude-table-data=public.spatial_ref_sys",
        *(f"--exclude-table-data=public.{name}" for name in LEFT_OUT),
    ]
    with running(command, surroundings(connection)) as process:
        if process.stdout is None:
            raise TypeError
        while piece := process.stdout.read(PIECE_BYTES):
            yield piece


class _Packed:
    """The parts that are in the archive so far."""

    def __init__(self, archive: zipfile.ZipFile, now: datetime, told: Told) -> None:
        self.parts: list[Part] = []
        self._archive, self._told = archive, told
        self._moment = (now.year, now.month, now.day, now.hour, now.minute, now.second)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store a part of whatever size, and note what it is."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self._info(name), "w", force_zip64=True) as part:
            for piece in pieces:
                digest.update(piece)
                size += part.write(piece)
                self._told(name, size, 0)
        self.parts.append(Part(name, size, digest.hexdigest()))

    def add_files(self, home: Path) -> None:
        """Store the files of POCIT_HOME that are nobody's copy; what is swept away meanwhile is not missed."""
        for folder in FOLDERS:
            for path in sorted((home / folder).rglob("*")):
                name = file_name(path.relative_to(home).as_posix())
                if name is None or not path.is_file() or path.is_symlink():
                    continue
                with suppress(FileNotFoundError), path.open("rb") as file:
                    self.add(name, iter(lambda file=file: file.read(PIECE_BYTES), b""))  # type: ignore[misc]

    def store(self, name: str, content: bytes) -> None:
        """Store what is no part: the manifest itself."""
        self._archive.writestr(self._info(name), content)

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._moment)
        info.external_attr = 0o600 << 16
        return info


def _stamp(home: Path, made: Made) -> None:
    """Note when the last whole backup was made, for those who watch over that."""
    said = {"made_at": made.manifest.made_at, "bytes": made.bytes}
    with suppress(OSError):
        (home / STAMP).write_text(json.dumps(said) + "\n")


def _to_the_disk(folder: Path) -> None:
    """Make a rename last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
