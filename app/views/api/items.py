"""Pins of a map: read by everybody, made and changed by their authors."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request, url_for

from app.db import autocommit_session, session
from app.errors import NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.crs_parameters import Crs, parse_crs
from app.inputs.filters import Scope
from app.inputs.item_parameters import ITEM_PARAMETERS, parse_items
from app.inputs.pins import parse_change, parse_pin
from app.queries.columns import pin_columns
from app.queries.features import own_feature
from app.queries.item_pages import Reading, feature_page, one_feature
from app.queries.maps import MapRecord
from app.security import device_token, has_credentials, reader_scope
from app.services.pins import change_pin, create_pin, delete_pin, own_pin, replace_pin, support_pin
from app.views.api import blueprint
from app.views.api.bodies import GEOJSON, PATCH_TYPES, json_object, json_response, known_parameters, pin_id
from app.views.api.feature_documents import (
    as_bytes,
    collection_document,
    feature_document,
    feature_response,
    in_system,
)
from app.views.api.pages import PAGE_PARAMETERS, item_page, items_page, wants_html
from app.views.challenge import let_change, let_join, let_send
from app.views.reader import load_map, load_told_map, on_map, reader_language

ITEMS = "/collections/<slug>/items"
MOST_ON_A_PAGE = 500
"""Rows of a table that a person looks through; programs get more."""


@blueprint.get(ITEMS)
def read_items(slug: str) -> Response:
    """One page of pins with a link to the next."""
    the_map = load_told_map(slug)
    scope = _scope(the_map)
    columns = pin_columns(the_map, scope)
    known_parameters(*ITEM_PARAMETERS, *(column.name for column in columns))
    as_page = wants_html()
    wanted = parse_items(request.args, the_map, columns)
    reading = Reading(the_map, scope, wanted.crs)
    limit = min(wanted.limit, MOST_ON_A_PAGE) if as_page else wanted.limit
    after = wanted.after.pin if wanted.after else None
    page = feature_page(session(), reading, wanted.choice, after=after, limit=limit)
    document = collection_document(reading, wanted, page)
    if as_page:
        return items_page(the_map, document, epsg=wanted.crs.epsg, lat_first=wanted.crs.lat_first)
    return feature_response(document, wanted.crs)


@blueprint.post(ITEMS)
def create_item(slug: str) -> Response:
    """Store a pin; sent again it answers the stored one."""
    known_parameters()
    token = device_token()
    new = parse_pin(json_object())
    # Storing a pin is one statement, hence durable when it returns.
    opened = autocommit_session()

    def create(the_map: MapRecord) -> tuple[dict[str, Any], bool]:
        let_send(the_map, token, str(new.id), event=new.event)
        return create_pin(opened, the_map, token, new)

    stored, is_new = on_map(opened, slug, create)
    opened.commit()
    response = json_response(stored, 201 if is_new else 200, GEOJSON)
    response.headers["Location"] = url_for("api.read_item", slug=slug, item=stored["id"], _external=True)
    return response


@blueprint.get(ITEMS + "/<item>")
def read_item(slug: str, item: str) -> Response:
    """One pin: a public one, the asker's own, or any of their town's for an official."""
    the_map = load_told_map(slug)
    known_parameters("crs", *PAGE_PARAMETERS)
    as_page = wants_html()
    crs = parse_crs(request.args.get("crs"), the_map)
    found = _own_or_none(the_map, pin_id(item), crs) if has_credentials() else None
    if found is None:
        reading = Reading(the_map, _scope(the_map), crs)
        found = one_feature(session(), reading, pin_id(item))
    if found is None:
        raise Unknown
    document = feature_document(the_map, found)
    if as_page:
        return item_page(the_map, document, epsg=crs.epsg, lat_first=crs.lat_first)
    return feature_response(document, crs)


@blueprint.put(ITEMS + "/<item>")
def replace_item(slug: str, item: str) -> Response:
    """Give one's own pin new content."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    let_change(the_map, token)
    replace_pin(session(), the_map, token, parse_pin(json_object(), pin_id(item)))
    session().commit()
    return json_response(_own(the_map, pin_id(item)), mimetype=GEOJSON)


@blueprint.patch(ITEMS + "/<item>")
def change_item(slug: str, item: str) -> Response:
    """Change a part of one's own pin."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    change = parse_change(json_object(PATCH_TYPES))
    let_change(the_map, token)
    change_pin(session(), the_map, token, pin_id(item), change)
    session().commit()
    return json_response(_own(the_map, pin_id(item)), mimetype=GEOJSON)


@blueprint.delete(ITEMS + "/<item>")
def delete_item(slug: str, item: str) -> Response:
    """Take one's own pin back."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    let_change(the_map, token)
    delete_pin(session(), the_map, token, pin_id(item))
    session().commit()
    return Response(status=204)


@blueprint.put(ITEMS + "/<item>/support")
def support_item(slug: str, item: str) -> Response:
    """Say "me too" to somebody's pin."""
    return _support(slug, item, on=True)


@blueprint.delete(ITEMS + "/<item>/support")
def unsupport_item(slug: str, item: str) -> Response:
    """Take the "me too" back."""
    return _support(slug, item, on=False)


def _support(slug: str, item: str, *, on: bool) -> Response:
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    _expect_published(the_map)
    let_join(the_map, token, "support", str(pin_id(item)))
    supports = support_pin(session(), the_map, token, pin_id(item), on=on)
    session().commit()
    return json_response({"supports": supports})


def _own_or_none(the_map: MapRecord, wanted: uuid.UUID, crs: Crs) -> bytes | None:
    try:
        found = _own(the_map, wanted)
    except (NotAllowed, Unknown):
        return None
    g.private_answer = True
    found["geometry"]["coordinates"] = in_system(found["geometry"]["coordinates"], crs)
    return as_bytes(found)


def _own(the_map: MapRecord, wanted: uuid.UUID) -> dict[str, Any]:
    """One's own pin, with what moderation says about it in the author's language."""
    return own_feature(own_pin(session(), the_map, device_token(), wanted), the_map, reader_language().code)


def _expect_published(the_map: MapRecord) -> None:
    if not the_map.publish_pins:
        raise NotAllowed(Problem("map", N_("This map does not publish its pins.")))


def _scope(the_map: MapRecord) -> Scope:
    """Whose eyes read; NotAllowed for everybody's where the map keeps its pins."""
    scope = reader_scope(the_map.town_id)
    if scope is Scope.OFFICE:
        g.private_answer = True
    else:
        _expect_published(the_map)
    return scope
