"""The log of what officials did: who may read it, what it says, and that nobody can change it."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.models import AuditEntry
from app.services.audit import BY_ITSELF, Deed, record
from tests.builders import a_map, a_pin, an_official
from tests.doors import csrf_of, sign_in

AUDIT = "/office/towns/testov/audit"


@pytest.fixture
def logged(session: Session) -> None:
    """A town in which things were done, and one beside it."""
    the_map, other = a_map(session), a_map(session, "jinde")
    an_official(session)
    for n in range(60):
        record(session, BY_ITSELF, Deed("pin.hide", f"pin {n}", {"reason": "rude"}), the_map=the_map)
    record(session, BY_ITSELF, Deed("pin.show", "=cmd|calc"), the_map=the_map)
    record(session, BY_ITSELF, Deed("pin.approve", "elsewhere"), the_map=other)
    session.commit()


def test_what_a_moderator_does_is_written_down_with_the_name(session: Session, client: FlaskClient) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map, comment="tajná slova")
    sign_in(client, an_official(session))
    form = {"csrf_token": csrf_of(client, f"/office/maps/testov/pins/{pin.id}"), "ready": "rude"}
    assert client.post(f"/office/maps/testov/pins/{pin.id}/hide", data=form).status_code == 303
    entry = session.query(AuditEntry).filter_by(action="pin.hide").one()
    assert (entry.official, entry.subject, entry.map_slug) == ("urad@testov.example", str(pin.id), "testov")
    assert "tajná" not in str(entry.detail)
    assert "urad@testov.example" in client.get(AUDIT).text


@pytest.mark.usefixtures("logged")
def test_pages_go_on_where_the_one_before_ended(client: FlaskClient) -> None:
    sign_in(client, "urad@testov.example")
    first = client.get(f"{AUDIT}?action=pin.hide").text
    assert "pin 59" in first
    assert "pin 9<" not in first
    address = first.split('href="')
    following = next(part.split('"')[0] for part in address if "before=" in part.split('"')[0])
    second = client.get(following.replace("&amp;", "&")).text
    assert "pin 9<" in second
    assert "pin 59" not in second


@pytest.mark.usefixtures("logged")
def test_another_towns_deeds_stay_there(client: FlaskClient) -> None:
    sign_in(client, "urad@testov.example")
    assert "elsewhere" not in client.get(AUDIT).text
    assert "elsewhere" not in client.get(f"{AUDIT}.csv").text
    assert client.get("/office/towns/jinde/audit").status_code == 404
    assert client.get("/office/server/audit").status_code == 403


@pytest.mark.usefixtures("logged")
def test_files_hold_all_of_it_and_run_nothing_in_a_spreadsheet(client: FlaskClient) -> None:
    sign_in(client, "urad@testov.example")
    answer = client.get(f"{AUDIT}.csv?lang=cs")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len([row for row in rows if row["map"] == "testov"]) >= 61
    assert next(row for row in rows if row["action"] == "pin.show")["subject"] == "'=cmd|calc"
    assert len(client.get(f"{AUDIT}.json?action=pin.hide").get_json()) == 60


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET official = 'x'", "DELETE FROM audit_entry"])
def test_nothing_in_it_can_be_changed_or_deleted(session: Session, statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(statement))
    session.rollback()


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    "asked", ["action=nothing", "since=yesterday", "before=x", "until=99999-01-01", "official=%00"]
)
def test_what_cannot_be_asked_is_refused_in_words(client: FlaskClient, asked: str) -> None:
    sign_in(client, "urad@testov.example")
    assert client.get(f"{AUDIT}?{asked}", headers={"Accept": "text/html"}).status_code == 400
