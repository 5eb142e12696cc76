"""Placing a photo of a sheet: right to fractions of a millimetre, or refused with what was measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gis.paper.sheet import PaperSheet
from gis.scan.by_hand import straighten_by_hand
from gis.scan.failure import Failure, Reason
from gis.scan.locate import locate
from gis.scan.straighten import Straightened, straighten
from tests.gis.paper_camera import SERIAL, Pose, a_sheet, clean_picture, drawn, photographed, to_photo

SAME_CLASS = ("A3C4D5E24", "A3C4D5E6C")
OTHER_CLASS = "A3C4D5E3E"


@cache
def the_sheet(paper: str = "A4") -> PaperSheet:
    return a_sheet(paper)


@cache
def the_page(paper: str = "A4", serial: str = SERIAL, px_per_mm: float = 8, *, codes: bool = True) -> np.ndarray:
    return drawn(the_sheet(paper), serial, px_per_mm, codes=codes)


def taken(pose: Pose, paper: str = "A4", px_per_mm: float = 8) -> np.ndarray:
    return photographed(the_sheet(paper), the_page(paper, px_per_mm=px_per_mm), pose, px_per_mm)


def placed(pose: Pose, *, with_map: bool = False) -> Straightened:
    clean = clean_picture(the_sheet(), the_page()) if with_map else None
    photo = taken(pose)
    located = locate(photo)
    assert not isinstance(located, Failure), located
    assert located.serials == (SERIAL,)
    straight = straighten(photo, located, the_sheet(), SERIAL, clean)
    assert isinstance(straight, Straightened), straight
    return straight


def errors_mm(straight: Straightened, pose: Pose, sheet: PaperSheet | None = None) -> np.ndarray:
    """Over the frame where it was seen: how far the place told is from the true one."""
    sheet = sheet or the_sheet()
    left, top, width, height = sheet.layout.frame
    x, y = np.meshgrid(left + width * np.linspace(0.01, 0.99, 25), top + height * np.linspace(0.01, 0.99, 25))
    fine = sheet.picture_px_per_mm
    seen = straight.seen[((y - top) * fine).astype(int), ((x - left) * fine).astype(int)]
    away = np.linalg.norm(straight.to_photo(x, y) - to_photo(sheet, pose, x, y), axis=-1)
    return away[seen] / straight.px_per_mm


def refusal(photo: np.ndarray, sheet: PaperSheet | None = None) -> Failure:
    located = locate(photo)
    if isinstance(located, Failure):
        return located
    found = straighten(photo, located, sheet or the_sheet(), SERIAL)
    assert isinstance(found, Failure)
    return found


@pytest.mark.parametrize("roll_deg", [0, 90, 180, 270, 37])
def test_any_orientation_is_placed_within_a_seventh_of_a_millimetre(roll_deg: float):
    pose = Pose(roll_deg=roll_deg, size=(2000, 2000))
    straight = placed(pose)
    assert errors_mm(straight, pose).max() < 0.14
    assert straight.error_mm < 0.15
    assert straight.error_m == pytest.approx(straight.error_mm * the_sheet().scale / 1000)
    assert straight.share_seen == 1
    assert straight.missing == ()


@pytest.mark.parametrize(
    ("pose", "most_mm"),
    [
        (Pose(lens=-0.06), 0.15),
        (Pose(lens=0.05, tilt_deg=(25, -20)), 0.2),
        (Pose(curl_mm=8, lens=-0.02), 0.3),
        (Pose(size=(1640, 1230)), 0.2),
    ],
)
def test_lens_and_curled_paper_are_undone_by_the_markers(pose: Pose, most_mm: float):
    assert errors_mm(placed(pose), pose).max() < most_mm


def test_a_fold_that_markers_do_not_see_is_undone_by_the_printed_map():
    pose = Pose(fold_mm=-14, tilt_deg=(24, 15))
    by_markers, by_map = placed(pose), placed(pose, with_map=True)
    off, mended = errors_mm(by_markers, pose), errors_mm(by_map, pose)
    assert np.percentile(off, 95) > 0.4
    assert np.percentile(mended, 95) < 0.3
    assert np.median(mended) < 0.1


def test_any_three_corners_may_be_hidden():
    left, top, width, height = the_sheet().layout.frame
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    for shown in range(4):
        hidden = tuple((x, y, 27.0) for n, (x, y) in enumerate(corners) if n != shown)
        pose = Pose(hidden=hidden)
        straight = placed(pose)
        assert len(straight.missing) >= 6
        assert errors_mm(straight, pose).max() < 0.3


def test_part_of_a_wall_map_is_placed_and_what_is_not_shown_is_not_seen():
    sheet = the_sheet("A0")
    pose = Pose(size=(3000, 2250), fill=1.5, off=(0.35, 0.25), tilt_deg=(3, 2), roll_deg=1)
    photo = taken(pose, "A0", 3)
    located = locate(photo)
    assert not isinstance(located, Failure)
    straight = straighten(photo, located, sheet, SERIAL)
    assert isinstance(straight, Straightened), straight
    assert 0.1 < straight.share_seen < 0.9
    assert straight.missing
    assert errors_mm(straight, pose, sheet).max() < 0.8


def test_two_sheets_of_one_kind_in_view_are_not_mixed():
    sheet = the_sheet()
    first, second = SAME_CLASS
    pose = Pose(size=(2400, 1700))
    both = np.concatenate(
        [
            photographed(sheet, the_page(serial=first), pose),
            photographed(sheet, the_page(serial=second), replace(pose, roll_deg=-4)),
        ]
    )
    located = locate(both)
    assert not isinstance(located, Failure)
    assert set(located.serials) == {first, second}
    straight = straighten(both, located, sheet, first)
    # Nothing tells whose markers are whose: whichever is taken, it is one sheet, whole and flat.
    assert isinstance(straight, Straightened | Failure)
    if isinstance(straight, Straightened):
        assert straight.error_mm < 0.15


def test_what_another_sheet_covers_is_not_seen():
    sheet = the_sheet()
    pose = Pose(roll_deg=0, tilt_deg=(0, 0))
    photo = taken(pose).copy()
    upper = photographed(sheet, the_page(serial=OTHER_CLASS), replace(pose, size=(1100, 825)))
    photo[900:1725, 100:1200] = upper
    located = locate(photo)
    assert not isinstance(located, Failure)
    straight = straighten(photo, located, sheet, SERIAL)
    assert isinstance(straight, Straightened), straight
    assert straight.share_seen < 0.85
    assert errors_mm(straight, pose).max() < 0.2


def test_colours_of_patches_are_told_with_their_places():
    pose = Pose(light=0.7)
    straight = placed(pose)
    assert {patch.name for patch in straight.patches} == {"white", "grey", "black", "safe", "unsafe", "improve"}
    assert len(straight.patches) == len(the_sheet().layout.patches)
    for patch in straight.patches:
        assert np.abs(np.array(patch.seen) - 0.7 * np.array(patch.printed)).max() < 6


def test_the_frame_is_laid_flat_pixel_by_pixel():
    straight = placed(Pose(), with_map=True)
    clean = clean_picture(the_sheet(), the_page())
    assert straight.frame.shape == clean.shape == (*the_sheet().picture_size[::-1], 3)
    away = np.abs(straight.frame.astype(float) / 0.95 - clean).mean()
    moved = np.abs(np.roll(straight.frame, 6, axis=1).astype(float) / 0.95 - clean).mean()
    assert away < 0.6 * moved


def test_a_dark_photo_is_refused_and_told_so():
    assert refusal(taken(Pose(light=0.06))).reason in {Reason.TOO_DARK, Reason.NOT_A_SHEET}


def test_a_blurred_photo_is_refused_and_told_so():
    failure = refusal(taken(Pose(blur_px=14)))
    assert failure.reason is Reason.BLURRED
    assert "sharpness" in failure.evidence


def test_a_page_without_markers_is_no_sheet():
    page = np.full_like(the_page(), 245)
    failure = refusal(photographed(the_sheet(), page, Pose()))
    assert failure.reason in {Reason.NOT_A_SHEET, Reason.BLURRED}
    assert failure.evidence["markers"] == 0


def test_hidden_markers_are_named():
    left, top, width, height = the_sheet().layout.frame
    below = tuple((left + width * way, top + height, 55.0) for way in (0, 0.25, 0.5, 0.75, 1))
    above = tuple((left + width * way, top + 20, 60.0) for way in (0.3, 0.6, 1))
    failure = refusal(taken(Pose(hidden=below + above)))
    assert failure.reason is Reason.MARKERS_HIDDEN
    assert set(failure.evidence["found"]) | set(failure.evidence["missing"]) == {
        marker.place for marker in the_sheet().layout.markers
    }


def test_markers_on_one_side_alone_do_not_place_the_rest():
    _, top, _, _ = the_sheet().layout.frame
    page = the_page().copy()
    page[round((top + 6) * 8) :] = 255
    assert refusal(photographed(the_sheet(), page, Pose())).reason in {Reason.MARKERS_HIDDEN, Reason.NOT_FLAT}


def test_a_torn_sheet_is_refused():
    page = the_page().copy()
    left, _, width, _ = the_sheet().layout.frame
    cut = round((left + width / 2) * 8)
    torn = np.full_like(page, 60)
    torn[:, :cut] = page[:, :cut]
    torn[60:, cut:] = page[:-60, cut:]
    failure = refusal(photographed(the_sheet(), torn, Pose()))
    assert failure.reason is Reason.NOT_FLAT
    assert failure.evidence["far_off"] or failure.evidence["error_mm"] > 1.2


def test_a_sheet_laid_out_otherwise_is_not_placed():
    """The serial is known, but what is printed does not lie where it should."""
    photo = taken(Pose())
    assert refusal(photo, a_sheet("A3")).reason in {Reason.NOT_FLAT, Reason.MARKERS_HIDDEN}


def test_noise_is_never_a_sheet():
    noise = np.random.default_rng(3).integers(0, 255, (1500, 2000, 3)).astype(np.uint8)
    assert isinstance(locate(noise), Failure)


def test_a_mirrored_photo_is_not_placed():
    assert refusal(np.ascontiguousarray(taken(Pose())[:, ::-1])).reason is Reason.MARKERS_HIDDEN


def clicked(pose: Pose) -> np.ndarray:
    left, top, width, height = the_sheet().layout.frame
    return to_photo(
        the_sheet(), pose, [left, left + width, left + width, left], [top, top, top + height, top + height]
    )


def test_clicked_corners_place_a_frame_and_the_map_pulls_it_right():
    pose = Pose(lens=-0.02)
    photo = taken(pose)
    off = clicked(pose) + np.array([[9, -6], [-8, 7], [6, 9], [-9, -5]])
    alone = straighten_by_hand(photo, off, the_sheet())
    pulled = straighten_by_hand(photo, off, the_sheet(), clean_picture(the_sheet(), the_page()))
    assert isinstance(alone, Straightened)
    assert isinstance(pulled, Straightened)
    assert np.median(errors_mm(alone, pose)) < 2
    assert alone.share_seen == pulled.share_seen == 1
    assert np.percentile(errors_mm(pulled, pose), 95) < 0.3


@pytest.mark.parametrize(
    "corners",
    [
        [[100, 100], [1800, 1500], [1800, 100], [100, 1500]],
        [[1800, 100], [100, 100], [100, 1500], [1800, 1500]],
        [[100, 100], [110, 100], [110, 110], [100, 110]],
        [[0, 0], [1, 1], [2, 2], [3, 3]],
        [[100, 100], [200, 100], [float("nan"), 200], [100, 200]],
    ],
)
def test_clicks_that_are_no_frame_are_refused(corners: list[list[float]]):
    assert isinstance(straighten_by_hand(taken(Pose()), np.array(corners), the_sheet()), Failure)
