"""Waiting in a flood without scripts: instead of a sum the form is sent once more after a while, words and all.

The form carries a signed mark of when it began to wait, which is of this pin of this device only. So many may pass
from one address in this way, and as many again of those who have waited twice as long, and so on: who takes all
places of the impatient leaves those of the others. Nobody has to solve or to read anything.
"""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import Final

from flask import request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.db import session
from app.errors import ProofNeeded, TooMany
from app.i18n import N_, N_n
from app.inputs.pins import PinInput
from app.queries.maps import MapRecord
from app.security import server_secret
from app.services.throttle import Limit, attempt, count, network
from app.views.challenge import let_join, let_send
from app.views.reader import reader_language

FIELD: Final = "waited"
WAIT_S: Final = 20
HOLDS_S: Final = 3600
PASSING: Final = Limit("flood waited", attempts=60, window=timedelta(minutes=5))
"""From one address, without a sum, of those who have waited equally long."""
STAGES: Final = 6
"""20, 40, 80 … 640 seconds."""
SECONDS: Final = N_n("Please wait %(n)s second.", "Please wait %(n)s seconds.")
MINUTES: Final = N_n("Please wait %(n)s minute.", "Please wait %(n)s minutes.")
MANY: Final = N_("Many messages are coming in just now.")
THEN: Final = N_("Then press Send once more. Your words are still here.")


def let_written(the_map: MapRecord, token: str, new: PinInput) -> None:
    """Let this pin of a form be stored; TooMany with the seconds that it still has to wait in a flood."""
    try:
        let_send(the_map, token, str(new.id), event=new.event)
    except ProofNeeded:
        age_s = _age_s(request.form.get(FIELD, ""), token, str(new.id))
        if age_s is None or age_s < WAIT_S:
            raise TooMany(WAIT_S - (age_s or 0)) from None
        _pass(the_map, age_s)


def _pass(the_map: MapRecord, age_s: int) -> None:
    """Take a place of those who have waited so long; TooMany, with how much longer, where all are taken."""
    place, secret = network(request.remote_addr), server_secret()
    waits_s = [WAIT_S << stage for stage in range(STAGES)]
    reached = [stage for stage, wait_s in enumerate(waits_s) if wait_s <= age_s]
    for stage in reversed(reached):
        try:
            count(session(), [attempt(PASSING, the_map.slug, place, str(stage), secret=secret)])
        except TooMany as refusal:
            left_s = refusal.retry_after_s
        else:
            return
    # The next stage, or the next window, whichever is sooner.
    raise TooMany(min([left_s, *(wait_s - age_s for wait_s in waits_s if wait_s > age_s)]))


def waiting_mark(token: str, pin: str) -> str:
    """What the form carries from now on: since when it waits; the one it has already, while that holds."""
    given = request.form.get(FIELD, "")
    return given if _age_s(given, token, pin) is not None else str(_serializer().dumps(_named(token, pin)))


def expect_known(the_map: MapRecord, token: str, deed: str) -> None:
    """TooMany in a flood for a device that has sent no pin; one that has may go on at once."""
    try:
        let_join(the_map, token, deed)
    except ProofNeeded as refusal:
        raise TooMany(refusal.retry_after_s) from None


def waiting_words(seconds: int) -> str:
    """How long to wait, in the reader's words."""
    words = reader_language()
    if seconds < 90:
        long = words.ngettext(*SECONDS, seconds)
    else:
        long = words.ngettext(*MINUTES, -(-seconds // 60))
    return " ".join((words.gettext(MANY), long, words.gettext(THEN)))


def _age_s(given: str, token: str, pin: str) -> int | None:
    """For how long the form with this mark has waited; None for a mark that is not of this pin."""
    try:
        said, since = _serializer().loads(given, max_age=HOLDS_S, return_timestamp=True)
    except (BadData, ValueError, TypeError):
        return None
    return int(time.time() - since.timestamp()) if said == _named(token, pin) else None


def _named(token: str, pin: str) -> str:
    """The form lies open; the token stays in its cookie."""
    return hashlib.sha256(f"{token} {pin}".encode("utf-8", "replace")).hexdigest()[:32]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(server_secret().decode("utf-8", "replace"), salt=FIELD)
