"""/metrics and the number of a request: for whoever runs the server, and for nobody else."""

from __future__ import annotations

import dataclasses
import errno
import tempfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.db import EXTENSION, Database
from app.errors import STATUS
from app.queries.readiness import Home, home_state
from app.views.metrics import MEANING
from app.views.request_log import kind_of
from tests.builders import a_feature, a_map

TOKEN = "c0ffee" * 6


def an_app(config: Config, bound: Database, **changed: object) -> Flask:
    made = create_app(dataclasses.replace(config, **changed))
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    made.extensions[EXTENSION] = bound
    return made


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def post_pin(client: FlaskClient) -> int:
    headers = {"Authorization": f"Bearer {'a' * 43}"}
    return client.post("/api/collections/testov/items", json=a_feature(), headers=headers).status_code


def value(client: FlaskClient, name: str, **labels: str) -> float:
    return values(client.get("/metrics").text).get((name, tuple(sorted(labels.items()))), 0.0)


def test_only_this_machine_reads_the_numbers(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_who_comes_through_a_proxy_is_not_this_machine(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("changed", [{"trusted_proxies": 1}, {"secure_cookies": True}])
def test_behind_a_proxy_nobody_is_this_machine(
    config: Config, bound: Database, changed: dict[str, object]
) -> None:
    client = an_app(config, bound, **changed).test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_the_token_opens_from_anywhere_and_nothing_else_does(config: Config, bound: Database) -> None:
    client = an_app(config, bound, metrics_token=TOKEN, trusted_proxies=1).test_client()
    far = {"REMOTE_ADDR": "203.0.113.7"}
    for shown in (None, f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", f"Bearer {'ž' * 9}"):
        headers = {} if shown is None else {"Authorization": shown.encode().decode("latin-1")}
        assert client.get("/metrics", headers=headers, environ_base=far).status_code == 401
        assert client.get("/metrics", headers=headers).status_code == 401
    assert (
        client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, environ_base=far).status_code == 200
    )


def test_pins_requests_and_refusals_are_counted(client: FlaskClient, session: Session) -> None:
    a_map(session)
    session.commit()
    before = {
        "pins": value(client, "pocit_pins_stored_total", way="map"),
        "refused": value(client, "pocit_refusals_total", refusal="Unknown"),
        "posts": value(client, "pocit_requests_total", route="api.create_item", method="POST", status="201"),
        "writes": value(client, "pocit_request_seconds_count", kind="write"),
    }
    assert post_pin(client) == 201
    assert client.get("/m/nikde").status_code == 404
    assert value(client, "pocit_pins_stored_total", way="map") == before["pins"] + 1
    assert value(client, "pocit_refusals_total", refusal="Unknown") == before["refused"] + 1
    posts = value(client, "pocit_requests_total", route="api.create_item", method="POST", status="201")
    assert posts == before["posts"] + 1
    assert value(client, "pocit_request_seconds_count", kind="write") == before["writes"] + 1
    assert value(client, "pocit_requests_under_way") == 1  # the one that asks


def test_what_waits_is_told(client: FlaskClient, session: Session, config: Config) -> None:
    a_map(session, closes="2020-01-01T00:00:00Z")
    session.commit()
    config.home.mkdir(parents=True, exist_ok=True)
    (config.home / "last-backup").touch()
    found = values(client.get("/metrics").text)
    told = {name for name, _ in found}
    assert told >= {f"pocit_{name}" for name in MEANING}
    assert found["pocit_retention_due_maps", ()] == 1
    assert found["pocit_retention_overdue_seconds", ()] > 86400
    assert found["pocit_database_up", ()] == 1
    assert found["pocit_home_free_bytes", ()] > 0
    made = (config.home / "last-backup").stat().st_mtime
    assert found["pocit_backup_last_success_timestamp_seconds", ()] == pytest.approx(made)


def test_nothing_that_somebody_sent_becomes_a_label(client: FlaskClient, session: Session) -> None:
    a_map(session)
    session.commit()
    client.get("/m/testov?lang=cs&tajne=heslo123")
    client.get("/m/heslo123")
    client.get("/heslo123/heslo123")
    client.open("/m/testov", method="HESLO123")
    text = client.get("/metrics").text
    assert "heslo123" not in text.lower()
    assert "testov" not in text


def test_a_database_that_is_away_leaves_the_other_numbers(config: Config) -> None:
    away = create_app(dataclasses.replace(config, database_url="postgresql+psycopg://x@127.0.0.1:1/x"))
    config.home.mkdir(parents=True, exist_ok=True)
    found = values(away.test_client().get("/metrics").text)
    assert found["pocit_database_up", ()] == 0
    assert found["pocit_home_free_bytes", ()] > 0


def test_every_request_has_a_number(client: FlaskClient) -> None:
    numbers = {client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}
    assert len(numbers) == 3
    # A stranger does not choose it.
    assert client.get("/healthz", headers={"X-Request-Id": "cizi-cislo"}).headers["X-Request-Id"] != "cizi-cislo"


def test_a_trusted_proxy_gives_the_number(config: Config, bound: Database) -> None:
    client = an_app(config, bound, trusted_proxies=1).test_client()
    given = {"X-Request-Id": "681b96c7-b754-4a3b-bbf6-f725b3eef420"}
    assert client.get("/healthz", headers=given).headers["X-Request-Id"] == given["X-Request-Id"]
    for wrong in ("x", "a" * 65, "a b c d e f", "<script>"):
        assert client.get("/healthz", headers={"X-Request-Id": wrong}).headers["X-Request-Id"] != wrong


def test_a_broken_page_shows_its_number(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/rozbite")
    def broken() -> str:
        raise ZeroDivisionError

    before = value(app.test_client(), "pocit_failures_total", kind="broken")
    answer = app.test_client().get("/rozbite")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    document = app.test_client().get("/rozbite", headers={"Accept": "application/json"})
    assert document.json["request"] == document.headers["X-Request-Id"]
    assert value(app.test_client(), "pocit_failures_total", kind="broken") == before + 2
    # A refusal is nobody's failure: it needs no number.
    assert "request" not in app.test_client().get("/api/collections/nic").json
    assert caplog.text.count("unexpected failure") == 2


def test_the_line_of_a_request_names_its_route_only_where_it_is_wanted(
    config: Config, bound: Database, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    a_map(session)
    session.commit()
    caplog.set_level("INFO", "app.requests")
    an_app(config, bound).test_client().get("/m/testov?tajne=1")
    assert not caplog.records
    an_app(config, bound, log_requests=True).test_client().get("/m/testov?tajne=1")
    (line,) = caplog.records
    assert line.getMessage() == "request"
    assert line.status == 200
    assert "testov" not in str(vars(line))
    assert "tajne" not in str(vars(line))


def test_every_route_is_for_something(app: Flask) -> None:
    kinds = {kind_of(rule.endpoint, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert kinds <= {"page", "read", "write", "tiles", "heat", "files", "office", "static", "checks", "unknown"}
    assert kind_of("api.create_item", "POST") == "write"
    assert kind_of("office.sign_in", "POST") == "office"
    assert kind_of(None, "GET") == "unknown"


def test_labels_of_refusals_are_our_own_classes() -> None:
    assert all(kind.__name__.isidentifier() for kind in STATUS)


def test_readiness_tells_each_part(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    first, *parts = answer.text.splitlines()
    assert first == "ready"
    assert parts[0] == "database: answers"
    assert parts[1].startswith("migrations: 0")
    assert parts[2] == "home: writable"


def test_a_server_that_cannot_write_its_folder_is_not_ready(
    config: Config, bound: Database, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    client = an_app(config, bound, home=tmp_path / "file" / "home").test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "home: not writable" in answer.text


def test_a_full_disk_lets_people_go_on_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert home_state(tmp_path) is Home.FULL


def test_a_database_that_is_away_is_told_by_readiness(config: Config) -> None:
    away = create_app(dataclasses.replace(config, database_url="postgresql+psycopg://x@127.0.0.1:1/x"))
    answer = away.test_client().get("/readyz")
    assert answer.status_code == 503
    assert "database: does not answer" in answer.text
