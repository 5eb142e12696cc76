"""The queue: what comes into it, why, and what a moderator does there."""

from __future__ import annotations

import re
import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs.queue_forms import Target
from app.models import AuditEntry, Pin, PinFlag, PinState
from app.queries.maps import MapRecord, read_map
from app.services.audit import BY_ITSELF
from app.services.moderation import approval, decide_many
from tests.builders import CENTRE, a_feature, a_map, a_pin, an_official, bearer
from tests.doors import csrf_of, sign_in

QUEUE = "/office/maps/testov/queue"
ITEMS = "/api/collections/testov/items"
PHONE = "Zavolejte mi na 777 123 456, prosím."


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map."""
    return a_map(session)


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A moderator at the desk."""
    return sign_in(client, an_official(session, role="moderator"))


def post(client: FlaskClient, comment: str | None, **more: object) -> Pin | dict[str, object]:
    """What a citizen gets back for a pin with this comment."""
    answer = client.post(ITEMS, json=a_feature(comment=comment, **more), headers=bearer())
    assert answer.status_code == 201, answer.text
    return answer.json["properties"] | {"id": answer.json["id"]}


def decide(client: FlaskClient, deed: str, *, part: bool = False, **form: object) -> TestResponse:
    """The answer to a button of the queue's form."""
    token = csrf_of(client, QUEUE) if part else csrf_of(client, "/office/")
    headers = {"X-Part": "queue", "X-CSRFToken": token} if part else {}
    return client.post(QUEUE, data={"csrf_token": token, "deed": deed, **form}, headers=headers)


def undo(client: FlaskClient, entry: str) -> TestResponse:
    return client.post(
        "/office/maps/testov/undo", data={"csrf_token": csrf_of(client, "/office/"), "entry": entry}
    )


def only_pin(session: Session) -> Pin:
    session.expire_all()
    return session.query(Pin).one()


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """The ids in the queue, in their order."""
    return re.findall(r'class="queue-item" data-pin="([^"]+)"', client.get(QUEUE + query).text)


def public_comments(client: FlaskClient) -> list[str]:
    return [feature["properties"]["comment"] for feature in client.get(ITEMS).json["features"]]


def entry_of(answer: TestResponse) -> str:
    """The number by which a decision is taken back, from the address one is sent to."""
    found = re.search(r"done=(\d+)", answer.location)
    assert found, answer.location
    return found[1]


@pytest.mark.parametrize("comment", [PHONE, "jan@novak.cz", "rč 855412/1235", "Stojí tu 1T2 3456", "Kurva, tma!"])
def test_pin_with_personal_data_or_vulgar_words_waits_and_its_author_knows(
    client: FlaskClient, session: Session, town: MapRecord, comment: str
) -> None:
    assert post(client, comment)["state"] == "pending"
    assert public_comments(client) == []
    assert only_pin(session).flagged


def test_link_is_flagged_but_shown(client: FlaskClient, session: Session, town: MapRecord) -> None:
    assert post(client, "Viz www.vzorov.example")["state"] == "visible"
    assert only_pin(session).flagged
    assert session.query(PinFlag).one().kind == "link"


def test_pin_without_anything_to_notice_has_no_flags(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    assert post(client, "Chybí tu 12 lamp v ulici 28. října.")["state"] == "visible"
    assert not only_pin(session).flagged
    assert session.query(PinFlag).count() == 0


def test_map_may_show_flagged_pins_at_once(client: FlaskClient, session: Session, town: MapRecord) -> None:
    from app.models import TownMap

    session.query(TownMap).update({"hold_flagged": False, "version": TownMap.version + 1})
    session.commit()
    assert post(client, PHONE)["state"] == "visible"
    assert only_pin(session).flagged


def test_answers_in_own_words_are_looked_through_as_well(client: FlaskClient, session: Session) -> None:
    a_map(session, questions=[{"key": "tip", "type": "text", "label": {"cs": "Tip"}}])
    assert post(client, None, tip=PHONE)["state"] == "pending"
    assert session.query(PinFlag).one().detail == {"spans": [], "answers": {"tip": [[16, 27]]}}
    sign_in(client, an_official(session, role="moderator"))
    assert (
        '<mark class="office-mark" data-kind="phone" data-span="16-27">777 123 456</mark>'
        in client.get(QUEUE).text
    )


def test_sent_twice_a_flagged_pin_is_stored_once(client: FlaskClient, session: Session, town: MapRecord) -> None:
    feature = a_feature(comment=PHONE)
    statuses = [client.post(ITEMS, json=feature, headers=bearer()).status_code for _ in range(2)]
    assert statuses == [201, 200]
    assert session.query(PinFlag).count() == 1


def test_changed_words_are_looked_through_anew(client: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = post(client, "Hezké místo")
    changed = client.patch(f"{ITEMS}/{pin['id']}", json={"properties": {"comment": PHONE}}, headers=bearer())
    assert changed.json["properties"]["state"] == "pending"
    client.patch(f"{ITEMS}/{pin['id']}", json={"properties": {"comment": "Hezké místo"}}, headers=bearer())
    stored = only_pin(session)
    assert (stored.flagged, session.query(PinFlag).count()) == (False, 0)
    assert stored.state == PinState.PENDING, "what waited is read by somebody before it shows"


def test_queue_says_why_and_marks_the_words(office: FlaskClient, session: Session, town: MapRecord) -> None:
    post(office, PHONE)
    page = office.get(QUEUE + "?lang=en").text
    assert "there is a phone number" in page
    assert '<mark class="office-mark" data-kind="phone" data-span="16-27">777 123 456</mark>' in page


def test_what_people_write_is_text_and_never_markup(office: FlaskClient, town: MapRecord) -> None:
    post(office, "<b>777 123 456</b> <script>alert(1)</script>")
    page = office.get(QUEUE).text
    assert "<script>alert" not in page
    assert "&lt;b&gt;<mark" in page


def test_queue_is_read_oldest_first_by_pages_that_decisions_do_not_shift(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pins = [
        a_pin(session, town, at=(CENTRE[0] + n * 0.0005, CENTRE[1]), state=PinState.PENDING) for n in range(45)
    ]
    first = office.get(QUEUE)
    ids = re.findall(r'class="queue-item" data-pin="([^"]+)"', first.text)
    assert ids == [str(pin.id) for pin in sorted(pins, key=lambda pin: (pin.created_at, pin.id))[:40]]
    further = re.search(r'data-more href="([^"]+)"', first.text)
    assert further
    decide(office, f"approve {ids[0]}")
    rest = re.findall(r'class="queue-item" data-pin="([^"]+)"', office.get(further[1].replace("&amp;", "&")).text)
    assert len(rest) == 5
    assert not set(rest) & set(ids)


def test_queue_can_be_read_by_one_reason(office: FlaskClient, session: Session, town: MapRecord) -> None:
    phone, vulgar = post(office, PHONE)["id"], post(office, "Kurva, tma!")["id"]
    waiting = str(a_pin(session, town, state=PinState.PENDING, respondent="x").id)
    assert set(listed(office)) == {phone, vulgar, waiting}
    assert listed(office, "?reason=phone") == [phone]
    assert listed(office, "?reason=waiting") == [waiting]
    assert office.get(QUEUE + "?reason=strange").status_code == 400


def test_approved_pin_is_shown_and_its_flags_are_settled(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    assert decide(office, f"approve {pin}").status_code == 303
    assert public_comments(office) == [PHONE]
    assert session.query(PinFlag).one().settled
    assert listed(office) == []


def test_masked_words_are_dots_for_everybody_and_the_original_for_the_office(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    answer = decide(office, f"mask {pin}")
    assert public_comments(office) == ["Zavolejte mi na •••••••••••, prosím."]
    assert only_pin(session).original_comment == PHONE
    assert PHONE in office.get(f"/office/maps/testov/pins/{pin}").text
    own = office.get(f"{ITEMS}/{pin}", headers=bearer()).json
    assert own["properties"]["comment"] == "Zavolejte mi na •••••••••••, prosím."
    undo(office, entry_of(answer))
    stored = only_pin(session)
    assert (stored.comment, stored.original_comment, stored.state) == (PHONE, None, PinState.PENDING)
    assert listed(office) == [pin]


def test_other_words_can_be_covered_and_marked_ones_kept(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, "Novák, 777 123 456, viz www.novak.cz. NOVÁK!")["id"]
    decide(office, f"mask {pin}", **{f"mask.{pin}": "novák", f"keep.{pin}": "24-36"})
    assert public_comments(office) == ["•••••, •••••••••••, viz www.novak.cz. •••••!"]


def test_each_covering_is_taken_back_by_itself(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = post(office, PHONE)["id"]
    decide(office, f"mask {pin}")
    second = decide(office, f"mask {pin}", **{f"mask.{pin}": "prosím"})
    assert public_comments(office) == ["Zavolejte mi na •••••••••••, ••••••."]
    undo(office, entry_of(second))
    assert public_comments(office) == ["Zavolejte mi na •••••••••••, prosím."]
    office.post(f"/office/maps/testov/pins/{pin}/unmask", data={"csrf_token": csrf_of(office, "/office/")})
    assert only_pin(session).comment == PHONE
    assert only_pin(session).state == PinState.PENDING, "uncovered, it is to be looked at again"


def test_covering_nothing_is_refused_beside_the_field(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.PENDING, comment="Hezké místo")
    answer = decide(office, f"mask {pin.id}", **{f"mask.{pin.id}": "ošklivé"})
    assert answer.status_code == 422
    assert "ošklivé" in answer.text
    assert "field-error" in answer.text


def test_author_may_move_a_covered_pin_and_the_cover_stays(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    decide(office, f"mask {pin}")
    moved = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [15.521, 49.621]}}
    assert office.patch(f"{ITEMS}/{pin}", json=moved, headers=bearer()).status_code == 200
    stored = only_pin(session)
    assert (stored.state, stored.original_comment) == (PinState.VISIBLE, PHONE)
    office.patch(f"{ITEMS}/{pin}", json={"properties": {"comment": "Jinak"}}, headers=bearer())
    assert only_pin(session).original_comment is None


def test_hidden_by_a_key_the_reason_reaches_the_author(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    decide(office, f"hide {pin} person", **{f"own.{pin}": "Prosíme bez čísel."})
    assert only_pin(session).hidden_reason == "person|Prosíme bez čísel."
    own = office.get(f"{ITEMS}/{pin}", headers=bearer(**{"Accept-Language": "en"})).json
    assert own["properties"]["hidden_reason"].startswith("The text names")
    assert decide(office, f"hide {pin}").status_code == 422


def test_ticked_pins_are_decided_together_and_taken_back_together(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pins = [post(office, f"{PHONE} {n}")["id"] for n in range(3)]
    answer = decide(office, "hide ticked", pin=pins[:2], **{"ready.ticked": "person"})
    assert sorted(listed(office)) == [pins[2]]
    entry = session.get_one(AuditEntry, int(entry_of(answer)))
    assert (entry.action, entry.subject, entry.detail["n"]) == ("pin.hide", None, 2)
    undo(office, entry_of(answer))
    assert sorted(listed(office)) == sorted(pins)
    assert {pin.hidden_reason for pin in session.query(Pin)} == {None}


def test_all_of_a_reason_are_decided_but_not_what_came_after_the_page(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    for n in range(3):
        post(office, f"{PHONE} {n}")
    other = post(office, "Kurva, tma!")["id"]
    as_of = re.search(r'name="as_of" value="([^"]+)"', office.get(QUEUE).text)
    assert as_of
    late = a_pin(session, town, state=PinState.PENDING, comment=PHONE)
    answer = decide(office, "approve all", only="phone", as_of=as_of[1])
    assert answer.location.startswith(f"{QUEUE}?reason=phone")
    assert set(listed(office)) == {other, str(late.id)}
    undo(office, entry_of(answer))
    assert len(listed(office)) == 5


def test_all_marked_words_are_covered_at_once_and_pins_without_them_stay(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    post(office, PHONE)
    plain = a_pin(session, town, state=PinState.PENDING, respondent="x", comment="Hezké")
    as_of = re.search(r'name="as_of" value="([^"]+)"', office.get(QUEUE).text)
    assert as_of
    page = office.get(decide(office, "mask all", as_of=as_of[1]).location + "&lang=en").text
    assert "Words covered in 1 pin. 1 pin stays as it is" in page
    assert listed(office) == [str(plain.id)]


def test_pin_changed_since_it_was_read_stays_and_is_told(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    seen = re.search(r'name="seen\.[^"]+" value="([^"]+)"', office.get(QUEUE).text)
    assert seen
    office.patch(f"{ITEMS}/{pin}", json={"properties": {"comment": "Kurva! " + PHONE}}, headers=bearer())
    answer = decide(office, f"approve {pin}", part=True, **{f"seen.{pin}": seen[1]})
    assert f'data-stayed="{pin}"' in answer.text
    assert only_pin(session).state == PinState.PENDING


def test_script_gets_how_it_went_with_the_numbers_left(office: FlaskClient, town: MapRecord) -> None:
    pin = post(office, PHONE)["id"]
    answer = decide(office, f"approve {pin}", part=True)
    assert re.search(r'data-entry="\d+"', answer.text)
    assert f'data-ids="{pin}"' in answer.text
    assert 'data-whole="0"' in answer.text
    assert "<html" not in answer.text


def test_decision_is_taken_back_only_by_whom_it_is_and_once(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = post(office, PHONE)["id"]
    entry = entry_of(decide(office, f"approve {pin}"))
    colleague = sign_in(office.application.test_client(), an_official(session, "kolega@testov.example"))
    assert undo(colleague, entry).status_code == 404
    assert undo(office, entry).status_code == 303
    assert undo(office, entry).status_code == 409
    assert undo(office, "99999999").status_code == 404
    decided = session.query(AuditEntry).filter(AuditEntry.action.startswith("pin.")).order_by(AuditEntry.id)
    assert [row.action for row in decided] == ["pin.approve", "pin.undo"]


def test_undo_leaves_alone_what_a_colleague_did_since(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pins = [post(office, f"{PHONE} {n}")["id"] for n in range(2)]
    entry = entry_of(decide(office, "approve ticked", pin=pins))
    decide(office, f"hide {pins[0]} rude")
    undo(office, entry)
    states = {str(pin.id): pin.state for pin in session.query(Pin)}
    assert states == {pins[0]: PinState.HIDDEN, pins[1]: PinState.PENDING}


def test_log_never_holds_what_citizens_wrote(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = post(office, PHONE)["id"]
    undo(office, entry_of(decide(office, f"mask {pin}")))
    assert not any("777" in str(row.detail) for row in session.query(AuditEntry))


@pytest.mark.parametrize(
    "deed", ["", "approve", "dance 1", "approve x", "hide all person", "approve all", "mask \x00"]
)
def test_strange_deeds_are_refused(office: FlaskClient, town: MapRecord, deed: str) -> None:
    assert decide(office, deed).status_code == 400


def test_nothing_ticked_is_told(office: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town, state=PinState.PENDING)
    assert decide(office, "approve ticked").status_code == 422


def test_of_two_moderators_who_approve_many_at_once_each_pin_is_decided_once(live_session: Session) -> None:
    a_map(live_session)
    the_map = read_map(live_session, "testov")
    pins = [a_pin(live_session, the_map, state=PinState.PENDING, respondent=f"p{n}") for n in range(30)]
    targets = [Target(pin.id, pin.changed_at) for pin in pins]
    bind = live_session.get_bind()
    outcomes = []
    start = threading.Barrier(2)

    def approve(order: list[Target]) -> None:
        with Session(bind) as own:
            start.wait()
            outcomes.append(decide_many(own, the_map, order, approval(), by=BY_ITSELF))
            own.commit()

    both = [threading.Thread(target=approve, args=(order,)) for order in (targets, targets[::-1])]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcome.entry is None for outcome in outcomes) == [False, True]
    assert live_session.query(AuditEntry).count() == 1
