"""Creating and updating maps."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.maps import MapInput, QuestionInput, TownInput
from app.models import BasemapLayer, Category, Event, Pin, Question, QuestionScope, Town, TownMap
from app.services.retention import refuse_reopening


@dataclass(frozen=True)
class SavedMap:
    """What became of a map folder."""

    id: int
    slug: str
    created: bool
    town_was_called: str | None = None
    """The town's name until now, where the folder gives it another."""


def save_map(session: Session, wanted: MapInput) -> SavedMap:
    """Create the map of this slug or bring it to this description; pins stay.

    InvalidInput when a category or event that has pins would vanish, or the slug belongs to another town.
    """
    town, former_name = _town(session, wanted.town)
    row = session.scalar(select(TownMap).where(TownMap.slug == wanted.slug).with_for_update())
    created = row is None
    if row is None:
        row = TownMap(slug=wanted.slug, town=town, salt=secrets.token_bytes(16), version=0)
        session.add(row)
    elif row.town_id != town.id:
        raise InvalidInput(Problem("town", N_("A map of another town has this address.")))
    refuse_reopening(row.anonymised_at, wanted.closes_at)
    _frame(row, wanted)
    row.version += 1
    session.flush()
    _categories(session, row, wanted)
    _questions(session, row, wanted)
    _events(session, row, wanted)
    _basemap_layer(session, row, wanted)
    session.flush()
    session.expire(row)
    return SavedMap(row.id, row.slug, created, former_name)


def _town(session: Session, wanted: TownInput) -> tuple[Town, str | None]:
    """The town, and what it was called if that changes."""
    same = Town.ruian == wanted.ruian if wanted.ruian else Town.slug == wanted.slug
    town = session.scalar(select(Town).where(same))
    if town is None:
        if session.scalar(select(Town.id).where(Town.slug == wanted.slug)):
            raise InvalidInput(
                Problem("town.slug", N_("Another town has this address; names repeat, so give a slug."))
            )
        town = Town(slug=wanted.slug, ruian=wanted.ruian)
        session.add(town)
    former_name = town.name if town.name not in (None, wanted.name) else None
    town.name = wanted.name
    session.flush()
    return town, former_name


def _frame(row: TownMap, wanted: MapInput) -> None:
    row.title = dict(wanted.title)
    row.intro = dict(wanted.intro)
    row.thanks = dict(wanted.thanks)
    row.privacy_contact = wanted.privacy_contact
    row.languages = list(wanted.languages)
    row.boundary = from_shape(wanted.boundary, srid=4326)
    row.metric_srid = wanted.metric_srid
    row.basemap = dict(wanted.basemap)
    row.opens_at = wanted.opens_at
    row.closes_at = wanted.closes_at
    row.publish_pins = wanted.publish_pins
    row.publish_heat = wanted.publish_heat
    row.publish_pins_after = wanted.publish_pins_after
    row.publish_heat_after = wanted.publish_heat_after
    row.k = wanted.k
    row.moderation = wanted.moderation
    row.show_others = wanted.show_others
    row.hold_flagged = wanted.hold_flagged
    row.retention_days = wanted.retention_days
    row.pin_photos = wanted.pin_photos


def _categories(session: Session, row: TownMap, wanted: MapInput) -> None:
    keys = [category.key for category in wanted.categories]
    used = session.scalars(
        select(Pin.category).where(Pin.map_id == row.id, Pin.category.not_in(keys)).distinct()
    ).all()
    _refuse_vanishing(used, "categories", N_("The category %(key)s has pins, so it can't be left out."))
    existing = {category.key: category for category in row.categories}
    for key in existing.keys() - set(keys):
        row.categories.remove(existing[key])
    for position, category in enumerate(wanted.categories):
        kept = existing.get(category.key)
        if kept is None:
            kept = Category(map_id=row.id, key=category.key)
            row.categories.append(kept)
        kept.position = position
        kept.word = dict(category.word)
        kept.label = dict(category.label)
        kept.prompt = dict(category.prompt)
        kept.color = category.color
        kept.shape = category.shape


def _questions(session: Session, row: TownMap, wanted: MapInput) -> None:
    """Questions hold no rows of others, so they are simply written anew."""
    row.questions.clear()
    session.flush()
    for scope, questions in ((QuestionScope.PIN, wanted.questions), (QuestionScope.ABOUT, wanted.about)):
        row.questions.extend(_question(scope, n, question) for n, question in enumerate(questions))


def _question(scope: QuestionScope, position: int, wanted: QuestionInput) -> Question:
    return Question(
        scope=scope,
        key=wanted.key,
        position=position,
        type=wanted.type,
        label=dict(wanted.label),
        options=[dict(option) for option in wanted.options],
        categories=list(wanted.categories),
        # Answers about the person are never public, whatever a folder says.
        published=wanted.published and scope == QuestionScope.PIN,
    )


def _events(session: Session, row: TownMap, wanted: MapInput) -> None:
    codes = [event.code for event in wanted.events]
    used = session.scalars(select(Pin.event).where(Pin.map_id == row.id, Pin.event.not_in(codes)).distinct()).all()
    _refuse_vanishing(used, "events", N_("The event %(key)s has pins, so it can't be left out."))
    existing = {event.code: event for event in session.scalars(select(Event).where(Event.map_id == row.id))}
    for code in existing.keys() - set(codes):
        session.delete(existing[code])
    for event in wanted.events:
        kept = existing.get(event.code)
        if kept is None:
            kept = Event(map_id=row.id, code=event.code)
            session.add(kept)
        kept.kind = event.kind
        kept.title = dict(event.title)
        kept.place = event.place
        kept.starts_at = event.starts_at
        kept.ends_at = event.ends_at
        kept.target_group = dict(event.target_group)
        kept.expected_people = event.expected_people
        kept.simple = event.simple


def _basemap_layer(session: Session, row: TownMap, wanted: MapInput) -> None:
    layer = session.get(BasemapLayer, row.id)
    if wanted.basemap_geojson is None:
        if layer is not None:
            session.delete(layer)
        return
    if layer is None:
        layer = BasemapLayer(map_id=row.id)
        session.add(layer)
    layer.geojson = wanted.basemap_geojson
    layer.fingerprint = wanted.basemap_fingerprint or ""


def _refuse_vanishing(used: Sequence[str | None], field: str, message: str) -> None:
    keys = ", ".join(key for key in used if key)
    if keys:
        raise InvalidInput(Problem(field, message, {"key": keys}))
