"""A council report as data: what was asked, who came, what they said and what the town answers; nothing below k.

Everything here is fit to be published by a council. Maps, places and quotes are those that everybody may see;
groups of people smaller than the map's k are put together or left out, so that no row of any table, nor the
difference between two, speaks of a few persons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, Scope
from app.inputs.heat import HeatQuery
from app.models import Event, Pin, PinStatus, QuestionType, Town
from app.queries.answers import AnsweredPin, PublicPlace, answered_pins, public_places
from app.queries.coverage import Groups, TownCoverage, compare, count_groups
from app.queries.features import conditions
from app.queries.heat import uses_snapshot
from app.queries.heat_store import Heat, HeatStore
from app.queries.maps import MapRecord, QuestionRecord
from app.queries.office import MapCounts, counts_of_maps, events_of
from app.queries.story import SPOKEN_WITHIN_M, CategoryStory, Place, Story, tell
from app.queries.summary import ENOUGH_CHARACTERS, QUOTED_CHARACTERS, Comment, Count, Summary
from gis.crs import to_metric, transform_geometry
from gis.grid import SQUARE_M, square_of

QUOTES = 3
"""For each place."""
SILENT = ""
"""Stands among a question's options for having given no answer."""
MOST_ANSWERED_PINS = 10_000
ANSWERED_WITHIN_M = 75.0
"""An answer for an area this near to a strong place speaks of it."""


@dataclass(frozen=True)
class Tally:
    """How many people gave an answer; several answers together where one alone would be too few people."""

    options: tuple[str, ...]
    people: int | None
    """None: fewer than k, and nothing to put them together with."""


@dataclass(frozen=True)
class Answers:
    """What people answered to one question."""

    question: QuestionRecord
    asked: int
    """People who could have answered."""
    silent: int | None
    """Of those, people who did not; None where that would be too few to say."""
    tallies: Sequence[Tally]


@dataclass(frozen=True)
class EventCount:
    """An event and the people and pins that came through it, where there are enough to say."""

    event: Event
    count: Count | None


@dataclass(frozen=True)
class Spoken:
    """One of the strongest places, what people said there, and what the town answers to it."""

    place: Place
    quotes: Sequence[Comment]
    answers: Sequence[PublicPlace]


@dataclass(frozen=True)
class CategoryPart:
    """One feeling: how many, where, what was said, what was answered about it."""

    story: CategoryStory
    heat: Heat | None = field(repr=False)
    places: Sequence[Spoken]
    answers: Sequence[Answers]


@dataclass(frozen=True)
class Report:
    """Everything a council report tells, in no language yet."""

    the_map: MapRecord
    story: Story = field(repr=False)
    counts: MapCounts
    """Of all pins whatever became of them, as the office sees them; only their number is told."""
    categories: Sequence[CategoryPart]
    about: Sequence[Answers]
    """What people said about themselves, of all who took part."""
    coverage: TownCoverage | None = field(repr=False)
    has_census: bool
    events: Sequence[EventCount]
    answered: Sequence[PublicPlace]
    answered_pins: Sequence[AnsweredPin]
    statuses: Mapping[str, int]
    """Visible pins by what the town says of them."""
    taken_at: datetime

    @property
    def summary(self) -> Summary:
        """The numbers of what everybody may see."""
        return self.story.summary

    @property
    def is_enough(self) -> bool:
        """Whether so many people took part that their number may be told."""
        return self.summary.people >= self.the_map.k


def council_report(session: Session, store: HeatStore, the_map: MapRecord) -> Report:
    """The report as the data are now; heats are made by and kept in the store."""
    story = tell(session, store, the_map)
    answered = public_places(session, the_map, story.summary.places)
    enough = story.summary.people >= the_map.k
    said = _pin_answers(session, the_map) if enough else {}
    groups = count_groups(session, the_map)
    census = session.scalar(select(Town.census).where(Town.id == the_map.town_id))
    parts = []
    for one in story.categories:
        heat = store.heat(session, the_map, HeatQuery(one.record.key), Scope.PUBLIC) if one.has_heat else None
        places = [_spoken(session, the_map, one.record.key, place, answered) for place in one.places]
        parts.append(CategoryPart(one, heat, places, said.get(one.record.key, [])))
    return Report(
        the_map=the_map,
        story=story,
        counts=counts_of_maps(session, [the_map.id])[the_map.id],
        categories=parts,
        about=_about(the_map, groups) if enough else [],
        coverage=compare(groups, census) if enough else None,
        has_census=bool(census),
        events=_events(session, the_map, story.summary),
        answered=answered,
        answered_pins=answered_pins(session, the_map, MOST_ANSWERED_PINS),
        statuses=_statuses(session, the_map),
        taken_at=story.summary.taken_at if uses_snapshot(the_map) else datetime.now(UTC),
    )


def told(count: Count, k: int) -> Count | None:
    """The count where it is of at least k people, or of nobody; else None."""
    return count if count.people >= k or count.people == 0 else None


def protected(counts: Mapping[tuple[str, ...], int], k: int) -> list[Tally]:
    """The answers with their people, those below k put together until no row, nor any difference, is below k.

    A row of nobody stays: it speaks of no one. Where even all together are too few, no number is told.
    """
    small = [options for options, people in counts.items() if 0 < people < k]
    if not small:
        return [Tally(options, people) for options, people in counts.items()]
    together = sum(counts[options] for options in small)
    # Silence first: it says least, so least is lost with it.
    larger = sorted((options != (SILENT,), n, options) for options, n in counts.items() if n >= k)
    while together < k and larger:
        _, people, options = larger.pop(0)
        small.append(options)
        together += people
    kept = [Tally(options, people) for options, people in counts.items() if options not in small]
    # In the order of the question, not of size.
    joined = tuple(option for options in counts if options in small for option in options)
    return [*kept, Tally(joined, together if together >= k else None)]


def _spoken(
    session: Session, the_map: MapRecord, category: str, place: Place, answered: Sequence[PublicPlace]
) -> Spoken:
    quotes = [] if uses_snapshot(the_map) else _quotes(session, the_map, category, place)
    to_plane = to_metric(the_map.metric_srid)
    here = shapely.Point(place.x, place.y)
    answers = [
        one
        for one in answered
        if (not one.record.categories or category in one.record.categories)
        and transform_geometry(one.record.area, to_plane).distance(here) <= ANSWERED_WITHIN_M
    ]
    return Spoken(place, quotes, answers)


def _quotes(session: Session, the_map: MapRecord, category: str, place: Place) -> list[Comment]:
    """What was said around a place: most supported first, then what says enough; one person is heard once.

    Only what everybody may read; a text that a detector has doubts about waits for a moderator's look.
    """
    column, row = (int(one) for one in square_of(place.x, place.y))
    reach = round(SPOKEN_WITHIN_M / SQUARE_M)
    wanted = replace(PUBLIC_FILTER, categories=frozenset({category}), commented=True, flagged=False)
    says_enough = func.least(func.length(Pin.comment), ENOUGH_CHARACTERS)
    columns: Sequence[Any] = (
        Pin.respondent_id,
        func.lower(Pin.comment),
        Pin.id,
        func.ST_X(Pin.position),
        func.ST_Y(Pin.position),
        Pin.category,
        Pin.comment,
        Pin.created_at,
        Pin.supports,
        Pin.status,
        Pin.answer,
    )
    query = (
        select(*columns)
        .where(
            *conditions(the_map.id, wanted),
            Pin.square_x.between(column - reach, column + reach),
            Pin.square_y.between(row - reach, row + reach),
            func.length(Pin.comment) <= QUOTED_CHARACTERS,
            # Cut in the middle of a letter by some older system: not to be printed.
            ~Pin.comment.contains("\ufffd"),
        )
        .order_by(Pin.supports.desc(), says_enough.desc(), Pin.created_at.desc(), Pin.id)
        .limit(QUOTES * 10)
    )
    heard: set[object] = set()
    found: list[Comment] = []
    for person, words, *values in session.execute(query):
        if heard & {person, words}:
            continue
        heard |= {person, words}
        found.append(Comment(*values))
    return found[:QUOTES]


def _about(the_map: MapRecord, groups: Groups) -> list[Answers]:
    """What people said about themselves, each group of at least k; never joined with a place or a word."""
    found = []
    for asked in groups.asked:
        if the_map.anonymised_at is not None:
            # Kept were only groups that are large enough; the others are silent now.
            rows = [Tally((key,), n) for key, n in asked.people.items() if n]
            found.append(Answers(asked.question, groups.people, None, rows))
        elif asked.question.type == QuestionType.MULTIPLE:
            found.append(_apart(asked.question, groups.people, asked.people, asked.silent, the_map.k))
        else:
            found.append(_adding_up(asked.question, groups.people, asked.people, asked.silent, the_map.k))
    return [answers for answers in found if any(row.people for row in answers.tallies)]


def _pin_answers(session: Session, the_map: MapRecord) -> dict[str, list[Answers]]:
    """What people answered about their pins, by category; only questions whose answers are published."""
    questions = [q for q in the_map.questions if q.published and q.type != QuestionType.TEXT]
    if not questions or uses_snapshot(the_map):
        return {}
    rows = session.execute(
        select(Pin.category, Pin.respondent_id, Pin.answers).where(*conditions(the_map.id, PUBLIC_FILTER))
    ).all()
    found: dict[str, list[Answers]] = {}
    for category in the_map.categories:
        asked = [q for q in questions if not q.categories or category.key in q.categories]
        mine = [(row[1], row[2]) for row in rows if row[0] == category.key]
        if asked and len({person for person, _ in mine}) >= the_map.k:
            found[category.key] = [_by_person(question, mine, the_map.k) for question in asked]
    return found


def _by_person(question: QuestionRecord, pins: Sequence[tuple[Any, Mapping[str, Any]]], k: int) -> Answers:
    """Each person's answers about their pins: who said one thing here and another there counts with both."""
    given: dict[Any, set[str]] = {}
    for person, answers in pins:
        value = answers.get(question.key)
        several = value if isinstance(value, list) else [] if value is None else [value]
        given.setdefault(person, set()).update(str(one) for one in several)
    seen = Counter(one for values in given.values() for one in values)
    counts = {str(option["key"]): seen[str(option["key"])] for option in question.options}
    silent = sum(not values for values in given.values())
    make = _apart if any(len(values) > 1 for values in given.values()) else _adding_up
    return make(question, len(given), counts, silent, k)


def _adding_up(question: QuestionRecord, asked: int, people: Mapping[str, int], silent: int, k: int) -> Answers:
    """One answer a person: those who gave none are a row like the others, as the rows add up to all."""
    rows = protected({**{(key,): n for key, n in people.items()}, (SILENT,): silent}, k)
    mute = next((row for row in rows if row.options == (SILENT,)), None)
    return Answers(question, asked, mute.people if mute else None, [row for row in rows if row is not mute])


def _apart(question: QuestionRecord, asked: int, people: Mapping[str, int], silent: int, k: int) -> Answers:
    """Several answers a person: the rows don't add up to anything, so no row follows from the others."""
    rows = [Tally((key,), n if n >= k or n == 0 else None) for key, n in people.items()]
    return Answers(question, asked, silent if silent >= k or silent == 0 else None, rows)


def _events(session: Session, the_map: MapRecord, summary: Summary) -> list[EventCount]:
    counted = {count.key: count for count in summary.events}
    return [
        EventCount(event, told(counted.get(event.code, Count(event.code, 0, 0, 0)), the_map.k))
        for event in events_of(session, the_map.id)
    ]


def _statuses(session: Session, the_map: MapRecord) -> dict[str, int]:
    rows = session.execute(
        select(Pin.status, func.count())
        .where(*conditions(the_map.id, PUBLIC_FILTER), Pin.status != PinStatus.RECEIVED)
        .group_by(Pin.status)
    ).all()
    return {row[0]: row[1] for row in rows}
