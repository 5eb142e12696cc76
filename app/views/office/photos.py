"""Photos of a map's paper sheets: sent many at once, read one after another, helped by hand where that fails."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from app.config import Config
from app.db import session
from app.errors import InvalidInput, Problem, TooLarge, Unknown
from app.i18n import N_
from app.inputs.photo_files import (
    ACCEPTED,
    CORNERS,
    EMPTY,
    FIELD,
    MOST_FILE_BYTES,
    MOST_FILES,
    MOST_FORM_BYTES,
    TOO_LARGE,
    parse_by_hand,
    parse_photo_rule,
    read_photo_file,
    shown_name,
)
from app.inputs.photo_words import Told, told_refusal
from app.models import PhotoState, Role
from app.queries.maps import MapRecord
from app.queries.sheet_marks import unchecked_sheets
from app.queries.sheet_photos import (
    PAGE,
    PhotoRecord,
    SheetMarks,
    find_photo,
    photo_counts,
    photo_page,
    photo_picture,
    photo_rule,
    waits_for_long,
)
from app.security import require
from app.services.analyst import Analyst
from app.services.photo_reader import photo_reader
from app.services.sheet_photos import (
    Outcome,
    add_photo,
    read_again,
    read_by_hand,
    remove_photo,
    save_photo_rule,
)
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.uploads import takes_files
from app.views.problems import refused, wants_json
from app.views.reader import reader_language
from gis.paper.serial import shown_serial

EXTENSION: Final = "pocit-photo-reader"
PHOTOS: Final = "/maps/<slug>/photos"
PHOTO: Final = "/maps/<slug>/photos/<uuid:photo_id>"
SHOWN: Final[Mapping[str, tuple[PhotoState, ...]]] = {
    "all": (),
    "refused": (PhotoState.REFUSED,),
    "read": (PhotoState.READ,),
    "waiting": (PhotoState.WAITING, PhotoState.READING),
}
"""Which photos the list shows, by what the address says."""
PICTURES: Final = frozenset({"frame", "small", "whole", "table"})
OUTCOME_WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.NEW: N_("It waits to be read."),
    Outcome.AGAIN: N_("This very photo is here already; nothing is added."),
    Outcome.RETRIED: N_("This very photo is here already. It could not be read before and is tried once more."),
}
CORNER_WORDS: Final[Mapping[str, str]] = {
    "top_left": N_("Top left"),
    "top_right": N_("Top right"),
    "bottom_right": N_("Bottom right"),
    "bottom_left": N_("Bottom left"),
}
TOO_MANY_FILES: Final = N_("Send at most %(most)s photos at a time.")


@dataclass(frozen=True)
class Row:
    """One photo in the list."""

    photo: PhotoRecord
    refusal: Told | None
    marks: SheetMarks
    serial: str
    """In groups, to be compared with the paper; empty where it is not known."""

    @property
    def can_be_by_hand(self) -> bool:
        """Whether typing and clicking may still help."""
        return self.refusal is not None and self.refusal.by_hand and "whole" in self.photo.pictures

    @property
    def can_be_again(self) -> bool:
        """Whether reading it once more may help, as it is."""
        return self.refusal is not None and "original" in self.photo.pictures


@dataclass(frozen=True)
class Sent:
    """What became of one file that was sent."""

    filename: str
    message: str
    outcome: Outcome | None = None
    """None for one that was not taken."""
    id: uuid.UUID | None = None


@blueprint.record
def _give_reader(state: Any) -> None:
    config: Config = state.app.extensions["pocit-config"]
    state.app.extensions[EXTENSION] = photo_reader(config.database_url, config.home)


def too_large(slug: str) -> str | AnyResponse:
    """The page again, or a program's answer, saying that it is too much at once."""
    the_map = office_map(slug, Role.MODERATOR)
    problem = Problem(FIELD, TOO_LARGE, {"megabytes": MOST_FILE_BYTES >> 20})
    if wants_json():
        return refused(TooLarge(problem))
    together = N_("That is more than %(megabytes)s MB at once. Send fewer photos at a time.")
    said = reader_language().gettext(together, {"megabytes": MOST_FORM_BYTES >> 20})
    return _page(the_map, [Sent("", said)])


@blueprint.get(PHOTOS)
def photos(slug: str) -> str:
    """Where photos are sent, and what became of those that were."""
    return _page(office_map(slug, Role.MODERATOR))


@blueprint.post(PHOTOS)
@takes_files(MOST_FORM_BYTES, too_large, Role.MODERATOR)
def add_photos(slug: str) -> AnyResponse | tuple[str, int] | tuple[dict[str, Any], int]:
    """Take photos in; each that can't be one says why, and the others are taken all the same."""
    the_map = office_map(slug, Role.MODERATOR)
    files = [file for file in request.files.getlist(FIELD) if file.filename]
    if len(files) > MOST_FILES:
        raise TooLarge(Problem(FIELD, TOO_MANY_FILES, {"most": MOST_FILES}))
    sent = [_take(the_map, file) for file in files] or [Sent("", reader_language().gettext(EMPTY))]
    if any(one.outcome in {Outcome.NEW, Outcome.RETRIED} for one in sent):
        _reader().call()
    bad = [one for one in sent if one.outcome is None]
    status = 422 if len(bad) == len(sent) else 200
    if wants_json():
        told = [
            {"filename": one.filename, "outcome": one.outcome, "message": one.message, "id": one.id}
            for one in sent
        ]
        return {"photos": told}, status
    if bad:
        return _page(the_map, sent), status
    counted: dict[str, Any] = {o.value: sum(one.outcome == o for one in sent) or None for o in Outcome}
    return redirect(url_for("office.photos", slug=slug, **counted), 303)


@blueprint.get(f"{PHOTOS}/list")
def photo_list(slug: str) -> str:
    """The list alone, as it is at this moment."""
    the_map = office_map(slug, Role.MODERATOR)
    return render_template("office/_photos_list.html", the_map=the_map, **_listed(the_map))


@blueprint.post(f"{PHOTOS}/rule")
def save_rule_of_photos(slug: str) -> AnyResponse | tuple[str, int]:
    """How long photos of the map are kept from now on."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        save_photo_rule(session(), require(), the_map, parse_photo_rule(request.form))
    except InvalidInput as refusal:
        session().rollback()
        return _page(the_map, rule_problems=refusal.problems), 422
    session().commit()
    return redirect(url_for("office.photos", slug=slug, rule="saved", _anchor="rule"), 303)


@blueprint.get(PHOTO)
def photo_by_hand(slug: str, photo_id: uuid.UUID) -> str:
    """One photo, with the form in which its serial is typed and its corners are clicked."""
    the_map = office_map(slug, Role.MODERATOR)
    return _photo_page(the_map, _photo(the_map, photo_id))


@blueprint.post(f"{PHOTO}/by-hand")
def read_photo_by_hand(slug: str, photo_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    """Have the photo read with the serial that was typed and the corners that were clicked."""
    the_map = office_map(slug, Role.MODERATOR)
    photo = _photo(the_map, photo_id)
    try:
        read_by_hand(session(), require(), the_map, photo_id, parse_by_hand(request.form))
    except InvalidInput as refusal:
        session().rollback()
        return _photo_page(the_map, photo, refusal.problems), 422
    return _waits(the_map)


@blueprint.post(f"{PHOTO}/again")
def read_photo_again(slug: str, photo_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    """Have a photo read once more as it is."""
    the_map = office_map(slug, Role.MODERATOR)
    photo = _photo(the_map, photo_id)
    try:
        waits = read_again(session(), the_map, photo_id)
    except InvalidInput as refusal:
        session().rollback()
        return _photo_page(the_map, photo, refusal.problems), 422
    return (
        _waits(the_map) if waits else redirect(url_for("office.photos", slug=slug, _anchor="photos-section"), 303)
    )


@blueprint.post(f"{PHOTO}/remove")
def throw_photo_away(slug: str, photo_id: uuid.UUID) -> AnyResponse:
    """Throw the photo away; pins that were made from it stay."""
    the_map = office_map(slug, Role.MODERATOR)
    remove_photo(session(), require(), the_map, photo_id)
    session().commit()
    return redirect(url_for("office.photos", slug=slug, removed=1, _anchor="photos-section"), 303)


@blueprint.get(f"{PHOTO}/<what>.jpg")
def picture_of_photo(slug: str, photo_id: uuid.UUID, what: str) -> AnyResponse:
    """What is kept of a photo: its frame, a small picture of it, the whole of it, its table."""
    the_map = office_map(slug, Role.MODERATOR)
    content = photo_picture(session(), the_map.id, photo_id, what) if what in PICTURES else None
    if content is None:
        raise Unknown
    answer = make_response(content)
    answer.mimetype = "image/jpeg"
    # The list asks for its small pictures again and again; they change only with a new reading.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


def _take(the_map: MapRecord, file: FileStorage) -> Sent:
    """Store one file in a transaction of its own, so that a bad one stops no other."""
    name = shown_name(file.filename or "")
    words = reader_language()
    try:
        with closing(file):
            taken = read_photo_file(file.stream, file.filename)
        added = add_photo(session(), require(), the_map, taken)
    except InvalidInput as refusal:
        session().rollback()
        return Sent(name, " ".join(words.gettext(p.message, p.data) for p in refusal.problems))
    session().commit()
    return Sent(name, words.gettext(OUTCOME_WORDS[added.outcome]), added.outcome, added.id)


def _waits(the_map: MapRecord) -> AnyResponse:
    session().commit()
    _reader().call()
    return redirect(url_for("office.photos", slug=the_map.slug, _anchor="photos-section"), 303)


def _page(the_map: MapRecord, sent: Sequence[Sent] = (), *, rule_problems: Sequence[Problem] = ()) -> str:
    words = reader_language()
    days, whole = photo_rule(session(), the_map.id)
    return render_template(
        "office/photos.html",
        the_map=the_map,
        sent=sent,
        arrived={outcome.value: request.args.get(outcome.value, 0, type=int) for outcome in Outcome},
        accepted=ACCEPTED,
        most_megabytes=MOST_FILE_BYTES >> 20,
        days=request.form.get("days", days) if rule_problems else days,
        whole=whole,
        rule_problem=" ".join(words.gettext(p.message, p.data) for p in rule_problems),
        may_rule=require().may(the_map.town_id, Role.EDITOR),
        **_listed(the_map),
    )


def _listed(the_map: MapRecord) -> dict[str, Any]:
    """What the list of photos shows."""
    _see_to()
    shown = request.args.get("show", "all")
    shown = shown if shown in SHOWN else "all"
    start = request.args.get("from", 0, type=int)
    start = min(max(start, 0), 1_000_000)
    page = photo_page(session(), the_map.id, SHOWN[shown], start)
    to_check = unchecked_sheets(session(), the_map.id)
    return {
        "rows": [_row(photo, page.marks) for photo in page.photos],
        "counts": photo_counts(session(), the_map.id),
        "to_check": to_check,
        "shown": shown,
        "start": start,
        "following": start + PAGE if page.more else None,
        "before": max(0, start - PAGE) if start else None,
    }


def _row(photo: PhotoRecord, marks: Mapping[str, SheetMarks]) -> Row:
    is_refused = photo.state is PhotoState.REFUSED
    return Row(
        photo,
        told_refusal(photo.reason, photo.evidence, reader_language()) if is_refused else None,
        marks.get(photo.serial or "", SheetMarks()),
        shown_serial(photo.serial) if photo.serial else "",
    )


def _photo_page(the_map: MapRecord, photo: PhotoRecord, problems: Sequence[Problem] = ()) -> str:
    words = reader_language()
    said = {problem.field: words.gettext(problem.message, problem.data) for problem in problems}
    clicked = {
        f"{name}_{axis}": f"{corner[axis]:g}"
        for name, corner in zip(CORNERS, photo.corners or (), strict=False)
        for axis in "xy"
    }
    return render_template(
        "office/photo.html",
        the_map=the_map,
        photo=photo,
        row=_row(photo, {}),
        problems=said,
        typed=request.form if problems else clicked | {"serial": shown_serial(photo.serial or "")},
        corners=CORNER_WORDS,
        size=photo.evidence.get("size"),
    )


def _photo(the_map: MapRecord, photo_id: uuid.UUID) -> PhotoRecord:
    found = find_photo(session(), the_map.id, photo_id)
    if found is None:
        raise Unknown
    return found


def _see_to() -> None:
    """Photos that should be under way may have nobody who reads them: the server was stopped meanwhile."""
    if waits_for_long(session()):
        _reader().remind()


def _reader() -> Analyst:
    found: Analyst = current_app.extensions[EXTENSION]
    return found
