"""A council report in one click, in a real browser: the bar moves, two files are there, and they can be read."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official
from tests.e2e.conftest import PHONE

PAGE = "/office/maps/testov/report"
READY_MS = 60_000


def test_one_click_makes_both_files(
    desktop: Page, open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    for n in range(6):
        a_pin(live_session, the_map, "unsafe", CENTRE, f"person {n}", comment=f"Večer je tu tma, říká č. {n}.")
    an_official(live_session, role="viewer")
    desktop.goto(PAGE)
    desktop.fill("#email", "urad@testov.example")
    desktop.fill("#password", PASSWORD)
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(f"**{PAGE}")

    desktop.locator(".report-form .button-primary").click()
    expect(desktop.locator("#progress")).to_be_visible()
    expect(desktop.locator("#step")).not_to_be_empty()
    newest = desktop.locator(".report-row.is-newest")
    expect(newest).to_be_visible(timeout=READY_MS)

    links = newest.locator("a")
    pdf = desktop.request.get(links.nth(0).get_attribute("href"))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF-")

    # The page opens from a mail: with its styles and pictures, on a phone without anything wider than the screen.
    whole = desktop.request.get(links.nth(1).get_attribute("href")).text()
    reader = open_context(**PHONE, java_script_enabled=False).new_page()
    reader.set_content(whole)
    expect(reader.locator("h1")).to_have_count(1)
    expect(reader.locator(".picture svg[role=img]")).to_be_visible()
    place = reader.locator(".places h4").first
    expect(place).to_contain_text("Lipová")
    assert reader.locator("html").bounding_box()["width"] <= PHONE["viewport"]["width"]

    links.nth(2).click()
    expect(desktop.locator("#content .feeling blockquote").first).to_contain_text("Večer je tu tma")
