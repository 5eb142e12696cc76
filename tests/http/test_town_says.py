"""What everybody reads of the town's answers: the results page and the Atom feed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.inputs.answer_forms import Answer
from app.models import PinStatus
from app.queries.answers import list_places
from app.queries.maps import MapRecord, read_map
from app.services.answers import answer_pin, delete_place
from app.services.audit import BY_ITSELF
from app.services.retention import anonymise
from tests.builders import CENTRE, a_basemap, a_map, a_pin
from tests.db.test_answers import EAST, WEST, a_place, around

FEED = "/m/testov/answers.atom"
ATOM = "{http://www.w3.org/2005/Atom}"
ENGLISH = {"Accept-Language": "en"}


def a_told_town(session: Session, people: int = 6, **description: object) -> MapRecord:
    the_map = a_map(session, basemap_geojson=a_basemap(), **description)
    for n in range(people):
        a_pin(session, the_map, "unsafe", CENTRE, f"r{n}")
    return the_map


def words_of(client: FlaskClient) -> str:
    page = client.get("/m/testov/results", headers=ENGLISH).text
    text_only = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_only))


def feed_of(client: FlaskClient) -> ET.Element:
    answer = client.get(FEED)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ET.fromstring(answer.data)  # noqa: S314 - our own


def titles(feed: ET.Element) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]


def test_places_are_told_with_status_words_and_people(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session)
    a_place(session, the_map, around(CENTRE), "Lampy **vyměníme**.", name="U parku", categories=("unsafe",))
    words = words_of(client)
    assert "What the town says" in words
    assert re.search(r"U parku planned Unsafe 6 people had pinned here · [^.]* Lampy vyměníme ?\.", words), words
    page = client.get("/m/testov/results").text
    assert "<strong>vyměníme</strong>" in page
    assert '"answers":[{"id":' in page, "the outline goes to the map"
    assert f'type="application/atom+xml" title="Co město říká" href="{FEED}"' in page or FEED in page


def test_people_of_a_place_are_not_told_below_k(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session)
    for n in range(4):
        a_pin(session, the_map, "safe", WEST, f"w{n}")
    a_place(session, the_map, around(WEST), name="U školy")
    assert "U školy" in words_of(client)
    assert "had pinned here" not in words_of(client)


def test_single_pins_are_told_with_what_was_said(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session)
    pin = a_pin(session, the_map, "improve", EAST, "z", comment="Lavičku <b>!")
    hidden = a_pin(session, the_map, "improve", EAST, "y", comment="tajné", state="hidden")
    for one in (pin, hidden):
        answer_pin(session, the_map, one.id, Answer(PinStatus.DECLINED, "Nejde to."), BY_ITSELF)
    session.commit()
    words = words_of(client)
    assert "Lavičku &lt;b&gt;!" in words
    assert "Nejde to." in words
    assert "can’t be done 1" in re.sub(r"(&nbsp;|\s)+", " ", words)
    assert "tajné" not in words


def test_map_that_keeps_its_pins_tells_places_only(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, publish={"pins": False})
    pin = a_pin(session, the_map, "improve", EAST, "z", comment="Moje lavička")
    answer_pin(session, the_map, pin.id, Answer(PinStatus.DONE, "Stojí."), BY_ITSELF)
    a_place(session, the_map, around(CENTRE), name="U parku")
    words = words_of(client)
    assert "U parku" in words
    assert "6 people had pinned here" in words, "counted with the day's other numbers"
    assert "Stojí." not in words
    assert "Moje lavička" not in words
    (title,) = titles(feed_of(client))
    assert str(title).endswith(": U parku")


def test_people_of_a_kept_map_change_only_with_the_day(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, publish={"pins": False})
    a_place(session, the_map, around(CENTRE))
    assert "6 people had pinned here" in words_of(client)
    a_pin(session, the_map, "safe", CENTRE, "late")
    assert "6 people had pinned here" in words_of(client)
    a_place(session, the_map, around(CENTRE, WEST), name="Větší")
    assert words_of(client).count("had pinned here") == 1, "an area drawn since is not counted today"


def test_people_of_a_place_stay_as_they_were_when_the_map_was_anonymised(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_told_town(session)
    for n in range(6):
        a_pin(session, the_map, "safe", (CENTRE[0] + 0.0001, CENTRE[1]), f"r{n}")
    a_place(session, the_map, around(CENTRE))
    session.execute(text("UPDATE town_map SET closes_at = '2026-01-01', version = version + 1"))
    session.commit()
    anonymise(session, read_map(session, "testov"), datetime(2026, 9, 1, tzinfo=UTC))
    session.commit()
    assert "6 people had pinned here" in words_of(client)
    a_place(session, read_map(session, "testov"), around(CENTRE, WEST), name="Později")
    assert words_of(client).count("had pinned here") == 1
    assert "Později" in words_of(client)


def test_feed_is_what_rfc_4287_asks_for(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session)
    pin = a_pin(session, the_map, "unsafe", CENTRE, "z", comment="Tma\x07 & <b>")
    answer_pin(session, the_map, pin.id, Answer(PinStatus.DONE, "Svítí se [tady](https://x.cz)."), BY_ITSELF)
    place_id = a_place(session, the_map, around(WEST), name="U parku & spol.")
    feed = feed_of(client)
    for name in ("title", "id", "updated", "author"):
        assert len(feed.findall(ATOM + name)) == 1, name
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Testov"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", feed.findtext(f"{ATOM}id") or "")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"alternate": "http://localhost/m/testov/results", "self": f"http://localhost{FEED}"}
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"urn:uuid:{place_id}", f"urn:uuid:{pin.id}"]
    for entry in entries:
        assert entry.findtext(f"{ATOM}title")
        moment = datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
        assert moment.tzinfo is not None
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel") == "alternate"
        anchor = (link.get("href") or "").partition("#")[2]
        assert f'id="{anchor}"' in client.get("/m/testov/results").text
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "cs"
    content = entries[1].findtext(f"{ATOM}content") or ""
    assert "Tma &amp; &lt;b&gt;" in content
    assert '<a href="https://x.cz"' in content


def test_feed_is_asked_for_again_only_when_it_changed(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session)
    empty = client.get(FEED)
    assert empty.status_code == 200
    assert titles(feed_of(client)) == []
    assert client.get(FEED, headers={"If-None-Match": empty.headers["ETag"]}).status_code == 304
    place_id = a_place(session, the_map, around(WEST))
    full = client.get(FEED, headers={"If-None-Match": empty.headers["ETag"]})
    assert full.status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": full.headers["Last-Modified"]}).status_code == 304
    delete_place(session, the_map, place_id, BY_ITSELF)
    session.commit()
    assert client.get(FEED, headers={"If-None-Match": full.headers["ETag"]}).status_code == 200


def test_feed_holds_the_newest_fifty(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, people=0)
    for n in range(53):
        a_place(session, the_map, around(WEST), name=f"Místo {n}")
    found = titles(feed_of(client))
    assert len(found) == 50
    assert str(found[0]).endswith("Místo 52")
    assert len(list_places(session, the_map.id)) == 53


@pytest.mark.parametrize("address", ["/m/nowhere/answers.atom", "/m/nowhere/receipt"])
def test_unknown_map_is_not_there(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_draft_is_shown_to_nobody(client: FlaskClient, session: Session) -> None:
    a_told_town(session)
    session.execute(text("UPDATE town_map SET draft = true, version = version + 1"))
    session.commit()
    assert client.get(FEED).status_code == 404
    assert client.get("/m/testov/receipt").status_code == 404


def test_answers_are_there_before_any_pin(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, people=0)
    a_place(session, the_map, around(WEST), name="U parku")
    assert "U parku" in words_of(client)
