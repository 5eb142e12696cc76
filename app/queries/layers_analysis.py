"""Hot spots and clusters as layers of a GIS, each with its method, its numbers and its limits in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.queries.clusters import Cluster, find_clusters, least_people
from app.queries.heat import uses_snapshot
from app.queries.heat_files import heat_ramp
from app.queries.hot_spots import LEAST_COUNTED, CategoryTest, Tested, find_hot_spots
from app.queries.layer_notes import limits, listed, note, number, people_by_category, who_counts, word_of
from app.queries.layers_heat import category_field, category_look
from app.queries.maps import MapRecord
from gis.analysis.clusters import REACH_M
from gis.analysis.hot_spots import BAND_M, LEVELS, SIDE_M
from gis.crs import transform_geometry, transformer
from gis.formats.layer import Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches
from gis.grid import square_polygons
from gis.palette import palette
from gis.ramp import ramp, swatches

HOT_TITLE = N_("Hot spots")
CLUSTER_TITLE = N_("Clusters")

HOT_METHOD = N_(
    "Where more people marked the same than chance would bring there. People are counted in squares of %(side)s m,"
    " each once in a square; the sum of a square and its neighbours within %(band)s m is tested against the whole"
    " town (Getis-Ord Gi*, Ord and Getis 1995), all %(squares)s squares of it, empty ones too. A square counts as"
    " hot only if the sum is also more than people scattered evenly would bring (Poisson), and if at least"
    " %(least)s people marked it there. Of all squares at 95 %%, about 5 %% are false alarms (Benjamini and"
    " Hochberg 1995)."
)
HOT_PUBLIC = N_(
    "Where fewer than %(k)s people marked the same within a square of 250 m, they count as nobody; and cold spots"
    " are not told, as what is held back would look like silence."
)
HOT_LIMIT = N_(
    "A hot spot says that many speak of this place, not how bad or good it is: where many people go, many pins are"
    " placed."
)
HOT_TOO_FEW = N_("Not tested, as fewer than %(least)s people marked it: %(categories)s")
HOT_NONE = N_("Nowhere more people than chance would bring: %(categories)s")
LEVEL = N_(
    "How sure it is, in per cent: 99, 95 or 90; below zero where fewer people marked it than chance would bring"
)
COUNTED = N_("People who marked it in the square")
NEAR = N_("The same for the square and its neighbours, added up; one person may be in several of them")
Z = N_("Gi*: by how many standard deviations that sum differs from the town’s")
P = N_("How often chance alone would bring such a difference; the more cautious of two")
Q = N_("The same for all squares together: the share of false alarms if every square up to this one is taken")
CLASS = N_("Category and certainty together, for the legend")
HOT = N_("%(category)s: hot spot, %(sure)s %%")
COLD = N_("%(category)s: cold spot, %(sure)s %%")

CLUSTER_METHOD = N_(
    "Places where at least %(least)s different people marked the same within %(reach)s m (DBSCAN, Ester and others"
    " 1996, on squares of 25 m; people are counted, not pins). The outline is drawn around the squares with a"
    " margin of 25 m."
)
CLUSTER_PUBLIC = N_(
    "The numbers of people are the least there must have been, rounded down to a multiple of %(least)s, as"
    " nobody’s pins are put together for the public."
)
CLUSTER_LIMIT = N_("In busy centres neighbouring places run together into one.")
NAME = N_("What is named nearest to its middle: a place, a square, else a street")
RANK = N_("1 for the cluster with most people of its category")
PEOPLE_PUBLIC = N_("People who marked it there, at least")
PEOPLE = N_("Different people who marked it there")
PINS = N_("Their pins")
LON = N_("Longitude of its middle (WGS 84)")
LAT = N_("Latitude of its middle (WGS 84)")
PEOPLE_OF = N_("People within the outline: %(category)s")
PINS_OF = N_("Pins within the outline: %(category)s")
HELD_BACK = N_("Empty where they are fewer than %(k)s.")

OF_ONE_PERSON = ("people_near", "z", "p", "q")
"""What of a square of 125 m is exact to one person; its people are as well."""
COARSE_DECIMALS = 3
"""About 100 m: the middle of a cluster is weighed by people."""


def hot_spots(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The squares that stand out, of every category; NotAllowed where the map does not publish its heat."""
    tested = find_hot_spots(session, the_map, scope)
    rows = [(key, test, test.marked()) for key, test in tested.categories.items()]
    marks = [_mark(key, int(level)) for key, test, at in rows for level in _column(test, "level", at)]
    x, y = (
        np.concatenate([np.zeros(0, dtype=np.int64), *(_column(test, name, at) for _, test, at in rows)])
        for name in ("x_index", "y_index")
    )
    columns: dict[str, Any] = {
        "category": [key for key, _, at in rows for _ in at],
        "class": marks,
        "people": [int(n) for n in _gathered(rows, "counted")],
        "people_near": [int(n) for n in _gathered(rows, "near")],
        "level": [int(n) for n in _gathered(rows, "level")],
        **{name: list(_gathered(rows, name)) for name in ("z", "p", "q")},
    }
    labels = _hot_labels(the_map, words)
    fields: tuple[Field, ...] = (
        category_field(the_map, words),
        Field("level", Kind.INTEGER, "level", words.gettext(LEVEL)),
        Field("people", Kind.INTEGER, "people", words.gettext(COUNTED)),
        Field("people_near", Kind.INTEGER, "peop_near", words.gettext(NEAR)),
        Field("z", Kind.NUMBER, "z", words.gettext(Z)),
        Field("p", Kind.NUMBER, "p", words.gettext(P)),
        Field("q", Kind.NUMBER, "q", words.gettext(Q)),
        Field("class", Kind.TEXT, "class", words.gettext(CLASS), labels),
    )
    if _keeps(the_map, scope):
        fields = tuple(one for one in fields if one.name not in ("people", *OF_ONE_PERSON))
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return transform_geometry(square_polygons(x[run], y[run], SIDE_M), way)

    ids = [
        f"{mark.split(' ')[0]}_{column}_{row}" for mark, column, row in zip(columns["category"], x, y, strict=True)
    ]
    return Layer(
        name="hot-spots",
        title=words.gettext(HOT_TITLE),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, ids, columns, shapes),
        look=_hot_look(the_map, set(marks), labels),
        description=note(hot_spot_notes(session, the_map, scope, tested, words), is_empty=not marks, words=words),
    )


def clusters(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The clusters of every category; NotAllowed where the map does not publish its heat."""
    found = find_clusters(session, the_map, scope)
    fields = _cluster_fields(the_map, scope, words)
    decimals = 6
    if _keeps(the_map, scope):
        fields = [one for one in fields if one.name != "pins" and not one.name.startswith("pins_")]
        decimals = COARSE_DECIMALS
    columns: dict[str, Any] = {
        "category": [one.category.key for one in found],
        "rank": [one.rank for one in found],
        "name": [one.name for one in found],
        "people": [one.people for one in found],
        "pins": [one.pins for one in found],
        "lon": [round(one.lon, decimals) for one in found],
        "lat": [round(one.lat, decimals) for one in found],
    }
    for key in the_map.category_by_key:
        spoken = [one.spoken.get(key) for one in found]
        columns[f"people_{key}"] = [one.people if one else None for one in spoken]
        columns[f"pins_{key}"] = [one.pins if one else None for one in spoken]
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return np.array([transform_geometry(one.outline, way) for one in found[run]], dtype=object)

    return Layer(
        name="clusters",
        title=words.gettext(CLUSTER_TITLE),
        geometry_type="MultiPolygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, [f"{one.category.key}-{one.rank}" for one in found], columns, shapes),
        look=category_look(the_map, words),
        description=note(cluster_notes(session, the_map, scope, found, words), is_empty=not found, words=words),
    )


def hot_spot_notes(
    session: Session, the_map: MapRecord, scope: Scope, tested: Tested, words: Language
) -> list[str]:
    """The method of the hot spots, their numbers and limits."""
    method = {
        "side": number(SIDE_M, words),
        "band": number(BAND_M, words),
        "squares": number(tested.squares, words),
        "least": least_people(the_map),
    }
    said = [words.gettext(HOT_METHOD, method), who_counts(session, the_map, scope, words)]
    said.append(
        people_by_category([(test.category, test.counted) for test in tested.categories.values()], scope, words)
    )
    few = [word_of(test.category, words) for test in tested.categories.values() if test.found is None]
    none = [
        word_of(test.category, words)
        for test in tested.categories.values()
        if test.found is not None and not len(test.marked())
    ]
    if few:
        said.append(words.gettext(HOT_TOO_FEW, {"least": LEAST_COUNTED, "categories": listed(few)}))
    if none:
        said.append(words.gettext(HOT_NONE, {"categories": listed(none)}))
    if scope is Scope.PUBLIC:
        said.append(words.gettext(HOT_PUBLIC, {"k": the_map.k}))
    return [*said, words.gettext(HOT_LIMIT), *limits(the_map, scope, words)]


def cluster_notes(
    session: Session, the_map: MapRecord, scope: Scope, found: Sequence[Cluster], words: Language
) -> list[str]:
    """The method of the clusters, their numbers and limits."""
    method = {"least": least_people(the_map), "reach": number(REACH_M, words)}
    said = [words.gettext(CLUSTER_METHOD, method), who_counts(session, the_map, scope, words)]
    each = [
        f"{word_of(category, words)}: {sum(one.category.key == category.key for one in found)}"
        for category in the_map.categories
    ]
    said.append(listed(each))
    if scope is Scope.PUBLIC:
        said.append(words.gettext(CLUSTER_PUBLIC, {"least": least_people(the_map)}))
    return [*said, words.gettext(CLUSTER_LIMIT), *limits(the_map, scope, words)]


def _cluster_fields(the_map: MapRecord, scope: Scope, words: Language) -> list[Field]:
    people = words.gettext(PEOPLE if scope is Scope.OFFICE else PEOPLE_PUBLIC)
    held_back = "" if scope is Scope.OFFICE else " " + words.gettext(HELD_BACK, {"k": least_people(the_map)})
    found = [
        category_field(the_map, words),
        Field("rank", Kind.INTEGER, "rank", words.gettext(RANK)),
        Field("name", Kind.TEXT, "name", words.gettext(NAME)),
        Field("people", Kind.INTEGER, "people", people),
        Field("pins", Kind.INTEGER, "pins", words.gettext(PINS)),
        Field("lon", Kind.NUMBER, "lon", words.gettext(LON)),
        Field("lat", Kind.NUMBER, "lat", words.gettext(LAT)),
    ]
    for n, category in enumerate(the_map.categories, 1):
        said = {"category": word_of(category, words)}
        found.append(
            Field(
                f"people_{category.key}", Kind.INTEGER, f"people_{n}", words.gettext(PEOPLE_OF, said) + held_back
            )
        )
        found.append(
            Field(f"pins_{category.key}", Kind.INTEGER, f"pins_{n}", words.gettext(PINS_OF, said) + held_back)
        )
    return found


def _keeps(the_map: MapRecord, scope: Scope) -> bool:
    """Whether these readers may know of many people only, never of one: the map keeps its pins to itself."""
    return scope is Scope.PUBLIC and uses_snapshot(the_map)


def _mark(category: str, level: int) -> str:
    return f"{category} {'hot' if level > 0 else 'cold'} {abs(level)}"


def _hot_labels(the_map: MapRecord, words: Language) -> dict[str, str]:
    """What each class says."""
    return {
        _mark(category.key, way * sure): words.gettext(said, {"category": word_of(category, words), "sure": sure})
        for category in the_map.categories
        for way, said in ((1, HOT), (-1, COLD))
        for sure in LEVELS
    }


def _hot_look(the_map: MapRecord, marks: set[str], labels: dict[str, str]) -> Look:
    """Hot in the category's hue, cold in grey, the surer the deeper; only what there is."""
    rising = tuple(float(sure) for sure in sorted(LEVELS))
    cold = swatches(ramp(palette().light.ui["ink_soft"], "light"), rising)
    colors = {}
    for category in the_map.categories:
        for warm, grey in zip(swatches(heat_ramp(the_map, category.key), rising), cold, strict=True):
            colors[_mark(category.key, int(warm.low))] = warm.seen
            colors[_mark(category.key, -int(warm.low))] = grey.seen
    return Look([Paint(mark, label, colors[mark]) for mark, label in labels.items() if mark in marks], "class")


def _gathered(rows: Sequence[tuple[str, CategoryTest, NDArray[Any]]], name: str) -> Iterator[float]:
    """One column of all that stands out."""
    for _, test, at in rows:
        yield from _column(test, name, at).tolist()


def _column(test: CategoryTest, name: str, at: NDArray[Any]) -> NDArray[Any]:
    values: NDArray[Any] = getattr(test.found, name)[at] if test.found else np.zeros(0, dtype=np.int64)
    return values
