"""What a place is called: after the map's own layer, else after the street of the nearest address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Address
from app.queries.maps import MapRecord
from app.queries.strong_places import read_names
from gis.crs import to_metric
from gis.names import WITHIN_M, Names

if TYPE_CHECKING:
    from scipy.spatial import KDTree


@dataclass(frozen=True)
class NearestNames:
    """Names of a map's surroundings, ready to be asked."""

    own: Names | None
    tree: KDTree | None
    streets: Sequence[str]
    """Of each address in the tree its street, or its label where the part of the town has no streets."""

    def near(self, x: float, y: float) -> str | None:
        """The name of what is near a metric place; None where nothing named is."""
        name = self.own.near(x, y) if self.own else None
        if name or self.tree is None:
            return name
        away, nearest = self.tree.query((x, y), distance_upper_bound=WITHIN_M)
        return self.streets[int(nearest)] if np.isfinite(away) else None


def nearest_names(session: Session, the_map: MapRecord) -> NearestNames:
    """The names around a map."""
    rows = session.execute(
        select(
            func.ST_X(Address.position), func.ST_Y(Address.position), func.coalesce(Address.street, Address.label)
        ).where(Address.town_id == the_map.town_id)
    ).all()
    tree = None
    if rows:
        from scipy.spatial import KDTree

        x, y = to_metric(the_map.metric_srid)([row[0] for row in rows], [row[1] for row in rows])
        tree = KDTree(np.column_stack([x, y]))
    return NearestNames(read_names(session, the_map), tree, [row[2] for row in rows])
