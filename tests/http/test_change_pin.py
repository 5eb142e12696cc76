"""Changing, moving, deleting, supporting pins; being the same person on two devices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin, PinState, Respondent, Support
from gis.crs import to_metric
from tests.builders import CENTRE, OTHER_TOKEN, OUTSIDE, TOKEN, a_feature, a_map, a_pin, bearer

ITEMS = "/api/collections/testov/items"
RESPONDENT = "/api/collections/testov/respondent"
MOVED = (15.53, 49.625)
THIRD_TOKEN = "a-third-device-token-of-enough-bits-555555"


def send(client: FlaskClient, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
    data = None if body is None else json.dumps(body)
    return client.open(
        path, method=method, data=data, headers=bearer(token, **{"Content-Type": "application/json"})
    )


@pytest.fixture
def pinned(client: FlaskClient, session: Session) -> dict[str, Any]:
    """A stored pin of TOKEN, as answered."""
    a_map(session)
    stored: dict[str, Any] = send(client, "POST", ITEMS, a_feature("unsafe", comment="Tma", zoom=16)).json
    return stored


def at(pin: dict[str, Any]) -> str:
    return f"{ITEMS}/{pin['id']}"


def test_a_pin_can_be_replaced(client: FlaskClient, session: Session, pinned: dict[str, Any]) -> None:
    answer = send(client, "PUT", at(pinned), a_feature("safe", MOVED, id=pinned["id"], comment="Už svítí"))
    assert answer.status_code == 200
    assert answer.json["properties"]["category"] == "safe"
    assert client.get(at(pinned)).json["geometry"]["coordinates"] == list(MOVED)


def test_a_moved_pin_is_counted_in_its_new_square(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    send(client, "PATCH", at(pinned), {"geometry": {"type": "Point", "coordinates": MOVED}})
    pin = session.scalars(select(Pin).execution_options(populate_existing=True)).one()
    x, y = to_metric(5514)(*MOVED)
    assert (pin.square_x, pin.square_y) == (x // 25, y // 25)


def test_a_patch_changes_only_what_it_names(client: FlaskClient, pinned: dict[str, Any]) -> None:
    answer = send(client, "PATCH", at(pinned), {"properties": {"comment": "Tma a schody"}})
    assert answer.json["properties"]["comment"] == "Tma a schody"
    assert answer.json["properties"]["category"] == "unsafe"
    assert answer.json["geometry"] == pinned["geometry"]
    taken = send(client, "PATCH", at(pinned), {"properties": {"comment": None}})
    assert taken.json["properties"]["comment"] is None


def test_a_stored_feature_can_be_sent_back_as_it_came(client: FlaskClient, pinned: dict[str, Any]) -> None:
    assert send(client, "PUT", at(pinned), pinned).status_code == 200


@pytest.mark.parametrize(
    "patch",
    [
        {"geometry": {"type": "Point", "coordinates": OUTSIDE}},
        {"geometry": None},
        {"properties": {"category": "nonsense"}},
        {"properties": {"comment": "x" * 5000}},
        {"properties": {"colour": "red"}},
    ],
)
def test_a_bad_change_is_refused_and_nothing_changes(
    client: FlaskClient, pinned: dict[str, Any], patch: dict[str, Any]
) -> None:
    assert send(client, "PATCH", at(pinned), patch).status_code == 422
    assert client.get(at(pinned)).json["properties"]["comment"] == "Tma"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_nobody_else_can_change_it(client: FlaskClient, pinned: dict[str, Any], method: str) -> None:
    body = pinned if method == "PUT" else {"properties": {"comment": "moje"}}
    assert send(client, method, at(pinned), body, OTHER_TOKEN).status_code == 403
    assert client.get(at(pinned)).json["properties"]["comment"] == "Tma"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_closed_map_stays_as_it_is(
    client: FlaskClient, session: Session, pinned: dict[str, Any], method: str
) -> None:
    a_map(session, closes="2020-01-01")
    body = pinned if method == "PUT" else {"properties": {"comment": "pozdě"}}
    assert send(client, method, at(pinned), body).status_code == 422
    assert client.get(at(pinned)).json["properties"]["comment"] == "Tma"


def test_a_deleted_pin_is_gone_and_can_be_brought_back(client: FlaskClient, pinned: dict[str, Any]) -> None:
    assert send(client, "DELETE", at(pinned)).status_code == 204
    assert client.get(at(pinned)).status_code == 404
    assert send(client, "DELETE", at(pinned)).status_code == 404
    assert send(client, "POST", ITEMS, a_feature("unsafe", id=pinned["id"], comment="Tma")).status_code == 201


@pytest.mark.parametrize("pin_id", ["1", "not-a-uuid", "7f0c3b52-6f7e-4d6a-9a51-0d6f1f1f2c11"])
def test_a_pin_that_is_not_there_is_unknown(client: FlaskClient, pinned: dict[str, Any], pin_id: str) -> None:
    assert client.get(f"{ITEMS}/{pin_id}").status_code == 404
    assert send(client, "PATCH", f"{ITEMS}/{pin_id}", {"properties": {}}).status_code == 404
    assert send(client, "DELETE", f"{ITEMS}/{pin_id}").status_code == 404


def test_words_that_were_hidden_are_looked_at_again_when_they_change(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    pin = session.scalars(select(Pin)).one()
    pin.state, pin.hidden_reason = PinState.HIDDEN, "Jmenuje souseda."
    session.commit()
    own = client.get(at(pinned), headers=bearer())
    assert own.json["properties"]["hidden_reason"] == "Jmenuje souseda."
    assert client.get(at(pinned)).status_code == 404
    changed = send(client, "PATCH", at(pinned), {"properties": {"comment": "Už nikoho nejmenuje."}})
    assert changed.json["properties"]["state"] == "pending"


def test_support_counts_each_person_once_and_can_be_taken_back(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    support = at(pinned) + "/support"
    assert send(client, "PUT", support, token=OTHER_TOKEN).json == {"supports": 1}
    assert send(client, "PUT", support, token=OTHER_TOKEN).json == {"supports": 1}
    assert send(client, "PUT", support, token=THIRD_TOKEN).json == {"supports": 2}
    assert client.get(at(pinned)).json["properties"]["supports"] == 2
    assert send(client, "DELETE", support, token=OTHER_TOKEN).json == {"supports": 1}


def test_nobody_supports_their_own_pin(client: FlaskClient, pinned: dict[str, Any]) -> None:
    assert send(client, "PUT", at(pinned) + "/support").status_code == 422


def test_about_you_is_stored_replaced_and_checked(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    assert send(client, "PUT", RESPONDENT, {"age": "15-24", "gender": "woman"}).status_code == 200
    assert send(client, "PUT", RESPONDENT, {"age": "25-44", "gender": None}).json == {"age": "25-44"}
    assert send(client, "GET", RESPONDENT).json["about"] == {"age": "25-44"}
    assert send(client, "PUT", RESPONDENT, {"age": "very old"}).status_code == 422
    assert send(client, "PUT", RESPONDENT, {"shoe_size": "43"}).status_code == 422
    assert send(client, "GET", RESPONDENT).json["about"] == {"age": "25-44"}


def test_answers_about_the_person_are_in_no_public_answer(client: FlaskClient, pinned: dict[str, Any]) -> None:
    send(client, "PUT", RESPONDENT, {"age": "15-24"})
    for path in (ITEMS, at(pinned), "/m/testov/pins.json", "/data/testov/pins.geojson"):
        said = client.get(path).get_data(as_text=True)
        assert "15-24" not in said
        assert "respondent" not in said


def test_a_receipt_brings_the_pins_to_another_device(client: FlaskClient, pinned: dict[str, Any]) -> None:
    receipt = send(client, "POST", RESPONDENT + "/receipt").json["receipt"]
    joined = send(client, "POST", RESPONDENT + "/join", {"receipt": receipt.lower()}, OTHER_TOKEN)
    assert [feature["id"] for feature in joined.json["pins"]["features"]] == [pinned["id"]]
    changed = send(client, "PATCH", at(pinned), {"properties": {"comment": "z druhého"}}, OTHER_TOKEN)
    assert changed.status_code == 200
    mine = send(client, "GET", RESPONDENT).json
    assert mine["receipt"] is True
    assert mine["pins"]["features"][0]["properties"]["comment"] == "z druhého"


def test_what_the_other_device_had_comes_along_and_supports_are_counted_once(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    stranger = a_pin(session, a_map(session), respondent="stranger")
    theirs = f"{ITEMS}/{stranger.id}/support"
    other = send(client, "POST", ITEMS, a_feature(), OTHER_TOKEN).json
    send(client, "PUT", theirs)
    send(client, "PUT", theirs, token=OTHER_TOKEN)
    send(client, "PUT", at(pinned) + "/support", token=OTHER_TOKEN)
    receipt = send(client, "POST", RESPONDENT + "/receipt").json["receipt"]
    joined = send(client, "POST", RESPONDENT + "/join", {"receipt": receipt}, OTHER_TOKEN).json
    assert {feature["id"] for feature in joined["pins"]["features"]} == {pinned["id"], other["id"]}
    assert client.get(f"{ITEMS}/{stranger.id}").json["properties"]["supports"] == 1
    assert client.get(at(pinned)).json["properties"]["supports"] == 0
    assert session.scalar(select(func.count()).select_from(Support)) == 1


@pytest.mark.parametrize("receipt", ["AAAA-BBBB-CCCC", "", 7, "x" * 100, None, "\ud800\ud800\ud800\ud800"])
def test_a_wrong_receipt_changes_nothing(client: FlaskClient, pinned: dict[str, Any], receipt: Any) -> None:
    answer = send(client, "POST", RESPONDENT + "/join", {"receipt": receipt}, OTHER_TOKEN)
    assert answer.status_code in (400, 404)
    assert send(client, "GET", RESPONDENT, token=OTHER_TOKEN).json["pins"]["features"] == []


def test_a_receipt_asked_for_again_is_the_same(client: FlaskClient, pinned: dict[str, Any]) -> None:
    """Whoever wrote the first one down keeps the way back; nobody else gets it."""
    codes = [send(client, "POST", RESPONDENT + "/receipt").json["receipt"] for _ in range(2)]
    assert codes[0] == codes[1]
    assert send(client, "POST", RESPONDENT + "/receipt", token=OTHER_TOKEN).json["receipt"] != codes[0]


def test_a_receipt_is_stored_only_as_a_hash(client: FlaskClient, session: Session, pinned: dict[str, Any]) -> None:
    receipt = send(client, "POST", RESPONDENT + "/receipt").json["receipt"].replace("-", "")
    person = session.scalars(select(Respondent)).one()
    assert person.receipt_hash
    assert receipt.encode() not in person.receipt_hash


def test_receipts_cannot_be_guessed_without_end(
    client: FlaskClient, session: Session, pinned: dict[str, Any]
) -> None:
    tries = [
        send(client, "POST", RESPONDENT + "/join", {"receipt": f"GUESS-{n:05}"}, OTHER_TOKEN) for n in range(201)
    ]
    assert {answer.status_code for answer in tries[:200]} == {404}
    assert tries[200].status_code == 429
    assert int(tries[200].headers["Retry-After"]) > 0


def test_coordinates_come_back_as_they_went(client: FlaskClient, pinned: dict[str, Any]) -> None:
    assert pinned["geometry"]["coordinates"] == list(CENTRE)
