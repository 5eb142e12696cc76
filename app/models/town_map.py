"""A map: its frame, texts, categories, questions and publishing rules."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import AreaWgs84, Base, Texts, one_of
from app.models.town import Town


class Moderation(StrEnum):
    """When a pin becomes visible: at once, or after a look."""

    POST = "post"
    PRE = "pre"


class ShowOthers(StrEnum):
    """When a citizen sees the pins of others on the map; `after_first`: after their own first pin."""

    AFTER_FIRST = "after_first"
    ALWAYS = "always"
    NEVER = "never"


class QuestionScope(StrEnum):
    """What a question asks about: one pin, or the person."""

    PIN = "pin"
    ABOUT = "about"


class QuestionType(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"
    TEXT = "text"


class TownMap(Base):
    """One emotional map of a town."""

    __tablename__ = "town_map"
    __table_args__ = (
        one_of("moderation", Moderation),
        one_of("show_others", ShowOthers),
        CheckConstraint("photo_days BETWEEN 0 AND 3650", name="photo_days"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id), index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    """Grows with every change of the frame, so that processes may keep a map in memory (queries/maps.py)."""
    salt: Mapped[bytes]
    """Hashed with each device token: the same phone can't be followed from map to map."""
    title: Mapped[Texts]
    intro: Mapped[Texts] = mapped_column(server_default="{}")
    thanks: Mapped[Texts] = mapped_column(server_default="{}")
    privacy_contact: Mapped[str | None]
    languages: Mapped[list[str]]
    boundary: Mapped[AreaWgs84]
    metric_srid: Mapped[int]
    """EPSG code of the CRS in which squares are counted: 5514 in Czechia, else the UTM zone."""
    basemap: Mapped[dict[str, Any]] = mapped_column(server_default='{"kind": "none"}')
    """{"kind": "vector"|"xyz"|"pmtiles"|"none", …}; the vector layer itself is in `basemap_layer`."""
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    publish_pins: Mapped[bool] = mapped_column(server_default=text("true"))
    publish_heat: Mapped[bool] = mapped_column(server_default=text("true"))
    publish_pins_after: Mapped[bool | None]
    """The rule once the map is closed; None: the same as before."""
    publish_heat_after: Mapped[bool | None]
    k: Mapped[int] = mapped_column(server_default=text("5"))
    """The least number of respondents in a 250 m square that public heat shows."""
    moderation: Mapped[str] = mapped_column(server_default=Moderation.POST)
    show_others: Mapped[str] = mapped_column(server_default=ShowOthers.AFTER_FIRST)
    draft: Mapped[bool] = mapped_column(server_default=text("false"))
    """Only its town's officials see it, until they open it."""
    hold_flagged: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether a text that seems to name a person, or is vulgar, waits for a look even where others don't."""
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("town_map.id", ondelete="SET NULL"))
    """The round before this one: same questions, same squares."""
    retention_days: Mapped[int] = mapped_column(server_default=text("180"))
    """How long after closing the links between one person's pins, and the answers about persons, are kept."""
    photo_days: Mapped[int] = mapped_column(server_default=text("30"))
    """How long photos of paper sheets are kept once their marks are checked, and after the map has closed."""
    whole_photos: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether all of a photo is kept that long; else only the frame of the sheet."""
    pin_photos: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a citizen may add a photo to a pin."""
    embed_origins: Mapped[list[str]] = mapped_column(server_default="{}")
    """Origins (https://host) whose pages may show this map in a frame; "*" for any."""
    anonymised_at: Mapped[datetime | None]
    """When those were taken away; they never come back."""
    final_summary: Mapped[dict[str, Any] | None]
    """The numbers of people as they were counted before that (queries/summary.py), with the groups' coverage."""
    open_data: Mapped[dict[str, Any] | None]
    """What the open-data catalogue says of the map (inputs/open_data_form.py), once `published_at` is set."""
    story: Mapped[Texts] = mapped_column(server_default="{}")
    """What the town did about it, in its own words (Markdown): for the story of a finished map."""
    story_published: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    town: Mapped[Town] = relationship()
    categories: Mapped[list[Category]] = relationship(
        order_by="Category.position", cascade="all, delete-orphan", passive_deletes=True
    )
    questions: Mapped[list[Question]] = relationship(
        order_by="Question.position", cascade="all, delete-orphan", passive_deletes=True
    )


class BasemapLayer(Base):
    """The map's own vector basemap, as the GeoJSON text that the browser gets."""

    __tablename__ = "basemap_layer"

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    geojson: Mapped[str]
    fingerprint: Mapped[str]


class Category(Base):
    """A feeling or wish a pin of this map can say."""

    __tablename__ = "category"

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    word: Mapped[Texts]
    """The one or two words of a button."""
    label: Mapped[Texts]
    """The whole sentence: "Here I feel safe"."""
    prompt: Mapped[Texts]
    """What the comment field asks."""
    color: Mapped[str]
    shape: Mapped[str]


class Question(Base):
    """A question about a pin or about the person who pins."""

    __tablename__ = "question"
    __table_args__ = (one_of("scope", QuestionScope), one_of("type", QuestionType))

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    type: Mapped[str]
    label: Mapped[Texts]
    options: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")
    """[{"key", "label": {lang: text}}] of single, multiple and scale (there from least to most)."""
    categories: Mapped[list[str]] = mapped_column(server_default="{}")
    """Asked only with pins of these categories; empty: with all."""
    published: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether answers show in public data; answers about the person never do."""
