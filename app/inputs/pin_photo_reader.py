"""A stranger's photo made anew in a process of its own: `python -m app.inputs.pin_photo_reader FILE FOLDER`.

What decodes pictures runs here, with little memory and no secrets (inputs/reading_apart.py). It writes
`picture.jpg` and `small.jpg` into the folder and one JSON object to stdout: their size, or what is the problem.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from app.inputs.reading_apart import confine
from gis.scan.kind import HEAD_BYTES, HEIF, kind_of

MOST_CPU_S: Final = 25
MOST_WRITTEN_BYTES: Final = 8 << 20
MOST_MEGAPIXELS: Final = 64.0
"""Phones go to 50; a bomb of more is not even decoded."""
LEAST_SIDE_PX: Final = 64
LONGEST_SIDE_PX: Final = 20_000
MOST_PX, SMALL_PX = 1600, 480
QUALITY, SMALL_QUALITY = 82, 76


def main() -> None:
    """Read the file that is named, write its pictures, say how large they are."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    confine(MOST_CPU_S, MOST_WRITTEN_BYTES)
    warnings.simplefilter("ignore")  # Pillow warns of sizes and of broken EXIF: sizes are checked, EXIF goes
    json.dump(made(source, folder), sys.stdout)


def made(source: Path, folder: Path) -> dict[str, Any]:
    """What became of the photo: width and height of the picture that was made, or the problem."""
    with source.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    try:
        if kind == HEIF:
            import pi_heif

            pi_heif.register_heif_opener(thumbnails=False)
        with Image.open(source, formats=(kind or "",)) as picture:
            problem = _wrong_size(*picture.size)
            if problem:
                return {"problem": problem}
            pixels = _pixels(picture)
    except Image.DecompressionBombError:
        return {"problem": "too_large"}
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError, MemoryError):
        return {"problem": "not_a_photo"}
    (folder / "picture.jpg").write_bytes(jpeg(pixels, QUALITY))
    width, height = pixels.size
    pixels.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    (folder / "small.jpg").write_bytes(jpeg(pixels, SMALL_QUALITY))
    return {"width": width, "height": height}


def jpeg(pixels: Image.Image, quality: int) -> bytes:
    """A JPEG of these pixels; made from bare bytes, so that nothing the picture knew beside them comes along."""
    bare = Image.frombytes("RGB", pixels.size, pixels.tobytes())
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
    return written.getvalue()


def _wrong_size(width: int, height: int) -> str | None:
    if width * height > MOST_MEGAPIXELS * 1e6 or max(width, height) > LONGEST_SIDE_PX:
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
