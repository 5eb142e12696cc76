"""The database gone: every address says so at once and in words, and all is well again by itself."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import create_app
from app.config import Config
from app.db import PATIENCE
from app.i18n import public_languages
from app.services.counts import FOLD_FROM
from app.views.problems import WORDS
from tests.builders import a_feature, an_official, bearer
from tests.faults.stack import FORM, Answer, Installation, Visit, eventually
from tests.faults.writers import Writers, check_promises

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/none"
HTML = "text/html"
WITHOUT = {
    (endpoint, "GET")
    for endpoint in (
        "static",
        "pages.healthz",
        "pages.palette",
        "pages.favicon",
        "metrics.metrics",
        "offline.service_worker",
        "offline.offline_page",
        "challenge.solver",
        "discovery.robots",
        "discovery.security_contact",
        "api.landing",
        "api.conformance",
        "api.tile_matrix_set",
    )
} | {("office.code_form", "GET"), ("office.give_code", "POST")}
"""What is answered without a database; the last two lead on to the sign-in."""
VALUES = {
    "slug": "testov",
    "town": "testov",
    "previous": "testov",
    "code": "FORUM1",
    "z": 14,
    "x": 8898,
    "y": 5597,
    "row": 5597,
    "col": 8898,
    "form": "png",
    "lang": "cs",
    "filename": "css/base.css",
}
UUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
AT_ONCE_S = 2.0
"""A refusal that takes longer than this would pile up."""


@pytest.fixture(scope="module")
def routes() -> Flask:
    """The app's addresses; nothing is asked of a database here."""
    return create_app(Config(database_url=NOWHERE, secret_key="tests only"))


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Each endpoint, method and an address of it."""
    adapter = app.create_url_adapter(None) or app.url_map.bind("127.0.0.1")
    for rule in app.url_map.iter_rules():
        values = {name: _value(rule, name) for name in rule.arguments}
        path = adapter.build(rule.endpoint, {**(rule.defaults or {}), **values}, method=_first(rule))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


def _first(rule: Rule) -> str:
    return min((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"})


def _value(rule: Rule, name: str) -> object:
    offered = getattr(rule._converters[name], "items", None)
    if offered:
        return min(offered)
    if name in VALUES:
        return VALUES[name]
    converter = type(rule._converters[name]).__name__
    if "UUID" in converter:
        return UUID
    return 1 if "Number" in converter or "Integer" in converter else UUID


def sent(endpoint: str, method: str, visit: Visit) -> tuple[bytes | None, dict[str, str]]:
    """A body and headers with which the address would get as far as the database."""
    office = {"Cookie": visit.cookie}
    if method == "GET":
        return None, bearer(Accept="application/json") if endpoint.startswith("api.") else office | {
            "Accept": HTML
        }
    if endpoint.startswith("api."):
        return json.dumps(a_feature(id=UUID)).encode(), bearer(**{"Content-Type": "application/geo+json"})
    form = urlencode({"category": "safe", "csrf_token": visit.csrf}).encode()
    return form, office | {"Content-Type": FORM, "Accept": HTML}


def test_every_address_says_so_in_words_and_the_house_is_kept_again_afterwards(
    installation: Installation, routes: Flask
) -> None:
    with installation.connection() as connection, Session(connection) as session:
        an_official(session, role="admin", town=None)
    visit = installation.sign_in("urad@testov.example")
    assert installation.ask("/office/maps/testov", headers={"Cookie": visit.cookie}).status == 200
    installation.end_postgres()
    wrong = []
    for endpoint, method, path in addresses(routes):
        body, headers = sent(endpoint, method, visit)
        answer = installation.ask(path, method, body, headers)
        if answer.took_s > AT_ONCE_S or not said_well(endpoint, method, answer):
            wrong.append((endpoint, method, path, answer.status, round(answer.took_s, 2)))
    assert not wrong, "\n".join(map(str, wrong)) + installation.said()[-3000:]
    assert installation.said().count("database unavailable") < 20  # the log is not flooded, either
    assert "Traceback" not in installation.said()

    # Threads beside the requests meet it as well, and go on.
    eventually(lambda: "taking in counts failed" in installation.said())
    assert installation.cluster.heal()
    with Writers(installation.port) as load:
        load.wait_for(FOLD_FROM + 100)
    eventually(lambda: waiting(installation) < FOLD_FROM)
    check_promises(load, installation)


def waiting(installation: Installation) -> int:
    """How many changes have not been counted yet."""
    with installation.connection() as connection:
        found: int = connection.scalar(text("SELECT count(*) FROM heat_change"))
    return found


def said_well(endpoint: str, method: str, answer: Answer) -> bool:
    """Whether it is a pause in words, for programs a problem document; or an answer that needs no database."""
    if (endpoint, method) in WITHOUT:
        return answer.status < 500
    if endpoint == "pages.readyz":
        return answer.status == 503
    if answer.status != 503 or not 1 <= int(answer.headers.get("Retry-After", 0)) <= 60:
        return False
    if endpoint.startswith("api."):
        document = answer.json()
        return answer.headers["Content-Type"] == "application/problem+json" and document["status"] == 503
    return "<h1>" in answer.body.decode()


@pytest.mark.parametrize("code", ["cs", "en", "sk", "pl", "uk", "de", "nb"])
def test_it_is_said_in_the_readers_language(routes: Flask, code: str) -> None:
    answer = routes.test_client().get("/m/testov", headers={"Accept-Language": code})
    assert (answer.status_code, answer.headers["Content-Language"]) == (503, code)
    assert str(escape(public_languages()[code].gettext(WORDS[503]))) in answer.text


def test_when_it_is_back_nobody_gets_a_line_that_had_died(installation: Installation) -> None:
    def many(n: int) -> list[int]:
        with ThreadPoolExecutor(32) as crowd:
            answers = crowd.map(installation.ask, ["/api/collections/testov/items", "/m/testov"] * n)
            return sorted({answer.status for answer in answers})

    assert many(100) == [200]
    assert len(installation.backends()) >= 4
    installation.end_postgres()
    installation.cluster.heal()
    assert many(100) == [200]
    # The same for lines that end one by one, as a firewall or a patient administrator ends them.
    with installation.connection() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    eventually(lambda: len(installation.backends()) <= 1)
    assert many(100) == [200]


def test_a_database_that_does_not_answer_keeps_nobody_waiting(installation: Installation) -> None:
    installation.server.stop()
    installation.start()
    os.kill(installation.postmaster(), signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(installation.ask, ["/m/testov"] * 8))
    finally:
        os.kill(installation.postmaster(), signal.SIGCONT)
    refused = [answer for answer in answers if answer.status == 503]
    assert {answer.status for answer in answers} <= {200, 503}
    assert refused
    assert max(answer.took_s for answer in answers) < PATIENCE["connect_timeout"] + AT_ONCE_S
    eventually(lambda: installation.ask("/m/testov").status == 200)
