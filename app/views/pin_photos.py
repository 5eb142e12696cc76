"""Photos of pins as everybody may see them, once an official has let them be shown."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request

from app.db import session
from app.errors import Unknown
from app.queries.pin_photos import public_picture
from app.views.pictures import photo_response
from app.views.reader import load_map

blueprint = Blueprint("pin_photos", __name__)


@blueprint.get("/m/<slug>/photos/<uuid:pin_id>.jpg")
def photo(slug: str, pin_id: uuid.UUID) -> Response:
    """The photo of a pin; `?small` the one for lists."""
    found = public_picture(session(), load_map(slug), pin_id, small="small" in request.args)
    if found is None:
        raise Unknown
    return photo_response(found)
