"""The table of comments is straightened with little memory, and no worse for it."""

from __future__ import annotations

import tracemalloc

import numpy as np

from app.inputs.sheet_reader import _places
from gis.scan.surface import Surface, Ties, fit_surface

PAGE_MM = (420.0, 297.0)
PHOTO_PX = (4200, 2970)


def a_bent_page() -> Surface:
    """A sheet of A3, ten pixels a millimetre, that rises and falls by some millimetres."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(10, 410, 18), np.linspace(10, 287, 11)))
    photo = np.stack([10 * x + 30 * np.sin(x / 60), 10 * y + 20 * np.cos(y / 50)], axis=1)
    ties = Ties(np.stack([x, y], axis=1), photo, np.arange(len(x)), np.full(len(x), 0.5))
    surface = fit_surface(ties, PAGE_MM, PHOTO_PX)
    assert surface is not None
    assert surface.bend
    return surface


def test_places_between_are_where_reckoning_each_would_put_them() -> None:
    surface = a_bent_page()
    at = _places(surface, (300.0, 20.0), 5.0, (480, 250))
    x, y = np.meshgrid(300 + (np.arange(480) + 0.5) / 5, 20 + (np.arange(250) + 0.5) / 5)
    assert at.shape == (250, 480, 2)
    assert np.abs(at - surface.to_photo(x, y)).max() < 0.2  # pixels of the photo


def test_table_of_a_large_sheet_takes_little_memory() -> None:
    surface = a_bent_page()
    tracemalloc.start()
    _places(surface, (300.0, 20.0), 5.0, (590, 2400))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 << 20
