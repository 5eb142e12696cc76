"""The basemap's page in a real browser: what one chooses or types shows before it is saved."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.builders import PASSWORD, a_basemap, a_map, an_official


def test_what_is_chosen_shows_at_once_and_what_can_t_be_had_is_said(desktop: Page, live_session: Session) -> None:
    a_map(live_session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    an_official(live_session)
    desktop.goto("/office/sign-in?next=/office/maps/testov/basemap")
    desktop.fill("#email", "urad@testov.example")
    desktop.fill("#password", PASSWORD)
    desktop.keyboard.press("Enter")
    desktop.wait_for_selector("#map[data-ready]")
    desktop.locator("input[value=none]").check()
    expect(desktop.locator("#map[data-ground=none]")).to_be_visible()
    expect(desktop.locator("[name=url]")).to_be_hidden()
    desktop.locator("input[value=xyz]").check()
    desktop.fill("#url", "http://192.168.1.1/{z}")
    seen = desktop.locator("[data-seen]")
    expect(seen).to_contain_text("{x}")
    with desktop.expect_response("**/basemap/tile/**"):
        desktop.fill("#url", "http://192.168.1.1/{z}/{x}/{y}.png")
    expect(seen).to_contain_text("internet")
    desktop.locator("input[value=vector]").check()
    layer = {"name": "vrstva.geojson", "mimeType": "application/geo+json", "buffer": a_basemap("Nová").encode()}
    desktop.locator("#layer").set_input_files(layer)
    expect(desktop.locator("#map[data-ground=vector]")).to_be_visible()
    expect(seen).to_be_hidden()
    desktop.locator("form[data-basemap-form] .button-primary").click()
    expect(desktop.locator(".notice-good")).to_be_visible()
    desktop.wait_for_selector("#map[data-ready]")
