"""The API's pages in a real browser: the map beside the table."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.builders import CENTRE, a_basemap, a_map, a_pin


def test_a_page_of_pins_shows_them_on_the_map_and_each_leads_to_its_line(
    desktop: Page, live_session: Session
) -> None:
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    lon, lat = CENTRE
    pins = [a_pin(live_session, the_map, "unsafe", (lon + 0.004 * n, lat), comment=f"Tma {n}") for n in range(3)]
    desktop.goto("/api/")
    desktop.get_by_role("main").locator("a[href$='/api/collections']").click()
    desktop.locator(".api-maps a[href$='/items']").click()
    desktop.wait_for_selector('#map-frame[data-painted="3"]')
    expect(desktop.locator(".api-items tbody tr")).to_have_count(3)
    # The middle of three stands in the middle of the map.
    box = desktop.locator("#map").bounding_box()
    desktop.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    line = desktop.locator(f"#pin-{pins[1].id}")
    expect(line).to_have_class("is-chosen")
    expect(line.locator("a")).to_be_focused()
    desktop.keyboard.press("Enter")
    desktop.wait_for_selector('#map-frame[data-painted="1"]')
    expect(desktop.locator("main")).to_contain_text("Tma 1")
