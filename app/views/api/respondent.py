"""The person behind a device: own pins, answers about oneself, the receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, current_app, request

from app.db import session
from app.errors import Malformed, Problem
from app.i18n import N_
from app.queries.features import own_feature, pins_of
from app.queries.maps import MapRecord
from app.queries.respondents import find_respondent
from app.security import device_token
from app.services.respondents import join_by_receipt, make_receipt, respondent_of, save_about
from app.services.throttle import Limit, attempt, count, network
from app.services.withdrawal import withdraw
from app.views.api import blueprint
from app.views.api.bodies import json_object, json_response, known_parameters
from app.views.challenge import let_join
from app.views.reader import load_map, reader_language

RESPONDENT = "/collections/<slug>/respondent"
JOINS = Limit("join", attempts=200, window=timedelta(hours=1))
"""From one address: a whole school behind one router may come back with its receipts."""


@blueprint.get(RESPONDENT)
def read_respondent(slug: str) -> Response:
    """All that this person gave to the map."""
    known_parameters()
    the_map = load_map(slug)
    return json_response(_document(the_map, device_token()))


@blueprint.put(RESPONDENT)
def save_respondent(slug: str) -> Response:
    """Store the optional answers about the person."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    given = json_object()
    let_join(the_map, token, "about")
    about = save_about(session(), the_map, token, given)
    session().commit()
    return json_response(about)


@blueprint.delete(RESPONDENT)
def delete_respondent(slug: str) -> Response:
    """Delete all that this person gave, for good; open or closed, until the map is anonymised."""
    known_parameters()
    withdraw(session(), load_map(slug), device_token())
    session().commit()
    return Response(status=204)


@blueprint.post(RESPONDENT + "/receipt")
def create_receipt(slug: str) -> Response:
    """The code that brings these pins to another device."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    let_join(the_map, token, "receipt")
    receipt = make_receipt(session(), the_map, token, secret=current_app.config["SECRET_KEY"])
    session().commit()
    return json_response({"receipt": receipt}, 201)


@blueprint.post(RESPONDENT + "/join")
def join_respondent(slug: str) -> Response:
    """Let this device speak for the person of the receipt."""
    known_parameters()
    the_map = load_map(slug)
    token = device_token()
    receipt = json_object().get("receipt")
    if not isinstance(receipt, str) or not 4 <= len(receipt) <= 40:
        raise Malformed(Problem("receipt", N_("Write the code from the receipt.")))
    # Counted before it is tried, and kept even when the try fails: codes are not to be guessed.
    secret = current_app.config["SECRET_KEY"].encode()
    count(session(), [attempt(JOINS, the_map.slug, network(request.remote_addr), secret=secret)])
    session().commit()
    join_by_receipt(session(), the_map, token, receipt)
    session().commit()
    return json_response(_document(the_map, token))


def _document(the_map: MapRecord, token: str) -> dict[str, Any]:
    respondent_id = respondent_of(session(), the_map, token)
    respondent = find_respondent(session(), the_map.id, respondent_id)
    code = reader_language().code
    pins = [own_feature(row, the_map, code) for row in pins_of(session(), the_map, respondent_id)]
    return {
        "about": dict(respondent.about) if respondent else {},
        "receipt": bool(respondent and respondent.receipt_hash),
        "pins": {"type": "FeatureCollection", "features": pins},
    }
