"""Thirty phones of one school class behind one address, all at once: nobody is shut out, everybody is counted."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.request import Request, urlopen

from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.queries.events import turnouts
from app.queries.summary import count_summary
from tests.builders import CENTRE, a_feature, a_map, an_event

PHONES = 30
PINS_EACH = 4


def test_thirty_phones_behind_one_address_all_get_their_pins_in(live_server: str, live_session: Session) -> None:
    the_map = a_map(live_session)
    an_event(live_session, the_map, "TRIDA6A", kind="school_forum", expected_people=PHONES)
    address = f"{live_server}/api/collections/testov/items"
    together = Barrier(PHONES)

    def phone(n: int) -> list[int]:
        token = f"phone-{n:02}-{uuid.uuid4().hex}"
        together.wait()
        return [_send(address, token, (CENTRE[0] + n / 5000, CENTRE[1] + i / 5000)) for i in range(PINS_EACH)]

    with ThreadPoolExecutor(PHONES) as classroom:
        statuses = list(classroom.map(phone, range(PHONES)))
    assert statuses == [[201] * PINS_EACH] * PHONES
    (turnout,) = turnouts(live_session, the_map)
    assert (turnout.crowd.people, turnout.crowd.pins, turnout.share) == (PHONES, PHONES * PINS_EACH, 1.0)
    summary = count_summary(live_session, the_map, PinFilter())
    assert (summary.people, [count.people for count in summary.events]) == (PHONES, [PHONES])


def _send(address: str, token: str, at: tuple[float, float]) -> int:
    body = json.dumps(a_feature(at=at, event="TRIDA6A")).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/geo+json"}
    with urlopen(Request(address, body, headers), timeout=30) as answer:
        return answer.status
