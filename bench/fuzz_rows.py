"""What must hold of the database whatever was sent to the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine, Text, text
from sqlalchemy.orm import Session

from app.models import Base
from app.queries.maps import all_slugs, read_map
from app.services.counts import rebuild
from bench.fuzz_watch import Tally

OF_CITIZENS: Final = frozenset(
    {
        "pin", "respondent", "respondent_device", "support", "pin_flag", "pin_photo", "throttle", "heat_state",
        "heat_block",
        "heat_change", "day_snapshot", "heat_snapshot",
    }
)  # fmt: skip
"""Tables that grow or change by what people do who have no account."""
USED: Final = frozenset({"access_token"})
"""What notes that it was used."""
LONGEST: Final = 20_000
"""Characters of one stored text; what is larger is a file, and named here."""
FILES: Final = frozenset({"basemap_layer.geojson", "day_snapshot.content", "analysis_run.log"})

NOTHING: Final = {
    "pins outside of the boundary": """
        SELECT count(*) FROM pin JOIN town_map ON town_map.id = pin.map_id
        WHERE channel = 'web' AND NOT ST_DWithin(boundary, position, 1e-6)""",
    "pins in another square than their place": """
        SELECT count(*) FROM pin JOIN town_map ON town_map.id = pin.map_id
        WHERE abs(floor(ST_X(ST_Transform(position, metric_srid::int)) / 25) - square_x) > 1
           OR abs(floor(ST_Y(ST_Transform(position, metric_srid::int)) / 25) - square_y) > 1""",
    "comments too long, empty or not trimmed": """
        SELECT count(*) FROM pin WHERE channel = 'web' AND (length(comment) > 1000 OR comment = '')""",
    "pins whose supports are miscounted": """
        SELECT count(*) FROM pin WHERE supports <> (
            SELECT count(*) FROM support WHERE support.map_id = pin.map_id AND support.pin_id = pin.id)""",
    "people who support their own pins": """
        SELECT count(*) FROM support JOIN pin ON pin.map_id = support.map_id AND pin.id = support.pin_id
        WHERE pin.respondent_id = support.respondent_id""",
    "answers to what is not asked": """
        SELECT count(*) FROM pin, jsonb_object_keys(answers) AS asked WHERE channel = 'web' AND NOT EXISTS (
            SELECT FROM question WHERE question.map_id = pin.map_id AND question.key = asked AND scope = 'pin')""",
    "words about people that nobody asked for": """
        SELECT count(*) FROM respondent, jsonb_object_keys(about) AS asked WHERE NOT EXISTS (
            SELECT FROM question
            WHERE question.map_id = respondent.map_id AND question.key = asked AND scope = 'about')""",
    "answers that are too long": "SELECT count(*) FROM pin WHERE length(answers::text) > 100000",
    "zooms and precisions that are none": """
        SELECT count(*) FROM pin WHERE zoom NOT BETWEEN 0 AND 24 OR precision_m < 0 OR precision_m > 5000
            OR precision_m = 'NaN'""",
    "pins from the future": """
        SELECT count(*) FROM pin WHERE created_at > now() + interval '1 minute' AND channel = 'web'""",
    "answers of no day": "SELECT count(*) FROM pin WHERE answer IS NOT NULL AND answered_at IS NULL",
    "pins that wait for nobody": """
        SELECT count(*) FROM pin WHERE state = 'hidden' AND hidden_reason IS NULL AND channel <> 'import'""",
    "photos that are no small JPEG": """
        SELECT count(*) FROM pin_photo WHERE length(picture) > 1 << 20 OR length(small) > 1 << 20
            OR substr(picture, 1, 3) <> '\\xffd8ff'::bytea OR substr(small, 1, 3) <> '\\xffd8ff'::bytea""",
    "photos of pins that are gone": """
        SELECT count(*) FROM pin_photo WHERE NOT EXISTS (
            SELECT FROM pin WHERE pin.map_id = pin_photo.map_id AND pin.id = pin_photo.pin_id)""",
    "maps without categories": """
        SELECT count(*) FROM town_map
        WHERE NOT EXISTS (SELECT FROM category WHERE category.map_id = town_map.id)""",
    "boundaries that are not sound": """
        SELECT count(*) FROM town_map WHERE NOT ST_IsValid(boundary) OR ST_IsEmpty(boundary)""",
    "facts that are not sound": "SELECT count(*) FROM fact WHERE NOT ST_IsValid(place) OR ST_IsEmpty(place)",
    "colours that are none": "SELECT count(*) FROM category WHERE color !~ '^#[0-9a-fA-F]{6}$'",
}
"""Each of these counts nothing."""


def office_rows(engine: Engine) -> Mapping[str, str]:
    """A mark of each table that no citizen can change."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name not in OF_CITIZENS | USED]
    return _marks(engine, dict.fromkeys(names, "true"))


def rows_of_map(engine: Engine, slug: str) -> Mapping[str, str]:
    """A mark of each table's rows of one map."""
    of_map = "map_id = (SELECT id FROM town_map WHERE slug = :slug)"
    tables = [table for table in Base.metadata.sorted_tables if "map_id" in table.columns]
    # The server looks after these by itself, at any time.
    names = [table.name for table in tables if not table.name.startswith(("heat_", "day_"))]
    return _marks(engine, dict.fromkeys(names, of_map), slug)


def _marks(engine: Engine, which: Mapping[str, str], slug: str = "") -> Mapping[str, str]:
    found = {}
    with engine.connect() as connection:
        for name, condition in which.items():
            mark = "md5(coalesce(string_agg(t::text, '\n' ORDER BY t::text), ''))"
            whole = f"SELECT {mark} FROM {name} AS t WHERE {condition}"
            found[name] = str(connection.scalar(text(whole), {"slug": slug} if ":slug" in condition else {}))
    return found


def compared(before: Mapping[str, str], after: Mapping[str, str], tally: Tally, whose: str) -> None:
    """Note every table that changed and should not have."""
    for name, mark in before.items():
        tally.inputs += 1
        if after[name] != mark:
            tally.broke(f"rows: {whose} changed in {name}", name)


def checked(engine: Engine, tally: Tally) -> None:
    """Note all that must not be and is; and count what heat counts anew."""
    with engine.connect() as connection:
        for what, statement in NOTHING.items():
            tally.inputs += 1
            number = connection.scalar(text(statement))
            if number:
                tally.broke(f"rows: {what}", number)
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Text) and f"{table.name}.{column.name}" not in FILES:
                    tally.inputs += 1
                    longest = connection.scalar(text(f"SELECT max(length({column.name})) FROM {table.name}")) or 0
                    if longest > LONGEST:
                        tally.broke(f"rows: a text of {longest} characters in {table.name}.{column.name}", longest)
    with Session(engine) as session:
        for slug in all_slugs(session):
            the_map = read_map(session, slug)
            session.rollback()  # counting begins a transaction of its own
            found = rebuild(session, the_map)
            session.commit()
            tally.inputs += 1
            if found is not None and found.different:
                tally.broke(f"rows: {found.different} squares of {slug} are miscounted", slug)
