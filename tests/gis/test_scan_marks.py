"""Marks on straightened frames: colours under bad light, shapes parted, and what is no mark. All drawn, seeded."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from gis.paper.sheet import PaperSheet, Sticker
from gis.scan.balance import Balanced, balance
from gis.scan.failure import Failure, Reason
from gis.scan.mark import Mark
from gis.scan.marks import find_marks
from tests.gis.marked_frames import Conditions, Drawn, a_crowd, a_photo, a_sheet, a_town

SHEET = a_sheet()
CLEAN = a_town(SHEET)
LEFT, TOP, WIDTH, HEIGHT = SHEET.layout.frame
HARD = Conditions(
    cast=(1.0, 0.85, 0.65), uneven=0.5, shadow=0.45, power=1.15, noise=4, blur_mm=0.15, warp_mm=0.2, quality=70,
    jitter=1, writing=True,
)  # fmt: skip


def at(x: float, y: float, category: str = "unsafe", size: float = 10, kind: str = "sticker") -> Drawn:
    return Drawn(category, kind, LEFT + x, TOP + y, size)


def found_in(photo: object, sheet: PaperSheet = SHEET, clean: np.ndarray = CLEAN) -> tuple[Mark, ...]:
    balanced = balance(photo, clean, sheet)
    assert isinstance(balanced, Balanced), balanced
    marks = find_marks(balanced, sheet)
    assert not isinstance(marks, Failure), marks
    return marks


def said(marks: tuple[Mark, ...]) -> list[tuple[str, str]]:
    return sorted((mark.category, mark.kind) for mark in marks)


def assert_found(drawn: list[Drawn], marks: tuple[Mark, ...], *, within_mm: float = 1.0) -> None:
    """Every mark once, in its category, near its place; nothing else."""
    assert len(marks) == len(drawn), (said(marks), sorted((one.category, one.kind) for one in drawn))
    for one in drawn:
        nearest = min(marks, key=lambda mark: np.hypot(mark.x_mm - one.x, mark.y_mm - one.y))
        far = np.hypot(nearest.x_mm - one.x, nearest.y_mm - one.y)
        assert far <= within_mm, (one, nearest)
        assert nearest.category == one.category, (one, nearest)


def test_an_empty_sheet_has_no_marks() -> None:
    assert found_in(a_photo(SHEET, CLEAN, [], HARD)) == ()


def test_a_single_sticker_is_found_to_a_tenth_of_a_millimetre() -> None:
    (mark,) = found_in(a_photo(SHEET, CLEAN, [at(60, 50, "safe", 12)]))
    assert (mark.category, mark.kind) == ("safe", "sticker")
    assert mark.x_mm == pytest.approx(LEFT + 60, abs=0.1)
    assert mark.y_mm == pytest.approx(TOP + 50, abs=0.1)
    assert mark.diameter_mm == pytest.approx(12, abs=0.3)
    assert mark.confidence > 0.9


@pytest.mark.parametrize("seed", range(1, 7))
def test_crowds_under_bad_light_are_read_right(seed: int) -> None:
    drawn = a_crowd(SHEET, np.random.default_rng(seed), 30)
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, HARD, seed)), within_mm=1.6)


def test_errors_in_a_crowd_are_small() -> None:
    off = []
    for seed in (11, 12):
        drawn = a_crowd(SHEET, np.random.default_rng(seed), 40, kinds="s")
        marks = found_in(a_photo(SHEET, CLEAN, drawn, dataclasses.replace(HARD, warp_mm=0.0), seed))
        off += [min(np.hypot(mark.x_mm - one.x, mark.y_mm - one.y) for mark in marks) for one in drawn]
    assert np.median(off) < 0.25
    assert np.percentile(off, 95) < 0.8


@pytest.mark.parametrize("share", [0.32, 0.5, 0.8, 1.0])
def test_two_stickers_of_one_colour_are_parted(share: float) -> None:
    drawn = [at(60, 60, size=12), at(60 + 12 * share, 60, size=12)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, Conditions(blur_mm=0.12, noise=3, quality=80))))


def test_three_touching_stickers_of_different_sizes_are_parted() -> None:
    drawn = [at(60, 60, size=16), at(70, 64, size=9), at(64, 71, size=7)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, Conditions(blur_mm=0.12, noise=3))))


def test_a_sticker_half_under_another_colour_is_completed() -> None:
    drawn = [at(60, 60, "safe", 12), at(65, 60, "improve", 12)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn)), within_mm=0.4)


def test_a_small_sticker_upon_a_large_one_is_its_own() -> None:
    drawn = [at(60, 60, "improve", 20), at(62, 58, "unsafe", 8)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn)), within_mm=0.4)


def test_a_sticker_cut_by_the_frame_is_found_where_its_middle_is() -> None:
    drawn = [at(1.5, 60, "safe", 12), at(90, HEIGHT - 2, "improve", 9)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn)), within_mm=0.5)


def test_a_sticker_whose_middle_is_beyond_the_frame_is_none() -> None:
    assert found_in(a_photo(SHEET, CLEAN, [at(-2, 60, "safe", 14)])) == ()


def test_dots_of_two_millimetres_survive_blur_and_jpeg() -> None:
    drawn = [
        at(20 + 12 * n, 40 + 5 * n, key, 2.0, "dot") for n, key in enumerate(("safe", "unsafe", "improve") * 3)
    ]
    how = Conditions(blur_mm=0.22, noise=3, quality=62)
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, how)), within_mm=0.4)


def test_crosses_lie_where_their_strokes_meet() -> None:
    drawn = [
        at(20 + 16 * n, 30 + 9 * n, key, 5 + n / 2, "cross")
        for n, key in enumerate(("safe", "unsafe", "improve") * 3)
    ]
    marks = found_in(a_photo(SHEET, CLEAN, drawn, Conditions(blur_mm=0.15, noise=3, quality=75, jitter=1)))
    assert_found(drawn, marks, within_mm=0.6)
    assert sum(mark.kind == "cross" for mark in marks) >= 8


def test_ballpoint_and_coffee_are_no_marks() -> None:
    for seed in range(4):
        how = dataclasses.replace(HARD, scribbles=True, coffee=True, crease=True)
        assert found_in(a_photo(SHEET, CLEAN, [], how, seed)) == ()


def test_writing_on_a_sticker_does_not_part_it() -> None:
    drawn = [at(20 + 15 * n, 60, key, 11) for n, key in enumerate(("safe", "unsafe", "improve") * 3)]
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, Conditions(writing=True, blur_mm=0.1), 3)))


def test_a_print_in_grey_with_coloured_stickers_is_read() -> None:
    drawn = a_crowd(SHEET, np.random.default_rng(5), 20, kinds="s")
    assert_found(drawn, found_in(a_photo(SHEET, CLEAN, drawn, dataclasses.replace(HARD, print_grey=1.0), 5)))


def test_a_photo_without_colours_is_refused() -> None:
    photo = a_photo(SHEET, CLEAN, [at(60, 60)], Conditions(photo_grey=True))
    refused = balance(photo, CLEAN, SHEET)
    assert isinstance(refused, Failure)
    assert refused.reason is Reason.NO_COLOUR


def test_a_grey_photo_with_a_colour_cast_is_refused_too() -> None:
    photo = a_photo(SHEET, CLEAN, [at(60, 60)], Conditions(photo_grey=True))
    tint = np.array([1.0, 0.93, 0.85])
    photo.frame = (photo.frame * tint).astype(np.uint8)
    for patch in photo.patches:
        patch.seen = tuple(int(v) for v in np.array(patch.seen) * tint)
    balanced = balance(photo, CLEAN, SHEET)
    assert isinstance(balanced, Balanced)
    refused = find_marks(balanced, SHEET)
    assert isinstance(refused, Failure)
    assert refused.reason is Reason.NO_COLOUR


def test_a_burnt_out_photo_is_refused() -> None:
    photo = a_photo(SHEET, CLEAN, [at(60, 60)])
    photo.frame = np.full_like(photo.frame, 255)
    photo.frame[:40, :40] = (200, 180, 90)
    photo.patches = tuple(SimpleNamespace(**{**vars(patch), "seen": (255, 255, 255)}) for patch in photo.patches)
    refused = balance(photo, CLEAN, SHEET)
    assert isinstance(refused, Failure)
    assert refused.reason is Reason.TOO_BRIGHT


@pytest.mark.parametrize("patches", ["none", "uniform", "upside down"])
def test_without_patches_to_trust_the_paper_itself_is_white(patches: str) -> None:
    drawn = a_crowd(SHEET, np.random.default_rng(4), 20)
    photo = a_photo(SHEET, CLEAN, drawn, Conditions(cast=(1.0, 0.9, 0.75), uneven=0.3, noise=2), 4)
    wrong = {"uniform": lambda p: (160, 120, 90), "upside down": lambda p: tuple(255 - v for v in p.seen)}
    photo.patches = () if patches == "none" else tuple(
        SimpleNamespace(**{**vars(patch), "seen": wrong[patches](patch)}) for patch in photo.patches
    )  # fmt: skip
    assert_found(drawn, found_in(photo))


def test_nothing_is_found_where_the_photo_shows_nothing() -> None:
    photo = a_photo(SHEET, CLEAN, [at(40, 60), at(140, 60)])
    half = photo.frame.shape[1] // 2
    photo.frame[:, half:] = 0
    photo.seen[:, half:] = False
    assert_found([at(40, 60)], found_in(photo))


def test_eight_categories_of_the_palette_are_told_apart() -> None:
    colours = ["009E73", "D55E00", "0072B2", "CC79A7", "E69F00", "56B4E9", "8C6BB1", "7A6A55"]
    stickers = [Sticker(f"c{n}", tuple(bytes.fromhex(rgb))) for n, rgb in enumerate(colours)]
    sheet = a_sheet("A3", stickers)
    clean = a_town(sheet)
    for seed in (1, 2):
        drawn = a_crowd(sheet, np.random.default_rng(seed), 45, kinds="s")
        how = dataclasses.replace(HARD, writing=False, cast=(1.0, 0.92, 0.8), shadow=0.6, jitter=0.7)
        assert_found(drawn, found_in(a_photo(sheet, clean, drawn, how, seed), sheet, clean), within_mm=1.6)


def test_confidence_falls_where_a_colour_is_between_two_categories() -> None:
    stickers = (Sticker("red", (213, 94, 0)), Sticker("orange", (230, 159, 0)))
    sheet = a_sheet("A4", stickers)
    clean = a_town(sheet)
    drawn = [Drawn("red", "sticker", LEFT + 60, TOP + 60, 12)]
    unlike = a_sheet("A4", (Sticker("red", (221, 125, 0)), stickers[1]))
    (sure,) = found_in(a_photo(sheet, clean, drawn), sheet, clean)
    photo = a_photo(unlike, clean, drawn)
    photo.patches = a_photo(sheet, clean, []).patches
    doubtful = found_in(photo, sheet, clean)
    assert max(mark.confidence for mark in doubtful) < sure.confidence - 0.1


def test_the_same_photo_gives_the_same_marks() -> None:
    drawn = a_crowd(SHEET, np.random.default_rng(9), 25)
    photo = a_photo(SHEET, CLEAN, drawn, HARD, 9)
    assert found_in(photo) == found_in(photo)
