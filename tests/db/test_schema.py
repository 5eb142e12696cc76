"""The tables: migrations and models agree, rows survive down and up, keys lead with the map."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.models import Base, Pin
from app.queries.maps import read_map
from app.queries.readiness import is_ready
from app.services.migrations import migrate
from tests.builders import a_map, a_pin, an_event, an_official
from tests.databases import cloned

GROWING = {
    "respondent", "respondent_device", "pin", "pin_flag", "support", "day_snapshot", "heat_snapshot",
    "answered_place", "report", "heat_state", "heat_block", "heat_change", "analysis_run",
    "sheet_print", "sheet", "sheet_photo", "photo_picture", "sheet_mark", "pin_photo",
}  # fmt: skip
"""Tables that grow with use."""


@pytest.fixture
def own_engine(server_url: str, template: str, worker_id: str) -> Iterator[Engine]:
    """A database that may be torn down and up."""
    for url in cloned(server_url, template, f"pocit_schema_{os.getpid()}_{worker_id}"):
        engine = create_engine(url)
        yield engine
        engine.dispose()


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": alembic_helpers.include_object, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_an_empty_database_is_not_ready_and_a_migrated_one_is(own_engine: Engine) -> None:
    with Session(own_engine) as session:
        assert is_ready(session)
    _downgrade(own_engine)
    with Session(own_engine) as session:
        assert not is_ready(session)


def test_down_and_up_again_with_rows_in_the_tables(own_engine: Engine) -> None:
    with Session(own_engine, expire_on_commit=False) as session:
        the_map = a_map(session)
        an_event(session, the_map)
        a_pin(session, the_map, event="FORUM1")
        an_official(session)
    _downgrade(own_engine)
    left = set(inspect(own_engine).get_table_names()) - {"spatial_ref_sys", "alembic_version"}
    assert left == set()
    with own_engine.begin() as connection:
        migrate(connection)
    with Session(own_engine, expire_on_commit=False) as session:
        a_pin(session, a_map(session))


@pytest.mark.parametrize("name", sorted(GROWING))
def test_every_key_of_a_growing_table_leads_with_the_map(engine: Engine, name: str) -> None:
    """So that PostgreSQL can be spread over machines by map: docs/decisions/0002."""
    inspector = inspect(engine)
    keys = [inspector.get_pk_constraint(name)["constrained_columns"]]
    keys += [unique["column_names"] for unique in inspector.get_unique_constraints(name)]
    keys += [key["constrained_columns"] for key in inspector.get_foreign_keys(name)]
    keys += [index["column_names"] for index in inspector.get_indexes(name) if index["unique"]]
    assert all(key[0] == "map_id" for key in keys), keys


def test_every_table_is_either_growing_or_a_reference(engine: Engine) -> None:
    """A new table has to say which it is."""
    reference = {
        "town", "town_map", "basemap_layer", "category", "question", "event", "official", "town_role",
        "throttle", "invitation", "identity_provider", "answer_template", "audit_entry", "alembic_version",
        "access_token", "official_session", "address", "fact_layer", "fact",
        "spatial_ref_sys",
    }  # fmt: skip
    assert set(inspect(engine).get_table_names()) == GROWING | reference


def test_nothing_hangs_on_other_triggers_or_shared_sequences(engine: Engine) -> None:
    with engine.connect() as connection:
        triggers = connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).all()
        # Of officials' few deeds, and the counts of heat, which no writer may forget: decision 0015.
        counts = {"pin_comes", "pin_changes", "pin_goes", "respondent_changes"}
        assert set(triggers) == {"audit_entry_is_kept"} | counts
        for name in GROWING:
            for column in inspect(connection).get_columns(name):
                assert column.get("identity") is None
                assert "nextval" not in (column["default"] or "")


def test_pins_have_a_spatial_index(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT indexdef FROM pg_indexes WHERE tablename = 'pin'")).all()
    assert any("gist" in definition and "position" in definition for definition in found)


def test_what_is_stored_outlives_the_way_from_the_first_tables_to_the_newest(own_engine: Engine) -> None:
    with Session(own_engine, expire_on_commit=False) as session:
        the_map = a_map(session)
        pin = a_pin(session, the_map, comment="Lavičky chybí")
        an_official(session)
    _downgrade(own_engine, "0001")
    with own_engine.begin() as connection:
        migrate(connection)
    with Session(own_engine) as session:
        kept = session.get(Pin, (the_map.id, pin.id))
        assert kept is not None
        assert (kept.comment, kept.state, kept.flagged) == ("Lavičky chybí", "visible", False)
        assert not read_map(session, the_map.slug).draft


def _downgrade(engine: Engine, revision: str = "base") -> None:
    config = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
