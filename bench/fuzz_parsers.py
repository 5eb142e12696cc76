"""Every parser of `app/inputs`, with what it is given: good input spoiled, and anything at all.

A parser gives back what it read or raises one of our refusals; any other end is a fault.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from app.config import ROOT
from app.inputs import (
    answers,
    area,
    audit,
    basemap_forms,
    crs_parameters,
    file_forms,
    filters,
    geometries,
    heat,
    item_parameters,
    json_body,
    map_folder,
    office,
    pin_files,
    pins,
    place_search,
    search,
    token_forms,
)
from app.inputs.cql2 import parse_filter
from app.queries.columns import pin_columns
from app.queries.maps import MapRecord
from bench.fuzz_forms import of_forms, of_maps
from bench.fuzz_tables import of_tables
from bench.fuzz_target import PIN, Ground, Target
from bench.fuzz_values import (
    AnsweringForm,
    as_json,
    seeds,
    spoiled_bytes,
    spoiled_documents,
    spoiled_texts,
    texts,
)
from gis.geojson import InvalidGeometry, read_boundary
from gis.paper.serial import parse_serial

VZOROV: Final = ROOT / "sample_maps" / "vzorov"
WORDS: Final = (
    "Tady se bojím, je tu tma.", "Lípa 12", 'lampa -tma "u školy"', "15.52 49.62", "urad@vzorov.example",
    "FORUM1", "2026-11-21",
)  # fmt: skip
CQL2: Final = (
    "category = 'safe' AND supports > 3", "comment LIKE '%tma%' OR NOT (status IN ('done','planned'))",
    "S_INTERSECTS(geometry, POLYGON ((15.5 49.6, 15.6 49.6, 15.6 49.7, 15.5 49.6)))", "answered_at IS NULL",
    "T_AFTER(created_at, TIMESTAMP('2026-01-01T00:00:00Z'))", "CASEI(comment) LIKE CASEI('%Tma%')",
    "created_at >= DATE('2026-01-01') AND supports BETWEEN 1 AND 9",
    "S_WITHIN(geometry, BBOX(15.5,49.6,15.6,49.7))",
)  # fmt: skip
AREA: Final = "15.51,49.61 15.53,49.61 15.53,49.63"
BOUNDARY: Final = {"type": "Polygon", "coordinates": [[[15.5, 49.6], [15.6, 49.6], [15.6, 49.7], [15.5, 49.6]]]}


def targets(ground: Ground) -> list[Target]:
    """All of them."""
    return [
        *_of_addresses(ground),
        *_of_documents(ground),
        *of_forms(ground),
        *of_maps(ground),
        *of_tables(ground),
    ]


def _of_addresses(ground: Ground) -> list[Target]:
    """What stands in addresses: filters, coordinates, moments."""
    the_map = ground.the_map
    columns = pin_columns(the_map, filters.Scope.PUBLIC)
    kinds = {column.name: column.kind for column in columns}
    good = {
        "bbox": "15.5,49.6,15.6,49.7", "datetime": "2026-01-01T00:00:00Z/..", "category": "safe", "limit": "10",
        "filter": CQL2[0], "crs": "http://www.opengis.net/def/crs/EPSG/0/5514", "after": PIN["id"],
        "filter-lang": "cql2-text",
    }  # fmt: skip
    offered = crs_parameters.offered_crs(the_map)
    asked = {"area": AREA, "words": "tma", "since": "2026-01-01", "until": "2026-12-31", "category": "safe"}
    crs_names = tuple(one.uri for one in offered)

    def forms(valid: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        return st.builds(lambda n: AnsweringForm(n, valid), seeds())

    def after(text: str) -> object:
        return item_parameters.parse_after(text)

    return [
        Target("cql2", spoiled_texts(*CQL2), lambda text: parse_filter(text, kinds, the_map)),
        Target(
            "cql2 in S-JTSK", spoiled_texts(*CQL2), lambda text: parse_filter(text, kinds, the_map, offered[-1])
        ),
        Target("items", forms(good), lambda form: item_parameters.parse_items(form, the_map, columns)),
        Target("after", spoiled_texts(f"{PIN['id']}.12.0123456789abcdef"), after),
        Target("crs", spoiled_texts(*crs_names), lambda text: crs_parameters.parse_crs(text, the_map)),
        Target("bbox", spoiled_texts("15.5,49.6,15.6,49.7", "-180,-90,0,180,90,9"), _box(offered)),
        Target("datetime", spoiled_texts("2026-01-01T00:00:00Z/..", "2026-01-01"), filters.parse_datetime),
        Target("limit", spoiled_texts("10", "10000"), filters.parse_limit),
        Target("epsg", spoiled_texts("EPSG:5514", "4326"), file_forms.parse_epsg),
        Target("area", spoiled_texts(AREA), area.parse_area),
        Target("words", spoiled_texts(*WORDS), lambda text: search.parse_search(text, ("when",))),
        Target("places", spoiled_texts(*WORDS), place_search.parse_places),
        Target("spot", spoiled_texts("15.52,49.62"), place_search.parse_spot),
        Target("heat", forms({"bandwidth": "75", "weight": "people"}), _heat(the_map)),
        Target("office filter", forms(asked), lambda form: office.parse_office_filter(form, the_map)),
        Target("office pins", forms(asked), lambda form: office.parse_office_pins(form, the_map)),
        Target("cursor", spoiled_texts("1767225600000000.12345678123442348234123456789abc"), office.parse_cursor),
        Target(
            "audit filter", forms({"since": "2026-01-01"}), lambda form: audit.parse_audit_filter(form, ("a",))
        ),
        Target("audit page", spoiled_texts("12"), audit.parse_before),
        Target("token", spoiled_texts("Bearer pocit_abc", "Basic dTpwb2NpdF9hYmM="), token_forms.shown_token),
        Target("serial", spoiled_texts("234 567 89A"), parse_serial),
        Target("decimal", texts(), pin_files.decimal),
    ]


def _box(offered: Sequence[Any]) -> Callable[[str], object]:
    def call(text: str) -> None:
        for crs in offered:
            geometries.parse_box(text, crs)

    return call


def _heat(the_map: MapRecord) -> Callable[[Any], object]:
    return lambda form: heat.parse_heat(form, the_map.category_by_key)


def _of_documents(ground: Ground) -> list[Target]:
    """JSON bodies and the map's own description."""
    the_map = ground.the_map
    boundary = the_map.boundary
    whole = json.loads((VZOROV / "map.json").read_bytes())
    least = {"title": {"cs": "M"}, "town": {"name": "O", "ruian": 554821}}
    layer = (VZOROV / "basemap.geojson").read_bytes()
    small = as_json({"type": "FeatureCollection", "features": json.loads(layer)["features"][:6]})
    body = as_json(PIN)

    pin = spoiled_documents(PIN).filter(lambda one: isinstance(one, dict))

    def spoiled(good: bytes) -> st.SearchStrategy[bytes]:
        return st.one_of(
            st.builds(lambda n: spoiled_bytes(good, Random(n)), seeds()),
            spoiled_documents(json.loads(good)).map(as_json),
        )

    return [
        Target("map.json", spoiled_documents(whole, ground.description, least),
               lambda said: map_folder.parse_map(said, slug="vzorov", boundary=boundary)),
        Target("slug", texts(), map_folder.slug_of),
        Target("boundary", spoiled(as_json({"type": "Feature", "geometry": BOUNDARY, "properties": {}})),
               read_boundary, (InvalidGeometry,)),
        Target("body", st.one_of(spoiled(body), st.binary(max_size=60)), json_body.parse_object),
        Target("deep body", st.integers(1, 60_000).map(lambda n: b"[" * n + b"]" * n), json_body.parse_json),
        Target("pin", pin, pins.parse_pin),
        Target("change of a pin", pin, pins.parse_change),
        Target("answers", spoiled_documents({"when": "day"}).filter(lambda one: isinstance(one, dict)),
               lambda given_input: answers.check_answers(given_input, the_map.questions, "safe")),
        Target("vector layer", spoiled(small), lambda raw: basemap_forms.read_layer(io.BytesIO(raw), boundary)),
    ]  # fmt: skip
