"""A phone behind an address that floods: it does its sums by itself, and its person notices nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.db import EXTENSION
from app.models import Pin, Respondent
from app.queries.maps import MapRecord
from app.services.flood import OF_PLACE, FloodWatch, Shared, Visit
from app.views.challenge import EXTENSION as FLOODS
from tests.builders import a_basemap, a_map
from tests.e2e.citizen_steps import place_a_pin
from tests.e2e.offline_phone import OfflinePhone, StoppableServer, wait_until_kept, waiting

BASEMAP = {"basemap": {"kind": "vector"}, "basemap_geojson": a_basemap()}
POST = "POST /api/collections/testov/items"
SUMS = "GET /challenge-worker.js"


@pytest.fixture
def server(live_url: str, live_session: Session, tmp_path: Path) -> Iterator[StoppableServer]:
    """The app, with whose watch over floods the test can speak."""
    app = create_app(Config(database_url=live_url, home=tmp_path / "home", secret_key="tests only"))
    made = StoppableServer(app)
    made.app = app  # type: ignore[attr-defined]
    yield made
    made.stop()
    app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def phone(playwright: Playwright, server: StoppableServer, tmp_path: Path) -> Iterator[OfflinePhone]:
    """A phone of its own, service worker and all."""
    made = OfflinePhone(playwright, tmp_path / "phone", server.address)
    yield made
    made.close()
    assert made.wrong == []


def flooded(server: StoppableServer, the_map: MapRecord) -> None:
    """Let the phone's neighbour send under more new tokens than any school has phones."""
    app = server.app  # type: ignore[attr-defined]
    watch: FloodWatch = app.extensions[FLOODS]
    shared = Shared(app.extensions[EXTENSION].autocommit, b"tests only")
    now_s = time.time()
    for n in range(OF_PLACE[2].most + 1):
        watch.meet(Visit(the_map.id, f"token {n}", "127.0.0.1"), shared, now_s=now_s)


def ready(page: Page) -> None:
    page.wait_for_selector("html[data-page=ready]", state="attached")
    page.wait_for_selector("#map[data-ready]")


def stored(session: Session, what: type = Pin) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(what)) or 0


def test_in_a_flood_pins_get_in_now_and_from_the_outbox_and_nobody_sees_a_sum(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    the_map = a_map(live_session, **BASEMAP)
    page = phone.open("/m/testov?lang=cs")
    ready(page)
    wait_until_kept(page)
    flooded(server, the_map)

    place_a_pin(page, "Nebezpečně", "Nesvítí tu lampy")
    expect(page.get_by_role("heading", name="Děkujeme")).to_be_visible()
    assert stored(live_session) == 1
    assert waiting(page) == []
    # Asked once, sent again with its proof; the sum was done beside the page.
    assert (server.count(POST), server.count(SUMS)) == (2, 1)

    phone.cut()
    page.reload()
    ready(page)
    for words in ("Bez signálu", "Ještě jednou"):
        place_a_pin(page, "Bezpečně", words)
    assert len(waiting(page)) == 2
    phone.cut(off=False)
    expect(page.get_by_text("čekající značky se odeslaly")).to_be_visible()
    assert waiting(page) == []
    assert stored(live_session, Respondent) == 1


def test_where_no_worker_can_be_had_the_page_does_the_sum_itself(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    the_map = a_map(live_session, **BASEMAP)
    page = phone.open("/m/testov?lang=cs")
    ready(page)
    page.evaluate("() => { window.Worker = class { constructor() { throw new Error('none here'); } }; }")
    flooded(server, the_map)
    place_a_pin(page, "Nebezpečně", "Nesvítí tu lampy")
    expect(page.get_by_role("heading", name="Děkujeme")).to_be_visible()
    assert stored(live_session) == 1
    assert (server.count(POST), server.count(SUMS)) == (2, 0)
