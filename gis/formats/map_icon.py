"""The icon of a map among a phone's apps: the shapes of its categories on paper."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final, Literal

from PIL import Image, ImageDraw

from gis.palette import palette
from gis.shapes import SHAPES, Point, placed

Purpose = Literal["any", "maskable", "touch"]

FINE: Final = 4
"""How many times larger it is drawn than kept, which smooths every edge."""
COLOURS: Final = 96
CORNER: Final = 0.22
"""Of the plain icon; phones cut the others to their own shape."""
LINE: Final = 0.018
SAFE: Final = 0.74
"""What of a maskable icon no phone cuts away lies in a circle of 0.8; shapes keep a little from its edge."""

_PLACES: Final[dict[int, tuple[tuple[Point, float], ...]]] = {
    1: (((0.5, 0.5), 0.3),),
    2: (((0.31, 0.5), 0.19), ((0.69, 0.5), 0.19)),
    3: (((0.5, 0.31), 0.2), ((0.28, 0.69), 0.2), ((0.72, 0.69), 0.2)),
    4: (((0.31, 0.31), 0.18), ((0.69, 0.31), 0.18), ((0.31, 0.69), 0.18), ((0.69, 0.69), 0.18)),
}
"""Where the shapes stand and how far they reach, by how many there are; shares of the side."""
_ON_TOP: Final = {3: (1, 0, 2)}
"""Of three, which stands where: the second on top of the pyramid, as in the mark of all our pages."""


def map_icon(categories: Sequence[tuple[str, str]], size: int, purpose: Purpose) -> bytes:
    """The PNG of the first four categories, each a shape and its colour, so many pixels wide."""
    side = size * FINE
    tones = palette().light.ui
    whole = purpose != "any"
    picture = Image.new("RGBA", (side, side), tones["paper"] if whole else (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if not whole:
        line = round(side * LINE)
        box = (line // 2, line // 2, side - 1 - line // 2, side - 1 - line // 2)
        pen.rounded_rectangle(box, side * CORNER, fill=tones["paper"], outline=tones["line"], width=line)
    shown = categories[: max(_PLACES)] or [("circle", tones["accent"])]
    zoom = SAFE if purpose == "maskable" else 1.0
    order = _ON_TOP.get(len(shown), range(len(shown)))
    for (centre, radius), index in zip(_PLACES[len(shown)], order, strict=True):
        shape, colour = shown[index]
        middle = tuple(side * (0.5 + (share - 0.5) * zoom) for share in centre)
        pen.polygon(
            placed(
                shape if shape in SHAPES else "circle", centre=(middle[0], middle[1]), radius=side * radius * zoom
            ),
            fill=colour,
        )
    kept = picture.resize((size, size), Image.Resampling.LANCZOS)
    file = BytesIO()
    # A few flat colours and their edges: a table of them is a quarter of the bytes.
    flat = kept.convert("RGB") if whole else kept
    flat.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(file, "PNG", optimize=True)
    return file.getvalue()
