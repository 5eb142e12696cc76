"""An area drawn on the map, as it stands in an address: "15.51 49.62,15.53 49.62,15.52 49.63"."""

from __future__ import annotations

import re

from shapely import Polygon

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.filters import Corner

MOST_CORNERS = 200
DECIMALS = 5
"""About a metre: an area is drawn around pins, not measured; and addresses have their length."""
MOST_CHARACTERS = MOST_CORNERS * 40
NUMBER = r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?"
CORNER = re.compile(rf"\s*({NUMBER}) ({NUMBER})\s*")


def parse_area(text: str | None) -> tuple[Corner, ...] | None:
    """The corners of `area=`, longitude first; Malformed for what encloses nothing or crosses itself.

    >>> parse_area("15.5 49.6,15.6 49.6,15.5 49.7")
    ((15.5, 49.6), (15.6, 49.6), (15.5, 49.7))
    """
    if not text:
        return None
    parts = text.split(",") if len(text) <= MOST_CHARACTERS else []
    if not 3 <= len(parts) <= MOST_CORNERS + 1:
        raise _wrong(
            N_("An area has 3 to %(most)s corners, each as longitude and latitude: 15.52 49.62."),
            most=MOST_CORNERS,
        )
    corners: list[Corner] = []
    for part in parts:
        corner = _corner(part)
        if not corners or corner != corners[-1]:
            corners.append(corner)
    if corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3 or len(corners) > MOST_CORNERS or not _is_sound(corners):
        raise _wrong(N_("The sides of the area cross, or it encloses nothing. Please draw it again."))
    return tuple(corners)


def area_text(corners: tuple[Corner, ...]) -> str:
    """The corners as they stand in an address."""
    return ",".join(f"{lon:.{DECIMALS}f} {lat:.{DECIMALS}f}" for lon, lat in corners)


def _corner(part: str) -> Corner:
    found = CORNER.fullmatch(part)
    if found:
        lon, lat = round(float(found[1]), DECIMALS), round(float(found[2]), DECIMALS)
        if abs(lon) <= 180 and abs(lat) <= 90:
            return lon, lat
    raise _wrong(N_("A corner of an area is a longitude and a latitude: 15.52 49.62."))


def _is_sound(corners: list[Corner]) -> bool:
    polygon = Polygon(corners)
    return bool(polygon.is_valid and polygon.area > 0)


def _wrong(message: str, **data: object) -> Malformed:
    return Malformed(Problem("area", message, data))
