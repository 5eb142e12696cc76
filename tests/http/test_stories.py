"""Stories of finished maps: public only when the town says so, and only what everybody may see."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import AnsweredPlace, AuditEntry, PinState, TownMap
from app.queries.maps import MapRecord, read_map
from app.queries.stories import GroupQuestion, groups_of
from app.services.retention import anonymise
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official
from tests.doors import csrf_of, sign_in

ENGLISH = {"Accept-Language": "en"}
OVER = {"closes": (datetime.now(UTC) - timedelta(days=20)).isoformat()}
DESK = "/office/maps/testov/story"
STORY = "/stories/testov"
AROUND = "MULTIPOLYGON(((15.51 49.61, 15.53 49.61, 15.53 49.63, 15.51 49.63, 15.51 49.61)))"


def a_finished_map(session: Session, people: int = 6, **description: object) -> MapRecord:
    the_map = a_map(session, **{**OVER, **description})
    for n in range(people):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}", comment=f"Tma {n} <b>", about={"age": "65+"})
    return the_map


def an_answer(session: Session, the_map: MapRecord, name: str, status: str, answer: str) -> None:
    session.add(
        AnsweredPlace(
            map_id=the_map.id, id=uuid.uuid4(), name=name, area=f"SRID=4326;{AROUND}", status=status, answer=answer
        )
    )
    session.commit()


def told(session: Session, the_map: MapRecord, text: str = "Opravili jsme **lampy**.") -> None:
    """Written and published, without asking the form."""
    values = {"story": {"cs": text}, "story_published": True, "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(**values))
    session.commit()


def words_of(client: FlaskClient, address: str = STORY) -> str:
    answer = client.get(address, headers=ENGLISH)
    assert answer.status_code == 200
    text = re.sub(r"<(script|style).*?</\1>", "", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def sent(client: FlaskClient, **fields: str):
    return client.post(DESK, data={"csrf_token": csrf_of(client, DESK), **fields}, headers=ENGLISH)


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    a_finished_map(session)
    an_official(session)
    return sign_in(client, "urad@testov.example")


def test_a_story_tells_what_was_asked_shown_and_done(client: FlaskClient, session: Session) -> None:
    the_map = a_finished_map(session, intro={"en": "Where is it *dark*?"})
    for status in ("done", "planned", "declined"):
        an_answer(session, the_map, f"Place {status}", status, f"Words on {status}.")
    an_event(session, the_map, "FORUM1", place="Kulturní dům")
    told(session, the_map)
    page = client.get(STORY, headers=ENGLISH).text
    assert "<em>dark</em>" in page
    assert "<strong>lampy</strong>" in page
    assert "/m/testov/results/heat/unsafe.png" in page
    assert "/m/testov/results/heat/safe.png" not in page
    words = words_of(client)
    for part in ("6 people took part", "Here I feel unsafe", "Where is it dark ?", "Tma", "Kulturní dům"):
        assert part in words
    assert words.index("Words on done.") < words.index("Words on planned.") < words.index("Words on declined.")
    assert 'href="/data/testov/pins.geojson"' in page
    assert 'href="/m/testov/results"' in page


def test_pictures_of_a_story_are_there(client: FlaskClient, session: Session) -> None:
    told(session, a_finished_map(session))
    pictures = re.findall(r'src(?:set)?="(/m/testov/results/[^"]+)"', client.get(STORY).text)
    assert len(pictures) == 4
    assert all(client.get(url.replace("&amp;", "&")).status_code == 200 for url in pictures)


def test_only_the_town_sees_a_story_before_it_is_published(client: FlaskClient, session: Session) -> None:
    a_finished_map(session)
    a_map(session, "jinde")
    an_official(session, role="viewer")
    an_official(session, "cizi@jinde.example", town="jinde")
    assert client.get(STORY).status_code == 404
    sign_in(client, "cizi@jinde.example")
    assert client.get(STORY).status_code == 404
    sign_in(client, "urad@testov.example")
    answer = client.get(STORY, headers=ENGLISH)
    assert "Only your office sees this story" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert STORY not in client.get("/").text


def test_a_draft_never_appears(client: FlaskClient, session: Session) -> None:
    the_map = a_finished_map(session)
    told(session, the_map)
    values = {"draft": True, "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(**values))
    session.commit()
    assert client.get(STORY).status_code == 404
    assert "testov" not in client.get("/").text


def test_hidden_pins_and_unpublished_ones_are_not_told(client: FlaskClient, session: Session) -> None:
    the_map = a_finished_map(session)
    a_pin(session, the_map, "unsafe", respondent="x", state=PinState.HIDDEN, comment="hidden words")
    told(session, the_map)
    assert "hidden words" not in words_of(client)
    kept_back = a_finished_map(session, publish={"pins": False})
    told(session, kept_back)
    page = words_of(client)
    assert "Tma" not in page
    assert "pins.geojson" not in client.get(STORY).text


def test_the_next_round_is_named(client: FlaskClient, session: Session) -> None:
    the_map = a_finished_map(session)
    told(session, the_map)
    after = a_map(session, "dalsi", town={"name": "Testov", "slug": "testov", "ruian": the_map.ruian})
    session.execute(update(TownMap).where(TownMap.id == after.id).values(previous_id=the_map.id))
    session.commit()
    assert "The next round: Map of dalsi" in words_of(client)


def test_a_map_without_pins_has_a_story_too(client: FlaskClient, session: Session) -> None:
    told(session, a_finished_map(session, people=0))
    assert "0 people took part" in words_of(client)
    assert client.get("/").status_code == 200


def _groups(session: Session, ages: dict[str, int], people: int, k: int = 5) -> list[GroupQuestion]:
    the_map = a_map(session, publish={"k": k}, about=[AGE], **OVER)
    n = 0
    for age, count in ages.items():
        for _ in range(count):
            n += 1
            a_pin(session, the_map, respondent=f"p{n}", about={"age": age} if age else {})
    return groups_of(session, the_map, people)


AGE = {
    "key": "age",
    "label": {"en": "How old are you?"},
    "options": [{"key": key, "label": {"en": key}} for key in ("young", "middle", "old")],
}


def shares(found: list[GroupQuestion]) -> dict[str, int]:
    return {group.label["en"]: round(group.share * 100) for question in found for group in question.groups}


def test_groups_are_told_as_shares_of_all_who_took_part(session: Session) -> None:
    found = _groups(session, {"young": 10, "old": 5, "": 5}, people=20)
    assert shares(found) == {"young": 50, "old": 25}
    assert found[0].rest == pytest.approx(0.25)


def test_a_group_of_fewer_than_k_people_is_not_told_apart(session: Session) -> None:
    assert shares(_groups(session, {"young": 10, "middle": 4, "": 6}, people=20)) == {"young": 50}


def test_the_rest_never_gives_a_small_group_away(session: Session) -> None:
    """Everybody answered, two of them "middle": told beside the others, the rest would be those two."""
    found = _groups(session, {"young": 10, "old": 8, "middle": 2}, people=20)
    assert shares(found) == {"young": 50}
    assert found[0].rest == pytest.approx(0.5)


def test_a_town_that_sets_k_to_one_does_not_tell_single_people_apart(session: Session) -> None:
    assert shares(_groups(session, {"young": 5, "old": 1, "": 4}, people=10, k=1)) == {"young": 50}


def test_people_whose_pins_are_hidden_are_in_no_group(session: Session) -> None:
    the_map = a_map(session, about=[AGE], **OVER)
    for n in range(6):
        a_pin(session, the_map, respondent=f"p{n}", about={"age": "old"}, state=PinState.HIDDEN)
    assert groups_of(session, the_map, 0) == []


def test_groups_are_told_after_the_persons_are_gone(session: Session) -> None:
    before = _groups(session, {"young": 10, "old": 5, "": 5}, people=20)
    anonymise(session, read_map(session, "testov"), datetime.now(UTC))
    session.commit()
    assert groups_of(session, read_map(session, "testov"), 20) == before


def test_an_editor_writes_looks_and_publishes(editor: FlaskClient, session: Session) -> None:
    looked = sent(editor, story_cs="Opravili jsme **lampy**.", deed="preview")
    assert looked.status_code == 200
    assert "<strong>lampy</strong>" in looked.text
    assert session.scalars(select(TownMap.story)).one() == {}
    assert sent(editor, story_cs="Opravili jsme **lampy**.\r\n\r\nDíky!", deed="save").status_code == 303
    assert sent(editor, story_cs="Opravili jsme **lampy**.\r\n\r\nDíky!", deed="publish").status_code == 303
    session.expire_all()
    assert session.scalars(select(TownMap.story)).one() == {"cs": "Opravili jsme **lampy**.\n\nDíky!"}
    stranger = editor.application.test_client()
    assert "<strong>lampy</strong>" in stranger.get(STORY).text
    assert f'href="{STORY}"' in stranger.get("/").text
    assert sent(editor, story_cs="Opravili jsme **lampy**.\n\nDíky!", deed="unpublish").status_code == 303
    assert stranger.get(STORY).status_code == 404
    deeds = session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.startswith("story.")).order_by(AuditEntry.id)
    ).all()
    assert deeds == ["story.change", "story.publish", "story.unpublish"]


def test_what_an_editor_writes_can_t_become_markup(editor: FlaskClient) -> None:
    sent(editor, story_cs="<script>alert(1)</script> [x](javascript:alert(1))", deed="publish")
    page = editor.get(STORY).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"deed": "publish"}, "Write first what the town did"),
        ({"story_cs": "x" * 20_001}, "at most 20000"),
        ({"story_cs": "a\x00"}, "sign in the text"),
    ],
)
def test_what_is_wrong_with_a_story_is_said(editor: FlaskClient, fields: dict[str, str], said: str) -> None:
    answer = sent(editor, story_en="Kept words", **fields) if "story_cs" in fields else sent(editor, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert "story_cs" not in fields or "Kept words" in answer.text


def test_the_story_of_an_open_map_can_be_written_but_not_published(client: FlaskClient, session: Session) -> None:
    a_map(session)
    an_official(session)
    sign_in(client, "urad@testov.example")
    assert sent(client, story_cs="Zatím jen text", deed="save").status_code == 303
    answer = sent(client, story_cs="Zatím jen text", deed="publish")
    assert answer.status_code == 422
    assert "The map has not closed yet" in answer.text
    assert "Zatím jen text" in answer.text


def test_a_place_answered_for_few_people_does_not_say_how_many(client: FlaskClient, session: Session) -> None:
    the_map = a_finished_map(session, people=0)
    for n in range(3):
        a_pin(session, the_map, respondent=f"r{n}", at=CENTRE)
    an_answer(session, the_map, "Park", "done", "Hotovo.")
    told(session, the_map)
    assert re.search(r"Park\s+Hotovo", words_of(client))
