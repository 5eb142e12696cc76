"""Photos of sheets through the process that reads them: spoiled files, codes that lie, and pictures of nothing."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import segno
from PIL import Image, ImageChops

from app.inputs.photo_reading import PageRead, SheetFiles, SheetReading
from app.inputs.photo_reading import Wanted as WantedPage
from bench.fuzz_files import photos
from bench.fuzz_values import nasty, spoiled_bytes
from bench.fuzz_watch import Tally, place_of, timed, told, watched
from bench.photos_paper import Order, print_of
from gis.scan.failure import Failure, Reason

SERIAL: Final = "234567ACY"
"""One that its own last sign confirms."""
WIDTH_PX: Final = 1100


def run(count: int, dice: int) -> Tally:
    """So many photos, read by one process as the server has it."""
    tally = Tally("photos of sheets")
    with timed(tally), _reading() as reading, tempfile.TemporaryDirectory(prefix="pocit-fuzz-") as folder:
        path = Path(folder) / "photo"
        for number in range(count):
            one = Random(f"{dice} sheets {number}")
            what, content = _photo(one)
            path.write_bytes(content)
            begun = time.perf_counter()
            try:
                with watched(os.getpid()) as peaks:
                    pages = list(reading.read(path, _wanted(one)))
                tally.grew(max((peak for pid, peak in peaks.items() if pid != os.getpid()), default=0))
                tally.refused += not any(isinstance(page, PageRead) for page in pages)
                hard = [
                    page
                    for page in pages
                    if not isinstance(page, PageRead) and page.failure.reason is Reason.TOO_HARD
                ]
                tally.contained += len(hard)
            except Exception as error:
                tally.broke(place_of(error), (what, told(error)))
            tally.took(time.perf_counter() - begun, f"{what} {dice} {number}")
    return tally


@contextmanager
def _reading() -> Iterator[SheetReading]:
    printed = print_of(Order("A4"), SERIAL)
    picture = io.BytesIO()
    Image.fromarray(printed.clean).save(picture, "PNG")
    files = SheetFiles(printed.sheet, picture.getvalue())

    def lookup(serial: str) -> SheetFiles | Failure:
        return files if serial == SERIAL else Failure(Reason.UNKNOWN_SHEET, {"serial": serial})

    with SheetReading(lookup) as reading:
        yield reading


def _wanted(dice: Random) -> WantedPage:
    """Now and then somebody says which sheet it is and where its corners lie: anywhere."""
    if dice.random() < 0.7:
        return WantedPage(pictures=dice.random() < 0.5)
    corners = tuple((dice.uniform(0, 20_000), dice.uniform(0, 20_000)) for _ in range(4))
    return WantedPage(dice.choice((SERIAL, "234567892")), corners if dice.random() < 0.7 else None, pictures=True)


@cache
def _page() -> Image.Image:
    page = Image.fromarray(np.ascontiguousarray(print_of(Order("A4"), SERIAL).page))
    return page.resize((WIDTH_PX, round(page.height * WIDTH_PX / page.width)))


def _photo(dice: Random) -> tuple[str, bytes]:
    kind = dice.randrange(6)
    if kind == 0:
        name, content = dice.choice(sorted(photos().items()))
        return f"spoiled {name}", spoiled_bytes(content, dice)
    page = _page()
    if kind == 1:
        return "a sheet torn", _as_file(_torn(page, dice), dice)
    if kind == 2:
        return "a code that lies", _as_file(_with_code(page, dice), dice)
    if kind == 3:
        noise = Image.effect_noise(page.size, dice.uniform(10, 250)).convert("RGB")
        return "a sheet in noise", _as_file(ImageChops.blend(page, noise, dice.random()), dice)
    if kind == 4:
        return "a sheet spoiled as a file", spoiled_bytes(_as_file(page, dice), dice)
    size = dice.choice(((1, 1), (1, 4000), (4000, 1), (64, 64), (3000, 2000)))
    return "a picture of nothing", _as_file(
        Image.new("RGB", size, dice.choice(("black", "white", "#d55e00"))), dice
    )


def _as_file(picture: Image.Image, dice: Random) -> bytes:
    out = io.BytesIO()
    form = dice.choice(("JPEG", "JPEG", "PNG", "WEBP", "PDF", "TIFF"))
    more = {"save_all": True, "append_images": [picture] * dice.choice((0, 1))} if form in ("PDF", "TIFF") else {}
    picture.save(out, form, **more)
    return out.getvalue()


def _torn(page: Image.Image, dice: Random) -> Image.Image:
    """Pieces of the sheet moved, turned or gone."""
    torn = page.copy()
    for _ in range(dice.choice((1, 3, 10))):
        x, y = dice.randrange(page.width - 60), dice.randrange(page.height - 60)
        size = dice.randrange(20, 400)
        piece = page.crop((x, y, min(page.width, x + size), min(page.height, y + size)))
        torn.paste(
            piece.rotate(dice.choice((0, 90, 180))), (dice.randrange(page.width), dice.randrange(page.height))
        )
    return torn.rotate(dice.uniform(-180, 180), expand=True, fillcolor="grey") if dice.random() < 0.5 else torn


def _with_code(page: Image.Image, dice: Random) -> Image.Image:
    """The sheet with another code on it, or many."""
    lied = page.copy()
    for _ in range(dice.choice((1, 1, 4, 30))):
        text = (
            dice.choice((f"PM1/{SERIAL}", "PM1/" + nasty(dice)[:300], "PM9/" + SERIAL, nasty(dice)[:300], "PM1/"))
            or "x"
        )
        try:
            code = segno.make(text.encode("utf-8", "replace"), error="m")
        except segno.DataOverflowError:
            continue
        out = io.BytesIO()
        code.save(out, kind="png", scale=dice.choice((2, 4, 8)), border=3)
        place = dice.randrange(page.width), dice.randrange(page.height)
        lied.paste(Image.open(out).convert("RGB"), place)
    return lied
