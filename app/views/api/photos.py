"""The photo of one's own pin: sent, read and taken back with the device's token."""

from __future__ import annotations

from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.db import session
from app.errors import (
    NotAllowed,
    NotSignedIn,
    Problem,
    TooLarge,
    TooMany,
    Unacceptable,
    Unknown,
    WrongType,
)
from app.i18n import N_
from app.inputs.pin_photos import (
    FIELD,
    MOST_FILE_BYTES,
    MOST_FORM_BYTES,
    TOO_HEAVY,
    SentPhoto,
    make_photo,
    parse_sent_photo,
)
from app.queries.features import own_feature
from app.queries.maps import MapRecord
from app.queries.pin_photos import picture_of, public_picture
from app.security import device_token, has_credentials, server_secret
from app.services.pin_photos import (
    MANY_WAIT,
    OF_DEVICE,
    OF_PLACE,
    OF_SHARE,
    delete_photo,
    expect_photo,
    expect_place,
    places_are_few,
    save_photo,
)
from app.services.pins import own_pin
from app.services.throttle import attempt, count, forgive, network
from app.views.api import blueprint
from app.views.api.bodies import GEOJSON, json_response, known_parameters, pin_id
from app.views.api.items import ITEMS
from app.views.api.links import MULTIPART_TYPE
from app.views.pictures import photo_response
from app.views.reader import load_map, reader_language

PHOTO = ITEMS + "/<item>/photo"


@blueprint.get(PHOTO)
def read_photo(slug: str, item: str) -> Response:
    """The photo of one's own pin in whatever state; of anybody's once it is shown."""
    the_map = load_map(slug)
    known_parameters("small")
    small = "small" in request.args
    if has_credentials() and _is_own(the_map, item):
        g.private_answer = True
        found = picture_of(session(), the_map.id, pin_id(item), small=small)
    else:
        found = public_picture(session(), the_map, pin_id(item), small=small)
    if found is None:
        raise Unknown
    return photo_response(found)


@blueprint.put(PHOTO)
def put_photo(slug: str, item: str) -> Response:
    """Give one's own pin a photo; the same one again changes nothing."""
    known_parameters()
    the_map = load_map(slug)
    token, pin = device_token(), pin_id(item)
    expect_place(session(), the_map, token, pin)
    secret = server_secret()
    tries = [
        attempt(OF_DEVICE, the_map.slug, token, secret=secret),
        attempt(OF_PLACE, the_map.slug, network(request.remote_addr), secret=secret),
    ]
    _expect_form()
    count(session(), tries)
    session().commit()  # counted before it is read; and nothing is held while it comes
    sent = _sent()
    is_new = False
    if not expect_photo(session(), the_map, token, pin, sent):
        forgive(session(), tries)  # the answer was lost on the way
    else:
        _expect_share(the_map)
        session().commit()  # nothing is held while it is opened
        made = make_photo(sent, network(request.remote_addr))
        is_new = save_photo(session(), load_map(slug), token, pin, sent, made)
    session().commit()
    stored = own_feature(own_pin(session(), the_map, token, pin), the_map, reader_language().code)
    return json_response(stored, 201 if is_new else 200, GEOJSON)


@blueprint.delete(PHOTO)
def remove_photo(slug: str, item: str) -> Response:
    """Take the photo of one's own pin back."""
    known_parameters()
    the_map = load_map(slug)
    delete_photo(session(), the_map, device_token(), pin_id(item))
    session().commit()
    return Response(status=204)


def _expect_share(the_map: MapRecord) -> None:
    """Unacceptable where places are few, and photos from this address have filled their share of them."""
    if not places_are_few(session(), the_map):
        return
    tried = attempt(OF_SHARE, the_map.slug, network(request.remote_addr), secret=server_secret())
    try:
        count(session(), [tried])
    except TooMany:
        # Tomorrow is too late for a phone to wait by itself.
        raise Unacceptable(Problem(FIELD, MANY_WAIT)) from None


def _expect_form() -> None:
    """WrongType or TooLarge for a body that is not even to be read."""
    if request.mimetype != MULTIPART_TYPE:
        raise WrongType(Problem("Content-Type", N_("Send one of: %(allowed)s."), {"allowed": MULTIPART_TYPE}))
    if (request.content_length or 0) > MOST_FORM_BYTES:
        raise _too_heavy()


def _sent() -> SentPhoto:
    """The photo in the body."""
    request.max_content_length = MOST_FORM_BYTES
    try:
        file = request.files.get(FIELD)
        return parse_sent_photo(file.stream if file else None, request.form.get("alt", ""))
    except RequestEntityTooLarge as error:
        raise _too_heavy() from error


def _too_heavy() -> TooLarge:
    return TooLarge(Problem(FIELD, TOO_HEAVY, {"megabytes": MOST_FILE_BYTES >> 20}))


def _is_own(the_map: MapRecord, item: str) -> bool:
    try:
        own_pin(session(), the_map, device_token(), pin_id(item))
    except (NotAllowed, NotSignedIn, Unknown):
        return False
    return True
