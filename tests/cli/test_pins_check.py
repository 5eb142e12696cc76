"""`pocit pins check`: what the queue would notice, at once, for pins that came from files."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.models import Pin, PinState
from tests.builders import CENTRE, a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]


def test_check_says_what_stands_in_the_queue_and_hides_nothing(pocit: Pocit, live_session: Session) -> None:
    the_map = a_map(live_session)
    for n, said in enumerate(("Volejte 777 123 456", "Kurva tma", "Hezké místo")):
        a_pin(live_session, the_map, at=(CENTRE[0] + n * 0.001, CENTRE[1]), channel="import", comment=said)
    said = pocit("pins", "check", "testov")
    assert (said.status, said.out) == (0, "phone\t1\nvulgar\t1\n")
    assert "3 pins checked; 2 stand in the queue" in said.err
    live_session.expire_all()
    assert {pin.state for pin in live_session.query(Pin)} == {PinState.VISIBLE}
    assert "0 pins checked" in pocit("pins", "check", "testov").err
    assert "3 pins checked" in pocit("pins", "check", "testov", "--again").err


def test_unknown_map_is_refused(pocit: Pocit) -> None:
    said = pocit("pins", "check", "nowhere")
    assert said.status == 1
    assert "nowhere" in said.err
