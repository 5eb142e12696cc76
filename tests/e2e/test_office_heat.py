"""Heat as an official uses it, in a real browser: filter, slider by keyboard, share, and words for too few."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official

PAGE = "/office/maps/testov"
READY = "html[data-office=ready]"
LEGEND = "[data-legend]"
TILES = ".map-heat img"


def a_question(key: str, kind: str, *options: str) -> dict[str, object]:
    return {
        "key": key,
        "type": kind,
        "label": {"cs": key, "en": key},
        "options": [{"key": one, "label": {"cs": one, "en": one}} for one in options],
    }


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """Eight women afraid by night and nine men by day, elsewhere; everybody feels safe in the middle."""
    the_map = a_map(
        live_session,
        basemap_geojson=a_basemap(),
        about=[a_question("gender", "single", "woman", "man")],
        questions=[a_question("when", "multiple", "day", "night")],
    )
    for n in range(17):
        gender, when, east = ("woman", "night", 0.006) if n < 8 else ("man", "day", -0.006)
        for category, at in (("unsafe", (CENTRE[0] + east, CENTRE[1])), ("safe", CENTRE)):
            a_pin(
                live_session,
                the_map,
                category,
                at,
                f"person {n}",
                about={"gender": gender},
                answers={"when": [when]},
            )
    an_official(live_session, role="viewer")
    return the_map


def enter(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)


def test_sentence_legend_and_picture_stay_together(desktop: Page, town: MapRecord) -> None:
    enter(desktop, f"{PAGE}?category=unsafe")
    legend = desktop.locator(LEGEND)
    expect(legend).to_contain_text("17")
    everybody = legend.inner_text()
    desktop.locator('[data-word="who"] summary').click()
    with desktop.expect_response(re.compile(r"/heat/.*about_gender=woman")) as tile:
        desktop.locator("#about_gender").select_option("woman")
    assert tile.value.status == 200
    with desktop.expect_response(re.compile(r"/heat/.*about_gender=woman.*answer_when=night")):
        desktop.locator("#answer_when").select_option("night")
    expect(legend.locator(".office-legend-chosen")).to_contain_text("woman · night")
    expect(legend).to_contain_text("8")
    assert legend.inner_text() != everybody
    expect(desktop.locator('[data-carries="heat"]').first).to_have_attribute(
        "href", re.compile("about_gender=woman.*answer_when=night")
    )

    desktop.keyboard.press("Escape")
    slider = desktop.locator("#bandwidth")
    slider.focus()
    with desktop.expect_response(re.compile(r"/heat/.*bandwidth=125")):
        desktop.keyboard.press("ArrowRight")
        desktop.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "125 m")
    expect(desktop.locator("[data-bandwidth-words]")).to_have_text("125\u00a0m")

    with desktop.expect_response(re.compile(r"/heat/.*measure=share")):
        desktop.locator('input[name="heat"][value="share"]').check()
    expect(legend.locator(".office-legend.is-share li")).to_have_count(5)
    expect(desktop.locator('a[href*="heat.tif"]')).to_have_attribute(
        "href", re.compile("measure=share.*bandwidth=125")
    )
    assert "heat=share&bandwidth=125" in desktop.url
    desktop.reload()
    desktop.wait_for_selector(READY)
    expect(desktop.locator('input[name="heat"][value="share"]')).to_be_checked()
    expect(slider).to_have_attribute("aria-valuetext", "125 m")
    expect(desktop.locator(TILES).first).to_be_attached()

    desktop.locator("#words").fill("nothing like this")
    expect(legend.locator(".office-legend-words")).to_be_visible()
    expect(desktop.locator(TILES)).to_have_count(0)


def test_map_opens_at_the_area_of_its_address(desktop: Page, town: MapRecord) -> None:
    x, y = CENTRE[0] + 0.006, CENTRE[1]
    corners = [(x - 0.001, y - 0.001), (x + 0.001, y - 0.001), (x + 0.001, y + 0.001), (x - 0.001, y + 0.001)]
    area = ",".join(f"{lon:.5f} {lat:.5f}" for lon, lat in corners)
    enter(desktop, f"{PAGE}?category=unsafe&area={area.replace(' ', '+')}")
    shape = desktop.locator("path.office-area-shape").bounding_box()
    side = desktop.locator("#map").bounding_box()
    panel = desktop.locator("[data-layers]").bounding_box()
    assert shape
    assert side
    assert panel
    assert max(shape["width"] / side["width"], shape["height"] / side["height"]) > 0.3
    assert shape["x"] >= panel["x"] + panel["width"] - 1
    assert shape["x"] + shape["width"] <= side["x"] + side["width"] + 1
