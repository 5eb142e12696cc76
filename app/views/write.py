"""Taking part without the map: a place by its name, a feeling, words. Works without scripts, as an ordinary form.

Without scripts the server keeps the device's token in a cookie that only these pages of this one map are sent,
and each form carries a mark made of it, so that no other site can press its button. With scripts the page sends
the pin as the map's page does, with the token that the browser keeps: no cookie is needed, and none is asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import security
from app.db import session
from app.errors import Conflict, Malformed, MapChanged, NotYours, Problem, Refusal, TooMany, Unknown
from app.i18n import N_, public_languages
from app.inputs.answers import MOST_ANSWER_CHARACTERS
from app.inputs.pins import MOST_COMMENT_CHARACTERS
from app.inputs.place_search import MOST_CHARACTERS, PlaceSearch, parse_places, plain
from app.inputs.write_form import (
    ABOUT,
    ANSWER,
    KIND_WORDS,
    ONE_OF_KIND,
    answers_in,
    one,
    parse_place_key,
    parse_written,
    place_key,
)
from app.models import Event
from app.queries.features import own_feature
from app.queries.maps import MapRecord, find_event
from app.queries.place_list import CORNER, place_list, place_named, places_like
from app.queries.respondents import find_respondent
from app.services.pins import create_pin, own_pin, send_again
from app.services.respondents import make_receipt, respondent_of, save_about
from app.views.citizen import page_config
from app.views.framing import let_be_framed
from app.views.heat import heat_store
from app.views.reader import load_map, number, reader_language
from app.views.write_waiting import FIELD as WAITED
from app.views.write_waiting import expect_known, let_written, waiting_mark, waiting_words
from gis.named_places import NamedPlace

blueprint = Blueprint("write", __name__)
# The mark in each form, made of the cookie, does for these pages what a session does for the office.
security.csrf.exempt(blueprint)

PAGE = "/m/<slug>/write"
COOKIE = "pocit_device"
KEPT_FOR = timedelta(days=14)
"""The computer may be a library's; who comes back later has the receipt."""
NO_COOKIE = N_(
    "Your browser has not kept the cookie that this page needs. Allow cookies for this page, then send it "
    "once more. Your words are still here."
)


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """What is one person's belongs into no cache; places in addresses are told to no other site."""
    is_for_all = request.method == "GET" and request.endpoint == "write.write_page" and not request.args
    if not is_for_all or _device():
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get(PAGE)
def write_page(slug: str) -> Response:
    """Finding a place by its name or in a list; with a place chosen, the form for what one feels there."""
    the_map = load_map(slug)
    let_be_framed(the_map)
    return _page(the_map, _place(the_map, request.args.get("place", "")), {})


@blueprint.post(PAGE)
def send(slug: str) -> Response:
    """Store the pin of the form, then on to thanks; what can't be stored comes back with its words."""
    the_map = load_map(slug)
    form = request.form.to_dict(flat=False)
    chosen = _place(the_map, one(form, "place"))
    token = _device()
    if token is None or not _is_ours(token):
        return _page(the_map, chosen, form, _problems(Malformed(Problem("cookie", NO_COOKIE))), status=422)
    if chosen is None:
        return _page(
            the_map, None, form, _problems(Malformed(Problem("place", N_("Choose a place.")))), status=422
        )
    try:
        event = _event(the_map, one(form, "event"))
        new = parse_written(form, chosen, the_map.questions, event.code if event else None)
        let_written(the_map, token, new)
        _, is_new = create_pin(session(), the_map, token, new)
        if not is_new:
            send_again(session(), the_map, token, new)  # who went back and mended the words
    except (Conflict, MapChanged):
        session().rollback()
        # Sent twice, or by somebody else's form: with an id of its own it is a pin of this person.
        return _page(the_map, chosen, {**form, "id": [str(uuid.uuid4())]}, [_try_again()], status=409)
    except TooMany as refusal:
        session().rollback()
        return _waiting(the_map, chosen, form | {WAITED: [waiting_mark(token, one(form, "id"))]}, refusal)
    except Refusal as refusal:
        session().rollback()
        return _page(the_map, chosen, form, _problems(refusal), status=422)
    session().commit()
    return redirect(url_for("write.done", slug=slug, pin=new.id, **_language_asked()), 303)


@blueprint.get(f"{PAGE}/done")
def done(slug: str) -> str:
    """Thanks, what was sent, and how to come back to it."""
    the_map = load_map(slug)
    return _done(the_map, request.args.get("pin", ""))


@blueprint.post(f"{PAGE}/receipt")
def receipt(slug: str) -> str | Response:
    """The code by which one comes back to one's pins from anywhere."""
    the_map, token = _own_form(slug)
    expect_known(the_map, token, "receipt")
    code = make_receipt(session(), the_map, token, secret=current_app.config["SECRET_KEY"])
    session().commit()
    return _done(the_map, request.form.get("pin", ""), code=code)


@blueprint.post(f"{PAGE}/about")
def about(slug: str) -> str | tuple[str, int]:
    """The optional answers about the person."""
    the_map, token = _own_form(slug)
    form = request.form.to_dict(flat=False)
    expect_known(the_map, token, "about")
    try:
        save_about(session(), the_map, token, answers_in(form, ABOUT, the_map.about))
    except Refusal as refusal:
        session().rollback()
        return _done(the_map, one(form, "pin"), problems=_problems(refusal)), 422
    session().commit()
    return _done(the_map, one(form, "pin"), thanked=True)


@blueprint.post(f"{PAGE}/finished")
def finished(slug: str) -> Response:
    """Forget on a shared computer who wrote here; who sits down next is somebody else.

    Needs no mark: other sites' forms come without the cookie, and so do nothing.
    """
    load_map(slug)
    response = redirect(url_for("write.write_page", slug=slug, finished="", **_language_asked()), 303)
    if _device():
        forget_device(response, slug)
    return response


def forget_device(response: Response, slug: str) -> None:
    """Let the browser drop the cookie by which these pages of the map know a person again."""
    response.delete_cookie(COOKIE, path=url_for("write.write_page", slug=slug), httponly=True, samesite="Lax")


@blueprint.app_template_global()
def precision_words(metres: float) -> str:
    """How exactly a named place says where: about 150 m around it."""
    return reader_language().gettext(N_("within about %(m)s m"), {"m": number(round(metres))})


@blueprint.app_template_global()
def one_of_kind(kind: str) -> str:
    """What a place is, in a word."""
    return reader_language().gettext(ONE_OF_KIND.get(kind, ONE_OF_KIND["other"]))


@blueprint.app_template_filter("groupby_letter")
def by_letter(places: Sequence[NamedPlace]) -> list[tuple[str, list[NamedPlace]]]:
    """Places in their order under their first letters, a digit under #."""
    found: dict[str, list[NamedPlace]] = {}
    for place in places:
        letter = plain(place.label)[:1].upper()
        found.setdefault(letter if letter.isalpha() else "#", []).append(place)
    return list(found.items())


def _page(
    the_map: MapRecord,
    chosen: NamedPlace | None,
    form: Mapping[str, Sequence[str]],
    problems: Sequence[Mapping[str, str]] = (),
    *,
    status: int = 200,
) -> Response:
    """The page; with a form on it, also the cookie that the form needs."""
    known = _device()
    token = known or secrets.token_urlsafe(32)
    answer = Response(_written(the_map, chosen, form, problems, token), status, mimetype="text/html")
    if chosen and known is None and _takes(the_map):
        _keep(answer, the_map, token)
    return answer


def _written(
    the_map: MapRecord,
    chosen: NamedPlace | None,
    form: Mapping[str, Sequence[str]],
    problems: Sequence[Mapping[str, str]],
    token: str,
) -> str:
    code = one(form, "event") if form else request.args.get("event", "")
    event = _event(the_map, code)
    typed = request.args.get("q", "")[:MOST_CHARACTERS]
    listed = place_list(session(), heat_store(), the_map)
    return render_template(
        "citizen/write.html",
        the_map=the_map,
        config=page_config(the_map) | {"event": {"code": event.code} if event else None},
        takes=_takes(the_map),
        chosen=chosen,
        chosen_key=place_key(chosen) if chosen else "",
        corners=_corners(the_map, chosen),
        place_key=place_key,
        typed=typed,
        found=_found(the_map, typed),
        lists={kind: len(places) for kind, places in listed.by_kind.items()},
        kind_words=KIND_WORDS,
        kind=request.args.get("kind", ""),
        listed=listed.by_kind.get(request.args.get("kind", ""), ()),
        event=event,
        category=one(form, "category") if form else request.args.get("category", ""),
        form=form,
        problems=problems,
        pin_id=one(form, "id") or str(uuid.uuid4()),
        waited=one(form, WAITED),
        mark=_mark(token),
        is_known=_device() is not None,
        is_finished="finished" in request.args,
        asked_language=_language_asked(),
        answer=ANSWER,
        most_characters=MOST_COMMENT_CHARACTERS,
        most_answer=MOST_ANSWER_CHARACTERS,
    )


def _done(
    the_map: MapRecord,
    pin: str,
    *,
    code: str | None = None,
    thanked: bool = False,
    problems: Sequence[Mapping[str, str]] = (),
) -> str:
    token = _device()
    stored = _own(the_map, token, pin) if token else None
    person = find_respondent(session(), the_map.id, respondent_of(session(), the_map, token)) if token else None
    asks = bool(the_map.about) and not thanked and stored is not None and not (person and person.about)
    return render_template(
        "citizen/write_done.html",
        the_map=the_map,
        pin=stored,
        code=code,
        thanked=thanked,
        asks=asks and the_map.anonymised_at is None,
        problems=problems,
        mark=_mark(token or ""),
        is_known=token is not None,
        asked_language=_language_asked(),
        before=ABOUT,
        most_answer=MOST_ANSWER_CHARACTERS,
    )


def _own(the_map: MapRecord, token: str, pin: str) -> dict[str, Any] | None:
    """The pin just sent, where it is this person's."""
    try:
        return own_feature(own_pin(session(), the_map, token, uuid.UUID(pin)), the_map, reader_language().code)
    except (ValueError, Unknown, NotYours):
        return None


def _place(the_map: MapRecord, key: str) -> NamedPlace | None:
    asked = parse_place_key(key)
    if asked is None:
        return None
    return place_named(session(), heat_store(), the_map, *asked, parse_places(asked[1]))


def _corners(the_map: MapRecord, chosen: NamedPlace | None) -> list[tuple[str, NamedPlace]]:
    """The corners of a chosen street, each with its key."""
    if chosen is None or chosen.kind != "street":
        return []
    corners = place_list(session(), heat_store(), the_map).corners(chosen)
    return [(f"{CORNER}:{chosen.label} × {corner.label}", corner) for corner in corners]


def _found(the_map: MapRecord, typed: str) -> Sequence[NamedPlace] | None:
    """What was found of these words; None where nothing was looked for.

    Where nobody knows house numbers, the street is found without its number.
    """
    wanted = parse_places(typed)
    if wanted is None:
        return [] if typed.strip() else None
    found = places_like(session(), heat_store(), the_map, wanted)
    if not found and wanted.words and wanted.numbers:
        return places_like(session(), heat_store(), the_map, PlaceSearch(wanted.words, (), False))
    return found


def _event(the_map: MapRecord, code: str) -> Event | None:
    return find_event(session(), the_map.id, code.upper()) if code else None


def _takes(the_map: MapRecord) -> bool:
    """Whether the form is shown: the map is open, or a draft that its office tries."""
    return the_map.is_open() or the_map.draft


def _problems(refusal: Refusal) -> list[dict[str, str]]:
    """What is wrong, field by field, in the reader's words."""
    words = reader_language()
    said = [{"field": p.field, "words": words.gettext(p.message, p.data)} for p in refusal.problems]
    return said or [{"field": "", "words": words.gettext(refusal.title, refusal.data)}]


def _language_asked() -> dict[str, Any]:
    """The language that the address asks for: a frame on another site keeps no cookie of it."""
    asked = request.args.get("lang")
    return {"lang": asked} if asked in public_languages() else {}


def _waiting(
    the_map: MapRecord, chosen: NamedPlace, form: Mapping[str, Sequence[str]], refusal: TooMany
) -> Response:
    """The form with all its words, and how long to wait before it is sent again."""
    said = {"field": "", "words": waiting_words(refusal.retry_after_s)}
    page = _page(the_map, chosen, form, [said], status=429)
    page.headers["Retry-After"] = str(refusal.retry_after_s)
    return page


def _try_again() -> dict[str, str]:
    return {"field": "", "words": reader_language().gettext(N_("Please send it once more."))}


def _own_form(slug: str) -> tuple[MapRecord, str]:
    """The map and the device of a form that is ours; Malformed otherwise."""
    the_map = load_map(slug)
    token = _device()
    if token is None or not _is_ours(token):
        raise Malformed(Problem("cookie", NO_COOKIE))
    return the_map, token


def _device() -> str | None:
    """The token in this browser's cookie, if it is one."""
    token = request.cookies.get(COOKIE, "")
    return token if security.TOKEN.fullmatch(token) else None


def _keep(response: Response, the_map: MapRecord, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=KEPT_FOR,
        path=url_for("write.write_page", slug=the_map.slug),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        # Who comes by a link in a newsletter is the same person as yesterday; forms of other sites get nothing.
        samesite="Lax",
    )


def _is_ours(token: str) -> bool:
    given = request.form.get("mark", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, _mark(token).encode())


def _mark(token: str) -> str:
    """What only our own forms for this device carry."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"write form {token}".encode(), hashlib.sha256).hexdigest()
