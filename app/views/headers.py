"""Headers every answer carries: what a page may load, and what it tells nobody."""

from __future__ import annotations

import re
import secrets

from flask import Flask, current_app, g, request
from flask_compress import Compress
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from app.views.framing import frame_ancestors
from app.views.page_files import CODINGS, is_built, send_compressed
from app.views.reader import assets

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}; object-src 'none'"
)


POLICY_OF_DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""For what is no page, and may still be opened as one: pictures, feeds, files."""
SCRIPTS = frozenset({"text/javascript", "application/javascript", "text/css", "application/pdf"})
"""A worker's own policy comes with its script, and readers of PDF run within the page: these do without."""
HSTS = "max-age=31536000"
"""A year. Names below ours are the town's, and may not speak https yet."""

COMPRESSED = [
    "application/geo+json",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/problem+json",
    "application/vnd.mapbox-vector-tile",
    "application/xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
]
COMPRESSED_MARK = re.compile(r'"([^":]+):(br|gzip)"')
"""How Flask-Compress marks what it has compressed."""
FOR_EVER = "public, max-age=31536000, immutable"
OPEN_BLUEPRINTS = frozenset({"api", "data", "heat", "open_data"})
"""Whose public answers the scripts of other sites may read."""
SHOWN_ANYWHERE = OPEN_BLUEPRINTS | {"sharing", "pin_photos", "answers_feed"}
"""Whose pictures other sites may show."""
EXPOSED = "Content-Crs, ETag, Link"


def init_app(app: Flask) -> None:
    """Send the headers with everything, compressed for phones; give templates the nonce of the request."""
    app.config.setdefault("COMPRESS_MIMETYPES", COMPRESSED)
    app.config.setdefault("COMPRESS_ALGORITHM", ["br", "gzip"])
    # A page of 26 kB takes 0.7 ms of the processor instead of 0.4, and is a twentieth smaller.
    app.config.setdefault("COMPRESS_BR_LEVEL", 5)
    # Flask-Compress does not close what it wraps: a stream would keep its file or its rows open.
    app.config.setdefault("COMPRESS_STREAMS", False)
    app.config.setdefault("COMPRESS_STREAMING_ENDPOINT_CONDITIONAL", [])
    app.before_request(_drop_refused_codings)
    app.before_request(_know_marks_of_compressed)
    Compress(app)
    app.context_processor(lambda: {"csp_nonce": nonce()})
    app.after_request(_protect)
    app.after_request(_open)
    app.after_request(_whole)
    app.after_request(_say_known_mark)


def nonce() -> str:
    """The random word that marks this page's own inline blocks."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    found: str = g.csp_nonce
    return found


def policy(status: int = 200) -> str:
    """What this page may load and send, and who may show it in a frame."""
    return POLICY.format(nonce=nonce(), ancestors=frame_ancestors(status))


def _drop_refused_codings() -> None:
    """Leave in Accept-Encoding only what the browser takes: Flask-Compress also sends what `;q=0` refuses."""
    said = request.environ.get("HTTP_ACCEPT_ENCODING", "")
    if ";" not in said and "*" not in said:
        return
    named = {coding.strip().lower(): quality for coding, quality in parse_accept_header(said, Accept)}
    others = named.pop("*", 0)
    taken = dict.fromkeys(CODINGS, others) | named
    kept = [f"{coding};q={quality:g}" for coding, quality in taken.items() if quality > 0]
    request.environ["HTTP_ACCEPT_ENCODING"] = ", ".join(kept) or "identity"


def _know_marks_of_compressed() -> None:
    """Let views recognise what a browser keeps of them: its mark ends in the coding it was sent in.

    Else the whole answer would be made once more, only for Flask-Compress to find that it is known.
    """
    said = request.environ.get("HTTP_IF_NONE_MATCH", "")
    known = {bare: f"{bare}:{coding}" for bare, coding in COMPRESSED_MARK.findall(said)}
    if known:
        g.marks_known = known
        request.environ["HTTP_IF_NONE_MATCH"] = ", ".join([said, *(f'"{bare}"' for bare in known)])


def _say_known_mark(response: Response) -> Response:
    """Nothing has changed: the mark is the one that the browser has."""
    bare = response.get_etag()[0] if response.status_code == 304 else None
    if bare in g.get("marks_known", {}):
        response.set_etag(g.marks_known[bare])
    return response


def _is_current(mark: str | None) -> bool:
    """Whether the address carries the file's fingerprint: under tomorrow's, nobody shall keep today's file."""
    filename = _static_file()
    return is_built(filename) or (bool(mark) and mark == assets().fingerprint(filename))


def _static_file() -> str:
    return str((request.view_args or {}).get("filename", ""))


def _whole(response: Response) -> Response:
    """Static files as bytes, which can be compressed; they are small, and read once by each browser."""
    if request.endpoint == "static" and response.status_code == 200:
        file = response.response
        response.direct_passthrough = False
        response.make_sequence()
        # At once: the answer to a reader who has gone may never be closed.
        if isinstance(file, FileWrapper):
            file.close()
        send_compressed(response, _static_file())
    return response


def _open(response: Response) -> Response:
    """Public reading for the scripts of any site; as what nobody in particular sees.

    No preflight is ever granted: a device token or an official's token stays with the pages it was made for, and
    with `*` browsers hand out nothing that they asked for with cookies.
    """
    if request.path == "/api" or request.path.startswith("/api/"):
        response.vary.update(["Accept", "Accept-Language", "Authorization", "Cookie"])
    if request.method in ("GET", "HEAD") and request.blueprint in OPEN_BLUEPRINTS:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response


def _protect(response: Response) -> Response:
    headers = response.headers
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", policy(response.status_code))
        headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cache-Control", "no-store")
    elif response.mimetype not in SCRIPTS:
        headers.setdefault("Content-Security-Policy", POLICY_OF_DATA)
    if request.endpoint == "static" and response.status_code in (200, 304) and _is_current(request.args.get("v")):
        headers["Cache-Control"] = FOR_EVER
    if g.get("private_answer"):
        headers["Cache-Control"] = "private, no-store"
    shown = (request.method in ("GET", "HEAD") and request.blueprint in SHOWN_ANYWHERE) or "frame_ancestors" in g
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if shown else "same-origin")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", HSTS)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    return response
