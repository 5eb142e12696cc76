"""From the office into the catalogue, and what people then find: an editor at a desk, a visitor with a phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect
from sqlalchemy.orm import Session

from tests.builders import PASSWORD, a_map, a_pin, an_official
from tests.e2e.conftest import DESKTOP, PHONE


def test_editor_publishes_and_people_find_it(
    open_context: Callable[..., BrowserContext], live_session: Session, live_server: str
) -> None:
    a_pin(live_session, a_map(live_session), comment="Chybí lampa")
    an_official(live_session)
    office = open_context(**DESKTOP).new_page()
    office.goto("/office/towns/testov/open-data?lang=en")
    office.fill("#email", "urad@testov.example")
    office.fill("#password", PASSWORD)
    office.keyboard.press("Enter")
    office.fill("#ico", "00845451")
    office.get_by_role("button", name="Save").click()
    expect(office.locator(".notice-good")).to_be_visible()

    # Without the confirmation nothing is published, and nothing that was typed is lost.
    office.get_by_role("link", name="Publish").click()
    expect(office.locator(".is-needed")).to_have_count(0)
    office.fill("#keywords_cs", "bezpečí, osvětlení")
    office.locator("button[value=publish]").click()
    expect(office.locator("#person_free-error")).to_be_visible()
    expect(office.locator("#keywords_cs")).to_have_value("bezpečí, osvětlení")
    office.locator("[name=person_free]").check()
    office.locator("button[value=publish]").click()
    expect(office.locator(".notice-good")).to_be_visible()

    visitor = open_context(**PHONE).new_page()
    visitor.goto("/?lang=en")
    visitor.locator(".page-footer a").tap()
    visitor.locator(".data-set").tap()
    expect(visitor.locator("h1")).to_have_text("Map of testov")
    visitor.locator(".data-system .chip", has_text="S-JTSK").tap()
    expect(visitor.locator(".data-system .chip[aria-current]")).to_contain_text("S-JTSK")
    with visitor.expect_download() as download:
        visitor.locator(".data-layers a", has_text="GeoJSON").first.tap()
    assert download.value.suggested_filename == "testov-pins_sjtsk.geojson"
    assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # The address for a GIS is one press away.
    desk = open_context(**DESKTOP, permissions=["clipboard-read", "clipboard-write"]).new_page()
    desk.goto("/data/testov/?lang=en")
    desk.locator("[data-copy=api-address]").click()
    expect(desk.locator(".toast")).to_contain_text("Copied")
    assert desk.evaluate("navigator.clipboard.readText()") == f"{live_server}/api/"
