"""The first page of the office: few towns with their maps, and very many of which one is looked for."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.views.office import home
from tests.builders import a_map, an_official
from tests.doors import sign_in


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> FlaskClient:
    for number, name in enumerate(["Aš", "Březová", "Cheb", "Děčín"]):
        a_map(session, f"m{number}", town={"name": name, "slug": f"t{number}", "ruian": 500_000 + number})
    return sign_in(client, an_official(session, town=None, role="admin"))


def maps_of(page: str) -> list[str]:
    return re.findall(r'href="/office/maps/(m\d)"', page)


def test_few_towns_stand_with_their_maps(admin: FlaskClient) -> None:
    page = admin.get("/office/").text
    assert sorted(set(maps_of(page))) == ["m0", "m1", "m2", "m3"]
    assert 'role="search"' not in page


@pytest.mark.parametrize(("asked", "found"), [("brez", ["m1"]), ("t2", ["m2"]), ("CHEB", ["m2"]), ("nikde", [])])
def test_of_many_towns_one_is_looked_for(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, asked: str, found: list[str]
) -> None:
    monkeypatch.setattr(home, "MOST_TOWNS", 2)
    page = admin.get("/office/").text
    assert maps_of(page) == []
    assert page.count('href="/office/?town=t') == 4
    page = admin.get("/office/", query_string={"town": asked}).text
    assert sorted(set(maps_of(page))) == found
