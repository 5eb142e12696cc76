"""The gate before everything that citizens send: open to all, and in a flood to who has done a small sum.

A device gets its sum with the refusal (429, member `challenge`) and sends the same request once more with the
proof in the header `Pocit-Proof`. At an event nobody is asked; officials' own pages do not come this way.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from flask import Blueprint, Flask, current_app, request
from werkzeug.wrappers import Response

from app.db import database, session
from app.errors import ProofNeeded
from app.inputs.challenge import challenge_for, is_proof
from app.models import Event
from app.queries.maps import MapRecord, find_event
from app.queries.respondents import find_respondent
from app.security import server_secret
from app.services.flood import FloodWatch, Gathering, Shared, Visit
from app.services.respondents import respondent_of
from app.services.throttle import Limit
from app.views.headers import FOR_EVER
from app.views.reader import assets
from app.views.worker_script import joined_script

blueprint = Blueprint("challenge", __name__)

EXTENSION: Final = "pocit-floods"
PROOF: Final = "Pocit-Proof"
SOLVER: Final = "js/citizen/challenge/worker.js"
AROUND_EVENT: Final = timedelta(days=2)
"""What was written there without a connection comes when there is one."""


def init_app(app: Flask) -> None:
    """Give the app its watch over floods."""
    app.extensions[EXTENSION] = FloodWatch(app.extensions["pocit-config"].unlimited_networks)


@blueprint.get("/challenge-worker.js")
def solver() -> Response:
    """The script that does sums beside the page."""
    mark = assets().mark
    response = Response(_solver(mark), mimetype="text/javascript")
    response.set_etag(mark)
    # The address carries the mark of the scripts that ask for it; another one gets what there is now.
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == mark else "no-cache"
    return response.make_conditional(request)


def let_send(the_map: MapRecord, device: str, *deed: str, event: str | None = None) -> None:
    """Let a device send this to the map; `deed` names it, so that it is the same when it comes again.

    TooFast for a device that sends more than people do. ProofNeeded in a flood, except with the proof, or with the
    code of an event that takes place now and has no more guests than can be.
    """
    visit = Visit(the_map.id, device, request.remote_addr)
    hardness = flood_watch().meet(visit, _shared())
    if hardness and event is not None and _is_guest(the_map, visit, event):
        return  # counted as a guest; as the map's, who abuses a code would have everybody without one do sums
    if not hardness or _is_proved(the_map, device, deed):
        flood_watch().let_in(visit, _shared())
        return
    raise ProofNeeded(challenge_for(_named(the_map, device, deed), hardness, secret=server_secret()))


def let_change(the_map: MapRecord, device: str) -> None:
    """Let a device change what is its own already; TooFast for one that does so more often than people do."""
    flood_watch().meet(Visit(the_map.id, device, request.remote_addr), _shared())


def let_join(the_map: MapRecord, device: str, *deed: str) -> None:
    """The same for what a device adds to its person; of one that the map knows already no sum is asked."""
    try:
        let_send(the_map, device, *deed)
    except ProofNeeded:
        person = respondent_of(session(), the_map, device)
        if find_respondent(session(), the_map.id, person) is None:
            raise


def let_read(limit: Limit) -> None:
    """Count a reader of what is dear to make; TooMany where one address asks for more than a school does."""
    flood_watch().let_read(request.remote_addr, limit)


def flood_watch() -> FloodWatch:
    """What this process knows of floods."""
    found: FloodWatch = current_app.extensions[EXTENSION]
    return found


def _shared() -> Shared:
    return Shared(database().autocommit, server_secret())


def _is_proved(the_map: MapRecord, device: str, deed: tuple[str, ...]) -> bool:
    proof = request.headers.get(PROOF, "")
    return bool(proof) and is_proof(proof, _named(the_map, device, deed), secret=server_secret())


def _named(the_map: MapRecord, device: str, deed: tuple[str, ...]) -> tuple[str, ...]:
    return (the_map.slug, device, *deed)


def _is_guest(the_map: MapRecord, visit: Visit, code: str) -> bool:
    with database().autocommit() as opened:
        event = find_event(opened, the_map.id, code)
    if event is None or not is_running(event, datetime.now(UTC)):
        return False
    return flood_watch().has_room(visit, Gathering(event.code, event.expected_people), _shared())


def is_running(event: Event, now: datetime) -> bool:
    """Whether people may be sending from this event; one without a day runs as long as its map is open."""
    begins, ends = event.starts_at, event.ends_at or event.starts_at
    return not ((begins and now < begins - AROUND_EVENT) or (ends and now > ends + AROUND_EVENT))


@lru_cache(maxsize=2)
def _solver(_mark: str) -> str:
    return joined_script(assets().folder, SOLVER)
