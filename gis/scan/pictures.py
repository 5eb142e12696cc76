"""Pictures out of files that people send, photos, scans, PDFs of many pages: upright, and nothing but pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from gis.scan.failure import Failure, Reason
from gis.scan.kind import HEAD_BYTES, HEIF, PDF, kind_of

MEGAPIXELS: Final = (1.9, 60.0)
"""Below two a sheet's codes are not seen (a little is left for phones that round); above sixty no phone goes."""
HALVED_ABOVE_MP: Final = 40.0
"""Beyond, phones have more pixels than detail: halved, such a photo takes a quarter of the memory."""
MOST_PAGES: Final = 200
PDF_MP: Final = 16.0
"""How finely a page of a PDF is drawn at most: A4 at 300 dpi has 8.7."""
PDF_DPI: Final = 300
MOST_BROKEN: Final = 3
"""Pages of a PDF one after another that don't load: then the rest of it is not tried."""
LONGEST_SIDE: Final = 20_000

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Page:
    """One picture of a file."""

    number: int
    """From 1; photos have one page."""
    pixels: Pixels
    """Height, width, red-green-blue."""


def open_pages(path: Path) -> Iterator[Page | Failure]:
    """The pictures of a file, page by page, each turned upright; a page that can't be read gives its `Failure`.

    What the phone wrote beside the pixels (place, time, owner) is dropped here.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    if kind is None:
        yield Failure(Reason.NOT_A_PICTURE)
        return
    if kind == PDF:
        yield from _pdf_pages(path)
        return
    try:
        yield from _picture_pages(path, kind)
    except Image.DecompressionBombError:
        yield Failure(Reason.TOO_LARGE, {"most_mp": MEGAPIXELS[1]})
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as broken:
        yield Failure(Reason.NOT_A_PICTURE, {"error": type(broken).__name__})


def _picture_pages(path: Path, kind: str) -> Iterator[Page | Failure]:
    if kind == HEIF:
        _with_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes and of broken EXIF: sizes are checked, EXIF goes
        with Image.open(path, formats=(kind,)) as picture:
            pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            for number in range(1, min(pages, MOST_PAGES) + 1):
                if pages > 1:
                    picture.seek(number - 1)
                yield _refused_size(picture.size) or Page(number, _pixels(picture))
    if pages > MOST_PAGES:
        yield Failure(Reason.TOO_LARGE, {"pages": pages, "most_pages": MOST_PAGES})


def _with_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False)


def _refused_size(size: tuple[int, int]) -> Failure | None:
    """Why a picture of this size is not even decoded."""
    least, most = MEGAPIXELS
    megapixels = size[0] * size[1] / 1e6
    evidence = {"width": size[0], "height": size[1], "least_mp": least, "most_mp": most}
    if megapixels < least:
        return Failure(Reason.TOO_SMALL, evidence)
    if megapixels > most or max(size) > LONGEST_SIDE:
        return Failure(Reason.TOO_LARGE, evidence)
    return None


def _pixels(picture: Image.Image) -> Pixels:
    """The picture upright as red, green, blue; see-through places are paper-white."""
    megapixels = picture.size[0] * picture.size[1] / 1e6
    half = megapixels > HALVED_ABOVE_MP
    if half:
        picture.draft("RGB", (picture.size[0] // 2, picture.size[1] // 2))  # JPEG decodes at half size by itself
    turned = ImageOps.exif_transpose(picture)
    pixels = np.asarray(_eight_bits(turned))
    if half and pixels.shape[0] * pixels.shape[1] / 1e6 > HALVED_ABOVE_MP:
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return np.ascontiguousarray(pixels)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture in red, green, blue of eight bits each."""
    if picture.mode == "RGB":
        return picture
    if picture.mode in {"I", "F"} or picture.mode.startswith("I;16"):
        deep: NDArray[Any] = np.asarray(picture).astype(np.float32)
        top = 65535.0 if picture.mode != "F" else max(1.0, float(np.nan_to_num(deep).max()))
        return Image.fromarray((np.nan_to_num(deep) / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if "A" in picture.mode or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    return picture.convert("RGB")


def _pdf_pages(path: Path) -> Iterator[Page | Failure]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as broken:
        yield Failure(Reason.NOT_A_PICTURE, {"error": str(broken)})
        return
    with document:
        pages = len(document)
        broken_pages: list[Failure] = []
        for number in range(1, min(pages, MOST_PAGES) + 1):
            try:
                drawn = _drawn(document[number - 1], number)
            except (pypdfium2.PdfiumError, ValueError, MemoryError) as broken:
                drawn = Failure(Reason.NOT_A_PICTURE, {"page": number, "error": str(broken)})
            if isinstance(drawn, Failure):
                broken_pages.append(drawn)
                if len(broken_pages) == MOST_BROKEN:
                    yield broken_pages[0]
                    return
                continue
            yield from broken_pages
            broken_pages.clear()
            yield drawn
        yield from broken_pages
    if pages > MOST_PAGES:
        yield Failure(Reason.TOO_LARGE, {"pages": pages, "most_pages": MOST_PAGES})


def _drawn(page: Any, number: int) -> Page | Failure:
    """A page of a PDF as pixels: as fine as a scanner's, less where the page is very large."""
    width, height = page.get_size()
    if min(width, height) <= 0 or max(width, height) / min(width, height) > LONGEST_SIDE / 100:
        return Failure(Reason.NOT_A_PICTURE, {"page": number})
    scale = min(PDF_DPI / 72, (PDF_MP * 1e6 / (width * height)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    pixels = bitmap.to_numpy()
    shown = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels[..., :3]
    result = np.array(shown, dtype=np.uint8)
    bitmap.close()
    page.close()
    return Page(number, result)
