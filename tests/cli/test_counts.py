"""`pocit counts`: what heat counts is proven by counting it anew."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.models import HeatBlock
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]


def test_rebuilding_tells_what_was_kept_otherwise(pocit: Pocit, live_session: Session) -> None:
    the_map = a_map(live_session)
    for i in range(12):
        a_pin(live_session, the_map, ("safe", "unsafe")[i % 2], (15.51 + i * 0.001, 49.62), f"r{i % 5}")
    assert pocit("counts", "rebuild").out == "testov\t12\t12\t0\n"
    live_session.execute(delete(HeatBlock).where(HeatBlock.category == "safe"))
    live_session.commit()
    assert pocit("counts", "rebuild", "testov").out == "testov\t12\t12\t12\n"
    assert pocit("counts", "rebuild").out == "testov\t12\t12\t0\n"


def test_a_map_there_is_not_is_named(pocit: Pocit) -> None:
    refused = pocit("counts", "rebuild", "nikde")
    assert refused.status == 1
    assert "nikde" in refused.err
