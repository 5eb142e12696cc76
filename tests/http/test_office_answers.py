"""Answering in the office: pins, places, ready answers; as forms that work without scripts."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from flask.testing import FlaskClient
from shapely.geometry import box, mapping
from sqlalchemy.orm import Session

from app.models import AnsweredPlace, AnswerTemplate, AuditEntry
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_official
from tests.doors import csrf_of, sign_in

PLACES = "/office/maps/testov/places"
ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}


def an_area(reach_deg: float = 0.001) -> str:
    """A square around the centre as GeoJSON."""
    x, y = CENTRE
    return json.dumps(mapping(box(x - reach_deg, y - reach_deg, x + reach_deg, y + reach_deg)))


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    made = a_map(session, basemap_geojson=a_basemap())
    an_official(session, role="moderator")
    return made


@pytest.fixture
def office(client: FlaskClient, the_map: MapRecord) -> FlaskClient:
    return sign_in(client, "urad@testov.example")


def form(client: FlaskClient, **fields: object) -> dict[str, object]:
    """A filled form for a place."""
    whole = {"name": "Lipová", "area": an_area(), "status": "planned", "answer": "Lampy *vyměníme*.", **fields}
    return {"csrf_token": csrf_of(client), **whole}


def test_place_is_answered_and_stands_in_the_list(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pin = a_pin(session, the_map, "unsafe")
    assert office.post(PLACES, data=form(office)).status_code == 303
    session.expire_all()
    assert (pin.status, pin.answer) == ("planned", "Lampy *vyměníme*.")
    page = office.get(PLACES, headers=ENGLISH).text
    assert "reached 1 pin" in page
    assert "<em>vyměníme</em>" in page
    entry = session.query(AuditEntry).filter_by(action="answer.place").one()
    assert entry.official == "urad@testov.example"


def test_what_was_typed_stays_and_each_problem_stands_by_its_field(office: FlaskClient, session: Session) -> None:
    answer = office.post(PLACES, data=form(office, name="", status="declined", answer=" "), headers=ENGLISH)
    assert answer.status_code == 422
    assert "Give the place a name that people use." in answer.text
    assert "Say why it can’t be done. People will read it." in answer.text
    assert re.search(r'value="declined" required checked', answer.text)
    assert "15.521" in answer.text, "the area is still there"
    assert session.query(AnsweredPlace).count() == 0


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ("", "Draw the place on the map"),
        ("49.62, 15.52\n49.63, 15.53", "at least three corners"),
        ("49.61, 15.51\n49.63, 15.53\n49.61, 15.53\n49.63, 15.51", "crosses itself"),
        ("here, there\n1,2\n3,4", "“here, there” is not a corner"),
        ('{"type": "Point", "coordinates": [15.5, 49.6]}', "A boundary is a Polygon"),
        ("{", "not valid JSON"),
        ("{" + "x" * 200_000, "too many corners"),
    ],
)
def test_area_that_is_none_is_refused_in_words(office: FlaskClient, area: str, said: str) -> None:
    answer = office.post(PLACES, data=form(office, area=area), headers=ENGLISH)
    assert answer.status_code == 422
    assert said in answer.text


def test_corners_can_be_typed_as_map_sites_show_them(office: FlaskClient, session: Session) -> None:
    corners = "49.6190, 15.5190\r\n49,6190 15,5210\n49.6210N, 15.5210E\n49.6210; 15.5190\n"
    assert office.post(PLACES, data=form(office, area=corners)).status_code == 303
    assert session.query(AnsweredPlace).count() == 1


def test_area_can_come_as_a_file(office: FlaskClient, session: Session) -> None:
    import io

    file = (io.BytesIO(b"\xef\xbb\xbf" + an_area().encode()), "misto.geojson")
    assert office.post(PLACES, data=form(office, area="", file=file)).status_code == 303
    assert session.query(AnsweredPlace).count() == 1


def test_reach_is_told_and_a_name_proposed_before_anything_is_saved(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    for n in range(3):
        a_pin(session, the_map, "unsafe", respondent=f"r{n // 2}")
    answer = office.post(PLACES, data=form(office, do="check", name="", answer=""), headers=ENGLISH)
    assert "It will reach 3 pins" in answer.text
    assert "of 2 people." in answer.text
    assert 'value="Lipová"' in answer.text
    assert session.query(AnsweredPlace).count() == 0
    told = office.post(
        f"{PLACES}/reach",
        data={"area": an_area(), "categories": "safe", "csrf_token": csrf_of(office)},
        headers={"Accept": "application/json", "Accept-Language": "en"},
    )
    assert told.json is not None
    assert "nobody would be reached" in told.json["words"]
    assert told.json["name"] == "Lipová"


def test_script_asking_with_a_broken_area_gets_words(office: FlaskClient) -> None:
    told = office.post(
        f"{PLACES}/reach",
        data={"area": "{", "csrf_token": csrf_of(office)},
        headers={"Accept": "application/json", "Accept-Language": "en"},
    )
    assert told.status_code == 422
    assert "JSON" in told.json["detail"]  # type: ignore[index]


def test_strong_place_is_offered_and_taken_with_one_click(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    for n in range(6):
        a_pin(session, the_map, "unsafe", (CENTRE[0] + 0.0002 * n, CENTRE[1] + 0.0001 * (n % 3)), f"r{n}")
    page = office.get(PLACES, headers=ENGLISH).text
    link = re.search(r'href="(/office/maps/testov/places/new\?near=[^"]+category=unsafe)"', page)
    assert link
    assert "6 people" in page
    new = office.get(link[1].replace("&amp;", "&"), headers=ENGLISH).text
    assert "It will reach 6 pins" in new
    assert 'value="Lipová"' in new
    assert len(re.findall(r'name="categories" value="\w+" checked', new)) == 1
    area = re.search(r"<textarea[^>]*data-area[^>]*>(.*?)</textarea>", new, re.DOTALL)
    assert area
    sent = form(office, area=area[1].replace("&#34;", '"'), categories="unsafe")
    assert office.post(PLACES, data=sent).status_code == 303
    assert "category=unsafe" not in office.get(PLACES).text, "what is answered is not offered again"


@pytest.mark.parametrize("near", ["x", "1", "1,2,3", "200,95", "nan,nan"])
def test_place_that_is_none_is_malformed(office: FlaskClient, near: str) -> None:
    assert office.get(f"{PLACES}/new?near={near}").status_code == 400


def test_colleague_who_was_faster_is_not_overwritten(office: FlaskClient, session: Session) -> None:
    office.post(PLACES, data=form(office))
    address = f"{PLACES}/{session.query(AnsweredPlace).one().id}"
    seen = re.search(r'name="seen" value="(\w+)"', office.get(address).text)
    assert seen
    assert office.post(address, data=form(office, seen=seen[1], answer="První.")).status_code == 303
    late = office.post(address, data=form(office, seen=seen[1], answer="Druhá."), headers=ENGLISH)
    assert late.status_code == 422
    assert "A colleague has changed this answer in the meantime" in late.text
    assert "Druhá." in late.text
    session.expire_all()
    assert session.query(AnsweredPlace).one().answer == "První."


def test_new_pins_are_taken_in_with_a_button_and_all_let_go_with_another(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    office.post(PLACES, data=form(office))
    pin = a_pin(session, the_map)
    assert "Take in 1 new pin" in office.get(PLACES, headers=ENGLISH).text
    address = f"{PLACES}/{session.query(AnsweredPlace).one().id}"
    assert office.post(f"{address}/take-in", data={"csrf_token": csrf_of(office)}).status_code == 303
    session.expire_all()
    assert pin.status == "planned"
    assert office.post(f"{address}/delete", data={"csrf_token": csrf_of(office)}).status_code == 303
    session.expire_all()
    assert (pin.status, pin.answer, pin.place_id) == ("received", None, None)
    assert office.post(f"{address}/delete", data={"csrf_token": csrf_of(office)}).status_code == 404


def test_pin_is_answered_on_its_page_and_the_answer_taken_back(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pin = a_pin(session, the_map, comment="Tma")
    address = f"/office/maps/testov/pins/{pin.id}"
    sent = {"csrf_token": csrf_of(office), "status": "done", "answer": "Svítí se.", "do": "save"}
    answer = office.post(f"{address}/answer", data=sent)
    assert (answer.status_code, answer.location) == (303, address)
    session.expire_all()
    assert (pin.status, pin.answer, pin.answered_at is not None) == ("done", "Svítí se.", True)
    back = office.post(f"{address}/answer", data={**sent, "do": "clear", "back": "/office/maps/testov?pin=1"})
    assert back.location == "/office/maps/testov?pin=1"
    session.expire_all()
    assert (pin.status, pin.answer, pin.answered_at) == ("received", None, None)


def test_refused_answer_to_a_pin_keeps_what_was_typed(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pin = a_pin(session, the_map)
    sent = {"csrf_token": csrf_of(office), "status": "declined", "answer": "x" * 4001}
    answer = office.post(f"/office/maps/testov/pins/{pin.id}/answer", data=sent, headers=ENGLISH)
    assert answer.status_code == 422
    assert "at most 4000 characters" in answer.text
    assert "x" * 4001 in answer.text
    unknown = office.post(f"/office/maps/testov/pins/{uuid.uuid4()}/answer", data={**sent, "answer": "x"})
    assert unknown.status_code == 404
    nonsense = {**sent, "status": "maybe", "answer": "a\x00b"}
    assert office.post(f"/office/maps/testov/pins/{pin.id}/answer", data=nonsense).status_code == 422


def test_ready_answer_goes_into_the_form_without_a_script(
    office: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    templates = "/office/towns/testov/templates"
    sent = {"csrf_token": csrf_of(office), "title": "Zapsáno", "status": "planned", "text": "Je to v plánu."}
    assert office.post(templates, data=sent).status_code == 303
    kept = session.query(AnswerTemplate).one()
    inserted = form(office, do="insert", ready=str(kept.id), answer="Děkujeme.", status="received")
    page = office.post(PLACES, data=inserted, headers=ENGLISH).text
    assert "Děkujeme.\n\nJe to v plánu." in page.replace("&#13;", "")
    assert re.search(r'value="planned" required checked', page)
    pin = a_pin(session, the_map)
    page = office.post(f"/office/maps/testov/pins/{pin.id}/answer", data=inserted, headers=ENGLISH).text
    assert "Děkujeme.\n\nJe to v plánu." in page
    assert session.query(AnsweredPlace).count() == 0


def test_ready_answers_are_kept_changed_and_deleted(office: FlaskClient, session: Session) -> None:
    templates = "/office/towns/testov/templates"
    page = office.get(templates, headers=ENGLISH).text
    assert "Not our land" in page
    sent = {"csrf_token": csrf_of(office), "title": "", "status": "declined", "text": ""}
    refused = office.post(templates, data=sent, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Give it a name" in refused.text
    copied = {**sent, "title": "Not our land", "text": "It is not ours."}
    assert office.post(templates, data=copied).status_code == 303
    assert office.get(templates, headers=ENGLISH).text.count("Not our land") == 2, "in the list and its field only"
    kept = session.query(AnswerTemplate).one()
    assert office.post(f"{templates}/{kept.id}", data={**copied, "text": "Není naše."}).status_code == 303
    session.expire_all()
    assert kept.text == "Není naše."
    assert office.post(f"{templates}/{kept.id}/delete", data=sent).status_code == 303
    assert session.query(AnswerTemplate).count() == 0
    assert office.post(f"{templates}/{kept.id}/delete", data=sent).status_code == 404
    actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert actions[-3:] == ["template.add", "template.change", "template.delete"]


def test_viewer_reads_but_is_offered_nothing_to_press(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map, answer="Hotovo.", status="done")
    an_official(session, "viewer@testov.example", role="viewer")
    sign_in(client, "viewer@testov.example")
    for address in (PLACES, "/office/towns/testov/templates", f"/office/maps/testov/pins/{pin.id}"):
        page = client.get(address).text.replace('action="/office/sign-out"', "")
        assert 'method="post"' not in page.replace('<form class="office-sign-out" method="post" >', "")
