"""Shares: one surface divided by another, told only where enough was said, in one colour scale."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gis.analysis.share import PERCENT_BREAKS, SHOULDER_BANDWIDTHS, Share, least_density
from gis.formats.contours import contour_features
from gis.formats.heat_png import mercator_bounds, render, town_picture
from gis.grid import Cells
from gis.ramp import ramp
from tests.gis.conftest import Town


def a_share(town: Town) -> Share:
    part, other = town.surface(), town.surface(cells=town.cells(160, seed=2))
    whole = replace(part, values=part.values + other.values)
    return Share(part, whole, whole, least_density(part.bandwidth_m))


def test_a_share_is_a_ratio_where_enough_was_said_and_nothing_elsewhere(town: Town) -> None:
    share = a_share(town)
    told = np.isfinite(share.values)
    assert told.any()
    assert not told.all()
    assert share.voices.values[told].min() >= share.least
    expected = 100 * share.part.values[told] / share.whole.values[told]
    assert share.values[told] == pytest.approx(expected, abs=1e-3)
    assert share.masked(-9999.0).min() == -9999.0


def test_the_least_is_what_so_many_people_give_at_the_shoulder_of_their_hill(town: Town) -> None:
    x, y = town.cells(1).x_index[:1], town.cells(1).y_index[:1]
    for people in (5, 8):
        hill = town.surface(cells=Cells.of(x, y, [people]))
        away = np.hypot(
            hill.frame.x_centres()[None, :] - (x[0] + 0.5) * 25,
            hill.frame.y_centres()[:, None] - (y[0] + 0.5) * 25,
        )
        near = hill.values >= least_density(75, people)
        assert away[near].max() == pytest.approx(SHOULDER_BANDWIDTHS * 75, abs=15)


def test_a_share_keeps_its_colour_while_one_zooms(town: Town) -> None:
    """The same place has the same per cent at every zoom, and nothing is drawn where nothing is told."""
    share = a_share(town)
    inks = ramp("#D55E00")
    west, south, east, north = mercator_bounds(share)
    levels = []
    for pixels in (200, 400, 800):
        picture = Image.open(
            io.BytesIO(render(share, (west, south, east, north), (pixels, pixels), inks, PERCENT_BREAKS))
        )
        levels.append(np.asarray(picture.resize((200, 200), Image.Resampling.NEAREST), dtype=int))
    drawn = np.all([one > 0 for one in levels], axis=0)
    assert drawn.mean() > 0.1
    assert all(abs((one > 0).mean() - drawn.mean()) < 0.06 for one in levels)
    assert max(np.percentile(np.abs(one - levels[0])[drawn], 95) for one in levels) < 25


def test_nobody_of_many_is_drawn_and_nodata_is_not(town: Town) -> None:
    share = a_share(town)
    nobody = replace(share, part=replace(share.part, values=np.zeros_like(share.part.values)))
    picture = Image.open(io.BytesIO(town_picture(nobody, ramp("#D55E00"), PERCENT_BREAKS).png))
    assert set(np.unique(np.asarray(picture))) == {0, 10}
    areas = contour_features(nobody, PERCENT_BREAKS, unit="%")
    assert [(one["properties"]["from"], one["properties"]["to"]) for one in areas] == [(0.0, 20.0)]
