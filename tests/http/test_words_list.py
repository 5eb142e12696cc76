"""The words a town minds and lets pass, and what a change of them does to its pins."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Pin, Town
from tests.builders import a_feature, a_map, an_official, bearer
from tests.doors import csrf_of, sign_in

PAGE = "/office/towns/testov/words"
ITEMS = "/api/collections/testov/items"


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of a town with a map."""
    a_map(session)
    return sign_in(client, an_official(session))


def save(client: FlaskClient, vulgar: str = "", ordinary: str = "") -> TestResponse:
    form = {"csrf_token": csrf_of(client, PAGE), "vulgar": vulgar, "ordinary": ordinary}
    return client.post(PAGE, data=form)


def state_of_new(client: FlaskClient, comment: str) -> str:
    answer = client.post(ITEMS, json=a_feature(comment=comment), headers=bearer())
    return str(answer.json["properties"]["state"])


def test_town_minds_its_own_words_with_all_their_endings(editor: FlaskClient, session: Session) -> None:
    assert state_of_new(editor, "Samí pobudové") == "visible"
    assert save(editor, vulgar="Pobud*\nčmoud").status_code == 303
    assert state_of_new(editor, "Samí pobudové") == "pending"
    assert state_of_new(editor, "Je tu čmoud") == "pending"
    assert state_of_new(editor, "Z komína se čmoudí") == "visible"
    assert session.query(Town).one().vulgar_words == ["pobud*", "čmoud"]


def test_words_that_a_town_lets_pass_are_no_reason(editor: FlaskClient) -> None:
    assert state_of_new(editor, "Ulice Kundova? Ne, hajzlíky u parku") == "pending"
    save(editor, ordinary="hajzlik*")
    assert state_of_new(editor, "Ulice Kundova? Ne, hajzlíky u parku") == "visible"


def test_pins_that_are_there_already_are_looked_through_anew(editor: FlaskClient, session: Session) -> None:
    state_of_new(editor, "Samí pobudové")
    assert "pobud" not in editor.get("/office/maps/testov/queue").text
    save(editor, vulgar="pobud*")
    assert '">pobudové</mark>' in editor.get("/office/maps/testov/queue").text
    assert session.query(Pin).one().state == "visible"
    save(editor)
    assert "pobud" not in editor.get("/office/maps/testov/queue").text


@pytest.mark.parametrize("word", ["dvě slova", "a", "číslo5", "*", "x" * 41, "<script>"])
def test_what_is_no_word_is_told_beside_its_field_with_all_that_was_typed(
    editor: FlaskClient, session: Session, word: str
) -> None:
    answer = save(editor, vulgar=f"pobuda\n{word}", ordinary="hajzl")
    assert answer.status_code == 422
    assert 'id="vulgar-error"' in answer.text
    assert "pobuda" in answer.text
    assert session.query(Town).one().vulgar_words == []


def test_word_cannot_be_minded_and_let_pass(editor: FlaskClient) -> None:
    assert 'id="ordinary-error"' in save(editor, vulgar="pobuda", ordinary="pobuda").text


def test_change_is_written_into_the_log_once(editor: FlaskClient, session: Session) -> None:
    save(editor, vulgar="pobuda")
    save(editor, vulgar="pobuda")
    entry = session.query(AuditEntry).filter_by(action="words.change").one()
    assert entry.detail == {"added": ["pobuda"]}


def test_viewers_read_the_lists_and_cannot_change_them(client: FlaskClient, session: Session) -> None:
    a_map(session)
    sign_in(client, an_official(session, role="viewer"))
    page = client.get(PAGE).text
    assert "readonly" in page
    assert "kokot*" in page
    assert "-kokotic" not in page
