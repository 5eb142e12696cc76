"""The council report: asked for in the office, made by a real thread, read from its real files."""

from __future__ import annotations

import ctypes
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.db import EXTENSION
from app.models import AuditEntry, PinState, Report, ReportState, Town, TownMap
from app.queries.maps import MapRecord
from app.queries.reports import KEPT
from app.services.reports import Workshop
from tests.builders import CENTRE, a_basemap, a_map, a_pin, a_report, an_event, an_official, moment
from tests.doors import csrf_of, sign_in

PAGE = "/office/maps/testov/report"
PATIENCE_S = 60
LONELY = (15.505, 49.612)
"""More than 250 m from everybody else."""
GENDER = {
    "key": "gender",
    "label": {"cs": "Jste…", "en": "You are…"},
    "options": [
        {"key": "woman", "label": {"cs": "Žena", "en": "A woman"}},
        {"key": "man", "label": {"cs": "Muž", "en": "A man"}},
    ],
}
SAID = [
    "Večer je tu tma a nikdo tudy nechodí, bojím se.",
    "Chybí tu lampa už třetí rok, prosíme o ni.",
    "Podchod je cítit a voda v něm stojí celý den.",
    "Auta tu jezdí rychle a přechod není vidět.",
]


@pytest.fixture
def live_app(live_url: str, tmp_path: Path, live_session: Session) -> Iterator[Flask]:
    """An app whose rows are really there for other threads."""
    made = create_app(Config(database_url=live_url, home=tmp_path / "home", secret_key="tests only"))
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    made.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def the_map(live_session: Session) -> MapRecord:
    """Eight people who said the same of one place, one far off, one hidden, one waiting, one in doubt."""
    made = a_map(live_session, about=[GENDER], basemap_geojson=a_basemap("Lipová"))
    for n in range(8):
        comment = SAID[n] if n < len(SAID) else None
        about = {"gender": "woman" if n < 6 else "man"}
        at = (CENTRE[0] + n * 1e-5, CENTRE[1])
        a_pin(live_session, made, "unsafe", at, f"person {n}", comment=comment, about=about, supports=10 - n)
    a_pin(live_session, made, "unsafe", LONELY, "alone", comment="OSAMĚLÝ komentář daleko odtud", about={})
    for state, word in ((PinState.HIDDEN, "SKRYTÝ"), (PinState.PENDING, "ČEKAJÍCÍ")):
        a_pin(live_session, made, "unsafe", CENTRE, word, comment=f"{word} komentář", state=state, supports=99)
    a_pin(live_session, made, "unsafe", CENTRE, "doubt", comment="POCHYBNÝ 602 123 456", flagged=True, supports=99)
    an_event(live_session, made, "FORUM1", title={"cs": "Fórum na radnici", "en": "Forum"}, place="Velký sál")
    return made


@pytest.fixture
def desk(live_app: Flask, live_session: Session, the_map: MapRecord) -> FlaskClient:
    """A viewer of the town: reports are for everybody of the office."""
    return sign_in(live_app.test_client(), an_official(live_session, role="viewer"))


def asked(desk: FlaskClient, language: str = "cs") -> str:
    """The id of the report that this press of the button is about."""
    answer = desk.post(PAGE, data={"language": language, "csrf_token": csrf_of(desk, PAGE)})
    assert answer.status_code == 303, answer.text
    page = desk.get(PAGE).text
    found = re.search(r"/report/([0-9a-f-]{36})\.", page)
    assert found, page
    return found[1]


def finished(desk: FlaskClient, report_id: str) -> str:
    """The state in which the report ends."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        state = desk.get(f"{PAGE}/{report_id}.json").json["state"]
        if state in ("done", "failed"):
            return state
        time.sleep(0.1)
    pytest.fail("the report did not get ready")


def files_of(desk: FlaskClient, language: str = "cs") -> tuple[bytes, str]:
    """A new report's PDF, and its HTML with plain spaces."""
    report_id = asked(desk, language)
    assert finished(desk, report_id) == "done"
    pdf, page = desk.get(f"{PAGE}/{report_id}.pdf"), desk.get(f"{PAGE}/{report_id}.html")
    return pdf.data, page.text.replace("\u00a0", " ")


def text_of(pdf: bytes) -> str:
    """What can be copied from all pages, in one line."""
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in opened))


def elements_of(pdf: bytes) -> list[tuple[str, str]]:
    """Every tag of the document with its alternative text."""
    found: list[tuple[str, str]] = []

    def read(call, element) -> str:
        size = call(element, None, 0)
        buffer = ctypes.create_string_buffer(max(size, 2))
        call(element, buffer, size)
        return buffer.raw[: max(size - 2, 0)].decode("utf-16-le")

    def walk(element) -> None:
        found.append(
            (read(pdfium.FPDF_StructElement_GetType, element), read(pdfium.FPDF_StructElement_GetAltText, element))
        )
        for i in range(pdfium.FPDF_StructElement_CountChildren(element)):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, i)
            if child:
                walk(child)

    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        for page in opened:
            tree = pdfium.FPDF_StructTree_GetForPage(page)
            for i in range(pdfium.FPDF_StructTree_CountChildren(tree)):
                walk(pdfium.FPDF_StructTree_GetChildAtIndex(tree, i))
            pdfium.FPDF_StructTree_Close(tree)
    return found


def test_a_press_of_the_button_makes_two_files_that_say_what_people_said(desk: FlaskClient) -> None:
    pdf, page = files_of(desk)
    assert pdf.startswith(b"%PDF-")
    for text in (text_of(pdf), re.sub(r"\s+", " ", page)):
        assert "Mapa testov" in text
        assert "Lipová" in text
        assert SAID[0] in text
        assert "Fórum na radnici" in text
        # With the one in doubt, whose pin is seen and counted though not quoted; the lonely one is elsewhere.
        assert "9 lidí" in text


def test_nothing_hidden_waiting_doubtful_or_lonely_is_in_it(desk: FlaskClient) -> None:
    pdf, page = files_of(desk)
    for text in (text_of(pdf), page):
        for word in ("SKRYTÝ", "ČEKAJÍCÍ", "POCHYBNÝ", "602 123", "OSAMĚLÝ"):
            assert word not in text


def test_groups_below_k_are_put_together(desk: FlaskClient) -> None:
    """Two men among twelve people: neither they nor what is left of the total may be told apart."""
    _, page = files_of(desk)
    table = page[page.index("<caption>Jste…") :]
    table = table[: table.index("</table>")]
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td class="numbers">(.*?)</td>', table)
    assert ("Žena", "6") in rows
    assert len(rows) == 2
    assert all(int(people) >= 5 for _, people in rows)


def test_the_pdf_can_be_read_aloud(desk: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    """PDF/UA: tags, headings, a language, a title, words for every picture, bookmarks."""
    pdf, _ = files_of(desk)
    assert [entry.message for entry in caplog.records if entry.levelname in ("WARNING", "ERROR")] == []
    assert b"/StructTreeRoot" in pdf or b"/ObjStm" in pdf
    with closing(pypdfium2.PdfDocument(pdf)) as opened:
        assert opened.is_tagged()
        assert "Mapa testov" in opened.get_metadata_value("Title")
        letters = (ctypes.c_ushort * 8)()
        pdfium.FPDFCatalog_GetLanguage(opened, letters, ctypes.sizeof(letters))
        assert bytes(letters).decode("utf-16-le").rstrip("\0") == "cs"
        marks = [mark.get_title() for mark in opened.get_toc()]
        assert "Tady se necítím bezpečně" in " ".join(marks)
        assert len(marks) >= 6
    elements = elements_of(pdf)
    figures = [alt for tag, alt in elements if tag == "Figure"]
    assert len(figures) >= 2
    assert all(figures)
    assert any("Lipová" in alt for alt in figures)
    tags = {tag for tag, _ in elements}
    assert {"H1", "H2", "H3", "P", "L", "LI", "Table", "TH", "TD", "Link", "BlockQuote"} <= tags
    assert [tag for tag, _ in elements].count("H1") == 1


def test_the_html_needs_nothing_from_anywhere(desk: FlaskClient) -> None:
    _, page = files_of(desk, "en")
    assert '<html lang="en"' in page
    assert "<script" not in page
    assert "<link" not in page
    sources = re.findall(r'(?:src|href|srcset)="([^"]+)"', page)
    assert sources
    assert all(source.startswith(("#", "data:")) for source in sources)
    assert not re.search(r"url\((?!data:)|@import", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(source[1:] in ids for source in sources if source.startswith("#"))


def test_what_people_wrote_stays_text(desk: FlaskClient, live_session: Session, the_map: MapRecord) -> None:
    evil = '<img src="file:///etc/hostname"><script>alert(1)</script> {{ 7 * 191 }}'
    a_pin(live_session, the_map, "unsafe", CENTRE, "evil", comment=evil, supports=100)
    pdf, page = files_of(desk)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "1337" not in page
    assert "<script>alert(1)</script>" in text_of(pdf)


def test_who_is_missing_is_said_with_the_census_and_not_guessed_without(
    desk: FlaskClient, live_session: Session, the_map: MapRecord
) -> None:
    _, without = files_of(desk, "en")
    assert "The town has not entered" in without
    groups = [{"from": 0, "to": None, "sex": sex, "people": people} for sex, people in (("f", 100), ("m", 900))]
    live_session.execute(
        update(Town).where(Town.id == the_map.town_id).values(census={"source": "ČSÚ 2026", "groups": groups})
    )
    live_session.execute(delete(Report))
    for n in range(20):
        a_pin(live_session, the_map, "safe", CENTRE, f"woman {n}", about={"gender": "woman"})
    live_session.commit()
    _, page = files_of(desk, "en")
    assert "ČSÚ 2026" in page
    assert "fewer than in the town" in page
    assert "“A man”: fewer than 5 of those who took part, but 90% of the town’s people." in page
    # Nor can the two men be reckoned from the share or the number of the women.
    table = page[page.index("of those who took part</th>") :]
    table = table[: table.index("</table>")]
    assert re.findall(r'<td class="numbers">(.*?)</td>', table) == ["–", "10%", "fewer than 5 people", "90%"]
    assert "Whether they are women or men said" not in page


def test_too_few_people_make_a_report_that_only_says_so(live_session: Session, live_app: Flask) -> None:
    made = a_map(live_session)
    a_pin(live_session, made, "unsafe", CENTRE, "one", comment="JEDINÝ komentář")
    desk = sign_in(live_app.test_client(), an_official(live_session, role="viewer"))
    pdf, page = files_of(desk, "en")
    assert "Fewer than 5 people have taken part so far" in page
    for text in (text_of(pdf), page):
        assert "JEDINÝ" not in text
        assert not re.search(r"\b1 (person|pin)\b", text)


def test_map_that_publishes_no_pins_is_not_quoted(live_session: Session, live_app: Flask) -> None:
    made = a_map(live_session, publish={"pins": False, "heat": True, "k": 5})
    for n in range(6):
        a_pin(live_session, made, "unsafe", CENTRE, f"person {n}", comment=f"{SAID[0]} {n}")
    desk = sign_in(live_app.test_client(), an_official(live_session, role="viewer"))
    _, page = files_of(desk, "en")
    assert "bojím" not in page
    assert "no comment is quoted" in page
    assert 'class="heat-light"' in page


def test_files_are_private_and_carry_a_name(desk: FlaskClient) -> None:
    report_id = asked(desk)
    assert finished(desk, report_id) == "done"
    answer = desk.get(f"{PAGE}/{report_id}.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert re.fullmatch(
        r'inline; filename="testov-\d{4}-\d\d-\d\d-cs\.pdf"', answer.headers["Content-Disposition"]
    )
    page = desk.get(f"{PAGE}/{report_id}.html")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]


def test_an_official_of_another_town_gets_nothing(
    desk: FlaskClient, live_app: Flask, live_session: Session
) -> None:
    report_id = asked(desk)
    finished(desk, report_id)
    a_map(live_session, "jinde")
    stranger = sign_in(live_app.test_client(), an_official(live_session, "x@jinde.example", town="jinde"))
    for address in (PAGE, f"{PAGE}/{report_id}.json", f"{PAGE}/{report_id}.pdf", f"{PAGE}/{report_id}.html"):
        assert stranger.get(address).status_code == 404, address
    # Nor by way of a map of their own.
    assert stranger.get(f"/office/maps/jinde/report/{report_id}.pdf").status_code == 404
    assert live_app.test_client().get(f"{PAGE}/{report_id}.pdf", headers={"Accept": "*/*"}).status_code == 401


def test_second_press_while_one_is_made_starts_no_other(
    desk: FlaskClient, live_session: Session, the_map: MapRecord
) -> None:
    running = a_report(live_session, the_map, state="running", progress=40)
    assert asked(desk) == str(running.id)
    assert len(live_session.scalars(select(Report.id)).all()) == 1


def test_report_whose_worker_died_is_shown_as_failed_and_can_be_tried_again(
    desk: FlaskClient, live_session: Session, the_map: MapRecord
) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=4)
    lost = a_report(live_session, the_map, state="running", progress=40, changed_at=long_ago, asked_at=long_ago)
    assert desk.get(f"{PAGE}/{lost.id}.json").json["state"] == "failed"
    page = desk.get(PAGE, headers={"Accept-Language": "en"}).text
    assert "Try again" in page
    report_id = asked(desk)
    assert report_id != str(lost.id)
    assert finished(desk, report_id) == "done"


def test_page_refreshes_itself_where_there_are_no_scripts(
    desk: FlaskClient, live_session: Session, the_map: MapRecord
) -> None:
    a_report(live_session, the_map, state="running", progress=40, step="Drawing the maps")
    page = desk.get(PAGE, headers={"Accept-Language": "en"}).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'value="40"' in page
    assert "Drawing the maps" in page


def test_failure_is_a_sentence_and_its_traceback_is_only_in_the_log(
    desk: FlaskClient, live_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    home: Path = live_app.extensions["pocit-config"].home
    home.mkdir(parents=True)
    (home / "reports").write_text("a file where the folder should be")
    report_id = asked(desk)
    assert finished(desk, report_id) == "failed"
    page = desk.get(PAGE, headers={"Accept-Language": "en"}).text
    assert "The report could not be made." in page
    assert "Traceback" not in page
    assert any(entry.exc_info for entry in caplog.records if entry.name == "app.services.reports")
    assert SAID[0] not in caplog.text
    assert desk.get(f"{PAGE}/{report_id}.pdf").status_code == 404


def test_only_the_newest_are_kept_and_those_of_removed_maps_are_swept_away(
    desk: FlaskClient, live_app: Flask, live_session: Session, the_map: MapRecord
) -> None:
    home: Path = live_app.extensions["pocit-config"].home
    folder = home / "reports" / str(the_map.id)
    folder.mkdir(parents=True)
    (home / "reports" / "999999").mkdir()
    (folder / ".draft-of-a-killed-worker").write_bytes(b"%PDF")
    for day in range(1, KEPT + 2):
        old = a_report(live_session, the_map, asked_at=moment(f"2026-01-0{day}T12:00+00:00"))
        (folder / f"{old.id}.pdf").write_bytes(b"%PDF-")
    report_id = asked(desk)
    assert finished(desk, report_id) == "done"
    live_session.expire_all()
    assert len(live_session.scalars(select(Report.id)).all()) == KEPT
    assert len(list(folder.iterdir())) == KEPT - 1 + 2
    assert not (home / "reports" / "999999").exists()


def test_report_of_a_map_removed_meanwhile_ends_quietly(
    live_app: Flask, live_session: Session, the_map: MapRecord, caplog: pytest.LogCaptureFixture
) -> None:
    from app.services.reports import Order
    from app.views.office.report import _office

    with live_app.app_context():
        order = Order(the_map.id, the_map.slug, uuid.uuid4(), "cs")
        Workshop().start(_office(), order).join(PATIENCE_S)
    assert [entry for entry in caplog.records if entry.levelname == "ERROR"] == []
    assert not (live_app.extensions["pocit-config"].home / "reports").exists()


def test_third_report_waits_for_a_free_place(live_app: Flask, live_session: Session, the_map: MapRecord) -> None:
    from app.services.reports import Order
    from app.views.office.report import _office

    shop = Workshop(at_once=1)
    shop._places.acquire()
    waiting = a_report(live_session, the_map, state=ReportState.WAITING, progress=0)
    with live_app.app_context():
        thread = shop.start(_office(), Order(the_map.id, the_map.slug, waiting.id, "cs"))
    thread.join(0.5)
    live_session.refresh(waiting)
    assert (thread.is_alive(), waiting.state) == (True, "waiting")
    assert thread.daemon
    shop._places.release()
    thread.join(PATIENCE_S)
    live_session.refresh(waiting)
    assert waiting.state == "done"


def test_deed_is_in_the_log_without_anybodys_words(desk: FlaskClient, live_session: Session) -> None:
    finished(desk, asked(desk))
    entry = live_session.scalars(select(AuditEntry).where(AuditEntry.action == "report.make")).one()
    assert (entry.official, entry.map_slug, entry.detail) == ("urad@testov.example", "testov", {"language": "cs"})


def test_unknown_language_is_refused_beside_its_field(desk: FlaskClient) -> None:
    answer = desk.post(PAGE, data={"language": "xx", "csrf_token": csrf_of(desk, PAGE)})
    assert answer.status_code == 422
    assert 'id="language-problem"' in answer.text


def test_draft_has_a_report_for_its_office(desk: FlaskClient, live_session: Session, the_map: MapRecord) -> None:
    live_session.execute(
        update(TownMap).where(TownMap.id == the_map.id).values(draft=True, version=TownMap.version + 1)
    )
    live_session.commit()
    assert finished(desk, asked(desk)) == "done"
