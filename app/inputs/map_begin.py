"""What an official says to begin a map, or a town: the least that a draft needs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from shapely import MultiPolygon, box

from app.errors import InvalidInput
from app.i18n import N_
from app.inputs.map_folder import SLUG, slug_of
from app.inputs.map_forms import MOST_TITLE_CHARACTERS
from app.inputs.map_sent import Noted, Sent
from app.inputs.maps import TownInput

MOST_NAME_CHARACTERS = 80
USUAL = "usual"
START = re.compile(r"(usual)|(set|round|copy):([\w-]{1,80})")
HALF_BOX_M = 3000
DEGREE_M = 111_320
"""A degree of latitude, about."""
NUMBER = r"([+-]?\d{1,3}(?:[.,]\d+)?)"
PLACE = re.compile(rf"{NUMBER}\s*°?\s*([NS])?\s*[,;\s]\s*{NUMBER}\s*°?\s*([EW])?", re.IGNORECASE)
EUROPE = (-32.0, 27.0, 46.0, 82.0)
SIX_DIGITS = re.compile(r"[1-9][0-9]{5}", re.ASCII)


@dataclass(frozen=True)
class Beginning:
    """A map to begin: its title, what it begins with, and where it is if its town has no map yet."""

    title: Mapping[str, str]
    kind: str
    """`usual` categories and questions, a ready `set`, a `copy` of what a map asks, or the next `round` of one."""
    source: str | None
    centre: tuple[float, float] | None
    """Longitude and latitude."""


def parse_beginning(form: Sent, *, needs_place: bool) -> Beginning:
    """What the form says; InvalidInput names each field that is wrong."""
    noted = Noted()
    title = noted.texts("title", form.texts("title"), None, MOST_TITLE_CHARACTERS)
    if not title:
        noted.wrong("title", N_("Give the map a title."))
    start = START.fullmatch(form.one("start") or USUAL)
    if start is None:
        noted.wrong("start", N_("Choose one of these."))
    centre = _place(form.one("place"), noted) if needs_place else None
    if noted.problems or start is None:
        raise InvalidInput(*noted.problems)
    return Beginning(title, start[1] or start[2], start[3], centre)


def provisional_boundary(centre: tuple[float, float]) -> MultiPolygon:
    """A box of six kilometres around a place, until the real boundary is drawn."""
    lon, lat = centre
    half_lat = HALF_BOX_M / DEGREE_M
    half_lon = half_lat / math.cos(math.radians(lat))
    edges = (lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)
    return MultiPolygon([box(*(round(edge, 5) for edge in edges))])


def parse_town(form: Mapping[str, str]) -> TownInput:
    """The town an administrator adds; InvalidInput names each field that is wrong."""
    noted = Noted()
    name = noted.text("name", form.get("name", ""), MOST_NAME_CHARACTERS)
    if not name:
        noted.wrong("name", N_("Say what the town is called."))
    typed = form.get("ruian", "").replace(" ", "")
    if typed and not SIX_DIGITS.fullmatch(typed):
        noted.wrong("ruian", N_("A RÚIAN code of a municipality has six digits."))
    slug = form.get("slug", "").strip().lower() or slug_of(name)
    if name and not SLUG.fullmatch(slug):
        noted.wrong("slug", N_("An address has small letters, digits, hyphens."))
    if noted.problems:
        raise InvalidInput(*noted.problems)
    return TownInput(name=name, slug=slug, ruian=int(typed) if typed else None)


def _place(typed: str, noted: Noted) -> tuple[float, float] | None:
    """Longitude and latitude of what was typed or copied from a map, latitude first as maps write it."""
    if not typed.strip():
        noted.wrong("place", N_("Show where the town is: click the map, or write its coordinates."))
        return None
    found = PLACE.fullmatch(typed.strip())
    if found is None:
        noted.wrong("place", N_("Write two numbers like 49.951, 15.796, as maps show them: north first."))
        return None
    lat, lon = (float(found[n].replace(",", ".")) for n in (1, 3))
    west, south, east, north = EUROPE
    if not (west <= lon <= east and south <= lat <= north):
        noted.wrong("place", N_("This place is not in Europe. Write the latitude first: 49.951, 15.796."))
        return None
    return lon, lat
