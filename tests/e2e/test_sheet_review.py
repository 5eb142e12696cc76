"""A clerk with a pile of sheets: by keyboard and mouse from mark to mark, and on to the next sheet."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.models import Pin, SheetMark
from app.queries.maps import MapRecord
from tests.builders import PASSWORD, a_basemap, a_map, an_official
from tests.e2e.conftest import PHONE
from tests.marked_sheets import a_mark, a_photo_of, a_sheet_of

READY = "[data-photo][data-ready]"
CHOSEN = ".sheet-mark.is-chosen"


def a_pile(session: Session) -> tuple[MapRecord, list[str]]:
    """A town, and two sheets with marks."""
    the_map = a_map(session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    an_official(session, role="moderator")
    serials = a_sheet_of(session, the_map, 2)
    for serial in serials:
        photo = a_photo_of(session, the_map, serial, ("frame", "table"))
        for n in range(3):
            a_mark(session, the_map, serial, (80.0 + 25 * n, 80.0 + 10 * n), photo_id=photo)
    return the_map, serials


def enter(page: Page, serial: str) -> None:
    page.goto(f"/office/sign-in?next=/office/maps/testov/sheets/{serial}")
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)


def place_of(page: Page, line: str = CHOSEN) -> tuple[float, float]:
    """Where the form says that a mark lies."""
    x, y = (float(page.locator(f'{line} [name="{name}"]').input_value()) for name in "xy")
    return x, y


def test_sheet_is_checked_by_keyboard_and_the_next_one_comes(desktop: Page, live_session: Session) -> None:
    the_map, serials = a_pile(live_session)
    enter(desktop, serials[0])
    press = desktop.keyboard.press
    press("Enter")
    expect(desktop.locator(CHOSEN)).to_have_count(1)
    expect(desktop.locator(".sheet-pin.is-chosen")).to_have_count(2)  # on the photo and on the map
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowUp")
    assert place_of(desktop) == (81.0, 79.5)
    press("2")
    expect(desktop.locator(f"{CHOSEN} select")).to_have_value("unsafe")
    press("c")
    desktop.keyboard.type("Tady je tma 22")  # neither the figures nor the space are keys here
    press("Escape")
    press("Enter")
    press("Delete")
    expect(desktop.locator("[data-store]")).to_contain_text("2")
    press("z")
    expect(desktop.locator("[data-store]")).to_contain_text("3")
    press("Delete")
    press("Control+Enter")
    desktop.wait_for_url(f"**/sheets/{serials[1]}?*")
    expect(desktop.locator(".notice-good")).to_be_visible()
    live_session.expire_all()
    pins = {pin.category: pin for pin in live_session.query(Pin)}
    assert {key: pin.comment for key, pin in pins.items()} == {"unsafe": "Tady je tma 22", "safe": None}
    moved = live_session.get(SheetMark, (the_map.id, pins["unsafe"].id))
    assert moved
    assert (moved.x_mm, moved.y_mm) == (81.0, 79.5)


def test_marks_are_added_moved_and_taken_back_with_the_mouse(desktop: Page, live_session: Session) -> None:
    _, serials = a_pile(live_session)
    enter(desktop, serials[0])
    box = desktop.locator("[data-photo]").bounding_box()
    assert box
    desktop.mouse.dblclick(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6)
    expect(desktop.locator(".sheet-mark")).to_have_count(4)
    on_photo = place_of(desktop)
    town = desktop.locator("#map").bounding_box()
    mark = desktop.locator("#map .sheet-pin.is-chosen").bounding_box()
    assert town
    assert mark
    desktop.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    desktop.mouse.down()
    desktop.mouse.move(mark["x"] + mark["width"] / 2 + 30, mark["y"] + mark["height"] / 2, steps=5)
    desktop.mouse.up()
    dragged = place_of(desktop)
    assert dragged[0] > on_photo[0] + 1
    assert abs(dragged[1] - on_photo[1]) < dragged[0] - on_photo[0]
    desktop.locator("[data-undo]").click()
    desktop.locator("[data-undo]").click()
    expect(desktop.locator(".sheet-mark")).to_have_count(3)
    desktop.locator("[data-add]").click()
    desktop.mouse.click(town["x"] + town["width"] * 0.5, town["y"] + town["height"] * 0.5)
    expect(desktop.locator(".sheet-mark")).to_have_count(4)
    desktop.locator("[data-show=table]").click()
    expect(desktop.locator("[data-table] img")).to_be_visible()
    desktop.locator("[data-store]").click()
    desktop.wait_for_url(f"**/sheets/{serials[1]}?*")
    live_session.expire_all()
    assert live_session.query(Pin).count() == 4


def test_sheet_is_checked_on_a_phone(open_context: Callable[..., BrowserContext], live_session: Session) -> None:
    _, serials = a_pile(live_session)
    phone = open_context(**PHONE).new_page()
    enter(phone, serials[0])
    phone.locator("[data-photo] .sheet-pin").first.tap()
    expect(phone.locator(CHOSEN)).to_have_count(1)
    phone.locator(f'{CHOSEN} [name="comment"]').fill("Chybí lavička")
    phone.locator(".sheet-mark").nth(2).locator('[name="drop"]').check()
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.locator("[data-store]").tap()
    phone.wait_for_url(f"**/sheets/{serials[1]}?*")
    live_session.expire_all()
    assert sorted(pin.comment or "" for pin in live_session.query(Pin)) == ["", "Chybí lavička"]
