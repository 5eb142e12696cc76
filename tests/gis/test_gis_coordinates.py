"""Coordinates agree with what PostGIS and GDAL give, and Czech habits are recognised."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gis.crs import UnknownCrs, metric_srid, recognise_krovak, to_metric, to_wgs84, transformer
from gis.mercator import HALF_WORLD_M, lon_lat_bounds, lon_lat_of, mercator_of, tile_bounds

# Measured with PostGIS 3.3 and GDAL 3.6, both by the key EPSG:5239.
MEASURED = [
    ("Praha Hradčany", 14.4006, 50.0903, -744230.709, -1042498.866),
    ("Chrudim", 15.7955, 49.9511, -647061.241, -1070586.506),
    ("Litoměřice", 14.1318, 50.5335, -756370.771, -991028.596),
    ("Valašské Meziříčí", 17.9711, 49.4718, -496548.954, -1139895.383),
    ("Ostrava", 18.2820, 49.8355, -470644.968, -1101564.970),
]
EXTREMES = [
    ("Lobendava", 14.3158, 51.0557),
    ("Vyšší Brod", 14.3331, 48.5517),
    ("Krásná u Aše", 12.0907, 50.2524),
    ("Bukovec", 18.8592, 49.5502),
]
ABROAD = [
    ("Wien", 16.37, 48.21, 32633),
    ("Dresden", 13.74, 51.05, 32633),
    ("Wrocław", 17.03, 51.11, 32633),
    ("Žilina", 18.74, 49.22, 32634),
    ("Bratislava", 17.11, 48.15, 32633),
    ("Santiago", -70.65, -33.45, 32719),
    ("Bergen", 5.32, 60.39, 32632),
]


@pytest.mark.parametrize(("name", "lon", "lat", "east", "north"), MEASURED)
def test_krovak_agrees_with_postgis_to_a_centimetre(name, lon, lat, east, north):
    assert metric_srid(lon, lat) == 5514
    x, y = to_metric(5514)(lon, lat)
    assert (float(x), float(y)) == pytest.approx((east, north), abs=0.01)


def test_there_and_back_drifts_less_than_a_centimetre():
    lon, lat = np.random.default_rng(1).uniform([12.1, 48.6], [18.8, 51.0], (500, 2)).T
    back = to_wgs84(5514)(*to_metric(5514)(lon, lat))
    assert np.abs(np.stack(back) - [lon, lat]).max() < 1e-7


@pytest.mark.parametrize("way_round", [5513, 2065, 4156, 5221, 32633, 3857, 4258])
def test_every_system_reaches_krovak_by_the_same_key(way_round):
    _, lon, lat, east, north = MEASURED[3]
    x, y = transformer(way_round, 5514)(*transformer(4326, way_round)(lon, lat))
    assert (float(x), float(y)) == pytest.approx((east, north), abs=0.01)


@pytest.mark.parametrize(("name", "lon", "lat"), EXTREMES)
def test_the_outermost_czech_places_count_in_krovak(name, lon, lat):
    assert metric_srid(lon, lat) == 5514


@pytest.mark.parametrize(("name", "lon", "lat", "srid"), ABROAD)
def test_abroad_counts_in_its_utm_zone(name, lon, lat, srid):
    assert metric_srid(lon, lat) == srid


def test_an_unknown_system_is_named():
    with pytest.raises(UnknownCrs) as refused:
        transformer(4326, 999_999)
    assert refused.value.epsg == 999_999


@pytest.mark.parametrize(
    ("x", "y", "order"),
    [
        (-744230.7, -1042498.9, "east_north"),
        (-1042498.9, -744230.7, "north_east"),
        (1042498.9, 744230.7, "southing_westing"),
        (744230.7, 1042498.9, "westing_southing"),
    ],
)
def test_krovak_numbers_in_any_order_become_5514(x, y, order):
    reading = recognise_krovak([x, x - 10], [y, y - 10])
    assert reading is not None
    assert reading.order == order
    assert (reading.east[0], reading.north[0]) == (-744230.7, -1042498.9)
    assert reading.is_standard == (order == "east_north")


@pytest.mark.parametrize(("x", "y"), [(14.4, 50.1), (458_000, 5_549_000), (1_603_000, 6_462_000), (0, 0)])
def test_other_numbers_are_not_taken_for_krovak(x, y):
    assert recognise_krovak([x], [y]) is None
    assert recognise_krovak([], []) is None


def test_one_broken_row_does_not_hide_a_krovak_column():
    x = [744230.7] * 20 + [float("nan")]
    y = [1042498.9] * 20 + [0]
    reading = recognise_krovak(x, y)
    assert reading is not None
    assert reading.order == "westing_southing"


def test_transformers_serve_many_threads():
    wrong = []

    def work() -> None:
        for _ in range(50):
            x, _ = to_metric(5514)(*MEASURED[0][1:3])
            if abs(float(x) - MEASURED[0][3]) > 0.01:
                wrong.append(x)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_web_mercator_agrees_with_proj():
    ours = mercator_of(18.282, 49.8355)
    assert np.allclose(ours, transformer(4326, 3857)(18.282, 49.8355), atol=1e-6)
    assert np.allclose(lon_lat_of(*ours), (18.282, 49.8355))


def test_tiles_cover_the_world_from_the_north_west():
    assert tile_bounds(0, 0, 0) == (-HALF_WORLD_M, -HALF_WORLD_M, HALF_WORLD_M, HALF_WORLD_M)
    west, south, east, north = lon_lat_bounds(tile_bounds(13, 4512, 2784))
    assert west < 18.282 < east
    assert south < 49.8355 < north


@pytest.mark.parametrize("zxy", [(-1, 0, 0), (2, 4, 0), (2, 0, -1), (60, 0, 0)])
def test_a_tile_that_is_not_there_is_refused(zxy):
    with pytest.raises(ValueError, match="no tile"):
        tile_bounds(*zxy)
