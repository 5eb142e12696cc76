"""/metrics, for Prometheus: what was counted, what waits, what room is left. For whoever runs the server only.

Who shows the token of POCIT_METRICS_TOKEN reads it. Without such a token only this machine itself does, and only
where nothing says that a proxy stands in front: behind one, everybody comes from this machine.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import shutil
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from flask import Blueprint, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.db import database
from app.errors import NotSignedIn, Unknown
from app.meters import collected
from app.queries.waiting_work import waiting_work

log = logging.getLogger(__name__)

blueprint = Blueprint("metrics", __name__)

TRIES, AGAIN_S = 3, 0.05
LAST_BACKUP = "last-backup"
"""The file of POCIT_HOME that a backup touches when it is whole."""
FROM_A_PROXY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")
MEANING = {
    "queue_pins": "Pins that officials should look at; at most 100 000 are counted.",
    "pin_photos": "Photos of pins that nobody has let be shown yet.",
    "sheet_photos": "Photos of sheets waiting to be read, or being read.",
    "analyses": "Analyses waiting or running.",
    "reports": "Reports waiting or running.",
    "retention_due_maps": "Closed maps whose persons should have been taken away by now.",
    "retention_overdue_seconds": "For how long the one that has been due longest has been.",
    "oldest_sheet_photo_seconds": "For how long the oldest unread photo of a sheet has waited.",
    "open_maps": "Maps that take pins, or will.",
    "database_bytes": "Size of the database.",
    "server_connections": "Connections that the PostgreSQL server holds, of all its databases.",
    "most_server_connections": "Connections that it would hold at most.",
}


@blueprint.get("/metrics")
def metrics() -> Response:
    """All numbers as Prometheus reads them."""
    config: Config = current_app.extensions["pocit-config"]
    _admit(config)
    response = Response(_numbers(config), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def _numbers(config: Config) -> bytes:
    """What there is to tell; once more where another process was just beginning its file."""
    for _ in range(TRIES):
        with suppress(struct.error):
            return generate_latest(collected(Surroundings(config.home), Work()))
        time.sleep(AGAIN_S)
    return generate_latest(collected(Surroundings(config.home), Work()))


def _admit(config: Config) -> None:
    """Unknown for strangers where there is no way in; NotSignedIn without the token where there is one."""
    if config.metrics_token:
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(shown.strip().encode(), config.metrics_token.encode())
        if kind.lower() != "bearer" or not right:
            raise NotSignedIn
        return
    stands_behind = (
        config.trusted_proxies or config.secure_cookies or any(h in request.headers for h in FROM_A_PROXY)
    )
    if stands_behind or not _is_loopback(request.remote_addr):
        raise Unknown


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


class Surroundings(Collector):
    """The room left for local state, and the age of the last whole backup."""

    def __init__(self, home: Path) -> None:
        """Look at this folder."""
        self._home = home

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What the folder tells."""
        with suppress(OSError):
            usage = shutil.disk_usage(self._home)
            yield _gauge("pocit_home_free_bytes", "Room left where POCIT_HOME lies.", usage.free)
            yield _gauge("pocit_home_size_bytes", "Room there in all.", usage.total)
        with suppress(OSError):
            made = (self._home / LAST_BACKUP).stat().st_mtime
            yield _gauge(
                "pocit_backup_last_success_timestamp_seconds", "When the last whole backup was made.", made
            )


class Work(Collector):
    """Whether the database answers, and what waits in it."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What it tells; only that it does not where it does not."""
        answers, found = self._asked()
        yield _gauge("pocit_database_up", "Whether the database answers.", float(answers))
        for name, value in found.items():
            yield _gauge(f"pocit_{name}", MEANING[name], value)
        replica = database().replica
        if replica is not None:
            usable = float(replica.state.is_usable)
            yield _gauge("pocit_replica_usable", "Whether the replica answers readers.", usable)

    def _asked(self) -> tuple[bool, Mapping[str, float]]:
        """Whether the database answers, and the numbers as far as it gave them in time."""
        answers = False
        try:
            with database().session() as opened:
                answers = opened.scalar(select(1)) == 1
                return answers, waiting_work(opened)
        except SQLAlchemyError as error:
            if answers:
                log.error("what waits is not counted: %s", type(error).__name__)  # noqa: TRY400
            return answers, {}


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)
