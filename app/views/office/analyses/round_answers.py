"""Answered places before and after the answer, as bars and in words; and what a fall may also mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.i18n import N_
from app.models import PinStatus
from app.queries.filter_words import STATUS_WORDS
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.round_results import FELL, FEW, GREW, SAME, UNKNOWN, PlaceChange, Result
from app.views.office.analyses.round_numbers import PERCENT, counts, percent, points
from app.views.reader import day, number, reader_language, say

PLACE_READINGS = {
    FELL: N_("Fewer than before, by more than chance."),
    GREW: N_("More than before, by more than chance."),
    SAME: N_("No more different than by chance."),
    FEW: N_("Too few to say anything."),
    UNKNOWN: N_("Whether it is more than chance can’t be said: persons have been taken apart."),
}
A_MONTH = N_("A month of collecting: %(before)s people before, %(after)s since.")
BEFORE = N_("%(then)s of %(of_then)s people before")
SINCE = N_("%(now)s of %(of_now)s since")
DONE_FELL = N_(
    "Near places answered as done the share of people fell by more than chance in %(fell)s of %(places)s cases and"
    " grew in %(grew)s; of the others nothing can be told from chance. Each category counts as a case of its own."
)
UNANSWERED = N_(
    "For comparison, “%(category)s” in the other clusters of the last round, which no answer touches (%(places)s):"
    " there the share of people now is %(percent)s %% of what it was."
)
MAY_MEAN = (
    N_(
        "Places are answered because many complained, and what is highest once is mostly lower next time, by"
        " itself (regression to the mean). That is why the places without an answer stand beside."
    ),
    N_("Who has had an answer may not say it again, though nothing is better."),
    N_("Other people may have taken part, or at another time of the year."),
    N_("A fall says that fewer people mark it, not that fewer things happen there: look at the facts as well."),
)


@dataclass(frozen=True)
class Bars:
    """Before and after, as shares of the widest bar on the page."""

    before: float
    after: float


@dataclass(frozen=True)
class PlaceWords:
    """One category near one answered place."""

    place: PlaceChange
    category: CategoryRecord
    status: str
    answered: str
    then: str
    now: str
    bars: Bars
    before: str
    since: str
    sentences: Sequence[str]


def answers_of(the_map: MapRecord, result: Result) -> list[PlaceWords]:
    """The answered places, done ones first; without rows where nobody ever said this."""
    known = [
        one
        for one in result.places
        if one.category in the_map.category_by_key and one.people.then + one.people.now
    ]
    widest = max((max(one.people.share_then, one.people.share_now) for one in known), default=0.0) or 1.0
    known.sort(key=lambda one: (one.status != PinStatus.DONE, one.name, -one.people.then))
    return [_place_words(the_map, one, widest) for one in known]


def _place_words(the_map: MapRecord, place: PlaceChange, widest: float) -> PlaceWords:
    words, people = reader_language(), place.people
    sentences = [words.gettext(PLACE_READINGS[place.reading])]
    if place.reading not in (FEW, UNKNOWN):
        sentences += points(people)
    if place.months_before and place.months_after:
        rates = {
            "before": number(people.then / place.months_before, 1),
            "after": number(people.now / place.months_after, 1),
        }
        sentences.append(words.gettext(A_MONTH, rates))
    return PlaceWords(
        place,
        the_map.category_by_key[place.category],
        words.gettext(STATUS_WORDS[PinStatus(place.status)]),
        day(datetime.fromisoformat(place.answered_at)),
        percent(people.share_then),
        percent(people.share_now),
        Bars(round(people.share_then / widest * PERCENT, 1), round(people.share_now / widest * PERCENT, 1)),
        words.gettext(BEFORE, counts(people)),
        words.gettext(SINCE, counts(people)),
        sentences,
    )


def done_words(the_map: MapRecord, result: Result) -> list[str]:
    """What became of places that the town answered as done, and of those without an answer."""
    words = reader_language()
    done = [one for one in result.places if one.status == PinStatus.DONE and one.reading not in (FEW, UNKNOWN)]
    if not done:
        return []
    said = {
        "places": number(len(done)),
        "fell": number(sum(one.reading == FELL for one in done)),
        "grew": number(sum(one.reading == GREW for one in done)),
    }
    sentences = [words.gettext(DONE_FELL, said)]
    asked = {one.category for one in done}
    for one in result.categories:
        if one.key in asked and one.key in the_map.category_by_key and one.unanswered:
            data = {
                "category": say(the_map.category_by_key[one.key].word),
                "places": number(one.unanswered.places),
                "percent": number(one.unanswered.ratio * PERCENT, 0),
            }
            sentences.append(words.gettext(UNANSWERED, data))
    return sentences
