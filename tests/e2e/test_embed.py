"""A map in a frame on the town's website: placed pins, ways out of the frame, and other websites refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright, expect
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from app.models import Pin, TownMap
from app.queries.maps import MapRecord
from tests.builders import a_basemap, a_map, a_pin
from tests.e2e.citizen_steps import choose, open_map, screen
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, DESKTOP, PHONE

MAP = {"basemap": {"kind": "vector"}, "basemap_geojson": a_basemap()}
RESULTS = "/m/testov/results?embed="
LISTEN = """addEventListener("message", ({ origin, data }) => {
  if (origin === "%s" && data?.type === "pocit:height" && data.map === "testov")
    document.querySelector("iframe").style.height = `${Number(data.height)}px`;
});"""


@contextmanager
def website(server: str) -> Iterator[str]:
    """A website of its own, which shows in a frame what its address asks for; gives its origin."""

    @Request.application
    def page(request: Request) -> Response:
        frame = f'<iframe src="{server}{request.args["show"]}" allow="geolocation; web-share; clipboard-write"'
        style = 'style="width:100%;height:560px;border:0"></iframe>'
        return Response(
            f"<!doctype html><h1>Město</h1>{frame} {style}<script>{LISTEN % server}</script>", mimetype="text/html"
        )

    running = make_server("127.0.0.1", 0, page, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    # Another name than the map's server has: to the browser that is another site, not only another port.
    yield f"http://localhost:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def town(live_server: str) -> Iterator[str]:
    """The town's website."""
    with website(live_server) as origin:
        yield origin


@pytest.fixture
def stranger(live_server: str) -> Iterator[str]:
    """Somebody else's."""
    with website(live_server) as origin:
        yield origin


@pytest.fixture
def open_beside(
    browser: Browser, live_server: str, live_session: Session
) -> Iterator[Callable[..., BrowserContext]]:
    """Browser contexts that reach other websites of this machine too; a frame that is refused logs an error."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(base_url=live_server, service_workers="block", **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


def let_frame(session: Session, the_map: MapRecord, *origins: str) -> None:
    """The map with these websites allowed."""
    changed = {"embed_origins": list(origins), "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(**changed))
    session.commit()


def framed(page: Page, origin: str, show: str = "/m/testov?embed=&lang=cs") -> Frame:
    """The frame on the website."""
    page.goto(f"{origin}/?show={show.replace('&', '%26')}")
    (frame,) = page.frames[1:]
    return frame


def place_a_pin(frame: Frame) -> None:
    """From the first screen to the thanks, in a frame."""
    frame.wait_for_selector("html[data-page=ready]", state="attached")
    frame.get_by_role("button", name="Nebezpečně").click()
    ahead = frame.locator(".place-ahead")
    if ahead.text_content() != "Je to tady":
        ahead.click()
    expect(ahead).to_have_text("Je to tady")
    ahead.click()
    frame.get_by_role("button", name="Odeslat").click()
    expect(frame.locator("#sheet")).to_have_attribute("data-screen", "thanks")


def test_people_place_pins_on_the_town_s_website_and_find_them_there_again(
    playwright: Playwright, live_server: str, live_session: Session, town: str, tmp_path: Path
) -> None:
    let_frame(live_session, a_map(live_session, **MAP), town)
    # An everyday window that keeps things for frames: one without memory gives them nothing.
    usual = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(usual))
    context = playwright.chromium.launch_persistent_context(
        tmp_path,
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        base_url=live_server,
        service_workers="block",
        **DESKTOP,
    )
    page = context.new_page()
    frame = framed(page, town)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Mapa testov")
    place_a_pin(frame)
    assert live_session.scalar(select(func.count()).select_from(Pin)) == 1

    frame = framed(page, town)
    frame.wait_for_selector("html[data-page=ready]", state="attached")
    expect(frame.locator(".foot-way .count")).to_have_text("1")
    frame.get_by_role("button", name="Moje značky").click()
    expect(frame.locator(".mark-row")).to_have_count(1)
    with context.expect_page() as beside:
        frame.locator(".sheet-body a[target=_blank]").click()
    beside.value.wait_for_selector("html[data-page=ready]", state="attached")
    assert beside.value.url == f"{live_server}/m/testov"
    context.close()


def test_a_frame_whose_browser_keeps_nothing_takes_pins_and_says_that_it_forgets_them(
    open_beside: Callable[..., BrowserContext], live_session: Session, town: str
) -> None:
    let_frame(live_session, a_map(live_session, **MAP), town)
    page = open_beside(**DESKTOP).new_page()
    frame = framed(page, town)
    place_a_pin(frame)
    assert live_session.scalar(select(func.count()).select_from(Pin)) == 1
    expect(frame.locator(".notice-warn")).to_be_visible()


def test_results_stay_in_the_frame_and_other_pages_open_beside_it(
    open_beside: Callable[..., BrowserContext], live_session: Session, town: str
) -> None:
    let_frame(live_session, a_map(live_session, **MAP), town)
    context = open_beside(**DESKTOP)
    frame = framed(context.new_page(), town)
    frame.wait_for_selector("html[data-page=ready]", state="attached")
    with context.expect_page() as beside:
        frame.locator(".open-large").click()
    beside.value.wait_for_url("**/m/testov")
    frame.get_by_role("link", name="Výsledky").click()
    frame.wait_for_url("**/m/testov/results?embed=*")
    frame.locator(".embed-name a").click()
    frame.wait_for_url("**/m/testov?embed=*")


def test_other_websites_are_refused(
    open_beside: Callable[..., BrowserContext], live_session: Session, town: str, stranger: str
) -> None:
    let_frame(live_session, a_map(live_session), town)
    page = open_beside(**DESKTOP).new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    asked = ((stranger, "/m/testov?embed="), (stranger, RESULTS), (town, "/m/testov"), (town, "/office/sign-in"))
    for origin, show in asked:
        refused.clear()
        frame = framed(page, origin, show)
        expect(page.locator("h1")).to_have_text("Město")
        assert frame.locator("body *:visible").count() == 0 or frame.url.startswith("chrome-error:"), show
        assert any("frame-ancestors" in text for text in refused), show


def test_results_tell_the_website_how_tall_they_are(
    open_beside: Callable[..., BrowserContext], live_session: Session, town: str
) -> None:
    the_map = a_map(live_session, **MAP)
    for n in range(6):
        a_pin(live_session, the_map, "unsafe", respondent=f"r{n}", comment="Tma")
    let_frame(live_session, the_map, town)
    page = open_beside(**DESKTOP).new_page()
    frame = framed(page, town, RESULTS)
    frame.wait_for_function("() => innerHeight > 1000 && Math.abs(innerHeight - document.body.offsetHeight) < 2")
    expect(frame.locator("#enlarge")).not_to_be_visible()
    expect(frame.locator(".page-header")).to_have_count(0)


def test_a_phone_on_its_side_has_the_sheet_beside_the_map_and_shakes_when_the_pin_lands(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session, **MAP)
    page = open_context(**{**PHONE, "viewport": {"width": 844, "height": 390}}).new_page()
    page.add_init_script("window.shaken = 0; navigator.vibrate = () => { window.shaken += 1; return true; };")
    open_map(page)
    for name in ("start", "place"):
        screen(page, name)
        sheet, whole = page.locator("#sheet").bounding_box(), page.locator("#map").bounding_box()
        assert sheet is not None
        assert whole is not None
        assert (sheet["x"], sheet["y"], sheet["height"]) == (0, 0, 390)
        assert sheet["width"] <= whole["width"] / 2
        if name == "start":
            choose(page, "Bezpečně")
    # The crosshair stands in the middle of what is left of the map.
    pin = page.locator(".map-crosshair-point").bounding_box()
    assert pin is not None
    middle = (sheet["x"] + sheet["width"] + 844) / 2
    assert abs(pin["x"] + pin["width"] / 2 - middle) < 30
    button = page.get_by_role("button", name="Je to tady").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= 390

    # Turned upright the sheet lies below again, and the place under the crosshair stays the same.
    before = page.evaluate("location.href")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.getElementById('sheet').getBoundingClientRect().top > 300")
    screen(page, "place")
    page.get_by_role("button", name="Je to tady").tap()
    screen(page, "comment")
    assert page.evaluate("window.shaken") >= 1
    assert page.evaluate("location.href") == before


def test_a_link_is_passed_on_by_the_phone_s_own_sheet_or_copied(
    open_context: Callable[..., BrowserContext], live_session: Session, live_server: str
) -> None:
    a_map(live_session, **MAP)
    context = open_context(**PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    # Chromium without a window has no sheet: the phone's is put in its place.
    page.add_init_script("navigator.share = (data) => { window.passed = data; return Promise.resolve(); };")
    open_map(page)
    page.get_by_role("button", name="O mapě").tap()
    share = page.locator("#sheet button:has(.icon-share)")
    share.tap()
    assert page.evaluate("window.passed") == {"title": "Mapa testov", "url": f"{live_server}/m/testov"}
    page.evaluate("navigator.share = undefined; delete Navigator.prototype.share")
    share.tap()
    expect(page.locator(".toast")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{live_server}/m/testov"


def test_a_window_that_forgets_says_so_and_offers_a_code(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session, **MAP)
    in_app = (
        "Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"
    )
    page = open_context(**PHONE, user_agent=in_app).new_page()
    refuse = "() => { throw new DOMException('blocked', 'SecurityError'); }"
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{get: {refuse}}});")
    open_map(page)
    page.get_by_role("button", name="Moje značky").tap()
    notice = page.locator(".notice-warn")
    expect(notice).to_be_visible()
    expect(notice.locator("p")).to_have_count(3)
    notice.get_by_role("button").tap()
    screen(page, "receipt")
