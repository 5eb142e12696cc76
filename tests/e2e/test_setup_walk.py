"""A clerk makes a map for a town from nothing, in the browser alone, and a citizen's phone finds it open."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.models import Town
from app.queries.maps import read_map
from tests.builders import PASSWORD, an_official
from tests.e2e.conftest import PHONE

READY = "html[data-setup=ready]"
SETUP = "/office/maps/kde-je-vam-dobre/setup"


def enter(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    page.wait_for_selector(READY)


def save(page: Page, do: str, ends: str) -> None:
    """Press a visible button of the form and arrive."""
    page.locator(f'.setup-save button[value="{do}"]').click()
    page.wait_for_url(re.compile(re.escape(ends)))
    page.wait_for_selector(f"{READY} .notice-good")


def test_clerk_makes_a_map_from_nothing_and_opens_it(
    desktop: Page, open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    live_session.add(Town(slug="testov", name="Testov", ruian=596_230))
    live_session.commit()
    an_official(live_session)
    enter(desktop, "/office/maps/new")

    # A title, and a click on the little map.
    desktop.fill('[name="title.cs"]', "Kde je vám dobře?")
    picture = desktop.locator("[data-overview] input")
    size = picture.bounding_box()
    assert size is not None
    picture.click(position={"x": size["width"] * 384 / 654, "y": size["height"] * 234 / 392})
    expect(desktop.locator("[data-mark]")).to_be_visible()
    expect(desktop.locator("#place")).to_have_value(re.compile(r"^49\.5\d\d, 16\.0\d\d$"))
    desktop.locator(".setup-save button").click()
    desktop.wait_for_url("**/maps/kde-je-vam-dobre/boundary?begun=1")

    # Texts: the phone beside them follows what is typed.
    desktop.goto(f"{SETUP}/texts")
    desktop.wait_for_selector(READY)
    desktop.fill('[name="intro.cs"]', "Řekněte nám to na **mapě**.")
    expect(desktop.locator(".setup-phone-intro strong")).to_have_text("mapě")
    desktop.fill("#privacy_contact", "gdpr@testov.example")
    expect(desktop.locator("[data-unsaved-words]")).to_be_visible()
    save(desktop, "next", "/setup/categories?saved=1")

    # Categories: reworded, one more, moved up by its handle.
    desktop.fill('[name="c0.word.cs"]', "Krásně")
    expect(desktop.locator(".setup-phone .choice").first).to_have_text("Krásně")
    desktop.locator("[data-add]").click()
    desktop.keyboard.type("Nuda")
    desktop.locator('[data-row="n3"] .setup-swatch', has=desktop.locator('[value="#E69F00"]')).click()
    desktop.locator('[data-row="n3"] .setup-swatch', has=desktop.locator('[value="star"]')).click()
    expect(desktop.locator(".setup-phone .choice")).to_have_count(4)
    desktop.locator('[data-row="c1"] [data-remove]').click()
    desktop.locator(".toast button").click()  # brought back at once
    desktop.locator('[data-row="n3"] [data-move="up"]').click()
    save(desktop, "next", "/setup/questions?saved=1")

    # Questions: a ready one by one click; those about the person are there already.
    desktop.locator('button[value="add:when"]').click()
    expect(desktop.locator("[data-row-name]")).to_have_text(["Kdy to tak je?"])
    desktop.wait_for_selector(READY)
    desktop.locator("[data-add-option]").click()
    desktop.keyboard.type("nevím")
    save(desktop, "next", "/setup/about?saved=1")
    save(desktop, "next", "/setup/rules?saved=1")

    # A mistake stands beside its field, and the rest stays as typed.
    desktop.locator('[name="open"][value="heat"]').check()
    desktop.fill("#k", "pět")
    desktop.locator('.setup-save button[value="next"]').click()
    expect(desktop.locator('[id="wrong-publish.k"]')).to_be_visible()
    expect(desktop.locator('[name="open"][value="heat"]')).to_be_checked()
    desktop.fill("#k", "6")
    save(desktop, "next", "/setup/dates?saved=1")
    desktop.fill('[name="closes_day"]', "2099-10-31")
    desktop.locator('.setup-save button[value="save"]').click()
    desktop.wait_for_selector(".notice-good")

    # The checklist, a look at it, and the doors open.
    desktop.goto(SETUP)
    expect(desktop.locator(".setup-list .is-done")).to_have_count(9)
    expect(desktop.locator(".setup-list .is-better")).to_have_count(1)  # the boundary is still the box
    desktop.locator(".setup-doors .button-primary").click()
    expect(desktop.locator(".setup-state .label-good")).to_be_visible()

    the_map = read_map(live_session, "kde-je-vam-dobre")
    assert [category.key for category in the_map.categories] == ["safe", "unsafe", "nuda", "improve"]
    assert [option["key"] for option in the_map.questions[0].options][-1] == "nevim"
    assert (the_map.k, the_map.publish_pins, the_map.is_open()) == (6, False, True)

    phone = open_context(**PHONE).new_page()
    phone.goto("/m/kde-je-vam-dobre")
    expect(phone.locator("button.choice .choice-word")).to_have_text(["Krásně", "Nebezpečně", "Nuda", "Zlepšit"])
