"""A town's addresses in the office: loaded whole or not at all, told row by row, removed."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs import address_files
from app.models import AuditEntry, Town, TownMap
from app.models.address import Address
from tests.builders import a_map, an_official
from tests.doors import csrf_of, sign_in
from tests.ruian import a_list, a_row, zipped

PAGE = "/office/towns/testov/addresses"


@pytest.fixture
def office(client: FlaskClient, session: Session) -> FlaskClient:
    a_map(session, ruian=900001)
    return sign_in(client, an_official(session))


def load(client: FlaskClient, content: bytes, name: str = "adresy.csv") -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), "file": (io.BytesIO(content), name)}
    return client.post(PAGE, data=form, content_type="multipart/form-data", buffered=True)


def codes(session: Session) -> set[int]:
    session.expire_all()
    return set(session.scalars(select(Address.code)))


def version(session: Session) -> int:
    session.expire_all()
    return session.scalars(select(TownMap.version)).one()


def test_a_list_is_loaded_in_the_place_of_the_one_before(office: FlaskClient, session: Session) -> None:
    before = version(session)
    assert load(office, a_list([a_row(1), a_row(2)])).status_code == 303
    assert codes(session) == {1, 2}
    assert load(office, zipped(a_list([a_row(2), a_row(3)])), "adresy.zip").status_code == 303
    assert codes(session) == {2, 3}
    assert version(session) == before + 2
    town = session.scalars(select(Town)).one()
    assert town.addresses
    assert town.addresses["count"] == 2
    assert town.addresses["source"] == "© ČÚZK, RÚIAN"
    deeds = session.scalars(select(AuditEntry).where(AuditEntry.action == "addresses.load")).all()
    assert [(deed.subject, deed.detail["rows"]) for deed in deeds] == [("testov", 2)] * 2
    assert "© ČÚZK, RÚIAN" in office.get(PAGE).text


def test_bad_rows_are_told_by_their_numbers_and_the_rest_is_loaded(office: FlaskClient, session: Session) -> None:
    rows = [a_row(1), a_row(2, y="daleko"), a_row(3, None), a_row(4, town=1, town_name="Jinde")]
    page = load(office, a_list(rows)).text
    assert codes(session) == {1}
    assert 'class="import-refused"' in page
    assert "2:" in page.partition('class="import-refused"')[2][:60]


def test_the_list_of_another_town_changes_nothing(office: FlaskClient, session: Session) -> None:
    load(office, a_list([a_row(1)]))
    before = version(session)
    answer = load(office, a_list([a_row(5, town=571164, town_name="Chrudim")]))
    assert answer.status_code == 422
    assert "Chrudim (571164)" in answer.text
    assert codes(session) == {1}
    assert version(session) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x00" * 100, a_list([a_row(y="daleko")])])
def test_what_can_not_be_used_is_refused_beside_the_field(
    office: FlaskClient, session: Session, content: bytes
) -> None:
    answer = load(office, content)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert codes(session) == set()


def test_too_large_a_file_is_refused_in_words(
    office: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_files, "MOST_UPLOAD_BYTES", 1000)
    answer = load(office, a_list([a_row(n) for n in range(100)]))
    assert answer.status_code == 422
    assert codes(session) == set()


def test_addresses_are_removed(office: FlaskClient, session: Session) -> None:
    load(office, a_list([a_row(1)]))
    before = version(session)
    answer = office.post(f"{PAGE}/remove", data={"csrf_token": csrf_of(office, PAGE)})
    assert answer.status_code == 303
    assert codes(session) == set()
    assert version(session) == before + 1
    assert session.scalars(select(Town)).one().addresses is None


def test_another_towns_addresses_stay(office: FlaskClient, session: Session) -> None:
    other = a_map(session, "jinde", ruian=900002)
    session.add(
        Address(
            town_id=other.town_id, code=9, label="Úzká 1, Jinde", number="1", position="SRID=4326;POINT(15 50)"
        )
    )
    session.commit()
    load(office, a_list([a_row(1)]))
    assert codes(session) == {1, 9}
