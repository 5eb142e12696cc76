"""Heat as officials ask for it: every filter and any combination, as counting by hand says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from rasterio.io import MemoryFile
from shapely.geometry import shape
from sqlalchemy.orm import Session

from app.models import Pin, PinState, PinStatus
from app.queries.maps import MapRecord
from gis.hexagons import counted_hectares, hexagon_of, hexagon_polygons
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official, moment
from tests.doors import sign_in

PAGE = "/office/maps/testov"
PUBLIC = "/m/testov"
CATEGORIES = ("safe", "unsafe", "improve")
QUESTIONS = {"about": ("gender", "single", ("woman", "man")), "questions": ("when", "multiple", ("day", "night"))}
NEAR = "15.517 49.617,15.523 49.617,15.523 49.623,15.517 49.623"
START = moment("2026-09-01T08:00:00Z")
BANDWIDTH_M = 40


@dataclass(frozen=True)
class Said:
    """One pin as the test knows it."""

    category: str
    lon: float
    lat: float
    person: int
    values: dict[str, Any]
    pin: Pin

    @property
    def gender(self) -> str:
        return "woman" if self.person % 2 else "man"

    @property
    def square(self) -> tuple[int, int]:
        return self.pin.square_x, self.pin.square_y

    @property
    def is_near(self) -> bool:
        return 15.517 <= self.lon <= 15.523 and 49.617 <= self.lat <= 49.623


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map that asks who one is, and whether it is so by day or by night."""
    asked = {
        part: [
            {
                "key": key,
                "type": kind,
                "label": {"cs": key, "en": f"the {key}"},
                "options": [
                    {"key": one, "label": {"cs": one, "en": f"at {one}" if key == "when" else one}}
                    for one in options
                ],
            }
        ]
        for part, (key, kind, options) in QUESTIONS.items()
    }
    return a_map(session, **asked)


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A viewer at the desk."""
    return sign_in(client, an_official(session, role="viewer"))


@pytest.fixture
def pins(session: Session, town: MapRecord) -> list[Said]:
    """Ninety pins of fourteen people, some of them busy, of every kind that a filter tells apart."""
    an_event(session, town)
    chance = np.random.default_rng(7)

    def one_of(*options: Any) -> Any:
        return options[chance.integers(len(options))]

    made = []
    for n in range(90):
        person = min(int(chance.exponential(4)), 13)
        values: dict[str, Any] = {
            "answers": {"when": [one for one in ("day", "night") if chance.random() < 0.6]},
            "channel": one_of("web", "paper"),
            "event": one_of(None, "FORUM1"),
            "state": one_of(*[PinState.VISIBLE] * 8, PinState.PENDING, PinState.HIDDEN),
            "status": one_of(PinStatus.RECEIVED, PinStatus.PLANNED),
            "comment": one_of(None, "nesvítí lampa", "hezký park"),
            "answer": one_of(None, "Opravíme."),
            "flagged": bool(chance.random() < 0.2),
            "created_at": START + timedelta(hours=11 * n),
        }
        category = one_of(*CATEGORIES)
        at = (CENTRE[0] + one_of(0, 0.0005, 0.004, -0.006), CENTRE[1] + one_of(0, 0.0004, 0.004))
        gender = "woman" if person % 2 else "man"
        pin = a_pin(session, town, category, at, f"r{person}", about={"gender": gender}, **values)
        made.append(Said(category, *at, person, values, pin))
    return made


Holds = Callable[[Said], bool]
WHERE: dict[str, Holds] = {
    "": lambda p: True,
    "since=2026-09-12": lambda p: p.values["created_at"] >= moment("2026-09-12T00:00:00+02:00"),
    "until=2026-09-20": lambda p: p.values["created_at"] < moment("2026-09-21T00:00:00+02:00"),
    "about_gender=woman": lambda p: p.gender == "woman",
    "answer_when=night": lambda p: "night" in p.values["answers"]["when"],
    "channel=paper": lambda p: p.values["channel"] == "paper",
    "event=FORUM1": lambda p: p.values["event"] == "FORUM1",
    "words=lampy": lambda p: p.values["comment"] == "nesvítí lampa",
    f"area={NEAR}": lambda p: p.is_near,
    "status=planned": lambda p: p.values["status"] == PinStatus.PLANNED,
    "answered=yes": lambda p: p.values["answer"] is not None,
    "flagged=no": lambda p: not p.values["flagged"],
}
TOGETHER = [
    ("about_gender=woman", "answer_when=night"),
    ("about_gender=man", "answer_when=day", "channel=web"),
    ("words=lampy", f"area={NEAR}", "since=2026-09-12"),
    ("event=FORUM1", "status=planned", "answered=yes", "until=2026-09-20"),
    ("about_gender=woman", "answer_when=night", "channel=paper", "event=FORUM1", "flagged=no", "since=2026-09-03"),
]
MORE: dict[str, Holds] = {
    "about_gender=man": lambda p: p.gender == "man",
    "answer_when=day": lambda p: "day" in p.values["answers"]["when"],
    "channel=web": lambda p: p.values["channel"] == "web",
    "since=2026-09-03": lambda p: p.values["created_at"] >= moment("2026-09-03T00:00:00+02:00"),
}
ALL = [(one,) for one in WHERE] + TOGETHER


def chosen(pins: list[Said], asked: tuple[str, ...], states: tuple[PinState, ...] | None = None) -> list[Said]:
    """The pins that a filter means, one by one."""
    states = states or (PinState.VISIBLE, PinState.PENDING)
    holds = [(WHERE | MORE)[one] for one in asked]
    return [p for p in pins if p.values["state"] in states and all(hold(p) for hold in holds)]


def counted(pins: list[Said], category: str | None, weight: str) -> Counter[tuple[int, int]]:
    """Weights of squares by the definition: a person once in a square and category, or every pin."""
    mine = [(p.square, p.category, p.person) for p in pins if category in (None, p.category)]
    return Counter(square for square, _, _ in (set(mine) if weight == "people" else mine))


def raster(client: FlaskClient, query: str) -> tuple[np.ndarray, Any, dict[str, str]]:
    answer = client.get(f"{PAGE}/heat.tif?{query}")
    assert answer.status_code == 200, answer.text
    with MemoryFile(answer.data) as memory, memory.open() as tif:
        return tif.read(1, masked=True), tif.transform, {**tif.tags(), "units": tif.units[0]}


def direct_sum(
    squares: Counter[tuple[int, int]], like: np.ndarray, transform: Any, bandwidth_m: float
) -> np.ndarray:
    """The sum of Gaussians at every cell's centre, in 64 bits, square after square."""
    rows, columns = like.shape
    x = transform.c + (np.arange(columns) + 0.5) * transform.a
    y = transform.f + (np.arange(rows) + 0.5) * transform.e
    surface = np.zeros(like.shape)
    for (column, row), weight in squares.items():
        away_x, away_y = x - (column + 0.5) * 25, y - (row + 0.5) * 25
        hill = np.exp(-(away_y[:, None] ** 2 + away_x[None, :] ** 2) / (2 * bandwidth_m**2))
        surface += weight * hill * 10_000 / (2 * np.pi * bandwidth_m**2)
    return surface


@pytest.mark.parametrize("asked", ALL, ids="&".join)
def test_filter_changes_heat_as_counting_by_hand_says(
    office: FlaskClient, pins: list[Said], asked: tuple[str, ...]
) -> None:
    mine = chosen(pins, asked)
    assert mine
    for weight in ("people", "pins"):
        for category in (None, "unsafe"):
            what = f"&category={category}" if category else ""
            values, transform, _ = raster(
                office, "&".join(filter(None, asked)) + f"&weight={weight}&bandwidth={BANDWIDTH_M}{what}"
            )
            expected = direct_sum(counted(mine, category, weight), values, transform, BANDWIDTH_M)
            given = ~np.ma.getmaskarray(values)
            assert np.abs(values.filled(0) - expected)[given].max() <= 5e-3 * max(expected.max(), 1e-9)


@pytest.mark.parametrize("state", list(PinState))
def test_state_asked_for_is_what_heat_counts_also_the_hidden(
    office: FlaskClient, pins: list[Said], state: PinState
) -> None:
    values, transform, _ = raster(office, f"state={state}&weight=pins&bandwidth={BANDWIDTH_M}")
    expected = counted(chosen(pins, ("",), (state,)), None, "pins")
    total = float(values.sum(dtype=np.float64)) * transform.a**2 / 10_000
    assert total == pytest.approx(sum(expected.values()), rel=1e-3)


def test_person_asked_for_is_alone_in_heat(office: FlaskClient, pins: list[Said]) -> None:
    person = pins[0].person
    mine = [p for p in chosen(pins, ("",)) if p.person == person]
    values, transform, _ = raster(
        office, f"person={pins[0].pin.respondent_id}&weight=pins&bandwidth={BANDWIDTH_M}"
    )
    assert float(values.sum(dtype=np.float64)) * transform.a**2 / 10_000 == pytest.approx(len(mine), rel=1e-3)


@pytest.mark.parametrize("weight", ["people", "pins"])
@pytest.mark.parametrize(
    "asked", [("",), ("about_gender=man",), ("about_gender=man", "answer_when=day", "channel=web")], ids="&".join
)
def test_share_is_one_surface_divided_by_the_other_where_enough_was_said(
    office: FlaskClient, pins: list[Said], asked: tuple[str, ...], weight: str
) -> None:
    mine = chosen(pins, asked)
    filters = "&".join(filter(None, asked))
    values, transform, tags = raster(
        office, f"{filters}&measure=share&category=unsafe&weight={weight}&bandwidth={BANDWIDTH_M}"
    )
    part, whole, voices = (
        direct_sum(counted(mine, category, by), values, transform, BANDWIDTH_M)
        for category, by in (("unsafe", weight), (None, weight), (None, "people"))
    )
    least = 5 * 0.5 * 10_000 / (2 * np.pi * BANDWIDTH_M**2)
    given = ~np.ma.getmaskarray(values)
    assert given.any()
    assert not given.all()
    assert voices[given].min() >= least * (1 - 1e-3)
    assert given[voices >= least * (1 + 1e-3)].all()
    assert np.abs(values[given] - 100 * part[given] / whole[given]).max() < 0.05
    assert tags["units"] == tags["unit"] == "%"
    assert tags["measure"] == "share"
    assert tags.get("filter", "") == filters


def test_shares_of_all_feelings_add_up_to_the_whole(office: FlaskClient, pins: list[Said]) -> None:
    surfaces = [raster(office, f"measure=share&category={one}")[0] for one in CATEGORIES]
    given = ~np.ma.getmaskarray(surfaces[0])
    assert all(np.array_equal(given, ~np.ma.getmaskarray(one)) for one in surfaces)
    assert np.abs(sum(one.filled(0) for one in surfaces)[given] - 100).max() < 0.01


def test_areas_of_a_share_have_one_fixed_scale_in_per_cent(office: FlaskClient, pins: list[Said]) -> None:
    answer = office.get(f"{PAGE}/heat.geojson?measure=share&category=unsafe")
    areas = json.loads(answer.data)["features"]
    assert areas
    ranges = [(one["properties"]["from"], one["properties"]["to"], one["properties"]["unit"]) for one in areas]
    assert set(ranges) <= {(low, low + 20, "%") for low in (0, 20, 40, 60, 80)}
    assert all(shape(one["geometry"]).is_valid for one in areas)


def test_pictures_and_tiles_of_a_share_are_drawn(office: FlaskClient, pins: list[Said]) -> None:
    blank = office.get(f"{PAGE}/heat/14/8000/5000.png?measure=share&category=unsafe").data
    for address in ("heat.png", "heat-dark.png", "heat/14/8898/5583.png", "heat-dark/14/8898/5583.png"):
        answer = office.get(f"{PAGE}/{address}?measure=share&category=unsafe&bandwidth=150")
        assert answer.status_code == 200
        assert answer.mimetype == "image/png"
        assert len(answer.data) > len(blank)


@pytest.mark.parametrize("address", ["heat.png", "heat.tif", "heat.geojson", "heat/14/8898/5583.png"])
def test_a_share_of_all_feelings_together_is_refused(office: FlaskClient, pins: list[Said], address: str) -> None:
    answer = office.get(f"{PAGE}/{address}?measure=share", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert office.get(f"{PAGE}/{address}?measure=ratio&category=safe").status_code == 400


@pytest.mark.parametrize(
    "asked", ["measure=share&category=safe", "measure=density", *(one for one in WHERE if one)]
)
def test_everybody_may_ask_for_neither_share_nor_filter(client: FlaskClient, pins: list[Said], asked: str) -> None:
    for address in ("heat.png", "heat.tif", "heat.geojson", "heat-dark.png", "heat/14/8898/5583.png"):
        assert client.get(f"{PUBLIC}/{address}?{asked}").status_code == 400


def test_pictures_of_one_filter_are_never_those_of_another(office: FlaskClient, pins: list[Said]) -> None:
    seen: dict[str, bytes] = {}
    for asked in ALL:
        answer = office.get(f"{PAGE}/heat.png?category=unsafe&{'&'.join(filter(None, asked))}")
        mark = answer.headers["ETag"]
        assert seen.setdefault(mark, answer.data) == answer.data
    assert len(seen) == len(ALL)


# Cells and hexagons


@pytest.mark.parametrize(
    "asked", [("",), ("about_gender=woman", "answer_when=night"), ("words=lampy",)], ids="&".join
)
def test_squares_and_hexagons_hold_the_filtered_people(
    office: FlaskClient, pins: list[Said], asked: tuple[str, ...]
) -> None:
    mine = chosen(pins, asked)
    filters = "&".join([*filter(None, asked), "crs=EPSG:5514"])
    cells = json.loads(office.get(f"{PAGE}/heat-cells.geojson?{filters}").data)["features"]
    assert sum(one["properties"]["pins"] for one in cells) == len(mine)
    assert sum(one["properties"]["people"] for one in cells) == len(
        {(p.square, p.category, p.person) for p in mine}
    )
    found = json.loads(office.get(f"{PAGE}/heat-hexagons.geojson?{filters}").data)["features"]
    place = {
        p.square: tuple(int(i) for i in hexagon_of((p.square[0] + 0.5) * 25, (p.square[1] + 0.5) * 25))
        for p in mine
    }
    people = Counter(key for key, _ in {((p.category, *place[p.square]), p.person) for p in mine})
    squares = Counter(key for key, *_ in {((p.category, *place[p.square]), p.square, p.person) for p in mine})
    every = Counter((p.category, *place[p.square]) for p in mine)
    assert len(found) == len(every)
    for one in found:
        said = one["properties"]
        middle = shape(one["geometry"]).centroid
        key = (said["category"], *(int(i) for i in hexagon_of(middle.x, middle.y)))
        ground = counted_hectares(np.array([key[1]]), np.array([key[2]]))[0]
        assert (said["people"], said["counted"], said["pins"]) == (people[key], squares[key], every[key])
        assert said["ground_ha"] == pytest.approx(ground)
        assert said["people_per_ha"] == pytest.approx(people[key] / ground)
        assert shape(one["geometry"]).area == pytest.approx(10_000, rel=1e-3)
        assert shape(one["geometry"]).equals_exact(hexagon_polygons([key[1]], [key[2]])[0], 0.01)


@pytest.mark.parametrize("ending", ["geojson", "csv", "gpkg", "fgb", "shp.zip", "parquet"])
def test_hexagons_come_in_every_form(office: FlaskClient, pins: list[Said], ending: str) -> None:
    answer = office.get(f"{PAGE}/heat-hexagons.{ending}?about_gender=woman")
    assert answer.status_code == 200
    assert answer.data


def test_layers_say_which_part_of_the_pins_they_hold(office: FlaskClient, pins: list[Said]) -> None:
    for name in ("heat-cells", "heat-hexagons", "heat-contours"):
        whole = office.get(f"{PAGE}/{name}.geojson?category=unsafe&answer_when=night&lang=en")
        assert whole.status_code == 200
        found = json.loads(whole.data)
        assert {one["properties"]["category"] for one in found["features"]} == {"unsafe"}
        assert office.get(f"{PAGE}/{name}.geojson?answer_when=dusk").status_code == 400
    assert office.get(f"{PAGE}/clusters.geojson?answer_when=night").status_code == 400
