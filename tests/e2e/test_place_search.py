"""Looking a place up on the citizen's page: by keyboard and by thumb, with the town's addresses and without."""

from __future__ import annotations

import io

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.inputs.address_files import Wanted, read_address_file
from app.queries.maps import MapRecord
from app.services.addresses import replace_addresses
from app.services.audit import BY_ITSELF
from tests.builders import CENTRE, OUTSIDE, a_map
from tests.e2e.citizen_steps import choose, open_map, screen
from tests.ruian import a_list, a_row

HERE = (15.512, 49.615)


def with_addresses(session: Session) -> MapRecord:
    the_map = a_map(session, ruian=900001)
    rows = [
        a_row(1, HERE, orientation=3),
        a_row(2, CENTRE, house=14),
        a_row(3, CENTRE, street="Úzká", house=1),
        a_row(4, OUTSIDE, street="Daleká", house=1),
    ]
    found = read_address_file(io.BytesIO(a_list(rows)), Wanted(900001, "Testov"))
    replace_addresses(session, BY_ITSELF, the_map.town_slug, found.rows)
    session.commit()
    return the_map


def test_an_address_is_typed_chosen_and_under_the_crosshair(desktop: Page, live_session: Session) -> None:
    with_addresses(live_session)
    open_map(desktop)
    desktop.locator(".choice[data-category=safe]").click()
    screen(desktop, "place")
    desktop.get_by_role("button", name="Najít ulici nebo místo").click()
    field = desktop.get_by_role("combobox")
    expect(field).to_be_focused()
    desktop.keyboard.type("siroka 12")
    option = desktop.get_by_role("option")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("Široká 12/3, Testov")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-activedescendant", "find-0")
    expect(desktop.get_by_text("© ČÚZK, RÚIAN")).to_be_visible()
    desktop.keyboard.press("Enter")
    screen(desktop, "place")
    expect(desktop.locator(".place-status")).to_have_text("Nejblíž: Široká 12/3, Testov")
    desktop.keyboard.press("Enter")
    screen(desktop, "comment")
    desktop.get_by_role("button", name="Odeslat").click()
    screen(desktop, "thanks")
    where = desktop.evaluate(
        """async () => {
            const answer = await fetch("/api/collections/testov/items");
            return (await answer.json()).features[0].geometry.coordinates;
        }"""
    )
    assert abs(where[0] - HERE[0]) < 1e-4
    assert abs(where[1] - HERE[1]) < 1e-4


def test_arrows_choose_and_escape_empties_before_it_goes_back(desktop: Page, live_session: Session) -> None:
    with_addresses(live_session)
    open_map(desktop)
    desktop.get_by_role("button", name="Najít ulici nebo místo").click()
    screen(desktop, "search")
    desktop.keyboard.type("široká")
    expect(desktop.get_by_role("option")).to_have_count(3)
    # The street once, before its addresses.
    expect(desktop.get_by_role("option").first).to_contain_text("ulice")
    desktop.keyboard.press("ArrowDown")
    expect(desktop.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "find-1")
    expect(desktop.locator("#find-1")).to_have_attribute("aria-selected", "true")
    desktop.keyboard.press("ArrowUp")
    desktop.keyboard.press("ArrowUp")
    expect(desktop.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "find-2")
    desktop.keyboard.press("Escape")
    expect(desktop.get_by_role("combobox")).to_have_value("")
    expect(desktop.get_by_role("listbox")).to_be_hidden()
    desktop.keyboard.press("Escape")
    screen(desktop, "start")


def test_the_magnifier_on_a_phones_map_brings_the_place(phone: Page, live_session: Session) -> None:
    with_addresses(live_session)
    open_map(phone)
    button = phone.get_by_role("button", name="Najít ulici nebo místo")
    box, sheet = button.bounding_box(), phone.locator("#sheet").bounding_box()
    assert box
    assert sheet
    assert box["y"] + box["height"] <= sheet["y"]
    assert min(box["width"], box["height"]) >= 44
    button.tap()
    phone.get_by_role("combobox").fill("12 širo")
    phone.get_by_role("option").first.tap()
    screen(phone, "start")
    expect(phone.locator("#voice")).to_contain_text("Široká 12/3, Testov")
    expect(phone.locator(".found-ring")).to_have_count(1)
    choose(phone, "Bezpečně")
    expect(phone.locator(".place-status")).to_have_text("Nejblíž: Široká 12/3, Testov")


def test_where_there_is_nothing_to_find_there_is_no_magnifier(desktop: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(desktop)
    expect(desktop.get_by_role("button", name="Najít ulici nebo místo")).to_have_count(0)
