"""Pages of a map inside somebody else's page: asked for by `?embed`, and only where the town allows it."""

from __future__ import annotations

from typing import Any

from flask import g, request

from app.queries.maps import MapRecord

FLAG = "embed"
"""In the query string of a page that is made to stand in a frame."""
NOBODY = "'none'"
ANY = "*"


def is_embedded() -> bool:
    """Whether this page was asked for without what stands around it."""
    return FLAG in request.args


def let_be_framed(the_map: MapRecord) -> None:
    """Let the websites that the map names show this answer in a frame; ourselves too, so that the office can look.

    Only of a page that was asked for as one for frames, so that a page with everything around it is never lured
    into one; and never a draft, which only a signed-in official sees.
    """
    if is_embedded() and not the_map.draft and the_map.embed_origins:
        origins = the_map.embed_origins
        g.frame_ancestors = ANY if ANY in origins else " ".join(["'self'", *origins])


def frame_ancestors(status: int) -> str:
    """Who may show this answer in a frame, as the content security policy says it; a refusal nobody."""
    found: str = g.get("frame_ancestors", NOBODY)
    return found if status == 200 else NOBODY


def kept_arguments() -> dict[str, Any]:
    """What the addresses of a map's other pages need so that a reader in a frame stays as they are.

    A frame on another site keeps no cookie: the language that was chosen there travels in the address.
    """
    if not is_embedded():
        return {}
    language = request.args.get("lang")
    return {FLAG: ""} | ({"lang": language} if language else {})
