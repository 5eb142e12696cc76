"""A sheet of ours as it came out of a printer, in pixels: drawn by the project's own PDF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import shape

from gis.crs import metric_srid, to_metric, transform_geometry
from gis.paper.frame_picture import frame_picture, page_picture
from gis.paper.ground import ground_of
from gis.paper.order import SheetCopy, SheetOrder, SheetText, SheetWords
from gis.paper.pdf import sheets_pdf
from gis.paper.sheet import PaperSheet, Sticker, sheet_of
from gis.shapes import SHAPES

Picture = NDArray[np.uint8]
PX_PER_MM: Final = {"A4": 12.0, "A3": 10.0, "A2": 7.0, "A1": 5.5, "A0": 4.5}
VZOROV: Final = Path(__file__).parents[1] / "sample_maps" / "vzorov"
COLOURS: Final = (
    ("safe", "#009E73"), ("unsafe", "#D55E00"), ("improve", "#0072B2"), ("play", "#CC79A7"), ("dirt", "#E69F00"),
    ("water", "#56B4E9"), ("noise", "#8C6BB1"), ("dogs", "#7A6A55"),
)  # fmt: skip
"""The palette's, in its order."""


@dataclass(frozen=True)
class Print:
    """One printed sheet: what is known of it, its serial and its page in pixels (RGB)."""

    sheet: PaperSheet
    serial: str
    page: Picture
    px_per_mm: float

    clean: Picture
    """The frame as it was printed, as reading knows it."""


@dataclass(frozen=True)
class Order:
    """Which sheet of the fictional town is printed."""

    paper: str
    categories: int = 3
    scale: int | None = None


ORDERS: Final = (
    Order("A4"), Order("A4", 5), Order("A4", 3, 7500), Order("A3"), Order("A3", 8), Order("A3", 3, 5000),
    Order("A2"), Order("A1"), Order("A0"),
)  # fmt: skip
SHARES: Final = (20, 10, 5, 25, 8, 7, 12, 8, 5)
"""How many of a hundred photos show each."""


@cache
def print_of(order: Order, serial: str) -> Print:
    """A sheet of the town, printed by our own PDF, with this serial."""
    boundary = shape(json.loads((VZOROV / "boundary.geojson").read_text())["features"][0]["geometry"])
    crs = metric_srid(boundary.centroid.x, boundary.centroid.y)
    stickers = [Sticker(key, _rgb(colour)) for key, colour in COLOURS[: order.categories]]
    area = transform_geometry(boundary, to_metric(crs)).bounds
    sheet = sheet_of(area, crs, stickers, paper=order.paper, scale=order.scale)
    features = json.loads((VZOROV / "basemap.geojson").read_text())["features"]
    pdf = sheets_pdf(
        SheetOrder(
            sheet,
            ground_of(features, boundary, crs, attribution="© město Vzorov"),
            _words(stickers),
            [SheetCopy(serial, 1, receipt="K7QF-2MZX-8H4T")],
            address="https://mapa.vzorov.example/m/vzorov",
            shapes=dict(zip([sticker.key for sticker in stickers], SHAPES, strict=False)),
        )
    )
    scale = PX_PER_MM[order.paper]
    width, height = sheet.layout.page
    page = page_picture(pdf, sheet.layout.page, (0, 0), scale, (round(width * scale), round(height * scale)))
    return Print(sheet, serial, page, scale, frame_picture(pdf, sheet))


def _words(stickers: Sequence[Sticker]) -> SheetWords:
    czech = SheetText(
        "cs", "Pocitová mapa Vzorova", "Kde je vám ve Vzorově dobře a kde se necítíte bezpečně?",
        "Co která nálepka říká", {sticker.key: f"Tady to je {sticker.key}" for sticker in stickers},
        ("Nalepte kolečko tam, kde to cítíte.", "Dejte mu číslo a napište k němu, co chcete říct."),
        "Stejná mapa v telefonu", "K číslům na mapě", "Č.", "Co tam je", "Vaše stvrzenka", "S kódem se vrátíte.",
    )  # fmt: skip
    return SheetWords(
        (czech,), serial="Číslo listu", receipt="Kód", shown_address="mapa.vzorov.example", north="S"
    )


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def printed(page: Picture, rng: np.random.Generator) -> Picture:
    """The page as a printer makes it: its own colours, a little soft, with bands; toner is never quite even."""
    soft = cv2.GaussianBlur(page, (0, 0), rng.uniform(0.4, 0.9))
    tables = []
    for _ in range(3):
        gamma, low = rng.uniform(0.9, 1.12), rng.uniform(5, 30)
        tables.append(low + (np.linspace(0, 1, 256) ** gamma) * (rng.uniform(246, 254) - low))
    toned = cv2.LUT(soft, np.stack(tables, -1)[None].astype(np.uint8))
    grey = cv2.cvtColor(cv2.cvtColor(toned, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = rng.uniform(-0.12, 0.15)
    toned = cv2.addWeighted(toned, 1 - share, grey, share, 0)
    bands = rng.normal(0, 1, 1 + page.shape[0] // 40).astype(np.float32)[:, None]
    even = cv2.resize(bands, (1, page.shape[0]), interpolation=cv2.INTER_CUBIC)
    toned = cv2.multiply(
        toned.astype(np.float32),
        np.broadcast_to((1 - 0.006 * np.abs(even))[..., None], page.shape).astype(np.float32),
    )
    return np.asarray(np.clip(toned, 0, 255), np.uint8)


def photocopied(page: Picture, rng: np.random.Generator) -> Picture:
    """The page as a worn copier makes it: grey, hard, with dirt and a dark edge."""
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = (cv2.GaussianBlur(grey, (0, 0), 1.2) - 128) * rng.uniform(1.1, 1.4) + rng.uniform(132, 145)
    dirt = rng.random(grey.shape, dtype=np.float32) > 0.99997
    grey[cv2.dilate(dirt.astype(np.uint8), np.ones((3, 3))) > 0] = 60
    lines = rng.integers(0, grey.shape[1], 3)
    grey[:, lines] -= rng.uniform(10, 40)
    return np.asarray(cv2.cvtColor(np.clip(grey, 12, 250).astype(np.uint8), cv2.COLOR_GRAY2RGB), np.uint8)


def stained(page: Picture, one: Print, rng: np.random.Generator) -> Picture:
    """The page after a long evening: a ring of coffee, lines and words in ball-pen on the map."""
    page = page.copy()
    left, top, width, height = (v * one.px_per_mm for v in one.sheet.layout.frame)
    scale = one.px_per_mm
    veil = np.zeros(page.shape[:2], np.float32)
    middle = round(left + rng.uniform(0.1, 0.9) * width), round(top + rng.uniform(0.1, 0.9) * height)
    cv2.circle(veil, middle, round(rng.uniform(30, 42) * scale), float(rng.uniform(0.15, 0.4)), round(3 * scale))
    cv2.circle(veil, middle, round(26 * scale), float(rng.uniform(0, 0.08)), -1)
    veil = np.asarray(cv2.GaussianBlur(veil, (0, 0), 0.5 * scale), np.float32)
    page = (page * (1 - veil[..., None] * np.array([0.35, 0.6, 0.85], np.float32))).astype(np.uint8)
    for _ in range(int(rng.integers(3, 9))):
        ink = [(40, 40, 46), (38, 48, 125)][int(rng.integers(2))]
        at = np.array([left + rng.uniform(0.1, 0.8) * width, top + rng.uniform(0.1, 0.9) * height])
        if rng.random() < 0.5:
            turns = np.linspace(0, rng.uniform(5.8, 6.6), 60)
            size = rng.uniform(6, 25, 2) * scale * (1 + 0.05 * np.cos(3 * turns))[:, None]
            line = at + size * np.column_stack([np.cos(turns), np.sin(turns)])
            wide = max(1, round(0.45 * scale))
            cv2.polylines(page, [np.round(line).astype(np.int32)], False, ink, wide, cv2.LINE_AA)
        else:
            word = str(rng.choice(["tma", "ANO!", "psi", "lampa", "hluk", "nebezpečné"[:7]]))
            place = (round(at[0]), round(at[1]))
            size_px, wide = float(rng.uniform(0.14, 0.25) * scale), max(1, round(0.4 * scale))
            cv2.putText(page, word, place, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, size_px, ink, wide, cv2.LINE_AA)
    return page
