"""`pocit backup` and `pocit restore`: what comes out is what went in, and nothing else goes in."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app import create_app
from app.config import ROOT, Config
from app.db import EXTENSION
from app.inputs.backup_files import END_BYTES, BackupRefused, seal_of
from app.models import Base, Official, PinState
from app.queries.maps import read_map
from app.queries.readiness import is_ready, newest_revision
from app.services.backups import LEFT_OUT, clear_away, name_for
from app.services.backups_programs import Program, find_program
from app.services.backups_script import Wanted, play
from app.services.backups_tables import EXTENSIONS, FUNCTIONS, VERSION_TABLE
from app.services.migrations import migrate
from app.services.sealing import seal, unseal
from tests.builders import (
    CENTRE,
    a_feature,
    a_map,
    a_pin,
    a_pin_photo,
    a_report,
    an_event,
    an_official,
    bearer,
)
from tests.cli.conftest import Said

Pocit = Callable[..., Said]
KEY = "the key of the server that was saved"
TAKEN_IN = ("heat_block", "heat_change", "heat_state")
"""Counts beside the pins: at the end of a restore what waited has been taken in; heat itself is compared."""
WORDS = ("Tma\ta zima\r\nza \\. rohem", "\\.", "„Uvozovky“; 'apostrof', \"dvojité\"", "👩‍👧 Δ ﷽ =1+1", "\\N")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """POCIT_HOME of the server that is saved, with its key."""
    folder = tmp_path / "home"
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "session-key").write_text(KEY)
    monkeypatch.setenv("POCIT_HOME", str(folder))
    monkeypatch.delenv("POCIT_SECRET_KEY", raising=False)
    return folder


@pytest.fixture
def town(live_session: Session, home: Path) -> Session:
    """A town with something in every corner: words that break programs, a photo, a report, a secret, tiles."""
    question = {"key": "kdy", "type": "text", "label": {"cs": "Kdy?"}, "published": True}
    the_map = a_map(live_session, questions=[question])
    event = an_event(live_session, the_map)
    for number, words in enumerate(WORDS):
        pin = a_pin(
            live_session,
            the_map,
            ("safe", "unsafe", "improve")[number % 3],
            (CENTRE[0] + number * 0.0007, CENTRE[1]),
            f"osoba {number % 7}",
            comment=words,
            answers={"kdy": words},
            event=event.code if number % 2 else None,
        )
    a_pin_photo(live_session, pin, "shown")
    for number in range(40):
        a_pin(live_session, the_map, "unsafe", (CENTRE[0] + number * 0.0001, CENTRE[1]), f"osoba {number}")
    a_pin(live_session, the_map, comment="SKRYTY", state=PinState.HIDDEN)
    quiet = a_map(live_session, "tichy", publish={"pins": False, "k": 2})
    for number in range(6):
        a_pin(live_session, quiet, "unsafe", CENTRE, f"tichý {number}")
    an_official(live_session)
    official = live_session.query(Official).one()
    official.totp_secret = seal(KEY.encode(), "totp", "TAJNE")
    live_session.commit()
    report = a_report(live_session, the_map)
    live_session.commit()
    _put(home / "reports" / str(the_map.id) / f"{report.id}.pdf", b"%PDF" + os.urandom(3000))
    _put(home / "basemaps" / "0123456789abcdef.pmtiles", os.urandom(50_000))
    _put(home / "basemaps" / "tmpabc.part", b"half of an upload")
    _put(home / "tiles" / "a.png", b"somebody else's tile")
    return live_session


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """A database without anything, not even PostGIS."""
    name = f"pocit_empty_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture
def elsewhere(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pocit: Pocit
) -> Iterator[Callable[..., Said]]:
    """Runs `pocit …` on a new machine: an empty database, another POCIT_HOME."""

    def run(*words: str) -> Said:
        with monkeypatch.context() as there:
            there.setenv("DATABASE_URL", empty_url)
            there.setenv("POCIT_HOME", str(tmp_path / "new home"))
            return pocit(*words)

    return run


def test_a_restored_server_gives_the_same_files_pages_and_heat(
    pocit: Pocit, town: Session, home: Path, tmp_path: Path, empty_url: str, live_url: str, elsewhere: Pocit
) -> None:
    before = everything_said(live_url, home)
    pocit_files = exported(pocit, tmp_path / "before")
    file = tmp_path / "all.backup"
    made = pocit("backup", str(file))
    assert made.status == 0, made.err
    assert "2 maps, 52 pins" in made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    restored = elsewhere("restore", str(file))
    assert restored.status == 0, restored.err
    new_home = tmp_path / "new home"
    assert exported(elsewhere, tmp_path / "after") == pocit_files
    assert everything_said(empty_url, new_home) == before
    assert dumped(empty_url) == dumped(live_url)
    # The files that are nobody's copy are there, what is made anew by itself is not.
    for folder in ("reports", "basemaps"):
        assert files_of(new_home / folder) == {
            name: content for name, content in files_of(home / folder).items() if not name.endswith(".part")
        }
    assert not (new_home / "tiles").exists()
    # The key came along: what was sealed with it opens.
    assert (new_home / "secrets" / "session-key").read_text() == KEY
    assert stat.S_IMODE((new_home / "secrets" / "session-key").stat().st_mode) == 0o600
    with looking_at(empty_url) as connection, Session(connection) as session:
        sealed = session.query(Official).one().totp_secret
    assert unseal(KEY.encode(), "totp", sealed) == "TAJNE"
    # Triggers, sequences and defaults live: a new pin is counted like any other.
    counted = elsewhere("counts", "rebuild", "testov")
    assert counted.out.split() == ["testov", "45", counted.out.split()[2], "0"]


def exported(pocit: Pocit, folder: Path) -> dict[str, object]:
    """Every file the command line makes of both maps, by its name."""
    folder.mkdir()
    wanted = {}
    for slug, scopes in {"testov": ("public", "office"), "tichy": ("office",)}.items():
        for scope in scopes:
            for form in ("geojson", "csv", "gpkg", "fgb", "shp", "parquet")[: 6 if slug == "testov" else 2]:
                wanted[f"{slug} {scope} pins.{form}"] = ["pins", "export", slug, "-f", form, "--scope", scope]
    for slug in ("testov", "tichy"):
        for scope in ("public", "office"):
            for form in ("tif", "geojson") if slug == "testov" else ("tif",):
                wanted[f"{slug} {scope} heat.{form}"] = ["heat", "export", slug, "-f", form, "--scope", scope]
    found: dict[str, object] = {}
    for name, words in wanted.items():
        out = folder / name
        said = pocit(*words, "-o", str(out))
        assert said.status == 0, said.err
        found[name] = content_of(out)
    return found


def content_of(path: Path) -> object:
    """What is in a file, without the moments at which some formats note that they were written."""
    if path.suffix == ".gpkg":
        database = sqlite3.connect(path)
        lines = [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "", line) for line in database.iterdump()]
        database.close()
        return lines
    if path.suffix == ".shp":
        with zipfile.ZipFile(path) as archive:
            # A dBASE file begins with the day of its writing.
            return {name: archive.read(name)[4:] for name in archive.namelist()}
    return hashlib.sha256(without_moment(path.read_bytes())).hexdigest()


def without_moment(content: bytes) -> bytes:
    """A GeoTIFF says when it was made."""
    return re.sub(rb"made_at.{0,9}\d{4}-\d\d-\d\dT[0-9:+]+", b"", content)


def everything_said(url: str, home: Path) -> dict[str, object]:
    """What the server says to everybody on the addresses that have the data: status, type and content."""
    app = create_app(Config(database_url=url, home=home, secret_key=KEY))
    client = app.test_client()
    paths = [f"/data/testov/pins.{form}" for form in ("geojson", "csv", "parquet", "fgb")]
    for slug in ("testov", "tichy"):
        paths += [f"/api/collections/{slug}", f"/api/collections/{slug}/items?limit=7", f"/m/{slug}/heat.tif"]
        paths += [f"/m/{slug}/heat.geojson?category=unsafe&weight=pins", f"/m/{slug}/heat/13/4449/2797.png"]
    paths += ["/api/collections/testov/items?limit=10000&crs=http://www.opengis.net/def/crs/EPSG/0/5514"]
    found = {}
    for path in paths:
        answer = client.get(path)
        body: object = without_moment(answer.get_data())
        if answer.is_json:
            said = answer.get_json()
            body = {name: part for name, part in said.items() if name != "timeStamp"}
        found[path] = (answer.status_code, answer.content_type, body)
    app.extensions[EXTENSION].engine.dispose()
    return found


def dumped(url: str) -> str:
    """A digest of all rows of all tables, in the order of their own text."""
    digest = hashlib.sha256()
    with looking_at(url) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in LEFT_OUT or table.name in TAKEN_IN:
                continue
            rows = connection.scalars(text(f'SELECT t::text COLLATE "C" FROM {table.name} t ORDER BY 1'))
            digest.update(repr((table.name, rows.all())).encode())
    return digest.hexdigest()


@contextmanager
def looking_at(url: str) -> Iterator[Connection]:
    """A connection of its own, gone afterwards."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_damaged_or_strange_file_is_refused_before_anything_is_touched(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, empty_url: str
) -> None:
    file = tmp_path / "all.backup"
    assert pocit("backup", str(file)).status == 0
    whole = file.read_bytes()
    bad = tmp_path / "bad.backup"

    def refused(content: bytes, words: str) -> None:
        bad.write_bytes(content)
        for words_given in (["restore"], ["restore", "--check"], ["restore", "--replace"]):
            said = elsewhere(*words_given, str(bad))
            assert (said.status, said.out, said.err.count("\n")) == (1, "", 1), said.err
            assert words in said.err, said.err

    refused(b"", "is not a backup")
    refused(b"id;x;y\n1;2;3\n" * 100, "is not a backup")
    for size in (5, 700, len(whole) // 2, len(whole) - END_BYTES, len(whole) - 1):
        refused(whole[:size], "is not")
    refused(whole + b"\0", "not whole")
    refused(whole[: len(whole) // 2], "not whole")
    # One bit anywhere: in a header, a part, the list of parts, the sum, the seal.
    for place in (5, 40, 2000, len(whole) // 3, len(whole) - END_BYTES - 30, len(whole) - 80, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        refused(bytes(changed), "is ")
    # Somebody who knows how sums are made still has no key.
    forged = retold(whole, b'"safe"', b'"safe"', KEY + "?")
    refused(forged, "seal is not that of its key")
    refused(retold(whole, b'"format": 1', b'"format": 2', KEY), "made by a newer version")
    newest = (newest_revision() or "").encode()
    refused(retold(whole, b'"migration": "' + newest, b'"migration": "9999', KEY), "made by a newer version")
    refused(retold(whole, b'"name": "database.dump"', b'"name": "files/../../x"', KEY), "parts that none has")
    assert elsewhere("restore", str(tmp_path / "nothing")).status == 1
    assert not (tmp_path / "new home" / "reports").exists()
    with looking_at(empty_url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_class WHERE relname = 'pin'")) == 0


def retold(whole: bytes, old: bytes, new: bytes, key: str) -> bytes:
    """The backup with other words in its manifest, and a right sum at its end."""
    changed = rezipped(whole[:-END_BYTES], old, new)
    digest = hashlib.sha256(changed).hexdigest()
    return changed + f"pocit-backup sha256={digest} seal={seal_of(key, digest)}".encode()


def rezipped(whole: bytes, old: bytes, new: bytes) -> bytes:
    """The same archive with something replaced in its manifest; without the comment."""
    source = zipfile.ZipFile(io.BytesIO(whole + bytes(END_BYTES)))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            content = source.read(info.filename)
            if info.filename == "manifest.json":
                assert old in content or old == b'"safe"', content
                content = content.replace(old, new)
            archive.writestr(info, content)
        archive.comment = bytes(END_BYTES)
    return target.getvalue()[:-END_BYTES]


def test_what_a_restore_takes_away_is_kept_in_a_backup_and_all_of_it_goes_or_nothing(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, empty_url: str
) -> None:
    file = tmp_path / "all.backup"
    assert pocit("backup", str(file), "--without-key").status == 0
    refused = elsewhere("restore", str(file))
    assert (refused.status, "another key" in refused.err) == (1, True)
    assert elsewhere("restore", str(file), "--keep-own-key").status == 0
    before = dumped(empty_url)
    with looking_at(empty_url) as connection:
        connection.execute(text("UPDATE pin SET comment = 'said since then'"))
    since = dumped(empty_url)
    again = elsewhere("restore", str(file), "--keep-own-key")
    assert again.status == 0, again.err
    assert "what was there (2 towns, 2 maps, 52 pins, 1 officials) is kept in" in again.err
    assert dumped(empty_url) == before
    (kept,) = (tmp_path / "new home" / "backups").glob("before-restore-*.backup")
    assert elsewhere("restore", "--replace", str(kept)).status == 0
    assert dumped(empty_url) == since
    assert len(list(kept.parent.iterdir())) == 1
    assert elsewhere("restore", "--replace", str(file), "--keep-own-key").status == 0
    # Somebody else's view stands on our table: it may not go, so nothing goes.
    engine = create_engine(empty_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM support; UPDATE pin SET comment = 'since then'"))
        changed = dumped(empty_url)
        connection.execute(text("CREATE VIEW theirs AS SELECT id FROM pin"))
        said = elsewhere("restore", str(file), "--replace", "--keep-own-key")
        assert (said.status, said.err.count("\n")) == (1, 1)
        assert "nothing was changed" in said.err
        assert dumped(empty_url) == changed
        connection.execute(text("DROP VIEW theirs"))
        # A reader in the middle of something: he is not waited for without end.
        with engine.connect() as reader:
            reader.execute(text("BEGIN; SELECT count(*) FROM pin"))
            busy = elsewhere("restore", str(file), "--replace", "--keep-own-key")
            assert (busy.status, "stop the server" in busy.err) == (1, True)
            reader.execute(text("COMMIT"))
        connection.execute(text("CREATE TABLE someone_elses AS SELECT 1 AS one"))
    assert elsewhere("restore", str(file), "--replace", "--keep-own-key").status == 0
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT one FROM someone_elses")) == 1
        connection.execute(text("DROP TABLE someone_elses"))
    engine.dispose()
    assert dumped(empty_url) == before


def test_the_key_comes_along_unless_the_setting_forbids_it(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "all.backup"
    assert "with the server’s key" in pocit("backup", str(file)).err
    key = tmp_path / "new home" / "secrets" / "session-key"
    key.parent.mkdir(parents=True)
    key.write_text("what a first start made")
    monkeypatch.setenv("POCIT_SECRET_KEY", "somebody set this")
    refused = elsewhere("restore", str(file))
    assert (refused.status, "POCIT_SECRET_KEY" in refused.err) == (1, True)
    monkeypatch.setenv("POCIT_SECRET_KEY", KEY)
    assert elsewhere("restore", str(file)).status == 0
    assert key.read_text() == "what a first start made"
    monkeypatch.delenv("POCIT_SECRET_KEY")
    restored = elsewhere("restore", str(file))
    assert restored.status == 0, restored.err
    assert "made by another server" in restored.err
    assert key.read_text() == KEY
    (kept,) = key.parent.glob("session-key.before-*")
    assert kept.read_text() == "what a first start made"
    assert kept.name in restored.err


def test_a_backup_taken_while_people_pin_is_of_one_moment(
    pocit: Pocit, town: Session, live_server: str, tmp_path: Path, elsewhere: Pocit, empty_url: str
) -> None:
    stored: list[tuple[float, str]] = []
    stop = threading.Event()

    def pins(number: int) -> None:
        with requests.Session() as phone:
            while not stop.is_set():
                feature = a_feature("unsafe", comment="za běhu")
                address = f"{live_server}/api/collections/testov/items"
                answer = phone.post(
                    address, json=feature, headers=bearer(f"a-device-token-of-enough-bits-{number}-x")
                )
                if answer.status_code == 201:
                    stored.append((time.monotonic(), feature["id"]))

    phones = [threading.Thread(target=pins, args=(number,)) for number in range(3)]
    for phone in phones:
        phone.start()
    try:
        while len(stored) < 15 and not stop.wait(0.01):
            pass
        began = time.monotonic()
        file = tmp_path / "all.backup"
        assert pocit("backup", str(file)).status == 0
        ended = time.monotonic()
    finally:
        stop.set()
        for phone in phones:
            phone.join()
    assert elsewhere("restore", str(file)).status == 0
    with looking_at(empty_url) as connection:
        found = {str(one) for one in connection.scalars(text("SELECT id FROM pin WHERE comment = 'za běhu'"))}
    assert found >= {one for at, one in stored if at < began}
    assert found.isdisjoint({one for at, one in stored if at > ended})
    assert len(stored) > len(found)
    # What heat counts is of the same moment as the pins it counts.
    assert elsewhere("counts", "rebuild", "testov").out.split()[3] == "0"


def test_an_older_backup_is_brought_to_this_version_and_what_is_due_is_anonymised(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, live_url: str, empty_url: str
) -> None:
    closed = a_map(town, "stara", closes="2020-01-01T00:00:00Z")
    a_pin(town, closed, respondent="kdosi")
    person = town.scalar(text("SELECT respondent_id FROM pin WHERE map_id = :map"), {"map": closed.id})
    town.commit()
    file = tmp_path / "old.backup"
    engine = create_engine(live_url)
    try:
        with engine.begin() as connection:
            back_to(connection, "0006")
        assert pocit("backup", str(file)).status == 0
    finally:
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
    said = elsewhere("restore", str(file))
    assert said.status == 0, said.err
    assert f"migrated from 0006 to {newest_revision()}" in said.err
    assert "stara was due, and has been anonymised" in said.err
    with looking_at(empty_url) as connection, Session(connection) as session:
        assert is_ready(session)
        assert read_map(session, "stara").anonymised_at is not None
        held = "SELECT count(*) FROM pin WHERE respondent_id = :person"
        assert session.scalar(text(held), {"person": person}) == 0


def back_to(connection: Connection, revision: str) -> None:
    config = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def test_a_folder_keeps_the_newest_and_nobody_elses_file_is_overwritten(
    pocit: Pocit, town: Session, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    letter = tmp_path / "letter.odt"
    letter.write_bytes(b"PK\x03\x04 a letter")
    said = pocit("backup", str(letter))
    assert (said.status, "is no backup" in said.err) == (1, True)
    assert letter.read_bytes() == b"PK\x03\x04 a letter"
    assert pocit("backup", str(tmp_path / "no folder" / "x.backup")).status == 1
    assert not (home / "last-backup").exists()
    made = pocit("backup", str(folder), "--keep", "2")
    assert made.status == 0
    assert (home / "last-backup").exists()
    first = Path(made.out.strip())
    now = datetime.now(UTC)
    for age in (1, 2, 3):
        older = name_for(folder, now - timedelta(days=age))
        older.write_bytes(first.read_bytes())
        os.utime(older, (now.timestamp() - age * 86400,) * 2)
    torn = folder / "pocit-torn.backup"
    torn.write_bytes(first.read_bytes()[:5000])
    (folder / ".pocit-x.backup.abc.unfinished").write_bytes(b"of a backup that was killed")
    os.utime(folder / ".pocit-x.backup.abc.unfinished", (now.timestamp() - 2 * 86400,) * 2)
    removed = clear_away(folder, 2, now)
    assert [path.name for path in removed] == [name_for(folder, now - timedelta(days=age)).name for age in (2, 3)]
    # What is not a whole backup counts for none, and is left for a person to look at.
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [first.name, name_for(folder, now - timedelta(days=1)).name, torn.name]
    )


def test_a_backup_that_fails_half_way_leaves_the_last_one_and_nothing_else(
    pocit: Pocit, town: Session, tmp_path: Path, live_url: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "all.backup"
    assert pocit("backup", str(file)).status == 0
    before = file.read_bytes()
    # The disk is full after 20 kB, as far as this process is concerned.
    script = f"ulimit -f 20; exec {sys.executable} -m app.cli backup {file}"
    environment = {**os.environ, "DATABASE_URL": live_url, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "can't write" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["all.backup"]
    assert file.read_bytes() == before


def test_programs_of_another_version_are_told_apart(tmp_path: Path) -> None:
    for version in ("13.4", "15.18", "17.2"):
        program = tmp_path / version / "pg_dump"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version} (Debian {version}-1)'\n")
        program.chmod(0o755)
    folders = [tmp_path / "17.2", tmp_path / "13.4", tmp_path / "15.18"]
    assert find_program("pg_dump", 15, folders).version == "15.18"
    assert find_program("pg_dump", 16, folders).version == "17.2"
    with pytest.raises(BackupRefused, match=r"17.2 is older than PostgreSQL 18.*postgresql-client-18"):
        find_program("pg_dump", 18, folders)
    with pytest.raises(BackupRefused, match="no pg_restore on this machine"):
        find_program("pg_restore", 15, folders)


def test_of_a_dump_written_by_a_newer_postgresql_only_rows_are_taken(empty_url: str, tmp_path: Path) -> None:
    """What only a newer server or psql understands is left out, and rows that look like statements stay rows."""
    script = tmp_path / "script.sql"
    copy = "COPY public.said (n, words) FROM stdin;\n"
    script.write_text(
        "\\restrict abc\nSET statement_timeout = 0;\nSET a_setting_of_tomorrow = 0;\n-- words\n\n" + copy +
        "1\tSET x = 1;\n2\tCOPY public.said (n, words) FROM stdin;\n3\t\\\\.\n4\t\\N\n\\.\n\n"
        "SELECT pg_catalog.setval('public.said_k_seq', 52, true);\n\\unrestrict abc\n"
    )  # fmt: skip
    program = tmp_path / "pg_restore"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\nexec cat {script}\n")
    program.chmod(0o755)
    wanted = Wanted({"said": frozenset({"n", "words"})}, frozenset({"said_k_seq"}))
    table = "CREATE TABLE said (n integer, words text, k integer GENERATED ALWAYS AS IDENTITY)"
    with looking_at(empty_url) as connection:
        connection.execute(text(table))
        play(connection.connection.driver_connection, Program(str(program), "99.1"), [b"dump"], "", wanted)
        rows = connection.execute(text("SELECT n, words FROM public.said ORDER BY n")).all()
        assert connection.scalar(text("SELECT nextval('said_k_seq')")) == 53
    assert rows == [(1, "SET x = 1;"), (2, "COPY public.said (n, words) FROM stdin;"), (3, "\\."), (4, None)]
    for words, why in (
        # One that ends too early, as if killed, is not taken for a short one.
        (copy + "1\tx\n", "middle of a table"),
        ("CREATE TABLE public.other (n integer);\n", "says what none"),
        ("INSERT INTO public.said VALUES (1, 'x');\n", "says what none"),
        ("COPY public.said (n, words) FROM PROGRAM 'id';\n", "says what none"),
        ("COPY public.other (n) FROM stdin;\n1\n\\.\n", "can't take"),
        ("COPY public.said (n, theirs) FROM stdin;\n", "can't take"),
        ("SELECT pg_catalog.setval('public.other_id_seq', 1, true);\n", "none of ours"),
        ("SELECT pg_catalog.setval('public.said_k_seq', theirs(), true);\n", "says what none"),
        ("SET a = b; DROP TABLE said;\n", "says what none"),
        ("SET client_encoding = 'LATIN2';\n", "UTF-8"),
        ("\\! id\n", "says what none"),
    ):
        script.write_text(words)
        with looking_at(empty_url) as connection:
            connection.execute(text(table))
            with pytest.raises(BackupRefused, match=why):
                play(connection.connection.driver_connection, Program(str(program), "99.1"), [b"dump"], "", wanted)


def test_nothing_of_a_strangers_schema_is_run(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, empty_url: str, live_url: str
) -> None:
    """A function that an index calls would run as whoever restores, a trigger as whoever pins."""
    taken = tmp_path / "taken"
    engine = create_engine(live_url, isolation_level="AUTOCOMMIT")
    theirs = (
        f"""CREATE FUNCTION theirs(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        IF current_database() LIKE 'pocit_empty%' THEN
        EXECUTE $x$COPY (SELECT 1) TO PROGRAM 'touch {taken}'$x$;
        END IF; RETURN words; END $$""",
        "CREATE INDEX theirs ON pin (theirs(comment))",
        "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER theirs BEFORE INSERT ON pin FOR EACH ROW EXECUTE FUNCTION theirs()",
        "CREATE TABLE someone_elses AS SELECT 1 AS one",
    )
    try:
        with engine.connect() as connection:
            for statement in theirs:
                connection.execute(text(statement))
        file = tmp_path / "all.backup"
        assert pocit("backup", str(file)).status == 0
        pins = dumped(live_url)
    finally:
        with engine.connect() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS theirs ON pin"))
            connection.execute(text("DROP INDEX IF EXISTS theirs"))
            connection.execute(text("DROP FUNCTION IF EXISTS theirs(text), theirs()"))
            connection.execute(text("DROP TABLE IF EXISTS someone_elses"))
        engine.dispose()
    said = elsewhere("restore", str(file))
    assert said.status == 0, said.err
    assert "not ours, and left in the file (pg_restore takes them out): someone_elses" in said.err
    assert not taken.exists()
    assert dumped(empty_url) == pins
    with looking_at(empty_url) as connection, looking_at(live_url) as ours:
        assert connection.execute(SCHEMA).all() == ours.execute(SCHEMA).all()


SCHEMA = text(
    """
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, concat(pg_get_triggerdef(oid), tgenabled)
    FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL SELECT 'column', c.oid::regclass::text, attname, concat(format_type(atttypid, atttypmod), attnotnull,
        attidentity, attgenerated, attstorage, relpersistence, pg_get_expr(adbin, adrelid))
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'function', '', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid AND d.deptype = 'e')
    ORDER BY 1, 2, 3, 4
    """
)


def test_root_follows_no_link_to_where_the_key_would_go(
    pocit: Pocit, town: Session, tmp_path: Path, elsewhere: Pocit, empty_url: str
) -> None:
    file, precious = tmp_path / "all.backup", tmp_path / "shadow"
    assert pocit("backup", str(file)).status == 0
    precious.write_text("somebody else's")
    key = tmp_path / "new home" / "secrets" / "session-key"
    key.parent.mkdir(parents=True)
    key.symlink_to(precious)
    refused = elsewhere("restore", str(file))
    assert (refused.status, "is a link" in refused.err) == (1, True), refused.err
    assert precious.read_text() == "somebody else's"
    assert not list(tmp_path.glob("**/session-key.before*"))
    with looking_at(empty_url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_class WHERE relname = 'pin'")) == 0


def test_a_manifest_is_bounded_word_by_word(pocit: Pocit, town: Session, tmp_path: Path) -> None:
    file, bad = tmp_path / "all.backup", tmp_path / "bad.backup"
    assert pocit("backup", str(file)).status == 0
    whole = file.read_bytes()
    number = re.search(rb'"dumped_by": "[^"]+"', zipfile.ZipFile(file).read("manifest.json"))
    assert number is not None
    for new in (b'"dumped_by": "' + b"9" * 5000 + b'"', b'"dumped_by": "15.1", "x": "' + b"x" * (9 << 20) + b'"'):
        bad.write_bytes(retold(whole, number[0], new, KEY))
        said = pocit("restore", "--check", str(bad))
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1), said.err
        assert "is damaged" in said.err
    bad.write_bytes(retold(whole, number[0], b'"dumped_by": "' + b"9" * 50 + b'"', KEY))
    assert pocit("restore", "--check", str(bad)).status == 0


def test_restoring_knows_everything_that_migrations_put_into_the_database(session: Session) -> None:
    """Else a restore over a filled database would stumble over what it did not take away."""
    ours = (
        "FROM {table} o WHERE o.{namespace} = 'public'::regnamespace AND NOT EXISTS"
        " (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"
    )
    functions = session.scalars(
        text("SELECT oid::regprocedure::text " + ours.format(table="pg_proc", namespace="pronamespace"))
    )
    assert sorted(functions) == sorted(FUNCTIONS)
    there = session.execute(
        text("SELECT relname, relkind::text " + ours.format(table="pg_class", namespace="relnamespace"))
    ).all()
    assert {name for name, kind in there if kind == "r"} == {*Base.metadata.tables, VERSION_TABLE}
    assert {kind for name, kind in there if not name.startswith(("geometry_dump", "valid_detail"))} <= {
        "r",
        "i",
        "S",
    }
    extensions = session.scalars(text("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"))
    assert sorted(extensions) == sorted(EXTENSIONS)
    assert set(LEFT_OUT) <= set(Base.metadata.tables)
