"""Pins of a map: read by everybody, made and changed by their authors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict

from app.db import autocommit_session, session
from app.errors import NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.filters import (
    PinFilter,
    Scope,
    parse_after,
    parse_bbox,
    parse_categories,
    parse_datetime,
    parse_limit,
)
from app.inputs.pins import parse_change, parse_pin
from app.queries.features import count_pins, feature, find_pin, own_feature, page_of_pins, rfc3339
from app.queries.maps import MapRecord
from app.security import device_token, has_credentials
from app.services.pins import change_pin, create_pin, delete_pin, own_pin, replace_pin, support_pin
from app.views.api import blueprint
from app.views.api.bodies import GEOJSON, PATCH_TYPES, json_object, json_response, known_parameters, pin_id
from app.views.reader import load_map, on_map, reader_language

ITEMS = "/collections/<slug>/items"
PARAMETERS = ("limit", "bbox", "datetime", "category", "after")


@blueprint.get(ITEMS)
def read_items(slug: str) -> Response:
    """One page of public pins with a link to the next."""
    the_map = load_map(slug)
    known_parameters(*PARAMETERS)
    _expect_published(the_map)
    wanted = _filter(the_map)
    limit = parse_limit(request.args.get("limit"))
    after = parse_after(request.args.get("after"))
    page = page_of_pins(session(), the_map, wanted, Scope.PUBLIC, after=after, limit=limit)
    features = [feature(row, the_map, Scope.PUBLIC) for row in page.rows]
    document = {
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": count_pins(session(), the_map, wanted, Scope.PUBLIC),
        "numberReturned": len(features),
        "timeStamp": rfc3339(datetime.now(UTC)),
        "links": _links(slug, page.rows[-1].id if page.more else None),
    }
    return json_response(document, mimetype=GEOJSON)


@blueprint.post(ITEMS)
def create_item(slug: str) -> Response:
    """Store a pin; sent again it answers the stored one."""
    known_parameters()
    token = device_token()
    new = parse_pin(json_object())
    # Storing a pin is one statement, hence durable when it returns.
    opened = autocommit_session()
    stored, is_new = on_map(opened, slug, lambda the_map: create_pin(opened, the_map, token, new))
    opened.commit()
    response = json_response(stored, 201 if is_new else 200, GEOJSON)
    response.headers["Location"] = url_for("api.read_item", slug=slug, item=stored["id"], _external=True)
    return response


@blueprint.get(ITEMS + "/<item>")
def read_item(slug: str, item: str) -> Response:
    """One pin: a public one, or the asker's own."""
    the_map = load_map(slug)
    known_parameters()
    if has_credentials():
        found = _own_or_none(the_map, pin_id(item))
        if found is not None:
            return json_response(found, mimetype=GEOJSON)
    _expect_published(the_map)
    row = find_pin(session(), the_map, pin_id(item), Scope.PUBLIC)
    if row is None:
        raise Unknown
    return json_response(feature(row, the_map, Scope.PUBLIC), mimetype=GEOJSON)


@blueprint.put(ITEMS + "/<item>")
def replace_item(slug: str, item: str) -> Response:
    """Give one's own pin new content."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
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
    change_pin(session(), the_map, token, pin_id(item), change)
    session().commit()
    return json_response(_own(the_map, pin_id(item)), mimetype=GEOJSON)


@blueprint.delete(ITEMS + "/<item>")
def delete_item(slug: str, item: str) -> Response:
    """Take one's own pin back."""
    known_parameters()
    the_map = load_map(slug)
    delete_pin(session(), the_map, device_token(), pin_id(item))
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
    supports = support_pin(session(), the_map, token, pin_id(item), on=on)
    session().commit()
    return json_response({"supports": supports})


def _own_or_none(the_map: MapRecord, wanted: uuid.UUID) -> dict[str, Any] | None:
    try:
        return _own(the_map, wanted)
    except (NotAllowed, Unknown):
        return None


def _own(the_map: MapRecord, wanted: uuid.UUID) -> dict[str, Any]:
    """One's own pin, with what moderation says about it in the author's language."""
    return own_feature(own_pin(session(), the_map, device_token(), wanted), the_map, reader_language().code)


def _expect_published(the_map: MapRecord) -> None:
    if not the_map.publish_pins:
        raise NotAllowed(Problem("map", N_("This map does not publish its pins.")))


def _filter(the_map: MapRecord) -> PinFilter:
    since, until = parse_datetime(request.args.get("datetime"))
    return PinFilter(
        categories=parse_categories(request.args.get("category"), the_map.category_by_key),
        bbox=parse_bbox(request.args.get("bbox")),
        since=since,
        until=until,
    )


def _links(slug: str, last: uuid.UUID | None) -> list[dict[str, str]]:
    def link(rel: str, args: MultiDict[str, str]) -> dict[str, str]:
        href = url_for("api.read_items", slug=slug, _external=True, **args.to_dict())
        return {"rel": rel, "type": GEOJSON, "href": href}

    links = [link("self", request.args)]
    if last is not None:
        following = MultiDict(request.args)
        following["after"] = str(last)
        links.append(link("next", following))
    return links
