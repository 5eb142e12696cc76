"""Orders of sheets for tests: vzorov with its own vector layer, and words in two languages."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from gis.crs import KROVAK, to_metric, transform_geometry
from gis.paper.ground import Ground, ground_of
from gis.paper.order import SheetCopy, SheetOrder, SheetText, SheetWords
from gis.paper.serial import RANDOM_SIGNS, SIGNS, parse_serial
from gis.paper.sheet import Sticker, sheet_of

VZOROV = Path(__file__).parents[2] / "sample_maps" / "vzorov"
STICKERS = (Sticker("safe", (0, 158, 115)), Sticker("unsafe", (213, 94, 0)), Sticker("improve", (0, 114, 178)))
SHAPES = {"safe": "circle", "unsafe": "triangle", "improve": "square"}
CZECH = SheetText(
    language="cs",
    title="Pocitová mapa Vzorova",
    lead="Kde je vám ve Vzorově dobře a kde se necítíte bezpečně?",
    legend="Co která barva říká",
    categories={"safe": "Tady se cítím bezpečně", "unsafe": "Tady se bojím", "improve": "Tady je co zlepšit"},
    steps=("Nalepte kolečko tam, kde to cítíte.", "Dejte mu číslo a napište k němu proč.", "Nepodepisujte se."),
    online="Stejná mapa v telefonu",
    table="K číslům na mapě",
    number="Č.",
    comment="Co tam je",
    slip="Vaše stvrzenka",
    slip_help="S tímto kódem se ke svým značkám můžete vrátit.",
)
ENGLISH = replace(
    CZECH,
    language="en",
    title="Emotional map of Vzorov",
    lead="Where do you feel good?",
    legend="What the colours say",
    categories={"safe": "I feel safe here", "unsafe": "I am afraid here", "improve": "This could be better"},
    steps=("Put a sticker where you feel it.", "Give it a number and say why.", "Please don’t sign."),
    online="The same map on your phone",
    table="About the numbers",
    slip="Your receipt",
    slip_help="With this code you can come back.",
)
WORDS = SheetWords(
    texts=(CZECH, ENGLISH),
    event="Fórum Zdravého města",
    numbered="List {n} z {of}",
    serial="Číslo listu",
    shown_address="mapa.vzorov.example/m/vzorov",
    north="S",
    glue="Odstřihněte a přilepte.",
    page="Díl {page} z {pages}",
    decimal_comma=True,
)
ADDRESS = "https://mapa.vzorov.example/m/vzorov?event=forum26"


def a_serial(n: int = 0) -> str:
    """A right serial, always the same for a number."""
    body = "".join(SIGNS[(n // 29**i + 5 * i) % 29] for i in range(RANDOM_SIGNS))
    return next(serial for sign in SIGNS if (serial := parse_serial(body + sign)))


@cache
def vzorov_boundary() -> BaseGeometry:
    """In WGS 84."""
    return shape(json.loads((VZOROV / "boundary.geojson").read_text("utf-8"))["features"][0]["geometry"])


@cache
def vzorov_ground() -> Ground:
    """With its own vector layer."""
    features = json.loads((VZOROV / "basemap.geojson").read_text("utf-8"))["features"]
    return ground_of(features, vzorov_boundary(), KROVAK, attribution="© město Vzorov")


def an_order(
    paper: str = "A4", *, copies: int = 1, area: object = None, with_slip: bool = True, **other: object
) -> SheetOrder:
    """Sheets of vzorov."""
    bounds = area or transform_geometry(vzorov_boundary(), to_metric(KROVAK)).bounds
    stickers = other.pop("stickers", STICKERS)
    sheet = sheet_of(bounds, KROVAK, stickers, paper=paper, with_slip=with_slip)
    made = [SheetCopy(a_serial(n), n + 1, receipt="K7QF-2MZX-8H4T" if with_slip else None) for n in range(copies)]
    base = SheetOrder(sheet, other.pop("ground", None) or vzorov_ground(), WORDS, made, ADDRESS, shapes=SHAPES)
    return replace(base, **other)
