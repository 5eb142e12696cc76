"""A whole campaign: a clerk opens a map, a citizen is moderated and answered, a neighbour sees nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect
from shapely.geometry import mapping
from sqlalchemy.orm import Session

from app.models import Town
from tests.builders import BOX, PASSWORD, a_map, an_official
from tests.e2e.citizen_steps import choose, open_map, screen
from tests.e2e.conftest import DESKTOP, PHONE

DRAFT_TITLE = "Kde je nám v Testově dobře"


def enter(page: Page, email: str) -> None:
    """Sign in by the form."""
    page.goto("/office/?lang=cs")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/?lang=cs")


def begin_a_map(clerk: Page, boundary: Path) -> None:
    """The clerk's way from an empty office to a draft with a real boundary."""
    clerk.get_by_role("link", name="Nová mapa").click()
    clerk.locator('[id="title.cs"]').fill(DRAFT_TITLE)
    clerk.locator("#place").fill("49.62, 15.52")
    clerk.locator("form[data-setup-new] .button-primary").click()
    clerk.wait_for_url("**/boundary?*")
    clerk.set_input_files("#file", boundary)
    clerk.locator("form:has(#file) .button-primary").click()
    clerk.locator("main form .button-primary").last.click()
    clerk.wait_for_url("**/boundary?saved=1")


def test_campaign_from_the_first_idea_to_the_answer(
    open_context: Callable[..., BrowserContext], live_session: Session, tmp_path: Path
) -> None:
    boundary = tmp_path / "hranice.geojson"
    boundary.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": mapping(BOX)}))
    live_session.add(Town(slug="testov", name="Testov"))
    live_session.commit()
    a_map(live_session, "jinde")
    an_official(live_session, "klerk@testov.example", role="editor")
    an_official(live_session, "moderator@testov.example", role="moderator")
    an_official(live_session, "soused@jinde.example", town="jinde", role="editor")

    # The clerk begins a map, gives it its boundary, and sees in a list what is missing.
    clerk = open_context(**DESKTOP).new_page()
    enter(clerk, "klerk@testov.example")
    begin_a_map(clerk, boundary)
    setup = clerk.url.split("/boundary")[0] + "/setup"
    slug = setup.split("/")[-2]
    clerk.goto(setup)
    expect(clerk.locator(".setup-list")).to_be_visible()

    # Until it opens nobody else sees it: neither citizens nor the neighbour's office.
    neighbour = open_context(**DESKTOP).new_page()
    enter(neighbour, "soused@jinde.example")
    phone = open_context(**PHONE).new_page()
    for page in (neighbour, phone):
        answer = page.goto(f"/m/{slug}")
        assert answer is not None
        assert answer.status == 404
        page.goto("/?lang=cs")
        expect(page.locator("main")).not_to_contain_text(DRAFT_TITLE)
    clerk.get_by_role("button", name="Otevřít mapu").click()
    expect(clerk.locator(".setup-state .label-good")).to_be_visible()

    # A citizen leaves a telephone number: it waits, and says so.
    open_map(phone, f"/m/{slug}?lang=cs")
    choose(phone, "Nebezpečně")
    screen(phone, "place")
    phone.get_by_role("button", name="Je to tady").tap()
    screen(phone, "comment")
    phone.locator("#comment").fill("Svítí tu jen jedna lampa, volejte 777 123 456")
    phone.get_by_role("button", name="Odeslat").tap()
    screen(phone, "thanks")

    # The moderator covers the number and lets the rest be seen.
    moderator = open_context(**DESKTOP).new_page()
    enter(moderator, "moderator@testov.example")
    moderator.locator(".is-waiting a").click()
    moderator.wait_for_selector("html[data-office=ready]")
    expect(moderator.locator(".queue-item mark")).to_have_text("777 123 456")
    moderator.keyboard.press("m")
    expect(moderator.locator(".queue-empty")).to_be_visible()

    # The town answers it, the citizen reads the answer on the phone.
    moderator.goto(f"/office/maps/{slug}")
    moderator.wait_for_selector("html[data-office=ready]")
    moderator.locator(".office-pin-link").first.click()
    form = moderator.locator("form:has([data-answer])")
    moderator.locator("details:has([data-answer]) > summary").first.click()
    form.locator('.chip:has([value="planned"])').click()
    form.locator("[data-answer]").fill("Druhou lampu postavíme do zimy.")
    form.locator(".button-primary").first.click()
    expect(moderator.locator(".office-pin.is-open")).to_contain_text("Druhou lampu")
    open_map(phone, f"/m/{slug}?lang=cs")
    phone.locator(".foot-way", has_text="Moje značky").tap()
    screen(phone, "mine")
    phone.locator(".mark-row").first.tap()
    expect(phone.locator("#sheet")).to_contain_text("Druhou lampu postavíme do zimy.")
    expect(phone.locator("#sheet")).not_to_contain_text("777 123 456")

    # The neighbour's office sees nothing of it; the log names who did what.
    for path in ("", "/queue", "/setup", "/pins.geojson", "/dashboard"):
        answer = neighbour.request.get(f"/office/maps/{slug}{path}")
        assert answer.status == 404, path
    clerk.goto("/office/towns/testov/audit?lang=cs")
    expect(clerk.locator("main")).to_contain_text("moderator@testov.example")
