"""Stories of finished maps: written by the town's editors, public only once they say so."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.models import TownMap
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record


def write_story(session: Session, by: Actor, the_map: MapRecord, texts: Mapping[str, str]) -> None:
    """Keep what the town says it did, in each language; nothing is published by that."""
    row = _locked(session, the_map)
    if row.story == texts:
        return
    row.story = dict(texts)
    row.version += 1
    record(session, by, Deed("story.change", the_map.slug, {"languages": sorted(texts)}), the_map=the_map)


def publish_story(session: Session, by: Actor, the_map: MapRecord) -> None:
    """Show the story to everybody; InvalidInput while the map is open, or the town has not said anything."""
    row = _locked(session, the_map)
    if row.draft or not the_map.is_over():
        raise InvalidInput(
            Problem("publish", N_("The map has not closed yet. Its story can be published once it has."))
        )
    if not any(row.story.values()):
        raise InvalidInput(Problem("publish", N_("Write first what the town did with it, or is going to do.")))
    _set(session, by, the_map, row, published=True)


def unpublish_story(session: Session, by: Actor, the_map: MapRecord) -> None:
    """Take the story back from everybody; its words stay."""
    _set(session, by, the_map, _locked(session, the_map), published=False)


def _set(session: Session, by: Actor, the_map: MapRecord, row: TownMap, *, published: bool) -> None:
    if row.story_published == published:
        return
    row.story_published = published
    row.version += 1
    record(session, by, Deed("story.publish" if published else "story.unpublish", the_map.slug), the_map=the_map)


def _locked(session: Session, the_map: MapRecord) -> TownMap:
    query = select(TownMap).where(TownMap.id == the_map.id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()
