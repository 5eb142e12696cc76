"""Every page of the office for everybody: by keyboard, large, narrow, dark, and as screen readers hear it.

Built from the app's routes: a new page without a row here fails, as in the matrix of permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.axe import findings, nothing_wrong
from tests.axe_town import OFFICIAL, a_town_of_everything
from tests.builders import PASSWORD
from tests.e2e.conftest import DESKTOP

Visit = tuple[str, Mapping[str, object]]

SECTIONS = ("texts", "categories", "questions", "about", "rules", "dates")
KINDS = ("places", "contrast", "themes", "rounds", "facts", "robustness")
SIGNED_OUT: Sequence[Visit] = (
    ("office.sign_in_form", {}),
    ("office.invitation", {}),
    ("office.new_password_form", {}),
)
PAGES: Sequence[Visit] = (
    ("office.home", {}),
    ("office.library", {}),
    ("office.account", {}),
    ("office.second_factor", {}),
    ("office.tokens", {}),
    ("office.server_people", {}),
    ("office.server_audit", {}),
    ("office.new_map", {}),
    ("office.new_town", {}),
    ("office.people", {}),
    ("office.templates", {}),
    ("office.words", {}),
    ("office.census", {}),
    ("office.accessibility", {}),
    ("office.addresses", {}),
    ("office.facts", {}),
    ("office.open_data", {}),
    ("office.audit", {}),
    ("office.identity", {}),
    ("office.map_page", {}),
    ("office.map_page", {"view": "table"}),
    ("office.pin_page", {}),
    ("office.queue", {}),
    ("office.places", {}),
    ("office.new_place", {}),
    ("office.place_page", {}),
    ("office.dashboard", {}),
    ("office.share", {}),
    ("office.pin_photos", {}),
    ("office.pin_photo_page", {}),
    ("office.analysis", {}),
    *(("office.analysis_page", {"kind": kind}) for kind in KINDS),
    ("office.events_page", {}),
    ("office.new_event", {}),
    ("office.event_page", {}),
    ("office.edit_event", {}),
    ("office.sheets_page", {}),
    ("office.sheet_page", {}),
    ("office.desk", {}),
    ("office.photos", {}),
    ("office.photo_by_hand", {}),
    ("office.report_page", {}),
    ("office.connect", {}),
    ("office.processing", {}),
    ("office.columns", {}),
    ("office.older_map", {}),
    ("office.map_open_data", {}),
    ("office.story", {}),
    ("office.setup", {}),
    *(("office.setup_section", {"section": section}) for section in SECTIONS),
    ("office.boundary", {}),
    ("office.basemap", {}),
)
NO_PAGES = {
    # Files, pictures and answers for scripts.
    "office.analysis_csv",
    "office.analysis_state",
    "office.audit_file",
    "office.basemap_tile",
    "office.columns_file",
    "office.dark_heat_of_map",
    "office.dark_heat_tile",
    "office.facts_geojson",
    "office.heat_of_map",
    "office.heat_tile",
    "office.layer_file",
    "office.legend",
    "office.older_map_refused",
    "office.photo_list",
    "office.picture_of_photo",
    "office.pins_json",
    "office.pin_photo_picture",
    "office.poster",
    "office.qr",
    "office.print_file",
    "office.report_download",
    "office.report_state",
    "office.server_audit_file",
    "office.sheet_clean",
    "office.slips",
    "office.standalone",
    "office.awake",
    # Ways to other pages.
    "office.identity_back",
    "office.identity_begin",
    "office.sheet_by_serial",
}
BEHIND_A_FORM = {
    # Pages that a form leads to; the tests below go there.
    "office.boundary_preview",
    "office.code_form",
    "office.older_map_look",
}


READY = {
    "div#map": "div#map[data-ready]",
    ".queue-map": "html[data-office=ready]",
    ".office-map-side": "html[data-office=ready]",
}
"""What a page has done when its scripts have; each where the page has the first."""


def test_every_page_of_the_office_has_its_row_here(app: Flask) -> None:
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = {name for name, _ in (*PAGES, *SIGNED_OUT)} | NO_PAGES | BEHIND_A_FORM
    assert {name for name in read if name.startswith("office.")} == known


def addresses(app: Flask, visits: Sequence[Visit], values: Mapping[str, object]) -> list[str]:
    """The addresses of these pages in this town."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        rules = {rule.endpoint: rule.arguments for rule in app.url_map.iter_rules()}
        return [
            adapter.build(
                endpoint,
                {name: value for name, value in values.items() if name in rules[endpoint]} | more | {"lang": "cs"},
                force_external=False,
            )
            for endpoint, more in visits
        ]


def wrong_on(page: Page, address: str) -> list[str]:
    """What is wrong on the page of this address, each line with the address."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    page.wait_for_load_state("load")
    for there, ready in READY.items():
        if page.locator(there).count():
            page.wait_for_selector(ready, state="attached")
    expect(page.locator(".office-legend-box.is-waiting")).to_have_count(0)
    return [f"{address.partition('?lang')[0]} {line}" for line in findings(page)]


def enter(page: Page) -> None:
    """Sign in as an admin of the server, who may open everything."""
    page.goto("/office/sign-in?lang=cs")
    page.fill("#email", OFFICIAL)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/")


@pytest.mark.parametrize("part", range(4))
def test_no_page_of_the_office_shuts_anybody_out(
    open_context: Callable[..., BrowserContext], live_session: Session, app: Flask, part: int
) -> None:
    town = a_town_of_everything(live_session)
    page = open_context(**DESKTOP).new_page()
    enter(page)
    some = PAGES[part::4]
    nothing_wrong([line for address in addresses(app, some, town.values) for line in wrong_on(page, address)])


def test_no_door_of_the_office_shuts_anybody_out(
    open_context: Callable[..., BrowserContext], live_session: Session, app: Flask
) -> None:
    town = a_town_of_everything(live_session)
    page = open_context(**DESKTOP).new_page()
    found = [line for address in addresses(app, SIGNED_OUT, town.values) for line in wrong_on(page, address)]
    page.goto("/office/sign-in?lang=cs")
    page.fill("#email", OFFICIAL)
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice, .field-error")
    nothing_wrong([*found, *findings(page)])


def test_signing_in_asks_for_nothing_to_be_remembered_or_retyped(
    open_context: Callable[..., BrowserContext],
) -> None:
    """A password manager fills the fields, and what is copied can be pasted (WCAG 3.3.8)."""
    page = open_context(**DESKTOP).new_page()
    page.goto("/office/sign-in?lang=cs")
    assert page.locator("#email").get_attribute("autocomplete") == "username"
    assert page.locator("#password").get_attribute("autocomplete") == "current-password"
    taken = "field => field.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, cancelable: true}))"
    assert page.locator("#password").evaluate(taken)
