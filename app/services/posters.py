"""What a poster is made of: the QR code of an address as one clean outline, and HTML laid out as a tagged PDF."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from enum import StrEnum
from io import BytesIO
from typing import Any, Final

QUIET_MODULES = 4
"""The white margin that ISO/IEC 18004 asks for, in modules."""
MODULE_PIXELS = 24
"""Of one module of a PNG: some 900 pixels for an address of usual length, enough for a hand's width in print."""
ERROR_LEVEL = "m"
"""15 % of the code may be torn, dirty or in shadow."""
VARIANT = "pdf/ua-1"
"""PDF/UA: title, language and tags, so that a screen reader can read the poster aloud."""

SCALES: Final = (1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5, 0.4)


class Paper(StrEnum):
    """What a poster is printed on."""

    A4 = "A4"
    A3 = "A3"


def qr_svg(address: str, *, quiet_modules: int = QUIET_MODULES) -> str:
    """The QR code of an address as an SVG of one black path on nothing, a unit a module.

    Its dark modules are joined into outlines: rows drawn one by one leave hairlines between them in print.
    """
    import segno
    from shapely import box, union_all

    matrix = segno.make_qr(address, error=ERROR_LEVEL).matrix
    dark = union_all(
        [
            box(column, row, column + 1, row + 1)
            for row, modules in enumerate(matrix)
            for column, module in enumerate(modules)
            if module
        ]
    )
    rings = [ring for part in dark.geoms for ring in (part.exterior, *part.interiors)]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)
    side = len(matrix) + 2 * quiet_modules
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-quiet_modules} {-quiet_modules} {side} {side}">'
        f'<path fill="#000" fill-rule="evenodd" d="{path}"/></svg>'
    )


def qr_png(address: str) -> bytes:
    """The QR code of an address as a black and white PNG with its margin, sharp at any whole multiple."""
    import segno

    kept = BytesIO()
    segno.make_qr(address, error=ERROR_LEVEL).save(kept, kind="png", scale=MODULE_PIXELS, border=QUIET_MODULES)
    return kept.getvalue()


def svg_address(svg: str) -> str:
    """A drawing as a data address, for an `img` or a CSS background."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def pdf_of(html: str, style: str) -> bytes:
    """The page as a tagged PDF. Nothing is fetched: whatever the page needs is in it."""
    return _written(_laid_out(html, style))


def one_page(html_at: Callable[[float], str], style: str) -> bytes:
    """The poster as a PDF of one page: `html_at` gives it at a scale, and long words make it smaller."""
    for scale in SCALES:
        document = _laid_out(html_at(scale), style)
        if len(document.pages) == 1:
            break
    return _written(document)


def _laid_out(html: str, style: str) -> Any:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    fetcher = URLFetcher(allowed_protocols=("data",))
    sheet = CSS(string=style, font_config=fonts, url_fetcher=fetcher)
    page = HTML(string=html, url_fetcher=fetcher)
    return page.render(stylesheets=[sheet], font_config=fonts, pdf_variant=VARIANT, pdf_tags=True)


def _written(document: Any) -> bytes:
    written: bytes = document.write_pdf(pdf_variant=VARIANT, pdf_tags=True)
    return written
