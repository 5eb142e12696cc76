"""Posters and slips: a PDF that is tagged, speaks the map's language, and whose code opens the map."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from contextlib import closing, suppress

import cv2
import numpy as np
import pypdfium2
import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from app.services.posters import QUIET_MODULES, qr_svg
from tests.builders import a_map, an_event, an_official, moment
from tests.doors import sign_in

EVENT = "/office/maps/testov/events/FORUM1"
MAP = "/office/maps/testov"
POINTS_PER_MM = 72 / 25.4


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    made = a_map(session, title={"cs": "Pocitová mapa žluťoučkého Testova", "en": "Emotional map"})
    an_event(
        session,
        made,
        "FORUM1",
        title={"cs": "Veřejné fórum: příliš žluťoučký kůň", "en": "Public forum"},
        place="Kulturní dům, velký sál",
        starts_at=moment("2026-10-01T17:00+02:00"),
        ends_at=moment("2026-10-01T20:00+02:00"),
    )
    an_official(session)
    return made


@pytest.fixture
def editor(client: FlaskClient, the_map: MapRecord) -> FlaskClient:
    return sign_in(client, "urad@testov.example")


def pages_of(pdf: bytes) -> list[tuple[int, int]]:
    """The sizes of the pages in millimetres."""
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        return [tuple(round(points / POINTS_PER_MM) for points in page.get_size()) for page in opened]


def text_of(pdf: bytes) -> str:
    """What a reader can copy from the first page, in one line."""
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        return re.sub(r"\s+", " ", opened[0].get_textpage().get_text_range())


def picture_of(pdf: bytes, dots_per_inch: int = 110) -> np.ndarray:
    """The first page as a camera would see it."""
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        return opened[0].render(scale=dots_per_inch / 72).to_numpy().copy()


def codes_in(picture: np.ndarray) -> list[str]:
    """What the QR codes of a picture say."""
    found, texts, *_ = cv2.QRCodeDetector().detectAndDecodeMulti(picture)
    return list(texts) if found else []


@pytest.mark.parametrize(
    ("address", "size"),
    [
        (f"{EVENT}/poster.pdf", (210, 297)),
        (f"{EVENT}/poster.pdf?paper=A3", (297, 420)),
        (f"{MAP}/poster.pdf?paper=A4", (210, 297)),
    ],
)
def test_a_poster_is_one_page_of_the_paper_asked_for(
    editor: FlaskClient, address: str, size: tuple[int, int]
) -> None:
    answer = editor.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert pages_of(answer.data) == [size]


def test_a_long_poster_still_is_one_page(client: FlaskClient, session: Session) -> None:
    long = "Místo, kam bych večer sám nešel, ani kdyby tam svítilo"
    categories = [{"key": f"c{n}", "label": {"cs": long}, "word": {"cs": "Slovo"}} for n in range(6)]
    the_map = a_map(session, categories=categories, title={"cs": "Pocitová mapa " + "velmi " * 12 + "dlouhá"})
    an_event(session, the_map, "F" * 24, title={"cs": "Setkání " * 12}, place="Sál " * 20)
    an_official(session)
    sign_in(client, "urad@testov.example")
    assert len(pages_of(client.get(f"{MAP}/events/{'F' * 24}/poster.pdf").data)) == 1


def test_slips_fill_as_many_sheets_as_they_need(editor: FlaskClient) -> None:
    for count, sheets in ((1, 1), (10, 1), (11, 2), (27, 3)):
        assert pages_of(editor.get(f"{EVENT}/slips.pdf?count={count}").data) == [(210, 297)] * sheets
    assert pages_of(editor.get(f"{MAP}/slips.pdf").data) == [(210, 297)]


@pytest.mark.parametrize(
    "query", ["poster.pdf?paper=A5", "slips.pdf?count=0", "slips.pdf?count=201", "slips.pdf?count=x"]
)
def test_what_can_t_be_printed_is_refused(editor: FlaskClient, query: str) -> None:
    assert editor.get(f"{EVENT}/{query}").status_code == 400


def test_there_is_no_poster_of_an_event_that_is_not_there(editor: FlaskClient) -> None:
    assert editor.get(f"{MAP}/events/NIC/poster.pdf").status_code == 404


def test_the_poster_can_be_read_aloud(editor: FlaskClient) -> None:
    """PDF/UA: tags, language, a title, an alternative text for the one picture."""
    pdf = editor.get(f"{EVENT}/poster.pdf").data
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        assert opened.is_tagged()
        title = "Veřejné fórum: příliš žluťoučký kůň · Pocitová mapa žluťoučkého Testova"
        assert opened.get_metadata_value("Title") == title
    inside = laid_open(pdf)
    assert b"pdfuaid:part" in inside
    assert b"/Lang (cs)" in inside
    assert b"/DisplayDocTitle true" in inside
    assert (inside.count(b"/S /Figure"), inside.count(b"/Alt ")) == (1, 1)


def test_everything_that_matters_is_said_in_czech_letters(editor: FlaskClient) -> None:
    said = text_of(editor.get(f"{EVENT}/poster.pdf").data)
    for words in (
        "Testov",
        "Pocitová mapa žluťoučkého Testova",
        "Veřejné fórum: příliš žluťoučký kůň",
        "čtvrtek 1. října 2026, 17:00–20:00",
        "Kulturní dům, velký sál",
        "localhost/m/testov/FORUM1",
    ):
        assert words in said


def test_a_camera_reads_the_code_on_the_poster_and_on_every_slip(editor: FlaskClient) -> None:
    address = "http://localhost/m/testov?event=FORUM1"
    assert codes_in(picture_of(editor.get(f"{EVENT}/poster.pdf").data)) == [address]
    assert codes_in(picture_of(editor.get(f"{EVENT}/slips.pdf").data, 150)) == [address] * 10
    assert codes_in(picture_of(editor.get(f"{MAP}/poster.pdf?paper=A3").data)) == ["http://localhost/m/testov"]


def test_a_poster_wastes_no_ink(editor: FlaskClient) -> None:
    """Beside the code itself, paper stays paper."""
    grey = picture_of(editor.get(f"{EVENT}/poster.pdf").data)[:, :, :3].mean(axis=2)
    assert (255 - grey).mean() / 255 < 0.13


def test_the_poster_speaks_the_language_asked_for_else_the_first_of_the_map(editor: FlaskClient) -> None:
    assert b"/Lang (en)" in laid_open(editor.get(f"{EVENT}/poster.pdf?lang=en").data)
    clerk = {"Accept-Language": "en"}
    assert b"/Lang (cs)" in laid_open(editor.get(f"{EVENT}/poster.pdf", headers=clerk).data)


def laid_open(pdf: bytes) -> bytes:
    """The file with its packed streams laid open."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


def modules_of(svg: str, side: int) -> list[list[bool]]:
    """Which modules the drawing makes dark, by the even-odd rule at each module's middle."""
    rings = [
        [tuple(map(float, point.split())) for point in ring.strip("Z").split("L")]
        for ring in re.search(r' d="M([^"]+)"', svg)[1].split("M")  # type: ignore[index]
    ]

    def dark(x: float, y: float) -> bool:
        crossings = 0
        for ring in rings:
            for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
                crossings += (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        return crossings % 2 == 1

    return [[dark(column + 0.5, row + 0.5) for column in range(side)] for row in range(side)]


def test_the_outline_is_the_code_module_by_module() -> None:
    address = "https://pocit.example/m/testov?event=FORUM1"
    code = segno.make_qr(address, error="m")
    matrix = [[bool(module) for module in row] for row in code.matrix]
    svg = qr_svg(address)
    assert modules_of(svg, len(matrix)) == matrix
    assert code.error in {"M", "Q", "H"}
    quiet = f'viewBox="-{QUIET_MODULES} -{QUIET_MODULES} {len(matrix) + 8} {len(matrix) + 8}"'
    assert quiet in svg


def test_the_code_holds_the_public_address_of_the_map_with_the_event(app: Flask, the_map: MapRecord) -> None:
    from app.queries.events import event_of
    from app.views.posters import door_of

    with app.test_request_context(base_url="https://mapy.mesto.example"):
        from app.db import session as opened

        at_event = door_of(the_map, event_of(opened(), the_map, "FORUM1"))
        alone = door_of(the_map, None)
    assert at_event.address == "https://mapy.mesto.example/m/testov?event=FORUM1"
    assert at_event.typed == "mapy.mesto.example/m/testov/FORUM1"
    assert (alone.address, alone.typed) == ("https://mapy.mesto.example/m/testov", "mapy.mesto.example/m/testov")
    assert b64decode(at_event.qr.partition(",")[2]).decode() == qr_svg(at_event.address)
