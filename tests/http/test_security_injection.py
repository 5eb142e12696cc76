"""What people write is text everywhere: never markup, a template, a statement, a path, or a line of the log."""

from __future__ import annotations

import io
import json
import logging
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.inputs.visible import visible
from app.logs import Objects
from app.models import Official, Pin, PinState, TownMap
from tests.builders import (
    PASSWORD,
    TOKEN,
    a_feature,
    a_map,
    a_pin,
    a_ready_answer,
    a_token,
    an_answered_place,
    an_event,
    an_official,
    bearer,
)
from tests.doors import csrf_of, sign_in, try_to_sign_in

ITEMS = "/api/collections/testov/items"
MARKUP = "<xss onload=alert(1)>\"'</script>{{7*191}}${7*191}"
WORKED_OUT = "1337"
HREF = re.compile(r'(?:href|src|action|data-[a-z-]+)="([^"#]+)"')
MOST_PAGES = 160
SKIPPED = re.compile(r"/static/|lang=|\.(gpkg|fgb|parquet|shp\.zip|pdf|tif|png)|[?&]crs=|sign-out|/heat/")


@pytest.fixture
def hostile(session: Session) -> None:
    """A map in which every text is an attack, with pins, an event, an answer, and words of the office."""
    label = {"cs": MARKUP, "en": MARKUP}
    the_map = a_map(
        session,
        title=label,
        intro=label,
        thanks=label,
        town={"name": MARKUP, "slug": "testov", "ruian": 900_001},
        categories=[{"key": "safe", "label": label, "color": "#112233", "shape": "circle"}],
        questions=[{"key": "why", "label": label, "type": "text"}],
        about=[{"key": "age", "label": label, "type": "single", "options": [{"key": "a", "label": label}]}],
    )
    for n in range(6):
        a_pin(session, the_map, respondent=f"p{n}", comment=MARKUP, answers={"why": MARKUP}, about={"age": "a"})
    a_pin(session, the_map, comment=MARKUP, state=PinState.PENDING)
    a_pin(session, the_map, comment=MARKUP, state=PinState.HIDDEN, hidden_reason=MARKUP)
    an_event(session, the_map, "FORUM1", title=label)
    an_answered_place(session, the_map)
    a_ready_answer(session, the_map, title=MARKUP)
    session.execute(
        update(TownMap).values(story={"cs": f"{MARKUP}\n\n[x](javascript:alert(1))"}, story_published=True)
    )
    session.commit()


def pages(client: FlaskClient, *doors: str) -> Iterator[tuple[str, str, str]]:
    """Address, type and text of what is found by following every link."""
    seen: set[str] = set()
    ahead = deque(doors)
    while ahead and len(seen) < MOST_PAGES:
        address = ahead.popleft()
        if address in seen or SKIPPED.search(address):
            continue
        seen.add(address)
        answer = client.get(address, headers={"Accept": "text/html,*/*"}, buffered=True)
        assert answer.status_code < 500, address
        body = answer.get_data().decode("utf-8", "replace")
        yield address, answer.mimetype, body
        if answer.location:
            ahead.append(_local(address, answer.location))
        if answer.mimetype == "text/html":
            ahead.extend(_local(address, unescape(found)) for found in HREF.findall(body))
        ahead = deque(found for found in ahead if found)


def _local(here: str, link: str) -> str:
    whole = urlsplit(urljoin(f"http://localhost{here}", link))
    if whole.netloc != "localhost" or not whole.path.startswith("/"):
        return ""
    return whole.path + (f"?{whole.query}" if whole.query else "")


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("who", [None, "urad@testov.example"])
def test_no_page_takes_what_people_wrote_for_markup_or_a_template(
    client: FlaskClient, session: Session, who: str | None
) -> None:
    doors = ["/", "/m/testov", "/m/testov/results", "/m/testov/write", "/api/", "/data/", "/m/testov/answers.atom"]
    if who:
        sign_in(client, an_official(session, who))
        doors = ["/office/", "/office/maps/testov", "/office/maps/testov/heat.html", *doors]
    read = told = 0
    for address, kind, body in pages(client, *doors):
        read += 1
        told += "xss onload" in body
        if kind in {"text/html", "application/atom+xml", "application/xml", "image/svg+xml"}:
            assert "<xss" not in body, address
            assert not re.search(r"(href|src|action)=.?javascript:", body), address
        assert f"${WORKED_OUT}" not in body, address
        assert not re.search(rf"</script>{WORKED_OUT}", body), address
    assert read > 20
    assert told > 5, "the walk met the words it looks for"


@pytest.mark.parametrize(
    "value",
    [
        "' OR '1'='1",
        "1; DROP TABLE pin; --",
        "\\'; SELECT pg_sleep(9); --",
        "$$;SELECT 1",
        "%27)%20OR%201=1",
        "{0}",
        "%s",
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        ITEMS + "?category=", ITEMS + "?event=", ITEMS + "?filter=", ITEMS + "?datetime=",
        ITEMS + "?sortby=",
        "/m/testov/heat.png?category=", "/m/testov/heat.png?weight=", "/m/testov/places?q=",
        "/office/library?words=",
        "/office/maps/testov?words=", "/office/maps/testov?event=", "/office/maps/testov?category=",
        "/office/maps/testov/pins.json?words=", "/office/towns/testov/audit?action=", "/data/testov/pins.csv?crs=",
    ],
)  # fmt: skip
def test_no_parameter_becomes_part_of_a_statement(
    client: FlaskClient, session: Session, address: str, value: str
) -> None:
    a_pin(session, a_map(session), comment="Tma", state=PinState.PENDING)
    sign_in(client, an_official(session))
    answer = client.get(address + value.replace(" ", "%20").replace(";", "%3B"), buffered=True)
    assert answer.status_code < 500
    assert session.scalar(select(func.count()).select_from(Pin)) == 1
    if answer.mimetype == "application/geo+json":
        assert "Tma" not in answer.text, "a condition that is always true would show what waits"


@pytest.mark.parametrize(
    "twice", ["limit=1&limit=1000", "category=safe&category=x", "bbox=1,1,2,2&bbox=0,0,90,90"]
)
def test_a_parameter_said_twice_is_not_taken_for_either(client: FlaskClient, session: Session, twice: str) -> None:
    a_map(session)
    assert client.get(f"{ITEMS}?{twice}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app/config.py", "/static/%2e%2e/app/config.py", "/static/..%2fapp/config.py",
        "/static/....//app/config.py", "/static/%5c..%5c..%5capp", "/static//etc/passwd", "/static/js/../../run",
        "/m/testov/base/../../../etc/passwd", "/office/maps/testov/files/..%2f..%2fsession-key",
        "/office/maps/testov/layers/..%2f..%2fpins.geojson", "/office/maps/testov/report/..%2f.pdf",
        "/data/testov/pins.geojson%2f..%2f..%2fx", "/build/../secrets/session-key",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_its_folder(client: FlaskClient, session: Session, path: str) -> None:
    a_map(session)
    sign_in(client, an_official(session))
    with client.get(path) as answer:
        assert answer.status_code in {303, 308, 404}
        assert b"SECRET" not in answer.get_data()
        assert b"root:" not in answer.get_data()


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("abc\u202edcba", "abcdcba"),
        ("za\u200bji\u2060ma\u00advé", "zajimavé"),
        ("\ufeffPěkné\u200e", "Pěkné"),
        ("ku\u200drva", "kurva"),
        ("První řádek\nDruhý\tdál", "První řádek\nDruhý\tdál"),
        ("👨\u200d👩\u200d👧 a ❤️\u200d🔥", "👨\u200d👩\u200d👧 a ❤️\u200d🔥"),
        ("سلام\u200cها", "سلام\u200cها"),
        ("a\x1b[31mb", "a[31mb"),
    ],
)
def test_a_comment_reads_as_it_is_stored(client: FlaskClient, session: Session, sent: str, stored: str) -> None:
    a_map(session, questions=[{"key": "why", "label": {"cs": "Proč?"}, "type": "text"}])
    answer = client.post(ITEMS, json=a_feature(comment=sent, why=sent), headers=bearer(TOKEN))
    assert answer.status_code == 201
    assert answer.json["properties"]["comment"] == stored
    assert answer.json["properties"]["why"] == stored
    again = client.patch(
        f"{ITEMS}/{answer.json['id']}", json={"properties": {"comment": sent}}, headers=bearer(TOKEN)
    )
    assert again.json["properties"]["comment"] == stored


def test_a_minded_word_can_not_hide_behind_what_nobody_sees(client: FlaskClient, session: Session) -> None:
    a_map(session)
    hidden = "k\u200bu\u200dr\u2060v\u00ada"
    answer = client.post(ITEMS, json=a_feature(comment=f"Je to {hidden}"), headers=bearer(TOKEN))
    assert answer.json["properties"]["state"] == "pending"


def test_ordinary_text_is_left_alone() -> None:
    for words in ("Příliš žluťoučký kůň – „úpěl“ ďábelské ódy…", "Київ", "שלום", "日本", "5 000 m² (½)"):
        assert visible(words) == words


SECRETS = ("uplne-tajne-heslo", "pocit_notreal_0123456789abcdef0123456789abcdef", "tajny-odkaz-na-nove-heslo")


def test_no_secret_and_nothing_people_wrote_gets_into_the_log(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    """Wrong passwords, tokens, links and codes, and a failure in the midst of each."""
    a_map(session)
    email = an_official(session)
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(Objects())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        try_to_sign_in(client, email, SECRETS[0])
        client.get(ITEMS, headers={"Authorization": f"Bearer {SECRETS[1]}"})
        client.get(f"/office/new-password/{SECRETS[2]}")
        client.get(f"/office/invitation/{SECRETS[2]}")
        token = a_token(session, email)
        session.execute(text("ALTER TABLE pin RENAME COLUMN comment TO elsewhere"))
        session.commit()
        for sent in (
            client.post(ITEMS, json=a_feature(comment="Jan Novák, Lipová 7"), headers=bearer(TOKEN)),
            client.get(ITEMS + "?filter=comment='Jan Novák'", headers=bearer(token)),
        ):
            assert sent.status_code == 500
            assert "elsewhere" not in sent.text, "what broke is not told to who asked"
        sign_in(client, email)
        client.get("/office/maps/testov?words=Novák", headers={"Accept": "text/html"})
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    log = said.getvalue()
    assert "unexpected failure" in log, "the log did say that something broke"
    for secret in (*SECRETS, PASSWORD, TOKEN, token, "Novák", "Lipová", email, "203.0.113.7", "127.0.0.1"):
        assert secret not in log


def test_tokens_passwords_and_keys_are_stored_as_hashes_only(client: FlaskClient, session: Session) -> None:
    """The whole database as text: none of what opens a door stands in it."""
    a_map(session)
    email = an_official(session)
    token = a_token(session, email)
    sign_in(client, email)
    client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN))
    receipt = client.post("/api/collections/testov/respondent/receipt", headers=bearer(TOKEN)).json["receipt"]
    page = client.get("/office/towns/testov/people").text
    form = {"csrf_token": csrf_of(client, "/office/"), "email": "novy@testov.example", "role": "viewer"}
    page = client.post("/office/towns/testov/people/invite", data=form, follow_redirects=True).text
    link = re.search(r"/office/invitation/([\w-]+)", page)
    with client.session_transaction() as cookie:
        key = cookie["key"]
    assert link
    tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    whole = "".join(
        str(session.scalar(text(f"SELECT string_agg(t::text, E'\\n') FROM \"{table}\" AS t"))) for table in tables
    )
    assert email in whole
    for secret in (PASSWORD, TOKEN, token, link[1], key, receipt, receipt.replace("-", "")):
        assert secret not in whole
    assert session.scalars(select(Official.password_hash)).one().startswith("$argon2id$")


def test_a_json_block_of_a_page_can_not_be_left(client: FlaskClient, session: Session) -> None:
    label = {"cs": "</script><script>alert(1)</script><!--"}
    a_map(session, title=label)
    body = client.get("/m/testov").text
    assert "</script><script>alert" not in body
    block = re.search(r'<script[^>]*id="map-data"[^>]*>(.*?)</script>', body, re.DOTALL)
    for found in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', body, re.DOTALL):
        json.loads(found)
    assert block is None or "<" not in block[1]
