"""The layers of facts of a town in the office: uploaded or fetched, loaded again, removed; drawn on its maps."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response as Answer
from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.config import Config
from app.db import session
from app.errors import InvalidInput, Malformed, Problem
from app.i18n import N_, N_n
from app.inputs.crs_parameters import CRS84
from app.inputs.fact_files import FILE, MOST_UPLOAD_BYTES, TOO_LARGE, FactFile, read_fact_file, shown
from app.inputs.fact_forms import parse_fact_form, stored_form
from app.inputs.geometries import parse_box
from app.models import Role
from app.queries.facts import FactLayerRecord, around_maps, fact_layer, fact_layers, shown_facts
from app.queries.towns import TownRecord
from app.security import require
from app.services.facts import ADDRESS, add_facts, fetch_facts, remove_facts, replace_facts
from app.services.outward import server_of
from app.views.office import blueprint
from app.views.office.access import office_map, office_town
from app.views.office.uploads import takes_files
from app.views.office.words import short_day
from app.views.reader import number, reader_language

SAID_ROWS = 50
"""Bad rows told on the page; the others are counted."""
GZIP_LEVEL = 5
SHAPE_WORDS: Mapping[str, tuple[str, str]] = {
    "points": N_n("%(n)s point", "%(n)s points"),
    "lines": N_n("%(n)s line", "%(n)s lines"),
    "areas": N_n("%(n)s area", "%(n)s areas"),
}


@dataclass(frozen=True)
class Row:
    """One layer on the page."""

    layer: FactLayerRecord
    count: str
    whence: str
    """The file's name, or the server."""
    day: str
    """Of which day the data are; empty where nobody said."""

    @property
    def can_reload(self) -> bool:
        """Whether it came from an address."""
        return bool(self.layer.source.get(ADDRESS))


def too_large(town: str) -> str:
    """The page again, saying that the file is too large."""
    return _page(
        office_town(town, Role.EDITOR), [Problem(FILE, TOO_LARGE, {"megabytes": MOST_UPLOAD_BYTES >> 20})]
    )


@blueprint.get("/towns/<town>/facts")
def facts(town: str) -> str:
    """What layers there are, and two ways to add one."""
    return _page(office_town(town, Role.EDITOR))


@blueprint.post("/towns/<town>/facts")
@takes_files(MOST_UPLOAD_BYTES, too_large)
def add_layer(town: str) -> str | Response | tuple[str, int]:
    """Store a new layer from a file or an address; where no row can be used, nothing is stored."""
    record = office_town(town, Role.EDITOR)
    official = require(Role.EDITOR, record.id)
    try:
        form = parse_fact_form(request.form, with_address="address" in request.form)
        wanted = form.wanted(around_maps(session(), record.id))
        session().commit()  # reading may take a minute: no transaction waits for it
        found = _fetched(form.address, wanted) if form.address else _uploaded(wanted)
        add_facts(session(), official, record.id, form, found)
    except InvalidInput as refusal:
        session().rollback()
        return _page(record, refusal.problems), 422
    session().commit()
    return _done(record, found, form.name)


@blueprint.post("/towns/<town>/facts/<int:layer_id>/reload")
def reload_layer(town: str, layer_id: int) -> str | Response | tuple[str, int]:
    """Fetch what is at the layer's address now; where no row can be used, the layer stays as it is."""
    record = office_town(town, Role.EDITOR)
    official = require(Role.EDITOR, record.id)
    layer = fact_layer(session(), record.id, layer_id)
    form = stored_form(layer.name, layer.source)
    if not form.address:
        return redirect(url_for("office.facts", town=town), 303)
    try:
        wanted = form.wanted(around_maps(session(), record.id))
        session().commit()
        found = _fetched(form.address, wanted)
        replace_facts(session(), official, record.id, layer_id, found)
    except InvalidInput as refusal:
        session().rollback()
        return _page(record, refusal.problems, again=layer), 422
    session().commit()
    return _done(record, found, layer.name)


@blueprint.post("/towns/<town>/facts/<int:layer_id>/remove")
def remove_layer(town: str, layer_id: int) -> Response:
    """Take a layer away."""
    record = office_town(town, Role.EDITOR)
    remove_facts(session(), require(Role.EDITOR, record.id), record.id, layer_id)
    session().commit()
    return redirect(url_for("office.facts", town=town, removed=1), 303)


@blueprint.get("/maps/<slug>/facts/<int:layer_id>.geojson")
def facts_geojson(slug: str, layer_id: int) -> Answer:
    """A layer of the map's town, or what of it lies in `bbox`, as the office's map draws it."""
    the_map = office_map(slug)
    layer = fact_layer(session(), the_map.town_id, layer_id)
    box = request.args.get("bbox")
    if len(box or "") > 200:
        raise Malformed(Problem("bbox", N_("A box is four numbers: west, south, east, north.")))
    asked = parse_box(box, CRS84) if box else None
    if asked and asked[0] > asked[2]:  # no town lies across the 180th meridian
        raise Malformed(Problem("bbox", N_("A box is four numbers: west, south, east, north.")))
    found = shown_facts(session(), layer, asked)
    body = current_app.json.dumps(
        {"type": "FeatureCollection", "complete": found.complete, "features": found.features},
        separators=(",", ":"),
    ).encode()
    answer = Answer(body, mimetype="application/geo+json")
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        answer.set_data(gzip.compress(body, GZIP_LEVEL))
        answer.content_encoding = "gzip"
    return answer


def _done(town: TownRecord, found: FactFile, name: str) -> str | Response:
    """What became of the rows; nothing but the list where all went well."""
    if found.refused_count or found.undated or found.turned_krovak:
        return _page(town, found=found, name=name)
    return redirect(url_for("office.facts", town=town.slug, loaded=name), 303)


def _uploaded(wanted: Any) -> FactFile:
    file = request.files.get(FILE)
    if file is None or not file.filename:
        raise InvalidInput(Problem(FILE, N_("Choose a file first; this one is empty or missing.")))
    return read_fact_file(file.stream, file.filename, wanted)


def _fetched(address: str, wanted: Any) -> FactFile:
    config: Config = current_app.extensions["pocit-config"]
    return fetch_facts(address, wanted, config.tile_hosts)


def _page(
    town: TownRecord,
    problems: Sequence[Problem] = (),
    *,
    found: FactFile | None = None,
    name: str = "",
    again: FactLayerRecord | None = None,
) -> str:
    """The page; `again` is the layer that could not be loaded again, whose problems stand beside it."""
    words = reader_language()
    said = {problem.field: words.gettext(problem.message, problem.data) for problem in problems}
    refused = found.refused[:SAID_ROWS] if found else ()
    return render_template(
        "office/facts.html",
        town=town,
        layers=[_row(layer) for layer in fact_layers(session(), town.id)],
        problems={} if again else said,
        again=again,
        again_problem=" ".join(said.values()) if again else "",
        by_address="address" in request.form,
        form={} if found or again else request.form,
        found=found,
        found_count=_count(found.shape, len(found.rows)) if found else "",
        name=name,
        refused=[(row.number, words.gettext(row.problem.message, row.problem.data)) for row in refused],
        more=max(0, found.refused_count - SAID_ROWS) if found else 0,
        most_megabytes=MOST_UPLOAD_BYTES >> 20,
    )


def _row(layer: FactLayerRecord) -> Row:
    address, day = layer.source.get(ADDRESS), layer.source.get("day")
    whence = server_of(str(address)).partition(":")[0] if address else shown(str(layer.source.get("file", "")))
    return Row(
        layer, _count(layer.shape, layer.features), whence, short_day(date.fromisoformat(day)) if day else ""
    )


def _count(shape: str, n: int) -> str:
    one, many = SHAPE_WORDS[shape]
    return reader_language().translations.ungettext(one, many, n) % {"n": number(n)}
