"""The SQL that spreads the tables over several machines by map: `.venv/bin/python -m deploy.citus > spread.sql`.

For a database that has Citus (12 or newer) beside PostGIS, run once at the coordinator while nothing writes:

    psql -v ON_ERROR_STOP=1 -f spread.sql       all of it, or nothing
    psql -v ON_ERROR_STOP=1 -f triggers.sql     made with --triggers; again after each move of shards

Towns, maps, categories and officials are copied to every machine, what grows lies with its map, and what belongs
to the server as a whole stays at the coordinator. Made from the models: a new table is spread without being named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, DropConstraint

from app.models import Base

KEY = "map_id"
COPIED = ("town", "town_map", "category", "question", "event", "official", "town_role")
"""Small, and joined with what grows, or the end of its foreign keys."""
AT_COORDINATOR = (
    "access_token", "address", "answer_template", "audit_entry", "basemap_layer", "fact", "fact_layer",
    "identity_provider", "invitation", "official_session", "throttle",
)  # fmt: skip
"""Of the whole server or of a town, asked for by themselves."""

TRIGGERS = {
    "pin": ("pin_comes", "pin_changes", "pin_goes"),
    "respondent": ("respondent_changes",),
}
"""The counts' triggers (migration 0004): each shard gets its own, which writes to the changes beside it."""

_COLUMNS = "map_id, respondent_id, category, square_x, square_y, visible, counted"
_COME = "(come.state = 'visible')::int, (come.state <> 'hidden')::int"
_GONE = "-(gone.state = 'visible')::int, -(gone.state <> 'hidden')::int"
_PLACE = "{0}.map_id, {0}.respondent_id, {0}.category, {0}.square_x, {0}.square_y"
_MINDED = (
    "{0}.comment, {0}.answers, {0}.channel, {0}.event, {0}.status, {0}.answer IS NULL, {0}.flagged,"
    " {0}.created_at, {0}.position::bytea, {0}.zoom"
)
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION pin_changes_heat_of_shard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        EXECUTE format('INSERT INTO %s ({_COLUMNS}) SELECT {_PLACE.format("come")},
            {_COME.replace("'", "''")} FROM come', TG_ARGV[0]);
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format('INSERT INTO %s ({_COLUMNS}) SELECT {_PLACE.format("gone")},
            {_GONE.replace("'", "''")} FROM gone', TG_ARGV[0]);
    ELSE
        EXECUTE format('INSERT INTO %s ({_COLUMNS})
            SELECT w.* FROM gone JOIN come USING (map_id, id), LATERAL (VALUES
                ({_PLACE.format("gone")}, {_GONE.replace("'", "''")}),
                ({_PLACE.format("come")}, {_COME.replace("'", "''")})
            ) AS w
            WHERE ({_PLACE.format("gone")}, gone.state) IS DISTINCT FROM ({_PLACE.format("come")}, come.state)',
            TG_ARGV[0]);
        EXECUTE format('INSERT INTO %s (map_id)
            SELECT DISTINCT come.map_id FROM gone JOIN come USING (map_id, id)
            WHERE ({_MINDED.format("gone")}) IS DISTINCT FROM ({_MINDED.format("come")})', TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION respondent_changes_heat_of_shard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %s (map_id) SELECT DISTINCT come.map_id
        FROM gone JOIN come USING (map_id, id) WHERE gone.about <> come.about', TG_ARGV[0]);
    RETURN NULL;
END $$;
"""
EVENTS = {
    "pin_comes": ("INSERT", "NEW TABLE AS come", "pin_changes_heat_of_shard"),
    "pin_changes": ("UPDATE", "OLD TABLE AS gone NEW TABLE AS come", "pin_changes_heat_of_shard"),
    "pin_goes": ("DELETE", "OLD TABLE AS gone", "pin_changes_heat_of_shard"),
    "respondent_changes": ("UPDATE", "OLD TABLE AS gone NEW TABLE AS come", "respondent_changes_heat_of_shard"),
}


def growing() -> list[Table]:
    """The tables to be spread, those that others refer to first."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in {*COPIED, *AT_COORDINATOR}]
    astray = [table.name for table in tables if next(iter(table.primary_key)).name != KEY]
    if astray:
        msg = f"neither led by {KEY} nor named in deploy/citus.py: {', '.join(astray)}"
        raise ValueError(msg)
    return tables


def spreading() -> Iterator[str]:
    """The statements that spread the tables, in one transaction."""
    tables = growing()
    yield "BEGIN"
    # Reference tables and what refers to them in one transaction: Citus wants its connections one after another.
    yield "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"
    yield from (f"DROP TRIGGER {name} ON {table}" for table, names in TRIGGERS.items() for name in names)
    held = [key for table in tables for key in _keys(table)]
    yield from (_said(DropConstraint(key)) for key in held)
    yield from (f"SELECT create_reference_table('{name}')" for name in COPIED)
    yield "SELECT create_distributed_function('plain_words(text)')"
    first, *others = (table.name for table in tables)
    yield f"SELECT create_distributed_table('{first}', '{KEY}', colocate_with := 'none')"
    yield from (f"SELECT create_distributed_table('{n}', '{KEY}', colocate_with := '{first}')" for n in others)
    yield from (_said(AddConstraint(key, isolate_from_table=False)) for key in held)
    yield FUNCTIONS.strip().removesuffix(";")
    functions = sorted({function for *_, function in EVENTS.values()})
    yield from (f"SELECT create_distributed_function('{name}()')" for name in functions)
    yield "COMMIT"


def counting() -> Iterator[str]:
    """The statements that put the counts' triggers on every shard; they may run again at any time."""
    for table, names in TRIGGERS.items():
        for name in names:
            event, rows, function = EVENTS[name]
            trigger = (
                f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON %s REFERENCING {rows}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {function}(%L)"
            )
            yield f"SELECT run_command_on_colocated_placements('{table}', 'heat_change', $cmd${trigger}$cmd$)"


def _keys(table: Table) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda key: str(key.name))


def _said(change: AddConstraint | DropConstraint) -> str:
    return " ".join(str(change.compile(dialect=postgresql.dialect())).split())  # type: ignore[no-untyped-call]


def main(arguments: list[str]) -> int:
    """Print one of the two scripts."""
    if arguments not in ([], ["--triggers"]):
        print(__doc__, file=sys.stderr)
        return 2
    for statement in counting() if arguments else spreading():
        print(f"{statement};")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
