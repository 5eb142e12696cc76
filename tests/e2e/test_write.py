"""Taking part without the map: with scripts, without them, without a connection; what the map says to keys."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin, Respondent
from app.queries.maps import MapRecord
from tests.builders import a_map, a_pin, streets_and_places
from tests.e2e.citizen_steps import WORDS, open_map, screen, stored_pins
from tests.e2e.conftest import PHONE

PAGE = "/m/testov/write?lang=en"
ABOUT = {
    "key": "age",
    "label": {"en": "How old are you?"},
    "type": "single",
    "options": [{"key": "old", "label": {"en": "over 65"}}],
}


def a_town(session: Session, **description: object) -> MapRecord:
    return a_map(session, basemap_geojson=streets_and_places(), questions=[WORDS], about=[ABOUT], **description)


def open_page(page: Page, address: str = PAGE) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-page=ready]", state="attached")


def pins(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Pin)) or 0


def test_a_pin_in_words_is_the_same_persons_as_one_on_the_map(phone: Page, live_session: Session) -> None:
    a_town(live_session)
    open_page(phone)
    phone.get_by_label("Street, stop, school").fill("lipov")
    phone.get_by_role("link", name="Lipová", exact=True).click()
    expect(phone.locator("#h-chosen")).to_be_focused()
    expect(phone.locator("#chosen")).to_contain_text("within about 400 m")
    phone.get_by_label("Here I feel unsafe").check()
    phone.get_by_label("Why?").fill("It is dark here.")
    # More exactly: at a corner. What was written stays.
    phone.get_by_text("at which corner").click()
    phone.get_by_role("link", name="the corner with Krátká").click()
    expect(phone.get_by_label("Why?")).to_have_value("It is dark here.")
    phone.get_by_label("By night").check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#h-thanks")).to_be_focused()
    (pin,) = stored_pins(phone)
    assert pin["properties"]["precision_m"] == 30
    assert (pin["properties"]["category"], pin["properties"]["when"]) == ("unsafe", "night")
    assert {cookie["name"] for cookie in phone.context.cookies()} == {"pocit_lang"}
    phone.get_by_role("button", name="Show me my code").click()
    expect(phone.locator(".write-code")).to_be_visible()
    phone.get_by_label("over 65").check()
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("Thank you, that helps.")).to_be_visible()
    live_session.expire_all()
    assert live_session.scalar(select(Respondent.about)) == {"age": "old"}
    open_map(phone, "/m/testov?lang=en")
    expect(phone.locator(".foot-way .count")).to_have_text("1")


def test_all_of_it_works_without_scripts(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_town(live_session)
    page = open_context(**PHONE, java_script_enabled=False).new_page()
    page.goto("/m/testov?lang=en")
    page.locator("noscript a.button, a.button").first.click()
    page.get_by_role("link", name="Schools").click()
    page.get_by_role("link", name="ZŠ Lipová").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose what you want to say here.")
    page.get_by_label("Here I feel safe").check()
    # A question that this feeling does not ask is not shown.
    expect(page.get_by_text("When?")).to_be_hidden()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    page.get_by_role("button", name="Show me my code").click()
    expect(page.locator(".write-code")).to_be_visible()
    assert pins(live_session) == 1


def test_what_is_sent_without_a_connection_goes_out_once_it_is_back(desktop: Page, live_session: Session) -> None:
    a_town(live_session)
    open_page(desktop, f"{PAGE}&place=street:Lipová")
    desktop.get_by_label("Here I feel safe").check()
    desktop.context.set_offline(True)
    desktop.get_by_role("button", name="Send").click()
    expect(desktop.get_by_text("It is saved on this device")).to_be_visible()
    assert pins(live_session) == 0
    with desktop.expect_response(lambda answer: answer.request.method == "POST" and answer.status == 201):
        desktop.context.set_offline(False)
    assert pins(live_session) == 1


def test_the_step_back_leads_to_finding_and_on_again(desktop: Page, live_session: Session) -> None:
    a_town(live_session)
    open_page(desktop)
    desktop.get_by_label("Street, stop, school").fill("krat")
    desktop.get_by_role("link", name="Krátká").click()
    expect(desktop.locator("#chosen")).to_contain_text("Krátká")
    desktop.go_back()
    expect(desktop.get_by_label("Street, stop, school")).to_be_focused()
    desktop.go_forward()
    expect(desktop.locator("#chosen")).to_contain_text("Krátká")


def test_the_map_says_where_one_is_and_lists_the_pins_around(desktop: Page, live_session: Session) -> None:
    the_map = a_town(live_session, show_others="always")
    a_pin(live_session, the_map, "unsafe", (15.5205, 49.6202), comment="Tady je tma")
    open_map(desktop, "/m/testov?lang=en")
    desktop.locator(".choice").first.click()
    screen(desktop, "place")
    keys = desktop.keyboard
    keys.press("ArrowRight")
    expect(desktop.locator("#voice")).to_contain_text("Lipová")
    keys.press("w")
    expect(desktop.locator(".toast")).to_contain_text("Inside the map. The border is")
    before = desktop.locator(".map-crosshair").bounding_box()
    keys.press("n")
    screen(desktop, "near")
    desktop.get_by_role("button", name="Here I feel unsafe").press("Enter")
    screen(desktop, "other")
    expect(desktop.get_by_text("Tady je tma")).to_be_visible()
    keys.press("Escape")
    keys.press("Escape")
    screen(desktop, "place")
    assert desktop.locator(".map-crosshair").bounding_box() == before
    expect(desktop.locator("#map")).to_be_focused()
    keys.press("?")
    screen(desktop, "keys")
    expect(desktop.get_by_text("list the pins around")).to_be_visible()
