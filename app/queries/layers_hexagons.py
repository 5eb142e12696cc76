"""Heat in hexagons of one hectare: what was counted in squares, on a grid that the eye does not read as streets.

For the office they hold different people. For everybody they are made of nothing but the squares that everybody
may have (layers_heat.py): added up, and where the map keeps its pins in hexagons a hundred times as large, so that
no hexagon tells more than the squares in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.i18n import N_, Language
from app.inputs.filters import PinFilter, Scope
from app.queries.clusters import least_people
from app.queries.counts import counts_of
from app.queries.heat import CountedSquares, uses_snapshot
from app.queries.layer_notes import (
    limits,
    note,
    number,
    people_by_category,
    pins_said,
    who_counts,
)
from app.queries.layers_heat import BLOCK_LIMIT, category_field, category_look, chosen_note, heat_wanted
from app.queries.maps import MapRecord
from app.queries.people_squares import Blocks, crowded_blocks, shown_squares
from app.queries.pin_table import PinTable, read_pins
from gis.crs import transform_geometry, transformer
from gis.formats.layer import Field, Kind, Layer
from gis.formats.layer_rows import layer_batches
from gis.grid import PRIVACY_SQUARE_M, SQUARE_M, Floats, Indices
from gis.hexagons import (
    HEXAGON_HA,
    WIDE_HEXAGON_HA,
    counted_hectares,
    hexagon_of,
    hexagon_polygons,
    side_of,
)

TITLE = N_("Heat: hexagons of %(area)s ha")
METHOD = N_(
    "Regular hexagons of %(area)s ha, %(side)s m a side, one of them with its middle at the origin of the map’s"
    " metric system, so that two rounds are counted in the same ones. What was counted in a square of %(square)s m"
    " belongs to the hexagon in which the square’s middle lies; densities are for each hectare of such squares."
)
PEOPLE_METHOD = N_(
    "A person counts once in one hexagon and feeling (people), and once in each square of 25 m (counted: what heat"
    " is made of)."
)
COUNTED_METHOD = N_(
    "A person counts once in each square of %(square)s m and feeling: who marked several squares of a hexagon"
    " counts several times. How many different people they are is not told."
)
PEOPLE = N_("Different people who marked it in this hexagon")
COUNTED = N_("People counted square by square: once in each square of %(square)s m that they marked")
COUNTED_LEAST = N_(
    "People counted square by square, at least: once in each square of 250 m, in each rounded down to a multiple"
    " of %(least)s"
)
PINS = N_("Pins in this hexagon")
PEOPLE_HA = N_("Different people for each hectare of ground")
COUNTED_HA = N_("People counted square by square, for each hectare of ground")
GROUND = N_("Hectares of the squares whose middle lies in this hexagon")


@dataclass(frozen=True)
class Hexagons:
    """Columns of one length, a row for each hexagon and category, by both."""

    area_ha: float
    square_m: int
    """The side of the squares that were added up."""
    category: NDArray[np.str_]
    column: Indices
    row: Indices
    counted: Indices
    pins: Indices | None = None
    people: Indices | None = None

    def __len__(self) -> int:
        return len(self.counted)

    @property
    def ground_ha(self) -> Floats:
        """The hectares that were counted in each."""
        return counted_hectares(self.column, self.row, self.area_ha, self.square_m)


def heat_hexagons(
    session: Session,
    the_map: MapRecord,
    scope: Scope,
    epsg: int,
    words: Language,
    wanted: PinFilter | None = None,
) -> Layer:
    """The counted squares as hexagons; `wanted` chooses pins for officials. NotAllowed where heat is kept."""
    kept = scope is Scope.PUBLIC and uses_snapshot(the_map)
    if scope is Scope.OFFICE:
        hexagons = office_hexagons(read_pins(session, the_map, heat_wanted(wanted)))
    else:
        squares = shown_squares(session, the_map, scope)
        hexagons = wide_hexagons(squares, least_people(the_map)) if kept else fine_hexagons(squares)
    fields, columns = _columns(the_map, hexagons, words, kept=kept)
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return transform_geometry(hexagon_polygons(hexagons.column[run], hexagons.row[run], hexagons.area_ha), way)

    places = zip(hexagons.category, hexagons.column, hexagons.row, strict=True)
    return Layer(
        name="heat-hexagons",
        title=words.gettext(TITLE, {"area": number(hexagons.area_ha, words)}),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, [f"{key}_{q}_{r}" for key, q, r in places], columns, shapes),
        look=category_look(the_map, words),
        description=note(
            [
                *_method(the_map, hexagons, words, kept=kept),
                *chosen_note(the_map, wanted if scope is Scope.OFFICE else None, words),
                who_counts(session, the_map, scope, words),
                _sums(the_map, hexagons, scope, words),
                *limits(the_map, scope, words),
            ],
            is_empty=not len(hexagons),
            words=words,
        ),
    )


def office_hexagons(pins: PinTable) -> Hexagons:
    """Pins in hexagons of a hectare, with the different people of each."""
    squares = CountedSquares.of_counts(counts_of(pins))
    found = fine_hexagons(squares)
    # Both sides count the categories in the order of their names, as `found` is sorted by it.
    names = np.unique(found.category)
    place = _numbered(np.searchsorted(names, found.category), found.column, found.row)
    key = np.searchsorted(names, np.array(pins.categories))[pins.category]
    its_column, its_row = _hexagon_of(pins.x_index, pins.y_index, SQUARE_M, found.area_ha)
    of_pin = np.searchsorted(place, _numbered(key, its_column, its_row))
    people = max(len(np.unique(pins.who)), 1)
    told = np.unique(of_pin * np.int64(people) + pins.who) // people
    return replace(found, people=np.bincount(told, minlength=len(found)).astype(np.int64))


def fine_hexagons(squares: CountedSquares) -> Hexagons:
    """Squares of 25 m in hexagons of a hectare."""
    return _added(squares, HEXAGON_HA, SQUARE_M, {"counted": squares.people, "pins": squares.pins})


def wide_hexagons(squares: CountedSquares, least: int) -> Hexagons:
    """The squares of 250 m that a map which keeps its pins gives everybody, in hexagons of a square kilometre."""
    blocks = crowded_blocks(squares, least)
    return _added(blocks, WIDE_HEXAGON_HA, PRIVACY_SQUARE_M, {"counted": blocks.people})


def _added(
    squares: CountedSquares | Blocks, area_ha: float, square_m: int, columns: Mapping[str, Indices]
) -> Hexagons:
    """What stands in squares added up by hexagon and category."""
    keys, key = np.unique(squares.category, return_inverse=True)
    column, row = _hexagon_of(squares.x_index, squares.y_index, square_m, area_ha)
    _, first, which = np.unique(_numbered(key, column, row), return_index=True, return_inverse=True)
    sums = {
        name: np.bincount(which, values, minlength=len(first)).astype(np.int64) for name, values in columns.items()
    }
    category = keys[key[first]] if len(first) else np.zeros(0, dtype=np.str_)
    return Hexagons(area_ha, square_m, category, column[first], row[first], **sums)


def _hexagon_of(x_index: Indices, y_index: Indices, square_m: int, area_ha: float) -> tuple[Indices, Indices]:
    return hexagon_of((x_index + 0.5) * square_m, (y_index + 0.5) * square_m, area_ha)


def _numbered(key: Indices, column: Indices, row: Indices) -> Indices:
    """Category and hexagon as one whole number; both coordinates lie well within 2²³ steps of the origin."""
    numbered: Indices = (key << 48) + ((column + (1 << 23)) << 24) + (row + (1 << 23))
    return numbered


def _columns(
    the_map: MapRecord, hexagons: Hexagons, words: Language, *, kept: bool
) -> tuple[Sequence[Field], Mapping[str, Any]]:
    """The fields of a layer, and their values."""
    ground = hexagons.ground_ha
    data = {"square": number(hexagons.square_m, words), "least": least_people(the_map)}
    counted = COUNTED_LEAST if kept else COUNTED
    found: list[tuple[Field, Any]] = [(category_field(the_map, words), hexagons.category.astype(object))]
    if hexagons.people is not None:
        found.append((_whole("people", words.gettext(PEOPLE)), hexagons.people))
    found.append((_whole("counted", words.gettext(counted, data)), hexagons.counted))
    if hexagons.pins is not None:
        found.append((_whole("pins", words.gettext(PINS)), hexagons.pins))
    if hexagons.people is not None:
        meaning = words.gettext(PEOPLE_HA)
        found.append((Field("people_per_ha", Kind.NUMBER, "people_ha", meaning), hexagons.people / ground))
    per_ha = Field("counted_per_ha", Kind.NUMBER, "counted_ha", words.gettext(COUNTED_HA))
    found.append((per_ha, hexagons.counted / ground))
    found.append((Field("ground_ha", Kind.NUMBER, "ground_ha", words.gettext(GROUND)), ground))
    return [field for field, _ in found], {field.name: values for field, values in found}


def _whole(name: str, meaning: str) -> Field:
    return Field(name, Kind.INTEGER, name, meaning)


def _method(the_map: MapRecord, hexagons: Hexagons, words: Language, *, kept: bool) -> list[str]:
    square = number(hexagons.square_m, words)
    sizes = {
        "area": number(hexagons.area_ha, words),
        "side": number(round(side_of(hexagons.area_ha), 2), words),
        "square": square,
    }
    said = [words.gettext(METHOD, sizes)]
    if hexagons.people is not None:
        said.append(words.gettext(PEOPLE_METHOD))
    else:
        said.append(words.gettext(COUNTED_METHOD, {"square": square}))
    if kept:
        said.append(words.gettext(BLOCK_LIMIT, {"least": least_people(the_map)}))
    return said


def _sums(the_map: MapRecord, hexagons: Hexagons, scope: Scope, words: Language) -> str:
    """How much of each category is in it."""
    values = hexagons.counted if hexagons.pins is None else hexagons.pins
    counted = [(one, int(values[hexagons.category == one.key].sum())) for one in the_map.categories]
    if hexagons.pins is None:
        return people_by_category(counted, scope, words)
    return pins_said(counted, words)
