"""A layer as an answer: streamed where its form can be, else as a file that was built first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from app.db import session
from app.errors import Unknown
from app.inputs.file_forms import FORM_BY_ENDING, Form
from app.inputs.filters import PinFilter, Scope
from app.queries.compact import pins_version
from app.queries.layers import (
    EVERYTHING,
    LAYERS,
    PINS,
    all_layers,
    make_layer,
    pins_wanted,
    refuse_uncomputed,
    refuse_unpublished,
    refuse_unreached,
)
from app.queries.maps import MapRecord
from app.queries.pin_rows import csv_pins, geojson_pins
from app.services.layer_files import built_file, sent, turn
from app.views.heat import keep_snapshot
from app.views.reader import reader_language
from gis.crs import KROVAK, WGS84
from gis.formats.layer import Layer
from gis.formats.layer_geojson import layer_geojson
from gis.formats.table_csv import layer_csv

LAYER = f"any({', '.join(repr(name) for name in (*LAYERS, EVERYTHING))})".replace("'", '"')
ENDING = f"any({', '.join(repr(ending) for ending in FORM_BY_ENDING)})".replace("'", '"')
"""Parts of routes: the layers there are, and the forms they come in."""
FILE_PARAMETERS = frozenset({"crs", "lang"})
ASK_AGAIN = "no-cache"
PRIVATE = "private, no-store"
PIECE_BYTES = 1 << 18
PIECE_S = 60
"""How long a reader may take over one piece, whichever it is: slower than 4 kB a second is no reading."""


@dataclass(frozen=True)
class WantedFile:
    """One file that somebody asks for."""

    the_map: MapRecord
    name: str
    """The layer's, or `everything`."""
    form: Form
    scope: Scope
    epsg: int = WGS84
    pins: PinFilter = field(default_factory=PinFilter)
    """Which pins an official chose."""

    @property
    def filename(self) -> str:
        """What it is called on the reader's disk; GeoJSON in another system than the standard's says which."""
        stem = "-".join([self.the_map.slug, self.name, *(["office"] if self.scope is Scope.OFFICE else [])])
        if self.form.key == "geojson" and self.epsg != WGS84:
            stem += "_sjtsk" if self.epsg == KROVAK else f"_epsg{self.epsg}"
        return f"{stem}.{self.form.ending}"


def file_response(wanted: WantedFile) -> Response:
    """The file. HEAD gets its headers and costs nothing; what is refused is refused before anything is sent."""
    if wanted.name == EVERYTHING and wanted.form.key != "gpkg":  # nothing else holds several layers
        raise Unknown
    refuse_unpublished(wanted.the_map, wanted.name, wanted.scope)
    refuse_uncomputed(session(), wanted.the_map, wanted.name)
    refuse_unreached(session(), wanted.the_map, wanted.epsg)
    response = _empty(wanted)
    if wanted.name == PINS and not wanted.form.streamed:
        response.set_etag(_mark(wanted))
        if _is_known(response):
            response.status_code = 304
            return response
    if request.method == "HEAD":
        return response
    if wanted.scope is Scope.PUBLIC and wanted.name != PINS:
        keep_snapshot(wanted.the_map)
    if wanted.form.streamed:
        response.response = sent(lambda: _closing(_pieces(wanted), session()), wanted.scope)
    else:
        _send(response, sent(lambda: _file(wanted), wanted.scope))
    _hurry()
    return response


def _hurry() -> None:
    """Let go of a reader who takes nothing: each piece has its time, else a few of them would hold all threads."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(PIECE_S)


def _empty(wanted: WantedFile) -> Response:
    """The answer without its body; being a stream, it does not claim to be empty."""
    response = Response(iter(()), mimetype=wanted.form.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{wanted.filename}"'
    response.headers["Cache-Control"] = PRIVATE if wanted.scope is Scope.OFFICE else ASK_AGAIN
    # Asked for a part, we would have to make the whole again, which may be another by then.
    response.headers["Accept-Ranges"] = "none"
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def _pieces(wanted: WantedFile) -> Iterator[bytes]:
    the_map, scope = wanted.the_map, wanted.scope
    if wanted.name == PINS:
        rows = geojson_pins if wanted.form.key == "geojson" else csv_pins
        return rows(session(), the_map, pins_wanted(scope, wanted.pins), scope, wanted.epsg)
    with turn():
        (layer,) = _layers(wanted)
    return layer_geojson(layer) if wanted.form.key == "geojson" else layer_csv(layer)


def _closing(pieces: Iterator[bytes], reading: Session) -> Iterator[bytes]:
    """The same pieces, and the end of the transaction in which this request's session reads them.

    Flask takes the request down before the first piece is asked for, and with it the session; what is read
    afterwards begins a transaction that nobody else would end.
    """
    try:
        yield from pieces
    finally:
        reading.close()


def _file(wanted: WantedFile) -> IO[bytes]:
    config = current_app.extensions["pocit-config"]
    folder: Path = config.home / "files"
    # The connection is for others while we wait for our turn, and again while the reader reads.
    session().rollback()
    try:
        return built_file(lambda: _layers(wanted), wanted.form, folder)
    finally:
        session().close()


def _layers(wanted: WantedFile) -> Sequence[Layer]:
    words = reader_language()
    if wanted.name == EVERYTHING:
        return all_layers(session(), wanted.the_map, wanted.scope, epsg=wanted.epsg, words=words)
    layer = make_layer(
        session(), wanted.the_map, wanted.name, wanted.scope, epsg=wanted.epsg, wanted=wanted.pins, words=words
    )
    return [layer]


def _send(response: Response, file: IO[bytes]) -> None:
    response.content_length = file.seek(0, 2)
    file.seek(0)
    response.response = _read(file)
    response.call_on_close(file.close)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    """The file's pieces; it closes itself with the last, as nobody else may."""
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _mark(wanted: WantedFile) -> str:
    """Grows different with the pins chosen, the system and the language of what is said about them."""
    pins = pins_version(session(), wanted.the_map, pins_wanted(wanted.scope, wanted.pins))
    whole = f"{pins}/{wanted.form.key}/{wanted.scope}/{wanted.epsg}/{reader_language().code}"
    return hashlib.sha256(whole.encode()).hexdigest()[:20]


def _is_known(response: Response) -> bool:
    etag, _ = response.get_etag()
    return etag is not None and request.if_none_match.contains_weak(etag)
