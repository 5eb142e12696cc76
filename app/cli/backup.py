"""`pocit backup` and `pocit restore`: everything in one file, and back."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click
import msgspec
from sqlalchemy.orm import Session

from app.cli.output import CommandRefused, opened_session
from app.config import ROOT, Config
from app.inputs.backup_files import KEY, Backup, BackupRefused, Manifest, Told, mark_of, opened_backup
from app.queries.readiness import newest_revision
from app.services.backups import Source, clear_away, make_backup, name_for
from app.services.backups_restore import (
    Restored,
    Target,
    check_dump,
    finish,
    restore_database,
    staged,
    takes_its_key,
    what_is_there,
)

SAID_EVERY_S = 0.1


@click.command("backup")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--check", "check_only", is_flag=True, help="Only look whether FILE is whole and unchanged.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Afterwards remove all but the newest N files pocit-*.backup of the same folder.",
)
@click.option("--without-key", is_flag=True, help="Leave the server’s key out: keep it elsewhere, and well.")
def backup(path: Path, check_only: bool, keep: int | None, without_key: bool) -> None:
    """Write everything into FILE, or into a file named for the moment if FILE is a folder.

    The server may go on serving. FILE holds personal data, and the server’s key unless told otherwise:
    keep it where only those may read who may read the database.
    """
    if check_only:
        _check(path)
        return
    now = datetime.now(UTC)
    goal = name_for(path, now) if path.is_dir() else path
    config = Config.from_environment()
    source = Source(config.home, config.secret_key, with_key=not without_key)
    with _refusals(), _progress() as told, opened_session() as session:
        made = make_backup(session, source, goal, told)
        removed = clear_away(goal.parent, keep, now) if keep else []
    words = "with the server’s key" if made.manifest.has_key else "WITHOUT the server’s key: keep that elsewhere"
    click.echo(f"{goal}: {_size(made.bytes)}, {_content(made.manifest)}, {words}", err=True)
    if removed:
        click.echo(f"removed {len(removed)} older ones", err=True)
    if goal != path:
        click.echo(str(goal))


@click.command("restore")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--check", "check_only", is_flag=True, help="Only look whether FILE is whole and unchanged.")
@click.option(
    "--replace",
    is_flag=True,
    help="Keep no backup of what is in the database now; else one is made first, in POCIT_HOME/backups.",
)
@click.option(
    "--keep-own-key",
    is_flag=True,
    help="Go on with this server’s key: second factors and sign-in providers are then to be set up anew.",
)
def restore(path: Path, check_only: bool, replace: bool, keep_own_key: bool) -> None:
    """Put the backup FILE in the place of what is in the database and in POCIT_HOME: all of it, or nothing.

    FILE is looked at wholly before anything is touched, and what is there now is backed up first. Stop the server
    first, and start it again afterwards.
    """
    if check_only:
        _check(path)
        return
    # A new machine has no key yet, and shall not get one that is then in the way.
    target = Target(_home(), _own_key(), bool(os.environ.get("POCIT_SECRET_KEY")), keep_own_key)
    with _refusals(), _progress() as told, _opened(path, told) as opened:
        takes_key = takes_its_key(opened, target)
        with opened_session() as session, staged(opened, target.home, told) as files:
            if not replace:
                _keep_what_is_there(session, target, told)
            session.rollback()
            restored = restore_database(session, opened, datetime.now(UTC), told)
            if takes_key:
                files.refuse_links()
            files.place()
            with _undisturbed():
                session.commit()
                kept = files.place_key(opened.key or "") if takes_key else None
            finish(session, told)
    _say_restored(opened, restored, target.home)
    if target.key is None or not opened.is_sealed_by(target.key):
        click.echo("it was made by another server: be sure that you know which", err=True)
    if takes_key:
        former = f"; the one that was there is {kept.name}" if kept else ""
        click.echo(f"the server’s key is that of the backup now ({target.home / KEY}{former})", err=True)
    if keep_own_key and (target.key is None or opened.manifest.key != mark_of(target.key)):
        click.echo(
            "second factors and sign-in providers are to be set up anew: their key is another one", err=True
        )
    click.echo("start the server again: it still remembers what was there before", err=True)


def _keep_what_is_there(session: Session, target: Target, told: Told) -> None:
    """A backup of what the restore takes away, if there is anything; BackupRefused where it can’t be made."""
    there = what_is_there(session)
    session.rollback()
    if not there:
        return
    folder = target.home / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    goal = folder / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    source = Source(target.home, Config.from_environment().secret_key)
    made = make_backup(session, source, goal, told)
    session.rollback()
    click.echo(f"what was there ({there}) is kept in {goal}, {_size(made.bytes)}", err=True)


def _say_restored(opened: Backup, restored: Restored, home: Path) -> None:
    manifest = opened.manifest
    click.echo(f"restored the state of {manifest.made_at}: {_content(manifest)}, files into {home}", err=True)
    if restored.migrated_to:
        click.echo(f"migrated from {manifest.migration} to {restored.migrated_to}", err=True)
    if restored.not_ours:
        names = ", ".join(restored.not_ours)
        click.echo(f"not ours, and left in the file (pg_restore takes them out): {names}", err=True)
    for slug in restored.anonymised:
        click.echo(f"{slug} was due, and has been anonymised", err=True)
    for slug in restored.not_anonymised:
        click.echo(f"{slug} is due but could not be anonymised: the server tries again every hour", err=True)


def _check(path: Path) -> None:
    """The manifest to stdout, if the file is whole, unchanged and readable to its end."""
    with _refusals():
        with _progress() as told, _opened(path, told) as opened:
            check_dump(opened)
            own = _own_key()
            known = own is not None and opened.is_sealed_by(own)
        click.echo(msgspec.json.format(msgspec.json.encode(opened.manifest), indent=2).decode())
    seal = "sealed by this server" if known else "NOT sealed by this server: whose it is can’t be proven here"
    click.echo(f"{path} is whole and unchanged, {seal}", err=True)


def _own_key() -> str | None:
    """The key of this server, where there is one; looking at a file needs none, and makes none."""
    given = os.environ.get("POCIT_SECRET_KEY")
    kept = _home() / KEY
    if given or not kept.exists():
        return given or None
    return kept.read_text()


def _home() -> Path:
    return Path(os.environ.get("POCIT_HOME") or ROOT / ".local")


def _opened(path: Path, told: Told) -> AbstractContextManager[Backup]:
    return opened_backup(path, told, newest_revision() or "")


def _content(manifest: Manifest) -> str:
    tables = manifest.tables
    named = [f"{tables.get(name, 0)} {word}" for name, word in (("town_map", "maps"), ("pin", "pins"))]
    files = sum(part.name.startswith("files/") for part in manifest.parts)
    return f"{', '.join(named)}, {sum(tables.values())} rows in {len(tables)} tables, {files} files"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


@contextmanager
def _refusals() -> Iterator[None]:
    """What can't be done, as the one line a command says; told to end, it clears away first."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise CommandRefused(f"broken off by signal {number}")

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except BackupRefused as refused:
        raise CommandRefused(" ".join(str(refused).split())) from refused
    except KeyboardInterrupt:
        raise CommandRefused("broken off") from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Nobody breaks off between the database and its key."""
    told_to_end = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, told_to_end)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, told_to_end)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Tells on stderr how far it is, where a person watches."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    last = 0.0

    def told(step: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SAID_EVERY_S and done != total:
            return
        last = now
        share = f"{done / total:4.0%}" if total else _size(done) if done else "…"
        click.echo(f"\r\x1b[K{step[-50:]} {share}", err=True, nl=False)

    try:
        yield told
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)
