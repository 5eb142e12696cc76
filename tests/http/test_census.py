"""The table of who lives in the town: typed, read from a file, saved, and refused beside its fields."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Town
from tests.builders import a_map, an_official
from tests.doors import csrf_of, sign_in

PAGE = "/office/towns/testov/census"
CSV = "věk;muži;ženy\n0–4;10;12\n5+;100;110\n".encode()


@pytest.fixture
def office(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor at the desk."""
    a_map(session)
    return sign_in(client, an_official(session))


def typed(client: FlaskClient, rows: list[tuple[str, str, str]], source: str = "ČSÚ") -> TestResponse:
    form: dict[str, Any] = {name: [row[n] for row in rows] for n, name in enumerate(("age", "women", "men"))}
    return client.post(PAGE, data=form | {"source": source, "csrf_token": csrf_of(client, PAGE)})


def sent(client: FlaskClient, data: bytes) -> TestResponse:
    form = {"file": (io.BytesIO(data), "vek.csv"), "csrf_token": csrf_of(client, PAGE)}
    return client.post(f"{PAGE}/file", data=form)


def stored(session: Session) -> dict[str, Any] | None:
    session.expire_all()
    return session.query(Town).filter_by(slug="testov").one().census


def test_typed_table_is_stored_and_written_down(office: FlaskClient, session: Session) -> None:
    answer = typed(office, [("0-14", "1 200", "1250"), ("", "", ""), ("15+", "8000", "7600")], "ČSÚ, 31. 12. 2025")
    assert answer.status_code == 303
    census = stored(session)
    assert census is not None
    assert census["source"] == "ČSÚ, 31. 12. 2025"
    assert {"from": 15, "to": None, "sex": "f", "people": 8000} in census["groups"]
    entry = session.query(AuditEntry).filter_by(action="census.change").one()
    assert (entry.detail["people"], entry.official) == (18050, "urad@testov.example")
    page = office.get(f"{PAGE}?saved=1").text
    assert 'value="15+"' in page
    assert 'value="8000"' in page


def test_everything_wrong_is_told_beside_its_field_and_nothing_is_lost(
    office: FlaskClient, session: Session
) -> None:
    answer = typed(office, [("0-14", "1200", "mnoho"), ("kolem třiceti", "5", "6")], "")
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 3
    for text in ('value="mnoho"', 'value="kolem třiceti"', 'value="1200"'):
        assert text in answer.text
    assert stored(session) is None


def test_file_fills_the_form_and_is_stored_only_when_saved(office: FlaskClient, session: Session) -> None:
    answer = sent(office, CSV)
    assert answer.status_code == 200
    assert 'value="110"' in answer.text
    assert stored(session) is None


def test_file_with_bad_rows_shows_them_with_their_numbers(office: FlaskClient) -> None:
    answer = sent(office, CSV + b"zbytek;1;x\n")
    assert answer.status_code == 422
    assert 'value="zbytek"' in answer.text
    assert 'value="110"' in answer.text
    assert 'id="e-4-age"' in answer.text
    assert 'id="e-4-women"' in answer.text


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"MZ\x90\x00", b"a;b\n"])
def test_file_that_is_no_table_gets_a_sentence_in_the_page(office: FlaskClient, data: bytes) -> None:
    answer = sent(office, data)
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_file_that_is_too_large_gets_a_sentence_in_the_page(office: FlaskClient) -> None:
    token = csrf_of(office, PAGE)
    head = b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token.encode()
    head += b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="vek.csv"\r\n\r\n'
    body = head + b"0-4;1;2\n" * 1_100_000 + b"\r\n--b--\r\n"
    answer = office.post(f"{PAGE}/file", data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413
    assert "field-error" in answer.text


def test_viewer_reads_and_has_nothing_to_write_in(client: FlaskClient, session: Session) -> None:
    a_map(session)
    sign_in(client, an_official(session))
    typed(client, [("0+", "6", "5")])
    client.post("/office/sign-out", data={"csrf_token": csrf_of(client, PAGE)})
    sign_in(client, an_official(session, "cte@testov.example", role="viewer"))
    page = client.get(PAGE).text
    assert "0+" in page
    assert "<input class" not in page
