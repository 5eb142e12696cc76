"""Rows with sensible defaults: a test states only what matters to it."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image
from shapely import MultiPolygon, box
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.inputs.accounts import AccountInput
from app.inputs.map_folder import parse_map
from app.inputs.sheets import PrintInput
from app.models import (
    AnsweredPlace,
    AnswerTemplate,
    Channel,
    Event,
    Fact,
    FactLayer,
    Official,
    Pin,
    PinPhoto,
    PinState,
    Report,
    Respondent,
    Town,
    TownMap,
)
from app.queries.analyses import ANALYSES, nobody_told
from app.queries.analysis_runs import mark_of
from app.queries.maps import MapRecord, read_map
from app.queries.open_data import suggested
from app.services.accounts import Person, save_official
from app.services.analyses import begin_here, store_result
from app.services.audit import BY_ITSELF
from app.services.maps import save_map
from app.services.open_data import publish_open_data
from app.services.sheets import Printed, PrintShop, print_sheets
from app.services.tokens import make_token
from gis.crs import to_metric
from gis.grid import square_of

CENTRE = (15.52, 49.62)
"""Longitude and latitude of the middle of `a_map`."""
BOX = MultiPolygon([box(15.50, 49.61, 15.54, 49.63)])
OUTSIDE = (15.60, 49.62)
TOKEN = "a-device-token-of-enough-bits-0123456789"
OTHER_TOKEN = "another-device-token-of-enough-bits-987654"
PASSWORD = "correct horse battery staple"


def a_map(session: Session, slug: str = "testov", **description: Any) -> MapRecord:
    """A map of a town that has the map's slug, with a box as boundary; further keys are those of map.json."""
    ruian = description.pop("ruian", 900_000 + int.from_bytes(slug.encode()[-2:], "big") % 90_000)
    boundary = description.pop("boundary", BOX)
    basemap_geojson = description.pop("basemap_geojson", None)
    whole = {
        "title": {"cs": f"Mapa {slug}", "en": f"Map of {slug}"},
        "town": {"name": slug.title(), "slug": slug, "ruian": ruian},
        "basemap": {"kind": "vector" if basemap_geojson else "none"},
        **description,
    }
    save_map(session, parse_map(whole, slug=slug, boundary=boundary, basemap_geojson=basemap_geojson))
    session.commit()
    return read_map(session, slug)


def a_pin(
    session: Session,
    the_map: MapRecord,
    category: str = "safe",
    at: tuple[float, float] = CENTRE,
    respondent: str = "somebody",
    **values: Any,
) -> Pin:
    """A stored pin of a respondent named in the test."""
    person = uuid.uuid5(uuid.NAMESPACE_OID, f"{the_map.slug} {respondent}")
    if session.get(Respondent, (the_map.id, person)) is None:
        session.add(Respondent(map_id=the_map.id, id=person, about=values.pop("about", {})))
        session.flush()
    values.pop("about", None)
    column, row = square_of(*to_metric(the_map.metric_srid)(*at))
    defaults = {"channel": Channel.WEB, "state": PinState.VISIBLE, "id": uuid.uuid4()}
    pin = Pin(
        map_id=the_map.id,
        respondent_id=person,
        category=category,
        position=f"SRID=4326;POINT({at[0]} {at[1]})",
        square_x=int(column),
        square_y=int(row),
        **(defaults | values),
    )
    session.add(pin)
    session.commit()
    return pin


def an_event(session: Session, the_map: MapRecord, code: str = "FORUM1", **values: Any) -> Event:
    """An event of the map."""
    event = Event(
        map_id=the_map.id, code=code, **({"kind": "forum", "title": {"cs": "Fórum", "en": "Forum"}} | values)
    )
    session.add(event)
    session.commit()
    return event


def an_official(
    session: Session, email: str = "urad@testov.example", town: str | None = "testov", role: str = "editor"
) -> str:
    """An account whose password is PASSWORD; its e-mail."""
    save_official(session, AccountInput(email=email, role=role, town_slug=town, password=PASSWORD))
    session.commit()
    return email


def a_feature(category: str = "safe", at: tuple[float, float] = CENTRE, **properties: Any) -> dict[str, Any]:
    """A pin as the citizen's page sends it; `id` may be given."""
    return {
        "type": "Feature",
        "id": str(properties.pop("id", uuid.uuid4())),
        "geometry": {"type": "Point", "coordinates": list(at)},
        "properties": {"category": category, **properties},
    }


def bearer(token: str = TOKEN, **headers: str) -> dict[str, str]:
    """Headers of a device."""
    return {"Authorization": f"Bearer {token}", **headers}


def a_basemap(name: str = "Lipová") -> str:
    """A vector layer with one street through the middle."""
    street = {"type": "LineString", "coordinates": [[15.515, 49.62], [15.525, 49.62]]}
    feature = {
        "type": "Feature",
        "properties": {"kind": "street", "class": "street", "name": name},
        "geometry": street,
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)


def moment(text: str) -> datetime:
    """A point in time."""
    return datetime.fromisoformat(text)


def a_report(session: Session, the_map: MapRecord, **values: Any) -> Report:
    """A council report of the map that is done; its files are not there."""
    defaults = {"id": uuid.uuid4(), "language": "cs", "state": "done", "progress": 100, "asked_by": "x@y.example"}
    report = Report(map_id=the_map.id, **(defaults | values))
    session.add(report)
    session.commit()
    return report


def a_draft(session: Session, slug: str = "koncept", **description: Any) -> MapRecord:
    """A map that its town has not opened yet."""
    the_map = a_map(session, slug, **description)
    as_draft = update(TownMap).where(TownMap.id == the_map.id)
    session.execute(as_draft.values(draft=True, version=TownMap.version + 1))
    session.commit()
    return read_map(session, slug)


def an_answered_place(session: Session, the_map: MapRecord, **values: Any) -> AnsweredPlace:
    """A square around the middle that the town has answered; its pins are not touched."""
    x, y = CENTRE
    defaults = {
        "id": uuid.uuid4(),
        "name": "Lipová",
        "area": f"SRID=4326;{MultiPolygon([box(x - 0.001, y - 0.001, x + 0.001, y + 0.001)])}",
        "categories": [],
        "status": "planned",
        "answer": "Lampy vyměníme.",
    }
    place = AnsweredPlace(map_id=the_map.id, **(defaults | values))
    session.add(place)
    session.commit()
    return place


def a_ready_answer(session: Session, the_map: MapRecord, **values: Any) -> AnswerTemplate:
    """A wording that the map's town keeps."""
    defaults = {"title": "V plánu", "status": "planned", "text": "Je to v plánu."}
    kept = AnswerTemplate(town_id=the_map.town_id, **(defaults | values))
    session.add(kept)
    session.commit()
    return kept


def a_token(
    session: Session, email: str = "urad@testov.example", name: str = "QGIS", towns: list[int] | None = None
) -> str:
    """A personal token of the official with this e-mail."""
    official = session.query(Official).filter_by(email=email).one()
    token = make_token(session, Person(official.id, email), name, towns=towns)
    session.commit()
    return token


def in_the_catalogue(session: Session, the_map: MapRecord, ico: str | None = "00845451", **said: Any) -> MapRecord:
    """The map published as open data, its town with this IČO."""
    session.execute(update(Town).where(Town.id == the_map.town_id).values(ico=ico))
    publish_open_data(session, BY_ITSELF, the_map, replace(suggested(the_map), **({"person_free": True} | said)))
    session.commit()
    return read_map(session, the_map.slug)


def an_analysis(session: Session, the_map: MapRecord, kind: str, **asked: str) -> Any:
    """The analysis of the map as it is, computed here and stored as a run that is done; what came out."""
    order = begin_here(session, BY_ITSELF, the_map, kind, asked)
    result = ANALYSES[kind].make(session, the_map, asked, nobody_told)
    read_at = session.execute(select(func.clock_timestamp())).scalar_one()
    store_result(session, order, result, mark_of(session, the_map, kind, asked), read_at)
    session.commit()
    return result


def a_fact_layer(
    session: Session,
    the_map: MapRecord,
    name: str = "lampy",
    places: Sequence[str] = ("POINT(15.52 49.62)",),
    **more: Any,
) -> FactLayer:
    """A layer of facts of the map's town, from places as WKT."""
    shapes = {"POLY": "areas", "LINE": "lines", "P": "points"}
    shape = next(shape for mark, shape in shapes.items() if mark in places[0])
    defaults = {"source": {"file": "lampy.csv"}, "shape": shape, "features": len(places)}
    layer = FactLayer(town_id=the_map.town_id, name=name, **(defaults | more))
    session.add(layer)
    session.flush()
    session.add_all(Fact(layer_id=layer.id, n=n, place=f"SRID=4326;{place}") for n, place in enumerate(places, 1))
    session.commit()
    return layer


def a_print(session: Session, the_map: MapRecord, home: Path, **wanted: Any) -> Printed:
    """Paper sheets that were really drawn: A4 unless told, one unless told."""
    order = PrintInput(**({"paper": "A4"} | wanted))
    shop = PrintShop("https://mapa.testov.example", "tests only", home)
    made = print_sheets(session, BY_ITSELF, the_map, order, shop)
    session.commit()
    return made


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (320, 240), **saved: Any) -> bytes:
    """A photo as a phone sends it: colours that run over it, saved as told."""
    pixels = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (pixels, pixels.rotate(90).resize(size), Image.new("L", size, 90)))
    written = io.BytesIO()
    picture.save(written, kind, **saved)
    return written.getvalue()


def a_pin_photo(session: Session, pin: Pin, state: str = "waiting", **values: Any) -> PinPhoto:
    """A photo of a pin."""
    content = a_picture()
    size = {"width": 320, "height": 240}
    defaults = {"digest": b"d", "picture": content, "small": content, "alt": "Lavička"} | size
    photo = PinPhoto(map_id=pin.map_id, pin_id=pin.id, state=state, **(defaults | values))
    session.add(photo)
    session.commit()
    return photo


def streets_and_places() -> str:
    """A vector layer with two streets that cross, a school, a quarter, and a street beyond the border."""

    def named(kind: str, name: str, geometry: str, *at: Any, sort: str | None = None) -> dict[str, Any]:
        shape = {"type": geometry, "coordinates": list(at) if geometry != "Point" else at[0]}
        return {"type": "Feature", "properties": {"kind": kind, "class": sort, "name": name}, "geometry": shape}

    features = [
        named("street", "Lipová", "LineString", [15.515, 49.62], [15.525, 49.62]),
        named("street", "Krátká", "LineString", [15.52, 49.619], [15.52, 49.621]),
        named("street", "Daleká", "LineString", [15.60, 49.62], [15.61, 49.62]),
        named("place", "ZŠ Lipová", "Point", [15.523, 49.6215], sort="school"),
        named("district", "Horní", "Point", [15.53, 49.625]),
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
