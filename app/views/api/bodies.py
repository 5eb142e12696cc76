"""Bodies and parameters of API requests, before they mean anything."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, current_app, request

from app.errors import Malformed, Problem, TooLarge, Unknown, WrongType
from app.i18n import N_
from app.inputs.crs_parameters import CRS84
from app.inputs.json_body import parse_object

GEOJSON = "application/geo+json"
READ_TYPES = frozenset({GEOJSON, "application/json"})
PATCH_TYPES = READ_TYPES | {"application/merge-patch+json"}
MOST_BYTES = 64 * 1024


def json_object(types: frozenset[str] = READ_TYPES) -> dict[str, Any]:
    """The JSON object in the body; WrongType, TooLarge or Malformed otherwise."""
    if request.mimetype not in types:
        raise WrongType(
            Problem("Content-Type", N_("Send one of: %(allowed)s."), {"allowed": ", ".join(sorted(types))})
        )
    if request.headers.get("Content-Crs", f"<{CRS84.uri}>").strip("<> ") != CRS84.uri:
        raise Malformed(Problem("Content-Crs", N_("Send longitude and latitude (CRS84).")))
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge
    request.max_content_length = MOST_BYTES
    return parse_object(request.get_data(cache=False))


def pin_id(text: str) -> uuid.UUID:
    """The id in an address; Unknown for what can't be one."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Unknown from error


def known_parameters(*names: str) -> None:
    """Refuse a query parameter nobody knows: a typing error must not answer something else."""
    for name in request.args:
        if name not in names:
            raise Malformed(
                Problem(name.encode("utf-8", "replace").decode()[:80], N_("We don't know this parameter."))
            )
        if len(request.args.getlist(name)) > 1:
            raise Malformed(Problem(name, N_("This parameter is there twice.")))


def json_response(document: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """A JSON answer that nobody keeps."""
    response = Response(current_app.json.dumps(document), status, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-store"
    if mimetype == GEOJSON:
        response.headers["Content-Crs"] = f"<{CRS84.uri}>"
    return response
