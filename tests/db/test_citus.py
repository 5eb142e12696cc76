"""The script that spreads the tables over machines, as far as plain PostgreSQL can follow it.

In place of Citus stand functions that refuse what its documentation says it refuses: tables with triggers, foreign
keys to tables that lie elsewhere, spreading by something that is not in every key. What Citus itself then does
with our statements is not tested here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from psycopg import Error
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from app.models import Base, HeatChange
from deploy.citus import AT_COORDINATOR, COPIED, counting, growing, main, spreading
from tests.builders import CENTRE, a_map, a_pin
from tests.databases import cloned
from tests.db.test_schema import GROWING

STAND_INS = """
CREATE TABLE spread (name regclass PRIMARY KEY, by text);
CREATE FUNCTION refuse_triggers(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = name AND NOT tgisinternal) THEN
        RAISE EXCEPTION 'triggers are not supported on %', name;
    END IF;
END $$;
CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_triggers(name);
    IF EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = name AND contype = 'f' AND confrelid <> name
               AND confrelid NOT IN (SELECT s.name FROM spread s)) THEN
        RAISE EXCEPTION '% refers to a table that is not copied', name;
    END IF;
    INSERT INTO spread VALUES (name, NULL);
END $$;
CREATE FUNCTION create_distributed_table(name regclass, by text, colocate_with text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_triggers(name);
    IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND name IN (conrelid, confrelid)) THEN
        RAISE EXCEPTION '% has foreign keys while it moves', name;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_index i WHERE indrelid = name AND indisunique AND NOT EXISTS (
               SELECT 1 FROM pg_attribute a WHERE attrelid = name AND attname = by AND attnum = ANY(indkey))) THEN
        RAISE EXCEPTION '% has a key without %', name, by;
    END IF;
    IF colocate_with <> 'none' AND NOT EXISTS (SELECT 1 FROM spread s WHERE s.name = colocate_with::regclass) THEN
        RAISE EXCEPTION '% is not there yet', colocate_with;
    END IF;
    INSERT INTO spread VALUES (name, by);
END $$;
CREATE FUNCTION create_distributed_function(name regprocedure) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION run_command_on_colocated_placements(one regclass, other regclass, command text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM spread s WHERE s.name IN (one, other) AND s.by IS NOT NULL) <> 2 THEN
        RAISE EXCEPTION 'not side by side: % and %', one, other;
    END IF;
    EXECUTE format(command, one, other);
END $$;
"""
KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1"


@pytest.fixture
def own_engine(server_url: str, template: str, worker_id: str) -> Iterator[Engine]:
    """A database to be spread."""
    for url in cloned(server_url, template, f"pocit_citus_{os.getpid()}_{worker_id}"):
        engine = create_engine(url)
        with engine.begin() as connection:
            _said(connection, STAND_INS)
        yield engine
        engine.dispose()


def _run(connection: Connection, statements: Iterator[str]) -> None:
    for statement in statements:
        if statement not in {"BEGIN", "COMMIT"}:
            _said(connection, statement)


def _said(connection: Connection, statement: str) -> None:
    """As psql sends it: by itself, with signs of per cent that mean nothing to anybody on the way."""
    connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]


def test_every_table_is_spread_copied_or_kept_and_those_that_grow_are_spread() -> None:
    names = {table.name for table in Base.metadata.sorted_tables}
    assert {table.name for table in growing()} == GROWING
    assert {*GROWING, *COPIED, *AT_COORDINATOR} == names
    assert not set(COPIED) & set(AT_COORDINATOR)


def test_what_is_copied_or_spread_refers_to_nothing_that_stays_behind() -> None:
    for name in (*COPIED, *GROWING):
        for key in Base.metadata.tables[name].foreign_key_constraints:
            assert key.referred_table.name not in AT_COORDINATOR
            if name in GROWING and key.referred_table.name in GROWING:
                assert next(iter(key.columns)).name == next(iter(key.elements)).column.name == "map_id"
            # A map's id can't be set to nothing: it says where the row lies.
            assert key.ondelete != "SET NULL" or "map_id" not in key.columns


def test_the_script_spreads_all_and_puts_every_foreign_key_back(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        before = connection.execute(text(KEYS)).all()
        _run(connection, spreading())
        _run(connection, counting())
        assert connection.execute(text(KEYS)).all() == before
        spread = dict(connection.execute(text("SELECT name::text, by FROM spread")).all())
    assert spread == dict.fromkeys(COPIED) | dict.fromkeys(GROWING, "map_id")


def test_triggers_may_be_set_again(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        _run(connection, spreading())
        for _ in range(2):
            _run(connection, counting())
        triggers = connection.scalars(
            text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
        ).all()
    assert triggers == ["audit_entry_is_kept", "pin_changes", "pin_comes", "pin_goes", "respondent_changes"]


def test_shards_count_exactly_what_one_database_counts(own_engine: Engine) -> None:
    with Session(own_engine, expire_on_commit=False) as session:
        alone = _changes_of_a_day(session, "testov")
    with own_engine.begin() as connection:
        _run(connection, spreading())
        _run(connection, counting())
    with Session(own_engine, expire_on_commit=False) as session:
        assert _changes_of_a_day(session, "jinde") == alone
    assert len(alone) > 10


def test_the_stand_ins_refuse_what_citus_refuses(own_engine: Engine) -> None:
    for wrong in ("create_reference_table('audit_entry')", "create_distributed_table('pin', 'map_id', 'none')"):
        with own_engine.connect() as connection, pytest.raises(Error):
            _said(connection, f"SELECT {wrong}")


def test_the_command_line_prints_both_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("BEGIN;\n")
    assert main(["--triggers"]) == 0
    assert capsys.readouterr().out.count("CREATE OR REPLACE TRIGGER") == 4
    assert main(["--help"]) == 2


def test_foreign_keys_of_the_models_are_those_of_the_database(own_engine: Engine) -> None:
    """The script adds again what the models say; a key that only a migration knew would be lost."""
    for table in Base.metadata.sorted_tables:
        found = {key["name"] for key in inspect(own_engine).get_foreign_keys(table.name)}
        assert found == {key.name for key in table.foreign_key_constraints}


def _changes_of_a_day(session: Session, slug: str) -> list[tuple[object, ...]]:
    """What people do to pins, and the rows that the counts get of it."""
    the_map = a_map(session, slug)
    pins = [a_pin(session, the_map, category, at=(CENTRE[0] + n / 1000, CENTRE[1])) for n, category in enumerate(("safe", "unsafe", "safe"))]  # fmt: skip  # noqa: E501
    of_map = {"map": the_map.id, "pin": pins[0].id}
    for deed in (
        "UPDATE pin SET comment = 'Chybí lampa' WHERE map_id = :map",
        "UPDATE pin SET state = 'hidden' WHERE map_id = :map AND id = :pin",
        "UPDATE pin SET square_x = square_x + 1, category = 'improve' WHERE map_id = :map",
        "UPDATE pin SET state = 'pending' WHERE map_id = :map",
        "UPDATE pin SET checked_at = now() WHERE map_id = :map",
        'UPDATE respondent SET about = \'{"age": "15"}\' WHERE map_id = :map',
        "DELETE FROM pin WHERE map_id = :map AND id = :pin",
    ):
        session.execute(text(deed), of_map)
    session.commit()
    rows = session.query(HeatChange).filter_by(map_id=the_map.id)
    return sorted(
        (str(r.category), str(r.square_x), str(r.square_y), r.respondent_id is None, r.visible, r.counted)
        for r in rows
    )
