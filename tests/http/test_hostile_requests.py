"""Requests that nobody sends by mistake: they find no crack, no stored secret and no way around a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import ROOT
from app.db import open_database
from app.models import Pin, PinState
from tests.builders import OTHER_TOKEN, TOKEN, a_feature, a_map, a_pin, an_event, an_official, bearer
from tests.doors import sign_in

ITEMS = "/api/collections/testov/items"
RESPONDENT = "/api/collections/testov/respondent"


def post(client: FlaskClient, path: str, body: Any, token: str = TOKEN) -> Any:
    return client.post(path, json=body, headers=bearer(token))


@pytest.mark.parametrize(
    "path",
    [
        "/m/%00",
        "/m/testov%00",
        "/m/test%00ov/results",
        "/m/%00/pins.json",
        "/data/%00/pins.geojson",
        "/api/collections/%00/items",
        "/m/%00/heat/1/1/1.png",
        "/m/testov/results/heat/%00.png",
    ],
)
def test_an_address_with_a_nul_is_not_there(client: FlaskClient, session: Session, path: str) -> None:
    a_map(session)
    assert client.get(path).status_code == 404


def test_an_event_code_with_a_nul_is_an_unknown_one(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert client.get("/m/testov?event=FO%00RUM1").status_code == 200


@pytest.mark.parametrize("typed", ["forum1", " Forum1 ", "FORUM1"])
def test_the_code_of_an_event_may_be_typed_in_small_letters(
    client: FlaskClient, session: Session, typed: str
) -> None:
    an_event(session, a_map(session), "FORUM1")
    answer = post(client, ITEMS, a_feature(event=typed))
    assert (answer.status_code, answer.json["properties"]["event"]) == (201, "FORUM1")
    changed = client.patch(
        f"{ITEMS}/{answer.json['id']}", json={"properties": {"event": typed}}, headers=bearer(TOKEN)
    )
    assert changed.status_code == 200


def test_what_people_wrote_does_not_get_into_the_log(database_url: str) -> None:
    database = open_database(database_url)
    with database.session() as opened, pytest.raises(DBAPIError) as failure:
        opened.execute(text("SELECT 1 / 0 WHERE :comment <> ''"), {"comment": "Jan Novák, Lipová 7"})
    database.engine.dispose()
    assert "Novák" not in str(failure.value)


@pytest.mark.parametrize("name", ["slug", "endpoint", "_method", "_scheme", "_anchor", "self"])
def test_the_links_of_the_list_carry_only_its_filter(client: FlaskClient, session: Session, name: str) -> None:
    the_map = a_map(session)
    for n in range(42):
        a_pin(session, the_map, comment=f"Poznámka {n}")
    sign_in(client, an_official(session))
    page = client.get(f"/office/maps/testov?words=pozn&{name}=javascript", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "data-more" in page.text
    more = page.text.split("data-more")[1].split(">")[0]
    assert "words=pozn" in more
    assert "javascript" not in more


@pytest.mark.parametrize("path", ["/m/testov/heat.png", "/palette.css", "/static/css/base.css"])
def test_answers_that_caches_keep_carry_nobodys_session(client: FlaskClient, session: Session, path: str) -> None:
    a_map(session)
    sign_in(client, an_official(session))
    with client.get(path) as answer:
        assert "Set-Cookie" not in answer.headers
        assert "public" in answer.headers["Cache-Control"]


def test_a_fingerprint_that_is_not_the_files_keeps_nothing_for_ever(client: FlaskClient, app: Flask) -> None:
    """Else somebody could have a cache keep today's file under the address of tomorrow's."""
    right = app.extensions["pocit-assets"].url("css/base.css")
    for address, for_ever in ((right, True), ("/static/css/base.css?v=0123456789", False)):
        with client.get(address) as answer:
            assert ("immutable" in answer.headers["Cache-Control"]) is for_ever


def test_words_in_an_answer_are_read_again_like_a_comment(client: FlaskClient, session: Session) -> None:
    questions = [{"key": "why", "label": {"cs": "Proč?"}, "type": "text"}]
    the_map = a_map(session, moderation="pre", questions=questions)
    pin = post(client, ITEMS, a_feature(comment="Tma", why="Chybí lampa")).json
    stored = session.scalars(select(Pin).where(Pin.map_id == the_map.id)).one()
    stored.state = PinState.VISIBLE
    session.commit()
    address = f"{ITEMS}/{pin['id']}"
    same = client.patch(address, json={"properties": {"why": "Chybí lampa"}}, headers=bearer(TOKEN))
    assert same.json["properties"]["state"] == "visible"
    changed = client.patch(address, json={"properties": {"why": "Starosta je…"}}, headers=bearer(TOKEN))
    assert changed.json["properties"]["state"] == "pending"
    assert client.get(address).status_code == 404


def test_a_lent_device_does_not_carry_one_persons_pins_to_the_next(client: FlaskClient, session: Session) -> None:
    """A helper's tablet joins one person by receipt, then another: the first one keeps what is theirs."""
    a_map(session)
    one, other, tablet = TOKEN, OTHER_TOKEN, "a-tablet-of-the-town-office-0123456789"
    first = post(client, ITEMS, a_feature(), one).json
    second = post(client, ITEMS, a_feature(), other).json
    for owner in (one, other):
        receipt = post(client, RESPONDENT + "/receipt", None, owner).json["receipt"]
        joined = post(client, RESPONDENT + "/join", {"receipt": receipt}, tablet).json
    assert [pin["id"] for pin in joined["pins"]["features"]] == [second["id"]]
    mine = client.get(RESPONDENT, headers=bearer(one)).json["pins"]["features"]
    assert [pin["id"] for pin in mine] == [first["id"]]


def test_gunicorn_takes_no_paths_from_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours on the machine may be a proxy that hands on whatever a stranger sent."""
    from gunicorn.config import Config
    from gunicorn.http.parser import RequestParser

    # The settings make a folder for the numbers of all processes and name it to those that come after.
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    config = Config()
    settings: dict[str, Any] = {"__file__": str(ROOT / "deploy" / "gunicorn.conf.py")}
    exec((ROOT / "deploy" / "gunicorn.conf.py").read_text(), settings)  # noqa: S102 - as gunicorn reads it
    for name in config.settings.keys() & settings.keys():
        config.set(name, settings[name])
    sent = (
        b"GET /x/office/ HTTP/1.1\r\nHost: localhost\r\nSCRIPT_NAME: /x\r\nPATH_INFO: /office/\r\n"
        b"X-Forwarded-Proto: https\r\n\r\n"
    )
    request = next(RequestParser(config, iter([sent]), ("127.0.0.1", 1)))
    assert request.scheme == "http"
    assert {name for name, _ in request.headers} == {"HOST", "X-FORWARDED-PROTO"}
