"""The tones of a printed ground: those of the map on screen, muted so that every sticker and pen stands out."""

from __future__ import annotations

from functools import cache
from typing import Final

from gis.colour import hex_of, mix, oklch_of, rgb_of_oklch
from gis.palette import palette

MOST_CHROMA: Final = 0.026
"""In OKLCH: the palest of the stickers' colours have four times as much."""
INK: Final = "#2b2621"
SOFT: Final = "#5f564b"
LINE: Final = "#a79d8f"


@cache
def ground_tone(name: str, other: str = "land") -> str:
    """The printed tone of a name of the palette's map, such as `street.main.casing`, or of another one."""
    tones = palette().light.map
    lightness, chroma, hue = oklch_of(tones.get(name) or tones[other])
    return hex_of(rgb_of_oklch(lightness, min(chroma, MOST_CHROMA), hue))


def faded(tone: str, share: float) -> str:
    """A tone of which a share is the white of the paper."""
    return mix(tone, "#ffffff", 1 - share) if share else tone
