"""The scale bar of a printed map: a round length of ground, drawn as the striped rule of paper maps."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, floor, log10, radians
from typing import Final

from gis.mercator import Bounds, lon_lat_of

_STEPS: Final = (5, 2, 1)
_PARTS: Final = 4
_HEIGHT: Final = 0.47
"""Of the stripes, in heights of its letters."""
_KILOMETRE: Final = 1000.0


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A length on the ground and how long it is in the picture."""

    length_m: float
    width: float

    @property
    def unit(self) -> str:
        """Metres, or kilometres from one on."""
        return "km" if self.length_m >= _KILOMETRE else "m"

    def written(self, share: float, *, decimal_comma: bool = False) -> str:
        """The number at a share of the bar, without its unit: `0`, `2,5`, `500`."""
        value = self.length_m * share / (_KILOMETRE if self.unit == "km" else 1)
        text = f"{value:g}"
        return text.replace(".", ",") if decimal_comma else text


def metres_per_unit(bounds: Bounds, width: float) -> float:
    """Metres on the ground of one unit across a picture of Web Mercator bounds, at its middle."""
    _, lat = lon_lat_of(0.0, (bounds[1] + bounds[3]) / 2)
    return (bounds[2] - bounds[0]) / width * cos(radians(float(lat)))


def scale_bar(unit_m: float, longest: float) -> ScaleBar:
    """The longest bar of 1, 2 or 5 times a power of ten metres that is not longer than `longest` units.

    >>> scale_bar(2.5, 300)
    ScaleBar(length_m=500.0, width=200.0)
    """
    if not (unit_m > 0 and longest > 0):
        raise ValueError(f"no scale bar of {longest} units of {unit_m} m")
    most = unit_m * longest
    power = 10.0 ** floor(log10(most))
    length = next(step * power for step in _STEPS if step * power <= most * (1 + 1e-9))
    return ScaleBar(length, length / unit_m)


def scale_bar_svg(bar: ScaleBar, at: tuple[float, float], text_size: float, *, decimal_comma: bool = False) -> str:
    """The bar as SVG, its lower left corner at a place: black and white in turn, numbers above it.

    It stands on a pale ground of its own, so that it reads over heat and forest alike.
    """
    x, y = at
    part = bar.width / _PARTS
    pad = text_size * 0.6
    whole = f"{bar.written(1.0, decimal_comma=decimal_comma)} {bar.unit}"
    high = text_size * _HEIGHT
    top = y - high - text_size * 1.5
    wide = bar.width + pad + len(whole) * pad
    ground = (
        f'<rect class="scale-ground" x="{x - pad:.1f}" y="{top:.1f}" width="{wide:.1f}"'
        f' height="{y - top + pad:.1f}" rx="3" fill="#ffffff" fill-opacity="0.86"/>'
    )
    stripes = "".join(
        f'<rect x="{x + i * part:.1f}" y="{y - high:.1f}" width="{part:.1f}" height="{high:.1f}"'
        f' fill="{"#2b2621" if i % 2 == 0 else "#ffffff"}" stroke="#2b2621" stroke-width="{high * 0.15:.1f}"/>'
        for i in range(_PARTS)
    )
    texts = "".join(
        f'<text x="{x + bar.width * share:.1f}" y="{y - high - text_size * 0.4:.1f}" text-anchor="middle"'
        f' font-size="{text_size:g}" fill="#2b2621">{bar.written(share, decimal_comma=decimal_comma)}</text>'
        for share in (0.0, 0.5)
    )
    last = (
        f'<text x="{x + bar.width - text_size * 0.3:.1f}" y="{y - high - text_size * 0.4:.1f}"'
        f' font-size="{text_size:g}" fill="#2b2621">{whole}</text>'
    )
    return f'<g class="scale-bar">{ground}{stripes}{texts}{last}</g>'
