"""Sheets as they come from the printer: read back from the rendered page."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from math import atan, degrees, radians, sin, tan

import cv2
import numpy as np
import pypdfium2
import pytest
import shapely
import zxingcpp
from PIL import Image

from gis.colour import oklab_of
from gis.crs import KROVAK, to_metric, transform_geometry
from gis.paper.frame_picture import frame_picture, page_picture
from gis.paper.furniture import north_angle
from gis.paper.ground import Ground, GroundFeature
from gis.paper.markers import dictionary, place_and_class
from gis.paper.parts import EDGE_MM, OVERLAP_MM, parts_on
from gis.paper.pdf import sheets_pdf
from gis.paper.serial import code_text, serial_class, shown_serial
from gis.paper.sheet import Sticker, sheet_of
from tests.gis.paper_orders import ADDRESS, CZECH, ENGLISH, STICKERS, WORDS, a_serial, an_order, vzorov_boundary

_MM = 72 / 25.4


def _page(pdf: bytes, number: int = 0, px_per_mm: float = 8.0) -> np.ndarray:
    document = pypdfium2.PdfDocument(pdf)
    page_mm = tuple(side / _MM for side in document[number].get_size())
    document.close()
    size = tuple(round(side * px_per_mm) for side in page_mm)
    return page_picture(pdf, page_mm, (0, 0), px_per_mm, size, number)


def _words(pdf: bytes, number: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    page = document[number].get_textpage()
    text = page.get_text_bounded()
    page.close()
    document.close()
    return " ".join(text.split())


def _tall(width_m: float = 1400, height_m: float = 2200) -> tuple[float, float, float, float]:
    west, south, east, north = transform_geometry(vzorov_boundary(), to_metric(KROVAK)).bounds
    x, y = (west + east) / 2, (south + north) / 2
    return x - width_m / 2, y - height_m / 2, x + width_m / 2, y + height_m / 2


@pytest.mark.parametrize(("paper", "area", "px_per_mm"), [("A4", None, 8), ("A3", _tall(), 8), ("A0", None, 3)])
def test_every_marker_stands_at_its_millimetre(paper, area, px_per_mm):
    order = an_order(paper, area=area)
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    pixels = _page(sheets_pdf(order), px_per_mm=px_per_mm)
    corners, numbers, _ = cv2.aruco.ArucoDetector(dictionary(), settings).detectMarkers(pixels)
    markers = {marker.place: marker for marker in order.sheet.layout.markers}
    assert len(numbers) == len(markers)
    for found, number in zip(corners, numbers.ravel().tolist(), strict=True):
        place, kind = place_and_class(number)
        assert kind == serial_class(order.copies[0].serial)
        assert np.abs((found[0] + 0.5) / px_per_mm - markers[place].corners()).max() < 0.25 / px_per_mm + 0.03


def test_each_copy_says_its_own_serial_in_every_corner_and_in_words():
    order = an_order("A4", copies=3)
    pdf = sheets_pdf(order)
    for n, copy in enumerate(order.copies):
        codes = [one.text for one in zxingcpp.read_barcodes(_page(pdf, n))]
        assert codes.count(code_text(copy.serial)) == 4
        assert codes.count(ADDRESS) == 1
        assert shown_serial(copy.serial) in _words(pdf, n)
        assert f"List {n + 1} z 3" in _words(pdf, n)


def test_what_is_drawn_lies_where_the_sheet_says_to_a_tenth_of_a_millimetre():
    sheet = sheet_of((-700_000, -1_100_000, -698_000, -1_098_500), KROVAK, STICKERS, paper="A4")
    west, south, east, north = sheet.bounds
    x, y = west + 0.3 * (east - west), south + 0.6 * (north - south)
    # A house of 200 m by 100 m, alone on a white ground.
    house = GroundFeature("building", "public", "", shapely.box(x, y, x + 200, y + 100))
    order = an_order(ground=Ground((house,), shapely.box(west - 900, south - 900, east + 900, north + 900)))
    order = replace(order, sheet=sheet)
    picture = frame_picture(sheets_pdf(order), sheet).astype(int)
    assert picture.shape[1::-1] == sheet.picture_size
    land = np.median(picture.reshape(-1, 3), axis=0)
    seen = np.abs(picture - land).sum(axis=2) > 20
    left, top = (np.array(sheet.to_page(x, y + 100)) - sheet.layout.frame[:2]) * sheet.picture_px_per_mm
    right, foot = (np.array(sheet.to_page(x + 200, y)) - sheet.layout.frame[:2]) * sheet.picture_px_per_mm
    near = seen[int(top) - 20 : int(foot) + 20, int(left) - 20 : int(right) + 20]
    rows, columns = np.nonzero(near)
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) + np.tile(
        [int(left) - 20, int(top) - 20], 2
    )
    px = sheet.picture_px_per_mm
    assert np.abs((found[:2] + found[2:]) / 2 - [(left + right) / 2, (top + foot) / 2]).max() / px < 0.1
    assert (
        np.abs(found[2:] - found[:2] - [right - left, foot - top]).max() / px < 0.4
    )  # its outline, and half pixels


def test_the_frame_is_the_same_whatever_the_serial():
    order = an_order("A4", copies=1)
    other = replace(order, copies=[replace(order.copies[0], serial=a_serial(5), n=9, receipt="AAAA")])
    assert np.array_equal(
        frame_picture(sheets_pdf(order), order.sheet), frame_picture(sheets_pdf(other), order.sheet)
    )


def test_a_picture_of_another_page_is_refused():
    order = an_order("A3")
    with pytest.raises(ValueError, match="297"):
        frame_picture(sheets_pdf(replace(order, pages_on="A4")), order.sheet)


def test_no_colour_in_the_frame_is_like_that_of_a_sticker():
    order = an_order("A3")
    picture = frame_picture(sheets_pdf(order), order.sheet)
    colourful = np.hypot(*oklab_of(picture.reshape(-1, 3) / 255)[:, 1:].T).max()
    palest = min(np.hypot(*oklab_of(np.array(one.rgb) / 255)[1:]) for one in STICKERS)
    assert colourful < palest / 3


def test_a_class_of_thirty_sheets_draws_the_ground_only_once():
    one, thirty = (len(sheets_pdf(an_order("A4", copies=n))) for n in (1, 30))
    assert thirty < 2 * one


def test_the_parts_of_a_large_sheet_make_up_the_whole():
    order = an_order("A2", copies=1)
    px = 2
    edge = round(EDGE_MM * px)
    whole = _page(sheets_pdf(order), px_per_mm=px).astype(int)
    in_parts = sheets_pdf(replace(order, pages_on="A4"))
    parts = parts_on("A4", order.sheet.layout.page)
    glued = np.full_like(whole, 255)
    for n, part in enumerate(parts.all()):
        page = _page(in_parts, n, px)
        inner = page[edge:-edge, edge:-edge]
        x, y = round(part.left * px), round(part.top * px)
        room = glued[y : y + inner.shape[0], x : x + inner.shape[1]]
        room[:] = inner[: room.shape[0], : room.shape[1]]
    # A pixel of difference at edges that fall between pixels; nothing is missing or moved.
    assert (
        np.abs(cv2.blur(whole.astype(np.float32), (9, 9)) - cv2.blur(glued.astype(np.float32), (9, 9))).max() < 90
    )
    assert np.abs(whole - glued).mean() < 2.0
    assert f"Díl 2 z {len(parts.all())}" in _words(in_parts, 1)


@pytest.mark.parametrize(
    ("sheet", "paper", "pages"),
    [
        ((420, 297), "A4", 3),
        ((594, 420), "A4", 8),
        ((841, 594), "A3", 6),
        ((1189, 841), "A3", 9),
        ((297, 210), "A4", 1),
    ],
)
def test_a_large_sheet_takes_the_fewest_pages_that_overlap(sheet, paper, pages):
    parts = parts_on(paper, sheet)
    assert len(parts.all()) == pages
    last = parts.all()[-1]
    assert last.left + parts.shown[0] >= sheet[0] - 8
    assert last.top + parts.shown[1] >= sheet[1] - 8
    for one, other in zip(parts.all(), parts.all()[1:], strict=False):
        if one.row == other.row:
            assert one.left + parts.shown[0] - other.left == pytest.approx(OVERLAP_MM)


def test_all_words_of_both_languages_and_the_whole_receipt_are_on_the_sheet():
    order = an_order("A4")
    order = replace(order, copies=[replace(order.copies[0], receipt_address="https://x.example/r/K7QF2MZX8H4T")])
    pdf = sheets_pdf(order)
    words = _words(pdf)
    for text in (CZECH, ENGLISH):
        for said in (*text.categories.values(), *text.steps, text.title, text.lead, text.legend, text.slip):
            assert said in words
    for said in (
        CZECH.slip_help,
        "K7QF-2MZX-8H4T",
        "1 : 20 000",
        "© město Vzorov",
        WORDS.event,
    ):
        assert said in words
    assert WORDS.shown_address in words.replace(" ", "")  # it may be in two lines
    assert "https://x.example/r/K7QF2MZX8H4T" in [one.text for one in zxingcpp.read_barcodes(_page(pdf))]


LONG = "Nebezpečné místo pro chodce, cyklisty a děti cestou do školy i ze školy domů"


@pytest.mark.parametrize("paper", ["A4", "A3", "A1"])
@pytest.mark.parametrize("area", [None, _tall()])
@pytest.mark.parametrize("with_slip", [True, False])
def test_eight_categories_and_long_words_stay_in_their_room(paper, area, with_slip):
    keys = [f"k{n}" for n in range(8)]
    stickers = tuple(Sticker(key, (20 * n, 100, 200 - 20 * n)) for n, key in enumerate(keys))
    texts = tuple(
        replace(
            text,
            title=f"{text.title} a všech jejích místních částí, osad i samot v okolí",
            lead=f"{text.lead} {LONG}. {LONG}.",
            categories={key: f"{n} {LONG}" for n, key in enumerate(keys)},
            steps=(LONG,) * 4,
        )
        for text in (CZECH, ENGLISH)
    )
    order = an_order(
        paper, area=area, with_slip=with_slip, stickers=stickers, words=replace(WORDS, texts=texts), shapes={}
    )
    layout = order.sheet.layout
    document = pypdfium2.PdfDocument(sheets_pdf(order))
    text = document[0].get_textpage()
    rooms = [layout.frame, layout.title, layout.column, *([layout.slip] if layout.slip else [])]
    for i in range(text.count_chars()):
        x0, y0, x1, y1 = (edge / _MM for edge in text.get_charbox(i, loose=False))
        if x0 == x1:
            continue
        x, y = (x0 + x1) / 2, layout.page[1] - (y0 + y1) / 2
        assert any(
            left - 0.5 <= x <= left + wide + 0.5 and top - 1 <= y <= top + high + 0.5
            for left, top, wide, high in rooms
        ), (text.get_text_range(max(0, i - 20), 40), x, y)
    assert text.get_text_bounded().count("7 Nebezpečné") == 2
    assert " 4\r\n" in text.get_text_bounded().replace("\r\n4\r\n", " 4\r\n")  # the table has four rows at least
    text.close()
    document.close()


def test_a_map_without_a_layer_of_its_own_has_boundary_and_words():
    order = an_order(ground=Ground((), transform_geometry(vzorov_boundary(), to_metric(KROVAK))))
    pdf = sheets_pdf(order)
    picture = frame_picture(pdf, order.sheet)
    assert picture.min() < 160  # the boundary's line
    assert "Pocitová mapa" in _words(pdf)


def test_a_loud_picture_is_muted_and_fades_beyond_the_boundary_and_north_is_up():
    order = an_order()
    west, south, east, north = order.sheet.bounds
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[:100] = (255, 0, 0)  # the northern half
    pixels[100:] = (0, 60, 0)
    kept = BytesIO()
    Image.fromarray(pixels).save(kept, "PNG")
    boundary = shapely.box(west, south, (west + east) / 2, north)
    order = replace(order, ground=Ground((), boundary, kept.getvalue()))
    picture = frame_picture(sheets_pdf(order), order.sheet).astype(int)
    height, width, _ = picture.shape
    red, green = picture[height // 4, width // 4], picture[height * 3 // 4, width // 4]
    assert red[0] > red[1]
    assert green[1] > green[0]
    assert max(np.ptp(red), np.ptp(green)) < 45
    assert green.min() > 90
    assert picture[height * 3 // 4, width * 3 // 4].mean() > green.mean() + 40


def test_the_arrow_shows_true_north_not_the_grids():
    # The convergence of UTM in closed form (Snyder 1987, on the sphere): atan(tan(dlon) sin(lat)).
    lon, lat = 17.2, 49.8
    x, y = (float(one) for one in to_metric(32633)(lon, lat))
    sheet = sheet_of((x - 500, y - 500, x + 500, y + 500), 32633, STICKERS, paper="A4")
    convergence = degrees(atan(tan(radians(lon - 15)) * sin(radians(lat))))
    assert degrees(north_angle(sheet)) == pytest.approx(-convergence, abs=0.02)
