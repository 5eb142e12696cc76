"""Open data: the catalogue for machines, and the pages for people beside it."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for

from app.config import Config
from app.db import session
from app.errors import Problem, Unknown
from app.i18n import N_
from app.inputs.file_forms import parse_epsg
from app.inputs.open_data_form import is_ico
from app.queries.maps import MapCache, MapRecord
from app.queries.open_data import (
    EVERYTHING_FILE,
    DataSet,
    data_facts,
    data_set,
    data_sets_of,
    given_layers,
    gives_data,
    published_slugs,
)
from app.queries.open_data_records import (
    MIMETYPE,
    Publisher,
    Record,
    catalogue_address,
    catalogue_record,
    data_set_record,
    record_address,
    schema_org,
)
from app.queries.stories import public_slugs
from app.queries.towns import TownRecord, find_town
from app.views.heat import keep_snapshot
from app.views.hosts import own_root
from app.views.open_data_words import terms_words
from app.views.reader import load_told_map
from gis.crs import WGS84

blueprint = Blueprint("open_data", __name__, url_prefix="/data")

KEPT = "public, no-cache"
SYSTEMS = ((WGS84, N_("WGS 84 (longitude and latitude)")), (5514, N_("S-JTSK (metres)")), (4258, "ETRS89"))
"""Coordinate systems to choose from; the files know any other by its EPSG code too."""


@dataclass(frozen=True)
class System:
    """A coordinate system as a choice on the page."""

    epsg: int
    words: str
    is_chosen: bool

    @property
    def asked(self) -> str | None:
        """How addresses ask for it."""
        return None if self.epsg == WGS84 else f"EPSG:{self.epsg}"


@blueprint.get("/")
def data_sets() -> str:
    """The maps with data to take, by town, and which of them are in the catalogue."""
    maps = [m for m in _cache().get_many(session(), public_slugs(session())) if gives_data(m)]
    listed = {found.the_map.id for found in data_sets_of(session(), maps)}
    return render_template(
        "open_data/page.html",
        towns=[(town, list(own)) for town, own in itertools.groupby(maps, key=lambda m: m.town)],
        listed=listed,
        catalogue=catalogue_address(base()) if listed and _publisher(_data_sets(None), None) else None,
    )


@blueprint.get("/catalog.jsonld")
def catalogue() -> Response:
    """The local catalogue of this server, or of one town, as the national one harvests it."""
    slug = request.args.get("town")
    town = find_town(session(), slug) if slug is not None else None
    found = _data_sets(slug)
    if not found:
        raise Unknown(Problem("catalogue", N_("Nothing is published here as open data yet.")))
    publisher = _publisher(found, town)
    if publisher is None:
        own = ", ".join(sorted({catalogue_address(base(), one.town.slug) for one in found}))
        several = N_("Several towns publish here, each in its own catalogue: %(addresses)s")
        raise Unknown(Problem("town", several, {"addresses": own}))
    return _json_ld(catalogue_record(publisher, [one.the_map.slug for one in found], base()))


@blueprint.get("/<slug>/")
def map_data(slug: str) -> str:
    """What there is to take of one map: files, the live service, what stands in them and what does not."""
    the_map = _giving(slug)
    keep_snapshot(the_map)
    facts = data_facts(session(), the_map)
    found = data_set(session(), the_map)
    epsg = parse_epsg(request.args.get("crs"))
    systems = [System(code, words, code == epsg) for code, words in SYSTEMS]
    if epsg not in {code for code, _ in SYSTEMS}:
        systems.append(System(epsg, f"EPSG:{epsg}", is_chosen=True))
    return render_template(
        "open_data/map.html",
        the_map=the_map,
        facts=facts,
        found=found,
        terms=terms_words(found.open_data) if found else None,
        layers=given_layers(the_map),
        everything=EVERYTHING_FILE,
        systems=systems,
        crs=next(system.asked for system in systems if system.is_chosen),
        folder=url_for("open_data.map_data", slug=slug),
        addresses=_addresses(slug),
        told_to_search_engines=schema_org(found, facts, base()) if found else None,
    )


@blueprint.get("/<slug>/dataset.jsonld")
def record(slug: str) -> Response:
    """The whole record of one map in the catalogue."""
    the_map = load_told_map(slug)
    found = None if the_map.draft else data_set(session(), the_map)
    if found is None:
        raise Unknown(Problem("map", N_("The town has not published this map as open data.")))
    keep_snapshot(the_map)
    return _json_ld(data_set_record(found, data_facts(session(), the_map), base()))


def base() -> str:
    """The server's own address."""
    return own_root()


def _giving(slug: str) -> MapRecord:
    the_map = load_told_map(slug)
    if not gives_data(the_map):
        raise Unknown(Problem("map", N_("The town publishes neither the pins nor the heat of this map.")))
    return the_map


def _cache() -> MapCache:
    cache: MapCache = current_app.extensions["pocit-maps"]
    return cache


def _data_sets(town: str | None) -> list[DataSet]:
    """What stands in the catalogue, of one town or of all."""
    return list(data_sets_of(session(), _cache().get_many(session(), published_slugs(session(), town))))


def _publisher(found: list[DataSet], town: TownRecord | None) -> Publisher | None:
    """Who answers for the catalogue: the town asked for, the operator, or the only town that publishes."""
    if town is not None:
        return Publisher(town.name, town.ico or "", town.slug)
    config: Config = current_app.extensions["pocit-config"]
    if is_ico(config.operator_ico):
        return Publisher(config.operator_name or config.operator_ico, config.operator_ico)
    towns = {one.town.id: one.town for one in found}
    only = next(iter(towns.values())) if len(towns) == 1 else None
    return Publisher(only.name, only.ico or "") if only else None


def _addresses(slug: str) -> dict[str, str]:
    """What people copy into their programs."""
    return {
        "api": f"{base()}/api/",
        "heat": f"{base()}/m/{slug}/heat/{{z}}/{{x}}/{{y}}.png",
        "tiles": f"{base()}/api/collections/{slug}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}",
        "record": record_address(base(), slug),
    }


def _json_ld(body: Record | dict[str, Any]) -> Response:
    """A record with its mark, sent again only when it changed."""
    text = current_app.json.dumps(body, indent=2)
    response = Response(text + "\n", mimetype=MIMETYPE)
    response.headers["Cache-Control"] = KEPT
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:20])
    response.make_conditional(request)
    return response
