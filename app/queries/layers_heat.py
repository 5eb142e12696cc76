"""Heat as layers of a GIS: the squares it counts, and its areas from one class to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.i18n import N_, Language
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import COUNTED_STATES, HeatQuery
from app.queries.clusters import least_people
from app.queries.filter_words import filter_words
from app.queries.heat import CountedSquares, heat_counts, make_surface, uses_snapshot
from app.queries.heat_files import heat_ramp, unit_of
from app.queries.heat_words import METHOD_CHOSEN, METHOD_PEOPLE, MOST_BANDWIDTHS
from app.queries.layer_notes import (
    limits,
    note,
    number,
    people_by_category,
    pins_by_category,
    who_counts,
    word_of,
)
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.people_squares import Blocks, crowded_blocks, shown_counts, shown_squares
from gis.analysis.density import SQUARE_METRES_PER_HECTARE, Surface
from gis.analysis.scale import Breaks, class_breaks
from gis.crs import transform_geometry, transformer
from gis.formats.contours import bands
from gis.formats.layer import Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches
from gis.grid import PRIVACY_SQUARE_M, SQUARE_M, square_polygons
from gis.ramp import swatches

if TYPE_CHECKING:
    import pyarrow as pa

CELLS_TITLE = N_("Heat: counted squares")
CONTOURS_TITLE = N_("Heat: areas of equal density")
SQUARE_METHOD = N_(
    "Squares of 25 m with their edges at multiples of 25 m in the map’s metric system. One person counts once in"
    " one square and feeling, however many pins they placed there; squares where nobody placed one are not in it."
)
BLOCK_METHOD = N_(
    "Squares of %(side)s m with their edges at multiples of %(side)s m in the map’s metric system. One person"
    " counts once in one square and feeling, however many pins they placed there."
)
BLOCK_LIMIT = N_(
    "This map keeps its pins to itself: the squares are so large, and the people in each are rounded down to a"
    " multiple of %(least)s, so that no square tells of a single person. Squares with fewer than %(least)s people"
    " are not in the layer, which does not mean that nobody marked anything there."
)
BLOCKS_TITLE = N_("Heat: counted squares of %(side)s m")
BLOCK_PAINT = N_("%(category)s, in squares of %(side)s m")
CATEGORY = N_("What was marked")
PEOPLE = N_("People who marked it in this square; each counts once")
PINS = N_("Pins in this square")
DENSITY = N_("People in this square for each hectare: 16 times the people, as a hectare has 16 squares")
BLOCK_PEOPLE = N_(
    "People who marked it in this square, at least; each counts once, and they are rounded down to a multiple of"
    " %(least)s"
)
BLOCK_DENSITY = N_(
    "People in this square for each hectare, at least: the people divided by %(hectares)s, as a square has so many"
    " hectares"
)
SIDE = N_("The side of the square in metres")
FROM = N_("People per hectare, from")
UP_TO = N_("People per hectare, to; for the highest class the highest value there is")
UNIT = N_("The unit of from and to")
CLASS = N_("Category and class together, for the legend")
CONTOUR_LABEL = N_("%(category)s: %(low)s to %(high)s people per hectare")
SQUARES_PER_HECTARE = SQUARE_METRES_PER_HECTARE / SQUARE_M**2
HECTARES_PER_BLOCK = PRIVACY_SQUARE_M**2 / SQUARE_METRES_PER_HECTARE


@dataclass(frozen=True)
class _Band:
    """One class of one category on the ground."""

    category: CategoryRecord
    low: float
    high: float
    area: shapely.Geometry
    color: str

    @property
    def key(self) -> str:
        return f"{self.category.key}-{self.low:g}"


def heat_cells(
    session: Session,
    the_map: MapRecord,
    scope: Scope,
    epsg: int,
    words: Language,
    wanted: PinFilter | None = None,
) -> Layer:
    """The counted squares: a row for each square and category; for everybody only what the k-rule lets through.

    Where the map keeps its pins, everybody has the 250 m squares of that rule instead of those of 25 m in which
    single people would stand. `wanted` chooses pins for officials. NotAllowed where the map keeps its heat.
    """
    if scope is Scope.OFFICE:
        squares = CountedSquares.of_counts(heat_counts(session, the_map, heat_wanted(wanted), scope))
    else:
        squares = shown_squares(session, the_map, scope)
    if scope is Scope.PUBLIC and uses_snapshot(the_map):
        return _blocks(session, the_map, crowded_blocks(squares, least_people(the_map)), epsg, words)
    fields = (
        category_field(the_map, words),
        Field("people", Kind.INTEGER, "people", words.gettext(PEOPLE)),
        Field("pins", Kind.INTEGER, "pins", words.gettext(PINS)),
        Field("people_per_ha", Kind.NUMBER, "people_ha", words.gettext(DENSITY)),
    )
    columns = {
        "category": squares.category.astype(object),
        "people": squares.people,
        "pins": squares.pins,
        "people_per_ha": squares.people * SQUARES_PER_HECTARE,
    }
    parts = [
        words.gettext(SQUARE_METHOD),
        *chosen_note(the_map, wanted if scope is Scope.OFFICE else None, words),
        who_counts(session, the_map, scope, words),
        pins_by_category(the_map, squares, words),
        *limits(the_map, scope, words),
    ]
    return Layer(
        name="heat-cells",
        title=words.gettext(CELLS_TITLE),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=_square_batches(the_map, epsg, fields, squares, columns),
        look=category_look(the_map, words),
        description=note(parts, is_empty=not len(squares.x_index), words=words),
    )


def _blocks(session: Session, the_map: MapRecord, blocks: Blocks, epsg: int, words: Language) -> Layer:
    """What everybody may know of a map that keeps its pins: squares of many people, and no count of pins."""
    least, side = least_people(the_map), number(PRIVACY_SQUARE_M, words)
    hectares = number(HECTARES_PER_BLOCK, words)
    fields = (
        category_field(the_map, words),
        Field("people", Kind.INTEGER, "people", words.gettext(BLOCK_PEOPLE, {"least": least})),
        Field("people_per_ha", Kind.NUMBER, "people_ha", words.gettext(BLOCK_DENSITY, {"hectares": hectares})),
        Field("side_m", Kind.INTEGER, "side_m", words.gettext(SIDE)),
    )
    columns = {
        "category": blocks.category.astype(object),
        "people": blocks.people,
        "people_per_ha": blocks.people / HECTARES_PER_BLOCK,
        "side_m": np.full(len(blocks.x_index), PRIVACY_SQUARE_M),
    }
    counted = [(one, int(blocks.people[blocks.category == one.key].sum())) for one in the_map.categories]
    parts = [
        words.gettext(BLOCK_METHOD, {"side": side}),
        words.gettext(BLOCK_LIMIT, {"least": least}),
        who_counts(session, the_map, Scope.PUBLIC, words),
        people_by_category(counted, Scope.PUBLIC, words),
        *limits(the_map, Scope.PUBLIC, words),
    ]
    return Layer(
        name="heat-cells",
        title=words.gettext(BLOCKS_TITLE, {"side": side}),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=_square_batches(the_map, epsg, fields, blocks, columns, PRIVACY_SQUARE_M),
        look=_block_look(the_map, side, words),
        description=note(parts, is_empty=not len(blocks.x_index), words=words),
    )


def _square_batches(
    the_map: MapRecord,
    epsg: int,
    fields: Sequence[Field],
    squares: CountedSquares | Blocks,
    columns: Mapping[str, Any],
    side_m: int = SQUARE_M,
) -> Iterator[pa.RecordBatch]:
    """The rows of squares of one size, each known by its category and its place in the grid."""
    x, y = squares.x_index, squares.y_index
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return transform_geometry(square_polygons(x[run], y[run], side_m), way)

    ids = [f"{key}_{column}_{row}" for key, column, row in zip(squares.category, x, y, strict=True)]
    return layer_batches(fields, ids, columns, shapes)


def heat_contours(
    session: Session,
    the_map: MapRecord,
    scope: Scope,
    epsg: int,
    words: Language,
    wanted: PinFilter | None = None,
) -> Layer:
    """The heat of every category as filled areas; one scale for all. `wanted` chooses pins for officials.

    NotAllowed where it is not published.
    """
    asked = wanted.categories if wanted and scope is Scope.OFFICE else None
    if scope is Scope.OFFICE:  # of every category, as all share a scale
        counts = heat_counts(session, the_map, replace(heat_wanted(wanted), categories=None), scope)
        squares = CountedSquares.of_counts(counts)
    else:
        counts, squares = shown_counts(session, the_map, scope), shown_squares(session, the_map, scope)
    made = {c.key: make_surface(the_map, counts, HeatQuery(c.key), scope) for c in the_map.categories}
    breaks = class_breaks(max(made.values(), key=lambda one: one.peak)) if made else ()
    given = [c for c in the_map.categories if asked is None or c.key in asked]
    found = [band for c in given for band in _bands(the_map, c, made.pop(c.key), breaks)]
    fields = (
        category_field(the_map, words),
        Field("from", Kind.NUMBER, "from", words.gettext(FROM)),
        Field("to", Kind.NUMBER, "to", words.gettext(UP_TO)),
        Field("unit", Kind.TEXT, "unit", words.gettext(UNIT)),
        Field("class", Kind.TEXT, "class", words.gettext(CLASS), {b.key: _label(b, words) for b in found}),
    )
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return np.array([_areas(transform_geometry(band.area, way)) for band in found[run]], dtype=object)

    metres = number(MOST_BANDWIDTHS * HeatQuery().bandwidth_m, words)
    parts = [
        words.gettext(METHOD_PEOPLE, {"metres": metres}),
        *chosen_note(the_map, wanted if scope is Scope.OFFICE else None, words),
        who_counts(session, the_map, scope, words),
        pins_by_category(the_map, squares, words),
        *limits(the_map, scope, words),
    ]
    return Layer(
        name="heat-contours",
        title=words.gettext(CONTOURS_TITLE),
        geometry_type="MultiPolygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(
            fields,
            [band.key for band in found],
            {
                "category": [band.category.key for band in found],
                "from": [band.low for band in found],
                "to": [band.high for band in found],
                "unit": [unit_of(HeatQuery())] * len(found),
                "class": [band.key for band in found],
            },
            shapes,
        ),
        look=Look([Paint(b.key, _label(b, words), b.color) for b in found], "class"),
        description=note(parts, is_empty=not found, words=words),
    )


def heat_wanted(wanted: PinFilter | None) -> PinFilter:
    """The pins that officials' heat counts of those they chose: hidden ones only where they asked for them."""
    chosen = wanted or PinFilter()
    return replace(chosen, states=chosen.states or COUNTED_STATES)


def chosen_note(the_map: MapRecord, wanted: PinFilter | None, words: Language) -> list[str]:
    """That only a part of the pins is in it, where that is so."""
    if wanted is None:
        return []
    categories = [word_of(one, words) for one in the_map.categories if one.key in (wanted.categories or ())]
    chosen = [*categories, *filter_words(the_map, wanted, words)]
    return [words.gettext(METHOD_CHOSEN, {"filter": ", ".join(chosen)})] if chosen else []


def category_field(the_map: MapRecord, words: Language) -> Field:
    """The field that says which category a row is of."""
    labels = {category.key: word_of(category, words) for category in the_map.categories}
    return Field("category", Kind.TEXT, "category", words.gettext(CATEGORY), labels)


def category_look(the_map: MapRecord, words: Language) -> Look:
    """Every category in its colour."""
    paints = [Paint(c.key, word_of(c, words), c.color) for c in the_map.categories]
    return Look(paints, "category")


def _block_look(the_map: MapRecord, side: str, words: Language) -> Look:
    """Every category in its colour, and in the legend the squares it was counted in."""
    paints = [
        Paint(c.key, words.gettext(BLOCK_PAINT, {"category": word_of(c, words), "side": side}), c.color)
        for c in the_map.categories
    ]
    return Look(paints, "category")


def _bands(the_map: MapRecord, category: CategoryRecord, surface: Surface, breaks: Breaks) -> Sequence[_Band]:
    colors = {swatch.low: swatch.seen for swatch in swatches(heat_ramp(the_map, category.key), breaks)}
    return [_Band(category, low, high, area, colors[low]) for low, high, area in bands(surface, breaks)]


def _label(band: _Band, words: Language) -> str:
    data = {
        "category": word_of(band.category, words),
        "low": number(band.low, words),
        "high": number(band.high, words),
    }
    return words.gettext(CONTOUR_LABEL, data)


def _areas(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The areas of a geometry, whole and valid."""
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
