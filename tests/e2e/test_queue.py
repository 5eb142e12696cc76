"""A moderator's walk through the queue: by keyboard alone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.models import Pin, PinState
from app.queries.maps import MapRecord
from app.services.flags import check_new
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official, moment
from tests.e2e.conftest import DESKTOP

QUEUE = "/office/maps/testov/queue"
SELECT_FIVE = "(p) => getSelection().setBaseAndExtent(p.firstChild, 0, p.firstChild, 5)"
READY = "html[data-office=ready]"
SAID = (
    "Zavolejte mi na 777 123 456, prosím.",
    "Kurva, zase tma!",
    "Novák tu parkuje na chodníku.",
    "Viz www.vzorov.example",
)


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """A map with four comments to look at, and a moderator."""
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    for n, comment in enumerate(SAID):
        a_pin(
            live_session,
            the_map,
            "unsafe",
            (CENTRE[0] + n * 0.002, CENTRE[1]),
            f"person {n}",
            comment=comment,
            state=PinState.PENDING if n < 3 else PinState.VISIBLE,
            created_at=moment(f"2026-09-0{n + 1}T10:00:00Z"),
        )
    check_new(live_session, the_map)
    live_session.commit()
    an_official(live_session, role="moderator")
    return the_map


def enter(page: Page) -> None:
    page.goto(QUEUE)
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}")


def stored(session: Session) -> dict[str, str]:
    """The state of each pin by what its author wrote."""
    session.expire_all()
    return {pin.original_comment or pin.comment: pin.state for pin in session.query(Pin)}


def test_whole_queue_by_keyboard_and_back(desktop: Page, town: MapRecord, live_session: Session) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    press = desktop.keyboard.press
    items, current = desktop.locator(".queue-item"), desktop.locator(".queue-item.is-current")
    expect(items).to_have_count(4)
    expect(current).to_contain_text("777 123 456")
    expect(current.locator("mark")).to_have_text("777 123 456")
    expect(current.locator("[data-near]")).to_have_text("Lipová")

    press("m")
    expect(items).to_have_count(3)
    expect(current).to_contain_text("Kurva")
    live_session.expire_all()
    covered = live_session.query(Pin).filter(Pin.original_comment.is_not(None)).one()
    assert covered.comment == "Zavolejte mi na •••••••••••, prosím."

    press("h")
    expect(current.locator("[data-hide]")).to_have_attribute("open", "")
    press("2")
    expect(items).to_have_count(2)
    expect(current).to_contain_text("Novák")
    assert stored(live_session)[SAID[1]] == PinState.HIDDEN

    press("a")
    expect(items).to_have_count(1)
    press("x")
    expect(desktop.locator("[data-bulk-deeds]")).to_be_visible()
    press("a")
    expect(desktop.locator(".queue-empty")).to_be_visible()
    assert set(stored(live_session).values()) == {PinState.VISIBLE, PinState.HIDDEN}

    for left in (1, 2, 3, 4):
        press("u")
        expect(items).to_have_count(left)
    assert list(stored(live_session).values()).count(PinState.PENDING) == 3
    expect(current).to_contain_text("777 123 456")


def test_selected_words_are_covered_and_many_pins_at_once(
    desktop: Page, town: MapRecord, live_session: Session
) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    item = desktop.locator(".queue-item", has_text="Novák")
    item.locator("[data-comment]").evaluate(
        "(p) => getSelection().setBaseAndExtent(p.firstChild, 0, p.firstChild, 5)"
    )
    desktop.keyboard.press("j")
    desktop.keyboard.press("j")
    item.locator("[data-comment]").evaluate(
        "(p) => getSelection().setBaseAndExtent(p.firstChild, 0, p.firstChild, 5)"
    )
    desktop.keyboard.press("m")
    expect(item.locator("[data-words] .input")).to_have_value("Novák")
    desktop.keyboard.press("Enter")
    expect(desktop.locator(".queue-item")).to_have_count(3)
    live_session.expire_all()
    assert live_session.query(Pin).filter_by(original_comment=SAID[2]).one().comment.startswith("••••• tu")

    desktop.locator("[data-tick-all]").check()
    desktop.locator("[data-bulk-deeds] button", has_text="Schválit").click()
    expect(desktop.locator(".queue-empty")).to_be_visible()
    desktop.locator(".toast button").click()
    expect(desktop.locator(".queue-item")).to_have_count(3)


def test_colleague_who_was_faster_is_told_and_nothing_is_lost(
    desktop: Page, town: MapRecord, live_session: Session
) -> None:
    enter(desktop)
    desktop.wait_for_selector(READY)
    first = live_session.query(Pin).filter_by(comment=SAID[0]).one()
    first.comment, first.changed_at = "Teď je tu jiný text", moment("2030-01-01T00:00:00Z")
    live_session.commit()
    desktop.keyboard.press("a")
    expect(desktop.locator(".toast")).to_be_visible()
    expect(desktop.locator(".queue-item.is-current")).to_contain_text("jiný text")
    assert stored(live_session)["Teď je tu jiný text"] == PinState.PENDING


def test_queue_works_without_scripts(
    open_context: Callable[..., BrowserContext], town: MapRecord, live_session: Session
) -> None:
    page = open_context(**(DESKTOP | {"java_script_enabled": False})).new_page()
    enter(page)
    first = page.locator(".queue-item").first
    first.locator("summary").first.click()
    first.locator("[data-ready='1']").click()
    expect(page.locator(".queue-item")).to_have_count(3)
    assert stored(live_session)[SAID[0]] == PinState.HIDDEN
    page.locator(".queue-done button").click()
    expect(page.locator(".queue-item")).to_have_count(4)
    page.locator("[data-tick]").nth(0).check()
    page.locator("[data-tick]").nth(1).check()
    page.locator("button[value='approve ticked']").click()
    expect(page.locator(".queue-item")).to_have_count(2)
