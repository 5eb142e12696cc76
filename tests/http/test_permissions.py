"""One matrix of who may ask what of the office, built from the app's routes: one without a row here fails.

A new route needs a row: six statuses in the order of WHO. Where it needs something to work on, put that into
the fixture `there` and its key into `values`; what the form sends goes into the row.
"""

from __future__ import annotations

import gc
import io
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.db import Database
from app.inputs.accounts import InvitationInput
from app.models import Base, Invitation, Official, PinState, Role, TownRole
from app.queries.accounts import find_official
from app.queries.maps import MapCache
from app.security import FOR_GIS_CLIENTS
from app.services.colleagues import reset_token
from app.services.invitations import invite, token_hash
from app.views.office import OPEN_TO_ALL
from tests.builders import (
    a_fact_layer,
    a_map,
    a_pin,
    a_pin_photo,
    a_ready_answer,
    a_report,
    a_token,
    an_analysis,
    an_answered_place,
    an_event,
    an_official,
    bearer,
)
from tests.doors import csrf_of, sign_in
from tests.marked_sheets import a_photo_of, a_sheet_of

WHO = NOBODY, VIEWER, MODERATOR, EDITOR, STRANGER, ADMIN = (
    "nobody",
    "viewer",
    "moderator",
    "editor",
    "stranger",
    "admin",
)
"""A viewer, a moderator and an editor of the town in the address; an editor of another town; of the server."""
BETWEEN = {"viewer-here": VIEWER, "moderator-here": MODERATOR, "editor-here": EDITOR, "admin-here": EDITOR}
"""People of two towns, editors there: here each counts only as what they are here; a town can't make an admin."""

PIN = uuid.UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
SOMEBODY = "0b9a4c1e-3c55-4f7e-9d0a-5f2f4b1c7a11"
PRINT = uuid.UUID("6ba7b814-9dad-41d1-80b4-00c04fd430c8")
VALUES: Mapping[str, object] = {
    "slug": "testov",
    "town": "testov",
    "pin_id": PIN,
    "report_id": PIN,
    "code": "FORUM1",
    "z": 14,
    "x": 8898,
    "y": 5597,
    "form": "png",
}


@dataclass(frozen=True)
class Asked:
    """The statuses of one endpoint, in the order of WHO; `form` is what a POST sends, bytes being a file."""

    statuses: tuple[int, ...]
    method: str = "GET"
    form: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    """Arguments of the address that are not those of VALUES."""


READ = Asked((303, 200, 200, 200, 404, 200))
READ_FILE = Asked((401, 200, 200, 200, 404, 200))
DECIDE = Asked((303, 403, 303, 303, 404, 303), "POST", {"ready": "rude"})

SQUARE = '{"type":"Polygon","coordinates":[[[15.5,49.6],[15.52,49.6],[15.52,49.62],[15.5,49.6]]]}'
CENSUS = {"age": "0+", "women": "6", "men": "5", "source": "ČSÚ, 1. 1. 2026"}
ANSWER = {"name": "U lípy", "area": SQUARE, "status": "planned", "answer": "Lampy vyměníme."}
READY = {"title": "V plánu", "status": "planned", "text": "Je to v plánu."}

EDITORS = (303, 403, 403, 303, 404, 303)
ADMINS = (303, 403, 403, 403, 403, 303)
INVITED = {"token": "the-token-of-an-invitation"}
NEW_PASSWORD = {"password": "a new password", "again": "a new password"}

MATRIX: dict[str, Asked] = {
    "office.people": READ,
    "office.invite": Asked(EDITORS, "POST", {"email": "dalsi@testov.example", "role": "viewer"}),
    "office.revoke_invitation": Asked(EDITORS, "POST"),
    "office.give_role": Asked(EDITORS, "POST", {"role": "moderator"}),
    "office.remove_person": Asked(EDITORS, "POST"),
    "office.reset_link": Asked(EDITORS, "POST"),
    "office.reset_second_factor": Asked(EDITORS, "POST"),
    "office.server_people": Asked((303, 403, 403, 403, 403, 200)),
    "office.invite_admin": Asked(ADMINS, "POST", {"email": "dalsi@testov.example"}),
    "office.revoke_admin_invitation": Asked(ADMINS, "POST"),
    "office.give_admin": Asked(ADMINS, "POST", {"admin": "yes"}),
    "office.server_reset_link": Asked(ADMINS, "POST"),
    "office.server_reset_second_factor": Asked(ADMINS, "POST"),
    "office.account": Asked((303, 200, 200, 200, 200, 200)),
    "office.change_password": Asked((303, 422, 422, 422, 422, 422), "POST"),
    "office.awake": Asked((303, 204, 204, 204, 204, 204)),
    "office.end_sessions": Asked((303, 422, 422, 422, 422, 422), "POST"),
    "office.second_factor": Asked((303, 200, 200, 200, 200, 200)),
    "office.second_factor_on": Asked((303, 422, 422, 422, 422, 422), "POST"),
    "office.second_factor_off": Asked((303, 422, 422, 422, 422, 422), "POST"),
    "office.new_recovery_codes": Asked((303, 422, 422, 422, 422, 422), "POST"),
    # Nobody waits for a code here; test_second_factor.py walks the second step.
    "office.code_form": Asked((303,) * 6),
    "office.give_code": Asked((303,) * 6, "POST"),
    "office.invitation": Asked((200,) * 6, values=INVITED),
    "office.accept": Asked((303, 403, 403, 403, 403, 403), "POST", values=INVITED),
    "office.accept_with_password": Asked((303,) * 6, "POST", NEW_PASSWORD, INVITED),
    "office.new_password_form": Asked((200,) * 6),
    "office.new_password": Asked((303,) * 6, "POST", NEW_PASSWORD),
    "office.connect": READ,
    "office.processing": READ,
    "office.connect_qgis": Asked((303, 422, 422, 422, 404, 422), "POST"),
    "office.tokens": Asked((303, 200, 200, 200, 200, 200)),
    "office.make_token": Asked((303, 422, 422, 422, 422, 422), "POST"),
    # The token is somebody else's; test_tokens.py revokes one's own.
    "office.revoke_token": Asked((303, 404, 404, 404, 404, 404), "POST", values={"token_id": 1}),
    "office.revoke_tokens": Asked((303,) * 6, "POST"),
    "office.revoke_tokens_of": Asked(EDITORS, "POST"),
    "office.server_revoke_tokens_of": Asked(ADMINS, "POST"),
    "office.home": Asked((303, 200, 200, 200, 200, 200)),
    "office.sign_in_form": Asked((200, 303, 303, 303, 303, 303)),
    "office.sign_in": Asked((403,) * 6, "POST", {"email": "nobody@testov.example", "password": "wrong"}),
    "office.sign_out": Asked((303, 303, 303, 303, 303, 303), "POST"),
    "office.map_page": READ,
    "office.pin_page": READ,
    "office.legend": READ,
    "office.pins_json": READ_FILE,
    "office.layer_file": Asked(READ_FILE.statuses, values={"name": "pins", "ending": "geojson"}),
    "office.columns": READ,
    "office.columns_file": Asked(READ_FILE.statuses, values={"ending": "csv"}),
    "office.dashboard": READ,
    "office.analysis": READ,
    "office.analysis_page": Asked(READ.statuses, values={"kind": "places"}),
    "office.analysis_state": Asked(READ_FILE.statuses, values={"kind": "places"}),
    "office.analysis_csv": Asked(READ_FILE.statuses, values={"kind": "places"}),
    "office.start_analysis": Asked((303, 303, 303, 303, 404, 303), "POST", values={"kind": "places"}),
    "office.cancel_analysis": Asked((303, 303, 303, 303, 404, 303), "POST", values={"kind": "places"}),
    "office.census": READ,
    "office.save_census": Asked((303, 403, 403, 303, 404, 303), "POST", CENSUS),
    "office.read_census_file": Asked(
        (303, 403, 403, 200, 404, 200), "POST", {"file": "věk;muži;ženy\n0+;5;6\n".encode()}
    ),
    "office.hide": DECIDE,
    "office.show": DECIDE,
    "office.approve": DECIDE,
    "office.hold": DECIDE,
    "office.mask": Asked((303, 403, 303, 303, 404, 303), "POST", {"words": "Chybí"}),
    "office.unmask": DECIDE,
    "office.queue": Asked((303, 403, 200, 200, 404, 200)),
    "office.decide_queue": Asked((303, 403, 303, 303, 404, 303), "POST", {"deed": f"approve {PIN}"}),
    "office.pin_photos": Asked((303, 403, 200, 200, 404, 200)),
    "office.pin_photo_page": Asked((303, 403, 200, 200, 404, 200)),
    # Which photo was seen is not said: whoever may decide is told to look again.
    "office.decide_pin_photo": Asked((303, 403, 409, 409, 404, 409), "POST", {"deed": "show"}),
    # It waits: not for viewers yet.
    "office.pin_photo_picture": Asked((401, 403, 200, 200, 404, 200)),
    "office.refuse_many_photos": Asked(
        (303, 403, 303, 303, 404, 303), "POST", {"of": "author", "ready": "person"}
    ),
    "office.words": READ,
    "office.change_words": Asked((303, 403, 403, 303, 404, 303), "POST", {"vulgar": "nadávk*"}),
    "office.undo": Asked((303, 403, 400, 400, 404, 400), "POST"),  # no decision is named
    "office.sheets_page": READ,
    "office.order_sheets": Asked(EDITORS, "POST", {"paper": "A4"}),
    "office.print_file": Asked((401, 403, 403, 200, 404, 200), values={"print_id": PRINT}),
    "office.photos": Asked((303, 403, 200, 200, 404, 200)),
    # No photo: whoever may send one, is told so.
    "office.add_photos": Asked((303, 403, 422, 422, 404, 422), "POST", {"photos": b"nothing"}),
    "office.photo_list": Asked((303, 403, 200, 200, 404, 200)),
    "office.photo_by_hand": Asked((303, 403, 200, 200, 404, 200)),
    "office.read_photo_by_hand": Asked((303, 403, 422, 422, 404, 422), "POST", {"serial": "?"}),
    "office.read_photo_again": Asked((303, 403, 303, 303, 404, 303), "POST"),
    "office.throw_photo_away": Asked((303, 403, 303, 303, 404, 303), "POST"),
    "office.picture_of_photo": Asked((401, 403, 200, 200, 404, 200), values={"what": "frame"}),
    "office.save_rule_of_photos": Asked(EDITORS, "POST", {"days": "30"}),
    "office.sheet_page": Asked((303, 403, 200, 200, 404, 200)),
    "office.review": Asked((303, 403, 303, 303, 404, 303), "POST"),
    "office.sheet_clean": Asked((401, 403, 200, 200, 404, 200)),
    # No serial is typed; test_sheets.py types one.
    "office.sheet_by_serial": Asked((303, 403, 404, 404, 404, 404)),
    "office.desk": Asked((303, 403, 200, 200, 404, 200)),
    "office.write_desk": Asked((303, 403, 303, 303, 404, 303), "POST", {"deed": "next", "person": SOMEBODY}),
    "office.events_page": READ,
    "office.new_event": Asked((303, 403, 403, 200, 404, 200)),
    "office.add_event": Asked((303, 403, 403, 303, 404, 303), "POST", {"title_cs": "Stánek na trhu"}),
    "office.event_page": READ,
    "office.edit_event": Asked((303, 403, 403, 200, 404, 200)),
    "office.save_event": Asked((303, 403, 403, 303, 404, 303), "POST", {"title_cs": "Velké fórum"}),
    "office.remove_event": Asked((303, 403, 403, 303, 404, 303), "POST", values={"code": "STANEK2"}),
    "office.poster": READ_FILE,
    "office.slips": READ_FILE,
    "office.share": READ,
    "office.save_share": Asked(EDITORS, "POST", {"origins": "https://www.testov.example"}),
    "office.qr": Asked(READ_FILE.statuses, values={"form": "svg"}),
    "office.story": Asked((303, 403, 403, 200, 404, 200)),
    "office.save_story": Asked((303, 403, 403, 303, 404, 303), "POST", {"story_cs": "Opravili jsme lampy."}),
    "office.identity": Asked((303, 403, 403, 403, 404, 200)),
    "office.save_identity": Asked((303, 403, 403, 403, 404, 422), "POST"),
    "office.remove_identity": Asked((303, 403, 403, 403, 404, 404), "POST"),
    "office.identity_begin": Asked((404,) * 6),
    "office.identity_back": Asked((403,) * 6),
    "office.audit": Asked((303, 403, 403, 200, 404, 200)),
    "office.audit_file": Asked((401, 403, 403, 200, 404, 200), values={"form": "csv"}),
    "office.server_audit": Asked((303, 403, 403, 403, 403, 200)),
    "office.server_audit_file": Asked((401, 403, 403, 403, 403, 200), values={"form": "csv"}),
    "office.boundary": Asked((303, 403, 403, 200, 404, 200)),
    "office.boundary_given": Asked((303, 403, 403, 303, 404, 303), "POST", {"polygon": SQUARE}),
    "office.boundary_preview": Asked((303, 403, 403, 303, 404, 303), values={"token": "x" * 22}),
    "office.boundary_set": Asked((303, 403, 403, 303, 404, 303), "POST", values={"token": "x" * 22}),
    "office.basemap": Asked((303, 403, 403, 200, 404, 200)),
    "office.basemap_set": Asked((303, 403, 403, 303, 404, 303), "POST", {"kind": "none"}),
    "office.basemap_tile": Asked((303, 403, 403, 400, 404, 400)),
    "office.library": Asked((303, 200, 200, 200, 200, 200)),
    "office.report_page": READ,
    "office.make_report": Asked((303, 303, 303, 303, 404, 303), "POST", {"language": "cs"}),
    "office.report_state": READ_FILE,
    # Here the files of the report are gone; test_report.py reads real ones.
    "office.report_download": Asked((401, 404, 404, 404, 404, 404), values={"form": "pdf"}),
    "office.places": READ,
    "office.new_place": Asked((303, 403, 200, 200, 404, 200)),
    "office.add_answer": Asked((303, 403, 303, 303, 404, 303), "POST", ANSWER),
    "office.place_page": Asked((303, 403, 200, 200, 404, 200)),
    "office.change_answer": Asked((303, 403, 303, 303, 404, 303), "POST", ANSWER),
    "office.take_in_pins": DECIDE,
    "office.delete_answer": DECIDE,
    "office.place_reach": Asked((303, 403, 200, 200, 404, 200), "POST", {"area": SQUARE}),
    "office.answer": Asked((303, 403, 303, 303, 404, 303), "POST", {"status": "done", "answer": "Svítí se."}),
    "office.templates": READ,
    "office.add_template": Asked((303, 403, 303, 303, 404, 303), "POST", READY),
    "office.change_template": Asked((303, 403, 303, 303, 404, 303), "POST", READY),
    "office.remove_template": DECIDE,
    "office.heat_of_map": READ_FILE,
    "office.dark_heat_of_map": READ_FILE,
    "office.heat_tile": READ_FILE,
    "office.dark_heat_tile": READ_FILE,
    "office.standalone": READ_FILE,
    "office.new_map": Asked((303, 200, 200, 200, 200, 200)),
    "office.create_map": Asked(
        (303, 403, 403, 303, 404, 303), "POST", {"town": "testov", "title.cs": "Další", "start": "usual"}
    ),
    "office.new_town": Asked((303, 403, 403, 403, 403, 200)),
    "office.add_town": Asked((303, 403, 403, 403, 403, 303), "POST", {"name": "Nové Město", "ruian": "596230"}),
    "office.setup": Asked((303, 403, 403, 200, 404, 200)),
    "office.setup_section": Asked((303, 403, 403, 200, 404, 200), values={"section": "texts"}),
    "office.save_section": Asked(
        (303, 403, 403, 303, 404, 303), "POST", {"closes_day": "2099-12-31"}, {"section": "dates"}
    ),
    "office.preview_section": Asked((303, 403, 403, 200, 404, 200), "POST", values={"section": "texts"}),
    "office.open_now": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.close_now": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.readdress": Asked((303, 403, 403, 422, 404, 422), "POST", {"slug": "jinak"}),
    "office.delete_map": Asked((303, 403, 403, 422, 404, 422), "POST"),
    "office.next_round": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.addresses": Asked((303, 403, 403, 200, 404, 200)),
    # A file without one address: whoever may, is told so.
    "office.load_addresses": Asked((303, 403, 403, 422, 404, 422), "POST", {"file": b"nothing"}),
    "office.remove_addresses_page": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.facts": Asked((303, 403, 403, 200, 404, 200)),
    # A layer without a name: whoever may, is told so.
    "office.add_layer": Asked((303, 403, 403, 422, 404, 422), "POST", {"file": b"nothing"}),
    "office.reload_layer": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.remove_layer": Asked((303, 403, 403, 303, 404, 303), "POST"),
    "office.facts_geojson": READ_FILE,
    "office.older_map": Asked((303, 403, 403, 200, 404, 200)),
    "office.older_map_given": Asked((303, 403, 403, 422, 404, 422), "POST", {"file": b"nothing"}),
    "office.older_map_look": Asked((303, 403, 403, 303, 404, 303), values={"token": "x" * 22}),
    "office.older_map_import": Asked((303, 403, 403, 303, 404, 303), "POST", values={"token": "x" * 22}),
    "office.older_map_refused": Asked((401, 403, 403, 404, 404, 404), values={"token": "x" * 22}),
    "office.older_map_forget": Asked((303, 403, 403, 303, 404, 303), "POST", values={"token": "x" * 22}),
    "office.accessibility": Asked((303, 403, 403, 200, 404, 200)),
    # Nobody to turn to: whoever may, is told so.
    "office.save_accessibility": Asked((303, 403, 403, 422, 404, 422), "POST"),
    "office.open_data": Asked((303, 403, 403, 200, 404, 200)),
    "office.save_open_data": Asked((303, 403, 403, 303, 404, 303), "POST", {"ico": "00845451"}),
    "office.map_open_data": Asked((303, 403, 403, 200, 404, 200)),
    # Nothing of it is filled in here; test_open_data_office.py fills it in.
    "office.save_map_open_data": Asked((303, 403, 403, 422, 404, 422), "POST"),
}


@pytest.fixture
def there(session: Session) -> Mapping[str, object]:
    """A town with what the addresses name, a town beside it, everybody who may come; arguments of addresses."""
    values = dict(VALUES)
    the_map = a_map(session)
    elsewhere = a_map(session, "jinde")
    a_pin_photo(session, a_pin(session, the_map, id=PIN, comment="Chybí lampa", state=PinState.PENDING))
    a_report(session, the_map, id=PIN)
    an_analysis(session, the_map, "places")
    values["place_id"] = an_answered_place(session, the_map).id
    values["template_id"] = a_ready_answer(session, the_map).id
    values["layer_id"] = a_fact_layer(session, the_map).id
    an_event(session, the_map, "FORUM1")
    an_event(session, the_map, "STANEK2")
    for role in (VIEWER, MODERATOR, EDITOR):
        an_official(session, f"{role}@testov.example", role=role)
    an_official(session, f"{STRANGER}@testov.example", town="jinde", role=EDITOR)
    an_official(session, f"{ADMIN}@testov.example", town=None, role=ADMIN)
    for name in BETWEEN:
        an_official(session, f"{name}@testov.example", town="jinde", role=EDITOR)
        row = session.query(Official).filter_by(email=f"{name}@testov.example").one()
        session.add(TownRole(official_id=row.id, town_id=the_map.town_id, role=name.removesuffix("-here")))
    values["serial"] = a_sheet_of(session, the_map, id=PRINT)[0]
    values["photo_id"] = a_photo_of(session, the_map, values["serial"])
    values |= _a_spare_person(session, the_map.town_id)
    session.commit()
    assert elsewhere.town_id != the_map.town_id
    return values


def _a_spare_person(session: Session, town_id: int) -> dict[str, object]:
    """A colleague to be changed, with a link for a new password, and people invited."""
    an_official(session, "spare@testov.example", role=VIEWER)
    official_id = session.query(Official.id).filter_by(email="spare@testov.example").scalar()
    boss = find_official(session, session.query(Official.id).filter_by(is_admin=True).scalar())
    assert boss
    link = reset_token(session, boss, official_id, town_id=town_id, key=b"tests only", now=datetime.now(UTC))
    ids = {}
    for name, town, role in (("invitation_id", town_id, VIEWER), ("admin_invitation_id", None, ADMIN)):
        wanted = InvitationInput(f"{role}-to-be@testov.example", Role(role))
        mark = token_hash(invite(session, boss, town, wanted))
        row = session.query(Invitation).filter_by(token_hash=mark).one()
        ids[name] = row.id
        if town is not None:
            row.token_hash = token_hash(INVITED["token"])
    return {"official_id": official_id, "link": link, **ids}


@pytest.fixture
def addresses(app: Flask, there: Mapping[str, object]) -> dict[str, str]:
    """The address of each row's endpoint."""
    return _addresses(app, there)


def test_every_route_of_the_office_has_its_row(app: Flask) -> None:
    assert {rule.endpoint for rule in _rules(app)} == set(MATRIX)


def test_every_row_asks_what_its_route_answers(app: Flask) -> None:
    """A route that takes GET and POST would have one of them untested: make it two."""
    for rule in _rules(app):
        assert (rule.endpoint, rule.methods - {"HEAD", "OPTIONS"}) == (
            rule.endpoint,
            {MATRIX[rule.endpoint].method},
        )


def test_every_route_of_the_office_stands_behind_its_door(app: Flask) -> None:
    """A route of another blueprint under /office would miss the check before every view."""
    assert [rule.endpoint for rule in _rules(app) if rule.endpoint.split(".")[0] != "office"] == []


def test_nobody_passes_only_the_doors_that_are_meant_to_be_open() -> None:
    turned_away = {name for name, asked in MATRIX.items() if asked.statuses[0] in {303, 401}}
    assert set(MATRIX) - turned_away <= OPEN_TO_ALL


@pytest.mark.parametrize("who", [*WHO, *BETWEEN])
def test_each_may_what_the_matrix_says(
    app: Flask, bound: Database, client: FlaskClient, addresses: Mapping[str, str], who: str
) -> None:
    if who != NOBODY:
        sign_in(client, f"{who}@testov.example")
    column = WHO.index(BETWEEN.get(who, who))
    got = {endpoint: _status(app, bound, client, endpoint, addresses[endpoint]) for endpoint in MATRIX}
    assert got == {endpoint: asked.statuses[column] for endpoint, asked in MATRIX.items()}


@pytest.mark.parametrize("who", WHO[1:])
def test_token_opens_what_is_made_for_gis_clients_and_nothing_else(
    app: Flask, bound: Database, client: FlaskClient, session: Session, addresses: Mapping[str, str], who: str
) -> None:
    """A token makes nobody more than a viewer, and is nobody's at every other door."""
    shown = bearer(a_token(session, f"{who}@testov.example"))
    column = WHO.index(STRANGER if who == STRANGER else VIEWER)
    got = {endpoint: _status(app, bound, client, endpoint, addresses[endpoint], shown) for endpoint in MATRIX}
    marked = {name for name in MATRIX if getattr(app.view_functions[name], FOR_GIS_CLIENTS, False)}
    assert {"office.heat_of_map", "office.heat_tile"} <= marked
    assert got == {
        endpoint: asked.statuses[column if endpoint in marked else WHO.index(NOBODY)]
        for endpoint, asked in MATRIX.items()
    }


def test_other_towns_answer_as_if_they_were_not_there(
    app: Flask, client: FlaskClient, there: Mapping[str, object]
) -> None:
    sign_in(client, f"{STRANGER}@testov.example")
    addresses, nowhere = (
        _addresses(app, there | {"slug": slug, "town": slug}) for slug in ("testov", "nowhere-at-all")
    )
    asked = 0
    for endpoint, row in MATRIX.items():
        if row.method == "GET" and endpoint not in OPEN_TO_ALL and addresses[endpoint] != nowhere[endpoint]:
            got = client.get(addresses[endpoint], headers={"Accept": "text/html"})
            other = client.get(nowhere[endpoint], headers={"Accept": "text/html"})
            assert (endpoint, got.status_code, other.status_code) == (endpoint, 404, 404)
            assert _told(got.text, "testov") == _told(other.text, "nowhere-at-all"), endpoint
            asked += 1
    assert asked >= 5
    assert "testov" not in client.get("/office/").text.replace(f"{STRANGER}@testov.example", "")


@pytest.mark.parametrize("endpoint", [name for name, asked in MATRIX.items() if asked.method == "POST"])
def test_nothing_is_done_without_the_forms_token(
    client: FlaskClient, addresses: Mapping[str, str], endpoint: str
) -> None:
    sign_in(client, f"{ADMIN}@testov.example")
    answer = client.post(addresses[endpoint], data=_form(MATRIX[endpoint]))
    assert answer.status_code == 400


OF_ONE_TOWN = frozenset(
    {"pin_id", "report_id", "place_id", "template_id", "layer_id", "serial", "photo_id", "print_id", "code"}
    | {"official_id", "invitation_id"}
)
"""Arguments that name a thing of one map or town: under the address of another there is nothing by that name."""


@pytest.mark.parametrize("who", [STRANGER, ADMIN])
def test_a_thing_of_one_town_is_not_found_under_the_address_of_another(
    app: Flask, client: FlaskClient, session: Session, there: Mapping[str, object], who: str
) -> None:
    """Ids swapped: one's own map or town in the address, and the number of something that belongs to the other."""
    sign_in(client, f"{who}@testov.example")
    here = _addresses(app, there | {"slug": "jinde", "town": "jinde"})
    swapped = {
        rule.endpoint: here[rule.endpoint]
        for rule in _rules(app)
        if rule.arguments & OF_ONE_TOWN and rule.arguments & {"slug", "town"}
    }
    before = _contents(session)
    got = {endpoint: _status_kept(app, client, endpoint, address) for endpoint, address in swapped.items()}
    # Posters are also there of the map itself, which is theirs; of an event that is not there they are not.
    of_map = {name: got.pop(name) for name in ("office.poster", "office.slips")}
    assert of_map == dict.fromkeys(of_map, 200)
    assert {
        client.get(here[name].replace("jinde/", "jinde/events/FORUM1/", 1)).status_code for name in of_map
    } == {404}
    assert got == dict.fromkeys(got, 404)
    assert len(got) > 40
    assert _contents(session) == before


@pytest.mark.parametrize("who", [NOBODY, STRANGER])
def test_who_is_refused_changes_nothing(
    app: Flask, client: FlaskClient, session: Session, addresses: Mapping[str, str], who: str
) -> None:
    """Statuses could lie: what is in the tables is the same after everything was tried."""
    if who != NOBODY:
        sign_in(client, f"{who}@testov.example")
    refused = {
        name
        for name, asked in MATRIX.items()
        if asked.statuses[WHO.index(who)] in {401, 403, 404} or (who == NOBODY and name not in OPEN_TO_ALL)
    } - {"office.sign_out", "office.sign_in"}
    before = _contents(session)
    for endpoint in refused:
        _status_kept(app, client, endpoint, addresses[endpoint])
    assert _contents(session) == before
    assert len(refused) > 60


@pytest.mark.parametrize("who", [NOBODY, VIEWER, ADMIN])
def test_no_route_of_the_office_has_a_door_by_another_method(
    app: Flask, client: FlaskClient, addresses: Mapping[str, str], who: str
) -> None:
    if who != NOBODY:
        sign_in(client, f"{who}@testov.example")
    for rule in _rules(app):
        asked = MATRIX[rule.endpoint]
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - (rule.methods or set()):
            tunnelled = {"X-HTTP-Method-Override": asked.method, "X-HTTP-Method": asked.method}
            answer = client.open(addresses[rule.endpoint], method=method, headers=tunnelled, buffered=True)
            # Some addresses have one view for reading and another for writing: that one is a row of its own.
            if answer.status_code in {200, 303}:
                other = app.create_url_adapter(None) or app.url_map.bind("localhost")
                assert other.match(addresses[rule.endpoint], method=method)[0] != rule.endpoint
            else:
                assert answer.status_code in {400, 401, 403, 404, 405, 422}, (rule.endpoint, method)


def _status_kept(app: Flask, client: FlaskClient, endpoint: str, address: str) -> int:
    """The status of one question whose doings stay."""
    asked = MATRIX[endpoint]
    token = {"csrf_token": csrf_of(client)} if asked.method == "POST" else {}
    accept = {"Accept": "text/html" if "." not in address.rpartition("/")[2] else "*/*"}
    form = _form(asked) | token
    return client.open(address, method=asked.method, data=form or None, headers=accept, buffered=True).status_code


PASSED_BY = frozenset({"throttle", "official_session", "alembic_version", "spatial_ref_sys"})
"""Counts of attempts, and when a browser was last seen: being asked is enough to change them."""


def _contents(session: Session) -> dict[str, str]:
    """A fingerprint of the rows of each table."""
    session.commit()
    return {
        table.name: session.scalar(
            text(f"SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) FROM {table.name} AS t")
        )
        for table in Base.metadata.sorted_tables
        if table.name not in PASSED_BY
    }


def _rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/office"))


def _status(
    app: Flask,
    bound: Database,
    client: FlaskClient,
    endpoint: str,
    address: str,
    headers: Mapping[str, str] | None = None,
) -> int:
    """The status of one question; what it did is undone, so that rows know nothing of each other."""
    asked = MATRIX[endpoint]
    accept = {"Accept": "text/html" if "." not in address.rpartition("/")[2] else "*/*"}
    token = {"csrf_token": csrf_of(client)} if asked.method == "POST" else {}
    before = client.get_cookie("pocit_office")
    connection = bound.session.kw["bind"]
    deeds = connection.begin_nested()
    try:
        form = _form(asked) | token
        sent = {"data": form or None, "headers": accept | (headers or {}), "buffered": True}
        return client.open(address, method=asked.method, **sent).status_code
    finally:
        if connection.get_nested_transaction() is not deeds:
            gc.collect()  # the session of a streamed answer ends with its last reference
        deeds.rollback()
        app.extensions["pocit-maps"] = MapCache()
        if before is not None:
            client.set_cookie("pocit_office", before.value)


def _form(asked: Asked) -> dict[str, Any]:
    return {
        name: (io.BytesIO(value), "file") if isinstance(value, bytes) else value
        for name, value in asked.form.items()
    }


def _told(text: str, slug: str) -> list[str]:
    """The lines of a page without what differs by chance: nonces, tokens, and the address itself."""
    lines = (line.replace(slug, "…") for line in text.splitlines())
    return [line for line in lines if "nonce" not in line and "csrf_token" not in line]


def _addresses(app: Flask, values: Mapping[str, object]) -> dict[str, str]:
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        found = {}
        for rule in app.url_map.iter_rules():
            if rule.endpoint in MATRIX:
                known = values | MATRIX[rule.endpoint].values
                own = {name: known[name] for name in rule.arguments}
                found[rule.endpoint] = adapter.build(rule.endpoint, own, force_external=False)
        return found
