"""Answers that describe: small documents that a client may keep, but asks again whether they still hold."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, current_app, request

from app.views.api.links import JSON_TYPE


def metadata_response(document: Any, mimetype: str = JSON_TYPE) -> Response:
    """A document with the mark of its content: 304 for who has it; not for shared caches where a token asks."""
    body = current_app.json.dumps(document).encode()
    response = Response(body)
    # Set as it stands: the type of an OpenAPI document has a parameter.
    response.headers["Content-Type"] = mimetype
    named = "Authorization" in request.headers
    response.headers["Cache-Control"] = "private, no-cache" if named else "public, no-cache"
    response.set_etag(hashlib.sha256(body).hexdigest()[:20])
    response.make_conditional(request)
    return response
