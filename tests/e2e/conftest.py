"""A real Chromium on the live server; whatever leaves the server, or fails in the page, fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Route, sync_playwright
from sqlalchemy.orm import Session

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
    "locale": "cs-CZ",
}
DESKTOP = {"viewport": {"width": 1440, "height": 900}, "locale": "cs-CZ"}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What starts browsers; there can be only one in a process."""
    if not Path(CHROMIUM).exists():
        pytest.fail("Chromium is missing: ./run test installs it")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all browser tests of the worker."""
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture
def open_context(
    browser: Browser, live_server: str, live_session: Session
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that see only the live server; at the end nothing may have gone wrong in them.

    They close before `live_session` empties the database: a page still loading would miss its map.
    """
    wrong: list[str] = []
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        # A service worker would keep pages from one step to the next; its own tests let it in (offline.py).
        usual = {"base_url": live_server, "service_workers": "block"}
        context = browser.new_context(**(usual | options))  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        context.route("**/*", lambda route: _only(live_server, route, wrong))
        context.on("page", lambda page: _watch(page, wrong))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext]) -> Page:
    """A page on a phone with a touch screen."""
    return open_context(**PHONE).new_page()


@pytest.fixture
def desktop(open_context: Callable[..., BrowserContext]) -> Page:
    """A page on a desktop."""
    return open_context(**DESKTOP).new_page()


def _only(server: str, route: Route, wrong: list[str]) -> None:
    address = urlsplit(route.request.url)
    if f"{address.scheme}://{address.netloc}" == server or address.scheme in ("data", "blob"):
        route.continue_()
    else:
        wrong.append(f"request left the server: {route.request.url}")
        route.abort()


def _watch(page: Page, wrong: list[str]) -> None:
    page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
    page.on("console", lambda message: _console(message, wrong))


def _console(message: ConsoleMessage, wrong: list[str]) -> None:
    # The browser logs every 4xx as an error; those that a test provokes are asserted by what the page says.
    if message.type == "error" and "Failed to load resource" not in message.text:
        wrong.append(f"console: {message.text}")
