"""Feelings and facts: how what people marked lies to the layers that the town laid beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Malformed, Problem
from app.i18n import N_
from app.queries.analyses import Asked, Told
from app.queries.facts import FactLayerRecord, fact_layers, metric_facts
from app.queries.heat import metric_boundary
from app.queries.maps import MapRecord
from app.queries.pin_table import PinTable, read_pins
from gis.analysis.hot_spots import TownTooLarge, false_discovery
from gis.analysis.nearness import (
    REACHES_M,
    Beside,
    Chance,
    MarkedTown,
    Related,
    Share,
    densest_ground,
    lay_beside,
    marked_town,
)

DEFAULT_REACH_M: Final = 50
LEAST_PEOPLE: Final = 10
"""Fewer who marked a feeling say nothing of where it lies."""
LEAST_OTHERS: Final = 10
"""So many must have marked something else, for the feeling to be set against it."""
SURE: Final = 0.05
SEED: Final = 20260914
ALL_LAYERS: Final = "all"
MOST_DOTS: Final = 1_500
DRAWN_PIECES: Final = 200
"""How many pieces wide the picture of a layer is: what lies in one of them is one dot."""

READS = N_("Reading the pins and the layers")
COMPARES = N_("Setting every feeling beside every layer, and beside chance")
WRONG_LAYER = N_("The town has no such layer any more.")
WRONG_REACH = N_("This must be one of: %(allowed)s.")
TOO_LARGE = N_("The map is too large for this analysis.")

NEARER, FARTHER, UNCLEAR, MANY, SHAKY, ALONE, FEW, NOTHING = (
    "nearer", "farther", "unclear", "many", "shaky", "alone", "few", "nothing",
)  # fmt: skip
"""What is to be believed of a pair. Many: rare alone, but one such is due among so many pairs. Shaky: more than
chance would deal out, but other people of the same kind might say otherwise. Alone: nobody marked anything else.
Nothing: the layer has nothing in the town."""


@dataclass(frozen=True)
class At:
    """The places of one category within one reach of a layer; shares are of 1."""

    reach_m: int
    near: int
    share: float
    low: float
    high: float
    """The middle 95 % of what people drawn anew would say."""
    of_all: float
    of_ground: float
    lead_low: float
    lead_high: float
    """The same interval of what the share exceeds that of all marked places by."""
    among_low: float
    among_high: float
    among_p: float
    """What chance would bring, were the feelings dealt out anew where people pin at all."""
    ground_low: float
    ground_high: float
    ground_p: float
    """What chance would bring, were the marks moved over the ground of the town."""


@dataclass(frozen=True)
class Pair:
    """One category beside one layer."""

    category: str
    people: int
    places: int
    verdict: str
    """Against what else people mark: one of the words above."""
    ground_verdict: str
    """Against the ground of the town."""
    at: tuple[At, ...] = ()
    """By reach."""
    among_q: float = 1.0
    """Of all pairs together (Benjamini and Hochberg): the share of false alarms among those believed like this."""
    ground_q: float = 1.0
    correlation: float = 0.0
    correlation_low: float = 0.0
    correlation_high: float = 0.0
    correlation_p: float = 1.0
    correlation_q: float = 1.0


@dataclass(frozen=True)
class LayerBeside:
    """One layer with all categories."""

    id: int
    name: str
    shape: str
    features: int
    here: int
    """How many of them lie in the town or within the farthest reach of it."""
    version: int
    source: str
    day: str
    pairs: tuple[Pair, ...]
    drawn: str = field(repr=False)
    """Its picture in the map's metric CRS, as WKT: at most so many dots, or simplified lines or areas."""


@dataclass(frozen=True)
class Densest:
    """The least ground that holds half of a category's places, in the map's metric CRS, as WKT."""

    category: str
    ground: str = field(repr=False)


@dataclass(frozen=True)
class Result:
    """Everything the page says."""

    reach_m: int
    people: int
    pins: int
    places: int
    side_m: int
    ground_ha: float
    layers: tuple[LayerBeside, ...]
    densest: tuple[Densest, ...]

    @property
    def tests(self) -> int:
        """How many pairs were put to the test together."""
        return sum(pair.verdict not in {FEW, NOTHING} for layer in self.layers for pair in layer.pairs)


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """Every category beside the layer that is asked for, or beside all; InvalidInput for what there is not."""
    reach_m, layers = _reach_m(asked), _layers(session, the_map, asked)
    told(0.02, READS)
    pins, boundary = read_pins(session, the_map), metric_boundary(the_map)
    shapes = [metric_facts(session, layer.id, the_map.metric_srid) for layer in layers]
    told(0.1, COMPARES)
    try:
        town = marked_town(boundary, pins.x_index, pins.y_index, pins.category, pins.who)
    except TownTooLarge as error:
        raise Malformed(Problem("map", TOO_LARGE)) from error
    town = replace(town, categories=len(pins.categories))
    around = boundary.buffer(max(REACHES_M))
    shapely.prepare(around)
    here = [shape[shapely.intersects(around, shape)] if len(shape) else shape for shape in shapes]
    # The same pins and layers give the same answer, to the last digit.
    found = lay_beside(town, here, np.random.default_rng(SEED), lambda share: told(0.1 + 0.8 * share, COMPARES))
    reach_m = reach_m if reach_m in town.reaches_m else town.reaches_m[0]
    parts = [
        _layer(town, pins, layer, inside, one, reach_m)
        for layer, inside, one in zip(layers, here, found, strict=True)
    ]
    told(0.95, COMPARES)
    return Result(
        reach_m,
        town.people,
        len(pins),
        len(town.at),
        town.ground.side_m,
        round(len(town.x_index) * town.ground.side_m**2 / 10_000, 1),
        _judged(parts, reach_m),
        tuple(Densest(key, _wkt(densest_ground(town, n))) for n, key in enumerate(pins.categories)),
    )


def beside(session: Session, the_map: MapRecord, asked: Asked) -> str:
    """The versions of the layers: another once one is loaded again, added or removed."""
    wanted = asked.get("layer", ALL_LAYERS)
    layers = fact_layers(session, the_map.town_id)
    chosen = [layer for layer in layers if wanted in {ALL_LAYERS, str(layer.id)}]
    return ",".join(f"{layer.id}:{layer.version}" for layer in chosen)


def _reach_m(asked: Asked) -> int:
    text = asked.get("reach", str(DEFAULT_REACH_M))
    allowed = [str(reach) for reach in REACHES_M]
    if text not in allowed:
        raise InvalidInput(Problem("reach", WRONG_REACH, {"allowed": ", ".join(allowed)}))
    return int(text)


def _layers(session: Session, the_map: MapRecord, asked: Asked) -> list[FactLayerRecord]:
    wanted = asked.get("layer", ALL_LAYERS)
    layers = [layer for layer in fact_layers(session, the_map.town_id) if wanted in {ALL_LAYERS, str(layer.id)}]
    if not layers and wanted != ALL_LAYERS:
        raise InvalidInput(Problem("layer", WRONG_LAYER))
    return layers


def _layer(
    town: MarkedTown, pins: PinTable, layer: FactLayerRecord, here: NDArray[Any], found: Beside, reach_m: int
) -> LayerBeside:
    pairs = []
    for n, key in enumerate(pins.categories):
        places = int(town.counts[n].sum())
        people = len(np.unique(town.person[town.category == n]))
        related = found.related[n]
        verdict = NOTHING if not len(here) else FEW if people < LEAST_PEOPLE else UNCLEAR
        pair = Pair(key, people, places, verdict, verdict)
        pairs.append(_pair(pair, related, found, _others(town, n)) if related and verdict == UNCLEAR else pair)
    return LayerBeside(
        layer.id, layer.name, layer.shape, layer.features, len(here), layer.version,
        str(layer.source.get("note") or ""), str(layer.source.get("day") or ""),
        tuple(pairs), _wkt(_drawn(town, here)),
    )  # fmt: skip


def _others(town: MarkedTown, category: int) -> int:
    """How many people marked anything else."""
    return len(np.unique(town.person[town.category != category]))


def _pair(pair: Pair, related: Related, found: Beside, others: int) -> Pair:
    """The numbers of a pair; what is to be believed of them all pairs together decide."""
    at = tuple(
        _at(share, of_all, of_ground)
        for share, of_all, of_ground in zip(related.shares, found.of_all, found.of_ground, strict=True)
    )
    return replace(
        pair,
        verdict=UNCLEAR if others >= LEAST_OTHERS else ALONE,
        at=at,
        correlation=_rounded(related.correlation),
        correlation_low=_rounded(related.by_chance.low),
        correlation_high=_rounded(related.by_chance.high),
        correlation_p=_rounded(related.by_chance.p),
    )


def _at(share: Share, of_all: float, of_ground: float) -> At:
    nobody = Chance(share.share, share.share, share.share, 1.0)
    among, ground = share.among or nobody, share.ground
    numbers = (
        share.share, share.low, share.high, of_all, of_ground, share.lead_low, share.lead_high,
        among.low, among.high, among.p, ground.low, ground.high, ground.p,
    )  # fmt: skip
    return At(share.reach_m, share.near, *(_rounded(number) for number in numbers))


def _judged(layers: Sequence[LayerBeside], reach_m: int) -> tuple[LayerBeside, ...]:
    """The layers with what is to be believed, all pairs tested together."""
    tested = [pair for layer in layers for pair in layer.pairs if pair.at]
    against = [pair for pair in tested if pair.verdict != ALONE]
    among = dict(
        zip(map(id, against), false_discovery([within(pair, reach_m).among_p for pair in against]), strict=True)
    )
    ground = false_discovery([within(pair, reach_m).ground_p for pair in tested])
    density = false_discovery([pair.correlation_p for pair in tested])
    judged = {
        id(pair): _believed(pair, reach_m, (float(among.get(id(pair), 1.0)), float(by_ground), float(by_density)))
        for pair, by_ground, by_density in zip(tested, ground, density, strict=True)
    }
    return tuple(
        replace(layer, pairs=tuple(judged.get(id(pair), pair) for pair in layer.pairs)) for layer in layers
    )


def within(pair: Pair, reach_m: int) -> At:
    """The numbers of a pair within one reach."""
    return next(at for at in pair.at if at.reach_m == reach_m)


def _believed(pair: Pair, reach_m: int, q: tuple[float, float, float]) -> Pair:
    at = within(pair, reach_m)
    verdict, ground_verdict = pair.verdict, UNCLEAR
    if verdict != ALONE and q[0] <= SURE:
        verdict = NEARER if at.share > at.of_all else FARTHER
        if at.lead_low <= 0 <= at.lead_high:
            verdict = SHAKY
    elif verdict != ALONE and at.among_p <= SURE:
        verdict = MANY
    if q[1] <= SURE:
        ground_verdict = NEARER if at.share > at.of_ground else FARTHER
    among_q, ground_q, correlation_q = (_rounded(one) for one in q)
    return replace(
        pair,
        verdict=verdict,
        ground_verdict=ground_verdict,
        among_q=among_q,
        ground_q=ground_q,
        correlation_q=correlation_q,
    )


def _drawn(town: MarkedTown, here: NDArray[Any]) -> BaseGeometry:
    """What a small picture can show of a layer."""
    if not len(here):
        return shapely.GeometryCollection()
    piece = max(int(np.ptp(town.x_index)), int(np.ptp(town.y_index)), 1) * town.ground.side_m / DRAWN_PIECES
    if (shapely.get_dimensions(here) == 0).all():
        cells = np.unique(np.floor(shapely.get_coordinates(here) / piece), axis=0)
        rare = max(1, -(-len(cells) // MOST_DOTS))
        return shapely.MultiPoint((cells[::rare] + 0.5) * piece)
    largest = np.argsort(shapely.length(here))[::-1][:MOST_DOTS]
    simple = shapely.simplify(here[largest], piece)
    return shapely.GeometryCollection([part for part in shapely.get_parts(simple) if not part.is_empty])


def _rounded(number: float) -> float:
    """To five places: more nobody means, and texts stay short."""
    return round(float(number), 5)


def _wkt(shape: BaseGeometry) -> str:
    return str(shapely.to_wkt(shape, rounding_precision=0))
