"""What is said beside a comparison of two rounds: how it is made, of how many people, and what it can't say."""

from __future__ import annotations

from app.i18n import N_, Language, text_in
from app.queries.heat_words import METHOD_WHO
from app.queries.layer_notes import listed, number
from app.queries.maps import MapRecord
from app.queries.round_results import Result, RoundSide
from gis.analysis.change import DIVISIONS, LEAST_TOGETHER

WHO = N_(
    "Compared are “%(then)s” (people: %(people_then)s, pins: %(pins_then)s) and “%(now)s” (people: %(people_now)s,"
    " pins: %(pins_now)s). Counted are all pins that nobody has hidden."
)
SHARES = N_(
    "Different numbers of people took part, so shares of people are compared and never numbers: of all who took"
    " part in the round, how many marked this within %(band)s m of the middle of a square of %(side)s m, each"
    " person once. We ask this first because every person counts the same, and because it also has an answer where"
    " nobody spoke before."
)
AMONG = N_(
    "That more people come to a place at all is not yet more fear there. So of every area we also ask: of those"
    " who said anything near here, how many said this? Only where that has moved as well, we say that the feeling"
    " changed."
)
TEST = N_(
    "Tested are squares near which at least %(least)s people of both rounds together marked it (Fisher’s exact"
    " test, 1935). Of all outlined squares of a category about 5 %% are there by luck (Benjamini and Hochberg"
    " 1995)."
)
AREAS = N_(
    "Outlined squares that touch are an area, told only if luck would hardly ever make one anywhere in the town:"
    " the people of both rounds were divided anew by lot %(times)s times, and in at most 5 %% of them any square"
    " of the town looked as sure (Westfall and Young 1993). Intervals are at 95 %% (Newcombe 1998). In the areas"
    " found, the change looks a little larger than it is: they were chosen for it."
)
PLACES_TOGETHER = N_(
    "All answered places are tested together, each with each category it means: of those told as changed about"
    " %(share)s %% are so by luck (Benjamini and Hochberg 1995)."
)
CLUSTERS = N_(
    "Clusters (at least %(least)s people close together) are compared by their outlines. A cluster that the other"
    " round does not have is told only where the test of the squares confirms it."
)
PLACES = N_(
    "Near an answered place means in its area or within 75 m of it. Each person counts on one side of the answer,"
    " by the day of their first pin."
)
A_MONTH = N_(
    "People a month say how briskly a round was joined more than what a place is like: compare the shares."
)
PLACES_BY_ROUND = N_(
    "Near an answered place means in its area or within 75 m of it. The pins’ own days are not known, as they came"
    " from a file; so the whole earlier round stands for before, and the whole later one for after."
)
PER_PERSON = N_(
    "One person placed %(then)s pins then and %(now)s now, on average. Where people place fewer, every share falls"
    " a little everywhere, and none of it is a change of feeling."
)
GROUND = N_(
    "The two maps do not cover the same ground. Compared is only what both cover: %(km2)s km², %(now)s %% of this"
    " map and %(then)s %% of the other; pins beyond it were left out (%(beyond_then)s then, %(beyond_now)s now)."
)
CATEGORIES = N_("Asked in one round only, and so not compared: %(categories)s")
SPLIT = N_(
    "The persons of “%(map)s” have been taken apart for good. Exact are only the people within one square of 250"
    " m, so these squares are compared one by one, without their surroundings, and each area is tested by the"
    " number of squares (Bonferroni). It can’t be said how many said anything near a place, so neither whether the"
    " feeling or only the crowd has changed; nor how sure a number is for an area of several squares, where people"
    " may be counted more than once. How many took part is the number that was counted when the map closed."
)
NO_CHANGE = N_(
    "Where nothing is told, that is no proof that all is as before: with so many people, small changes can’t be"
    " told from chance."
)
DIFFERENT = N_(
    "Other people may have taken part than last time: other ages, other parts of the town, invited in other ways."
    " A change in what is said may be a change in who says it."
)


def notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    """The method of a comparison, its numbers and limits, in sentences; empty where there is none."""
    if result.then is None or not result.categories:
        return []
    return [
        words.gettext(WHO, _who(result, result.then, words)),
        *(_exact(result, words) if result.is_exact else _split(result, result.then, words)),
        words.gettext(CLUSTERS, {"least": result.least_people}),
        *_places(result, words),
        *_ground(result, words),
        *_categories(the_map, result, words),
        words.gettext(PER_PERSON, _per_person(result, result.then, words)),
        words.gettext(NO_CHANGE),
        words.gettext(DIFFERENT),
        words.gettext(METHOD_WHO),
    ]


def _who(result: Result, then: RoundSide, words: Language) -> dict[str, str]:
    return {
        "then": text_in(then.title, words.code),
        "people_then": number(then.people, words),
        "pins_then": number(then.pins, words),
        "now": text_in(result.now.title, words.code),
        "people_now": number(result.now.people, words),
        "pins_now": number(result.now.pins, words),
    }


def _exact(result: Result, words: Language) -> list[str]:
    return [
        words.gettext(SHARES, {"band": result.band_m, "side": result.side_m}),
        words.gettext(AMONG),
        words.gettext(TEST, {"least": LEAST_TOGETHER}),
        words.gettext(AREAS, {"times": DIVISIONS}),
    ]


def _split(result: Result, then: RoundSide, words: Language) -> list[str]:
    split = [side for side in (then, result.now) if side.is_split]
    said = [words.gettext(SPLIT, {"map": text_in(side.title, words.code)}) for side in split]
    return [*said, words.gettext(TEST, {"least": LEAST_TOGETHER})]


def _places(result: Result, words: Language) -> list[str]:
    if not result.places:
        return []
    told = (
        words.gettext(PLACES_BY_ROUND) if result.by_round else f"{words.gettext(PLACES)} {words.gettext(A_MONTH)}"
    )
    return [told, words.gettext(PLACES_TOGETHER, {"share": 5})] if result.is_exact else [told]


def _ground(result: Result, words: Language) -> list[str]:
    ground = result.ground
    if ground is None or ground.is_same or result.then is None:
        return []
    said = {
        "km2": number(ground.km2, words),
        "now": number(round(ground.share_now * 100), words),
        "then": number(round(ground.share_then * 100), words),
        "beyond_then": number(result.then.beyond, words),
        "beyond_now": number(result.now.beyond, words),
    }
    return [words.gettext(GROUND, said)]


def _categories(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    now = [the_map.category_by_key[key].word for key in result.only_now if key in the_map.category_by_key]
    alone = [text_in(text, words.code) for text in (*result.only_then.values(), *now)]
    return [words.gettext(CATEGORIES, {"categories": listed(alone)})] if alone else []


def _per_person(result: Result, then: RoundSide, words: Language) -> dict[str, str]:
    return {
        "then": number(round(then.pins / max(then.people, 1), 1), words),
        "now": number(round(result.now.pins / max(result.now.people, 1), 1), words),
    }
