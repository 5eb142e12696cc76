"""The ground around a gathering of pins."""

from __future__ import annotations

import pytest
import shapely

from gis.analysis.places import MARGIN_M, WITHIN_M, area_around

AT = (1000.0, 2000.0)


def test_area_holds_the_near_pins_with_a_margin_and_leaves_the_far_ones_out() -> None:
    x = [AT[0] - 50, AT[0] + 50, AT[0], AT[0] + WITHIN_M + 1]
    y = [AT[1], AT[1], AT[1] + 60, AT[1]]
    area = area_around(x, y, AT)
    assert shapely.covers(area, shapely.multipoints(list(zip(x[:3], y[:3], strict=True))))
    assert not shapely.intersects_xy(area, x[3], y[3])
    assert area.bounds[0] == pytest.approx(AT[0] - 50 - MARGIN_M, abs=1.5)


@pytest.mark.parametrize("points", [[], [(0, 0)], [(0, 0), (40, 0)], [(0, 0), (40, 0), (80, 0)]])
def test_too_few_pins_or_a_row_of_them_still_make_an_area(points: list[tuple[float, float]]) -> None:
    x, y = [AT[0] + dx for dx, _ in points], [AT[1] + dy for _, dy in points]
    area = area_around(x, y, AT)
    assert area.is_valid
    assert area.area > 1000
    assert all(shapely.intersects_xy(area, *one) for one in [AT, *zip(x, y, strict=True)])
