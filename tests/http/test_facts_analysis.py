"""Feelings and facts as the office reads them: sentences, a table, and honest words where there is little."""

from __future__ import annotations

import csv
import io
import uuid

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.models import Fact, FactLayer
from app.queries.analyses import nobody_told
from app.queries.analysis_facts import Result, find, within
from app.queries.analysis_runs import newest_result
from app.queries.maps import MapRecord
from tests.builders import a_fact_layer, a_map, a_pin, an_analysis, an_official
from tests.doors import sign_in

PAGE = "/office/maps/testov/analysis/facts"


def a_dark_town(session: Session, people: int = 16) -> MapRecord:
    """Lamps in the west, fear in the east, each person marking both."""
    the_map = a_map(session)
    rng = np.random.default_rng(1)
    lamps = [f"POINT({15.503 + n % 5 * 0.003} {49.611 + n // 5 * 0.002})" for n in range(40)]
    a_fact_layer(session, the_map, "pouliční <lampy>", lamps)
    for n in range(people):
        for _ in range(3):
            west = (15.503 + rng.integers(5) * 0.003, 49.611 + rng.integers(8) * 0.002)
            east = (rng.uniform(15.525, 15.538), rng.uniform(49.612, 49.628))
            a_pin(session, the_map, "safe", west, f"person {n}", id=uuid.uuid4())
            a_pin(session, the_map, "unsafe", east, f"person {n}", id=uuid.uuid4())
    return the_map


def test_a_town_afraid_where_no_lamps_are_reads_so(client: FlaskClient, session: Session) -> None:
    the_map = a_dark_town(session)
    result: Result = an_analysis(session, the_map, "facts", layer="all", reach="50")
    pairs = {pair.category: pair for pair in result.layers[0].pairs}
    assert within(pairs["safe"], 50).share == 1
    assert within(pairs["unsafe"], 50).share == 0
    assert pairs["improve"].verdict == "few"
    kept = newest_result(session, the_map, "facts")
    assert kept
    assert kept.result == result
    viewer = sign_in(client, an_official(session, "kdo@testov.example", role="viewer"))
    page = viewer.get(f"{PAGE}?lang=en").text
    assert "pouliční &lt;lampy&gt;" in page
    assert "<lampy>" not in page
    assert "0\u00a0% lie within 50 m" in page
    assert "not what causes what" in page
    rows = list(csv.DictReader(io.StringIO(viewer.get(f"{PAGE}.csv").text.lstrip("\ufeff")), delimiter=";"))
    assert {row["category"] for row in rows} == {"safe", "unsafe"}
    assert {row["reach_m"] for row in rows} == {"25", "50", "100", "200"}


def test_a_layer_loaded_anew_makes_the_result_one_of_yesterday(session: Session) -> None:
    the_map = a_map(session)
    layer = a_fact_layer(session, the_map)
    an_analysis(session, the_map, "facts", layer="all", reach="50")
    kept = newest_result(session, the_map, "facts")
    assert kept
    assert kept.is_fresh
    session.get_one(FactLayer, layer.id).version += 1
    session.commit()
    kept = newest_result(session, the_map, "facts")
    assert kept
    assert not kept.is_fresh


@pytest.mark.parametrize("pins", [0, 1, 4])
def test_almost_no_pins_give_words_and_no_picture_that_lies(
    client: FlaskClient, session: Session, pins: int
) -> None:
    the_map = a_map(session)
    a_fact_layer(session, the_map)
    for n in range(pins):
        a_pin(session, the_map, ("safe", "unsafe")[n % 2], respondent=f"person {n}")
    result: Result = an_analysis(session, the_map, "facts", layer="all", reach="50")
    assert {pair.verdict for pair in result.layers[0].pairs} == {"few"}
    assert result.tests == 0
    viewer = sign_in(client, an_official(session, "kdo@testov.example", role="viewer"))
    page = viewer.get(f"{PAGE}?lang=en").text
    assert "oo few" in page
    assert 'class="facts-bar"' not in page
    assert viewer.get("/office/maps/testov/analysis?lang=en").status_code == 200


def test_a_layer_with_nothing_in_the_town_says_so(session: Session) -> None:
    the_map = a_dark_town(session, 12)
    session.query(Fact).delete()
    a_fact_layer(session, the_map, "daleko", ["POINT(15.57 49.62)"])
    result = find(session, the_map, {}, nobody_told)
    assert {pair.verdict for layer in result.layers for pair in layer.pairs} == {"nothing"}


def test_only_layers_of_the_town_and_known_distances_can_be_asked(session: Session) -> None:
    the_map, other = a_map(session), a_map(session, "jinde")
    theirs = a_fact_layer(session, other)
    for asked in ({"layer": str(theirs.id)}, {"layer": "x"}, {"reach": "75"}):
        with pytest.raises(InvalidInput):
            find(session, the_map, asked, nobody_told)
    assert find(session, the_map, {}, nobody_told).layers == ()
