"""Maps kept in memory: many for one look, each as it is now, and no more than there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.models import TownMap
from app.queries.maps import MapCache, list_maps, read_map
from tests.builders import a_map


@contextmanager
def asked_of(session: Session) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    statements: list[str] = []
    connection = session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield statements
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def slugs(session: Session) -> list[str]:
    names = [f"m{n}" for n in range(12)]
    for n, slug in enumerate(names):
        a_map(session, slug, town={"name": f"T{n}", "slug": f"t{n}", "ruian": 500_000 + n})
    return names


def test_many_maps_that_are_known_cost_one_statement(session: Session, slugs: list[str]) -> None:
    cache = MapCache()
    first = cache.get_many(session, slugs)
    with asked_of(session) as statements:
        again = cache.get_many(session, slugs)
    assert len(statements) == 1
    assert [the_map.slug for the_map in again] == slugs
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_a_map_that_changed_is_read_again_and_one_that_is_gone_left_out(
    session: Session, slugs: list[str]
) -> None:
    cache = MapCache()
    cache.get_many(session, slugs)
    change = {"title": {"cs": "Nový"}, "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.slug == "m3").values(**change))
    found = cache.get_many(session, ["nikde", "m3", "m1"])
    assert [the_map.slug for the_map in found] == ["m3", "m1"]
    assert found[0].title["cs"] == "Nový"


def test_maps_read_together_are_those_read_alone(session: Session, slugs: list[str]) -> None:
    alone = [read_map(session, slug) for slug in slugs]
    together = list_maps(session)
    for one, other in zip(alone, sorted(together, key=lambda the_map: slugs.index(the_map.slug)), strict=True):
        assert (one.id, one.title, one.categories, one.questions) == (
            other.id, other.title, other.categories, other.questions,
        )  # fmt: skip
        assert one.boundary.equals(other.boundary)
    with pytest.raises(Unknown):
        read_map(session, "nikde")


def test_those_not_used_for_longest_make_room(session: Session, slugs: list[str]) -> None:
    cache = MapCache(most=5)
    for slug in slugs[:5]:
        cache.get(session, slug)
    cache.get(session, slugs[0])
    cache.get(session, slugs[5])
    assert cache.known(slugs[0]) is not None
    assert cache.known(slugs[1]) is None
    assert [the_map.slug for the_map in cache.get_many(session, slugs)] == slugs
