"""Posters and slips of a map or one of its events: what stands on them, and the files themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from babel.dates import format_date, format_time
from flask import Response, g, render_template, request, url_for

from app.config import TOWN_CLOCK
from app.errors import Malformed, Problem
from app.i18n import N_, language, languages
from app.models import Event
from app.queries.maps import CategoryRecord, MapRecord
from app.services.posters import Paper, one_page, pdf_of, qr_svg, svg_address
from app.views.citizen import OUTLINE_SIZE, outline_path
from app.views.reader import assets, reader_language, say
from gis.palette import palette, shades
from gis.shapes import svg_path

SLIPS_ON_SHEET = 10
MOST_SLIPS = 200
"""Twenty sheets, in a few seconds; for more, a printer makes copies."""
STYLE = "css/print_poster.css"
LETTER_PT = 12.0
"""The letters of a poster on A4, before anything has to be made smaller."""


@dataclass(frozen=True)
class Size:
    """A sheet of paper."""

    name: Paper
    height_mm: float
    letter_pt: float


SIZES: Mapping[Paper, Size] = {
    Paper.A4: Size(Paper.A4, 297.0, LETTER_PT),
    Paper.A3: Size(Paper.A3, 420.0, LETTER_PT * 2**0.5),
}


@dataclass(frozen=True)
class Door:
    """The way in: the address in the QR code, and the shorter one that people type."""

    address: str
    host: str
    path: str
    qr: str
    """The code as a data address."""

    @property
    def typed(self) -> str:
        """The address without what a browser adds by itself."""
        return self.host + self.path


@dataclass(frozen=True)
class Choice:
    """A category as it is printed."""

    label: str
    word: str
    ink: str
    shape: str
    """Its shape as a data address."""


def door_of(the_map: MapRecord, event: Event | None) -> Door:
    """Where the map, at this event, is entered from outside."""
    values = {"slug": the_map.slug} | ({"event": event.code} if event else {})
    address = url_for("citizen.citizen_page", _external=True, **values)
    short = url_for("event_door.enter", slug=the_map.slug, code=event.code) if event else None
    parts = urlsplit(address)
    return Door(address, parts.netloc, short or parts.path, svg_address(qr_svg(address)))


def poster(the_map: MapRecord, event: Event | None) -> Response:
    """The poster that the query string asks for, as a PDF."""
    paper = request.args.get("paper") or Paper.A4
    if paper not in tuple(Paper):
        raise Malformed(Problem("paper", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(Paper)}))
    speak_for(the_map)
    words = _words(the_map, event) | {"size": SIZES[Paper(paper)]}
    pdf = one_page(lambda scale: render_template("print/poster.html", scale=scale, **words), _style())
    return _file(pdf, the_map, event, f"poster-{paper}")


def slips(the_map: MapRecord, event: Event | None) -> Response:
    """As many slips as asked for, ten on a sheet of A4 to be cut, as a PDF."""
    count = _count()
    speak_for(the_map)
    sheets = [min(SLIPS_ON_SHEET, count - first) for first in range(0, count, SLIPS_ON_SHEET)]
    page = render_template("print/slips.html", sheets=sheets, **_words(the_map, event))
    return _file(pdf_of(page, _style()), the_map, event, "slips")


def print_languages(the_map: MapRecord) -> list[tuple[str, str]]:
    """The languages a poster can speak, by code and own name: the map's that we have words for."""
    known = languages()
    return [
        (code, known[code].locale.get_display_name(code) or code) for code in the_map.languages if code in known
    ]


def speak_for(the_map: MapRecord) -> None:
    """Speak the language asked for; else not the clerk's, but the first of the map."""
    offered = [code for code, _ in print_languages(the_map)]
    asked = request.args.get("lang")
    if asked in offered:
        g.language = language(asked)
    elif offered:
        g.language = language(offered[0])


def when_words(starts: datetime | None, ends: datetime | None) -> str:
    """When an event takes place: čtvrtek 1. října 2026, 17:00–20:00."""
    if starts is None:
        return ""
    locale = reader_language().locale
    start, end = starts.astimezone(TOWN_CLOCK), ends.astimezone(TOWN_CLOCK) if ends else None

    def day(moment: datetime) -> str:
        return format_date(moment, "full", locale=locale)

    def hour(moment: datetime) -> str:
        return format_time(moment, "H:mm" if locale.language == "cs" else "HH:mm", locale=locale)

    if end is None:
        return f"{day(start)}, {hour(start)}"
    if start.date() == end.date():
        return f"{day(start)}, {hour(start)}–{hour(end)}"
    return f"{day(start)} {hour(start)} – {day(end)} {hour(end)}"


def _words(the_map: MapRecord, event: Event | None) -> dict[str, object]:
    return {
        "the_map": the_map,
        "event": event,
        "door": door_of(the_map, event),
        "choices": [_choice(category) for category in the_map.categories],
        "outline": _outline(the_map),
        "when": when_words(event.starts_at, event.ends_at) if event else "",
        "ink": palette().theme("light").ui,
        "languages": languages(),
    }


def _choice(category: CategoryRecord) -> Choice:
    shade = shades(category.color, "light")
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.05 -1.05 2.1 2.1">'
        f'<path fill="{shade.fill}" d="{svg_path(category.shape)}"/></svg>'
    )
    return Choice(say(category.label), say(category.word), shade.ink, svg_address(drawing))


def _outline(the_map: MapRecord) -> str:
    """The town's own shape as a thin line, as a data address."""
    width, height = OUTLINE_SIZE
    line = palette().theme("light").ui["line_strong"]
    return svg_address(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -3 {width + 6:g} {height + 6:g}">'
        f'<path fill="none" stroke="{line}" stroke-width="1.1" stroke-linejoin="round" stroke-dasharray="5 2 1 2" '
        f'd="{outline_path(the_map)}"/></svg>'
    )


def _count() -> int:
    asked = request.args.get("count") or str(SLIPS_ON_SHEET)
    if not (asked.isascii() and asked.isdigit() and len(asked) < 6 and 1 <= int(asked) <= MOST_SLIPS):
        raise Malformed(
            Problem(
                "count",
                N_("This must be a whole number from %(least)s to %(most)s."),
                {"least": 1, "most": MOST_SLIPS},
            )
        )
    return int(asked)


def _style() -> str:
    return (assets().folder / STYLE).read_text(encoding="utf-8")


def _file(pdf: bytes, the_map: MapRecord, event: Event | None, what: str) -> Response:
    name = "-".join([the_map.slug, *([event.code.lower()] if event else []), what])
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
