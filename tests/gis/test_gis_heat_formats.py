"""Heat leaves the house true: pictures, rasters and contours say what the surface says."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.io import MemoryFile
from shapely.geometry import shape

from gis.analysis.density import Surface
from gis.analysis.scale import breaks_below, class_breaks, class_ranges, legend_labels, positions
from gis.crs import to_metric, transform_geometry
from gis.formats.contours import contour_features
from gis.formats.geotiff import NODATA, geotiff
from gis.formats.heat_png import mercator_bounds, render, tile, town_picture
from gis.grid import Cells
from gis.mercator import lon_lat_of, mercator_of, tile_bounds
from gis.ramp import ramp

RAMP = ramp("#D55E00")


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGBA"))


@pytest.mark.parametrize(
    ("peak", "breaks"),
    [
        (69.5, (0.5, 1, 2, 5, 10, 20)),
        (7.2, (0.1, 0.2, 0.5, 1, 2, 5)),
        (1, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)),
        (0, ()),
        (float("nan"), ()),
    ],
)
def test_breaks_are_round_numbers_below_the_peak(peak, breaks):
    assert breaks_below(peak) == breaks


def test_no_class_lies_below_the_shoulder_of_one_person(town):
    lone = 10_000 / (2 * np.pi * 75**2)
    breaks = class_breaks(town.surface())
    assert lone / 2 <= breaks[0] <= lone * 2
    alone = town.surface(cells=Cells.of([-25_880], [-42_830], [1]))
    assert len(class_breaks(alone)) >= 1
    assert class_breaks(alone)[0] < alone.peak


def test_legend_is_numbers_in_the_readers_way():
    assert legend_labels((0.5, 1, 20), decimal_comma=True) == ["0,5–1", "1–20", "20+"]
    assert legend_labels((0.5,)) == ["0.5+"]
    assert class_ranges((1.0, 2.0)) == [(1.0, 2.0), (2.0, None)]


def test_equal_classes_take_equal_parts_of_the_ramp():
    assert positions([0, 1, 2, 5, 10, 99, np.nan], (1, 2, 5)).tolist() == pytest.approx(
        [0, 0, 1 / 3, 2 / 3, 1, 1, 0]
    )


def test_every_pixel_shows_the_value_at_its_own_place(town):
    surface, breaks = town.surface(), class_breaks(town.surface())
    picture = town_picture(surface, RAMP, breaks, longest_px=700)
    image = pixels(picture.png)
    assert image.shape[:2] == (picture.height, picture.width)
    rng = np.random.default_rng(3)
    column, row = rng.integers(0, picture.width, 800), rng.integers(0, picture.height, 800)
    minx, miny, maxx, maxy = picture.bounds
    x = minx + (column + 0.5) / picture.width * (maxx - minx)
    y = maxy - (row + 0.5) / picture.height * (maxy - miny)
    east, north = to_metric(5514)(*lon_lat_of(x, y))
    px, py = town.cells().centres()
    away = (east[:, None] - px) ** 2 + (north[:, None] - py) ** 2
    values = (np.exp(-away / 2 / 75**2) * town.cells().weight).sum(axis=1) / (2 * np.pi * 75**2) * 10_000
    inside = shapely.contains_xy(shapely.box(*surface.frame.bounds).buffer(-25), east, north)
    levels = np.asarray(Image.open(BytesIO(picture.png)))[row, column].astype(int)
    # Between cell centres the surface is mixed linearly: a few levels of 256, never a class.
    off = np.abs(levels - positions(values, breaks) * 255)[inside]
    assert np.quantile(off, 0.99) <= 3
    assert off.max() <= 8
    assert (image[row, column, 3][inside & (values < breaks[0] * 0.95)] == 0).all()


def test_tiles_and_the_town_picture_are_one_surface(town):
    surface, breaks = town.surface(), class_breaks(town.surface())
    lon, lat = 15.78, 49.9461
    x, y = mercator_of(lon, lat)
    side = 2 * 20037508.342789244 / 2**15
    zxy = (15, int((float(x) + 20037508.342789244) // side), int((20037508.342789244 - float(y)) // side))
    one = pixels(tile(surface, zxy, RAMP, breaks))
    whole = pixels(render(surface, tile_bounds(*zxy), (512, 512), RAMP, breaks))
    assert one.shape == (256, 256, 4)
    quarters = whole.reshape(256, 2, 256, 2, 4).mean(axis=(1, 3))
    assert np.abs(one - quarters).mean() < 1.5


def test_a_tile_far_away_is_transparent(town):
    assert pixels(tile(town.surface(), (12, 5, 5), RAMP, (1.0,)))[..., 3].max() == 0


def test_nothing_to_show_is_a_transparent_picture(town):
    empty = town.surface(cells=Cells.of([], [], []))
    assert pixels(town_picture(empty, RAMP, class_breaks(empty)).png)[..., 3].max() == 0


def test_seen_from_afar_the_town_is_still_there(town):
    x, y = mercator_of(15.78, 49.9461)
    bounds = (float(x) - 200_000, float(y) - 200_000, float(x) + 200_000, float(y) + 200_000)
    surface = town.surface()
    assert pixels(render(surface, bounds, (256, 256), RAMP, (0.01, 0.1)))[..., 3].max() > 0


@pytest.mark.parametrize("size", [(0, 5), (5, -1), (100_000, 100_000)])
def test_absurd_pictures_are_refused(town, size):
    with pytest.raises(ValueError, match="pixels"):
        render(town.surface(), mercator_bounds(town.surface()), size, RAMP, (1.0,))


def test_geotiff_says_where_it_lies_and_adds_up(town):
    cells = town.cells(margin_m=250)
    surface = town.surface(75, cells)
    with (
        MemoryFile(geotiff(surface, unit="people/ha", tags={"category": "unsafe"})) as memory,
        memory.open() as tif,
    ):
        assert tif.crs.to_epsg() == 5514
        assert tif.dtypes == ("float32",)
        assert tif.nodata == NODATA
        assert tif.res == (25, 25)
        assert tuple(tif.bounds) == surface.frame.bounds
        assert tif.tags()["category"] == "unsafe"
        assert tif.units == ("people/ha",)
        band = tif.read(1, masked=True)
        assert band.mask[0, 0]
        assert float(band.sum()) * 0.0625 == pytest.approx(cells.total, rel=1e-4)
        (x,), (y,) = (axis[:1] for axis in cells.centres())
        row, column = tif.index(x, y)
        assert band[row, column] == surface.values[row, column]


def test_a_finer_bandwidth_gives_a_finer_raster(town):
    with rasterio.open(BytesIO(geotiff(town.surface(40), unit="people/ha"))) as tif:
        assert tif.res[0] <= 40 / 3


def contour_areas(surface: Surface) -> list[tuple[float, float, shapely.Geometry]]:
    found = contour_features(surface, class_breaks(surface), unit="people/ha")
    return [(f["properties"]["from"], f["properties"]["to"], shape(f["geometry"])) for f in found]


def test_contours_are_valid_areas_turned_as_rfc_7946_asks(town):
    areas = contour_areas(town.surface())
    assert areas
    for low, high, area in areas:
        assert low < high
        assert area.is_valid
        for part in area.geoms:
            assert part.exterior.is_ccw
            assert all(not ring.is_ccw for ring in part.interiors)


def test_contours_hold_the_values_that_they_name(town):
    surface = town.surface()
    x, y = np.meshgrid(surface.frame.x_centres(), surface.frame.y_centres())
    for low, high, area in contour_areas(surface):
        metric = transform_geometry(area, to_metric(5514)).buffer(-2)
        inside = surface.values[shapely.contains_xy(metric, x, y)]
        assert inside.min() >= low - 1e-3
        assert inside.max() <= high * 1.001


def test_contours_do_not_overlap(town):
    areas = [area for *_, area in contour_areas(town.surface())]
    together = shapely.union_all(areas).area
    assert sum(area.area for area in areas) == pytest.approx(together, rel=1e-4)


def test_a_surface_of_nothing_has_no_contours(town):
    assert contour_areas(town.surface(cells=Cells.of([], [], []))) == []
