"""Towns of one server never see each other's unpublished words: every page a stranger can reach is read."""

from __future__ import annotations

import re
from collections import deque
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.inputs.accounts import InvitationInput
from app.models import Official, Pin, PinState, Role, TownMap
from app.queries.accounts import find_official
from app.services.audit import BY_ITSELF, Deed, record
from app.services.invitations import invite
from tests.builders import a_draft, a_map, a_pin, a_ready_answer, an_event, an_official
from tests.doors import sign_in

HREF = re.compile(r'(?:href|src|action|data-[a-z-]+)="([^"#]+)"')
TITLE, PENDING, HIDDEN, REASON, READY, STORY, PERSON, DEED = SECRETS = (
    "Klokaní koncept",
    "čekající klokan",
    "schovaný klokan",
    "klokaní důvod",
    "klokaní šablona",
    "klokaní příběh",
    "klokan-zvany@testov.example",
    "klokani-zaznam",
)
"""Words that stand nowhere but in what one town has not published."""
PASSED_BY = re.compile(r"/static/|lang=|\.(gpkg|fgb|parquet|shp\.zip)|[?&]crs=")
"""Other languages of a page, and files whose words can't be read here: test_files.py opens every form."""
DOORS = ("/", "/office/", "/api/", "/api/collections", "/office/library", "/data/catalog.jsonld")
MOST_PAGES = 400


@pytest.fixture
def towns(session: Session) -> None:
    """One town with secrets of every kind, in a draft and in an open map, and one beside it."""
    the_map = a_map(session)
    draft = a_draft(
        session, "koncept", title={"cs": TITLE}, town={"name": "Testov", "slug": "testov", "ruian": the_map.ruian}
    )
    a_map(session, "jinde")
    for one in (the_map, draft):
        a_pin(session, one, comment=PENDING, state=PinState.PENDING)
        a_pin(session, one, comment=HIDDEN, state=PinState.HIDDEN, hidden_reason=REASON)
        a_pin(session, one, comment="Hezké místo")
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(story={"cs": STORY}))
    an_event(session, draft, "KONCEPT", title={"cs": TITLE})
    a_ready_answer(session, the_map, title=READY)
    for town, name in (("testov", "urad"), ("jinde", "jiny")):
        an_official(session, f"{name}@{town}.example", town=town)
    editor = find_official(session, session.query(Official.id).filter_by(email="urad@testov.example").scalar())
    assert editor
    invite(session, editor, the_map.town_id, InvitationInput(PERSON, Role.VIEWER))
    record(session, BY_ITSELF, Deed("census.change", DEED), town_id=the_map.town_id)
    session.commit()


def everything(app: Flask, client: FlaskClient) -> dict[str, str]:
    """All that a browser gets by following every link, and by trying every address that names the town."""
    seen: dict[str, str] = {}
    ahead = deque([*DOORS, *_named(app)])
    while ahead and len(seen) < MOST_PAGES:
        address = ahead.popleft()
        if address in seen:
            continue
        answer = client.get(address, headers={"Accept": "text/html,*/*"}, buffered=True)
        seen[address] = f"{answer.location or ''} {answer.get_data().decode('utf-8', 'replace')}"
        if answer.location:
            ahead.append(_local(address, answer.location))
        if answer.mimetype == "text/html":
            ahead.extend(_local(address, unescape(found)) for found in HREF.findall(answer.text))
        ahead = deque(found for found in ahead if found and not PASSED_BY.search(found))
    return seen


def _local(here: str, link: str) -> str:
    """The address of a link on this server, or nothing."""
    whole = urlsplit(urljoin(f"http://localhost{here}", link))
    if whole.netloc != "localhost" or not whole.path.startswith("/"):
        return ""
    return whole.path + (f"?{whole.query}" if whole.query else "")


def _named(app: Flask) -> list[str]:
    """Every GET address that a town or a map alone makes whole."""
    names = {"slug": ("testov", "koncept"), "town": ("testov",), "map_slug": ("testov", "koncept")}
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and len(rule.arguments) == 1 and set(rule.arguments) <= set(names):
            name = next(iter(rule.arguments))
            found += [adapter.build(rule.endpoint, {name: value}) for value in names[name]]
    return sorted(set(found))


@pytest.mark.usefixtures("towns")
@pytest.mark.parametrize("who", [None, "jiny@jinde.example"])
def test_no_page_for_a_stranger_tells_what_a_town_has_not_published(
    app: Flask, client: FlaskClient, who: str | None
) -> None:
    if who:
        sign_in(client, who)
    read = everything(app, client)
    told = {(address, word) for address, text in read.items() for word in SECRETS if word in text}
    assert told == set()
    assert len(read) > 30
    assert any("Hezké místo" in text for text in read.values()), "the walk found what is public"


@pytest.mark.usefixtures("towns")
def test_the_walk_would_find_them_as_their_own_official_does(app: Flask, client: FlaskClient) -> None:
    read = "".join(everything(app, sign_in(client, "urad@testov.example")).values())
    assert [word for word in SECRETS if word not in read] == []


@pytest.mark.usefixtures("towns")
def test_a_draft_that_is_opened_is_found_at_once(app: Flask, client: FlaskClient, session: Session) -> None:
    assert client.get("/m/koncept").status_code == 404
    session.execute(
        update(TownMap).where(TownMap.slug == "koncept").values(draft=False, version=TownMap.version + 1)
    )
    session.commit()
    assert TITLE in client.get("/m/koncept").text
    assert session.query(Pin).count() == 6
