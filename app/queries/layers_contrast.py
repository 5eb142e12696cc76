"""Contrasts and contested places as layers of a GIS, made of the newest result, with their method in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from babel.dates import format_date
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.errors import NotComputed
from app.i18n import N_, Language, text_in
from app.inputs.filters import Scope
from app.queries.analysis_contrast import Result
from app.queries.analysis_runs import newest_result
from app.queries.contested_places import GroupTest, Opposed
from app.queries.layer_notes import OF_OFFICE, limits, note, number, people_by_category, word_of
from app.queries.maps import MapRecord
from gis.analysis.contested import LEAST_SHARE, REACH_M
from gis.analysis.hot_spots import LEVELS, SIDE_M
from gis.colour import mix
from gis.crs import transform_geometry, transformer
from gis.formats.layer import Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches
from gis.grid import square_polygons
from gis.palette import palette

CONTRAST_TITLE = N_("Contrast: %(one)s – %(other)s")
CONTESTED_TITLE = N_("Contested places: %(one)s – %(other)s")

BOTH_COUNTED = N_(
    "“%(one)s” against “%(other)s”. A person counts once in a square of %(side)s m and feeling, however many"
    " pins they placed there; such counts are called voices. The zero is the town’s own balance: of 100 voices,"
    " %(share)s say “%(one)s”."
)
RATIO = N_(
    "Both feelings are spread softly (Gaussian, %(bandwidth)s m) and set against each other: a relative risk"
    " surface (Bithell 1990; Kelsall and Diggle 1995). One more voice that speaks as the town does is added"
    " everywhere, so that a few people make no infinite ratio."
)
TEST = N_(
    "Tested are those %(tested)s of the town’s %(squares)s squares that have at least %(least)s people within"
    " %(reach)s m. In %(rounds)s rounds everybody draws one of the town’s voices by lot and says it with all the"
    " weight they have around a square: people are shuffled, not pins, so that nobody with many pins makes a"
    " place stand out alone. Squares that few rounds reach get %(more)s further ones. A square stands out, in"
    " either direction, if at least %(least)s people say there what outweighs; of all squares at 95 %%, about 5"
    " %% are false alarms (Benjamini and Hochberg 1995)."
)
TOO_FEW = N_("Not tested: fewer than %(people)s people in all, or fewer than %(least)s on one side.")
AREAS = N_(
    "Squares that touch and stand out at 95 %% or more are put together around their strongest one. The numbers"
    " of an area are those of its own squares; areas in which fewer than %(least)s people said what outweighs are"
    " on the map, but not in the list."
)
CONTRAST_LIMIT = N_(
    "A contrast tells where one feeling is more frequent than elsewhere in the town, not how many people pass"
    " there, how bad it is, or why. Where few people speak nothing is found; that does not mean that there is"
    " nothing."
)
CONTESTED_METHOD = N_(
    "A place is all ground within %(reach)s m of a middle. People who say both there are counted apart."
    " Contested is a place if at least %(least)s people say only the one and as many only the other, and each"
    " side has at least %(part)s %% of those who take a side, also at the far end of the 95 %% interval (Wilson"
    " 1927). The first are those whose weaker side has most people at the least. Places do not overlap."
)
GROUPS_METHOD = N_(
    "For each place and question it is tested whether both sides answer alike: Pearson’s sum of squares against"
    " the same with the sides dealt anew among the people. Of questions about the pin, such as day or night,"
    " people who say both count on either side with what they answered there. Tests made: %(tests)s; of the"
    " differences told, about 5 %% are there by luck (Benjamini and Hochberg 1995). Groups of fewer than %(k)s"
    " people are left out of it and not told."
)
GROUPS_LIMIT = N_(
    "A difference between groups is no cause: who comes at night may also be younger. Not everybody answers"
    " about themselves, and where a place has few people, only large differences can be found."
)

WINNER = N_("Which of the two outweighs, beyond chance; empty where neither does")
LEVEL = N_("How sure it is, in per cent: 99, 95 or 90; 0 where it may be chance")
LOG_RATIO = N_("Logarithm of the relative risk: above zero where “%(one)s” outweighs more than in the town")
TIMES = N_("How many times more “%(one)s” outweighs here than in the town; below 1 the other way round")
SHARE = N_("Share of “%(one)s” in what is said around the square, the near weighing more; in the town %(share)s")
PEOPLE_NEAR = N_("Different people within %(reach)s m who say: %(category)s")
P = N_("How often opinions dealt by lot would bring a share as far from the town’s, in either direction")
Q = N_("The same for all squares together: the share of false alarms if every square up to this one is taken")
CLASS = N_("What outweighs and how surely, for the legend")
OUTWEIGHS = N_("%(category)s outweighs, %(sure)s %%")
NEITHER = N_("Neither beyond chance")

RANK = N_("1 for the place whose weaker side has most people")
NAME = N_("What is named nearest to its middle: a place, a square, else a street")
ONLY = N_("Different people who say there only: %(category)s")
BOTH = N_("Different people who say both there")
TAKEN_SIDE = N_("Share of “%(one)s” among those who take a side")
LOW = N_("Lower end of its interval of 95 per cent")
HIGH = N_("Upper end of its interval of 95 per cent")
BETWEEN = N_(
    "Between which groups beyond chance: the question, and for each answer how many of its people say “%(one)s”"
)
ONE_GROUP = N_("%(answer)s: %(n)s of %(all)s")
FEW_GROUP = N_("%(answer)s: fewer than %(k)s people")
LON = N_("Longitude of its middle (WGS 84)")
LAT = N_("Latitude of its middle (WGS 84)")

NONE = "none"
TONES = {99: 1.0, 95: 0.7, 90: 0.42}
"""How full the colour of a square is, by how sure it is."""


def contrast(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """Every square that was tested, with the contrast around it; NotComputed where nobody asked for it."""
    result, day = _newest(session, the_map, words)
    squares = result.squares
    marks = [_mark(result, level) for level in squares.level]
    columns: dict[str, Any] = {
        "category": [mark.partition(" ")[0] if mark != NONE else None for mark in marks],
        "level": [abs(level) for level in squares.level],
        "times": [round(float(ratio), 3) for ratio in np.exp(squares.log_ratio)],
        "log_ratio": squares.log_ratio,
        "share": squares.share,
        "people_one": squares.people_one,
        "people_other": squares.people_other,
        "p": squares.p,
        "q": squares.q,
        "class": marks,
    }
    labels = _labels(the_map, result, words)
    fields = _square_fields(the_map, result, labels, words)
    x, y = np.array(squares.x_index, dtype=np.int64), np.array(squares.y_index, dtype=np.int64)
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return transform_geometry(square_polygons(x[run], y[run], SIDE_M), way)

    ids = [f"{column}_{row}" for column, row in zip(x, y, strict=True)]
    said = [*contrast_notes(the_map, result, words), *_whose(the_map, result, day, scope, words)]
    return Layer(
        name="contrast",
        title=words.gettext(CONTRAST_TITLE, pair_words(the_map, result, words)),
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, ids, columns, shapes),
        look=_look(the_map, set(marks), labels),
        description=note(said, is_empty=not ids, words=words),
    )


def contested(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The contested places, the strongest first; NotComputed where nobody asked for them."""
    result, day = _newest(session, the_map, words)
    found = result.contested
    outlines = shapely.from_wkt([place.outline for place in found])
    columns: dict[str, Any] = {
        name: [getattr(place, name) for place in found]
        for name in ("rank", "name", "people_one", "people_other", "people_both", "share", "low", "high")
    }
    columns["between"] = [between(the_map, place, words) or None for place in found]
    columns["lon"], columns["lat"] = [place.lon for place in found], [place.lat for place in found]
    fields = _place_fields(the_map, result, words)
    way = transformer(the_map.metric_srid, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return np.array([transform_geometry(shape, way) for shape in outlines[run]], dtype=object)

    title = words.gettext(CONTESTED_TITLE, pair_words(the_map, result, words))
    said = [*contested_notes(the_map, result, words), *_whose(the_map, result, day, scope, words)]
    return Layer(
        name="contested",
        title=title,
        geometry_type="Polygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, [str(place.rank) for place in found], columns, shapes),
        look=Look([Paint("", title, palette().light.ui["accent"])]),
        description=note(said, is_empty=not found, words=words),
    )


def is_of_map(the_map: MapRecord, result: Result) -> bool:
    """Whether the map still has both categories."""
    return {result.one, result.other} <= set(the_map.category_by_key)


def pair_words(the_map: MapRecord, result: Result, words: Language) -> dict[str, str]:
    """The words of both categories, as `one` and `other`."""
    return {
        "one": word_of(the_map.category_by_key[result.one], words),
        "other": word_of(the_map.category_by_key[result.other], words),
    }


def contrast_notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    """How the contrast is made, of how much, and what it can't say."""
    data = {
        **pair_words(the_map, result, words),
        "side": number(SIDE_M, words),
        "share": number(round(100 * result.share), words),
        "bandwidth": number(result.bandwidth_m, words),
        "reach": number(result.reach_m, words),
        "tested": number(result.tested, words),
        "squares": number(result.town_squares, words),
        "least": result.least,
        "rounds": number(result.rounds, words),
        "more": number(result.more_rounds, words),
        "people": result.least_counted,
    }
    said = [BOTH_COUNTED, RATIO, TEST, AREAS] if result.is_tested else [BOTH_COUNTED, TOO_FEW]
    return [words.gettext(message, data) for message in (*said, CONTRAST_LIMIT)]


def contested_notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    """How contested places are found and their groups compared, and what that can't say."""
    data = {
        "reach": number(REACH_M, words),
        "least": result.least,
        "part": number(100 * LEAST_SHARE, words),
        "tests": number(result.group_tests, words),
        "k": the_map.k,
    }
    said = [CONTESTED_METHOD, *([GROUPS_METHOD, GROUPS_LIMIT] if result.group_tests else [])]
    return [words.gettext(message, data) for message in said]


def counted_words(the_map: MapRecord, result: Result, words: Language) -> str:
    """How many people said each of the two."""
    both = ((result.one, result.people_one), (result.other, result.people_other))
    return people_by_category(((the_map.category_by_key[key], n) for key, n in both), Scope.OFFICE, words)


def between(the_map: MapRecord, place: Opposed, words: Language) -> str:
    """The differences between groups in numbers: "When: night: 18 of 19; day: 3 of 22"."""
    said = [(question_label(the_map, test, words), _groups(the_map, test, words)) for test in place.differences]
    return ". ".join(f"{question}: {groups}" for question, groups in said)


def question_label(the_map: MapRecord, test: GroupTest, words: Language) -> str:
    """What was asked."""
    asked = {question.key: question for question in (*the_map.questions, *the_map.about)}.get(test.question)
    return text_in(asked.label, words.code) if asked else test.question


def answer_labels(the_map: MapRecord, test: GroupTest, words: Language) -> Mapping[str, str]:
    """The words of a question's options."""
    asked = {question.key: question for question in (*the_map.questions, *the_map.about)}.get(test.question)
    return {str(one["key"]): text_in(one.get("label"), words.code) for one in asked.options} if asked else {}


def _groups(the_map: MapRecord, test: GroupTest, words: Language) -> str:
    labels = answer_labels(the_map, test, words)
    said = []
    for group in test.groups:
        answer = labels.get(group.option, group.option)
        if group.one is None or group.other is None:
            said.append(words.gettext(FEW_GROUP, {"answer": answer, "k": the_map.k}))
        else:
            counts = {"answer": answer, "n": group.one, "all": group.one + group.other}
            said.append(words.gettext(ONE_GROUP, counts))
    return "; ".join(said)


def _newest(session: Session, the_map: MapRecord, words: Language) -> tuple[Result, str]:
    """The newest result and the day of its pins."""
    kept = newest_result(session, the_map, "contrast")
    if kept is None or not is_of_map(the_map, kept.result):
        raise NotComputed
    day = kept.started_at.astimezone(TOWN_CLOCK).date()
    return kept.result, format_date(day, "long", locale=words.locale)


def _whose(the_map: MapRecord, result: Result, day: str, scope: Scope, words: Language) -> list[str]:
    counted = [words.gettext(OF_OFFICE, {"day": day}), counted_words(the_map, result, words)]
    return [*counted, *limits(the_map, scope, words)]


def _mark(result: Result, level: int) -> str:
    return f"{result.one if level > 0 else result.other} {abs(level)}" if level else NONE


def _labels(the_map: MapRecord, result: Result, words: Language) -> dict[str, str]:
    """What each class says, from the one to the other."""
    ways = [(1, result.one, LEVELS), (-1, result.other, LEVELS[::-1])]
    labels: dict[str, str] = {}
    for way, key, levels in ways:
        if way < 0:
            labels[NONE] = words.gettext(NEITHER)
        for sure in levels:
            data = {"category": word_of(the_map.category_by_key[key], words), "sure": sure}
            labels[_mark(result, way * sure)] = words.gettext(OUTWEIGHS, data)
    return labels


def _look(the_map: MapRecord, marks: set[str], labels: Mapping[str, str]) -> Look:
    """The two colours, the surer the fuller, with the land between them; only what there is."""
    neutral = palette().light.ui["line"]
    paints = []
    for mark, label in labels.items():
        key, _, sure = mark.partition(" ")
        color = mix(the_map.category_by_key[key].color, neutral, TONES[int(sure)]) if sure else neutral
        paints.append(Paint(mark, label, color))
    return Look([paint for paint in paints if paint.value in marks], "class")


def _square_fields(
    the_map: MapRecord, result: Result, labels: Mapping[str, str], words: Language
) -> tuple[Field, ...]:
    pair = pair_words(the_map, result, words)
    share = {**pair, "share": number(round(result.share, 2), words)}
    codes = {result.one: pair["one"], result.other: pair["other"]}
    reach = number(result.reach_m, words)
    near = [words.gettext(PEOPLE_NEAR, {"reach": reach, "category": said}) for said in pair.values()]
    return (
        Field("category", Kind.TEXT, "category", words.gettext(WINNER), codes),
        Field("level", Kind.INTEGER, "level", words.gettext(LEVEL)),
        Field("times", Kind.NUMBER, "times", words.gettext(TIMES, pair)),
        Field("log_ratio", Kind.NUMBER, "log_ratio", words.gettext(LOG_RATIO, pair)),
        Field("share", Kind.NUMBER, "share", words.gettext(SHARE, share)),
        Field("people_one", Kind.INTEGER, "people_1", near[0]),
        Field("people_other", Kind.INTEGER, "people_2", near[1]),
        Field("p", Kind.NUMBER, "p", words.gettext(P)),
        Field("q", Kind.NUMBER, "q", words.gettext(Q)),
        Field("class", Kind.TEXT, "class", words.gettext(CLASS), labels),
    )


def _place_fields(the_map: MapRecord, result: Result, words: Language) -> tuple[Field, ...]:
    pair = pair_words(the_map, result, words)
    return (
        Field("rank", Kind.INTEGER, "rank", words.gettext(RANK)),
        Field("name", Kind.TEXT, "name", words.gettext(NAME)),
        Field("people_one", Kind.INTEGER, "people_1", words.gettext(ONLY, {"category": pair["one"]})),
        Field("people_other", Kind.INTEGER, "people_2", words.gettext(ONLY, {"category": pair["other"]})),
        Field("people_both", Kind.INTEGER, "both", words.gettext(BOTH)),
        Field("share", Kind.NUMBER, "share", words.gettext(TAKEN_SIDE, pair)),
        Field("low", Kind.NUMBER, "low", words.gettext(LOW)),
        Field("high", Kind.NUMBER, "high", words.gettext(HIGH)),
        Field("between", Kind.TEXT, "between", words.gettext(BETWEEN, pair)),
        Field("lon", Kind.NUMBER, "lon", words.gettext(LON)),
        Field("lat", Kind.NUMBER, "lat", words.gettext(LAT)),
    )
