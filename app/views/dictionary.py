"""The data dictionary: what each column of a map's pins means, as a page for people and as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from flask import Response, render_template

from app.i18n import N_
from app.inputs.file_forms import FORMS
from app.inputs.filters import Scope
from app.queries.columns import pin_columns
from app.queries.layers import EVERYTHING, LAYERS, is_published
from app.queries.maps import MapRecord
from app.views.reader import reader_language
from gis.formats.layer import ID, Field, Kind
from gis.formats.table_csv import table_rows

KIND_WORDS = {
    Kind.TEXT: N_("text"),
    Kind.INTEGER: N_("whole number"),
    Kind.NUMBER: N_("number"),
    Kind.TIME: N_("date and time, UTC"),
    Kind.LIST: N_("several texts"),
}
ID_MEANING = N_("The pin’s own mark; it stays the same in every file and in the API")
HEADING = ("column", "kind", "short_name", "meaning", "codes")


def dictionary_page(the_map: MapRecord, scope: Scope) -> str:
    """The columns in a table, and the files in which they stand."""
    return render_template(
        "data/columns.html",
        the_map=the_map,
        office=scope is Scope.OFFICE,
        columns=_fields(the_map, scope),
        kind_words=KIND_WORDS,
        layers=[kind for kind in LAYERS.values() if is_published(the_map, kind.name, scope)],
        forms=FORMS.values(),
        everything=EVERYTHING,
        endpoint="office.layer_file" if scope is Scope.OFFICE else "data.layer_file",
        crs=f"EPSG:{the_map.metric_srid}",
    )


def dictionary_file(the_map: MapRecord, scope: Scope, ending: str) -> Response:
    """The same for programs and spreadsheets."""
    fields = _fields(the_map, scope)
    if ending == "json":
        described = {"map": the_map.slug, "layer": "pins", "scope": scope, "columns": [asdict(f) for f in fields]}
        response = Response(json.dumps(described, ensure_ascii=False, default=dict), mimetype="application/json")
    else:
        rows = ([f.name, f.kind, f.short, f.meaning, _codes(f)] for f in fields)
        response = Response(b"".join(table_rows(HEADING, rows)), mimetype="text/csv")
    mark = "-office" if scope is Scope.OFFICE else ""
    response.headers["Content-Disposition"] = f'attachment; filename="{the_map.slug}-columns{mark}.{ending}"'
    response.headers["Cache-Control"] = "private, no-store" if scope is Scope.OFFICE else "no-cache"
    response.headers["Content-Language"] = reader_language().code
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def _fields(the_map: MapRecord, scope: Scope) -> Sequence[Field]:
    words = reader_language()
    own = Field(ID, Kind.TEXT, ID, words.gettext(ID_MEANING))
    return [own, *(column.as_field(words) for column in pin_columns(the_map, scope))]


def _codes(field: Field) -> str:
    return "; ".join(f"{code} = {said}" for code, said in field.values.items())
