"""A map as somebody describes it: frozen dataclasses, made by inputs/map_folder.py."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from shapely import MultiPolygon

from app.i18n import Texts


@dataclass(frozen=True)
class CategoryInput:
    """A category as written in a map folder."""

    key: str
    label: Texts
    word: Texts
    prompt: Texts
    color: str
    shape: str


@dataclass(frozen=True)
class QuestionInput:
    """A question as written in a map folder."""

    key: str
    label: Texts
    type: str
    options: tuple[Mapping[str, Any], ...]
    categories: tuple[str, ...]
    published: bool


@dataclass(frozen=True)
class EventInput:
    """An event as written in a map folder."""

    code: str
    kind: str
    title: Texts
    place: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    target_group: Texts
    expected_people: int | None
    simple: bool = False
    """Whether its code opens the map in plain steps, for children."""


@dataclass(frozen=True)
class TownInput:
    """The town of a map folder."""

    name: str
    slug: str
    ruian: int | None


@dataclass(frozen=True)
class MapInput:
    """Everything a map folder says but its pins."""

    slug: str
    town: TownInput
    title: Texts
    intro: Texts
    thanks: Texts
    privacy_contact: str | None
    languages: tuple[str, ...]
    categories: tuple[CategoryInput, ...]
    questions: tuple[QuestionInput, ...]
    about: tuple[QuestionInput, ...]
    events: tuple[EventInput, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    publish_pins: bool
    publish_heat: bool
    publish_pins_after: bool | None
    publish_heat_after: bool | None
    k: int
    moderation: str
    show_others: str
    hold_flagged: bool
    retention_days: int
    pin_photos: bool
    """Whether a citizen may add a photo to a pin."""
    basemap: Mapping[str, Any]
    boundary: MultiPolygon
    metric_srid: int
    basemap_geojson: str | None = field(default=None, repr=False)
    pins_file: Path | None = None
    boundary_turned: bool = False
    """Whether the boundary was recognised as S-JTSK in another order or sign than its file says."""

    @property
    def basemap_fingerprint(self) -> str | None:
        """Changes when the vector basemap changes: part of its address."""
        return hashlib.sha256(self.basemap_geojson.encode()).hexdigest()[:12] if self.basemap_geojson else None
