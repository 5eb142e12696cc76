"""Very many pins on canvas tiles: what is painted lies where the pins are."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.builders import CENTRE, a_map, a_pin
from tests.e2e.citizen_steps import open_map, screen

PAINTED = """() => {
    const places = [];
    for (const canvas of document.querySelectorAll("canvas.map-pins")) {
        const box = canvas.getBoundingClientRect();
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        for (let i = 0; i < width * height; i += 1)
            if (data[4 * i + 3] > 128)
                places.push([box.x + ((i % width) / width) * box.width,
                             box.y + (Math.floor(i / width) / height) * box.height]);
    }
    const mean = (n) => places.reduce((sum, place) => sum + place[n], 0) / places.length;
    return places.length ? [mean(0), mean(1)] : null;
}"""
"""Where the middle of all that is painted lies on the page."""


def test_a_tap_on_a_painted_pin_opens_it_also_after_the_map_was_pulled(phone: Page, live_session: Session) -> None:
    the_map = a_map(live_session, show_others="always")
    a_pin(live_session, the_map, at=(CENTRE[0] + 0.001, CENTRE[1] + 0.002), comment="Tady to je.")
    live_session.commit()
    open_map(phone)
    for pull in (0, 70):
        if pull:
            phone.keyboard.press("Escape")
            phone.locator("#map").focus()
            phone.keyboard.press("ArrowUp")
        phone.locator("canvas.map-pins").first.wait_for(state="attached")
        expect(phone.locator(".leaflet-pan-anim")).to_have_count(0)
        x, y = phone.evaluate(PAINTED)

        phone.touchscreen.tap(x, y)

        screen(phone, "other")
        expect(phone.locator("#sheet")).to_contain_text("Tady to je.")
