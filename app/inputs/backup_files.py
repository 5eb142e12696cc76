"""A backup as a file: a ZIP that says what is in it, with a seal over every byte at its end.

Its parts are stored as they are, so that `unzip` and `pg_restore` open it without us. The manifest names them
with their sizes and hashes; the last bytes (the archive's comment) hold the SHA-256 of all bytes before them, and
a seal of that made with the server's key. A file that was cut off has no such end; one in which a byte changed has
another sum.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated

import msgspec

FORMAT = 1
NOTE, DUMP, KEY, MANIFEST = "READ-ME.txt", "database.dump", "secrets/session-key", "manifest.json"
FILES = "files/"
FOLDERS = ("basemaps", "reports")
"""What of POCIT_HOME is nobody's copy: the towns' tile packs, and the reports that offices had made."""
PIECE_BYTES = 1 << 20
MOST_MANIFEST_BYTES = 8 << 20
"""Some forty thousand files; it is held as a whole."""
MOST_KEY_BYTES = 4096

_HEAD = b"PK\x03\x04"
_END = b"pocit-backup sha256=%s seal=%s"
END_BYTES = len(_END % (b"0" * 64, b"0" * 64))
_SAID = re.compile(rb"pocit-backup sha256=([0-9a-f]{64}) seal=([0-9a-f]{64})")
_NAME = re.compile(rf"{FILES}({'|'.join(FOLDERS)})(/\w[\w.-]*){{1,3}}", re.ASCII)

Word = Annotated[str, msgspec.Meta(max_length=200)]
Size = Annotated[int, msgspec.Meta(ge=0)]
Told = Callable[[str, int, int], None]
"""Hears how far a step is: its name, bytes done, bytes in all (0 where nobody knows)."""


class BackupRefused(Exception):
    """A backup can't be made, or this file can't be used as one; the message is the one line to say."""


@dataclass(frozen=True)
class Part:
    """One file within the backup."""

    name: Annotated[str, msgspec.Meta(max_length=500)]
    bytes: Size
    sha256: Annotated[str, msgspec.Meta(max_length=64)]


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    made_at: Word
    """RFC 3339, UTC: the moment whose state of the database this is."""
    migration: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
    server: Word
    """The version of PostgreSQL it was taken from, and of the program that took it."""
    dumped_by: Word
    tables: dict[Word, Size]
    """Rows of each table, counted in the snapshot that was dumped."""
    functions: list[Word]
    extensions: dict[Word, Word]
    left_out: list[Word]
    """Tables whose rows are not taken along."""
    key: Word
    """A mark of the server's key, which tells whether another one is the same."""
    parts: list[Part]
    program: Word = "pocit"
    format: int = FORMAT

    @property
    def has_key(self) -> bool:
        """Whether the server's key is within."""
        return any(part.name == KEY for part in self.parts)


@dataclass(frozen=True)
class Backup:
    """A backup that is whole and unchanged, opened for reading."""

    path: Path
    manifest: Manifest
    key: str | None = field(repr=False)
    """The server's key, where it is within."""
    digest: str
    seal: str
    archive: zipfile.ZipFile = field(repr=False)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, piece by piece; BackupRefused at their end if they are not those checked before."""
        wanted = next(part for part in self.manifest.parts if part.name == name)
        digest = hashlib.sha256()
        with self.archive.open(name) as part:
            while piece := part.read(PIECE_BYTES):
                digest.update(piece)
                yield piece
        if digest.hexdigest() != wanted.sha256:
            raise BackupRefused(f"{self.path} was changed while it was read")

    def is_sealed_by(self, key: str) -> bool:
        """Whether it was sealed with this key."""
        return hmac.compare_digest(seal_of(key, self.digest), self.seal)


@contextmanager
def opened_backup(path: Path, told: Told, newest_migration: str) -> Iterator[Backup]:
    """The backup in this file, looked at from its first byte to its last; BackupRefused says what is wrong."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupRefused(f"can't read {path}: {error.strerror}") from error
    with file:
        digest, seal = _whole(file, path, told)
        try:
            archive = zipfile.ZipFile(file)
            manifest = _manifest(archive, path, newest_migration)
            _check_parts(archive, manifest, path, told)
            key = archive.read(KEY).decode() if manifest.has_key else None
        except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise BackupRefused(f"{path} is damaged: its parts don't fit together") from error
        if key is not None and (
            mark_of(key) != manifest.key or not hmac.compare_digest(seal_of(key, digest), seal)
        ):
            raise BackupRefused(f"{path} was changed after it was made: its seal is not that of its key")
        with archive:
            yield Backup(path, manifest, key, digest, seal, archive)


def is_backup(path: Path) -> bool:
    """Whether a file looks like a whole backup, by its two ends."""
    with path.open("rb") as file:
        return file.read(4) == _HEAD and _SAID.fullmatch(_tail(file)) is not None


def placeholder() -> bytes:
    """What stands at the end until the sum is known."""
    return b"\0" * END_BYTES


def write_end(file: IO[bytes], key: str, told: Told) -> None:
    """Put the sum and the seal at the end of a file that is otherwise finished; reads it once."""
    digest = _sum(file, told, "Sum")
    file.seek(-END_BYTES, os.SEEK_END)
    file.write(_END % (digest.encode(), seal_of(key, digest).encode()))


def seal_of(key: str, digest: str) -> str:
    """The seal that a server puts on a sum with its key."""
    return hmac.new(_derived(key, b"pocit backup seal"), digest.encode(), hashlib.sha256).hexdigest()


def mark_of(key: str) -> str:
    """A mark by which a key is known again, and from which nobody finds it."""
    return _derived(key, b"pocit backup mark").hex()[:16]


def file_name(folder_and_name: str) -> str | None:
    """The part's name for a file of POCIT_HOME; None for one that is not taken along."""
    name = FILES + folder_and_name
    return name if _NAME.fullmatch(name) and not name.endswith(".part") else None


def _derived(key: str, purpose: bytes) -> bytes:
    return hmac.new(key.encode(), purpose, hashlib.sha256).digest()


def _whole(file: IO[bytes], path: Path, told: Told) -> tuple[str, str]:
    """The sum and the seal at the end of a file all of whose bytes give that sum."""
    if file.read(4) != _HEAD:
        raise BackupRefused(f"{path} is not a backup made by `pocit backup`")
    said = _SAID.fullmatch(_tail(file))
    if said is None:
        file.seek(0)
        if NOTE.encode() in file.read(256):
            raise BackupRefused(f"{path} is not whole: it was cut off, or something was added at its end")
        raise BackupRefused(f"{path} is not a backup made by `pocit backup`")
    digest = _sum(file, told, "Checking")
    if digest.encode() != said[1]:
        raise BackupRefused(f"{path} is damaged or was changed: its sum is not what it says at its end")
    return digest, said[2].decode()


def _tail(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_BYTES))
    return file.read()


def _sum(file: IO[bytes], told: Told, step: str) -> str:
    """SHA-256 of all bytes but the end."""
    size = file.seek(0, os.SEEK_END) - END_BYTES
    file.seek(0)
    digest, done = hashlib.sha256(), 0
    while done < size:
        piece = file.read(min(PIECE_BYTES, size - done))
        if not piece:
            break
        digest.update(piece)
        done += len(piece)
        told(step, done, size)
    return digest.hexdigest()


class _Kind(msgspec.Struct):
    """The one thing that every version of the manifest says in the same place."""

    format: int


def _manifest(archive: zipfile.ZipFile, path: Path, newest_migration: str) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > MOST_MANIFEST_BYTES:
        raise BackupRefused(f"{path} is damaged: its manifest is too large")
    content = archive.read(MANIFEST)
    theirs = msgspec.json.decode(content, type=_Kind).format
    newer = f"{path} was made by a newer version of this program (%s); upgrade first, then restore"
    if theirs > FORMAT:
        raise BackupRefused(newer % f"format {theirs}, this one reads {FORMAT}")
    manifest = msgspec.json.decode(content, type=Manifest)
    if manifest.migration > newest_migration:
        raise BackupRefused(newer % f"migration {manifest.migration}, this one has {newest_migration}")
    return manifest


def _check_parts(archive: zipfile.ZipFile, manifest: Manifest, path: Path, told: Told) -> None:
    """BackupRefused unless the archive has exactly the parts the manifest names, and these are what it says."""
    infos = {info.filename: info for info in archive.infolist()}
    named = {part.name: part for part in manifest.parts}
    allowed = all(name in {NOTE, DUMP, KEY} or _NAME.fullmatch(name) for name in named)
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos.values())
    if not allowed or not stored or DUMP not in named or len(infos) != len(archive.infolist()):
        raise BackupRefused(f"{path} is not a backup made by `pocit backup`: it has parts that none has")
    if set(infos) != {*named, MANIFEST} or len(named) != len(manifest.parts):
        raise BackupRefused(f"{path} is damaged: its parts are not those that its manifest names")
    if KEY in named and named[KEY].bytes > MOST_KEY_BYTES:
        raise BackupRefused(f"{path} is damaged: its key is too long")
    for part in manifest.parts:
        digest, done = hashlib.sha256(), 0
        with archive.open(part.name) as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                done += len(piece)
                told(part.name, done, part.bytes)
        if done != part.bytes or digest.hexdigest() != part.sha256:
            raise BackupRefused(f"{path} is damaged: {part.name} is not what the manifest says")
