"""Bad input into every parser: each reads it or refuses it, nothing else. `./run bench fuzz` does more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from app.queries.map_description import describe
from bench.fuzz_parsers import targets
from bench.fuzz_target import Ground
from bench.fuzz_target import run as run_parser
from tests.builders import a_map

QUESTIONS = [
    {
        "key": "when",
        "label": {"cs": "Kdy?"},
        "type": "multiple",
        "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
    },
    {"key": "why", "label": {"cs": "Proč?"}, "type": "text"},
]
EACH = 30


@pytest.fixture
def ground(session: Session) -> Ground:
    the_map = a_map(session, "vzorov", questions=QUESTIONS)
    return Ground(the_map, describe(session, the_map))


def test_no_parser_breaks_or_hangs_on_bad_input(ground: Ground) -> None:
    tallies = [run_parser(target, EACH, n) for n, target in enumerate(targets(ground))]
    assert {tally.kind: tally.broken for tally in tallies if tally.broken} == {}
    inputs, refused = (sum(getattr(tally, name) for tally in tallies) for name in ("inputs", "refused"))
    assert inputs > 2000
    # Were all refused, nothing behind the first check would have been tried.
    assert 0.3 < refused / inputs < 0.85


def test_what_breaks_is_told_with_the_place_it_broke_at(ground: Ground) -> None:
    def breaks(given_input: object) -> None:
        raise ZeroDivisionError(str(given_input))

    tally = run_parser(replace(targets(ground)[0], call=breaks), 3, 1)
    assert len(tally.broken) == 1
    assert "ZeroDivisionError" in next(iter(tally.broken))
