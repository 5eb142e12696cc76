"""The picture that goes with a link to a map, made of what everybody may see of it."""

from __future__ import annotations

import json
import threading

from sqlalchemy.orm import Session

from app.i18n import text_in
from app.queries.maps import MapRecord, basemap_layer
from gis.formats.share_picture import SIZE, Choice, Typefaces, Words, share_picture

__all__ = ["SIZE", "picture_of"]

TYPEFACES = Typefaces("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf")
"""Of Debian's fonts-dejavu-core, which set-up installs (deploy/local/system.py)."""
_drawing = threading.Lock()
"""One at a time in a process: each takes a few tens of megabytes for a quarter of a second."""


def picture_of(session: Session, the_map: MapRecord, language: str, question: str) -> bytes:
    """The PNG of a map in a language: boundary, own layer, title and categories; no pin is in it."""
    layer = basemap_layer(session, the_map.id)
    features = json.loads(layer.geojson)["features"] if layer else []
    words = Words(
        town=the_map.town,
        title=text_in(the_map.title, language),
        question=question,
        choices=[Choice(c.shape, c.color, text_in(c.word, language)) for c in the_map.categories],
    )
    with _drawing:
        return share_picture(features, the_map.boundary, words, TYPEFACES)
