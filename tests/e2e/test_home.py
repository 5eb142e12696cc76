"""The front page in a browser: who says where they are gets the nearest map first, and nobody else learns it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect
from shapely import MultiPolygon, box
from sqlalchemy.orm import Session

from tests.builders import a_map
from tests.e2e.conftest import PHONE

NEAR_OSTRAVA = {"latitude": 49.83, "longitude": 18.05}
NAMES = "#open-maps .town"


@pytest.fixture
def towns(live_session: Session) -> None:
    """Three open maps from west to east, which is also their order by name."""
    for n, (slug, west, south) in enumerate(
        [("cheb", 12.3, 50.05), ("jihlava", 15.5, 49.38), ("ostrava", 18.2, 49.8)]
    ):
        boundary = MultiPolygon([box(west, south, west + 0.1, south + 0.05)])
        a_map(live_session, slug, boundary=boundary, ruian=500_001 + n)


@pytest.mark.usefixtures("towns")
def test_who_allows_it_gets_the_nearest_map_first_and_nothing_is_sent(
    open_context: Callable[..., BrowserContext],
) -> None:
    context = open_context(**PHONE, geolocation=NEAR_OSTRAVA)
    page = context.new_page()
    page.goto("/?lang=en")
    expect(page.locator(NAMES)).to_have_text(["Cheb", "Jihlava", "Ostrava"])
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - bound methods can't be marked
    context.grant_permissions(["geolocation"])
    page.get_by_role("button", name="Near me").tap()
    expect(page.locator(NAMES)).to_have_text(
        ["Ostrava 10.8 km from you", "Jihlava 182.0 km from you", "Cheb 405.0 km from you"]
    )
    expect(page.get_by_role("button", name="Near me")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#near-status")).to_contain_text("stays in your browser")
    assert [request.url for request in asked] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Allowed before: the next visit begins with the nearest.
    page.reload()
    expect(page.locator(NAMES).first).to_contain_text("Ostrava")


@pytest.mark.usefixtures("towns")
def test_who_does_not_allow_it_keeps_the_order_and_is_told_so(desktop: Page) -> None:
    desktop.goto("/?lang=en")
    desktop.get_by_role("button", name="Near me").click()
    expect(desktop.locator("#near-status")).to_contain_text("does not say where you are")
    expect(desktop.locator(NAMES)).to_have_text(["Cheb", "Jihlava", "Ostrava"])
    desktop.get_by_role("link", name="Map of jihlava").click()
    expect(desktop).to_have_url(desktop.url.split("/m/")[0] + "/m/jihlava")
