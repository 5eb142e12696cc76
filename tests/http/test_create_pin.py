"""Creating pins through the API: what is stored, what is refused, and that sending twice stores once."""

from __future__ import annotations

import json
import threading
import uuid
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin, Respondent
from tests.builders import CENTRE, OTHER_TOKEN, OUTSIDE, TOKEN, a_feature, a_map, an_event, bearer

ITEMS = "/api/collections/testov/items"
GEOJSON = {"Content-Type": "application/geo+json"}


def post(client: FlaskClient, feature: Any, token: str = TOKEN, **headers: str) -> Any:
    return client.post(ITEMS, data=json.dumps(feature), headers=bearer(token, **(GEOJSON | headers)))


def stored(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Pin)) or 0


def test_a_pin_is_stored_and_answered_with_its_address(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature("unsafe", comment="  Tma u schodů  ", zoom=17)
    answer = post(client, feature)
    assert answer.status_code == 201
    assert answer.mimetype == "application/geo+json"
    assert answer.json["id"] == feature["id"]
    assert answer.json["properties"]["comment"] == "Tma u schodů"
    assert answer.json["properties"]["channel"] == "web"
    assert answer.json["properties"]["status"] == "received"
    assert answer.json["properties"]["created_at"].endswith("Z")
    assert answer.headers["Location"].endswith(f"{ITEMS}/{feature['id']}")
    read = client.get(answer.headers["Location"])
    assert read.json["geometry"]["coordinates"] == list(CENTRE)
    assert session.scalar(select(Pin.zoom)) == 17


def test_a_pin_named_and_not_pointed_at_says_how_far_off_it_may_be(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature(precision_m=120)
    assert post(client, feature).json["properties"]["precision_m"] == 120
    assert session.scalar(select(Pin.precision_m)) == 120
    # The author's phone changes the words and says nothing of the place: what was known of it stays.
    item = f"{ITEMS}/{feature['id']}"
    same = a_feature(id=feature["id"], comment="Jinak")
    assert client.put(item, json=same, headers=bearer()).json["properties"]["precision_m"] == 120
    moved = a_feature(id=feature["id"], at=(CENTRE[0] + 0.001, CENTRE[1]))
    assert client.put(item, json=moved, headers=bearer()).json["properties"]["precision_m"] is None


def test_a_place_that_is_moved_by_a_patch_forgets_how_it_was_named(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature(precision_m=50)
    post(client, feature)
    patch = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [CENTRE[0] + 0.001, CENTRE[1]]}}
    answer = client.patch(f"{ITEMS}/{feature['id']}", json=patch, headers=bearer())
    assert answer.json["properties"]["precision_m"] is None


@pytest.mark.parametrize("wrong", [-1, 5001, "100", True, 1e308])
def test_a_precision_that_is_none_is_refused(client: FlaskClient, session: Session, wrong: Any) -> None:
    a_map(session)
    answer = post(client, a_feature(precision_m=wrong))
    assert (answer.status_code, [e["field"] for e in answer.json["errors"]]) == (422, ["precision_m"])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (1e-300, 0), (5e-324, 0), (1e-46, 0), (-0.0, 0), (0.04, 0), (0.06, 0.1), (30.000001, 30), (12.34, 12.3),
        (4999.99999, 5000), (5000, 5000), (7, 7),
    ],
)  # fmt: skip
def test_a_precision_is_kept_to_the_hand_s_breadth(
    client: FlaskClient, session: Session, said: float, kept: float
) -> None:
    a_map(session)
    answer = post(client, a_feature(precision_m=said))
    assert answer.status_code == 201
    assert str(answer.json["properties"]["precision_m"]).removesuffix(".0") == str(kept)
    assert session.scalar(select(Pin.precision_m)) == pytest.approx(kept)


@pytest.mark.parametrize(
    "number",
    [
        "1e-400", "-1e-300", "-5e-324", "5000.0000001", "1e38", "1e39", "1e308", "1e400", "-1e400",
        "NaN", "Infinity", "-Infinity", "true", "9" * 400, "-" + "9" * 400, "[1]", "{}", '"5"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["precision_m", "zoom"])
def test_no_number_that_can_be_written_down_breaks_the_server(
    client: FlaskClient, session: Session, name: str, number: str
) -> None:
    a_map(session)
    body = json.dumps(a_feature(**{name: "HERE"})).replace('"HERE"', number)
    assert client.post(ITEMS, data=body, headers=bearer(**GEOJSON)).status_code in {201, 400, 422}


def test_the_token_is_not_stored(client: FlaskClient, session: Session) -> None:
    a_map(session)
    post(client, a_feature())
    respondent = session.scalars(select(Respondent)).one()
    assert TOKEN not in repr(vars(respondent))


def test_the_same_pin_again_answers_the_stored_one(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature(comment="jednou")
    post(client, feature)
    again = post(client, feature | {"properties": {"category": "improve"}})
    assert again.status_code == 200
    assert again.json["properties"]["comment"] == "jednou"
    assert again.json["properties"]["category"] == "safe"
    assert stored(session) == 1


def test_the_same_id_from_somebody_else_is_a_conflict(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature()
    post(client, feature)
    assert post(client, feature, OTHER_TOKEN).status_code == 409
    assert stored(session) == 1


def test_two_maps_know_one_device_by_different_hashes(client: FlaskClient, session: Session) -> None:
    a_map(session, "testov")
    a_map(session, "jinde")
    post(client, a_feature())
    client.post(ITEMS.replace("testov", "jinde"), data=json.dumps(a_feature()), headers=bearer(**GEOJSON))
    people = session.scalars(select(Respondent.id)).all()
    assert len(set(people)) == 2


def test_answers_and_event_are_kept(client: FlaskClient, session: Session) -> None:
    options = [{"key": "day", "label": {"cs": "ve dne"}}, {"key": "night", "label": {"cs": "v noci"}}]
    when = {"key": "when", "label": {"cs": "Kdy?"}, "options": options, "categories": ["unsafe"]}
    the_map = a_map(session, questions=[when])
    an_event(session, the_map, "FORUM1")
    answer = post(client, a_feature("unsafe", when="night", event="FORUM1"))
    assert answer.status_code == 201
    assert answer.json["properties"]["when"] == "night"
    assert answer.json["properties"]["event"] == "FORUM1"


NOT_ACCEPTED = {
    "outside": a_feature(at=OUTSIDE),
    "unknown category": a_feature("nonsense"),
    "no category": a_feature() | {"properties": {}},
    "long comment": a_feature(comment="x" * 5000),
    "NUL": a_feature(comment="a\x00b"),
    "lone surrogate": a_feature(comment="a\ud800b"),
    "comment that is a list": a_feature(comment=["a"]),
    "polygon": a_feature() | {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},
    "no geometry": a_feature() | {"geometry": None},
    "coordinates as text": a_feature() | {"geometry": {"type": "Point", "coordinates": ["15.5", "49.6"]}},
    "one coordinate": a_feature() | {"geometry": {"type": "Point", "coordinates": [15.5]}},
    "coordinates off the globe": a_feature(at=(1e300, 1e300)),
    "true as coordinate": a_feature() | {"geometry": {"type": "Point", "coordinates": [True, True]}},
    "id that is not random": a_feature(id=uuid.uuid5(uuid.NAMESPACE_DNS, "x")),
    "id that is no UUID": a_feature(id="1"),
    "no id": {key: value for key, value in a_feature().items() if key != "id"},
    "unknown question": a_feature(favourite="blue"),
    "unknown event": a_feature(event="NOWHERE"),
    "wild zoom": a_feature(zoom=99),
}


@pytest.mark.parametrize("feature", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_what_the_map_does_not_take_is_refused_in_words(
    client: FlaskClient, session: Session, feature: dict[str, Any]
) -> None:
    a_map(session)
    answer = post(client, feature, **{"Accept-Language": "cs"})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 422
    assert answer.json["title"]
    assert answer.json["detail"]
    assert all(error["field"] and error["message"] for error in answer.json["errors"])
    assert answer.json["errors"]
    assert stored(session) == 0


NOT_READ = {
    "NaN": json.dumps(a_feature()).replace("15.52", "NaN"),
    "1e999": json.dumps(a_feature()).replace("15.52", "1e999"),
    "Infinity": json.dumps(a_feature()).replace("15.52", "-Infinity"),
    "cut short": json.dumps(a_feature())[:-5],
    "empty": "",
    "a list": "[]",
    "deep": "[" * 20_000,
    "a huge whole number": json.dumps(a_feature()).replace("15.52", "9" * 5000),
    "bad UTF-8": b"\xff\xfe{}",
    "not a feature": json.dumps({"type": "Point", "coordinates": CENTRE}),
    "properties are a list": json.dumps(a_feature() | {"properties": []}),
}


@pytest.mark.parametrize("body", NOT_READ.values(), ids=NOT_READ)
def test_what_is_not_a_feature_in_json_is_refused(
    client: FlaskClient, session: Session, body: str | bytes
) -> None:
    a_map(session)
    answer = client.post(ITEMS, data=body, headers=bearer(**GEOJSON))
    assert answer.status_code == 400
    assert answer.json["errors"]
    assert stored(session) == 0


def test_ten_megabytes_are_refused(client: FlaskClient, session: Session) -> None:
    a_map(session)
    answer = client.post(ITEMS, data=b" " * 10_000_000, headers=bearer(**GEOJSON))
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_refused(client: FlaskClient, session: Session, kind: str) -> None:
    a_map(session)
    answer = client.post(ITEMS, data=json.dumps(a_feature()), headers=bearer(**{"Content-Type": kind}))
    assert answer.status_code == 415
    assert stored(session) == 0


@pytest.mark.parametrize("header", [None, "Bearer short", "Basic dTpw", "Bearer " + "x" * 500, "Bearer ěščř" * 9])
def test_without_a_device_token_nothing_is_stored(
    client: FlaskClient, session: Session, header: str | None
) -> None:
    a_map(session)
    headers = GEOJSON | ({"Authorization": header} if header else {})
    answer = client.post(ITEMS, data=json.dumps(a_feature()), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert stored(session) == 0


@pytest.mark.parametrize(
    "times", [{"closes": "2020-01-01"}, {"opens": "2999-01-01"}], ids=["closed", "not yet open"]
)
def test_a_closed_map_takes_no_pin(client: FlaskClient, session: Session, times: dict[str, str]) -> None:
    a_map(session, **times)
    answer = post(client, a_feature(), **{"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "closed" in answer.json["title"]
    assert stored(session) == 0


def test_a_map_that_is_not_there_is_unknown(client: FlaskClient) -> None:
    assert post(client, a_feature()).status_code == 404


def test_refusals_speak_the_readers_language(client: FlaskClient, session: Session) -> None:
    a_map(session)
    czech = post(client, a_feature(at=OUTSIDE), **{"Accept-Language": "cs"}).json["detail"]
    english = post(client, a_feature(at=OUTSIDE), **{"Accept-Language": "en"}).json["detail"]
    assert czech == "Toto místo leží mimo mapu."
    assert english == "This place is outside the map."


def test_with_a_look_before_a_pin_waits(client: FlaskClient, session: Session) -> None:
    a_map(session, moderation="pre")
    answer = post(client, a_feature())
    assert answer.json["properties"]["state"] == "pending"
    assert client.get(ITEMS).json["features"] == []
    own = client.get(answer.headers["Location"], headers=bearer())
    assert own.json["properties"]["state"] == "pending"


def test_a_changed_map_is_known_at_once(client: FlaskClient, session: Session) -> None:
    """The frame is kept in memory; a change made by another process must still be seen by the next request."""
    a_map(session)
    assert post(client, a_feature()).status_code == 201
    a_map(session, closes="2020-01-01")
    assert post(client, a_feature()).status_code == 422


def test_two_equal_posts_at_once_store_one_pin(live_server: str, live_session: Session) -> None:
    """On really committed rows: the requests race for the same id and the same new respondent."""
    a_map(live_session)
    where = urlsplit(live_server)
    feature = a_feature()
    statuses: list[int] = []
    gate = threading.Barrier(6)

    def send() -> None:
        connection = HTTPConnection(where.hostname or "", where.port)
        gate.wait()
        connection.request("POST", ITEMS, json.dumps(feature), bearer(**GEOJSON))
        statuses.append(connection.getresponse().status)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [201]
