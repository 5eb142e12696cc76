"""What has changed since the other round as a layer of a GIS, with its method, numbers and limits in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.errors import NotComputed
from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.queries.analysis_runs import newest_result
from app.queries.heat_files import heat_ramp
from app.queries.layer_notes import note, word_of
from app.queries.layers_heat import category_field
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.round_results import CategoryChange, Result
from app.queries.round_words import notes
from gis.analysis.change import SURE
from gis.crs import transform_geometry, transformer
from gis.formats.layer import Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches
from gis.grid import square_polygons
from gis.palette import palette
from gis.ramp import ramp, swatches

TITLE = N_("What has changed since the last round")
LEVEL = N_(
    "How sure it is, in per cent: 99, 95 or 90 where the share of people has grown, below zero where it has"
    " fallen, 0 where chance would do"
)
THEN = N_("People who marked it within reach of the square’s middle, in the earlier round")
NOW = N_("The same in the present round")
SHARE_THEN = N_("Of all who took part in the earlier round, in per cent")
SHARE_NOW = N_("Of all who took part in the present round, in per cent")
POINTS = N_("Share now less share then, in percentage points")
P = N_("How often chance alone would divide the people as unevenly (Fisher’s exact test)")
Q = N_("The same for all squares together: the share of false alarms if every square up to this one is taken")
ALL_THEN = N_("People who said anything within reach, in the earlier round; empty where nobody can tell")
P_AMONG = N_("The test of the second question: of those who said anything here, how many said this")
AREA = N_("The number of the area it belongs to; empty where it belongs to none")
NAME = N_("What is named nearest to the middle of that area")
CLASS = N_("Category and direction together, for the legend")
MORE = N_("%(category)s: more")
FEWER = N_("%(category)s: fewer")
CHANCE = N_("%(category)s: no more than chance")

COLUMNS = (
    *("category", "level", "people_then", "people_now", "share_then", "share_now", "points", "p", "q"),
    *("all_then", "all_now", "p_among", "area", "name", "class"),
)


def changes(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """Every square that was tested, from the newest comparison; NotComputed before there is one."""
    del scope  # for the office only; the list of layers sees to it
    kept = newest_result(session, the_map, "rounds")
    if kept is None:
        raise NotComputed
    result: Result = kept.result
    parts = [
        (the_map.category_by_key[one.key], one) for one in result.categories if one.key in the_map.category_by_key
    ]
    columns, x, y = _columns(result, parts)
    fields = _fields(the_map, words)
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return transform_geometry(square_polygons(x[run], y[run], result.side_m), way)

    ids = [f"{key}_{column}_{row}" for key, column, row in zip(columns["category"], x, y, strict=True)]
    return Layer(
        name="changes",
        title=words.gettext(TITLE),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, ids, columns, shapes),
        look=_look(parts, the_map, words),
        description=note(notes(the_map, result, words), is_empty=not ids, words=words),
    )


def _fields(the_map: MapRecord, words: Language) -> tuple[Field, ...]:
    labels = {
        mark: label for category in the_map.categories for mark, label, _ in _marks(the_map, category, words)
    }
    return (
        category_field(the_map, words),
        Field("level", Kind.INTEGER, "level", words.gettext(LEVEL)),
        Field("people_then", Kind.INTEGER, "peop_then", words.gettext(THEN)),
        Field("people_now", Kind.INTEGER, "peop_now", words.gettext(NOW)),
        Field("share_then", Kind.NUMBER, "share_then", words.gettext(SHARE_THEN)),
        Field("share_now", Kind.NUMBER, "share_now", words.gettext(SHARE_NOW)),
        Field("points", Kind.NUMBER, "points", words.gettext(POINTS)),
        Field("p", Kind.NUMBER, "p", words.gettext(P)),
        Field("q", Kind.NUMBER, "q", words.gettext(Q)),
        Field("all_then", Kind.INTEGER, "all_then", words.gettext(ALL_THEN)),
        Field("all_now", Kind.INTEGER, "all_now", words.gettext(NOW)),
        Field("p_among", Kind.NUMBER, "p_among", words.gettext(P_AMONG)),
        Field("area", Kind.INTEGER, "area", words.gettext(AREA)),
        Field("name", Kind.TEXT, "name", words.gettext(NAME)),
        Field("class", Kind.TEXT, "class", words.gettext(CLASS), labels),
    )


def _columns(
    result: Result, parts: list[tuple[CategoryRecord, CategoryChange]]
) -> tuple[dict[str, Any], NDArray[np.int64], NDArray[np.int64]]:
    then = max(result.then.people, 1) if result.then else 1
    now = max(result.now.people, 1)
    rows = list(_rows(parts, then, now))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS, 2)}
    x, y = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1))
    return columns, x, y


def _rows(parts: list[tuple[CategoryRecord, CategoryChange]], then: int, now: int) -> Iterator[tuple[Any, ...]]:
    for category, part in parts:
        squares, names = part.squares, {area.rank: area.name for area in part.areas}
        for i, (x, y) in enumerate(zip(squares.x, squares.y, strict=True)):
            before, after = squares.then[i] / then * 100, squares.now[i] / now * 100
            among = (
                (squares.all_then[i], squares.all_now[i], squares.p_among[i]) if squares.all_then else (None,) * 3
            )
            area = squares.area[i] or None
            yield (
                *(x, y, category.key, squares.level[i], squares.then[i], squares.now[i]),
                *(round(before, 3), round(after, 3), round(after - before, 3), squares.p[i], squares.q[i]),
                *among,
                area,
                names.get(area) if area else None,
                _mark(category.key, squares.level[i]),
            )


def _mark(category: str, level: int) -> str:
    """What the legend tells apart: more, fewer, or no more than chance."""
    return f"{category} {'0' if abs(level) < SURE else '+' if level > 0 else '-'}"


def _marks(the_map: MapRecord, category: CategoryRecord, words: Language) -> list[tuple[str, str, str]]:
    """The marks of a category with their labels and colours: its own hue for more, grey for fewer."""
    said = {"category": word_of(category, words)}
    grey = swatches(ramp(palette().light.ui["ink_soft"], "light"), (1.0, 2.0, 3.0))
    warm = swatches(heat_ramp(the_map, category.key), (1.0, 2.0, 3.0))
    return [
        (_mark(category.key, SURE), words.gettext(MORE, said), warm[-1].seen),
        (_mark(category.key, -SURE), words.gettext(FEWER, said), grey[-1].seen),
        (_mark(category.key, 0), words.gettext(CHANCE, said), palette().light.ui["line"]),
    ]


def _look(parts: list[tuple[CategoryRecord, CategoryChange]], the_map: MapRecord, words: Language) -> Look:
    """Only what there is."""
    there = {_mark(category.key, level) for category, part in parts for level in part.squares.level}
    found = [mark for category, _ in parts for mark in _marks(the_map, category, words)]
    return Look([Paint(mark, label, color) for mark, label, color in found if mark in there], "class")
