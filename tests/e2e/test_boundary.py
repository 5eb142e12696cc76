"""Drawing a boundary in a real browser: with the mouse, by keyboard alone, by touch, and by typing corners."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import shapely
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord, read_map
from tests.builders import PASSWORD, a_basemap, a_map, an_official
from tests.e2e.conftest import PHONE

PAGE = "/office/maps/testov/boundary"
READY = "#map[data-ready]"


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """A map with a basemap of its own, and its editor."""
    the_map = a_map(live_session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    an_official(live_session)
    return the_map


def enter(page: Page) -> None:
    page.goto(f"/office/sign-in?next={PAGE}")
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)


def drawn(page: Page) -> list[list[float]]:
    """The corners of what is drawn, without the closing one."""
    text = page.locator("[data-polygon]").input_value()
    return json.loads(text)["coordinates"][0][:-1] if text else []


def corner(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place on the map element, given in shares of its sides, in pixels of the page."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def test_boundary_drawn_with_the_mouse_is_seen_and_then_set(
    desktop: Page, town: MapRecord, live_session: Session
) -> None:
    enter(desktop)
    desktop.locator("[data-draw=new]").click()
    for x, y in ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6)):
        desktop.mouse.click(*corner(desktop, x, y))
    desktop.mouse.click(*corner(desktop, 0.3, 0.3))  # the first one closes it
    expect(desktop.locator(".draw-words")).to_contain_text("km²")
    before = drawn(desktop)
    assert len(before) == 4
    desktop.mouse.move(*corner(desktop, 0.6, 0.6))
    desktop.mouse.down()
    desktop.mouse.move(*corner(desktop, 0.65, 0.7), steps=4)
    desktop.mouse.up()
    moved = drawn(desktop)
    assert len(moved) == 4
    assert sum(one not in before for one in moved) == 1
    desktop.mouse.click(*corner(desktop, 0.45, 0.3))  # the faint handle in the middle of a side
    assert len(drawn(desktop)) == 5
    desktop.locator("[data-draw-go] button").click()
    desktop.wait_for_selector("#map[data-page=preview][data-ready]")
    desktop.locator("form[method=post] .button-primary").click()
    expect(desktop.locator(".notice-good")).to_be_visible()
    live_session.expire_all()
    assert len(shapely.get_coordinates(read_map(live_session, "testov").boundary)) == 6


def test_boundary_drawn_by_keyboard_alone(desktop: Page, town: MapRecord, live_session: Session) -> None:
    enter(desktop)
    press = desktop.keyboard.press
    desktop.locator("[data-draw=new]").focus()
    press("Enter")
    expect(desktop.locator("#map")).to_be_focused()
    press("ArrowUp")  # brings the crosshair
    press("Enter")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        for _ in range(3):
            press(key)
        press("Enter")
    assert len(drawn(desktop)) == 4
    press("ArrowLeft")
    press("Enter")
    assert len(drawn(desktop)) == 5
    press("Backspace")
    assert len(drawn(desktop)) == 4
    expect(desktop.locator(".draw-panel [role=status]")).not_to_be_empty()
    button = desktop.locator("[data-draw-go] button")
    button.focus()
    press("Enter")
    desktop.wait_for_selector("#map[data-page=preview][data-ready]")
    desktop.locator("form[method=post] .button-primary").focus()
    press("Enter")
    expect(desktop.locator(".notice-good")).to_be_visible()
    live_session.expire_all()
    assert len(shapely.get_coordinates(read_map(live_session, "testov").boundary)) == 5


def test_crossing_sides_are_told_and_can_be_undone(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.locator("[data-draw=new]").click()
    for x, y in ((0.3, 0.3), (0.6, 0.6), (0.6, 0.3), (0.3, 0.6)):
        desktop.mouse.click(*corner(desktop, x, y))
    expect(desktop.locator(".draw-crossing")).to_be_visible()
    expect(desktop.locator("[data-draw-go] button")).to_be_disabled()
    desktop.locator(".draw-actions .icon-back").click()
    expect(desktop.locator(".draw-crossing")).to_be_hidden()
    assert len(drawn(desktop)) == 3


def test_corners_are_typed_and_pasted_into_the_table(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.locator("[data-draw=present]").click()
    desktop.locator(".draw-corners summary").click()
    first = desktop.locator(".draw-corners tbody tr").first.locator("input")
    first.nth(0).fill("49,6111")
    first.nth(0).press("Tab")
    expect(first.nth(1)).to_be_focused()
    assert any(lat == 49.6111 for _, lat in drawn(desktop))
    first.nth(1).fill("49.6122, 15.5033")
    first.nth(1).press("Enter")
    assert [15.5033, 49.6122] in drawn(desktop)
    first.nth(0).fill("sever")
    first.nth(0).press("Enter")
    expect(first.nth(0)).to_have_attribute("aria-invalid", "true")
    assert [15.5033, 49.6122] in drawn(desktop)


def test_boundary_drawn_by_touch(open_context: Callable[..., BrowserContext], town: MapRecord) -> None:
    phone = open_context(**PHONE).new_page()
    enter(phone)
    phone.locator("[data-draw=new]").tap()
    phone.locator("#map").scroll_into_view_if_needed()
    for x, y in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)):
        phone.touchscreen.tap(*corner(phone, x, y))
        phone.wait_for_timeout(50)
    expect(phone.locator(".draw-corner")).to_have_count(3)
    phone.locator(".draw-actions .icon-check").tap()
    expect(phone.locator(".draw-between")).not_to_have_count(0)
    assert len(drawn(phone)) == 3
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
