"""From nothing to a draft: a town, its first map on a provisional box, further maps on the ground of the first."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs.library import ready_sets
from app.models import AuditEntry, Town, TownMap
from app.queries.checklist import is_provisional
from app.queries.maps import read_map
from tests.builders import BOX, a_basemap, a_draft, a_map, an_official
from tests.doors import csrf_of, sign_in

NEW = "/office/maps/new"


@pytest.fixture
def admin(session: Session, client: FlaskClient) -> FlaskClient:
    an_official(session, "sprava@server.example", town=None, role="admin")
    return sign_in(client, "sprava@server.example")


@pytest.fixture
def town(session: Session) -> Town:
    """A town without any map."""
    town = Town(slug="nove-mesto", name="Nové Město", ruian=596_230)
    session.add(town)
    session.commit()
    return town


def post(client: FlaskClient, address: str, **form: Any) -> TestResponse:
    data = {name.replace("__", "."): value for name, value in form.items()}
    return client.post(address, data=data | {"csrf_token": csrf_of(client, NEW)})


def test_administrator_adds_a_town_and_goes_on_to_its_first_map(admin: FlaskClient, session: Session) -> None:
    assert admin.get("/office/towns/new").status_code == 200
    answer = post(admin, "/office/towns/new", name="Nové Město", ruian="596 230")
    assert answer.location == "/office/maps/new?town=nove-mesto"
    row = session.query(Town).one()
    assert (row.slug, row.name, row.ruian) == ("nove-mesto", "Nové Město", 596_230)
    entry = session.query(AuditEntry).filter_by(action="town.create").one()
    assert (entry.town_id, entry.subject) == (row.id, "nove-mesto")


def test_town_that_is_there_already_is_told_beside_the_field(admin: FlaskClient, town: Town) -> None:
    answer = post(admin, "/office/towns/new", name="Nové Město", ruian="596230")
    assert answer.status_code == 422
    assert 'id="wrong-ruian"' in answer.text
    assert 'id="wrong-slug"' in answer.text
    assert 'value="Nové Město"' in answer.text


def test_first_map_of_a_town_stands_on_a_provisional_box_and_asks_for_a_boundary(
    admin: FlaskClient, session: Session, town: Town
) -> None:
    page = admin.get(f"{NEW}?town=nove-mesto").text
    assert 'type="image"' in page
    answer = post(
        admin, NEW, town="nove-mesto", start="usual", title__cs="Kde je vám dobře?", place="49.561, 16.074"
    )
    assert answer.location == "/office/maps/kde-je-vam-dobre/boundary?begun=1"
    found = read_map(session, "kde-je-vam-dobre")
    assert found.draft
    assert is_provisional(found)
    assert found.covers(16.074, 49.561)
    assert (found.languages, found.metric_srid, found.ruian) == (("cs",), 5514, 596_230)
    assert [category.key for category in found.categories] == ["safe", "unsafe", "improve"]
    assert session.query(AuditEntry).filter_by(action="map.create", map_slug="kde-je-vam-dobre").count() == 1


def test_click_on_the_little_map_fills_in_the_place_without_scripts(
    admin: FlaskClient, session: Session, town: Town
) -> None:
    answer = post(
        admin,
        NEW,
        **{"town": "nove-mesto", "title__cs": "Moje mapa", "start": "usual", "at.x": "384", "at.y": "234"},
    )
    assert answer.status_code == 200
    assert 'value="49.559, 16.074"' in answer.text
    assert "Moje mapa" in answer.text
    assert session.query(TownMap).count() == 0


@pytest.mark.parametrize(
    ("form", "beside"),
    [
        ({"title__cs": ""}, "wrong-title"),
        ({"title__cs": "x" * 121}, "wrong-title.cs"),
        ({"start": "magic"}, "wrong-start"),
        ({"start": "set:no-such-set"}, "wrong-start"),
        ({"start": "round:no-such-map"}, "wrong-start"),
        ({"place": ""}, "wrong-place"),
        ({"place": "16.074, 49.561"}, "wrong-place"),
    ],
)
def test_what_is_missing_for_a_draft_stands_beside_its_field(
    admin: FlaskClient, session: Session, town: Town, form: dict[str, str], beside: str
) -> None:
    good = {"town": "nove-mesto", "title__cs": "Moje mapa", "start": "usual", "place": "49.561, 16.074"}
    answer = post(admin, NEW, **(good | form))
    assert answer.status_code == 422
    assert f'id="{beside}"' in answer.text
    assert session.query(TownMap).count() == 0


def test_further_map_takes_boundary_and_basemap_of_the_newest(admin: FlaskClient, session: Session) -> None:
    a_map(session, basemap_geojson=a_basemap())
    answer = post(admin, NEW, town="testov", start="usual", title__cs="Děti", title__en="Children")
    assert answer.location == "/office/maps/deti/setup?begun=1"
    found = read_map(session, "deti")
    assert (found.languages, found.boundary, found.basemap["kind"]) == (("cs", "en"), BOX, "vector")
    assert found.basemap_fingerprint


@pytest.mark.parametrize("key", [one.key for one in ready_sets()])
def test_draft_may_begin_with_each_ready_set(admin: FlaskClient, session: Session, town: Town, key: str) -> None:
    assert f'value="set:{key}"' in admin.get(f"{NEW}?town=nove-mesto").text
    answer = post(admin, NEW, town="nove-mesto", start=f"set:{key}", title__cs="Moje mapa", place="49.561, 16.074")
    assert answer.status_code == 303, answer.text
    wanted = next(one for one in ready_sets() if one.key == key).description
    found = read_map(session, "moje-mapa")
    assert [one.key for one in found.categories] == [one["key"] for one in wanted["categories"]]
    for section in ("categories", "questions", "about"):
        assert admin.get(f"/office/maps/moje-mapa/setup/{section}").status_code == 200


def test_maps_of_one_title_get_addresses_of_their_own(admin: FlaskClient, session: Session) -> None:
    a_map(session)
    addresses = []
    for title in ("Mapa", "Mapa", "Mapa", "Praha 5", "Praha 5", "New", "???"):
        answer = post(admin, NEW, town="testov", start="usual", title__cs=title)
        addresses.append(answer.location.split("/")[3])
    assert addresses == ["mapa", "mapa-2", "mapa-3", "praha-5", "praha-5-2", "new-2", "testov-2"]


def test_new_map_may_be_the_next_round_with_a_title_of_its_own(admin: FlaskClient, session: Session) -> None:
    a_map(session)
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"})
    page = admin.get(f"{NEW}?town=testov").text
    assert 'value="round:testov"' in page
    assert 'value="round:koncept"' not in page
    answer = post(admin, NEW, town="testov", start="round:testov", title__cs="Po třech letech")
    assert answer.location == "/office/maps/testov-2/setup?begun=1"
    found = read_map(session, "testov-2")
    assert (found.previous, found.title) == ("testov", {"cs": "Po třech letech"})
    assert found.languages == ("cs", "en")


def test_next_round_is_never_of_another_towns_map(admin: FlaskClient, session: Session) -> None:
    a_map(session)
    a_map(session, "jinde")
    assert post(admin, NEW, town="testov", start="round:jinde", title__cs="Krádež").status_code == 422


def test_editor_of_one_town_begins_there_at_once_and_one_of_two_chooses(
    client: FlaskClient, session: Session
) -> None:
    a_map(session)
    an_official(session)
    sign_in(client, "urad@testov.example")
    assert 'name="town" value="testov"' in client.get(NEW).text
    a_map(session, "jinde")
    an_official(session, town="jinde")
    sign_in(client, "urad@testov.example")
    page = client.get(NEW).text
    assert "town=jinde" in page
    assert "town=testov" in page
    assert client.get(f"{NEW}?town=nowhere").status_code == 404


def test_who_only_reads_is_told_whom_to_ask(client: FlaskClient, session: Session) -> None:
    a_map(session)
    an_official(session, role="viewer")
    sign_in(client, "urad@testov.example")
    page = client.get(f"{NEW}?lang=en")
    assert page.status_code == 200
    assert "one has to be an editor" in page.text
    assert client.get(f"{NEW}?town=testov").status_code == 403


def test_draft_is_seen_by_its_office_only(admin: FlaskClient, app: Any, session: Session, town: Town) -> None:
    post(admin, NEW, town="nove-mesto", start="usual", title__cs="Tajná", place="49.561, 16.074")
    assert admin.get("/m/tajna").status_code == 200
    assert app.test_client().get("/m/tajna").status_code == 404
