"""The API as its own description says it may be asked: requests made by schemathesis, sent to the real server."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bench.fuzz_http import TOKENS
from bench.fuzz_server import Server
from bench.fuzz_watch import MOST_S, Tally, timed

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MAP: Final = "vzorov"


def run(server: Server, pins: Sequence[str], officials_token: str, count: int, dice: int) -> Tally:
    """So many requests, spread over all operations of the description."""
    tally = Tally("API by its description")
    base = f"http://127.0.0.1:{server.port}/api"
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    described: Any = schema.get_all_operations()
    operations = [found.ok() for found in described]
    with timed(tally), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n, operation in enumerate(operations):
            _one(operation, base, (pins, officials_token), (max(1, count // len(operations)), dice + n), tally)
    return tally


def _one(operation: Any, base: str, known: tuple[Sequence[str], str], size: tuple[int, int], tally: Tally) -> None:
    (pins, officials_token), (count, dice) = known, size
    sender = requests.Session()

    @seed(dice)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(),
        likely=st.booleans(),
        pin=st.sampled_from(list(pins)),
        token=st.sampled_from([None, officials_token, *TOKENS[:8]]),
        place=st.integers(0, 65535),
    )
    def one(case: Any, likely: bool, pin: str, token: str | None, place: int) -> None:
        if likely:
            _probable(case, pin, token)
        case.headers["Accept-Encoding"] = "identity"
        case.headers["X-Forwarded-For"] = f"198.51.{place >> 8}.{place & 255}"
        begun = time.perf_counter()
        what = f"{case.method} {operation.path}"
        try:
            response = case.call(base_url=base, session=sender, timeout=3 * MOST_S)
            said = str(response.status_code)
            tally.statuses[said] = tally.statuses.get(said, 0) + 1
            tally.refused += 400 <= response.status_code < 500
            if response.status_code not in (429, 503):  # limits and pauses are described once for all operations
                case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                tally.broke(f"{type(failure).__name__} {what}", (str(failure)[:200], case.query, case.body))
        except requests.RequestException as error:
            tally.broke(f"no answer {what}: {type(error).__name__}", (str(error)[:200], case.query, case.body))
        tally.took(time.perf_counter() - begun, what)

    one()


def _probable(case: Any, pin: str, token: str | None) -> None:
    """Make of a random request one that gets past the first door: a map that is there, a pin, a token."""
    if "collectionId" in case.path_parameters:
        case.path_parameters["collectionId"] = MAP
    if "featureId" in case.path_parameters:
        case.path_parameters["featureId"] = pin
    if token:
        case.headers["Authorization"] = f"Bearer {token}"
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("properties"), dict) and body.get("type") == "Feature":
        body["properties"]["category"] = "safe"
        body["geometry"] = {"type": "Point", "coordinates": [15.52, 49.62]}
