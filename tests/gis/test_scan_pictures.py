"""Files that people send: every kind of picture comes out upright and plain, everything else as a refusal."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFilter

from gis.scan.failure import Failure, Reason
from gis.scan.kind import kind_of
from gis.scan.pictures import Page, open_pages
from gis.scan.quality import without_a_sheet


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


def test_a_cut_off_photo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # WeasyPrint, which other tests load, has Pillow take what is cut off; whoever reads photos does not load it.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
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


def a_pdf(*broken: bool) -> bytes:
    """A PDF with so many pages, some of which don't load."""
    pages = [a_picture(240, 160) for _ in broken]
    content = saved(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=20)
    parts = content.split(b"/MediaBox [ 0")
    assert len(parts) == len(broken) + 1
    out = parts[0]
    for is_broken, part in zip(broken, parts[1:], strict=True):
        begins, rest = part.split(b"]", 1)
        numbers = b" 0 1 999999 " if is_broken else begins
        out += b"/MediaBox [ 0" + numbers.ljust(len(begins))[: len(begins)] + b"]" + rest
    return out


def test_a_pdf_that_does_not_load_page_after_page_ends_with_one_refusal(tmp_path: Path):
    def told(*broken: bool) -> list[tuple[int, bool]]:
        found = opened(tmp_path, a_pdf(*broken))
        return [(n, isinstance(one, Failure)) for n, one in enumerate(found, 1)]

    good, bad = False, True
    assert told(good, bad, bad, good, bad) == [(1, good), (2, bad), (3, bad), (4, good), (5, bad)]
    assert told(good, bad, bad, bad, good, good) == [(1, good), (2, bad)]
    assert told(bad, bad, bad, bad) == [(1, bad)]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_a_picture_that_says_it_is_a_pdf_is_a_picture(tmp_path: Path, kind: str):
    exif = Image.Exif()
    exif[0x010E] = "%PDF-1.7"
    content = saved(a_picture(), kind, exif=exif)
    assert b"%PDF-" in content[:1024]
    (page,) = opened(tmp_path, content)
    assert isinstance(page, Page)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xfe\x00\x10%PDF-1.7", "JPEG"),
        (b"\x89PNG\r\n\x1a\n%PDF-", "PNG"),
        (b"II*\x00%PDF-", "TIFF"),
        (b"MM\x00*%PDF-", "TIFF"),
        (b"RIFF\x00\x00\x00\x00WEBP%PDF-", "WEBP"),
        (b"\x00\x00\x00\x18ftypheic%PDF-", "HEIF"),
        (b"%PDF-1.7", "PDF"),
        (b"\n" * 900 + b"%PDF-1.4", "PDF"),
        (b"\n" * 1024 + b"%PDF-1.4", None),
        (b"<html>", None),
    ],
)
def test_a_file_is_what_it_begins_with(head: bytes, kind: str | None):
    assert kind_of(head) == kind


@pytest.mark.parametrize("paper", [255, 235, 180])
def test_a_picture_with_nothing_in_it_is_no_sheet_rather_than_blurred(paper: int):
    noise = np.random.default_rng(7).normal(0, 3, (1500, 2000))
    grey = (np.linspace(paper - 20, paper, 2000)[None, :] + noise).clip(0, 255).astype(np.uint8)
    assert without_a_sheet(grey, []).reason is Reason.NOT_A_SHEET


def test_a_sheet_wholly_out_of_focus_is_blurred():
    grey = np.full((1500, 2000), 210, np.uint8)
    for n in range(20):
        grey[200:1300, 100 + n * 90 : 140 + n * 90] = 20
    blurred = np.array(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(12)))
    assert without_a_sheet(blurred, []).reason is Reason.BLURRED
