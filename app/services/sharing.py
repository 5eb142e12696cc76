"""Where else a map may stand: the websites that may show it in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import TownMap
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record


def allow_frames(session: Session, by: Actor, the_map: MapRecord, origins: Sequence[str]) -> bool:
    """Let the pages of these origins show the map, and no others; whether that is a change."""
    query = select(TownMap).where(TownMap.id == the_map.id).with_for_update(key_share=True)
    row = session.scalars(query.execution_options(populate_existing=True)).one()
    if row.embed_origins == list(origins):
        return False
    detail = {"from": list(row.embed_origins) or None, "to": list(origins) or None}
    row.embed_origins = list(origins)
    row.version += 1
    record(session, by, Deed("map.frames", the_map.slug, detail), the_map=the_map)
    return True
