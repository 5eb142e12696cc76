"""A number for every request, by which what is said of it is found again; what is counted of each; its log line.

The number goes out as `X-Request-Id`. One that came in is kept where a trusted proxy stands in front, so that its
log and ours speak of the same. The line is said only where POCIT_LOG_REQUESTS=1 asks for it: who looked at which
map when is nobody's business, and even then it names the route, not the address that was asked for.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any, Final

from flask import Flask, Response, g, request
from flask.signals import request_finished, request_started, request_tearing_down
from sqlalchemy import event

from app import meters
from app.config import Config
from app.db import EXTENSION, Database
from app.logs import REQUEST

log = logging.getLogger("app.requests")

HEADER: Final = "X-Request-Id"
NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
KINDS: Final = {
    "tiles": "tiles",
    "heat": "heat",
    "data": "files",
    "open_data": "files",
    "office": "office",
    "metrics": "checks",
}
"""What a blueprint is for, where that is no page."""
CHECKS: Final = frozenset({"pages.healthz", "pages.readyz"})
STORES_PIN: Final = {("api.create_item", 201): "map", ("write.send", 303): "form"}
"""Answers that say that a pin is stored, and the way it came."""


def init_app(app: Flask) -> None:
    """Number, count and, where it is wanted, log every request."""
    request_started.connect(_begin, app)
    request_finished.connect(_end, app)
    request_tearing_down.connect(_forget, app)
    _watch_connections(app.extensions[EXTENSION])


def kind_of(endpoint: str | None, method: str) -> str:
    """What a request is for, in one of ten words."""
    if endpoint is None:
        return "unknown"
    if endpoint == "static" or endpoint in CHECKS:
        return "static" if endpoint == "static" else "checks"
    blueprint, _, view = endpoint.rpartition(".")
    if blueprint == "api":
        if method not in ("GET", "HEAD"):
            return "write"
        return "tiles" if "tile" in view else "read"
    return KINDS.get(blueprint, "page")


def _begin(app: Flask, **_: Any) -> None:
    g.request_began = time.perf_counter()
    config: Config = app.extensions["pocit-config"]
    given = request.headers.get(HEADER, "") if config.trusted_proxies else ""
    g.request_number = given if NUMBER.fullmatch(given) else secrets.token_hex(8)
    rule = request.url_rule
    REQUEST.set(
        {
            "request": g.request_number,
            "method": _method(),
            "route": rule.rule if rule is not None else "none",
        }
    )
    meters.UNDER_WAY.inc()


def _end(app: Flask, response: Response, **_: Any) -> None:
    if "request_began" not in g:
        return
    response.headers[HEADER] = g.request_number
    passed_s = time.perf_counter() - g.request_began
    endpoint, status = request.endpoint, response.status_code
    meters.REQUESTS.labels(endpoint or "none", _method(), str(status)).inc()
    meters.DURATION.labels(kind_of(endpoint, request.method)).observe(passed_s)
    way = STORES_PIN.get((endpoint or "", status))
    if way is not None:
        meters.PINS.labels(way).inc()
    config: Config = app.extensions["pocit-config"]
    if config.log_requests:
        log.info("request", extra={"status": status, "ms": round(passed_s * 1000, 1)})


def _forget(_app: Flask, **_: Any) -> None:
    if "request_began" in g:
        del g.request_began
        meters.UNDER_WAY.dec()
        REQUEST.set(None)


def _method() -> str:
    return request.method if request.method in METHODS else "other"


def _watch_connections(database: Database) -> None:
    """Count the connections that are held: once each, also where one breaks in between."""

    def taken(_connection: Any, record: Any, _proxy: Any) -> None:
        record.record_info["counted"] = True
        meters.CONNECTIONS.inc()

    def given_back(_connection: Any, record: Any) -> None:
        if record.record_info.pop("counted", False):
            meters.CONNECTIONS.dec()

    event.listen(database.engine, "checkout", taken)
    event.listen(database.engine, "checkin", given_back)
