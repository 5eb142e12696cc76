"""Files that are sent while they are read: no transaction stays behind them."""

from __future__ import annotations

import time
from urllib.request import urlopen

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.builders import a_map, a_pin

LEFT_OPEN = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state = 'idle in transaction'"
)


@pytest.mark.parametrize("address", ["/data/testov/pins.geojson"])
def test_stream_leaves_no_transaction_open(live_server: str, live_session: Session, address: str) -> None:
    a_pin(live_session, a_map(live_session))
    with urlopen(live_server + address) as answer:
        assert answer.read().count(b"Point") == 1
    live_session.rollback()
    for _ in range(20):
        if live_session.scalar(LEFT_OPEN) == 0:
            break
        live_session.rollback()
        time.sleep(0.05)
    assert live_session.scalar(LEFT_OPEN) == 0
