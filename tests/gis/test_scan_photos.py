"""Photos of paper sheets, made up by the benchmark's generator: read where they can be, refused where they can't.

The figures are a benchmark (`./run bench paper`); here a few seeded photos of each kind keep the way whole.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.paper_peer import circles_of
from bench.paper_reader import read_file
from bench.paper_score import Score, score_of, serial_of
from bench.photos import Truth, make_photo
from bench.photos_lens import Pose, aimed, bent, shown_places
from bench.photos_paper import Order, Print, print_of
from bench.photos_wrong import UNREADABLE, make_unreadable
from gis.scan.failure import Failure, Reason
from gis.scan.read import Known, Reading

MEGAPIXELS = 4.0
KINDS = ("ordinary", "hidden", "folded", "shadow", "tilted", "cast", "crowded", "pens", "copy", "scan", "stained")


@cache
def the_print() -> Print:
    return print_of(Order("A4"), serial_of(1))


@cache
def a_strange_print() -> Print:
    return print_of(Order("A4", 2), serial_of(2))


def a_photo(kind: str = "ordinary", *, seed: int = 1) -> tuple[bytes, Truth]:
    return make_photo(the_print(), np.random.default_rng(seed), kind, megapixels=MEGAPIXELS)


def read(folder: Path, photo: bytes) -> Reading | Failure:
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    return read_file(file, {the_print().serial: Known(the_print().sheet, the_print().clean)})


def the_score(folder: Path, kind: str, seed: int) -> tuple[Score, Reading, Truth]:
    photo, truth = a_photo(kind, seed=seed)
    reading = read(folder, photo)
    assert isinstance(reading, Reading), reading
    assert reading.serial == truth.serial
    return score_of(truth, reading.marks), reading, truth


def test_the_same_seed_makes_the_same_photo():
    one, truth = a_photo(seed=7)
    other, again = a_photo(seed=7)
    assert one == other
    assert truth.marks == again.marks
    assert a_photo(seed=8)[0] != one


def test_every_pixel_of_a_bent_sheet_shows_the_place_that_the_camera_sees_there():
    page = (297.0, 210.0)
    surface = bent(page, np.random.default_rng(3), curl_mm=8, folds=2, fold_mm=4)
    pose = Pose(30, 70, 95, 0.8, (0.2, -0.3), 0.8, (-0.08, 0.02))
    camera = aimed((1600, 1200), surface, (0, 0, *page), pose)
    places = shown_places(camera, surface, page)
    on = (places > 0).all(axis=-1) & (places < np.array(page)).all(axis=-1)
    rows, columns = np.nonzero(on)
    seen = camera.seen(surface.lifted(places[on][:, 0], places[on][:, 1]))
    assert len(rows) > 5000
    assert np.abs(seen - 8 * np.column_stack([columns, rows])).max() < 0.02


def test_bending_a_sheet_does_not_stretch_it():
    surface = bent((297.0, 210.0), np.random.default_rng(4), curl_mm=9, folds=2, fold_mm=4)
    flat_waves = surface.__class__(surface.slope_x, surface.slope_y, surface.waves[:0])
    x = np.linspace(0, 297, 2000)
    line = flat_waves.lifted(x, np.zeros_like(x))
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).sum() == pytest.approx(297, abs=0.01)


def test_marks_that_may_be_found_or_not_count_neither_way(tmp_path):
    score, reading, truth = the_score(tmp_path, "ordinary", 1)
    unsure = Truth(truth.kind, truth.serial, truth.marks[1:], truth.marks[:1], truth.frame_px, truth.made)
    fewer = score_of(unsure, reading.marks)
    assert (fewer.on_paper, fewer.found) == (score.on_paper - 1, score.found - 1)


def test_the_frame_is_laid_flat_where_the_photo_shows_it(tmp_path):
    _, reading, truth = the_score(tmp_path, "tilted", 2)
    left, top, width, height = the_print().sheet.layout.frame
    x = np.array([left, left + width, left + width, left])
    y = np.array([top, top, top + height, top + height])
    off_px = np.linalg.norm(reading.straightened.to_photo(x, y) - truth.frame_px, axis=1)
    assert off_px.max() / reading.straightened.px_per_mm < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_marks_are_found_where_they_were_put(tmp_path, kind):
    score, _, _ = the_score(tmp_path, kind, 11)
    assert score.on_paper >= 8
    assert score.right_place >= 0.96 * score.on_paper
    assert score.right_place >= 0.96 * score.found
    assert score.right_category >= 0.98 * score.right_place
    assert np.median(score.errors_mm) <= 0.5
    assert np.percentile(score.errors_mm, 95) <= 1.0


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_whole_sheet_of_ours_is_refused_with_a_reason(tmp_path, kind):
    one, other = the_print(), a_strange_print()
    photo, truth = make_unreadable(one, other, np.random.default_rng(5), kind, megapixels=MEGAPIXELS)
    refused = read(tmp_path, photo)
    if truth is not None and isinstance(refused, Reading):
        # A crumpled sheet may be read; what must not happen is that its marks come to lie elsewhere.
        assert max(score_of(truth, refused.marks).errors_mm) <= 1.0
        return
    assert isinstance(refused, Failure)
    if kind == "other sheet":
        assert refused.reason == Reason.UNKNOWN_SHEET
    if kind in {"cat", "letter", "no markers"}:
        assert refused.reason == Reason.NOT_A_SHEET


def test_photos_carry_an_orientation_that_must_be_heeded():
    turned = {Image.open(BytesIO(a_photo(seed=seed)[0])).getexif().get(0x0112) for seed in range(8)}
    assert len(turned) > 1


def test_the_reference_of_the_benchmark_finds_plain_stickers(tmp_path):
    _, reading, truth = the_score(tmp_path, "scan", 11)
    stickers = [mark for mark in truth.marks if mark.kind == "sticker" and not mark.touches]
    found = circles_of(reading.straightened.frame, the_print().sheet)
    near = [min(np.hypot(mark.x_mm - one.x_mm, mark.y_mm - one.y_mm) for one in found) < 1.5 for mark in stickers]
    assert np.mean(near) > 0.8
