"""Maps as they are used by pages, the API and the analyses: whole, frozen, and kept in memory while unchanged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import shapely
from geoalchemy2.shape import to_shape
from shapely import MultiPolygon
from sqlalchemy import select, text
from sqlalchemy.orm import Session, selectinload

from app.errors import Unknown
from app.i18n import Texts
from app.inputs.fields import storable
from app.models import BasemapLayer, Event, Question, QuestionScope, Town, TownMap
from app.queries.published import Quiet, QuietTimes, quiet_times

UNASKED = Quiet()
"""Of a record of which nobody has asked what everybody is told: days are days, and whoever tells them asks."""


@dataclass(frozen=True)
class CategoryRecord:
    """A category in all its languages."""

    key: str
    word: Texts
    label: Texts
    prompt: Texts
    color: str
    shape: str


@dataclass(frozen=True)
class QuestionRecord:
    """A question in all its languages."""

    key: str
    type: str
    label: Texts
    options: Sequence[Mapping[str, Any]]
    categories: frozenset[str]
    published: bool

    @cached_property
    def option_keys(self) -> frozenset[str]:
        """What a single or multiple answer may be."""
        return frozenset(str(option["key"]) for option in self.options)


@dataclass(frozen=True)
class MapRecord:
    """One map with all that its pages need; immutable, so threads may share it."""

    id: int
    version: int
    slug: str
    town: str
    town_slug: str
    town_id: int
    vulgar_words: tuple[str, ...]
    """What the town minds beside the built-in lists, and what of them it lets pass; a change grows `version`."""
    ordinary_words: tuple[str, ...]
    ruian: int | None
    has_addresses: bool
    """Whether the town's addresses can be searched."""
    salt: bytes = field(repr=False)
    title: Texts
    intro: Texts
    thanks: Texts
    privacy_contact: str | None
    languages: Sequence[str]
    boundary: MultiPolygon = field(repr=False)
    metric_srid: int
    basemap: Mapping[str, Any]
    basemap_fingerprint: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    publish_pins_open: bool
    """The rule until the map closes, and after; what holds now: `publish_pins`."""
    publish_pins_after: bool | None
    publish_heat_open: bool
    publish_heat_after: bool | None
    k: int
    moderation: str
    show_others: str
    draft: bool
    hold_flagged: bool
    retention_days: int
    anonymised_at: datetime | None
    final_summary: Mapping[str, Any] | None = field(repr=False)
    previous: str | None
    """The slug of the round before."""
    open_data: Mapping[str, Any] | None = field(repr=False)
    story: Texts
    story_published: bool
    pin_photos: bool
    """Whether a citizen may add a photo to a pin."""
    embed_origins: Sequence[str]
    """Whose pages may show the map in a frame."""
    accessibility: Mapping[str, Any] | None = field(repr=False)
    """What the town says of its pages in the accessibility statement."""
    categories: Sequence[CategoryRecord]
    questions: Sequence[QuestionRecord]
    about: Sequence[QuestionRecord]
    quiet: Quiet = field(default=UNASKED, repr=False)
    """Which moments and events everybody is told more coarsely (published.py)."""

    @cached_property
    def category_by_key(self) -> Mapping[str, CategoryRecord]:
        """The categories by key."""
        return {category.key: category for category in self.categories}

    def is_open(self, now: datetime | None = None) -> bool:
        """Whether pins may be placed and changed at this moment."""
        if self.draft or self.anonymised_at:
            return False
        now = now or datetime.now(UTC)
        return not ((self.opens_at and now < self.opens_at) or (self.closes_at and now >= self.closes_at))

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether the map has closed."""
        return bool(self.closes_at and (now or datetime.now(UTC)) >= self.closes_at)

    @property
    def publish_pins(self) -> bool:
        """Whether everybody may see single pins now."""
        after = self.publish_pins_after
        return after if after is not None and self.is_over() else self.publish_pins_open

    @property
    def publish_heat(self) -> bool:
        """Whether everybody may see heat now."""
        after = self.publish_heat_after
        return after if after is not None and self.is_over() else self.publish_heat_open

    def covers(self, lon: float, lat: float) -> bool:
        """Whether the point lies in the boundary or on its edge."""
        return bool(shapely.intersects_xy(self.boundary, lon, lat))


_VERSION = text("SELECT id, version FROM town_map WHERE slug = :slug")
_VERSIONS = text("SELECT slug, id, version FROM town_map WHERE slug = ANY(:slugs)")
MOST_KEPT = 1500
"""Maps that one process keeps in memory, those used last: about 20 kB each, a large boundary more."""
READ_AT_ONCE = 200


class MapCache:
    """The maps used last, kept in memory by one process; a changed `version` in the database has it read again."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._records: OrderedDict[str, MapRecord] = OrderedDict()
        self._quiet = QuietTimes()
        self._lock = threading.Lock()

    def known(self, slug: str) -> MapRecord | None:
        """The map as this process last saw it; it may have changed since."""
        with self._lock:
            if slug in self._records:
                self._records.move_to_end(slug)
            return self._records.get(slug)

    def get(self, session: Session, slug: str) -> MapRecord:
        """The map of this slug, as it is in the database now; Unknown where there is none."""
        now = session.execute(_VERSION, {"slug": slug}).first()
        if now is None:
            raise Unknown
        known = self.known(slug)
        # The id as well: a map that was removed and made anew begins its versions again.
        if known is None or (known.id, known.version) != (now.id, now.version):
            known = read_map(session, slug)
            self._keep([known])
        return known

    def told(self, session: Session, known: MapRecord) -> MapRecord:
        """The same map with what everybody is told of its pins' moments: for answers that tell them."""
        quiet = self._quiet.of(session, known.id, known.k)
        return known if quiet is known.quiet else replace(known, quiet=quiet)

    def get_many(self, session: Session, slugs: Sequence[str]) -> list[MapRecord]:
        """The maps of these slugs in their order, as they are in the database now; what is no more is left out.

        For lists: when pins came may not be told by these.
        """
        found: dict[str, MapRecord] = {}
        changed = []
        for now in session.execute(_VERSIONS, {"slugs": list(slugs)}):
            known = self.known(now.slug)
            if known is not None and (known.id, known.version) == (now.id, now.version):
                found[now.slug] = known
            else:
                changed.append(now.slug)
        fresh = read_maps(session, changed)
        self._keep(fresh.values())
        found |= fresh
        return [found[slug] for slug in slugs if slug in found]

    def _keep(self, records: Iterable[MapRecord]) -> None:
        with self._lock:
            for record in records:
                self._records[record.slug] = record
                self._records.move_to_end(record.slug)
            while len(self._records) > self._most:
                self._records.popitem(last=False)


def read_map(session: Session, slug: str) -> MapRecord:
    """The map of this slug from the database; Unknown where there is none."""
    found = read_maps(session, [slug])
    if slug not in found:
        raise Unknown
    return found[slug]


def told_quiet(session: Session, the_map: MapRecord) -> Quiet:
    """What everybody is told of this map's pins' moments, also where its record does not know it."""
    return quiet_times(session, the_map.id, the_map.k) if the_map.quiet is UNASKED else the_map.quiet


def read_published_map(session: Session, slug: str) -> MapRecord:
    """The same with what everybody is told of its pins' moments: for files that the command line makes."""
    the_map = read_map(session, slug)
    return replace(the_map, quiet=quiet_times(session, the_map.id, the_map.k))


def read_maps(session: Session, slugs: Sequence[str]) -> dict[str, MapRecord]:
    """The maps of these slugs from the database, by slug; some statements for many of them."""
    found = {}
    for start in range(0, len(slugs), READ_AT_ONCE):
        rows = session.scalars(
            select(TownMap)
            .where(TownMap.slug.in_(slugs[start : start + READ_AT_ONCE]))
            .options(selectinload(TownMap.categories), selectinload(TownMap.questions), selectinload(TownMap.town))
            .execution_options(populate_existing=True)
        ).all()
        ids = [row.id for row in rows]
        layers = select(BasemapLayer.map_id, BasemapLayer.fingerprint).where(BasemapLayer.map_id.in_(ids))
        fingerprints = {row.map_id: row.fingerprint for row in session.execute(layers)}
        earlier = [row.previous_id for row in rows if row.previous_id is not None]
        named = select(TownMap.id, TownMap.slug).where(TownMap.id.in_(earlier))
        previous = {row.id: row.slug for row in session.execute(named)} if earlier else {}
        for row in rows:
            before = previous.get(row.previous_id) if row.previous_id is not None else None
            found[row.slug] = _record(row, fingerprints.get(row.id), before)
    return found


def list_maps(session: Session, towns: Sequence[int] | None = None) -> list[MapRecord]:
    """All maps, or those of these towns, by town and title."""
    query = select(TownMap.slug).join(Town).order_by(Town.name, TownMap.id)
    if towns is not None:
        query = query.where(TownMap.town_id.in_(towns))
    slugs = session.scalars(query).all()
    found = read_maps(session, slugs)
    return [found[slug] for slug in slugs]


def all_slugs(session: Session) -> list[str]:
    """The slugs of all maps there are, drafts too."""
    return list(session.scalars(select(TownMap.slug).order_by(TownMap.slug)))


def basemap_layer(session: Session, map_id: int) -> BasemapLayer | None:
    """The map's own vector basemap, if it has one."""
    return session.get(BasemapLayer, map_id)


def find_event(session: Session, map_id: int, code: str) -> Event | None:
    """The event of this code on the map; codes are typed by people, so case does not matter."""
    if not storable(code):
        return None
    return session.scalar(select(Event).where(Event.map_id == map_id, Event.code == code.strip().upper()))


def _record(row: TownMap, fingerprint: str | None, previous: str | None) -> MapRecord:
    boundary = to_shape(row.boundary)
    # Prepared once: thousands of points are then tested at a fraction of the cost.
    shapely.prepare(boundary)
    return MapRecord(
        id=row.id,
        version=row.version,
        slug=row.slug,
        town=row.town.name,
        town_slug=row.town.slug,
        town_id=row.town_id,
        vulgar_words=tuple(row.town.vulgar_words),
        ordinary_words=tuple(row.town.ordinary_words),
        ruian=row.town.ruian,
        has_addresses=bool(row.town.addresses),
        salt=row.salt,
        title=row.title,
        intro=row.intro,
        thanks=row.thanks,
        privacy_contact=row.privacy_contact,
        languages=tuple(row.languages),
        boundary=boundary,
        metric_srid=row.metric_srid,
        basemap=row.basemap,
        basemap_fingerprint=fingerprint,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        publish_pins_open=row.publish_pins,
        publish_pins_after=row.publish_pins_after,
        publish_heat_open=row.publish_heat,
        publish_heat_after=row.publish_heat_after,
        k=row.k,
        moderation=row.moderation,
        show_others=row.show_others,
        draft=row.draft,
        hold_flagged=row.hold_flagged,
        retention_days=row.retention_days,
        anonymised_at=row.anonymised_at,
        final_summary=row.final_summary,
        previous=previous,
        open_data=row.open_data,
        story=row.story,
        story_published=row.story_published,
        pin_photos=row.pin_photos,
        embed_origins=tuple(row.embed_origins),
        accessibility=row.town.accessibility,
        categories=tuple(
            CategoryRecord(c.key, c.word, c.label, c.prompt, c.color, c.shape) for c in row.categories
        ),
        questions=_questions(row, QuestionScope.PIN),
        about=_questions(row, QuestionScope.ABOUT),
    )


def _questions(row: TownMap, scope: QuestionScope) -> tuple[QuestionRecord, ...]:
    return tuple(_question(q) for q in row.questions if q.scope == scope)


def _question(q: Question) -> QuestionRecord:
    return QuestionRecord(q.key, q.type, q.label, tuple(q.options), frozenset(q.categories), q.published)
