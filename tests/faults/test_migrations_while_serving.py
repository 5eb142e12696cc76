"""A new version's migrations run while the old version serves: nobody waits, nobody is refused."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text

from app.queries.readiness import newest_revision
from app.services.migrations import SCRIPTS, Blocked, unsafe_settings, upgrade
from tests.faults.migration_rules import broken_by, broken_rules, scripts
from tests.faults.stack import Installation, eventually, run_pocit
from tests.faults.writers import Writers, check_promises

HEAD = """
import sqlalchemy as sa
from alembic import op
from app.services.migrations import make_index
revision, down_revision = "{0}", "{1}"
branch_labels = depends_on = None
def upgrade() -> None:
"""
NEXT = {
    "9001": """
    op.add_column("pin", sa.Column("weather", sa.Text(), server_default="", nullable=False))
    op.execute("ALTER TABLE pin ADD CONSTRAINT ck_pin_weather CHECK (length(weather) < 100) NOT VALID")
""",
    "9002": """
    make_index("ix_pin_weather", "pin", "map_id, weather")
""",
    "9003": """
    op.execute("ALTER TABLE pin VALIDATE CONSTRAINT ck_pin_weather")
""",
}
"""As the next version might have it: a column, an index, a rule for rows."""


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The scripts of a version that is still to come."""
    made = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, made)
    before = newest_revision()
    for revision, does in NEXT.items():
        script = HEAD.format(revision, before).strip() + does
        (made / "versions" / f"{revision}_weather.py").write_text(f'"""Made by a test."""\n{script}')
        before = revision
    return made


@pytest.fixture
def engine(fresh: Installation) -> Iterator[Engine]:
    """An engine of the test's own, beside the server."""
    made = create_engine(fresh.url)
    yield made
    made.dispose()


@pytest.fixture
def lone_engine(unserved: Installation) -> Iterator[Engine]:
    """The same, where nobody serves."""
    made = create_engine(unserved.url)
    yield made
    made.dispose()


@contextmanager
def a_long_export(engine: Engine) -> Iterator[Connection]:
    """A transaction that has read pins and has not ended."""
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM pin"))
        yield connection


def test_people_read_and_write_on_while_it_runs_with_a_long_export_in_its_way(
    fresh: Installation, engine: Engine, next_version: Path
) -> None:
    readers = Readers(fresh)
    said: list[str] = []
    with ThreadPoolExecutor(1) as beside, Writers(fresh.port) as load, readers:
        load.wait_for(60)
        with a_long_export(engine):
            done = beside.submit(upgrade, engine, scripts=next_version, say=said.append)
            eventually(lambda: bool(said))
            # It waits, in the way of nobody, for several tries long.
            load.wait_for(100)
            assert not done.done()
        assert done.result(30) == list(NEXT)
        load.wait_for(60)
    check_promises(load, fresh)
    assert (load.cut, set(load.statuses)) == (0, {201})
    assert readers.statuses == {200}
    assert "waits for a lock" in said[0]
    assert load.longest_pause_s < 2
    with engine.connect() as connection:
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_pin_weather'::regclass"
        assert connection.scalar(text(valid)) is True
        assert connection.scalar(text("SELECT count(*) FROM pin WHERE weather = ''")) == len(fresh.stored())
    # The old version is still ready on the newer database.
    assert fresh.is_ready()


def test_it_gives_up_in_words_and_goes_on_at_the_next_call(lone_engine: Engine, next_version: Path) -> None:
    with a_long_export(lone_engine), pytest.raises(Blocked, match="The oldest transactions"):
        upgrade(lone_engine, scripts=next_version, patience_s=0.5)
    assert upgrade(lone_engine, scripts=next_version) == list(NEXT)
    assert upgrade(lone_engine, scripts=next_version) == []


def test_two_at_once_migrate_one_after_the_other(lone_engine: Engine, next_version: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: upgrade(lone_engine, scripts=next_version), range(2)))
    assert sorted(done) == [[], list(NEXT)]


def test_the_command_of_an_upgrade_takes_an_older_database_up_under_load(
    fresh: Installation, engine: Engine
) -> None:
    with engine.begin() as connection:
        downgrade(connection, "0007")
    assert not fresh.is_ready()
    with Writers(fresh.port) as load:
        load.wait_for(30)
        done = run_pocit(fresh, "db", "upgrade")
        load.wait_for(30)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"database migrated to {newest_revision()}" in done.stderr
    assert fresh.is_ready()
    check_promises(load, fresh)
    assert (load.cut, set(load.statuses)) == (0, {201})


def downgrade(connection: Connection, revision: str) -> None:
    """Back to the tables of an older version."""
    config = Config(str(SCRIPTS / "alembic.ini"))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def test_a_postgresql_that_may_lose_pins_is_named(lone_engine: Engine) -> None:
    with lone_engine.connect() as connection:
        assert unsafe_settings(connection) == []
        connection.execute(text("SET synchronous_commit = off"))
        assert unsafe_settings(connection) == [
            "synchronous_commit is off: a crash loses pins that people were told are stored"
        ]


@pytest.mark.parametrize("script", list(scripts()), ids=lambda script: script.revision)
def test_every_script_from_0007_on_keeps_the_rules(script: object) -> None:
    assert broken_by(script) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX ix ON pin (map_id)",
        "ALTER TABLE pin DROP COLUMN zoom",
        "ALTER TABLE pin ALTER COLUMN zoom TYPE bigint",
        "ALTER TABLE pin ALTER COLUMN zoom SET NOT NULL",
        "ALTER TABLE pin RENAME COLUMN zoom TO closeness",
        "ALTER TABLE pin RENAME TO mark",
        "DROP TABLE support",
        "DROP INDEX ix_pin_position",
        "ALTER TABLE pin ADD COLUMN a text NOT NULL",
        "ALTER TABLE pin ADD COLUMN a uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE pin ADD COLUMN a bigint REFERENCES official (id)",
        "ALTER TABLE pin ADD COLUMN a text UNIQUE",
        "ALTER TABLE pin ADD CONSTRAINT c CHECK (zoom > 0)",
        "ALTER TABLE pin ADD CONSTRAINT c UNIQUE (map_id, comment)",
        "ALTER TABLE pin SET LOGGED",
        "UPDATE pin SET comment = ''",
        "TRUNCATE pin",
        "LOCK TABLE pin",
        "ALTER TABLE pin ADD COLUMN a text; CREATE INDEX CONCURRENTLY ix ON pin (a)",
    ],
)
def test_what_would_stop_or_break_the_old_version_is_found(sql: str) -> None:
    assert broken_rules(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE fresh (id bigint); CREATE INDEX ix ON fresh (id); ALTER TABLE fresh ALTER id SET NOT NULL",
        "CREATE INDEX CONCURRENTLY ix ON pin (map_id)",
        "DROP INDEX CONCURRENTLY ix_pin_position",
        "ALTER TABLE pin ADD COLUMN a text",
        "ALTER TABLE pin ADD COLUMN a timestamptz DEFAULT now() NOT NULL",
        "ALTER TABLE pin ADD CONSTRAINT c CHECK (zoom > 0) NOT VALID",
        "ALTER TABLE pin VALIDATE CONSTRAINT c",
        "ALTER TABLE pin ADD CONSTRAINT c UNIQUE USING INDEX ix",
        "ALTER TABLE throttle SET UNLOGGED",
        "UPDATE town SET name = name",
    ],
)
def test_what_only_adds_is_let_be(sql: str) -> None:
    assert broken_rules(sql) == []


class Readers:
    """Two people who read all the while."""

    def __init__(self, installation: Installation) -> None:
        """Nobody reads yet."""
        self._installation = installation
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=(path,)) for path in ("/m/testov", "/data/testov/pins.csv")
        ]
        self.statuses: set[int] = set()

    def __enter__(self) -> None:
        """Everybody begins."""
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        """Everybody ends."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self, path: str) -> None:
        while not self._stop.wait(0.02):
            self.statuses.add(self._installation.ask(path).status)
