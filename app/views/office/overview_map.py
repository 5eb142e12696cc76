"""Where a click on the little map of Czechia is: static/img/czechia.svg, drawn with the numbers below."""

from __future__ import annotations

WEST, NORTH = 11.9, 51.2
PX_PER_DEGREE_LON, PX_PER_DEGREE_LAT = 92.0, 142.6
"""Plain degrees, squeezed by cos 49.8°; good enough to find a town, which is then drawn properly."""
WIDTH, HEIGHT = 654, 392


def clicked_place(x: str, y: str) -> str | None:
    """The place clicked, written as maps write it; None where nothing was clicked.

    A browser that submits the form by the Enter key may press the picture at 0, 0: that is no click.
    """
    if not (x.isascii() and x.isdigit() and y.isascii() and y.isdigit()) or (x, y) == ("0", "0"):
        return None
    if int(x) > WIDTH or int(y) > HEIGHT:
        return None
    return f"{NORTH - int(y) / PX_PER_DEGREE_LAT:.3f}, {WEST + int(x) / PX_PER_DEGREE_LON:.3f}"
