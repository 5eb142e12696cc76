"""Maps as officials make them: a draft, its sections one by one, then opened, closed, or begun again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely import MultiPolygon
from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from app.errors import FormOutdated, InvalidInput, Problem
from app.i18n import N_
from app.inputs.map_folder import SLUG, parse_map, slug_of
from app.inputs.map_forms import SECTIONS, Typed, digest
from app.inputs.map_sent import Noted
from app.inputs.maps import MapInput
from app.models import Pin, TownMap
from app.queries.checklist import blocking, checklist
from app.queries.map_description import describe, own_layer
from app.queries.maps import MapRecord, read_map
from app.services.audit import Actor, Deed, record
from app.services.maps import save_map

NOT_ADDRESSES = frozenset({"new"})
"""What the office itself calls something under /office/maps/."""
LEAST_NOTICE = timedelta(days=1)
"""Between a change of dates and what it deletes."""
LAST_NUMBER = re.compile(r"-\d{1,3}$")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('pocit: addresses of maps'))")


@dataclass(frozen=True)
class Change:
    """One section of a map as an official typed it; `seen` marks what was stored when they began."""

    section: str
    typed: Typed
    seen: str | None = None


@dataclass(frozen=True)
class Ground:
    """What lies under a new map: its boundary, and what it takes over from a map of the same town."""

    boundary: MultiPolygon
    metric_srid: int | None = None
    basemap: Mapping[str, Any] | None = None
    layer: str | None = None


def ground_of(session: Session, the_map: MapRecord) -> Ground:
    """The ground of a map, for another one on the same squares."""
    return Ground(the_map.boundary, the_map.metric_srid, the_map.basemap, own_layer(session, the_map))


def create_draft(session: Session, by: Actor, description: Mapping[str, Any], ground: Ground) -> str:
    """The slug, made of the title, of a new draft of this description (`map.json` without a basemap)."""
    wanted = parse_map(dict(description), slug="draft", boundary=ground.boundary, basemap_geojson=ground.layer)
    title = wanted.title.get(wanted.languages[0]) or next(iter(wanted.title.values()))
    row = _store_draft(session, _on_ground(wanted, ground), slug_of(title) or wanted.town.slug)
    record(session, by, Deed("map.create", row.slug), the_map=row)
    return row.slug


def begin_next_round(
    session: Session, by: Actor, the_map: MapRecord, title: Mapping[str, str] | None = None
) -> str:
    """The slug of a draft with everything of this map but dates, events and pins, counted on the same squares."""
    if the_map.draft:
        raise InvalidInput(Problem("map", N_("This map is still a draft itself; there is no round to follow.")))
    description = describe(session, the_map) | {"opens": None, "closes": None, "events": []}
    description.pop("basemap")
    if title:
        description["title"] = dict(title)
    ground = ground_of(session, the_map)
    wanted = parse_map(description, slug="draft", boundary=ground.boundary, basemap_geojson=ground.layer)
    # The third round of "vzorov" follows "vzorov-2"; the second of "praha-5" is "praha-5-2".
    stem = LAST_NUMBER.sub("", the_map.slug) if the_map.previous else the_map.slug
    row = _store_draft(session, _on_ground(wanted, ground), stem)
    row.previous_id = the_map.id
    record(session, by, Deed("map.next_round", row.slug, {"previous": the_map.slug}), the_map=row)
    return row.slug


def change_map(session: Session, by: Actor, the_map: MapRecord, change: Change) -> bool:
    """Save one section; False where it says what is stored already.

    FormOutdated when somebody else changed the section since `seen`; InvalidInput with every problem by its field.
    """
    row = _locked(session, the_map)
    now = read_map(session, row.slug)
    before = describe(session, now)
    if change.seen and change.seen != digest(change.section, before):
        raise FormOutdated
    noted = Noted()
    after = before | SECTIONS[change.section].described(change.typed, before, noted)
    wanted = _judged(session, after, now, noted)
    if before == after:
        return False
    _refuse_broken_promises(session, now, wanted, change.typed)
    save_map(session, wanted)
    record(session, by, Deed("map.change", None, {"section": change.section}), the_map=row)
    return True


def change_address(session: Session, by: Actor, the_map: MapRecord, slug: str) -> str:
    """Give a draft another address; once it has been open, posters and links name the old one."""
    row = _locked(session, the_map)
    wanted = slug.strip().lower()
    if not row.draft:
        raise InvalidInput(Problem("slug", N_("The map has been open under this address, so it stays.")))
    if wanted == row.slug:
        return wanted
    if not SLUG.fullmatch(wanted):
        raise InvalidInput(Problem("slug", N_("An address has small letters, digits, hyphens.")))
    session.execute(_ONE_AT_A_TIME)
    if wanted in NOT_ADDRESSES or _is_taken(session, wanted):
        raise InvalidInput(Problem("slug", N_("Another map has this address.")))
    before, row.slug = row.slug, wanted
    row.version += 1
    session.flush()
    record(session, by, Deed("map.address", wanted, {"before": before}), the_map=row)
    return wanted


def open_map(session: Session, by: Actor, the_map: MapRecord, *, at_once: bool = False) -> None:
    """Let everybody see a draft; it collects from its opening date, or `at_once`.

    InvalidInput while something is missing without which no map can be used.
    """
    row = _locked(session, the_map)
    now = read_map(session, row.slug)
    if missing := blocking(checklist(session, now)):
        raise InvalidInput(*(Problem(item.key, N_("This is needed before the map can open.")) for item in missing))
    moment = datetime.now(UTC)
    waits = row.opens_at is not None and row.opens_at > moment
    if not row.draft and not (at_once and waits):
        return
    row.draft = False
    if at_once and waits:
        row.opens_at = moment
    row.version += 1
    opens = row.opens_at if row.opens_at and row.opens_at > moment else None
    session.flush()
    record(session, by, Deed("map.open", None, {"opens": opens.isoformat() if opens else "now"}), the_map=row)


def close_map(session: Session, by: Actor, the_map: MapRecord) -> None:
    """End the collecting now; a map that was still to open becomes a draft again."""
    row = _locked(session, the_map)
    moment = datetime.now(UTC)
    if row.draft or (row.closes_at is not None and row.closes_at <= moment):
        return
    if row.opens_at is not None and row.opens_at >= moment:
        row.draft = True
    else:
        row.closes_at = moment
    row.version += 1
    session.flush()
    record(session, by, Deed("map.close", None, {"back_to_draft": row.draft}), the_map=row)


def delete_draft(session: Session, by: Actor, the_map: MapRecord) -> None:
    """Take a draft away with all that belongs to it; InvalidInput once it has been open or has pins."""
    row = _locked(session, the_map)
    if not row.draft:
        raise InvalidInput(Problem("delete", N_("Only drafts can be deleted; this map has been open.")))
    if has_pins(session, row.id):
        raise InvalidInput(Problem("delete", N_("There are pins on this draft, so it can't be deleted.")))
    record(session, by, Deed("map.delete", row.slug), the_map=row)
    session.delete(row)
    session.flush()


def has_pins(session: Session, map_id: int) -> bool:
    """Whether anybody has pinned on the map."""
    return bool(session.scalar(select(exists().where(Pin.map_id == map_id))))


def _locked(session: Session, the_map: MapRecord) -> TownMap:
    """The map's row, for one change at a time."""
    return session.scalars(
        select(TownMap).where(TownMap.id == the_map.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _judged(session: Session, description: Mapping[str, Any], now: MapRecord, noted: Noted) -> MapInput:
    """What the rules for folders make of the description, on the ground the map has; all problems at once."""
    ground = ground_of(session, now)
    described = {key: value for key, value in description.items() if key != "basemap"}
    try:
        found = parse_map(described, slug=now.slug, boundary=ground.boundary, basemap_geojson=ground.layer)
    except InvalidInput as refusal:
        fields = {problem.field for problem in noted.problems}
        raise InvalidInput(*noted.problems, *(p for p in refusal.problems if p.field not in fields)) from refusal
    if noted.problems:
        raise InvalidInput(*noted.problems)
    return _on_ground(found, ground)


def _on_ground(wanted: MapInput, ground: Ground) -> MapInput:
    """The same on this ground: other pages set it, and squares stay comparable from round to round."""
    return replace(
        wanted,
        metric_srid=ground.metric_srid or wanted.metric_srid,
        basemap=ground.basemap if ground.basemap is not None else wanted.basemap,
    )


def _store_draft(session: Session, wanted: MapInput, stem: str) -> TownMap:
    session.execute(_ONE_AT_A_TIME)
    saved = save_map(session, replace(wanted, slug=_free_slug(session, stem)))
    row = session.get_one(TownMap, saved.id)
    row.draft = True
    session.flush()
    return row


def _free_slug(session: Session, stem: str) -> str:
    """The address itself if it is free, else with the next number: vzorov, vzorov-2, vzorov-3."""
    plain = stem[:58].strip("-") or "mapa"
    taken = set(session.scalars(select(TownMap.slug).where(TownMap.slug.startswith(plain)))) | NOT_ADDRESSES
    if plain not in taken:
        return plain
    n = 2
    while f"{plain}-{n}" in taken:
        n += 1
    return f"{plain}-{n}"


def _is_taken(session: Session, slug: str) -> bool:
    return bool(session.scalar(select(exists().where(TownMap.slug == slug))))


def _refuse_sudden_anonymising(session: Session, now: MapRecord, wanted: MapInput) -> None:
    """A slip of the pen, such as 18 days for 180, must not take pins and people apart within the hour."""
    if wanted.closes_at is None or (wanted.closes_at, wanted.retention_days) == (
        now.closes_at,
        now.retention_days,
    ):
        return
    due = wanted.closes_at + timedelta(days=wanted.retention_days)
    if now.anonymised_at is None and due <= datetime.now(UTC) + LEAST_NOTICE and has_pins(session, now.id):
        field = "closes" if wanted.closes_at != now.closes_at else "retention_days"
        raise InvalidInput(
            Problem(field, N_("With this, the links between pins and people would be deleted at once, for good."))
        )


def _refuse_broken_promises(session: Session, now: MapRecord, wanted: MapInput, typed: Typed) -> None:
    """What people were told when they pinned: that single pins stay in the office, that links are gone."""
    if now.anonymised_at and (wanted.closes_at is None or wanted.closes_at > datetime.now(UTC)):
        raise InvalidInput(
            Problem(
                "closes",
                N_(
                    "Nobody can tell any more whose pins these are, so the map stays closed. Begin the next round."
                ),
            )
        )
    _refuse_sudden_anonymising(session, now, wanted)
    shown_before = {
        now.publish_pins_open,
        now.publish_pins_open if now.publish_pins_after is None else now.publish_pins_after,
    }
    shown_after = {
        wanted.publish_pins,
        wanted.publish_pins if wanted.publish_pins_after is None else wanted.publish_pins_after,
    }
    if True in shown_after and True not in shown_before and not typed.get("promise") and has_pins(session, now.id):
        raise InvalidInput(
            Problem(
                "promise",
                N_(
                    "People pinned here while they were told that single pins are not shown. Say that you mean it."
                ),
            )
        )
