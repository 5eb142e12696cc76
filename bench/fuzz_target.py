"""One parser under attack: what it is given, how it is called, what came of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from app.errors import Refusal
from app.queries.maps import MapRecord
from bench.fuzz_watch import Tally, place_of, timed

PIN: Final = {
    "type": "Feature",
    "id": "12345678-1234-4234-8234-123456789abc",
    "geometry": {"type": "Point", "coordinates": [15.52, 49.62]},
    "properties": {
        "category": "safe",
        "comment": "Tma",
        "event": "FORUM1",
        "zoom": 17,
        "precision_m": 5,
        "when": "night",
    },
}


@dataclass(frozen=True)
class Ground:
    """The map against which input is checked."""

    the_map: MapRecord
    description: Mapping[str, Any]
    """Its `map.json`."""


@dataclass(frozen=True)
class Target:
    """One parser: what it is given, and the call."""

    name: str
    inputs: st.SearchStrategy[Any]
    call: Callable[[Any], object]
    also: tuple[type[Exception], ...] = ()
    """Its own failures, which who calls it turns into refusals."""


def run(target: Target, count: int, dice: int) -> Tally:
    """So many inputs for one parser, the same for the same number."""
    tally = Tally(target.name)

    @seed(dice)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def one(given_input: Any) -> None:
        begun = time.perf_counter()
        try:
            target.call(given_input)
        except Exception as error:
            if isinstance(error, (Refusal, *target.also)):
                tally.refused += 1
            else:
                tally.broke(place_of(error), (str(error)[:120], given_input))
        tally.took(time.perf_counter() - begun, given_input)

    with timed(tally), warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # of long names of strategies
        one()
    return tally
