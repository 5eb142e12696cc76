"""Refusals and failures as the reader gets them: a problem document for programs, a page for people."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

import psycopg
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge, RequestTimeout

from app.errors import ProofNeeded, Refusal, TooLarge, TooMany, status_of
from app.i18n import N_
from app.meters import FAILURES, REFUSALS
from app.security import reads_by_token
from app.views.negotiation import prefers_html
from app.views.reader import language_of_refusal, reader_language

log = logging.getLogger(__name__)

WORDS = {
    400: N_("We could not read what was sent."),
    408: N_("We could not read what was sent."),
    404: N_("There is nothing here."),
    405: N_("This can't be done here."),
    406: N_("We can't answer in that form."),
    415: N_("We don't read this type of content."),
    500: N_("Something broke on our side. We are sorry."),
    503: N_("The database is resting. Please try again in a moment."),
}
RETRY_S = range(5, 16)
"""A thousand phones that the database left waiting shall not come back in the same second."""
SAY_EVERY_S = 5.0
"""So often the log says that the database is away; each refused request would fill the disk with it."""
READ_ONLY = "25006"
"""What a database says that takes nothing: a standby that has not been made the primary yet."""
FILES = (".png", ".tif", ".geojson", ".json", ".jsonld", ".csv", ".gpkg", ".fgb", ".zip", ".parquet")
"""Addresses that scripts and GIS clients ask, taking whatever comes; a browser says that it wants a page."""


def init_app(app: Flask) -> None:
    """Answer every failure in the reader's language."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _away)
    # Whoever copies rows speaks to the driver itself.
    app.register_error_handler(psycopg.OperationalError, _away)
    app.register_error_handler(Exception, _broken)


def refused(refusal: Refusal) -> Response:
    """The answer to a refusal, with every problem in words."""
    REFUSALS.labels(type(refusal).__name__).inc()
    words = language_of_refusal([refusal.title, *(p.message for p in refusal.problems)])
    errors = [{"field": p.field, "message": words.gettext(p.message, p.data)} for p in refusal.problems]
    more = {"challenge": refusal.challenge} if isinstance(refusal, ProofNeeded) else {}
    response = _answer(status_of(refusal), words.gettext(refusal.title, refusal.data), errors, more)
    if isinstance(refusal, TooMany | ProofNeeded):
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if response.status_code == 401 and wants_json():
        response.headers["WWW-Authenticate"] = 'Bearer realm="pocit"'
    return response


def wants_json() -> bool:
    """Whether a program asks: the API, a file that is not a page, or whoever prefers JSON."""
    accepted = request.accept_mimetypes
    if request.path == "/api" or request.path.startswith("/api/"):
        return request.method not in ("GET", "HEAD") or not prefers_html()
    if (request.path.endswith(FILES) or reads_by_token()) and not any(kind == "text/html" for kind, _ in accepted):
        return True
    return accepted.best_match(["text/html", "application/json"]) == "application/json"


def _answer(
    status: int, title: str, errors: list[dict[str, str]], more: Mapping[str, object] = MappingProxyType({})
) -> Response:
    # By this number whoever runs the server finds in the log what broke.
    number = g.get("request_number") if status == 500 else None
    if wants_json():
        detail = " ".join(error["message"] for error in errors) or title
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors}
        body |= more
        if number:
            body["request"] = number
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        response = Response(
            render_template("pages/problem.html", status=status, title=title, errors=errors, number=number),
            mimetype="text/html",
        )
    response.status_code = status
    return response


def _http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return refused(TooLarge())
    # Who sends too slowly is cut off by the server as if they had gone: they may come again.
    status = (RequestTimeout.code if isinstance(error, ClientDisconnected) else error.code) or 500
    if status < 400:  # redirects that werkzeug raises
        return error.get_response()  # type: ignore[return-value]
    title = WORDS.get(status, N_("This can't be done."))
    response = _answer(status, language_of_refusal([title]).gettext(title), [])
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _form_expired(_error: CSRFError) -> Response:
    title = N_("The form has expired. Please go back, reload the page and send it once more.")
    return _answer(400, reader_language().gettext(title), [])


def _database(error: DBAPIError) -> Response:
    """The database away, or without room, is a pause; anything else a fault of ours."""
    is_away = isinstance(error, OperationalError) or error.connection_invalidated
    if is_away or getattr(error.orig, "sqlstate", None) == READ_ONLY:
        return _away(error.orig or error)
    return _broken(error)


def _away(error: BaseException) -> Response:
    """Please come again: nothing is asked of the database for this answer."""
    FAILURES.labels("database").inc()
    _say(error)
    for name in ("session", "autocommit_session"):
        with suppress(SQLAlchemyError, psycopg.Error):
            if name in g:
                g.pop(name).close()
    response = _answer(503, language_of_refusal([WORDS[503]]).gettext(WORDS[503]), [])
    response.headers["Retry-After"] = str(random.choice(RETRY_S))  # noqa: S311 - spreads phones, guards nothing
    return response


def _say(error: BaseException) -> None:
    """Tell the log, at times, what happened: only the first line, further ones of PostgreSQL may quote a row."""
    now = time.monotonic()
    said: dict[str, float] = current_app.extensions.setdefault("pocit-said", {})
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if now - said.get(reason, -SAY_EVERY_S) >= SAY_EVERY_S:
        said.clear()
        said[reason] = now
        log.warning("database unavailable: %s", reason)


def _broken(error: Exception) -> Response:
    FAILURES.labels("broken").inc()
    log.error("unexpected failure", exc_info=error)
    return _answer(500, language_of_refusal([WORDS[500]]).gettext(WORDS[500]), [])
