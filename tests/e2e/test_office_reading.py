"""Reading a map in a real browser: draw an area, search in it, see a table, take it away, look at the overview."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.models import Town
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_official, moment
from tests.e2e.test_office_map import PAGE, READY, enter

AGE = {
    "key": "age",
    "label": {"cs": "Kolik je vám let?"},
    "options": [
        {"key": "15-64", "label": {"cs": "15–64"}},
        {"key": "65plus", "label": {"cs": "65 a více"}},
    ],
}


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """Comments in the middle and one aside; a town with a census."""
    the_map = a_map(live_session, basemap_geojson=a_basemap(), about=[AGE])
    said = ["Chybí lavička", "Lavičky bez opěradla", "Tma u školy"]
    for n, comment in enumerate(said):
        at = (CENTRE[0] + n * 0.0004, CENTRE[1])
        when = moment(f"2026-09-0{n + 1}T10:00:00Z")
        a_pin(live_session, the_map, "improve", at, f"p{n}", comment=comment, created_at=when)
    a_pin(live_session, the_map, "safe", (15.535, 49.627), "far", comment="Lavička v lese")
    for n in range(20):
        a_pin(live_session, the_map, respondent=f"young {n}", about={"age": "15-64"})
    groups = [{"from": 15, "to": 64, "people": 600}, {"from": 65, "to": None, "people": 300}]
    census = {"source": "ČSÚ", "groups": [group | {"sex": sex} for group in groups for sex in "fm"]}
    live_session.query(Town).filter_by(slug="testov").one().census = census
    live_session.commit()
    an_official(live_session, role="viewer")
    return the_map


def test_area_is_drawn_searched_shown_as_a_table_and_taken_away(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    desktop.locator("[data-word=area] summary").click()
    desktop.locator("[data-area-draw]").click()
    box = desktop.locator("#map").bounding_box()
    assert box is not None
    panel = desktop.locator("[data-layers]").bounding_box()
    assert panel is not None
    left = panel["x"] + panel["width"]  # the town lies beside the panel
    middle = ((left + box["x"] + box["width"]) / 2, box["y"] + box["height"] / 2)
    for dx, dy in ((-90, -90), (90, -90), (90, 90), (-90, 90)):
        desktop.mouse.click(middle[0] + dx, middle[1] + dy)
    expect(desktop.locator(".draw-corner")).to_have_count(4)
    desktop.locator("[data-draw-done]").click()
    expect(desktop.locator(".office-area-shape")).to_have_count(1)
    expect(desktop.locator(".office-pin")).to_have_count(3)
    expect(desktop).to_have_url(re.compile("area="))

    desktop.locator("#words").fill("lavicky")
    expect(desktop.locator(".office-pin")).to_have_count(2)
    desktop.locator("select[name=view]").select_option("table")
    expect(desktop.locator("tr.office-row")).to_have_count(2)
    expect(desktop.locator("tr.office-row").first).to_contain_text("Lipová")

    desktop.locator("tr.office-row").first.locator(".office-row-text").click()
    expect(desktop.locator(".office-row-open")).to_contain_text("Lavičky bez opěradla")
    expect(desktop.locator(".map-chosen")).to_have_count(1)

    link = desktop.locator(".office-table-take a")
    expect(link).to_have_attribute("href", re.compile(r"pins\.csv\?.*words=lavicky"))
    expect(link).to_have_attribute("href", re.compile("area="))
    with desktop.expect_download() as taken:
        link.click()
    text = taken.value.path().read_text("utf-8-sig")
    assert "Chybí lavička" in text
    assert "v lese" not in text

    desktop.reload()
    desktop.wait_for_selector(READY)
    expect(desktop.locator("tr.office-row")).to_have_count(2)
    expect(desktop.locator(".office-area-shape")).to_have_count(1)
    desktop.locator("[data-word=area] summary").click()
    desktop.locator("[data-area-clear]").click()
    expect(desktop.locator("tr.office-row")).to_have_count(3)
    expect(desktop).not_to_have_url(re.compile("area="))


def test_area_is_drawn_by_keyboard_alone(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    press = desktop.keyboard.press
    desktop.locator("[data-word=area] summary").focus()
    press("Enter")
    press("Tab")
    press("Enter")
    expect(desktop.locator("#map")).to_be_focused()
    press("Enter")  # the crosshair appears in the middle
    for keys in (["ArrowLeft", "ArrowUp"] * 3, ["ArrowRight"] * 6, ["ArrowDown"] * 6, ["ArrowLeft"] * 6):
        for key in keys:
            press(key)
        press("Enter")
    expect(desktop.locator(".draw-corner")).to_have_count(4)
    press("Escape")
    expect(desktop.locator(".office-area-shape")).to_have_count(1)
    expect(desktop.locator(".office-pin")).to_have_count(3)


def test_overview_can_be_read_on_a_phone(phone: Page, town: MapRecord) -> None:
    enter(phone, f"{PAGE}/dashboard")
    expect(phone.locator("h1")).to_be_visible()
    phone.wait_for_load_state("load")  # without its styles a page is as wide as it likes
    missing = phone.locator(".dash-missing li").first
    expect(missing).to_contain_text("65")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    bars = phone.locator(".cover rect.cover-town")
    assert bars.count() >= 2
    widths = bars.evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert max(widths) > 40
