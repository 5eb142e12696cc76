"""The library of sets: complete in every language, and of other towns only what is public."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.library import ReadySet, ready_sets
from app.inputs.map_folder import parse_map
from app.models import TownMap
from app.queries.maps import read_map
from app.queries.sets import public_maps, set_of, shared_set
from gis.palette import palette
from gis.shapes import SHAPES
from tests.builders import BOX, a_map, a_pin, an_official
from tests.doors import csrf_of, sign_in

LANGUAGES = {"cs", "en", "sk", "uk", "de", "pl", "nb"}
PAGE = "/office/library"


def texts_in(value: Any) -> Iterator[Mapping[str, str]]:
    """Every text in several languages, wherever it stands."""
    if isinstance(value, Mapping):
        if "cs" in value:
            yield value
        else:
            for inner in value.values():
                yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


@pytest.mark.parametrize("ready", ready_sets(), ids=lambda ready: ready.key)
def test_a_ready_set_is_a_whole_map_in_every_language(ready: ReadySet) -> None:
    described = {"title": ready.title, "town": {"name": "Testov"}, **ready.description}
    found = parse_map(described, slug="testov", boundary=BOX)
    texts = [ready.title, ready.why, *texts_in(ready.description)]
    assert all(set(text) == LANGUAGES and all(text.values()) for text in texts)
    assert 3 <= len(found.categories) <= 6
    assert found.questions
    assert found.about
    assert not any(question.published for question in found.about)


@pytest.mark.parametrize("ready", ready_sets(), ids=lambda ready: ready.key)
def test_categories_are_told_apart_by_colour_and_by_shape(ready: ReadySet) -> None:
    categories = ready.description["categories"]
    known = {category.fill for category in palette().categories.values()} | set(palette().further_fills)
    assert {category["color"] for category in categories} <= known
    assert {category["shape"] for category in categories} <= set(SHAPES)
    for part in ("color", "shape", "key"):
        assert len({category[part] for category in categories}) == len(categories)


@pytest.mark.parametrize("ready", ready_sets(), ids=lambda ready: ready.key)
def test_words_of_a_ready_set_fit_their_places(ready: ReadySet) -> None:
    for category in ready.description["categories"]:
        assert all(len(word) <= 24 for word in category["word"].values()), category["word"]
        assert all(len(label) <= 80 for label in category["label"].values())


def test_themes_of_the_task_are_there() -> None:
    assert [ready.key for ready in ready_sets()] == ["safety", "school", "seniors", "cycling", "green"]


@pytest.fixture
def library(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of one town, and maps of others: open, closed, not yet open, a draft."""
    a_map(session)
    a_map(session, "otevrena", title={"cs": "Kudy na kole"}, intro={"cs": "Píše paní Nováková"})
    a_map(session, "zavrena", ruian=555555, closes="2020-01-01T00:00:00Z")
    a_map(session, "budouci", opens="2999-01-01T00:00:00Z")
    a_map(session, "koncept")
    session.execute(update(TownMap).where(TownMap.slug == "koncept").values(draft=True))
    session.commit()
    an_official(session)
    return sign_in(client, "urad@testov.example")


def shown(client: FlaskClient, **query: str) -> set[str]:
    page = client.get(PAGE, query_string=query, headers={"Accept-Language": "en"}).text
    return set(re.findall(r"/office/maps/new\?(?:copy|set)=([\w-]+)", page))


def test_only_what_is_or_was_open_is_offered(library: FlaskClient) -> None:
    built_in = {ready.key for ready in ready_sets()}
    assert shown(library) - built_in == {"testov", "otevrena", "zavrena"}


def test_towns_and_titles_are_found_without_their_accents(library: FlaskClient) -> None:
    built_in = {ready.key for ready in ready_sets()}
    assert shown(library, words="OTEVŘENA") - built_in == {"otevrena"}
    assert shown(library, words="na kóle") - built_in == {"otevrena"}
    assert shown(library, words="%") == built_in
    assert library.get(PAGE, query_string={"words": "\x00"}).status_code == 200


def test_questions_can_be_read_and_nothing_else_of_other_towns(library: FlaskClient) -> None:
    page = library.get(PAGE, headers={"Accept-Language": "cs"}).text
    assert "Kolik je vám let?" in page
    assert "Tady se cítím bezpečně" in page
    assert "Nováková" not in page
    assert "koncept" not in page.lower()
    assert "budouci" not in page.lower()


def test_who_may_begin_no_map_reads_without_the_way_to_one(client: FlaskClient, session: Session) -> None:
    a_map(session)
    an_official(session, role="moderator")
    sign_in(client, "urad@testov.example")
    assert shown(client) == set()
    assert "Kolik je vám let?" in client.get(PAGE, headers={"Accept-Language": "cs"}).text


def test_a_copy_is_the_set_and_makes_the_same_map(session: Session) -> None:
    the_map = a_map(
        session,
        intro={"cs": "Píše paní Nováková"},
        thanks={"cs": "Děkuje pan Novák"},
        privacy_contact="poverenec@testov.example",
        questions=[
            {
                "key": "when",
                "label": {"cs": "Kdy?"},
                "type": "single",
                "categories": ["safe"],
                "options": [{"key": "day", "label": {"cs": "ve dne"}}],
            },
            {"key": "word", "label": {"cs": "Jedno slovo"}, "type": "text", "published": False},
        ],
    )
    a_pin(session, the_map, comment="Bydlí tu paní Nováková")
    copied = shared_set(session, "testov")
    assert set(copied.description) == {"categories", "questions", "about"}
    assert "Nov" not in str(copied)
    again = parse_map({"title": {"cs": "x"}, "town": {"name": "X"}, **copied.description}, slug="x", boundary=BOX)
    assert [c.key for c in again.categories] == [c.key for c in the_map.categories]
    assert [(q.key, q.type, q.published) for q in again.questions] == [
        ("when", "single", True),
        ("word", "text", False),
    ]
    assert [q.key for q in again.about] == [q.key for q in the_map.about]
    assert set_of(the_map).description == copied.description


def test_a_map_begins_with_a_copy_of_what_another_town_asks(library: FlaskClient, session: Session) -> None:
    question = {"key": "who", "label": {"cs": "S kým?"}, "type": "text"}
    a_map(session, "otevrena", title={"cs": "Kudy na kole"}, questions=[question])
    page = library.get("/office/maps/new?copy=otevrena", headers={"Accept-Language": "cs"}).text
    assert 'value="copy:otevrena" checked' in page
    form = {"csrf_token": csrf_of(library, PAGE), "town": "testov", "title.cs": "Naše kola", "do": "save"}
    answer = library.post("/office/maps/new", data=form | {"start": "copy:otevrena"})
    assert answer.status_code == 303, answer.text
    slug = str(answer.location).split("/")[3]
    made = read_map(session, slug)
    assert [question.key for question in made.questions] == ["who"]
    assert (made.town_slug, made.draft, made.intro) == ("testov", True, {})
    assert 'value="copy:koncept"' not in library.get("/office/maps/new?copy=koncept").text
    assert library.post("/office/maps/new", data=form | {"start": "copy:koncept"}).status_code == 422


def test_what_is_not_public_can_t_be_copied_by_its_address(library: FlaskClient, session: Session) -> None:
    for slug in ("koncept", "budouci", "neni"):
        with pytest.raises(Unknown):
            shared_set(session, slug)
    assert shared_set(session, "zavrena").key == "zavrena"
    assert read_map(session, "zavrena").slug in {the_map.slug for the_map in public_maps(session)}
