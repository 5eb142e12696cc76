"""Files that people send: every kind of picture comes out upright and plain, everything else as a refusal."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gis.scan.failure import Failure, Reason
from gis.scan.pictures import Page, open_pages


def a_picture(width: int = 1800, height: int = 1200) -> Image.Image:
    """Red at the top left, blue at the bottom right."""
    pixels = np.full((height, width, 3), 230, np.uint8)
    pixels[: height // 4, : width // 4] = (220, 20, 20)
    pixels[-height // 4 :, -width // 4 :] = (20, 20, 220)
    return Image.fromarray(pixels)


def opened(folder: Path, content: bytes) -> list[Page | Failure]:
    file = folder / "file"
    file.write_bytes(content)
    return list(open_pages(file))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def is_red(page: Page | Failure, row: int, column: int) -> bool:
    assert isinstance(page, Page), page
    red, green, blue = page.pixels[row, column].astype(int)
    return red > 150 and green < 90 and blue < 90


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_photos_and_scans_open(tmp_path: Path, kind: str):
    (page,) = opened(tmp_path, saved(a_picture(), kind))
    assert isinstance(page, Page)
    assert (page.number, page.pixels.shape, page.pixels.dtype) == (1, (1200, 1800, 3), np.uint8)
    assert is_red(page, 10, 10)


def test_a_photo_is_turned_upright_and_forgets_its_place(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    (page,) = opened(tmp_path, saved(a_picture(), "JPEG", exif=exif))
    assert isinstance(page, Page)
    assert page.pixels.shape == (1800, 1200, 3)
    assert is_red(page, 10, -10)
    assert set(vars(page)) == {"number", "pixels"}


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16", "LA", "1"])
def test_other_kinds_of_pixels_become_red_green_blue(tmp_path: Path, mode: str):
    picture = a_picture()
    converted = (
        Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
        if mode == "I;16"
        else picture.convert(mode)
    )
    (page,) = opened(tmp_path, saved(converted, "TIFF" if mode == "CMYK" else "PNG"))
    assert isinstance(page, Page)
    assert page.pixels.shape == (1200, 1800, 3)
    assert page.pixels[550:650, 850:950].mean() > 200


def test_each_page_of_a_scan_is_a_picture(tmp_path: Path):
    more = [a_picture().rotate(180), a_picture()]
    pages = opened(tmp_path, saved(a_picture(), "TIFF", save_all=True, append_images=more))
    assert [page.number for page in pages if isinstance(page, Page)] == [1, 2, 3]
    pages = opened(tmp_path, saved(a_picture(), "PDF", save_all=True, append_images=more, resolution=200))
    assert [page.number for page in pages if isinstance(page, Page)] == [1, 2, 3]
    assert is_red(pages[0], 10, 10)
    assert is_red(pages[1], -10, -10)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"%PDF-1.7\nnonsense",
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"\x00\x00\x00\x18ftypheic" + bytes(99),
        b"GIF89a",
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes):
    assert [found.reason for found in opened(tmp_path, content) if isinstance(found, Failure)] == [
        Reason.NOT_A_PICTURE
    ]


def test_a_cut_off_photo_is_refused(tmp_path: Path):
    content = saved(a_picture(), "JPEG")
    assert [
        found.reason for found in opened(tmp_path, content[: len(content) // 2]) if isinstance(found, Failure)
    ] == [Reason.NOT_A_PICTURE]


def test_a_preview_is_too_small_and_a_bomb_too_large(tmp_path: Path):
    (small,) = opened(tmp_path, saved(a_picture(900, 600), "JPEG"))
    assert isinstance(small, Failure)
    assert small.reason is Reason.TOO_SMALL
    assert small.evidence["width"] == 900
    for side in (9000, 30_000):  # Pillow warns of the first and refuses the second by itself
        (large,) = opened(tmp_path, saved(Image.new("1", (side, side)), "PNG"))
        assert isinstance(large, Failure)
        assert large.reason is Reason.TOO_LARGE


def test_a_photo_of_fifty_megapixels_is_halved(tmp_path: Path):
    (page,) = opened(tmp_path, saved(Image.new("RGB", (8160, 6120), "white"), "JPEG"))
    assert isinstance(page, Page)
    assert page.pixels.shape == (3060, 4080, 3)
