"""Finished maps as stories, and the server's front page: only what everybody may see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.i18n import Texts
from app.models import Event, PinStatus, QuestionType, Town, TownMap
from app.queries.answers import PublicPlace, public_places
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.queries.office import events_of
from app.queries.story import Story, tell

LEAST_GROUP = 5
"""A group of fewer people is never told apart, however small a town sets its own k."""
CARD_KEPT_S = 600
"""How long the front page keeps the numbers of a story: a closed map hardly changes any more."""
TOLD_FIRST = (PinStatus.DONE, PinStatus.PLANNED, PinStatus.RECEIVED, PinStatus.DECLINED)
BEHIND = "\uffff"
OWN_PLACE = {"ch": "h" + BEHIND, "č": "c" + BEHIND, "ř": "r" + BEHIND, "š": "s" + BEHIND, "ž": "z" + BEHIND}
LETTER = re.compile("|".join(OWN_PLACE))

_GROUPS = text(
    """
    SELECT said.key, answer, count(*)
    FROM respondent r
    CROSS JOIN LATERAL jsonb_each(r.about) AS said(key, given)
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(said.given) WHEN 'array' THEN said.given ELSE jsonb_build_array(said.given) END
    ) AS answer
    WHERE r.map_id = :map AND said.key = ANY(:keys) AND EXISTS (
        SELECT FROM pin p WHERE p.map_id = r.map_id AND p.respondent_id = r.id AND p.state = 'visible'
    )
    GROUP BY 1, 2
    """
)


@dataclass(frozen=True)
class GroupShare:
    """One group of people and its share of all who took part."""

    label: Texts
    share: float


@dataclass(frozen=True)
class GroupQuestion:
    """What was asked about the person, with the groups that are large enough."""

    label: Texts
    groups: Sequence[GroupShare]
    rest: float | None
    """The share of those who did not say, or are of a smaller group; None where one may be of several groups."""


@dataclass(frozen=True)
class ToldEvent:
    """An event that took place; `people` only where there are enough of them."""

    event: Event
    people: int | None


@dataclass(frozen=True)
class Told:
    """Everything a finished map has to tell."""

    story: Story
    groups: Sequence[GroupQuestion]
    answers: Mapping[str, Sequence[PublicPlace]]
    """The answered places by status, what was done first."""
    events: Sequence[ToldEvent]
    next_round: MapLink | None


@dataclass(frozen=True)
class MapLink:
    """The way to another map."""

    slug: str
    title: Texts


@dataclass(frozen=True)
class StoryCard:
    """A story on the front page; of `story` only its numbers, its frame and what its picture shows."""

    the_map: MapRecord
    story: Story


def public_slugs(session: Session) -> Sequence[str]:
    """The maps that are no drafts, by the alphabet of their towns."""
    query = select(TownMap.slug, Town.name).join(Town).where(TownMap.draft.is_(False)).order_by(TownMap.id)
    return [slug for slug, _ in sorted(session.execute(query), key=lambda row: alphabetical(row.name))]


def alphabetical(name: str) -> str:
    """What names sort by in Czech: ch after h, č ř š ž after their plain letters, other accents ignored."""
    letters = LETTER.sub(lambda found: OWN_PLACE[found[0]], unicodedata.normalize("NFC", name).casefold())
    return "".join(char for char in unicodedata.normalize("NFD", letters) if not unicodedata.combining(char))


def story_card(session: Session, store: HeatStore, the_map: MapRecord, now: datetime | None = None) -> StoryCard:
    """The story as the front page shows it, counted anew every ten minutes at most."""
    turn = int((now or datetime.now(UTC)).timestamp() // CARD_KEPT_S)
    key = (the_map.id, the_map.version, the_map.publish_heat, the_map.publish_pins, "card", turn)
    return StoryCard(the_map, store.remember(key, lambda: _bare(tell(session, store, the_map))))


def tell_whole(session: Session, store: HeatStore, the_map: MapRecord) -> Told:
    """The story of a map with who took part and what the town did."""
    story = tell(session, store, the_map)
    return Told(
        story,
        groups_of(session, the_map, story.summary.people),
        _by_status(public_places(session, the_map, story.summary.places)),
        _events(session, the_map, story),
        _next_round(session, the_map),
    )


def groups_of(session: Session, the_map: MapRecord, people: int) -> list[GroupQuestion]:
    """The shares of groups among all who took part, question by question; no group of fewer than k people.

    Where the shares left out would together be fewer than k people, the smallest group shown is left out too:
    otherwise the rest would give them away.
    """
    counted = _counted_groups(session, the_map)
    least = max(the_map.k, LEAST_GROUP)
    found = []
    for question in the_map.about:
        counts = counted.get(question.key, {})
        labels = {str(option["key"]): option["label"] for option in question.options}
        large = {key: n for key, n in counts.items() if key in labels and n >= least}
        one_of = question.type != QuestionType.MULTIPLE
        if one_of and large and 0 < people - sum(large.values()) < least:
            del large[min(large, key=lambda key: large[key])]
        if not large:
            continue
        whole = max(people, sum(large.values()) if one_of else max(large.values()))
        groups = [GroupShare(labels[key], large[key] / whole) for key in labels if key in large]
        rest = 1 - sum(group.share for group in groups) if one_of else None
        found.append(GroupQuestion(question.label, groups, rest))
    return found


def _counted_groups(session: Session, the_map: MapRecord) -> dict[str, dict[str, int]]:
    """People by question and answer; of an anonymised map, as they were counted before."""
    keys = [question.key for question in the_map.about if question.type != QuestionType.TEXT]
    if the_map.anonymised_at is not None:
        kept: Mapping[str, Mapping[str, int]] = (the_map.final_summary or {}).get("groups") or {}
        return {key: dict(kept[key]) for key in keys if key in kept}
    counted: dict[str, dict[str, int]] = {}
    for key, answer, people in session.execute(_GROUPS, {"map": the_map.id, "keys": keys}):
        counted.setdefault(key, {})[answer] = people
    return counted


def _by_status(places: Sequence[PublicPlace]) -> dict[str, list[PublicPlace]]:
    grouped = {status: [place for place in places if place.record.status == status] for status in TOLD_FIRST}
    return {status.value: found for status, found in grouped.items() if found}


def _events(session: Session, the_map: MapRecord, story: Story) -> list[ToldEvent]:
    people = {count.key: count.people for count in story.summary.events}
    least = max(the_map.k, LEAST_GROUP)
    return [
        ToldEvent(event, n if (n := people.get(event.code, 0)) >= least else None)
        for event in events_of(session, the_map.id)
    ]


def _next_round(session: Session, the_map: MapRecord) -> MapLink | None:
    query = select(TownMap.slug, TownMap.title).where(TownMap.previous_id == the_map.id, TownMap.draft.is_(False))
    row = session.execute(query.order_by(TownMap.id.desc()).limit(1)).first()
    return MapLink(row.slug, row.title) if row else None


def _bare(story: Story) -> Story:
    """The story without words and places: what a card needs, and nothing that may have to vanish at once."""
    categories = [replace(category, places=[]) for category in story.categories]
    return replace(story, categories=categories, legends=[], comments=[], names=None)
