"""Photos that people added to pins: looked at one by one, shown, refused with a reason, or covered in parts."""

from __future__ import annotations

import uuid
from typing import Any, Final

from flask import Response, g, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from app.db import session
from app.errors import PhotoChanged, Refusal, Unacceptable, Unknown, status_of
from app.i18n import N_
from app.inputs.office import parse_cursor
from app.inputs.pin_photo_forms import (
    PHOTO_REASONS,
    PhotosOf,
    PhotoWhat,
    parse_many_photos,
    parse_photo_deed,
    photo_reason_words,
)
from app.inputs.pin_photos import MOST_ALT_CHARACTERS
from app.models import PhotoShown, Role
from app.queries.maps import MapRecord
from app.queries.office import pin_detail
from app.queries.pin_photos import (
    PhotoRecord,
    WaitingPhoto,
    count_waiting,
    find_photo,
    picture_of,
    waiting_photos,
)
from app.security import require
from app.services.pin_photos import decide_photo, refuse_photos
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.pictures import photo_response
from app.views.reader import reader_language

PHOTO: Final = "/maps/<slug>/pins/<uuid:pin_id>/photo"
SAID: Final = {
    PhotoWhat.SHOW: N_("The photo is shown."),
    PhotoWhat.REFUSE: N_("The photo is refused. Its author reads why."),
    PhotoWhat.COVER: N_("It is covered for good. Have another look before you show the photo."),
}
MANY: Final = {
    PhotosOf.AUTHOR: N_("All that wait from the same author"),
    PhotosOf.HOUR: N_("All that wait and came within half an hour of this one"),
}
STATE_WORDS: Final = {
    PhotoShown.WAITING: N_("The photo waits"),
    PhotoShown.SHOWN: N_("The photo is shown"),
    PhotoShown.REFUSED: N_("The photo is refused"),
}


@blueprint.get("/maps/<slug>/queue/photos")
def pin_photos(slug: str) -> str:
    """The photos that wait, the oldest first."""
    the_map = office_map(slug, Role.MODERATOR)
    page = waiting_photos(session(), the_map, parse_cursor(request.args.get("after")))
    return _page(the_map, page.items, next_page=page.next)


@blueprint.get(PHOTO)
def pin_photo_page(slug: str, pin_id: uuid.UUID) -> str:
    """One photo in whatever state."""
    the_map = office_map(slug, Role.MODERATOR)
    return _page(the_map, [_one(the_map, pin_id)], is_single=True)


@blueprint.post(PHOTO)
def decide_pin_photo(slug: str, pin_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    """Do what the pressed button says, and go on where it was pressed."""
    the_map = office_map(slug, Role.MODERATOR)
    is_single = request.form.get("back") == "one"
    try:
        deed = parse_photo_deed(request.form)
        decide_photo(session(), the_map, pin_id, deed, by=require())
    except (Unacceptable, PhotoChanged) as refusal:
        session().rollback()
        shown = [_one(the_map, pin_id)] if is_single else waiting_photos(session(), the_map).items
        return _page(the_map, shown, is_single=is_single, wrong=_wrong(pin_id, refusal)), status_of(refusal)
    session().commit()
    if is_single:
        return redirect(url_for("office.pin_photo_page", slug=slug, pin_id=pin_id, did=deed.what), 303)
    # After covering one looks at the same photo once more.
    anchor = f"photo-{pin_id}" if deed.what is PhotoWhat.COVER else None
    return redirect(url_for("office.pin_photos", slug=slug, did=deed.what, pin=pin_id, _anchor=anchor), 303)


@blueprint.post(f"{PHOTO}/refuse-many")
def refuse_many_photos(slug: str, pin_id: uuid.UUID) -> AnyResponse | tuple[str, int]:
    """Refuse, unseen, all that wait of this photo's author or of the hour around it."""
    the_map = office_map(slug, Role.MODERATOR)
    try:
        n = refuse_photos(session(), the_map, pin_id, parse_many_photos(request.form), by=require())
    except Unacceptable as refusal:
        session().rollback()
        return _page(the_map, waiting_photos(session(), the_map).items, wrong=_wrong(pin_id, refusal)), 422
    session().commit()
    return redirect(url_for("office.pin_photos", slug=slug, refused=n), 303)


@blueprint.get(f"{PHOTO}.jpg")
def pin_photo_picture(slug: str, pin_id: uuid.UUID) -> Response:
    """The pixels of a photo, for viewers only once it is shown; `?small` of the one for lists."""
    the_map = office_map(slug)
    photo = find_photo(session(), the_map.id, pin_id)
    if photo is None:
        raise Unknown
    if photo.state is not PhotoShown.SHOWN:
        require(Role.MODERATOR, the_map.town_id)
    found = picture_of(session(), the_map.id, pin_id, small="small" in request.args)
    if found is None:
        raise Unknown
    g.private_answer = True
    return photo_response(found)


@blueprint.app_template_global("photos_waiting")
def photos_waiting(the_map: MapRecord) -> int:
    """How many photos of this map wait to be looked at."""
    return count_waiting(session(), [the_map.id])[the_map.id]


@blueprint.app_template_global("photo_state_words")
def photo_state_words(state: str) -> str:
    """What became of a photo, in the reader's language."""
    return reader_language().gettext(STATE_WORDS[PhotoShown(state)])


@blueprint.app_template_global("photo_reason_words")
def photo_reason_for_reader(stored: str | None) -> str | None:
    """Why a photo is refused, in the reader's language."""
    return photo_reason_words(stored, reader_language())


def _one(the_map: MapRecord, pin_id: uuid.UUID) -> WaitingPhoto:
    photo: PhotoRecord | None = find_photo(session(), the_map.id, pin_id)
    if photo is None:
        raise Unknown
    return WaitingPhoto(photo, pin_detail(session(), the_map, pin_id).row)


def _wrong(pin_id: uuid.UUID, refusal: Refusal) -> dict[str, Any]:
    words = reader_language()
    said = [words.gettext(p.message, p.data) for p in refusal.problems]
    return {"id": pin_id, "said": " ".join(said) or words.gettext(refusal.title)}


def _again(the_map: MapRecord, did: str) -> str | None:
    """Where the photo is that was just decided about: who thinks again decides otherwise."""
    try:
        pin = uuid.UUID(request.args.get("pin", ""))
    except ValueError:
        return None
    return url_for("office.pin_photo_page", slug=the_map.slug, pin_id=pin) if did != PhotoWhat.COVER else None


def _page(
    the_map: MapRecord,
    items: Any,
    *,
    is_single: bool = False,
    next_page: Any = None,
    wrong: dict[str, Any] | None = None,
) -> str:
    words = reader_language()
    did = request.args.get("did", "")
    return render_template(
        "office/pin_photos.html",
        the_map=the_map,
        official=require(),
        items=items,
        next_page=next_page,
        is_single=is_single,
        wrong=wrong or {},
        done=SAID[PhotoWhat(did)] if did in set(PhotoWhat) else None,
        again=_again(the_map, did),
        n_refused=request.args.get("refused", type=int),
        many=[(of.value, text) for of, text in MANY.items()],
        photo_reasons=[(key, words.gettext(text)) for key, text in PHOTO_REASONS.items()],
        most_alt=MOST_ALT_CHARACTERS,
        n_waiting=count_waiting(session(), [the_map.id])[the_map.id],
    )
