"""Places by what people call them: streets, addresses and parts of the town, and names of the map's own layer.

Streets and parts are few and kept in memory, once for each load of the addresses; single addresses come from the
database by the index of their words, in which "12/3" is two words: people look for 12 and for 3.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.inputs.place_search import SHORTENED, WORD, PlaceSearch, plain
from app.models import Town
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.queries.strong_places import place_names
from gis.crs import to_metric, to_wgs84
from gis.names import WITHIN_M, Names

MOST_FOUND: Final = 8
ONE_STREET_M: Final = 1500.0
"""Pieces of one name nearer than this are one street, though they lie in several parts of the town."""
BYTES_EACH: Final = 600
FEW: Final = 2_000
"""Addresses that are looked through one by one."""
MOST_LOOKED_AT: Final = 4_000
"""Addresses of words so common that nobody means a single one of them."""
DEGREE_M: Final = 111_195.0
"""Of latitude."""


@dataclass(frozen=True)
class FoundPlace:
    """Something by its name, with where it is."""

    label: str
    kind: str
    """`address`, `street` or `place`."""
    lon: float
    lat: float
    inside: bool
    """Whether it lies in the map's boundary."""


@dataclass(frozen=True)
class NearAddress:
    """What a place would be called, and how far from there it is."""

    name: str
    distance_m: int


@dataclass(frozen=True)
class _Named:
    """A street, a part of the town or a named thing, ready to be compared."""

    label: str
    kind: str
    lon: float
    lat: float
    weight: int
    name: str
    """Plain words, spaced by one."""
    words: str = field(repr=False)
    """Plain words of the label, each with a space before it and one after the last."""


def find_places(session: Session, store: HeatStore, the_map: MapRecord, wanted: PlaceSearch) -> list[FoundPlace]:
    """Up to eight places of these words within the box around the map, the likeliest first."""
    west, south, east, north = the_map.boundary.bounds
    known = _of_register(session, store, the_map)
    everything = [*known, *_of_own_layer(session, store, the_map, known)]
    named = sorted(
        (
            (_rank(one, wanted), -one.weight, len(one.name), one.label, one)
            for one in _with_words(everything, wanted.all)
            if west <= one.lon <= east and south <= one.lat <= north
        ),
        key=lambda found: found[:4],
    )[:MOST_FOUND]
    found = [FoundPlace(one.label, one.kind, one.lon, one.lat, True) for *_, one in named]
    if known and len(found) < MOST_FOUND:
        found += _addresses(session, the_map, wanted, known, MOST_FOUND - len(found))
    inside = shapely.intersects_xy(the_map.boundary, [one.lon for one in found], [one.lat for one in found])
    return [
        FoundPlace(one.label, one.kind, round(one.lon, 6), round(one.lat, 6), bool(is_inside))
        for one, is_inside in zip(found, inside, strict=True)
    ]


def _with_words(named: Sequence[_Named], words: Sequence[str]) -> Sequence[_Named]:
    """Those that have all the words, each at least as a beginning."""
    for word in words:
        beginning, short = f" {word}", f" {SHORTENED.get(word, word)} "
        named = [one for one in named if beginning in one.words or short in one.words]
    return named


def _rank(one: _Named, wanted: PlaceSearch) -> int:
    """How well a name answers: 0 its whole, 1 its beginning, 2 words in it."""
    if one.name == " ".join(wanted.all):
        return 0
    return 1 if one.words.startswith(f" {wanted.all[0]}") else 2


def _of_register(session: Session, store: HeatStore, the_map: MapRecord) -> Sequence[_Named]:
    """Streets and parts of the town; nothing where it has no addresses."""
    if not the_map.has_addresses:
        return ()
    loaded = session.scalar(select(Town.addresses).where(Town.id == the_map.town_id)) or {}
    key = (the_map.town_id, the_map.metric_srid, loaded.get("loaded_at"), loaded.get("count"), "streets")
    size = min(8_000_000, 20_000 + int(loaded.get("count") or 0) // 20 * BYTES_EACH)
    return store.remember(key, lambda: _streets_and_parts(session, the_map), size)


def _of_own_layer(
    session: Session, store: HeatStore, the_map: MapRecord, register: Sequence[_Named]
) -> Sequence[_Named]:
    """Names of the map's own layer; what the register knows as a street or a part stands there once."""
    names = place_names(session, store, the_map)
    if names is None:
        return ()
    key = (the_map.id, the_map.basemap_fingerprint, the_map.metric_srid, "places to find")
    found = store.remember(key, lambda: _of_layer(names, the_map.metric_srid), len(names.names) * BYTES_EACH)
    known = {one.name for one in register}
    return [one for one in found if one.name not in known]


_STREETS = text("""
    SELECT street, part, count(*) AS n, avg(ST_X(position)) AS lon, avg(ST_Y(position)) AS lat
    FROM address WHERE town_id = :town GROUP BY street, part
""")


def _streets_and_parts(session: Session, the_map: MapRecord) -> list[_Named]:
    """The streets of the town, each once, in the middle of its addresses; and the parts of the town likewise."""
    pieces: dict[str, list[Any]] = defaultdict(list)
    parts: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(_STREETS, {"town": the_map.town_id}):
        if row.street:
            pieces[row.street].append(row)
        if row.part:
            parts[row.part].append(row)
    found = []
    for street, rows in pieces.items():
        groups = list(_near_each_other(rows, the_map.metric_srid))
        for group in groups:
            label = street if len(groups) == 1 or not group[0].part else f"{street}, {group[0].part}"
            found.append(_middle(label, "street", group, street))
    found += [_middle(part, "place", rows, part) for part, rows in parts.items()]
    return found


def _near_each_other(rows: Sequence[Any], srid: int) -> Iterator[list[Any]]:
    """Pieces of one street name put together where they meet, the largest of each first."""
    if len(rows) == 1:
        yield list(rows)
        return
    by_size = sorted(rows, key=lambda row: -row.n)
    points = shapely.points(*to_metric(srid)([row.lon for row in by_size], [row.lat for row in by_size]))
    # Those that gather others lie apart, so few of them ask for the same piece: the tree keeps a name with
    # thousands of pieces (a list may be made up) from comparing each with each.
    tree = shapely.STRtree(points)
    taken: set[int] = set()
    for n in range(len(by_size)):
        if n in taken:
            continue
        near = {n, *tree.query(points[n], predicate="dwithin", distance=ONE_STREET_M).tolist()} - taken
        taken |= near
        yield [by_size[one] for one in sorted(near)]


def _middle(label: str, kind: str, rows: Sequence[Any], name: str) -> _Named:
    n = sum(row.n for row in rows)
    lon, lat = (sum(getattr(row, axis) * row.n for row in rows) / n for axis in ("lon", "lat"))
    return _named(label, kind, float(lon), float(lat), n, name)


def _named(label: str, kind: str, lon: float, lat: float, weight: int, name: str) -> _Named:
    # The whole label's words: a street is also found by the part it is told apart by.
    words = " ".join(("", *WORD.findall(plain(label)), ""))
    return _Named(label, kind, lon, lat, weight, " ".join(WORD.findall(plain(name))), words)


def _of_layer(names: Names, srid: int) -> list[_Named]:
    """The named things of the map's own layer, each name once: the longest or largest of its shapes."""
    largest: dict[tuple[str, str], Any] = {}
    for name, kind, shape in zip(names.names, names.kinds, names.shapes, strict=True):
        size = (shape.area, shape.length)
        known = largest.get((name, kind))
        if known is None or size > (known.area, known.length):
            largest[name, kind] = shape
    found = []
    for (name, kind), shape in largest.items():
        point = _point_on(shape)
        lon, lat = to_wgs84(srid)(point.x, point.y)
        if WORD.search(plain(name)):
            found.append(_named(name, "street" if kind == "street" else "place", float(lon), float(lat), 0, name))
    return found


def _point_on(shape: BaseGeometry) -> Point:
    """A point that lies on the shape: half-way along its longest line, or within its largest area."""
    part = max(shapely.get_parts(shape), key=lambda one: (one.area, one.length))
    if isinstance(part, LineString):
        return part.interpolate(0.5, normalized=True)
    on_it: Point = shapely.point_on_surface(part)
    return on_it


_NEAREST = text("""
    SELECT label, ST_DistanceSphere(position, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) AS distance_m
    FROM address
    WHERE town_id = :town AND position && ST_MakeEnvelope(:lon - :dx, :lat - :dy, :lon + :dx, :lat + :dy, 4326)
    ORDER BY distance_m, label LIMIT 1
""")


def nearest_address(session: Session, the_map: MapRecord, lon: float, lat: float) -> NearAddress | None:
    """The address nearest to a place, as far as one would call the place by it; None where there is none."""
    if not the_map.has_addresses or not the_map.covers(lon, lat):
        return None
    reach = {"dx": WITHIN_M / DEGREE_M / math.cos(math.radians(lat)), "dy": WITHIN_M / DEGREE_M}
    row = session.execute(_NEAREST, {"town": the_map.town_id, "lon": lon, "lat": lat} | reach).first()
    return NearAddress(row.label, round(row.distance_m)) if row and row.distance_m <= WITHIN_M else None


_ADDRESSES = """
    WITH found AS (
        SELECT label, street, number, position FROM address
        WHERE town_id = :town
          AND to_tsvector('simple'::regconfig, plain_words(label)) @@ to_tsquery('simple'::regconfig, :words)
        LIMIT :most
    )
    SELECT label, ST_X(position) AS lon, ST_Y(position) AS lat FROM found
    WHERE position && ST_MakeEnvelope(:west, :south, :east, :north, 4326) {filters}
    ORDER BY (number ~* :exact) DESC, (plain_words(COALESCE(street, label)) LIKE :first) DESC, street,
             substring(number FROM '[0-9]+')::bigint, length(number), label
    LIMIT :limit
"""


def _addresses(
    session: Session, the_map: MapRecord, wanted: PlaceSearch, register: Sequence[_Named], limit: int
) -> Iterator[FoundPlace]:
    west, south, east, north = the_map.boundary.bounds
    asked: dict[str, Any] = {
        "town": the_map.town_id, "west": west, "south": south, "east": east, "north": north, "limit": limit,
        "most": MOST_LOOKED_AT, "first": f"{wanted.all[0]}%",
        # While one types on, the number as it stands comes before those that it may become.
        "exact": rf"\m({'|'.join(wanted.numbers)})\M",
    }  # fmt: skip
    weights = {word: sum(one.weight for one in _with_words(register, [word])) for word in wanted.words}
    if weights and not min(weights.values()):
        return  # a word that is in no street and no part of the town is in no address
    filters: list[str] = []
    rare = min(weights, key=lambda word: weights[word], default=None)
    if rare is not None and weights[rare] <= FEW:
        # A word's beginning costs the index all that begins so: the rarest word finds, the others sort out.
        asked["words"] = _term(rare)
        filters = list(_filters(wanted, rare, asked))
    else:
        asked["words"] = " & ".join([*map(_term, wanted.words), *(f"'{number}'" for number in wanted.numbers)])
    for row in session.execute(text(_ADDRESSES.format(filters=" ".join(filters))), asked):
        yield FoundPlace(row.label, "address", row.lon, row.lat, True)


def _filters(wanted: PlaceSearch, rare: str, asked: dict[str, Any]) -> Iterator[str]:
    """Conditions for what the index is not asked, their values put into `asked`."""
    for n, word in enumerate(wanted.words):
        if word != rare:
            short = SHORTENED.get(word)
            asked[f"w{n}"] = rf"\m({word}|{short}\M)" if short else rf"\m{word}"
            yield f"AND plain_words(label) ~ :w{n}"
    for n, number in enumerate(wanted.numbers, 1):
        goes_on = wanted.is_typing_number and n == len(wanted.numbers)
        asked[f"n{n}"] = rf"\m{number}" if goes_on else rf"\m{number}\M"
        yield f"AND (number ~* :n{n} OR street ~* :n{n})"


def _term(word: str) -> str:
    """The word's beginning in PostgreSQL's query language; only letters and digits are left in it."""
    short = SHORTENED.get(word)
    return f"('{word}':* | '{short}')" if short else f"'{word}':*"
