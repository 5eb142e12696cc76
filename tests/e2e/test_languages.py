"""A walk in another language: chosen by the browser, switched by keyboard, whole to the last screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from app.i18n import public_languages
from tests.builders import a_basemap, a_map, a_pin
from tests.e2e.citizen_steps import open_map, screen
from tests.e2e.conftest import PHONE

ALIKE = {"Code", "park", "Shift", "zoom", "Park"}
"""What English shares with one of the others."""


def english_on(page: Page) -> set[str]:
    """Messages that stand on the page as they are written in the code."""
    messages = public_languages()["cs"].messages - ALIKE
    shown = page.evaluate(
        """() => {
            const found = [];
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const holder = texts.currentNode.parentElement;
                if (holder.closest("script, style, template, [lang='en']")) continue;
                found.push(texts.currentNode.data.trim());
            }
            for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
                for (const name of ["aria-label", "title", "placeholder"])
                    found.push(element.getAttribute(name) ?? "");
            return found;
        }"""
    )
    return {text for text in shown if " " in text and text in messages}


@pytest.mark.parametrize(
    ("locale", "choice", "here", "send", "thanks"),
    [
        ("uk-UA", "Безпечно", "Це тут", "Надіслати", "Дякуємо"),
        ("pl-PL", "Bezpiecznie", "To tutaj", "Wyślij", "Dziękujemy"),
        ("nn-NO", "Trygt", "Det er her", "Send", "Takk"),
    ],
)
def test_a_pin_is_placed_in_the_language_of_the_phone(
    open_context: Callable[..., BrowserContext],
    live_session: Session,
    locale: str,
    choice: str,
    here: str,
    send: str,
    thanks: str,
) -> None:
    the_map = a_map(live_session, basemap={"kind": "vector"}, basemap_geojson=a_basemap())
    a_pin(live_session, the_map, "unsafe", comment="Tma.")
    page = open_context(**(PHONE | {"locale": locale})).new_page()
    open_map(page, "/m/testov")
    assert english_on(page) == set()
    page.locator(".choice").filter(has=page.get_by_text(choice, exact=True)).tap()
    screen(page, "place")
    assert english_on(page) == set()
    page.get_by_role("button", name=here, exact=True).tap()
    screen(page, "comment")
    assert english_on(page) == set()
    page.get_by_role("button", name=send, exact=True).tap()
    screen(page, "thanks")
    expect(page.locator("#sheet")).to_contain_text(thanks)
    assert english_on(page) == set()
    for way, name in ((0, "mine"), (2, "info")):
        open_map(page, "/m/testov")
        page.locator(".foot-ways > *").nth(way).tap()
        screen(page, name)
        assert english_on(page) == set()


def test_the_language_is_switched_by_keyboard_and_a_text_of_the_map_keeps_its_own(
    desktop: Page, live_session: Session
) -> None:
    a_map(
        live_session,
        title={"cs": "Naše mapa"},
        categories=[
            {"key": "nice", "label": {"cs": "Tady je mi hezky"}, "word": {"cs": "Hezky"}, "color": "#009E73"}
        ],
        basemap={"kind": "vector"},
        basemap_geojson=a_basemap(),
    )
    open_map(desktop, "/m/testov")
    summary = desktop.locator(".language-menu summary")
    expect(summary).to_contain_text("CS")
    summary.focus()
    desktop.keyboard.press("Enter")
    desktop.get_by_role("link", name="Deutsch").focus()
    desktop.keyboard.press("Enter")
    desktop.wait_for_selector("html[lang=de][data-page=ready]", state="attached")
    expect(desktop.get_by_role("heading", name="Was möchten Sie markieren?")).to_be_visible()
    expect(desktop.locator("h1")).to_have_attribute("lang", "cs")
    expect(desktop.locator(".choice-word")).to_have_attribute("lang", "cs")
    desktop.goto("/m/testov/results")
    expect(desktop.locator("html")).to_have_attribute("lang", "de")
