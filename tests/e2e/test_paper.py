"""Paper from the printer to the report: stickered, photographed, read, checked, and counted beside the web."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, expect
from rasterio.io import MemoryFile
from sqlalchemy.orm import Session

from app.i18n import languages
from app.inputs.photo_words import WORDS
from app.queries.maps import MapRecord
from app.queries.sheets import SheetRecord, find_sheet, sheets_of
from bench.photos import Truth, take
from bench.photos_paper import Print
from bench.photos_shot import draw_shot, resized
from bench.photos_table import table
from gis.crs import to_metric
from gis.paper.frame_picture import frame_picture, page_picture
from gis.scan.failure import Reason
from tests.builders import CENTRE, PASSWORD, a_basemap, a_map, a_pin, an_event, an_official
from tests.e2e.conftest import DESKTOP, PHONE

OFFICE = "/office/maps/testov"
SEED = 2026
MARKS = 8
READ_MS = 90_000
"""How long a photo may take on a busy machine, from its arrival to its marks."""
REPORT_MS = 90_000
PRINTED_PX_PER_MM = 10.0
WEB_PEOPLE = 6


def enter(page: Page, address: str) -> None:
    """Sign in on the way to a page of the map's office."""
    page.goto(f"/office/sign-in?next={OFFICE}{address}")
    page.fill("#email", "urad@testov.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{OFFICE}{address}")


def order_two_sheets(clerk: Page) -> bytes:
    """Two A4 sheets for the forum, of the town's middle alone, ordered in the browser; the PDF as downloaded."""
    form = clerk.locator("form:has([name=paper])")
    form.locator(".chip:has([value=A4])").click()
    form.locator("#count").fill("2")
    form.locator("#event").select_option("FORUM1")
    form.locator(".sheets-more summary").click()
    form.locator("#scale").fill("10 000")
    form.locator(".button-primary").click()
    clerk.wait_for_url("**made=*")
    with clerk.expect_download() as begun:
        clerk.locator(".print-file a").first.click()
    pdf = begun.value.path().read_bytes()
    assert pdf.startswith(b"%PDF-")
    return pdf


def photo_of(sheet: SheetRecord, pdf: bytes) -> tuple[bytes, Truth]:
    """What a phone makes of that page of the PDF after people have put stickers on it, and where they are."""
    width, height = sheet.sheet.layout.page
    size = (round(width * PRINTED_PX_PER_MM), round(height * PRINTED_PX_PER_MM))
    page = page_picture(pdf, (width, height), (0, 0), PRINTED_PX_PER_MM, size, number=sheet.n - 1)
    rng = np.random.default_rng(SEED)
    shot = replace(draw_shot(sheet.sheet, rng, "ordinary"), count=MARKS, kinds=("sticker",), crowded=False)
    printed = Print(sheet.sheet, sheet.serial, page, PRINTED_PX_PER_MM, frame_picture(pdf, sheet.sheet))
    return take(printed, resized(shot, 8), rng)


def a_table() -> bytes:
    """A sharp photo of a table on which no sheet lies."""
    file = io.BytesIO()
    Image.fromarray(table("cloth", (2400, 1800), np.random.default_rng(SEED))).save(file, "JPEG", quality=90)
    return file.getvalue()


def send(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files on the page of photos; they are sent at once."""
    page.set_input_files(
        "#photos", [FilePayload(name=name, mimeType="image/jpeg", buffer=content) for name, content in files]
    )


def features(page: Page, address: str) -> list[dict[str, Any]]:
    """The features of a GeoJSON file of the server."""
    answer = page.request.get(address)
    assert answer.ok, address
    found: list[dict[str, Any]] = json.loads(answer.body())["features"]
    return found


def heat_of(page: Page, query: str = "") -> float:
    """How many pins the public surface is made of."""
    answer = page.request.get(f"/m/testov/heat.tif?weight=pins&category=unsafe{query}")
    with MemoryFile(answer.body()) as memory, memory.open() as raster:
        return float(raster.read(1, masked=True).sum()) * raster.res[0] ** 2 / 10_000


def far_off_m(pin: dict[str, Any], sheet: SheetRecord, truth: Truth) -> float:
    """How far a pin is from the nearest sticker of its colour, in metres."""
    x, y = to_metric(sheet.sheet.crs)(*pin["geometry"]["coordinates"])
    same = [mark for mark in truth.marks if mark.category == pin["properties"]["category"]]
    east, north = sheet.sheet.to_ground([mark.x_mm for mark in same], [mark.y_mm for mark in same])
    return float(np.hypot(east - x, north - y).min())


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    """A map with a forum, people who came by the web, and an editor; one person is enough to be counted."""
    the_map = a_map(live_session, publish={"k": 1}, basemap_geojson=a_basemap())
    an_event(live_session, the_map, expected_people=20)
    for n in range(WEB_PEOPLE):
        a_pin(live_session, the_map, "unsafe", CENTRE, f"person {n}", event="FORUM1" if n < 2 else None)
    an_official(live_session)
    return the_map


def test_paper_from_the_printer_to_the_report(
    open_context: Callable[..., BrowserContext], live_session: Session, town: MapRecord
) -> None:
    czech = languages()["cs"]
    clerk, citizen = open_context(**DESKTOP).new_page(), open_context(**PHONE).new_page()
    heat_before = heat_of(citizen)

    # Ordered and printed: two sheets with their serials, which the page lists.
    enter(clerk, "/sheets")
    pdf = order_two_sheets(clerk)
    one, other = sheets_of(live_session, town.id)
    expect(clerk.locator(".sheet-chip")).to_have_count(2)
    sheet = find_sheet(live_session, other.serial)
    assert sheet is not None
    photo, truth = photo_of(sheet, pdf)
    assert len(truth.marks) >= MARKS - 1

    # Sent, and read by the process that really reads; the table is refused in words, and stays out.
    clerk.goto(f"{OFFICE}/photos")
    send(clerk, ("forum.jpg", photo), ("stul.jpg", a_table()))
    expect(clerk.locator(".photos-row.is-read")).to_have_count(1, timeout=READ_MS)
    refused = clerk.locator(".photos-row.is-refused")
    expect(refused).to_contain_text("stul.jpg", timeout=READ_MS)
    told = WORDS[Reason.NOT_A_SHEET]
    expect(refused).to_contain_text(czech.gettext(told.what))
    expect(refused).to_contain_text(czech.gettext(told.do))
    send(clerk, ("znovu.jpg", photo))
    expect(clerk.locator(".photos-line.is-again")).to_be_visible()
    expect(clerk.locator(".photos-row")).to_have_count(2)

    # Checked and stored: as many marks as stickers, of their colours.
    clerk.locator(".photos-row.is-read h3 a").click()
    clerk.wait_for_selector("[data-photo][data-ready]")
    said = clerk.locator(".sheet-mark:visible select").evaluate_all("all => all.map((one) => one.value)")
    assert Counter(said) == Counter(mark.category for mark in truth.marks)
    clerk.locator(".sheet-mark-comment:visible").first.fill("Tady svítí jen jedna lampa")
    clerk.locator("[data-store]").click()
    expect(clerk.locator(".sheet-head .notice-good")).to_be_visible()

    # They stand beside those of the web: in the file of the office, in the citizens' map and heat.
    pins = features(clerk, f"{OFFICE}/pins.geojson")
    paper = [pin for pin in pins if pin["properties"]["channel"] == "paper"]
    assert len(pins) - len(paper) == WEB_PEOPLE
    assert len(paper) == len(truth.marks)
    assert {pin["properties"]["event"] for pin in paper} == {"FORUM1"}
    assert len({pin["properties"]["respondent"] for pin in paper}) == 1
    metre = sheet.sheet.scale / 1000
    assert max(far_off_m(pin, sheet, truth) for pin in paper) < 1.0 * metre
    public = features(citizen, "/api/collections/testov/items?limit=100")
    assert Counter(pin["properties"]["channel"] for pin in public) == {"web": WEB_PEOPLE, "paper": len(paper)}
    unsafe = sum(mark.category == "unsafe" for mark in truth.marks)
    assert unsafe
    assert heat_of(citizen) - heat_before == pytest.approx(unsafe, abs=0.2)
    citizen.goto("/m/testov/results?lang=cs")
    expect(citizen.locator("h1")).to_contain_text(str(WEB_PEOPLE + 1))

    # The event counts both ways, and says what is left: the sheet that nobody has photographed.
    clerk.goto(f"{OFFICE}/events/FORUM1")
    ways = clerk.locator(".event-channels")
    expect(ways.locator('[href*="channel=paper"]')).to_have_text(f"{len(paper)} značek")
    expect(ways.locator('[href*="channel=web"]')).to_have_text("2 značky")
    expect(clerk.locator(f'.sheet-chip-checked [href$="{other.serial}"]')).to_be_visible()
    expect(clerk.locator(f'[href$="{one.serial}"]')).to_be_visible()
    expect(clerk.locator(".event-step.is-next [href$='/photos']")).to_be_visible()

    # The council reads of it: the ways in which pins came.
    clerk.goto(f"{OFFICE}/report")
    clerk.locator(".report-form .button-primary").click()
    newest = clerk.locator(".report-row.is-newest")
    expect(newest).to_be_visible(timeout=REPORT_MS)
    newest.locator("a").nth(2).click()
    row = clerk.locator("tr", has_text="papírová mapa")
    expect(row.locator("td").nth(1)).to_have_text(str(len(paper)))
