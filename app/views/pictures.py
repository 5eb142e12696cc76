"""A photo as an answer: a picture and nothing else, asked for again each time whether it may still be seen."""

from __future__ import annotations

from flask import Response, g, request

PICTURES_ONLY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
"""Should a browser take it for a page after all, nothing of it runs; the styles are its own for pictures."""


def photo_response(picture: bytes) -> Response:
    """The JPEG, with the mark of its bytes: who has it is told so, and who may see it no more gets nothing."""
    response = Response(picture, mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = PICTURES_ONLY
    response.headers["Content-Disposition"] = "inline"
    if not g.get("private_answer"):
        response.headers["Cache-Control"] = "public, no-cache"
        response.add_etag()
        response.make_conditional(request)
    return response
