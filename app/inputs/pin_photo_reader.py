"""A stranger's photo made anew in a process of its own: `python -m app.inputs.pin_photo_reader FILE FOLDER`.

What decodes pictures runs here, with little memory and no secrets (inputs/reading_apart.py). It writes
`picture.jpg` and `small.jpg` into the folder and one JSON object to stdout: their size, or what is the problem.
"""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from app.inputs.reading_apart import confine
from gis.scan.kind import HEAD_BYTES, HEIF, kind_of

MOST_CPU_S: Final = 6
MOST_MEMORY_BYTES: Final = 5 << 28
"""Measured: 64 megapixels of a JPEG in passes take 0.4 GB; libraries and their threads reserve more."""
MOST_WRITTEN_BYTES: Final = 8 << 20
MOST_MEGAPIXELS: Final = 64.0
"""Phones go to 50; a bomb of more is not even decoded."""
MOST_MEGAPIXELS_WHOLE: Final = 24.0
"""Of kinds that can only be opened at their full size, four bytes for each point; no camera writes them."""
WHOLE: Final = frozenset({"PNG", "WEBP"})
MOST_SCANS: Final = 64
"""Cameras and programs write a JPEG in one to some ten passes; each costs work for every point of the picture."""
MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""Of a JPEG's part; stuffed bytes and restarts within the picture are none."""
START_OF_PICTURE, END_OF_PICTURE, SCAN, FIRST_WITH_LENGTH = 0xD8, 0xD9, 0xDA, 0xC0
LEAST_SIDE_PX: Final = 64
LONGEST_SIDE_PX: Final = 20_000
MOST_PX, SMALL_PX = 1600, 480
QUALITY, SMALL_QUALITY = 82, 76
QUALITY_STEP: Final = 12
MOST_STORED_BYTES: Final = 700_000
"""Of one picture: noise may look worse, so that nobody fills the disk with it."""


def main() -> None:
    """Read the file that is named, write its pictures, say how large they are."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    confine(MOST_CPU_S, MOST_WRITTEN_BYTES, MOST_MEMORY_BYTES)
    warnings.simplefilter("ignore")  # Pillow warns of sizes and of broken EXIF: sizes are checked, EXIF goes
    json.dump(made(source, folder), sys.stdout)


def made(source: Path, folder: Path) -> dict[str, Any]:
    """What became of the photo: width and height of the picture that was made, or the problem."""
    with source.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    try:
        if kind == "JPEG" and scans(source.read_bytes()) > MOST_SCANS:
            return {"problem": "not_a_photo"}
        if kind == HEIF:
            import pi_heif

            pi_heif.register_heif_opener(thumbnails=False)
            pi_heif.options.DECODE_THREADS = 1
        with Image.open(source, formats=(kind or "",)) as picture:
            problem = _wrong_size(*picture.size, most=MOST_MEGAPIXELS_WHOLE if kind in WHOLE else MOST_MEGAPIXELS)
            if problem:
                return {"problem": problem}
            pixels = _pixels(picture)
    except (Image.DecompressionBombError, MemoryError):
        return {"problem": "too_large"}
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError):
        return {"problem": "not_a_photo"}
    (folder / "picture.jpg").write_bytes(jpeg(pixels, QUALITY))
    width, height = pixels.size
    pixels.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    (folder / "small.jpg").write_bytes(jpeg(pixels, SMALL_QUALITY))
    return {"width": width, "height": height}


def jpeg(pixels: Image.Image, quality: int) -> bytes:
    """A JPEG of these pixels of at most MOST_STORED_BYTES, in a lower quality where it needs to be.

    It is made from bare bytes, so that nothing the picture knew beside them comes along.
    """
    bare = Image.frombytes("RGB", pixels.size, pixels.tobytes())
    content = b""
    for lower in range(quality, 0, -QUALITY_STEP):
        written = io.BytesIO()
        bare.save(written, "JPEG", quality=lower, optimize=True, progressive=True)
        content = written.getvalue()
        if len(content) <= MOST_STORED_BYTES:
            break
    return content


def scans(content: bytes) -> int:
    """How many passes a JPEG is written in, read as a decoder walks through it; what lies behind it is not."""
    found = at = 0
    while (marker := MARKER.search(content, at)) is not None and found <= MOST_SCANS:
        at, code = marker.end(), marker[1][0]
        if code == END_OF_PICTURE:
            break
        found += code == SCAN
        if code >= FIRST_WITH_LENGTH and code != START_OF_PICTURE:
            at += max(2, int.from_bytes(content[at : at + 2], "big"))
    return found


def _wrong_size(width: int, height: int, most: float) -> str | None:
    if width * height > most * 1e6 or max(width, height) > LONGEST_SIDE_PX:
        return "too_large"
    return "too_small" if min(width, height) < LEAST_SIDE_PX else None


def _pixels(picture: Image.Image) -> Image.Image:
    """The picture upright, in sRGB, at most MOST_PX long; see-through places are paper-white."""
    picture.draft("RGB", (MOST_PX, MOST_PX))  # JPEG decodes at half or a quarter of its size by itself
    profile = picture.info.get("icc_profile")
    picture.thumbnail((MOST_PX, MOST_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _in_srgb(_eight_bits(ImageOps.exif_transpose(picture)), profile)


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda deep: deep / 256).convert("L").convert("RGB")
    if "A" in picture.mode or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return picture.convert("RGB")


def _in_srgb(pixels: Image.Image, profile: Any) -> Image.Image:
    """The colours as a phone's own profile means them; one that can't be followed is left out."""
    if not isinstance(profile, bytes):
        return pixels
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(pixels, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return pixels
    return turned or pixels


if __name__ == "__main__":
    main()
