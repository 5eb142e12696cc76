"""A map's basemap set by its office."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import BasemapLayer, TownMap
from app.services.audit import Actor, Deed, Place, record
from app.services.tile_packs import pack_path


@dataclass(frozen=True)
class NewBasemap:
    """The rule as the map keeps it, and the text of its own layer where a new one came."""

    rule: Mapping[str, Any]
    layer: str | None = None


def set_basemap(session: Session, by: Actor, the_map: Place, wanted: NewBasemap) -> str | None:
    """Give the map this basemap; the fingerprint of a tile file it leaves behind, which may be needed no more.

    A layer of its own stays in store under other basemaps: standalone files draw it, and one may come back to it.
    """
    row = session.scalars(select(TownMap).where(TownMap.id == the_map.id).with_for_update()).one()
    before = dict(row.basemap)
    row.basemap = dict(wanted.rule)
    row.version += 1
    if wanted.layer is not None:
        layer = session.get(BasemapLayer, row.id)
        if layer is None:
            layer = BasemapLayer(map_id=row.id)
            session.add(layer)
        layer.geojson = wanted.layer
        layer.fingerprint = hashlib.sha256(wanted.layer.encode()).hexdigest()[:12]
    detail = {"kind": wanted.rule["kind"], **({"url": wanted.rule["url"]} if "url" in wanted.rule else {})}
    record(session, by, Deed("map.basemap", detail=detail), the_map=the_map)
    session.flush()
    left = before.get("fingerprint")
    return left if left and left != wanted.rule.get("fingerprint") else None


def forget_pack(session: Session, folder: Path, fingerprint: str) -> None:
    """Take the tile file away if no map stands on it any more."""
    if (
        session.scalar(select(TownMap.id).where(TownMap.basemap["fingerprint"].astext == fingerprint).limit(1))
        is None
    ):
        pack_path(folder, fingerprint).unlink(missing_ok=True)
