"""What the pages of the office become in use – unfolded, refused, decided – for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from tests.axe import DARK, LARGE, LIGHT, NARROW, findings, nothing_wrong
from tests.axe_town import PIN, a_town_of_everything
from tests.e2e.conftest import DESKTOP
from tests.e2e.test_axe_office import READY, enter

WAYS = (LIGHT, DARK, NARROW, LARGE)
MAP = "/office/maps/testov"
TOWN = "/office/towns/testov"

REFUSED = {
    f"{MAP}/new-event": "form.event-form",
    f"{MAP}/places/new": "main form",
    f"{MAP}/setup/texts": "form.setup-form",
    f"{MAP}/setup/categories": "form.setup-form",
    f"{MAP}/older": "main form",
    f"{MAP}/open-data": "main form",
    f"{MAP}/pins/{PIN}/photo": "main form:last-of-type",
    f"{TOWN}/people": "main form[action$='invite'], main form[action*='invitation']",
    f"{TOWN}/templates": "main form",
    f"{TOWN}/facts": "main form[enctype]",
    f"{TOWN}/identity": "main form",
    f"{TOWN}/accessibility": "main form",
    "/office/account": "main form",
    "/office/account/second-step": "main form",
    "/office/towns/new": "main form",
}
"""Forms that are sent empty, each on its page: what is wrong is said."""
EMPTY = """form => {
    form.noValidate = true;
    const typed = "input:not([type=hidden], [type=checkbox], [type=radio], [type=submit], [type=file]), textarea";
    for (const field of form.querySelectorAll(typed)) field.value = "";
}"""
UNFOLDED = (
    f"{MAP}/dashboard",
    f"{MAP}/sheets",
    f"{MAP}/events/FORUM1",
    f"{MAP}/connect",
    f"{MAP}/setup",
    f"{MAP}/share",
    f"{MAP}/analysis/places",
    f"{MAP}/analysis/themes",
    f"{TOWN}/words",
    f"{TOWN}/people",
)


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], live_session: Session) -> Page:
    a_town_of_everything(live_session)
    opened = open_context(**DESKTOP).new_page()
    enter(opened)
    return opened


def go(page: Page, address: str) -> None:
    """The page of this address, its scripts done."""
    page.goto(f"{address}?lang=cs" if "?" not in address else address)
    page.wait_for_load_state("load")
    for there, ready in READY.items():
        if page.locator(there).count():
            page.wait_for_selector(ready, state="attached")
    expect(page.locator(".office-legend-box.is-waiting")).to_have_count(0)


def look(page: Page, name: str) -> list[str]:
    """What is wrong now, under this name."""
    return [f"{name} {line}" for line in findings(page, WAYS)]


def test_a_refused_form_says_so_to_everybody(page: Page) -> None:
    found = []
    for address, form in REFUSED.items():
        go(page, address)
        sent = page.locator(form).first
        sent.evaluate(EMPTY)
        with page.expect_navigation():
            sent.evaluate("form => form.requestSubmit()")
        page.wait_for_load_state("load")
        found += look(page, f"{address} refused")
    nothing_wrong(found)


def test_refused_origins_are_told_to_everybody(page: Page) -> None:
    go(page, f"{MAP}/share")
    form = page.locator("main form:has([name=origins])")
    form.locator("[name=origins]").fill("http://x")
    with page.expect_navigation():
        form.evaluate("form => form.requestSubmit()")
    nothing_wrong(look(page, "refused origins"))


def test_what_is_unfolded_is_there_for_everybody(page: Page) -> None:
    found = []
    for address in UNFOLDED:
        go(page, address)
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        found += look(page, f"{address} unfolded")
    nothing_wrong(found)


def test_the_map_in_use_is_there_for_everybody(page: Page) -> None:
    """Each word of the sentence unfolded, a pin open, the reasons of hiding, a deed's message, an area drawn."""
    go(page, MAP)
    found = []
    for word in page.locator("details.word").all():
        word.evaluate("one => { one.open = true }")
        found += look(page, f"the word {word.get_attribute('data-word')}")
        word.evaluate("one => { one.open = false }")
    page.locator(".office-pin").first.click()
    page.locator(".office-pin.is-open").wait_for()
    found += look(page, "a pin open")
    hide = page.locator(".office-pin.is-open [data-hide]")
    hide.locator("summary").click()
    found += look(page, "the reasons of hiding")
    hide.locator("[name=ready]").first.check()
    hide.locator("form button").last.click()
    page.locator(".toast").wait_for()
    found += look(page, "a message with a way back")
    page.locator("[data-word=area] summary").click()
    page.locator("[data-area-draw]").click()
    page.locator("[data-draw-done]").wait_for()
    nothing_wrong([*found, *look(page, "an area being drawn")])


def test_the_queue_in_use_is_there_for_everybody(page: Page) -> None:
    go(page, f"{MAP}/queue")
    found = []
    page.locator(".queue-item [data-hide] > summary").first.click()
    found += look(page, "the reasons of hiding")
    page.locator(".queue-item [data-hide] > summary").first.click()
    page.locator(".queue-item [data-words] > summary").first.click()
    found += look(page, "the words to cover")
    page.locator(".queue-item [data-words] > summary").first.click()
    page.locator(".queue-item [data-tick]").first.check()
    found += look(page, "some are ticked")
    page.locator(".queue-item .button-primary").first.click()
    page.locator(".toast, .queue-done").first.wait_for()
    nothing_wrong([*found, *look(page, "after a deed")])


def test_the_second_step_of_an_older_map_is_there_for_everybody(page: Page) -> None:
    go(page, f"{MAP}/older")
    table = "kdo;pocit;x;y\na;Bezpečně;15.52;49.62\nb;Bojím se;15.521;49.62\n".encode()
    page.locator("input[type=file]").set_input_files(
        {"name": "stara.csv", "mimeType": "text/csv", "buffer": table}
    )
    with page.expect_navigation(url=re.compile(r"/older/.+")):
        page.locator("main form").first.evaluate("form => form.requestSubmit()")
    page.wait_for_selector("div#map[data-ready]", state="attached")
    nothing_wrong(look(page, "an older map"))


def test_a_boundary_before_it_is_set_is_there_for_everybody(page: Page) -> None:
    go(page, f"{MAP}/boundary")
    square = '{"type":"Polygon","coordinates":[[[15.5,49.61],[15.54,49.61],[15.54,49.63],[15.5,49.61]]]}'
    page.locator("[data-polygon]").evaluate("(field, square) => { field.value = square }", square)
    with page.expect_navigation(url=re.compile(r"/boundary/.+")):
        page.locator("[data-polygon]").evaluate("field => field.form.requestSubmit()")
    page.wait_for_selector("div#map[data-ready]", state="attached")
    nothing_wrong(look(page, "a boundary"))
