"""`pocit map anonymise`, and the thread by which the server does the same by itself."""

from __future__ import annotations

import io
import runpy
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.models import AuditEntry, Pin
from app.queries.maps import read_map
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said
from tests.cli.test_maps import LEAST, a_folder

Pocit = Callable[..., Said]
LONG_AGO = "2020-01-01T00:00:00Z"


def persons(session: Session) -> set[uuid.UUID]:
    session.expire_all()
    return {pin.respondent_id for pin in session.query(Pin)}


def test_maps_that_are_due_are_anonymised_and_named(pocit: Pocit, live_session: Session) -> None:
    a_map(live_session, "otevrena")
    a_pin(live_session, a_map(live_session, "stara", closes=LONG_AGO))
    before = persons(live_session)
    said = pocit("map", "anonymise", "--due")
    assert (said.status, said.out) == (0, "stara\n")
    assert persons(live_session).isdisjoint(before)
    assert read_map(live_session, "otevrena").anonymised_at is None
    assert [(e.action, e.official) for e in live_session.query(AuditEntry)] == [("map.anonymise", "server")]
    assert pocit("map", "anonymise", "--due").out == ""


def test_one_closed_map_can_be_anonymised_before_its_time(
    pocit: Pocit, live_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    the_map = a_map(live_session)
    a_pin(live_session, the_map)
    assert pocit("map", "anonymise", "testov", "--yes").status == 1, "it is open"
    live_session.execute(text("UPDATE town_map SET closes_at = now() - interval '1 day', version = version + 1"))
    live_session.commit()
    before = persons(live_session)
    asked = pocit("map", "anonymise", "testov")
    assert asked.status == 1
    assert persons(live_session) == before, "nobody said yes"
    assert pocit("map", "anonymise", "testov", "--yes").out == "testov\n"
    assert persons(live_session).isdisjoint(before)
    again = pocit("map", "anonymise", "testov", "--yes")
    assert again.status == 1
    assert "was anonymised on" in again.err


def test_anonymised_map_takes_no_pins_and_opens_for_nobody(
    pocit: Pocit, live_session: Session, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, LEAST | {"closes": "2020-01-01"})
    assert pocit("map", "import", folder).status == 0
    assert pocit("map", "anonymise", "--due").out == "ostrava\n"
    assert pocit("map", "import", folder).status == 0, "its words may still be mended"
    reopened = pocit("map", "import", a_folder(tmp_path, LEAST))
    assert reopened.status == 1
    assert "stays closed" in reopened.err
    file = tmp_path / "pins.geojson"
    file.write_text('{"type": "FeatureCollection", "features": []}')
    assert pocit("pins", "import", "ostrava", str(file)).status == 1


def test_bad_usage_and_unknown_maps_are_refused(pocit: Pocit) -> None:
    assert pocit("map", "anonymise").status == 2
    assert pocit("map", "anonymise", "testov", "--due").status == 2
    said = pocit("map", "anonymise", "nowhere", "--yes")
    assert (said.status, "there is no map" in said.err) == (1, True)


def test_each_worker_of_the_server_looks_after_retention_and_counts_beside_its_requests(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The settings make a folder for the numbers of all processes and name it to those that come after.
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    # They would go on for ever, on the connections of later tests: here they only wait to be told to go.
    go = threading.Event()
    for name in ("retention.keep_house", "counts.keep_counts"):
        monkeypatch.setattr(f"app.services.{name}", lambda *_: go.wait(30))
    settings = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    before = set(threading.enumerate())
    settings["post_worker_init"](SimpleNamespace(wsgi=app))
    started = {thread for thread in set(threading.enumerate()) - before if thread.name in {"retention", "counts"}}
    assert len(started) == 2
    assert all(thread.daemon for thread in started), "they must not hold up a worker that is told to go"
    go.set()
    for thread in started:
        thread.join()
