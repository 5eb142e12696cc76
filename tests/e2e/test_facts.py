"""From a file of lamps to a sentence: uploaded, seen under the office's map, set beside what people marked."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.builders import PASSWORD, a_basemap, a_map, a_pin, an_official

LAMPS = "lon;lat\n" + "".join(f"{15.503 + n % 5 * 0.003};{49.611 + n // 5 * 0.002}\n" for n in range(40))


def test_lamps_are_uploaded_seen_on_the_map_and_set_beside_what_people_marked(
    desktop: Page, live_session: Session
) -> None:
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    for n in range(12):
        west, east = (15.503 + n % 5 * 0.003, 49.611 + n // 5 * 0.002), (15.526 + n * 0.001, 49.62)
        a_pin(live_session, the_map, "safe", west, f"person {n}")
        a_pin(live_session, the_map, "unsafe", east, f"person {n}")
    an_official(live_session)

    page = "/office/towns/testov/facts"
    desktop.goto(page)
    desktop.fill("#email", "urad@testov.example")
    desktop.fill("#password", PASSWORD)
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(f"**{page}")
    desktop.locator("#file").set_input_files(
        {"name": "lampy.csv", "mimeType": "text/csv", "buffer": LAMPS.encode()}
    )
    desktop.locator("#name").fill("pouliční lampy")
    desktop.locator("form[enctype] button.button-primary").click()
    expect(desktop.locator(".facts-layer")).to_contain_text("pouliční lampy")
    expect(desktop.locator(".facts-layer strong")).to_contain_text("40")

    desktop.goto("/office/maps/testov")
    desktop.wait_for_selector("html[data-office=ready]")
    desktop.get_by_label(re.compile("pouliční lampy")).check()
    expect(desktop.locator("[data-facts] label")).to_have_attribute("data-drawn", "40")
    desktop.get_by_label(re.compile("pouliční lampy")).uncheck()
    expect(desktop.locator("[data-facts] label")).not_to_have_attribute("data-drawn", "40")

    desktop.goto("/office/maps/testov/analysis/facts")
    desktop.locator("form[action$='/start'] button").click()
    expect(desktop.locator(".facts-lines")).to_contain_text("pouliční lampy", timeout=60_000)
    expect(desktop.locator(".facts-lines [data-category=unsafe] .facts-bar")).to_have_count(1)
    desktop.locator(".facts-lines [data-category=unsafe] summary").click()
    expect(desktop.locator(".facts-lines [data-category=unsafe] table")).to_be_visible()
