"""Feelings and facts on the page: of each layer a sentence for every feeling, its bar beside chance, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import shapely

from app.db import session
from app.i18n import N_
from app.queries.analysis_facts import (
    ALL_LAYERS,
    ALONE,
    DEFAULT_REACH_M,
    FARTHER,
    FEW,
    LEAST_PEOPLE,
    NEARER,
    SURE,
    At,
    LayerBeside,
    Pair,
    Result,
    within,
)
from app.queries.facts import fact_layers
from app.queries.maps import CategoryRecord, MapRecord
from app.views.office.analyses.facts_words import (
    ANONYMISED,
    COUNTED,
    DENSITY,
    EMPTY_LAYER,
    FOUND,
    GROUND,
    GROUND_VERDICTS,
    LABELS,
    LIMITS,
    METHOD,
    NO_RELATION,
    NO_VOICES,
    SHARES,
    SHARES_ALONE,
    TOO_FEW,
    VERDICTS,
)
from app.views.office.analyses.frame import Choice, Table
from app.views.office.analyses.pictures import Sheet, sheet
from app.views.office.words import short_day
from app.views.reader import number, reader_language, say
from gis.analysis.nearness import DRAWS, MARKED_M, REACHES_M, SHUFFLES

PER_CENT = "\u00a0%"
FINE_SHARE = 0.1
"""Shares below it are said with one decimal."""


@dataclass(frozen=True)
class Bar:
    """The shares of one pair on a line from 0 to 100: chance a band, what was seen a dot with its interval."""

    band_from: float
    band_width: float
    low: float
    width: float
    seen: float
    of_all: float
    label: str


@dataclass(frozen=True)
class Line:
    """One feeling beside one layer."""

    category: CategoryRecord
    pair: Pair
    sentence: str
    label: str
    """The verdict in few words."""
    verdict: str
    ground: str
    density: str
    bar: Bar | None
    reaches: Sequence[tuple[int, str, str, str]]
    """By reach: metres, the share, that of all places, chance; each as text."""

    @property
    def is_sure(self) -> bool:
        """Whether there is something to be said."""
        return self.pair.verdict in {NEARER, FARTHER}


@dataclass(frozen=True)
class Part:
    """One layer on the page."""

    layer: LayerBeside
    about: str
    path: str
    dots: str
    most: str
    """Where the scale of its bars ends."""
    lines: Sequence[Line]
    strongest: Line | None
    """Whose densest ground the picture shows."""
    densest: str


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """A part for every layer, and the words on the method."""
    paper, words = sheet(the_map), reader_language()
    told = {
        "places": number(result.places),
        "people": number(result.people),
        "pins": number(result.pins),
        "draws": number(DRAWS),
        "shuffles": number(SHUFFLES),
        "marked": number(MARKED_M, 0),
        "ground": number(result.ground_ha, 0),
        "tests": number(result.tests),
        "sure": _percent(SURE, 0),
    }
    notes = [words.gettext(text, told) for text in METHOD]
    notes += [words.gettext(ANONYMISED)] if the_map.anonymised_at else []
    parts = [_part(the_map, result, layer, paper) for layer in result.layers]
    sure = [(part, line) for part in parts for line in part.lines if line.is_sure]
    return {
        "paper": paper,
        "parts": parts if result.places else [],
        "sure": sure,
        "finding": words.gettext(FOUND if sure else NO_RELATION if result.tests else NO_VOICES),
        "counted": words.gettext(COUNTED, told) if result.tests else "",
        "notes": notes,
        "limits": [words.gettext(text) for text in LIMITS],
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """The surest relation in a sentence, or that there is none."""
    words = reader_language()
    sure = [
        (layer, pair)
        for layer in result.layers
        for pair in layer.pairs
        if pair.verdict in {NEARER, FARTHER} and pair.category in the_map.category_by_key
    ]
    if not sure:
        tested = any(pair.at for layer in result.layers for pair in layer.pairs)
        return words.gettext(NO_RELATION if tested else NO_VOICES)
    layer, pair = min(sure, key=lambda one: (one[1].among_q, -abs(_lead(result, one[1]))))
    return f"{_sentence(the_map, result, layer, pair)} {_verdict(result, pair)}"


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """Which layer, and how near is near."""
    words = reader_language()
    layers = [(str(layer.id), layer.name) for layer in fact_layers(session(), the_map.town_id)]
    return (
        Choice(
            "layer",
            words.gettext(N_("Layer")),
            [(ALL_LAYERS, words.gettext(N_("all of the town’s layers"))), *layers],
            ALL_LAYERS,
        ),
        Choice(
            "reach",
            words.gettext(N_("What is near")),
            [(str(reach), words.gettext(N_("within %(n)s m"), {"n": number(reach)})) for reach in REACHES_M],
            str(DEFAULT_REACH_M),
        ),
    )


HEADING = (
    "layer", "category", "reach_m", "people", "places", "near", "share", "share_low", "share_high", "share_of_all",
    "chance_low", "chance_high", "chance_p", "chance_q", "verdict", "share_of_ground", "ground_low", "ground_high",
    "ground_p", "ground_q", "correlation", "correlation_low", "correlation_high", "correlation_p",
)  # fmt: skip


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each layer, category and reach; what all pairs decide together only within the chosen one."""
    return HEADING, _rows(result)


def _rows(result: Result) -> Iterator[list[Any]]:
    for layer in result.layers:
        for pair in layer.pairs:
            for at in pair.at:
                here = at.reach_m == result.reach_m
                yield [
                    *(layer.name, pair.category, at.reach_m, pair.people, pair.places, at.near),
                    *(at.share, at.low, at.high, at.of_all, at.among_low, at.among_high, at.among_p),
                    *((pair.among_q, pair.verdict) if here else (None, None)),
                    *(at.of_ground, at.ground_low, at.ground_high, at.ground_p, pair.ground_q if here else None),
                    *(pair.correlation, pair.correlation_low, pair.correlation_high, pair.correlation_p),
                ]


def _part(the_map: MapRecord, result: Result, layer: LayerBeside, paper: Sheet) -> Part:
    pairs = [pair for pair in layer.pairs if pair.category in the_map.category_by_key]
    ends = [max(at.high, at.among_high, at.share, at.of_all) for at in (_at(result, pair) for pair in pairs) if at]
    most = min(1.0, ceil(max(ends, default=1.0) * 20) / 20) or 0.05
    lines = [_line(the_map, result, layer, pair, most) for pair in pairs]
    drawn = paper.placed(shapely.from_wkt(layer.drawn))
    points = [part for part in shapely.get_parts(drawn) if part.geom_type == "Point"]
    strongest = min(
        (line for line in lines if line.pair.at),
        key=lambda line: (not line.is_sure, line.pair.among_q, -line.pair.places),
        default=None,
    )
    ground = {one.category: one.ground for one in result.densest}
    return Part(
        layer,
        _about(layer),
        paper.path(shapely.from_wkt(layer.drawn)),
        "".join(f"M{point.x:.1f},{point.y:.1f}h0" for point in points),
        _percent(most),
        lines,
        strongest,
        paper.path(shapely.from_wkt(ground[strongest.pair.category])) if strongest else "",
    )


def _about(layer: LayerBeside) -> str:
    """How much of the layer lies here, whence it is and of which day."""
    words = reader_language()
    parts = [words.gettext(N_("in the town and near it: %(n)s"), {"n": number(layer.here)})]
    if layer.source:
        parts.append(layer.source)
    if layer.day:
        parts.append(words.gettext(N_("as of %(day)s"), {"day": short_day(date.fromisoformat(layer.day))}))
    return " · ".join(parts)


def _line(the_map: MapRecord, result: Result, layer: LayerBeside, pair: Pair, most: float) -> Line:
    words = reader_language()
    category = the_map.category_by_key[pair.category]
    at = _at(result, pair)
    if at is None:
        said = {"word": say(category.word), "least": number(LEAST_PEOPLE)}
        text = words.gettext(TOO_FEW, said) if pair.verdict == FEW else words.gettext(EMPTY_LAYER)
        return Line(category, pair, text, "", "", "", "", None, ())
    ground = {
        "ground": _percent(at.of_ground),
        "chance": _range(at.ground_low, at.ground_high),
    }
    return Line(
        category,
        pair,
        _sentence(the_map, result, layer, pair),
        words.gettext(LABELS[pair.verdict]),
        _verdict(result, pair),
        f"{words.gettext(GROUND, ground)} {words.gettext(GROUND_VERDICTS[pair.ground_verdict])}",
        words.gettext(DENSITY, _density(pair)),
        _bar(at, most),
        [(one.reach_m, _percent(one.share), _percent(one.of_all), _band(one)) for one in pair.at],
    )


def _sentence(the_map: MapRecord, result: Result, layer: LayerBeside, pair: Pair) -> str:
    at = within(pair, result.reach_m)
    said = {
        "word": say(the_map.category_by_key[pair.category].word),
        "people": number(pair.people),
        "places": number(pair.places),
        "layer": layer.name,
        "reach": number(result.reach_m),
        "share": _percent(at.share),
        "all": _percent(at.of_all),
        "chance": _band(at),
    }
    return reader_language().gettext(SHARES_ALONE if pair.verdict == ALONE else SHARES, said)


def _verdict(result: Result, pair: Pair) -> str:
    return reader_language().gettext(VERDICTS[pair.verdict], {"tests": number(result.tests)})


def _density(pair: Pair) -> dict[str, str]:
    return {
        "r": _signed(pair.correlation),
        "low": _signed(pair.correlation_low),
        "high": _signed(pair.correlation_high),
    }


def _signed(value: float) -> str:
    """With a minus sign, not a hyphen."""
    return number(value, 2).replace("-", "\u2212")


def _bar(at: At, most: float) -> Bar:
    def along(share: float) -> float:
        return round(100 * min(share, most) / most, 2)

    said = {"share": _percent(at.share), "anew": _range(at.low, at.high), "chance": _band(at)}
    label = N_("%(share)s (people drawn anew: %(anew)s), by chance %(chance)s")
    return Bar(
        along(at.among_low),
        along(at.among_high) - along(at.among_low),
        along(at.low),
        along(at.high) - along(at.low),
        along(at.share),
        along(at.of_all),
        reader_language().gettext(label, said),
    )


def _at(result: Result, pair: Pair) -> At | None:
    return within(pair, result.reach_m) if pair.at else None


def _band(at: At) -> str:
    return _range(at.among_low, at.among_high)


def _range(low: float, high: float) -> str:
    return f"{_percent(low).removesuffix(PER_CENT)}–{_percent(high)}"


def _percent(share: float, decimals: int | None = None) -> str:
    if decimals is None:
        decimals = 1 if 0 < share < FINE_SHARE else 0
    return number(share * 100, decimals) + PER_CENT


def _lead(result: Result, pair: Pair) -> float:
    at = within(pair, result.reach_m)
    return at.share - at.of_all
