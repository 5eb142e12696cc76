"""The results page on a phone and on a desktop, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_basemap, a_map, a_pin
from tests.e2e.conftest import DESKTOP, PHONE

LIVE = "#map-frame.is-live"


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """Twelve people: all felt unsafe in the middle, seven of them safe nearby."""
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    lon, lat = CENTRE
    for i in range(12):
        a_pin(live_session, the_map, "unsafe", respondent=f"r{i}", comment=f"Tma číslo {i}")
        if i < 7:
            a_pin(live_session, the_map, "safe", (lon + 0.002, lat), respondent=f"r{i}")
    return the_map


def test_the_story_on_a_phone(phone: Page, town: MapRecord) -> None:
    phone.goto("/m/testov/results")
    expect(phone.locator("h1")).to_contain_text("12")
    phone.wait_for_selector(LIVE)
    expect(phone.locator("input[value=unsafe]")).to_be_checked()
    expect(phone.locator(".legend:visible")).to_have_count(1)
    with phone.expect_request(re.compile(r"heat/\d+/\d+/\d+\.png\?category=safe$")):
        phone.locator("label", has=phone.locator("input[value=safe]")).tap()
    expect(phone.locator('.legend[data-category="safe"][data-weight="people"]')).to_be_visible()
    with phone.expect_request(re.compile(r"category=safe&weight=pins$")):
        phone.locator("label", has=phone.locator("input[value=pins]")).tap()
    phone.locator("label", has=phone.locator("input[value=improve]")).tap()
    expect(phone.locator("#legend-none")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_finger_on_the_map_scrolls_the_page_until_it_is_enlarged(phone: Page, town: MapRecord) -> None:
    phone.goto("/m/testov/results")
    phone.wait_for_selector(LIVE)
    assert phone.eval_on_selector("#map", "element => getComputedStyle(element).touchAction") == "pan-x pan-y"
    phone.locator("#enlarge").tap()
    expect(phone.locator("#enlarge")).to_have_attribute("aria-expanded", "true")
    assert phone.locator("#map-frame").bounding_box()["height"] > 400
    assert phone.eval_on_selector("#map", "element => getComputedStyle(element).touchAction") == "none"
    phone.keyboard.press("Escape")
    expect(phone.locator("#enlarge")).to_have_attribute("aria-expanded", "false")


def test_a_place_of_the_story_leads_to_its_marks(desktop: Page, town: MapRecord) -> None:
    desktop.goto("/m/testov/results")
    desktop.wait_for_selector(LIVE)
    with desktop.expect_response(re.compile(r"pins\.json")):
        desktop.locator('[data-of="unsafe"]').first.click()
    desktop.wait_for_selector("canvas.map-pins")
    desktop.wait_for_timeout(400)
    box = desktop.locator("#map").bounding_box()
    desktop.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(desktop.locator("#pin")).to_contain_text("Tma číslo")


def test_everything_by_keyboard(desktop: Page, town: MapRecord) -> None:
    desktop.goto("/m/testov/results")
    desktop.wait_for_selector(LIVE)
    desktop.locator("input[value=unsafe]").focus()
    desktop.keyboard.press("ArrowLeft")
    expect(desktop.locator("input[value=safe]")).to_be_checked()
    desktop.locator("#enlarge").focus()
    desktop.keyboard.press("Enter")
    expect(desktop.locator("#story-map")).to_have_class(re.compile("is-large"))
    desktop.keyboard.press("Escape")
    expect(desktop.locator("#enlarge")).to_be_focused()


def test_without_scripts_the_pictures_and_numbers_are_there(
    open_context: Callable[..., BrowserContext], town: MapRecord
) -> None:
    page = open_context(**(PHONE | {"java_script_enabled": False})).new_page()
    page.goto("/m/testov/results")
    expect(page.locator("h1")).to_contain_text("12")
    expect(page.locator("#map-frame .picture-heat")).to_be_visible()
    expect(page.locator(".story-controls")).to_be_hidden()


def test_dark_pages_ask_for_dark_inks(open_context: Callable[..., BrowserContext], town: MapRecord) -> None:
    page = open_context(**(DESKTOP | {"color_scheme": "dark"})).new_page()
    with page.expect_request(re.compile(r"/heat-dark/\d+/")):
        page.goto("/m/testov/results")
    page.wait_for_selector(LIVE)
