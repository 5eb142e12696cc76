"""Putting a backup in the place of what is there: all of it in one transaction, or nothing.

The tables are made by our own migrations, as they were in the backup's version; nothing but rows is taken out of
its dump (backups_script.py). They are counted against the manifest, migrated to this version and looked after
(whose time has come is anonymised again) before anybody else sees them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.inputs.backup_files import DUMP, FILES, KEY, MOST_KEY_BYTES, Backup, BackupRefused, Told, mark_of
from app.models import Base
from app.queries.maps import all_slugs, read_map
from app.queries.readiness import is_ready, newest_revision
from app.services.backups import LEFT_OUT, in_public
from app.services.backups_programs import find_program, major_of
from app.services.backups_script import play, read_through, wanted_entries
from app.services.backups_tables import bare, our_tables, present, take_away
from app.services.counts import settle
from app.services.migrations import migrate, revisions
from app.services.photo_retention import forget_photos
from app.services.pin_photos import forget_refused
from app.services.retention import anonymise, next_due

TELLING = {"town": "towns", "town_map": "maps", "pin": "pins", "official": "officials"}
"""What a person looks for first in a database, and how many of it are called."""


@dataclass(frozen=True)
class Target:
    """Where a backup goes, besides the database: the folder of state, and the key that the server uses now."""

    home: Path
    key: str | None = field(repr=False)
    """None on a new machine, that has none yet."""
    key_is_set: bool
    """Whether the key is given by POCIT_SECRET_KEY: then nothing put into the folder would count."""
    keeps_key: bool = False
    """Go on with this key, though the backup is of a server with another."""


@dataclass(frozen=True)
class Restored:
    """What a restore did besides what the manifest says."""

    migrated_to: str | None
    anonymised: Sequence[str]
    not_anonymised: Sequence[str]
    """Due as well, but it failed: the server tries again by itself."""
    not_ours: Sequence[str]
    """Tables that stood beside ours, and are left where they are: pg_restore takes them out of the file."""


def takes_its_key(backup: Backup, target: Target) -> bool:
    """Whether the server goes on with the backup's key instead of its own, which is kept beside it.

    Nothing but rows is taken from another server's file. BackupRefused where a file of our own was changed, or
    where the key wanted can't be had.
    """
    is_ours = target.key is not None and backup.manifest.key == mark_of(target.key)
    if is_ours and not backup.is_sealed_by(target.key or ""):
        raise BackupRefused(f"{backup.path} was changed after it was made: its seal is not that of this server")
    if is_ours or target.keeps_key:
        return False
    way_out = "or say --keep-own-key: second factors and sign-in providers are then to be set up anew"
    if backup.key is None:
        raise BackupRefused(
            "the backup is of a server with another key and does not hold it: set POCIT_SECRET_KEY to that one, "
            + way_out
        )
    if target.key_is_set:
        raise BackupRefused(
            "POCIT_SECRET_KEY is not the key of the backup: take that setting away for the one within to count, "
            + way_out
        )
    return True


def check_dump(backup: Backup) -> None:
    """Unpack the dump from its first row to its last; BackupRefused where that can't be done."""
    program = find_program("pg_restore", major_of(backup.manifest.dumped_by))
    read_through(program, backup.pieces(DUMP))


def what_is_there(session: Session) -> str:
    """What a restore would take away, in words; empty where there is nothing."""
    there = present(session, [table.name for table in Base.metadata.sorted_tables])
    held = {name: session.scalar(text(f"SELECT count(*) FROM {in_public(name)}")) for name in there}
    held = {name: count for name, count in held.items() if count and name not in LEFT_OUT}
    telling = [f"{held[name]} {words}" for name, words in TELLING.items() if name in held]
    return ", ".join(telling) or (f"{len(held)} tables with rows" if held else "")


def restore_database(session: Session, backup: Backup, now: datetime, told: Told) -> Restored:
    """Put the backup's tables in the place of those that are there; the caller commits, or nothing has happened.

    Wants a session whose transaction has not begun yet.
    """
    connection = session.connection()
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(type(raw))
    program = find_program("pg_restore", major_of(backup.manifest.dumped_by))
    if backup.manifest.migration not in revisions():
        raise BackupRefused(f"the backup is of migration {backup.manifest.migration}, which we never had")
    ours = set(our_tables())
    try:
        take_away(session)
        told("Tables", 0, 0)
        migrate(session.connection(), backup.manifest.migration)
        with bare(session) as wanted:
            entries = wanted_entries(program, backup.pieces(DUMP), wanted)
            play(raw, program, _watched(backup, told), entries, wanted)
            told("Indexes", 0, 0)
        told("Counting", 0, 0)
        _check_counts(session, {name: rows for name, rows in backup.manifest.tables.items() if name in ours})
        others = sorted(set(backup.manifest.tables) - ours)
        return _brought_up_to_date(session, now, told, others)
    except DBAPIError as error:
        raise BackupRefused(_words_of(error.orig)) from error
    except psycopg.Error as error:
        raise BackupRefused(_words_of(error)) from error


def finish(session: Session, told: Told) -> None:
    """After the commit: what makes reading quick again. Losing it would lose nothing."""
    for slug in all_slugs(session):
        told("Counts of squares", 0, 0)
        the_map = read_map(session, slug)
        session.rollback()
        settle(session, the_map)
    session.rollback()
    told("Statistics", 0, 0)
    names = ", ".join(in_public(table.name) for table in Base.metadata.sorted_tables)
    session.execute(text(f"ANALYZE {names}"))
    session.commit()


def _watched(backup: Backup, told: Told) -> Iterator[bytes]:
    """The dump, and how far it has been read."""
    total = next(part.bytes for part in backup.manifest.parts if part.name == DUMP)
    done = 0
    for piece in backup.pieces(DUMP):
        done += len(piece)
        told("Database", done, total)
        yield piece


def _check_counts(session: Session, wanted: Mapping[str, int]) -> None:
    """BackupRefused unless every table has the rows that were counted when it was dumped."""
    there = set(present(session, list(wanted)))
    for name, rows in wanted.items():
        found = session.scalar(text(f"SELECT count(*) FROM {in_public(name)}")) if name in there else None
        if found != rows:
            raise BackupRefused(f"{name} came out with {found} rows, not {rows}: nothing was changed")


def _brought_up_to_date(session: Session, now: datetime, told: Told, others: Sequence[str]) -> Restored:
    """Migrate to this version, and do again what its time has come for since the backup was made."""
    migrated_to = None
    if not is_ready(session):
        told("Migrations", 0, 0)
        migrate(session.connection())
        migrated_to = newest_revision()
    told("Retention", 0, 0)
    session.expire_all()
    done, failed = _anonymised(session, now)
    forget_photos(session, now)
    forget_refused(session, now)
    return Restored(migrated_to, done, failed, others)


def _anonymised(session: Session, now: datetime) -> tuple[list[str], list[str]]:
    """The maps whose persons were due to be taken away and are gone again; those with which that failed."""
    done: list[str] = []
    failed: list[str] = []
    while (slug := next_due(session, now, failed)) is not None:
        try:
            with session.begin_nested():
                anonymise(session, read_map(session, slug), now)
            done.append(slug)
        except (DBAPIError, ValueError, LookupError):
            # A map that can't be anonymised shall not keep everybody else's words from coming back.
            failed.append(slug)
    return done, failed


def _words_of(error: BaseException | None) -> str:
    """Why the database would not, without quoting a row."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "the database is in use: stop the server first, then restore; nothing was changed"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        said = error.diag.message_primary
        return f"the database does not let us ({said}): nothing was changed; extensions are a superuser's to make"
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return f"the database refused it, and nothing was changed: {said or type(error).__name__}"


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────


class Staged:
    """The files of a backup, unpacked beside where they belong."""

    def __init__(self, home: Path, folder: Path, backup: Backup) -> None:
        self._home, self._folder = home, folder
        self._names = [part.name for part in backup.manifest.parts if part.name.startswith(FILES)]

    def place(self) -> int:
        """Move them where they belong; how many. They are named for their content, or by random numbers."""
        for name in self._names:
            goal = self._home / name.removeprefix(FILES)
            self._made(goal.parent)
            (self._folder / name).replace(goal)
        return len(self._names)

    def refuse_links(self) -> None:
        """BackupRefused where a link stands in the way of the key: root shall not write where it leads."""
        for path in (self._home / KEY, (self._home / KEY).parent):
            if path.is_symlink():
                raise BackupRefused(f"{path} is a link: put the folder or file itself there; nothing was changed")

    def place_key(self, key: str) -> Path | None:
        """Put the server's key into force; where the one that was there is kept.

        All by the handle of the folder: whatever is put in the way meanwhile is not followed.
        """
        path = self._home / KEY
        self._made(path.parent)
        kept = None
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            with suppress(FileNotFoundError):
                before = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
                with os.fdopen(before, "rb") as file:
                    former = file.read(MOST_KEY_BYTES)
                kept = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
                self._write(folder, kept.name, former)
            draft = f".{path.name}.{os.getpid()}"
            self._write(folder, draft, key.encode())
            os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        finally:
            os.close(folder)
        return kept

    def _write(self, folder: int, name: str, content: bytes) -> None:
        """A new file in a folder, on the disk, for the home's owner alone."""
        made = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
        with os.fdopen(made, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(made)
            give_to_owner(made, self._home)

    def _made(self, folder: Path) -> None:
        """A folder of the home's owner, as the server itself would make it."""
        if folder == self._home or folder.exists():
            return
        self._made(folder.parent)
        folder.mkdir(mode=0o700)
        self._ours(folder)

    def _ours(self, path: Path) -> None:
        give_to_owner(path, self._home)


@contextmanager
def staged(backup: Backup, home: Path, told: Told) -> Iterator[Staged]:
    """The files unpacked into a folder of POCIT_HOME that is gone afterwards; BackupRefused on a full disk."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".restore-", ignore_cleanup_errors=True) as folder:
            for part in backup.manifest.parts:
                if part.name.startswith(FILES):
                    _unpack(backup, part.name, Path(folder) / part.name, home)
                    told(part.name, part.bytes, part.bytes)
            yield Staged(home, Path(folder), backup)
    except OSError as error:
        raise BackupRefused(f"can't write into {home}: {error.strerror}") from error


def _unpack(backup: Backup, name: str, goal: Path, home: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(goal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in backup.pieces(name):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    give_to_owner(goal, home)


def give_to_owner(made: Path | int, home: Path) -> None:
    """What root has made goes to whom the home belongs, or the server could not read it; follows no link."""
    if os.geteuid() == 0:
        owner = home.stat()
        with suppress(OSError):
            if isinstance(made, int):
                os.fchown(made, owner.st_uid, owner.st_gid)
            else:
                os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=False)
