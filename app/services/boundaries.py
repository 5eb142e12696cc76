"""A map's new boundary: kept aside while somebody looks at it, then set."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import shapely
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.boundary_files import UploadedArea, UploadedAreas
from app.models import Pin, Town, TownMap
from app.services.audit import Actor, Deed, Place, record
from gis.crs import KROVAK, metric_srid
from gis.geojson import MAX_VERTICES
from gis.outline import area_km2, joined

LEAST_KM2 = 0.0005
MOST_KM2 = 20_000.0
"""The largest Czech region has 11 000: more is a country, and no town's map."""
KEPT_S = 24 * 3600
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Chosen:
    """The boundary that somebody put together of the areas of a file."""

    area: MultiPolygon
    km2: float
    vertices: int
    mended: bool
    """Whether the outline of one of them crossed itself."""


def keep_draft(folder: Path, map_id: int, drawn: UploadedAreas) -> str:
    """Put the areas aside for a day; the token under which they are found again."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_old(folder)
    token = secrets.token_urlsafe(16)
    written = {
        "map": map_id,
        "turned_krovak": drawn.turned_krovak,
        "areas": [
            {"name": a.name, "wkb": shapely.to_wkb(a.area, hex=True), "crossing": a.crossing, "chosen": a.chosen}
            for a in drawn.areas
        ],
    }
    draft = folder / f"{token}.part"
    draft.write_text(json.dumps(written))
    draft.rename(folder / f"{token}.json")
    return token


def read_draft(folder: Path, map_id: int, token: str) -> UploadedAreas:
    """The areas put aside under this token for this map; Unknown when they are gone, or another map's."""
    if not TOKEN.fullmatch(token):
        raise Unknown
    try:
        written = json.loads((folder / f"{token}.json").read_text())
    except FileNotFoundError as error:
        raise Unknown from error
    if written["map"] != map_id:
        raise Unknown
    areas = [
        UploadedArea(a["name"], shapely.from_wkb(a["wkb"]), a["crossing"], a["chosen"]) for a in written["areas"]
    ]
    return UploadedAreas(areas, written["turned_krovak"])


def choose(drawn: UploadedAreas, parts: Collection[int]) -> Chosen:
    """These areas joined to one boundary; InvalidInput when that can't be one."""
    picked = [area for n, area in enumerate(drawn.areas) if n in parts]
    if not picked:
        raise InvalidInput(Problem("part", N_("Choose at least one area.")))
    area = picked[0].area if len(picked) == 1 else joined(one.area for one in picked)
    vertices = int(shapely.get_num_coordinates(area))
    if vertices > MAX_VERTICES:
        raise InvalidInput(
            Problem(
                "part", N_("The outline has more than %(limit)s points; simplify it."), {"limit": MAX_VERTICES}
            )
        )
    km2 = area_km2(area)
    if km2 < LEAST_KM2:
        raise InvalidInput(Problem("part", N_("The area is smaller than a garden; draw a larger one.")))
    if km2 > MOST_KM2:
        raise InvalidInput(
            Problem("part", N_("That is larger than any town or region; choose your municipality only."))
        )
    return Chosen(area, km2, vertices, any(one.crossing for one in picked))


def set_boundary(session: Session, by: Actor, the_map: Place, chosen: Chosen) -> None:
    """Give the map this boundary. Pins stay, wherever they are; the queue looks at each of them again."""
    row = session.scalars(select(TownMap).where(TownMap.id == the_map.id).with_for_update()).one()
    row.boundary = from_shape(chosen.area, srid=4326)
    # The squares in which pins are counted are the metric system's: with pins there it can't change any more.
    if session.scalar(select(Pin.id).where(Pin.map_id == row.id).limit(1)) is None:
        row.metric_srid = _metric_srid(session, row.town_id, chosen.area)
    row.version += 1
    session.execute(update(Pin).where(Pin.map_id == row.id).values(checked_at=None))
    detail = {"km2": round(chosen.km2, 3), "points": chosen.vertices, "mended": chosen.mended}
    record(session, by, Deed("map.boundary", detail=detail), the_map=the_map)
    session.flush()


def forget_draft(folder: Path, token: str) -> None:
    """Take away what was put aside."""
    if TOKEN.fullmatch(token):
        (folder / f"{token}.json").unlink(missing_ok=True)


def _metric_srid(session: Session, town_id: int, area: MultiPolygon) -> int:
    if session.scalar(select(Town.ruian).where(Town.id == town_id)):
        return KROVAK
    centre = area.centroid
    return metric_srid(centre.x, centre.y)


def _forget_old(folder: Path) -> None:
    too_old = time.time() - KEPT_S
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.stat().st_mtime < too_old:
                Path(entry.path).unlink(missing_ok=True)
