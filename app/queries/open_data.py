"""What a map gives away, whether it may stand in the open-data catalogue, and which maps do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.i18n import N_, Language, language, text_in
from app.inputs.file_forms import FORMS, Form
from app.inputs.filters import PUBLIC_FILTER
from app.inputs.open_data_form import LANGUAGES, OpenData, stored_open_data
from app.models import Moderation, Pin, Town, TownMap
from app.queries.features import conditions
from app.queries.layers import EVERYTHING, LAYERS, PINS
from app.queries.maps import MapRecord, told_quiet
from app.queries.published import day_of
from app.queries.queue import queue_counts
from app.queries.summary import stored_summary
from app.queries.towns import TownRecord, list_towns

EVERYTHING_FILE = f"{EVERYTHING}.gpkg"
"""All layers in one GeoPackage."""
_ABOUT: Mapping[str, str] = {
    PINS: N_("Every pin that everybody sees, with what the person wrote and what the town answered."),
    "places": N_("Areas that the town has answered as a whole."),
    "heat-cells": N_("How many people marked each feeling, in squares of 25 m."),
    "heat-hexagons": N_("The same counts added up in hexagons of one hectare."),
    "heat-contours": N_("The same, spread softly, as areas between two densities."),
    "hot-spots": N_(
        "Squares in which there is more, or less, of a feeling than chance would bring, with the test’s values."
    ),
    "clusters": N_("Places where pins of one feeling crowd together."),
    "boundary": N_("The area that was asked about."),
}
"""What the layers are, in the order of the page: who knows little about GIS reads from the top."""
_ABOUT_KEPT: Mapping[str, str] = {
    **_ABOUT,
    "heat-cells": N_("How many people marked each feeling, in squares of 250 m; only where they are many."),
    "heat-hexagons": N_("The same counts added up in hexagons of a square kilometre."),
}
"""The same where the map keeps its pins: nobody may learn where single people spoke."""


@dataclass(frozen=True)
class GivenLayer:
    """One layer that everybody may take: its name in addresses, and what it is in words."""

    name: str
    title: str
    about: str

    @property
    def forms(self) -> Sequence[Form]:
        """The files it is given away as."""
        return tuple(FORMS.values())

    @property
    def forms_in_catalogue(self) -> Sequence[Form]:
        """Those the catalogue names: of pins all, of what is made of them two; people find all on the page."""
        return self.forms if self.name == PINS else (FORMS["geojson"], FORMS["gpkg"])


@dataclass(frozen=True)
class DataFacts:
    """How much there is, and since when."""

    pins: int
    changed_on: date | None
    """The day of the newest change: its moment would tell when somebody sat down to pin (decision 0026)."""
    since: date | None
    until: date | None


@dataclass(frozen=True)
class DataSet:
    """One map as it stands, or would stand, in the catalogue."""

    the_map: MapRecord
    town: TownRecord
    open_data: OpenData

    def title(self, code: str) -> str:
        """Its name in this language."""
        return text_in(self.the_map.title, code)


@dataclass(frozen=True)
class Check:
    """One line of the checklist: whether it is all right; where it isn't, whether it may wait."""

    key: str
    is_done: bool
    is_needed: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)


def gives_data(the_map: MapRecord) -> bool:
    """Whether there is anything to take."""
    return the_map.publish_pins or the_map.publish_heat


def given_layers(the_map: MapRecord) -> Sequence[GivenLayer]:
    """The layers that everybody may take as files, as the map is published now."""
    return tuple(
        GivenLayer(name, LAYERS[name].title, about)
        for name, about in (_ABOUT if the_map.publish_pins else _ABOUT_KEPT).items()
        if (the_map.publish_heat if LAYERS[name].of_heat else name != PINS or the_map.publish_pins)
    )


def published_slugs(session: Session, town: str | None = None) -> Sequence[str]:
    """The maps that editors put into the catalogue, by town and age; what they give away is not asked here."""
    query = (
        select(TownMap.slug)
        .join(Town)
        .where(TownMap.open_data["published_at"].astext.is_not(None), TownMap.draft.is_(False))
        .order_by(Town.name, TownMap.id)
    )
    return session.scalars(query if town is None else query.where(Town.slug == town)).all()


def data_set(session: Session, the_map: MapRecord) -> DataSet | None:
    """The map as the catalogue has it; None where it isn't there, or may not be any more."""
    return next(data_sets_of(session, [the_map]), None)


def data_sets_of(session: Session, maps: Sequence[MapRecord]) -> Iterator[DataSet]:
    """Those of the maps that are in the catalogue, and may still be."""
    published = [(the_map, stored_open_data(the_map.open_data)) for the_map in maps]
    given = [(the_map, one) for the_map, one in published if one is not None and one.published_at is not None]
    towns = (
        {town.id: town for town in list_towns(session, [the_map.town_id for the_map, _ in given])} if given else {}
    )
    for the_map, open_data in given:
        found = DataSet(the_map, towns[the_map.town_id], open_data)
        if all(check.is_done for check in lasting_checks(the_map, found.town)):
            yield found


def data_facts(session: Session, the_map: MapRecord) -> DataFacts:
    """How many pins there are and when anything changed; as of today's snapshot where pins are not published."""
    until = _day(the_map.closes_at) if the_map.is_over() else None
    opened = _day(the_map.opens_at)
    if not the_map.publish_pins:
        summary = stored_summary(session, the_map)
        taken = _day(summary.taken_at) if summary else None
        return DataFacts(summary.pins if summary else 0, taken, opened, until)
    pins, changed, first = session.execute(
        select(func.count(), func.max(Pin.changed_at), func.min(Pin.created_at)).where(
            *conditions(the_map.id, PUBLIC_FILTER)
        )
    ).one()
    quiet = told_quiet(session, the_map)
    days = [day for day in (opened, first and quiet.span_of(day_of(first))[0]) if day]
    # Of days that are told as one, the last: nothing has changed since, which is what harvesters ask.
    return DataFacts(pins, quiet.span_of(day_of(changed))[1] if changed else None, min(days, default=None), until)


def lasting_checks(the_map: MapRecord, town: TownRecord) -> Sequence[Check]:
    """What must hold before the map goes into the catalogue, and as long as it is there."""
    return (
        Check("ico", town.ico is not None),
        Check("ruian", town.ruian is not None),
        Check("open", not the_map.draft),
        Check("gives", gives_data(the_map)),
    )


def checks(session: Session, the_map: MapRecord, town: TownRecord, base: str) -> Sequence[Check]:
    """The whole checklist of an editor; `base` is the server's address."""
    waiting = queue_counts(session, the_map).whole
    return (
        *lasting_checks(the_map, town),
        Check("queue", waiting == 0, is_needed=False, data={"n": waiting}),
        Check("moderation", the_map.moderation == Moderation.PRE, is_needed=False),
        Check("https", base.startswith("https://"), is_needed=False),
    )


def suggested(the_map: MapRecord) -> OpenData:
    """What the form says before anybody has written anything."""
    words = {code: language(code) for code in LANGUAGES}
    over = the_map.is_over()
    return OpenData(
        themes=("SOCI", "REGI"),
        periodicity=("IRREG" if over else "UPDATE_CONT") if the_map.publish_pins else "DAILY",
        keywords={code: _keywords(the_map, words[code]) for code in LANGUAGES},
        description={code: _description(the_map, words[code]) for code in LANGUAGES},
    )


def _keywords(the_map: MapRecord, words: Language) -> tuple[str, ...]:
    common = (N_("emotional map"), N_("public space"), N_("safety"), N_("taking part"))
    return (*(words.gettext(word) for word in common), the_map.town)


def _description(the_map: MapRecord, words: Language) -> str:
    quoted = N_("“%(words)s”")
    feelings = ", ".join(words.gettext(quoted, {"words": text_in(c.word, words.code)}) for c in the_map.categories)
    said = N_(
        "Places that people marked on the map “%(title)s” of the town %(town)s, by what they feel or wish there"
        " (%(feelings)s), with their comments and the town’s answers. People took part of their own accord and"
        " anonymously; the data say nothing about them."
    )
    return words.gettext(
        said, {"title": text_in(the_map.title, words.code), "town": the_map.town, "feelings": feelings}
    )


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(TOWN_CLOCK).date() if moment else None
