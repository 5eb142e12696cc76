"""One paper sheet: its photo beside the map, the marks that were found, and what an official makes of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from flask import Response as Picture
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import Problem, Unacceptable, Unknown
from app.i18n import N_, N_n
from app.inputs.sheet_marks import LINE, MOST_ROW, parse_review
from app.models import MarkKind, MarkState, Role
from app.queries.maps import MapRecord, find_event
from app.queries.sheet_marks import MarkRecord, ahead_of, marks_of
from app.queries.sheet_photos import photos_of_sheet
from app.queries.sheets import SheetRecord, clean_picture, find_sheet
from app.security import require
from app.services.sheet_marks import Reviewed, review_sheet
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.words import scene
from app.views.reader import number, reader_language, say
from gis.crs import to_wgs84
from gis.paper.serial import parse_serial, shown_serial

SHEET: Final = "/maps/<slug>/sheets/<serial>"
GRID: Final = 9
"""So many places along each side of the frame tell the script where it lies: between them it reckons evenly."""
SPARE_LINES: Final = 3
"""Empty lines for marks that nobody found, for whoever has no script."""
SAID: Final = {
    "stored": N_n("%(n)s pin stored.", "%(n)s pins stored."),
    "changed": N_n("%(n)s pin changed.", "%(n)s pins changed."),
    "dropped": N_n("%(n)s mark dropped.", "%(n)s marks dropped."),
    "left": N_n("%(n)s mark kept for later.", "%(n)s marks kept for later."),
}


@dataclass(frozen=True)
class Line:
    """One mark as its line in the form stands: as it is stored, or as it was just typed."""

    mark: MarkRecord | None
    id: uuid.UUID
    category: str
    x: str
    y: str
    row: str
    comment: str
    seen: str
    dropped: bool
    problems: Sequence[str] = ()
    outside: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it is offered for one more mark."""
        return self.mark is None and not self.x and not self.y


@blueprint.get(SHEET)
def sheet_page(slug: str, serial: str) -> str:
    """Photo, map and marks of a sheet, and the form that stores them."""
    the_map, sheet = _asked(slug, serial)
    return _page(the_map, sheet)


@blueprint.post(SHEET)
def review(slug: str, serial: str) -> Response | tuple[str, int]:
    """Do what the form says, then on to the next sheet; lines that can't be taken come back with their reason."""
    the_map, sheet = _asked(slug, serial)
    form = request.form.to_dict(flat=False)
    wanted = parse_review(form, the_map.about)
    try:
        done = review_sheet(session(), the_map, sheet, wanted, require())
    except Unacceptable as refusal:
        session().rollback()
        as_typed = {mark.id: () for mark in wanted.marks} | dict(wanted.wrong)
        return _page(the_map, sheet, form, as_typed, list(refusal.problems)), 422
    session().commit()
    if done.refused:
        return _page(the_map, _again(sheet), form, done.refused, done=done), 422
    counted = {name: getattr(done, name) or None for name in SAID}
    following = ahead_of(session(), the_map.id, sheet.serial) if wanted.store else None
    goes_on = following is not None and following.serial is not None
    target = following.serial if following and goes_on else sheet.serial
    of = sheet.serial if goes_on else None
    return redirect(url_for("office.sheet_page", slug=slug, serial=target, of=of, did=1, **counted), 303)


@blueprint.get(f"{SHEET}/clean.png")
def sheet_clean(slug: str, serial: str) -> Picture:
    """The frame of the sheet as it was printed."""
    the_map, sheet = _asked(slug, serial)
    return _kept(clean_picture(session(), the_map.id, sheet.print_id), "image/png")


def _asked(slug: str, serial: str) -> tuple[MapRecord, SheetRecord]:
    """The map, for whoever may moderate it, and its sheet; Unknown for sheets of other maps too."""
    the_map = office_map(slug, Role.MODERATOR)
    code = parse_serial(serial)
    sheet = find_sheet(session(), code, the_map.id) if code else None
    if sheet is None:
        raise Unknown
    return the_map, sheet


def _again(sheet: SheetRecord) -> SheetRecord:
    found = find_sheet(session(), sheet.serial, sheet.map_id)
    if found is None:
        raise Unknown
    return found


def _kept(content: bytes, kind: str) -> Picture:
    """A picture that never changes, for this browser alone."""
    response = Picture(content, mimetype=kind)
    response.headers["Cache-Control"] = "private, max-age=3600, immutable"
    return response


def _page(
    the_map: MapRecord,
    sheet: SheetRecord,
    form: Mapping[str, Sequence[str]] | None = None,
    refused: Mapping[uuid.UUID, Sequence[Problem]] | None = None,
    problems: Sequence[Problem] = (),
    done: Reviewed | None = None,
) -> str:
    marks = marks_of(session(), the_map.id, sheet.serial)
    photos = photos_of_sheet(session(), the_map.id, sheet.serial)
    event = find_event(session(), the_map.id, sheet.event) if sheet.event else None
    words = reader_language()
    return render_template(
        "office/sheet.html",
        the_map=the_map,
        sheet=sheet,
        shown=shown_serial(sheet.serial),
        event=say(event.title) if event else None,
        lines=_lines(the_map, sheet, marks, form or {}, refused or {}),
        spare=[_empty(the_map) for _ in range(SPARE_LINES)],
        to_store=sum(mark.state == MarkState.FOUND for mark in marks),
        photos=photos,
        tables=[one.id for one in photos if "table" in one.pictures],
        reading_m=max((one.reading.get("error_m") or 0.0 for one in photos), default=0.0),
        about=_about(sheet, form),
        about_problems={one.field: words.gettext(one.message, one.data) for one in problems},
        ahead=ahead_of(session(), the_map.id, sheet.serial),
        said=_said({name: getattr(done, name) for name in SAID} if done else _numbers(), came=bool(done)),
        of=shown_serial(request.args["of"]) if parse_serial(request.args.get("of", "")) else None,
        most_row=MOST_ROW,
        hand=MarkKind.HAND,
        scene=scene(the_map) | _sheet_scene(the_map, sheet, [one.id for one in photos if "frame" in one.pictures]),
    )


def _lines(
    the_map: MapRecord,
    sheet: SheetRecord,
    marks: Sequence[MarkRecord],
    form: Mapping[str, Sequence[str]],
    refused: Mapping[uuid.UUID, Sequence[Problem]],
) -> list[Line]:
    """Every mark with its line, those refused as they were typed; then lines that are not stored at all."""
    words = reader_language()
    typed = _typed(form, refused)
    outside = _outside(the_map, sheet, marks)
    said = {
        mark_id: [words.gettext(one.message, one.data) for one in problems]
        for mark_id, problems in refused.items()
    }
    lines = []
    for mark in marks:
        seen = mark.changed_at.isoformat()
        stored = (mark.category, f"{mark.x_mm:.2f}", f"{mark.y_mm:.2f}", str(mark.row or ""), mark.comment or "")
        values, dropped = typed.pop(mark.id, (stored, mark.state == MarkState.DROPPED))
        lines.append(
            Line(mark, mark.id, *values, seen, dropped, said.get(mark.id, ()), outside.get(mark.id, False))
        )
    for mark_id, (values, dropped) in typed.items():
        lines.append(Line(None, mark_id, *values, "", dropped, said.get(mark_id, ())))
    return lines


def _typed(
    form: Mapping[str, Sequence[str]], refused: Mapping[uuid.UUID, Sequence[Problem]]
) -> dict[uuid.UUID, tuple[tuple[str, str, str, str, str], bool]]:
    """What was typed into the lines that were refused."""
    found = {}
    dropped = set(form.get("drop", ()))
    for text, _, category, x, y, row, comment in zip(*(form.get(name, ()) for name in LINE), strict=True):
        mark_id = uuid.UUID(text)
        if mark_id in refused:
            found[mark_id] = ((category, x, y, row, comment), text in dropped)
    return found


def _empty(the_map: MapRecord) -> Line:
    return Line(None, uuid.uuid4(), the_map.categories[0].key, "", "", "", "", "", dropped=False)


def _outside(the_map: MapRecord, sheet: SheetRecord, marks: Sequence[MarkRecord]) -> dict[uuid.UUID, bool]:
    """Which marks lie where the map takes no pins."""
    if not marks:
        return {}
    ground = sheet.sheet.to_ground([mark.x_mm for mark in marks], [mark.y_mm for mark in marks])
    lon, lat = to_wgs84(sheet.sheet.crs)(*ground)
    return {mark.id: not the_map.covers(float(x), float(y)) for mark, x, y in zip(marks, lon, lat, strict=True)}


def _about(sheet: SheetRecord, form: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]]:
    """What is said about the person, as lists: as just typed, or as the sheet keeps it."""
    if form is not None:
        return {key.removeprefix("about."): list(given) for key, given in form.items() if key.startswith("about.")}
    return {
        key: [str(one) for one in (said if isinstance(said, list) else [said])]
        for key, said in sheet.about.items()
    }


def _numbers() -> dict[str, int]:
    """What the form before this page did."""
    texts = {name: request.args.get(name, "") for name in SAID}
    return {
        name: int(text) for name, text in texts.items() if text.isdecimal() and text.isascii() and len(text) < 6
    }


def _said(numbers: Mapping[str, int], *, came: bool) -> str | None:
    """What was done, in words; None where nothing was asked for."""
    words = reader_language()
    parts = [words.translations.ungettext(*SAID[name], n) % {"n": number(n)} for name, n in numbers.items() if n]
    if parts:
        return " ".join(parts)
    return words.gettext(N_("The sheet is checked.")) if "did" in request.args and not came else None


def _sheet_scene(the_map: MapRecord, sheet: SheetRecord, photos: Sequence[uuid.UUID]) -> dict[str, Any]:
    """What the script needs to know of the sheet: its pictures, and where its frame lies on the ground."""
    left, top, width, height = sheet.sheet.layout.frame
    x, y = np.meshgrid(np.linspace(left, left + width, GRID), np.linspace(top, top + height, GRID))
    lon, lat = to_wgs84(sheet.sheet.crs)(*sheet.sheet.to_ground(x, y))
    return {
        "bounds": [float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())],
        "frame": [left, top, width, height],
        "scale": sheet.sheet.scale,
        "grid": {"n": GRID, "lon": lon.ravel().tolist(), "lat": lat.ravel().tolist()},
        "pictures": [
            *(
                url_for("office.picture_of_photo", slug=the_map.slug, photo_id=photo, what="frame")
                for photo in photos
            ),
            url_for("office.sheet_clean", slug=the_map.slug, serial=sheet.serial),
        ],
    }
