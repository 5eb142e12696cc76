"""Coordinate systems as the API names them: by the addresses of the OGC, axes as each authority orders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from shapely import MultiPolygon

from app.errors import Malformed, Problem
from app.i18n import N_
from gis.crs import KROVAK, WEB_MERCATOR, WGS84

ETRS89 = 4258
EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"
CURIE = re.compile(r"(?:\[(?P<safe>[A-Z]+:[0-9A-Z]+)\]|(?P<bare>[A-Z]+:[0-9A-Z]+))")


class Placed(Protocol):
    """A map, as far as its coordinate systems go."""

    @property
    def boundary(self) -> MultiPolygon:
        """Where it is, in WGS 84."""

    @property
    def metric_srid(self) -> int:
        """The metric system in which it counts."""


@dataclass(frozen=True)
class Crs:
    """A coordinate system of the API."""

    uri: str
    epsg: int
    lat_first: bool = False
    """Whether its authority writes latitude before longitude."""


CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", WGS84)


def offered_crs(the_map: Placed) -> tuple[Crs, ...]:
    """The systems in which a map's pins may be read and asked for; what the pins are stored in comes first."""
    offered = [
        CRS84,
        _epsg(WGS84, lat_first=True),
        _epsg(the_map.metric_srid),
        _epsg(ETRS89, lat_first=True),
        _epsg(WEB_MERCATOR),
    ]
    if the_map.metric_srid == KROVAK:
        # Its UTM zone as well; Czechia lies in none that is wider than the others.
        offered.append(_epsg(32600 + int((the_map.boundary.centroid.x + 180) // 6) + 1))
    return tuple(offered)


def parse_crs(text: str | None, the_map: Placed, parameter: str = "crs") -> Crs:
    """The system of this address, or CRS84 where none is named; Malformed for one that the map does not offer.

    The short forms `[EPSG:5514]` and `EPSG:5514` are understood as well.
    """
    if text is None:
        return CRS84
    offered = {crs.uri: crs for crs in offered_crs(the_map)}
    short = CURIE.fullmatch(text)
    found = offered.get(_uri(short["safe"] or short["bare"]) if short else text)
    if found is None:
        said = N_("This coordinate system is not offered here. There are: %(allowed)s.")
        raise Malformed(Problem(parameter, said, {"allowed": ", ".join(offered)}))
    return found


def _uri(curie: str) -> str:
    authority, _, code = curie.partition(":")
    if curie == "OGC:CRS84":
        return CRS84.uri
    return EPSG_URI + code if authority == "EPSG" else ""


def _epsg(code: int, *, lat_first: bool = False) -> Crs:
    return Crs(f"{EPSG_URI}{code}", code, lat_first)
