"""A moderator's work on the map in a real browser: by mouse, by keyboard, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.models import Pin, PinState
from app.queries.maps import MapRecord
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official, moment
from tests.e2e.conftest import DESKTOP

PAGE = "/office/maps/testov"
READY = "html[data-office=ready]"


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """A map with three comments, one of them waiting, and a moderator."""
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    say = [
        ("unsafe", "Nesvítí lampa", PinState.VISIBLE),
        ("safe", "Hezké místo", PinState.VISIBLE),
        ("improve", "Lavičku prosím", PinState.PENDING),
    ]
    for n, (category, comment, state) in enumerate(say):
        at = (CENTRE[0] + n * 0.002, CENTRE[1])
        a_pin(
            live_session,
            the_map,
            category,
            at,
            f"person {n}",
            comment=comment,
            state=state,
            created_at=moment(f"2026-09-0{n + 1}T10:00:00Z"),
        )
    an_official(live_session, role="moderator")
    return the_map


def enter(page: Page, address: str = PAGE) -> None:
    """Sign in through the form, on the way to an address."""
    page.goto(address)
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")


def state_of(session: Session, comment: str) -> str:
    session.expire_all()
    return session.query(Pin).filter_by(comment=comment).one().state


def test_pin_is_hidden_and_brought_back_with_the_mouse(
    desktop: Page, town: MapRecord, live_session: Session
) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    desktop.get_by_text("Nesvítí lampa").click()
    item = desktop.locator(".office-pin.is-open")
    expect(item).to_contain_text("Lipová")
    expect(desktop.locator(".map-chosen")).to_have_count(1)
    item.locator("[data-hide] summary").click()
    item.locator("[name=ready]").nth(1).check()
    item.locator("form[data-do=hide] .button-danger").click()
    expect(desktop.locator('.office-pin[data-state="hidden"]')).to_have_count(1)
    assert state_of(live_session, "Nesvítí lampa") == PinState.HIDDEN
    desktop.locator(".toast button").click()
    expect(desktop.locator('.office-pin[data-state="hidden"]')).to_have_count(0)
    assert state_of(live_session, "Nesvítí lampa") == PinState.VISIBLE


def test_whole_round_by_keyboard_alone(desktop: Page, town: MapRecord, live_session: Session) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    press = desktop.keyboard.press
    press("j")
    expect(desktop.locator('.office-pin.is-open[data-state="pending"] form[data-do=approve]')).to_be_visible()
    press("a")
    expect(desktop.locator('.office-pin.is-open[data-state="visible"]')).to_have_count(1)
    assert state_of(live_session, "Lavičku prosím") == PinState.VISIBLE
    press("j")
    expect(desktop.locator(".office-pin.is-open")).to_contain_text("Hezké místo")
    expect(desktop.locator(".office-pin.is-open [data-hide]")).to_have_count(1)
    press("h")
    expect(desktop.locator(".office-pin.is-open [name=ready]").first).to_be_focused()
    press("Escape")
    expect(desktop.locator(".office-pin.is-open")).to_be_focused()
    press("h")
    press("Space")
    press("Enter")
    expect(desktop.locator('.office-pin.is-open[data-state="hidden"]')).to_have_count(1)
    press("s")
    expect(desktop.locator('.office-pin.is-open[data-state="visible"]')).to_have_count(1)
    press("/")
    desktop.keyboard.type("lampa")
    expect(desktop.locator(".office-pin")).to_have_count(1)
    assert desktop.url.endswith("?words=lampa")


def test_filter_changes_list_counts_heat_and_address_together(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    with (
        desktop.expect_response("**/legend?category=unsafe**"),
        desktop.expect_response("**/pins.json?category=unsafe"),
    ):
        desktop.locator('label.chip[data-category="unsafe"]').click()
    expect(desktop.locator(".office-pin")).to_have_count(1)
    expect(desktop.locator('[data-carries="heat"]').first).to_have_attribute("href", re.compile("category=unsafe"))
    desktop.reload()
    expect(desktop.locator(".office-pin")).to_have_count(1)


def test_keys_can_be_switched_off_and_stay_off(desktop: Page, town: MapRecord) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    desktop.locator("[data-keys-switch]").click()
    desktop.keyboard.press("j")
    expect(desktop.locator(".office-pin.is-current")).to_have_count(0)
    desktop.reload()
    desktop.wait_for_selector(READY)
    desktop.keyboard.press("j")
    expect(desktop.locator(".office-pin.is-current")).to_have_count(0)


def test_pin_touched_on_the_map_opens_in_the_list(phone: Page, town: MapRecord) -> None:
    enter(phone)
    phone.wait_for_selector(READY)
    phone.locator(".office-pin").first.tap()
    expect(phone.locator(".office-pin.is-open")).to_contain_text("Lavičku")
    box = phone.locator(".map-chosen").bounding_box()
    assert box is not None
    phone.locator(".office-pin").nth(1).tap()
    expect(phone.locator(".office-pin.is-open")).to_contain_text("Hezké")
    where = phone.locator(".map-chosen").bounding_box()
    assert where is not None
    phone.touchscreen.tap(where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    expect(phone.locator(".office-pin.is-open")).to_contain_text("Hezké")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_signed_out_meanwhile_one_is_told_and_nothing_is_done(
    desktop: Page, town: MapRecord, live_session: Session
) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    desktop.keyboard.press("j")
    expect(desktop.locator("form[data-do=approve]")).to_be_visible()
    an_official(live_session, role="moderator")  # a new password ends the session
    desktop.keyboard.press("a")
    expect(desktop.locator(".toast button")).to_be_visible()
    assert state_of(live_session, "Lavičku prosím") == PinState.PENDING


def test_everything_works_without_scripts(
    open_context: Callable[..., BrowserContext], town: MapRecord, live_session: Session
) -> None:
    page = open_context(**(DESKTOP | {"java_script_enabled": False})).new_page()
    enter(page)
    page.locator('label.chip[data-category="unsafe"] input').check()
    page.locator("[data-go]").click()
    expect(page.locator(".office-pin")).to_have_count(1)
    page.locator(".office-pin-link").click()
    page.locator("[data-hide] summary").click()
    page.locator("textarea[name=reason]").fill("Prosíme slušně.")
    page.locator("form[action$=hide] .button-danger").click()
    expect(page.locator('.office-pin[data-state="hidden"]')).to_contain_text("Prosíme slušně.")
    assert state_of(live_session, "Nesvítí lampa") == PinState.HIDDEN
