"""What a person does on the citizen's page, step by step, for the tests that walk its path."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, expect

WORDS = {
    "key": "when",
    "label": {"cs": "Kdy to tak je?", "en": "When?"},
    "type": "single",
    "categories": ["unsafe"],
    "options": [
        {"key": "day", "label": {"cs": "Ve dne", "en": "By day"}},
        {"key": "night", "label": {"cs": "V noci", "en": "By night"}},
    ],
}
"""A question asked with one category only."""


def open_map(page: Page, address: str = "/m/testov?lang=cs") -> None:
    """The page of a map, scripts running and the map painted."""
    page.goto(address)
    page.wait_for_selector("html[data-page=ready]", state="attached")
    page.wait_for_selector("#map[data-ready]")


def screen(page: Page, name: str) -> None:
    """Wait until this screen is shown."""
    expect(page.locator("#sheet")).to_have_attribute("data-screen", name)


def stored_pins(page: Page) -> list[dict[str, object]]:
    """The pins that the server holds for this device, as its own page asks for them."""
    answer = page.evaluate(
        """async () => {
            const token = JSON.parse(localStorage.getItem("pocit:testov:token"));
            if (!token) return "[]";
            const headers = {Authorization: `Bearer ${token}`};
            const answer = await fetch("/api/collections/testov/respondent", {headers});
            return JSON.stringify((await answer.json()).pins.features);
        }"""
    )
    found: list[dict[str, object]] = json.loads(answer)
    return found


def drag_map(page: Page, dx: int, dy: int) -> None:
    """One stroke of a thumb over the map."""
    # A map that is still zooming takes no strokes.
    expect(page.locator(".leaflet-zoom-anim")).to_have_count(0)
    box = page.locator("#map").bounding_box()
    assert box is not None
    _stroke(page, box["width"] / 2, 260, dx, dy)


def pull(page: Page, what: Locator, dy: int) -> None:
    """Take hold of something with a thumb and pull it down."""
    box = what.bounding_box()
    assert box is not None
    _stroke(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0, dy)


def _stroke(page: Page, x: float, y: float, dx: int, dy: int) -> None:
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x + dx * step / 10, "y": y + dy * step / 10}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def choose(page: Page, word: str) -> None:
    """Tap the large choice of this word."""
    page.locator(".choice").filter(has=page.get_by_text(word, exact=True)).tap()


def place_a_pin(page: Page, word: str, comment: str = "") -> None:
    """A whole mark by touch, where the crosshair stands."""
    choose(page, word)
    screen(page, "place")
    page.get_by_role("button", name="Je to tady").tap()
    screen(page, "comment")
    if comment:
        page.locator("#comment").fill(comment)
    page.get_by_role("button", name="Odeslat").tap()
    screen(page, "thanks")
