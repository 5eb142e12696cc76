"""Reading pins: pages that don't shift, filters, refusals of what nobody knows, and the files that pages draw."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from tests.builders import CENTRE, TOKEN, a_basemap, a_feature, a_map, a_pin, bearer, moment

ITEMS = "/api/collections/testov/items"
LON, LAT = CENTRE


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session)


def ids(document: dict[str, object]) -> list[str]:
    return [feature["id"] for feature in document["features"]]  # type: ignore[attr-defined, index]


def following(document: dict[str, object]) -> str | None:
    links: list[dict[str, str]] = document["links"]  # type: ignore[assignment]
    found = next((link["href"] for link in links if link["rel"] == "next"), None)
    return found and f"{urlsplit(found).path}?{urlsplit(found).query}"


def test_pages_hold_every_pin_once_though_pins_arrive(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    first = {str(a_pin(session, the_map).id) for _ in range(25)}
    seen: list[str] = []
    address: str | None = f"{ITEMS}?limit=4&category=safe"
    while address:
        page = client.get(address).json
        assert page["numberReturned"] == len(page["features"]) <= 4
        seen += ids(page)
        a_pin(session, the_map)
        address = following(page)
        assert address is None or "category=safe" in address
    assert len(seen) == len(set(seen))
    assert first <= set(seen)


def test_a_page_says_how_many_there_are(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for category in ("safe", "safe", "unsafe"):
        a_pin(session, the_map, category)
    document = client.get(f"{ITEMS}?limit=1").json
    assert document["numberMatched"] == 3
    assert client.get(f"{ITEMS}?category=unsafe").json["numberMatched"] == 1
    assert client.get(f"{ITEMS}?category=safe,unsafe").json["numberMatched"] == 3


def test_a_box_holds_what_lies_in_it(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    inside = a_pin(session, the_map, at=(15.51, 49.62))
    a_pin(session, the_map, at=(15.53, 49.62))
    assert ids(client.get(f"{ITEMS}?bbox=15.505,49.61,15.515,49.63").json) == [str(inside.id)]
    assert ids(client.get(f"{ITEMS}?bbox=15.505,49.61,0,15.515,49.63,9").json) == [str(inside.id)]
    assert ids(client.get(f"{ITEMS}?bbox=179,49,-179,50").json) == []


def test_a_time_holds_what_came_in_it(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    old = a_pin(session, the_map, created_at=moment("2026-01-01T12:00:00+00:00"))
    new = a_pin(session, the_map, created_at=moment("2026-02-01T12:00:00+00:00"))
    assert ids(client.get(f"{ITEMS}?datetime=../2026-01-15T00:00:00Z").json) == [str(old.id)]
    assert ids(client.get(f"{ITEMS}?datetime=2026-01-15T00:00:00Z/..").json) == [str(new.id)]
    assert ids(client.get(f"{ITEMS}?datetime=2026-02-01T12:00:00Z").json) == [str(new.id)]
    everything = client.get(f"{ITEMS}?datetime=0000-01-01T00:00:00Z/9999-12-31T00:00:00Z").json
    assert len(ids(everything)) == 2


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=many", "limit=1.5", "limit=", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,5,2,3",
        "bbox=nan,1,2,3", "bbox=1e999,1,2,3", "datetime=yesterday", "datetime=../..", "datetime=", "after=1",
        "datetime=2026-02-01T00:00:00Z/2026-01-01T00:00:00Z", "category=nonsense", "category=", "colour=red",
        "limit=1&limit=2", "%00=1", "after=%ED%A0%80",
    ],
)  # fmt: skip
def test_what_nobody_knows_is_refused(client: FlaskClient, the_map: MapRecord, query: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code in (400, 404), answer.text
    assert answer.mimetype == "application/problem+json"


def test_a_limit_above_the_most_is_clamped(client: FlaskClient, the_map: MapRecord) -> None:
    assert client.get(f"{ITEMS}?limit=1000000").status_code == 200


def test_features_are_flat_and_always_have_every_property(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_pin(session, the_map)
    feature = client.get(ITEMS).json["features"][0]
    assert list(feature["properties"]) == [
        "category", "comment", "created_at", "channel", "event", "supports", "status", "answer", "answered_at",
    ]  # fmt: skip
    assert feature["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}


@pytest.mark.parametrize("path", [ITEMS, "/m/testov/pins.json", "/data/testov/pins.geojson"])
def test_hidden_and_waiting_pins_are_in_no_public_answer(
    client: FlaskClient, session: Session, the_map: MapRecord, path: str
) -> None:
    shown = a_pin(session, the_map)
    secrets = [a_pin(session, the_map, state=state) for state in ("hidden", "pending")]
    said = client.get(path).get_data(as_text=True)
    assert str(shown.id) in said
    assert not any(str(pin.id) in said for pin in secrets)
    assert all(client.get(f"{ITEMS}/{pin.id}").status_code == 404 for pin in secrets)


@pytest.mark.parametrize(
    "path",
    [ITEMS, f"{ITEMS}/{uuid.uuid5(uuid.NAMESPACE_DNS, 'x')}", "/m/testov/pins.json", "/data/testov/pins.geojson"],
)
def test_a_map_that_keeps_its_pins_gives_none(client: FlaskClient, session: Session, path: str) -> None:
    the_map = a_map(session, publish={"pins": False})
    a_pin(session, the_map)
    assert client.get(path).status_code == 403


def test_one_still_sees_ones_own_pin_where_pins_are_kept(client: FlaskClient, session: Session) -> None:
    a_map(session, publish={"pins": False})
    answer = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN))
    assert answer.status_code == 201
    assert client.get(answer.headers["Location"], headers=bearer(TOKEN)).status_code == 200


def test_compact_pins_are_sent_again_only_when_they_changed(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    # All pins of a test come at one moment, that of its transaction, unless told otherwise.
    a_pin(session, the_map, "unsafe", comment="Tma", created_at=moment("2026-09-14T08:00:00Z"))
    gone = a_pin(session, the_map, "improve", created_at=moment("2026-09-14T09:00:00Z"))
    first = client.get("/m/testov/pins.json")
    assert first.json["category"] == [1, 2]
    assert first.json["flags"] == [1, 0]
    assert first.json["lon"] == [LON, LON]
    again = client.get("/m/testov/pins.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    # One goes while another comes: the count is the same, the pins are not.
    session.delete(gone)
    session.commit()
    a_pin(session, the_map, created_at=gone.created_at, changed_at=gone.changed_at)
    changed = client.get("/m/testov/pins.json", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_boundary_and_basemap_are_kept_for_ever_under_their_fingerprint(
    client: FlaskClient, session: Session
) -> None:
    a_map(session, basemap_geojson=a_basemap("Lipová"))
    boundary = client.get("/m/testov/boundary.geojson")
    assert json.loads(boundary.data)["geometry"]["type"] == "MultiPolygon"
    assert boundary.headers["Cache-Control"] == "no-cache"
    basemap = client.get("/m/testov/basemap.geojson")
    assert "Lipová" in basemap.text
    mark = basemap.headers["ETag"].strip('"')
    assert "immutable" in client.get(f"/m/testov/basemap.geojson?v={mark}").headers["Cache-Control"]
    assert "immutable" not in client.get("/m/testov/basemap.geojson?v=older").headers["Cache-Control"]


def test_a_map_without_an_own_layer_has_no_basemap(client: FlaskClient, the_map: MapRecord) -> None:
    assert client.get("/m/testov/basemap.geojson").status_code == 404


@pytest.mark.parametrize("path", ["/nowhere", "/m/nowhere", "/m/nowhere/results", "/data/nowhere/pins.geojson"])
def test_what_is_not_there_is_said_on_a_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": "cs"})
    assert answer.status_code == 404
    assert "Tady nic není" in answer.text


def test_programs_get_problem_documents(client: FlaskClient, the_map: MapRecord) -> None:
    answer = client.delete(ITEMS, headers={"Accept-Language": "en"})
    assert answer.status_code == 405
    assert answer.json["title"] == "This can't be done here."
    assert "GET" in answer.headers["Allow"]


def test_liveness_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_pages_carry_their_guards(client: FlaskClient, the_map: MapRecord) -> None:
    page = client.get("/m/testov")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in page.headers


def test_the_language_is_kept_when_it_is_chosen(client: FlaskClient, the_map: MapRecord) -> None:
    assert 'lang="en"' in client.get("/m/testov?lang=en", headers={"Accept-Language": "cs"}).text
    assert 'lang="en"' in client.get("/m/testov", headers={"Accept-Language": "cs"}).text
    assert 'lang="cs"' in client.get("/m/testov?lang=cs").text
    assert client.get("/m/testov?lang=xx").status_code == 200
