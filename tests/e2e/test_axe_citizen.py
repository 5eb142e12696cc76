"""The citizen's page for everybody, screen by screen: as it is seen, heard, and reached by finger and by key.

Steps are taken by what the page is made of, not by its words: they hold in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from tests.axe import DARK, FITS, FORCED, SIZES, Way, findings, nothing_wrong
from tests.axe_town import AGE, INTRO, LONG, TITLE, WHEN
from tests.builders import a_map, a_pin, an_event, streets_and_places
from tests.e2e.citizen_steps import open_map, screen
from tests.e2e.conftest import DESKTOP, PHONE

REACHED = ("focus", "targets")
ON_PHONE = Way("phone", 390, 844, checks=(*REACHED, *FITS))
ON_SIDE = Way("phone on its side", 844, 390, rules=SIZES, checks=(*REACHED, *FITS))
SMALL = Way("320 px", 320, 568, rules=SIZES, checks=(*REACHED, *FITS))
LARGE = Way("200 % text on a phone", 390, 844, text_percent=200, rules=SIZES, checks=FITS)
LARGE_DESK = Way("200 % text", 1280, 800, text_percent=200, rules=SIZES, checks=FITS)
DESK = Way("desktop", 1280, 800, checks=(*REACHED, *FITS))
FINGER = (ON_PHONE, ON_SIDE, SMALL, LARGE, DARK_PHONE := Way("dark", 390, 844, DARK.media, rules=DARK.rules))
MOUSE = (DESK, LARGE_DESK, DARK, FORCED)

FOUR = [
    {
        "key": key,
        "label": {"cs": said, "de": said},
        "word": {"cs": word, "de": word},
        "shape": shape,
        "color": color,
    }
    for key, said, word, shape, color in (
        ("safe", "Tady je mi dobře", "Dobře", "circle", "#009E73"),
        ("unsafe", "Tady se bojím chodit po setmění", "Bojím se", "triangle", "#D55E00"),
        ("improve", "Tohle je potřeba zlepšit", "Zlepšit", "square", "#0072B2"),
        ("proud", "Na tohle místo jsem hrdá", "Pýcha", "star", "#CC79A7"),
    )
]


class Walk:
    """A walk through the page that keeps what is wrong with each state of it."""

    def __init__(self, page: Page, ways: Sequence[Way]) -> None:
        self.page = page
        self.ways = ways
        self.found: list[str] = []

    def look(self, name: str) -> None:
        """What the page shows now, under this name."""
        self.found += [f"{name} {line}" for line in findings(self.page, self.ways)]

    def on(self, name: str) -> None:
        """The screen of this name, once it has come."""
        screen(self.page, name)
        self.look(name)

    def press(self, selector: str, n: int = 0) -> None:
        """Press what is found in the sheet."""
        self.page.locator(f"#sheet {selector}").nth(n).click()


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """A map with questions, other people's pins always to be seen, and an event."""
    the_map = a_map(
        live_session,
        title=TITLE,
        intro=INTRO,
        show_others="always",
        photos=True,
        thanks={"cs": "Výsledky představíme na fóru v listopadu."},
        basemap={"kind": "vector"},
        basemap_geojson=streets_and_places(),
        questions=[WHEN],
        about=[AGE],
    )
    an_event(live_session, the_map)
    a_pin(live_session, the_map, "unsafe", respondent="somebody else", comment=LONG)
    return the_map


@pytest.mark.parametrize(
    ("device", "ways", "lang"), [(PHONE, FINGER, "cs"), (DESKTOP, MOUSE, "de")], ids=("phone", "desk")
)
def test_no_screen_shuts_anybody_out(
    open_context: Callable[..., BrowserContext],
    town: MapRecord,
    device: dict[str, object],
    ways: Sequence[Way],
    lang: str,
) -> None:
    page = open_context(**device).new_page()
    open_map(page, f"/m/testov?event=FORUM1&lang={lang}")
    walk = Walk(page, ways)
    walk.on("start")
    walk.press(".foot-way")
    walk.on("mine")
    walk.press(".sheet-back")
    _mark(walk)
    _mine(walk)
    nothing_wrong(walk.found)


def _mark(walk: Walk) -> None:
    """From the choice to the thanks, with a mistake on the way."""
    page = walk.page
    walk.press(".choice", 1)
    walk.on("place")
    walk.press(".place-row .button-icon")
    screen(page, "search")
    page.locator("#seek").fill("nic takového")
    expect(page.locator("#seek-note")).not_to_be_empty()
    walk.look("nothing found")
    page.locator("#seek").fill("lip")
    page.locator("#seek-list [role=option]").first.wait_for()
    walk.look("found")
    walk.press(".sheet-back")
    screen(page, "place")
    walk.press(".place-ahead")
    screen(page, "comment")
    page.locator("#comment").fill(LONG + LONG * 12)
    walk.look("too long")
    page.locator("#comment").fill(LONG)
    walk.press(".chip")
    walk.press(".send")
    walk.on("thanks")
    walk.press(".invitation-way")
    walk.on("about")
    walk.press(".sheet-back")


def _mine(walk: Walk) -> None:
    """What one has marked: read, changed, deleted and brought back, taken away."""
    page = walk.page
    walk.press(".foot-way")
    walk.on("mine")
    walk.press(".mark-row")
    walk.on("own")
    walk.press(".own-actions .button")
    walk.on("edit")
    walk.press(".sheet-back")
    screen(page, "own")
    walk.press(".own-actions .button", 2)
    page.locator(".toast .button").wait_for()
    walk.look("a message with a way back")
    page.locator(".toast .button").click()
    page.locator(".toast .button").wait_for(state="detached")
    page.reload()
    page.wait_for_selector("html[data-page=ready]", state="attached")
    walk.press(".foot-way")
    page.locator("#sheet .mark-row").first.wait_for()
    walk.press(".receipt-ways .foot-way")
    screen(page, "receipt")
    walk.press(".receipt-box .button")
    page.locator(".receipt-code").wait_for()
    walk.look("receipt")
    walk.press(".sheet-back")
    walk.press(".receipt-ways .foot-way", 1)
    screen(page, "join")
    page.locator("#receipt").fill("AAAA-BBBB-CCCC")
    page.keyboard.press("Enter")
    page.locator("#sheet .notice-bad").wait_for()
    walk.look("a wrong code")
    walk.press(".sheet-back")
    walk.press(".receipt-ways .foot-way", 2)
    # What was brought back may only now have been sent, and says so for some seconds.
    expect(page.locator(".toast")).to_have_count(0, timeout=15_000)
    walk.on("withdraw")


def test_what_surrounds_the_marking_shuts_nobody_out(phone: Page, town: MapRecord) -> None:
    """About the map, the keys, somebody else's pin, the pins around as a list."""
    open_map(phone, "/m/testov?lang=cs")
    walk = Walk(phone, FINGER)
    walk.press(".foot-way", 2)
    walk.on("info")
    walk.press(".sheet-back")
    walk.press(".plain-ways button")
    walk.on("near")
    walk.press(".sheet-back")
    screen(phone, "start")
    walk.press(".choice")
    screen(phone, "place")
    phone.keyboard.press("?")
    walk.on("keys")
    nothing_wrong(walk.found)


def test_the_simple_steps_shut_no_child_out(phone: Page, town: MapRecord) -> None:
    open_map(phone, "/m/testov?simple&event=FORUM1&lang=cs")
    walk = Walk(phone, FINGER)
    phone.locator("#sheet .feeling").first.wait_for()
    walk.on("start")
    walk.press(".simple-ways button")
    walk.on("teacher")
    walk.press(".sheet-back")
    walk.press(".feeling", 1)
    walk.on("place")
    phone.wait_for_timeout(400)
    walk.press(".place-ahead")
    walk.on("comment")
    walk.press(".next")
    phone.locator("#sheet .chip").first.wait_for()
    walk.look("a question")
    walk.press(".next")
    walk.on("thanks")
    walk.press(".simple-ways button", 1)
    walk.on("turn")
    nothing_wrong(walk.found)


def test_the_way_without_the_map_shuts_nobody_out(phone: Page, town: MapRecord) -> None:
    walk = Walk(phone, (*FINGER, DESK))
    for asked in ("kind=street", "q=nic+takového", "q=lip"):
        phone.goto(f"/m/testov/write?{asked}&lang=cs")
        phone.wait_for_load_state("load")
        walk.look(f"write {asked}")
    phone.locator(".write-place").first.click()
    phone.locator("#write-form").wait_for()
    phone.locator("#write-form [data-way=send]").click()
    phone.locator(".field-error, .notice-bad").first.wait_for()
    walk.look("no feeling chosen")
    phone.locator("#write-form [name=category]").first.check()
    phone.locator("#write-form [data-way=send]").click()
    phone.locator("#thanks:not([hidden])").wait_for()
    walk.look("thanks")
    nothing_wrong(walk.found)


def test_the_frame_on_a_website_shuts_nobody_out(phone: Page, town: MapRecord) -> None:
    open_map(phone, "/m/testov?embed&lang=cs")
    walk = Walk(phone, FINGER)
    walk.look("embedded")
    phone.goto("/m/testov/results?embed&lang=cs")
    phone.wait_for_load_state("load")
    walk.look("results embedded")
    nothing_wrong(walk.found)


def test_no_connection_and_a_closed_map_shut_nobody_out(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    phone = open_context(**PHONE).new_page()
    a_map(live_session, categories=FOUR, publish={"pins": False}, title=TITLE, intro=INTRO)
    open_map(phone, "/m/testov?event=NENI&lang=cs")
    walk = Walk(phone, FINGER)
    walk.look("four categories, an unknown event")
    _cut(phone)
    walk.press(".choice")
    screen(phone, "place")
    phone.wait_for_timeout(400)
    walk.press(".place-ahead")
    screen(phone, "comment")
    walk.press(".send")
    phone.locator("#sheet .notice, #sheet .waiting, #sheet .done-mark").first.wait_for()
    walk.look("no connection")
    a_map(live_session, categories=FOUR, title=TITLE, intro=INTRO, closes="2026-09-01")
    closed = open_context(**PHONE).new_page()
    open_map(closed, "/m/testov?lang=cs")
    walk.page = closed
    walk.look("closed")
    nothing_wrong(walk.found)


def _cut(page: Page) -> None:
    """Nothing the page sends arrives."""

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("internetdisconnected")
        else:
            route.fallback()

    page.route("**/api/**", refuse)
