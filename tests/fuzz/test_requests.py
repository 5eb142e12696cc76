"""Bad requests to every address: each is answered with less than 500, and nothing is stored that should not be."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.inputs.token_forms import PREFIX
from app.queries.maps import MapRecord
from bench import fuzz_http, fuzz_rows
from bench.fuzz_browser import Browser, by_forms, walk
from bench.fuzz_files import layers, photos
from bench.fuzz_http import OWN, TOKENS, Ground
from bench.fuzz_server import Server
from bench.fuzz_watch import Tally
from tests.builders import CENTRE, PASSWORD, a_map, a_pin, an_event, an_official

QUESTIONS = [
    {
        "key": "when",
        "label": {"cs": "Kdy?"},
        "type": "single",
        "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
    }
]

PAGES = (
    "",
    "/setup/texts",
    "/setup/rules",
    "/events",
    "/share",
    "/story",
    "/basemap",
    "/desk",
    "/queue",
    "/older",
)


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    the_map = a_map(live_session, "vzorov", questions=QUESTIONS, photos=True)
    an_event(live_session, the_map)
    for n in range(6):
        a_pin(live_session, the_map, respondent=f"r{n}", comment="Tma", id=uuid.UUID(int=n + 1, version=4))
    return the_map


@pytest.fixture
def server(live_server: str, tmp_path: Path) -> Server:
    log = tmp_path / "server.log"
    log.write_text("")
    return Server(int(live_server.rpartition(":")[2]), 0, log)


@pytest.fixture
def ground(live_url: str, tmp_path: Path) -> Ground:
    app = create_app(Config(database_url=live_url, home=tmp_path / "home", secret_key="tests only"))
    pins = tuple(str(uuid.UUID(int=n + 1, version=4)) for n in range(6))
    return Ground(
        fuzz_http.rules_of(app.url_map), pins, ("234567ACY",), fuzz_http.parameter_names(), layers() | photos()
    )


def no_faults(tally: Tally, caplog: pytest.LogCaptureFixture) -> None:
    assert tally.broken == {}
    ours = [record for record in caplog.records if record.name.startswith("app")]
    assert [record.getMessage() for record in ours if record.levelno >= logging.ERROR] == []


def rows_hold(session: Session) -> None:
    rows = Tally("rows")
    fuzz_rows.checked(session.get_bind(), rows)  # type: ignore[arg-type]
    assert rows.broken == {}


def test_no_address_breaks_by_what_is_asked_of_it(
    server: Server, ground: Ground, town: MapRecord, live_session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    before = fuzz_rows.office_rows(live_session.get_bind())  # type: ignore[arg-type]
    for make, count in ((fuzz_http.at_random(ground), 150), (fuzz_http.numbers_in_json(ground), 40)):
        no_faults(fuzz_http.run("requests", server, make, count, 8), caplog)
    changed = Tally("rows")
    fuzz_rows.compared(before, fuzz_rows.office_rows(live_session.get_bind()), changed, "what is the office's")  # type: ignore[arg-type]
    assert changed.broken == {}


def test_what_devices_send_is_stored_well_or_not_at_all(
    server: Server, ground: Ground, town: MapRecord, live_session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    import json

    for pin, token in zip(OWN[:10], TOKENS, strict=False):
        feature = {**fuzz_http.FEATURE, "id": pin, "geometry": {"type": "Point", "coordinates": list(CENTRE)}}
        Browser(server, token=token).send(
            "POST",
            "/api/collections/vzorov/items",
            json.dumps(feature).encode(),
            **{"Content-Type": "application/json"},
        )
    no_faults(fuzz_http.run("devices", server, fuzz_http.as_citizen(ground), 120, 8), caplog)
    rows_hold(live_session)


def test_an_officials_forms_may_be_filled_in_badly(
    server: Server, ground: Ground, town: MapRecord, live_session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(server)
    browser.sign_in(an_official(live_session, "urad@vzorov.example", "vzorov"), PASSWORD)
    tally = Tally("office")
    found = walk(browser, [f"/office/maps/vzorov{page}" for page in PAGES], 12, tally)
    assert len(found.forms) > 5
    no_faults(tally, caplog)
    no_faults(fuzz_http.run("office", server, by_forms(browser, found, ground), 40, 8), caplog)
    rows_hold(live_session)


@pytest.mark.parametrize("path", ["", "conformance", "openapi.json", "docs", "tileMatrixSets/WebMercatorQuad"])
def test_that_a_wrong_token_is_refused_is_said_of_every_document(client: FlaskClient, path: str) -> None:
    """Found by schemathesis: a client with a revoked token got an answer that the description did not know."""
    answer = client.get(f"/api/{path}", headers={"Authorization": f"Bearer {PREFIX}{'a' * 40}"})
    described = client.get("/api/openapi.json").json["paths"][f"/{path}"]["get"]["responses"]
    assert answer.status_code == 401
    assert {"401", "429"} <= described.keys()
