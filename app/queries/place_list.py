"""Places to choose from a list instead of a map: of the map's own layer, and of the town's addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import shapely
from shapely import Point
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.inputs.place_search import SHORTENED, WORD, PlaceSearch, plain
from app.models import Town
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord, basemap_layer
from app.queries.place_search import find_places
from gis.named_places import KINDS, NamedPlace, crossings, named_places, rounded_m

ADDRESS: Final = "address"
CORNER: Final = "corner"
ADDRESS_M: Final = 20.0
"""An address is a house; who names it may mean the pavement before it."""
MOST_FOUND: Final = 8
BYTES_EACH: Final = 1_200


@dataclass(frozen=True)
class PlaceList:
    """All that has a name within a map."""

    places: Sequence[NamedPlace] = field(repr=False)
    srid: int

    @cached_property
    def by_kind(self) -> Mapping[str, Sequence[NamedPlace]]:
        """Places under their headings; headings without any are left out."""
        gathered = {kind: [one for one in self.places if one.kind == kind] for kind in KINDS}
        return {kind: found for kind, found in gathered.items() if found}

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], NamedPlace]:
        return {(one.kind, one.label): one for one in self.places}

    @cached_property
    def _words(self) -> Sequence[tuple[str, NamedPlace]]:
        return [(" ".join(("", *WORD.findall(plain(one.label)), "")), one) for one in self.places]

    def find(self, kind: str, label: str) -> NamedPlace | None:
        """The place of this kind and name, if there is one."""
        return self._by_name.get((kind, label))

    def corners(self, street: NamedPlace) -> list[NamedPlace]:
        """The corners of a street, each called by the other street."""
        others = self.by_kind.get("street", ())
        return crossings(street, others, self.srid) if street.kind == "street" else []

    def search(self, wanted: PlaceSearch) -> list[NamedPlace]:
        """Places whose names have all these words, at least as beginnings; whole names first."""
        found = [(words, one) for words, one in self._words if all(_has(words, word) for word in wanted.all)]
        first = f" {wanted.all[0]}"
        found.sort(key=lambda pair: (pair[0].strip() != " ".join(wanted.all), not pair[0].startswith(first)))
        return [one for _, one in found[:MOST_FOUND]]


def place_list(session: Session, store: HeatStore, the_map: MapRecord) -> PlaceList:
    """What can be chosen by its name on this map, read once for each load of its layer and addresses."""
    loaded = session.scalar(select(Town.addresses).where(Town.id == the_map.town_id)) or {}
    register = (loaded.get("loaded_at"), loaded.get("count")) if the_map.has_addresses else None
    key = (the_map.id, the_map.version, the_map.basemap_fingerprint, register, "place list")
    size = 200_000 + int(loaded.get("count") or 0) // 20 * BYTES_EACH
    return store.remember(key, lambda: _read(session, the_map), min(8_000_000, size))


def places_like(session: Session, store: HeatStore, the_map: MapRecord, wanted: PlaceSearch) -> list[NamedPlace]:
    """Up to eight places of these words: names first, then single addresses where the town has them."""
    found = place_list(session, store, the_map).search(wanted)
    if the_map.has_addresses and len(found) < MOST_FOUND:
        for one in find_places(session, store, the_map, wanted):
            if one.kind == ADDRESS and one.inside:
                found.append(_address(one.label, one.lon, one.lat))
    return found[:MOST_FOUND]


def place_named(
    session: Session, store: HeatStore, the_map: MapRecord, kind: str, label: str, wanted: PlaceSearch | None
) -> NamedPlace | None:
    """The one place of this kind and label, as lists and searches give it; None where there is none.

    `wanted` are the label's words, by which an address is found. A corner is labelled by its two streets.
    """
    known = place_list(session, store, the_map)
    if kind == ADDRESS:
        found = places_like(session, store, the_map, wanted) if wanted else []
        return next((one for one in found if (one.kind, one.label) == (kind, label)), None)
    if kind == CORNER:
        name, _, other = label.partition(" × ")
        street = known.find("street", name)
        corners = known.corners(street) if street else []
        return next((replace(one, label=label) for one in corners if one.label == other), None)
    return known.find(kind, label)


def _read(session: Session, the_map: MapRecord) -> PlaceList:
    layer = basemap_layer(session, the_map.id) if the_map.basemap_fingerprint else None
    features = json.loads(layer.geojson)["features"] if layer else []
    found = named_places(features, the_map.boundary, the_map.metric_srid) if features else []
    if the_map.has_addresses:
        known = {(one.kind, one.label) for one in found}
        found += [one for one in _of_register(session, the_map) if (one.kind, one.label) not in known]
    found.sort(key=lambda place: (KINDS.index(place.kind), plain(place.label)))
    return PlaceList(found, the_map.metric_srid)


_NAMED = text("""
    WITH one AS (
        SELECT 'street' AS kind, street AS label, position FROM address WHERE town_id = :town AND street <> ''
        UNION ALL
        SELECT 'district', part, position FROM address WHERE town_id = :town AND part <> ''
    ), middle AS (
        SELECT kind, label, ST_Centroid(ST_Collect(position)) AS at FROM one GROUP BY kind, label
    ), nearest AS (
        SELECT DISTINCT ON (kind, label) kind, label, one.position AS at
        FROM one JOIN middle USING (kind, label) ORDER BY kind, label, one.position <-> middle.at
    )
    SELECT kind, label, ST_X(nearest.at) AS lon, ST_Y(nearest.at) AS lat,
           max(ST_DistanceSphere(nearest.at, one.position)) AS reach_m
    FROM nearest JOIN one USING (kind, label) GROUP BY kind, label, nearest.at
""")


def _of_register(session: Session, the_map: MapRecord) -> list[NamedPlace]:
    """Streets and parts of the town by its addresses: each at the address nearest to the middle of all of them."""
    rows = session.execute(_NAMED, {"town": the_map.town_id}).all()
    inside = shapely.intersects_xy(the_map.boundary, [row.lon for row in rows], [row.lat for row in rows])
    return [
        NamedPlace(
            row.kind, row.label, round(row.lon, 6), round(row.lat, 6),
            rounded_m(max(ADDRESS_M, row.reach_m)), Point(),
        )
        for row, is_inside in zip(rows, inside, strict=True)
        if is_inside
    ]  # fmt: skip


def _address(label: str, lon: float, lat: float) -> NamedPlace:
    return NamedPlace(ADDRESS, label, lon, lat, ADDRESS_M, Point())


def _has(words: str, word: str) -> bool:
    return f" {word}" in words or f" {SHORTENED.get(word, word)} " in words
