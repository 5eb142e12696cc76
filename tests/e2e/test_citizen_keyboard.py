"""The citizen's whole path by keyboard alone, as people walk it who use no mouse or don't see the map."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.builders import CENTRE, a_basemap, a_map
from tests.e2e.citizen_steps import WORDS, open_map, screen, stored_pins
from tests.e2e.conftest import DESKTOP

MOST_TABS = 40


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_the_whole_path_by_keyboard_alone(desktop: Page, live_session: Session) -> None:
    a_map(live_session, questions=[WORDS], basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    open_map(desktop)
    keys = desktop.keyboard

    tab_to(desktop, "Nebezpečně")
    keys.press("Enter")
    screen(desktop, "place")
    # The map has the focus now: arrows move it under the crosshair, Enter places.
    keys.press("ArrowRight")
    expect(desktop.locator("#voice")).to_contain_text("Lipová")
    keys.press("ArrowRight")
    desktop.wait_for_timeout(400)
    keys.press("Enter")
    screen(desktop, "comment")
    keys.type("Nesvítí tu lampy.")
    tab_to(desktop, "")
    keys.press("Space")
    tab_to(desktop, "Odeslat")
    keys.press("Enter")
    screen(desktop, "thanks")

    (pin,) = stored_pins(desktop)
    assert pin["properties"]["comment"] == "Nesvítí tu lampy."
    assert pin["properties"]["when"] == "day"
    assert pin["geometry"]["coordinates"][0] > CENTRE[0]

    tab_to(desktop, "Moje značky")
    keys.press("Enter")
    tab_to(desktop, "Lipová")
    keys.press("Enter")
    screen(desktop, "own")
    tab_to(desktop, "Smazat")
    keys.press("Enter")
    expect(desktop.get_by_text("Smazáno.")).to_be_visible()
    tab_to(desktop, "Vrátit")
    keys.press("Enter")
    expect(desktop.get_by_text("Je zpátky.")).to_be_visible()
    assert len(stored_pins(desktop)) == 1


def test_a_place_is_found_by_name_without_the_map(desktop: Page, live_session: Session) -> None:
    a_map(live_session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    open_map(desktop)
    tab_to(desktop, "Bezpečně")
    desktop.keyboard.press("Enter")
    screen(desktop, "place")
    desktop.keyboard.press("Shift+Tab")
    desktop.get_by_role("button", name="Najít ulici nebo místo").focus()
    desktop.keyboard.press("Enter")
    desktop.keyboard.type("lip")
    desktop.keyboard.press("Enter")
    screen(desktop, "place")
    expect(desktop.locator(".place-status")).to_have_text("Nejblíž: Lipová")


def test_escape_goes_back_and_the_focus_is_never_lost(desktop: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(desktop)
    tab_to(desktop, "Bezpečně")
    desktop.keyboard.press("Enter")
    screen(desktop, "place")
    desktop.keyboard.press("Enter")
    screen(desktop, "comment")
    desktop.keyboard.press("Escape")
    screen(desktop, "place")
    assert desktop.evaluate("document.activeElement.id") == "map"
    desktop.keyboard.press("Escape")
    screen(desktop, "start")
    assert desktop.evaluate("document.activeElement.tagName") == "H2"


def test_the_border_is_spoken_before_anything_is_sent(desktop: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(desktop)
    tab_to(desktop, "Bezpečně")
    desktop.keyboard.press("Enter")
    screen(desktop, "place")
    voice = desktop.locator("#voice")
    for _ in range(60):
        desktop.keyboard.press("ArrowUp")
        desktop.wait_for_timeout(200)
        if "mimo mapu" in (voice.text_content() or ""):
            break
    expect(voice).to_contain_text("mimo mapu")
    desktop.keyboard.press("Enter")
    screen(desktop, "place")


def test_without_scripts_the_page_says_what_to_do(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session)
    page = open_context(**DESKTOP, java_script_enabled=False).new_page()
    page.goto("/m/testov")
    expect(page.locator("noscript .notice")).to_be_visible()
