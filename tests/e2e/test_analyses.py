"""An analysis from the office: started, seen on its way, cancelled, read; meanwhile all pages answer."""

from __future__ import annotations

import time
from urllib.request import urlopen

from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from app.services.analyst import ONE_AT_A_TIME
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official

HUB = "/office/maps/testov/analysis"
PATIENCE_MS = 60_000
ANSWERS_WITHIN_S = 5
"""Generous, as the machine of the tests does other things as well; a page that computed would never come here."""


def a_town(session: Session) -> MapRecord:
    the_map = a_map(session, basemap_geojson=a_basemap("Lipová"))
    for n in range(40):
        a_pin(session, the_map, "unsafe", (CENTRE[0] + 0.0002 * (n % 3), CENTRE[1]), respondent=f"r{n}")
    return the_map


def signed_in(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("[name=email]", "urad@testov.example")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def answers(address: str) -> float:
    began = time.monotonic()
    with urlopen(address) as answer:
        assert answer.status == 200
    return time.monotonic() - began


def test_it_is_started_seen_on_its_way_cancelled_and_read(
    desktop: Page, live_server: str, live_session: Session
) -> None:
    a_town(live_session)
    an_official(live_session)
    signed_in(desktop, f"{HUB}?lang=en")
    desktop.get_by_role("link", name="Hot spots and clusters").click()

    # Nobody makes runs before we let them, so that what is to be seen meanwhile is sure to be seen.
    live_session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    desktop.get_by_role("button", name="Compute").click()
    expect(desktop.get_by_role("progressbar")).to_be_visible()
    expect(desktop.locator("[data-step]")).to_have_text("Waiting for its turn")
    desktop.get_by_role("button", name="Cancel").click()
    expect(desktop.get_by_role("progressbar")).to_have_count(0)

    desktop.get_by_role("button", name="Compute").click()
    expect(desktop.get_by_role("progressbar")).to_be_visible()
    for page in ("/healthz", "/m/testov", "/m/testov/heat.png"):
        assert answers(live_server + page) < ANSWERS_WITHIN_S
    desktop.goto(f"{HUB}?lang=en")
    expect(desktop.get_by_role("progressbar")).to_be_visible()
    live_session.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
    live_session.commit()

    # The one that was called found the lock taken and ended; the page that is looked at has another one called.
    expect(desktop.get_by_role("progressbar")).to_have_count(0, timeout=PATIENCE_MS)
    expect(desktop.get_by_text("The most people in one place: 40 people, Lipová, “Unsafe”.")).to_be_visible()
    desktop.get_by_role("link", name="Hot spots and clusters").click()
    expect(desktop.get_by_role("link", name="Lipová")).to_be_visible()
    expect(desktop.get_by_role("button", name="Compute")).to_have_count(0)
