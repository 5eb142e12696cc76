"""From a pin to an answer and away again: a citizen, an official who draws the place, a phone, a receipt."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.models import AnsweredPlace, Pin, Respondent
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_official
from tests.e2e.citizen_steps import open_map, place_a_pin, screen
from tests.e2e.conftest import DESKTOP, PHONE


def draw_a_square(page: Page) -> None:
    """Click the four corners of a square around the middle of the map, and close it."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["width"] / 2, box["height"] / 2
    for dx, dy in ((-90, -90), (90, -90), (90, 90), (-90, 90)):
        page.locator("#map").click(position={"x": x + dx, "y": y + dy})
    page.get_by_role("button", name="Uzavřít oblast").or_(
        page.get_by_role("button", name="Close the area")
    ).click()


def test_citizen_is_answered_and_takes_everything_back(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    the_map = a_map(live_session, basemap_geojson=a_basemap())
    an_official(live_session, role="moderator")
    kept = a_pin(live_session, the_map, "unsafe", CENTRE, "somebody else")
    phone = open_context(**PHONE).new_page()
    open_map(phone)
    place_a_pin(phone, "Nebezpečně", "Tady je tma")

    # The official draws the place; how many it reaches is told before anything is saved.
    office = open_context(**DESKTOP).new_page()
    office.goto("/office/maps/testov/places/new?lang=en")
    office.fill("#email", "urad@testov.example")
    office.fill("#password", PASSWORD)
    office.keyboard.press("Enter")
    office.wait_for_selector("html[data-office=ready]")
    draw_a_square(office)
    expect(office.locator("[data-reach]")).to_contain_text("It will reach 2 pins of 2 people.")
    expect(office.locator("#name")).to_have_value("Lipová")
    office.locator('.chip:has([name="status"][value="planned"])').click()
    office.locator("[data-answer]").fill("Lampy **vyměníme** na jaře.")
    office.locator('.button-primary[value="save"]').click()
    expect(office.locator(".answers-place")).to_contain_text("reached 2 pins of 2 people")
    expect(office.locator("#map path.answer-area-planned")).to_have_count(1)
    assert live_session.query(AnsweredPlace).one().name == "Lipová"

    # The citizen sees a quiet mark, and behind it the answer; once seen, the mark is gone.
    open_map(phone, "/m/testov?lang=en")
    expect(phone.locator(".foot-way .news")).to_have_count(1)
    phone.locator(".foot-way", has_text="My pins").tap()
    screen(phone, "mine")
    expect(phone.locator(".mark-row .label")).to_have_text("planned")
    phone.locator(".mark-row").tap()
    expect(phone.locator(".town-answer strong", has_text="vyměníme")).to_have_count(1)
    phone.locator(".sheet-back").tap()
    screen(phone, "mine")
    phone.locator(".foot-way", has_text="another device").first.tap()
    phone.get_by_role("button", name="Make a code").tap()
    code = phone.locator(".receipt-code").text_content() or ""
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", code)
    open_map(phone, "/m/testov?lang=en")
    expect(phone.locator(".foot-way .news")).to_have_count(0)

    # Everybody reads it with the results.
    office.goto("/m/testov/results?lang=en")
    expect(office.locator(".town-says-place")).to_contain_text("Lampy vyměníme na jaře.")

    # The code opens it elsewhere, without a script; there everything is taken back.
    library = open_context(**(DESKTOP | {"java_script_enabled": False})).new_page()
    library.goto("/m/testov/receipt?lang=en")
    library.fill("#code", code.lower())
    library.keyboard.press("Enter")
    expect(library.locator(".receipt-pin")).to_contain_text("Tady je tma")
    expect(library.locator(".receipt-answer")).to_contain_text("Lampy vyměníme na jaře.")
    assert code not in library.url
    library.locator(".receipt-withdraw").click()
    expect(library.locator("main")).to_contain_text("your 1 pin with its words")
    library.get_by_role("button", name="Delete everything of mine").click()
    expect(library.locator(".notice-good")).to_contain_text("Everything of yours has been deleted")
    live_session.expire_all()
    assert [pin.id for pin in live_session.query(Pin)] == [kept.id]
    assert [person.id for person in live_session.query(Respondent)] == [kept.respondent_id]
    open_map(phone, "/m/testov?lang=en")
    phone.locator(".foot-way", has_text="My pins").tap()
    expect(phone.locator(".mark-row")).to_have_count(0)


def test_citizen_takes_everything_back_on_the_phone_itself(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session)
    phone = open_context(**PHONE).new_page()
    open_map(phone)
    place_a_pin(phone, "Nebezpečně", "Tady je tma")
    open_map(phone, "/m/testov?lang=en")
    phone.locator(".foot-way", has_text="My pins").tap()
    phone.locator(".foot-way", has_text="Delete everything of mine").tap()
    screen(phone, "withdraw")
    expect(phone.locator("#sheet")).to_contain_text("your 1 pin with its words")
    phone.get_by_role("button", name="Delete everything of mine").tap()
    screen(phone, "start")
    expect(phone.locator(".toast")).to_contain_text("Everything of yours has been deleted")
    assert live_session.query(Pin).count() == live_session.query(Respondent).count() == 0
    assert phone.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('pocit:testov'))") == []
