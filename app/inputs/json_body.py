"""JSON from strangers: strict numbers, bounded depth, storable texts."""

from __future__ import annotations

import json
import math
from typing import Any

from app.errors import Malformed, Problem
from app.i18n import N_


def parse_json(body: bytes) -> Any:
    """The JSON value of these bytes; Malformed for anything JSON does not know (NaN, 1e999, bad UTF-8)."""
    try:
        return json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise Malformed(
            Problem("body", N_("This is not valid JSON (line %(line)s, column %(column)s)."), where)
        ) from error
    except (ValueError, RecursionError) as error:
        raise Malformed(Problem("body", N_("This is not valid JSON."))) from error


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of these bytes."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Malformed(Problem("body", N_("This must be an object with named values.")))
    return value


def _no_constant(name: str) -> float:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        msg = f"{digits} is too large a number"
        raise ValueError(msg)
    return number
