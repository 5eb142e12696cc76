"""The receipt: with its code one comes back, without scripts and without an account: reads, mends, withdraws.

The code stands in no address. Who has shown it gets a signed cookie that only this page is sent, for half an
hour; each form carries a mark made of that cookie, so that no other site can press its buttons.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask import Response as AnyResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app import security
from app.db import session
from app.errors import Anonymised, Malformed, Problem, Refusal, TooMany, Unknown
from app.i18n import N_
from app.inputs.answer_forms import plain
from app.inputs.fields import storable
from app.inputs.pins import MOST_COMMENT_CHARACTERS, parse_change
from app.queries.maps import MapRecord
from app.queries.pin_photos import picture_of
from app.queries.receipts import Given, given_by
from app.queries.strong_places import place_names
from app.services.pin_photos import delete_photo
from app.services.pins import change_pin, delete_pin, own_pin
from app.services.respondents import RECEIPT_CHARACTERS, Person, person_of_receipt
from app.services.throttle import Attempt, Limit, attempt, count, forgive, network
from app.services.withdrawal import withdraw
from app.views.heat import heat_store
from app.views.pictures import photo_response
from app.views.reader import load_map, reader_language
from app.views.write import forget_device
from gis.crs import to_metric

blueprint = Blueprint("receipt", __name__)
# The mark in each form, made of the cookie, does for these pages what a session does for the office.
security.csrf.exempt(blueprint)

PAGE = "/m/<slug>/receipt"
COOKIE = "pocit_receipt"
OPEN_FOR = timedelta(minutes=30)
PLACE = Limit("receipt place", attempts=60, window=timedelta(minutes=10))
"""Wrong codes from one address: a whole class may sit behind it, and mistype."""
MOST_CODE_CHARACTERS = 40
SAID = {
    "changed": N_("Your words have been changed."),
    "deleted": N_("The pin has been deleted."),
    "photo": N_("The photo has been deleted."),
    "withdrawn": N_("Everything of yours has been deleted. The code is worth nothing now."),
    "closed": N_("The page is closed. With your code you can open it again."),
}
"""What has just been done, by what the address says."""


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """What is one person's belongs into no cache and no search engine, and no other site learns the address."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.get(PAGE)
def receipt_page(slug: str) -> str:
    """The field for the code, or what its person gave."""
    the_map = load_map(slug)
    person = _person(the_map)
    given = given_by(session(), the_map, person.id) if person else None
    if person is None or given is None:
        return _door(the_map)
    return _inside(the_map, given)


@blueprint.post(PAGE)
def show_receipt(slug: str) -> Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Open the page to who has a code; every wrong one reads the same, and not too many may be tried."""
    the_map = load_map(slug)
    if the_map.anonymised_at is not None:
        return _door(the_map)
    code = request.form.get("code", "")[:MOST_CODE_CHARACTERS]
    tried = _attempt(the_map)
    try:
        count(session(), [tried])
    except TooMany as refusal:
        session().rollback()
        wait = refusal.retry_after_s
        return _door(the_map, code, wait_minutes=-(-wait // 60)), 429, {"Retry-After": str(wait)}
    session().commit()  # counted before it is tried: a hundred tries at once are a hundred tries
    try:
        person = person_of_receipt(session(), the_map, code if storable(code) else "")
    except Unknown:
        return _door(the_map, code, failed=True), 422
    forgive(session(), [tried])
    session().commit()
    response = redirect(url_for("receipt.receipt_page", slug=slug), 303)
    _let_in(response, the_map, person)
    return response


@blueprint.post(f"{PAGE}/pins/<uuid:pin_id>")
def change_words(slug: str, pin_id: uuid.UUID) -> Response | tuple[str, int]:
    """Other words for one's own pin."""
    the_map, person = _author(slug)
    typed = plain(request.form.get("comment", ""))
    try:
        change = parse_change({"type": "Feature", "properties": {"comment": typed or None}})
        change_pin(session(), the_map, person, pin_id, change)
    except Unknown:
        raise
    except Refusal as refusal:
        session().rollback()
        return _refused(the_map, person, refusal, {"id": pin_id, "comment": request.form.get("comment", "")})
    session().commit()
    return redirect(url_for("receipt.receipt_page", slug=slug, done="changed", _anchor=f"pin-{pin_id}"), 303)


@blueprint.post(f"{PAGE}/pins/<uuid:pin_id>/delete")
def delete_own(slug: str, pin_id: uuid.UUID) -> Response | tuple[str, int]:
    """Take one's own pin back."""
    the_map, person = _author(slug)
    try:
        delete_pin(session(), the_map, person, pin_id)
    except Unknown:
        pass  # pressed twice: it is gone, as was wanted
    except Refusal as refusal:
        session().rollback()
        return _refused(the_map, person, refusal, {"id": pin_id})
    session().commit()
    return redirect(url_for("receipt.receipt_page", slug=slug, done="deleted"), 303)


@blueprint.get(f"{PAGE}/pins/<uuid:pin_id>/photo.jpg")
def own_photo(slug: str, pin_id: uuid.UUID) -> AnyResponse:
    """The photo of one's own pin, in whatever state."""
    the_map = load_map(slug)
    person = _person(the_map)
    if person is None:
        raise Unknown
    own_pin(session(), the_map, person, pin_id, error=Unknown)
    found = picture_of(session(), the_map.id, pin_id, small=True)
    if found is None:
        raise Unknown
    g.private_answer = True
    return photo_response(found)


@blueprint.post(f"{PAGE}/pins/<uuid:pin_id>/photo/delete")
def delete_own_photo(slug: str, pin_id: uuid.UUID) -> Response | tuple[str, int]:
    """Take the photo of one's own pin back, and leave the pin."""
    the_map, person = _author(slug)
    try:
        delete_photo(session(), the_map, person, pin_id)
    except Unknown:
        pass  # the pin is gone, and its photo with it
    except Refusal as refusal:
        session().rollback()
        return _refused(the_map, person, refusal, {"id": pin_id})
    session().commit()
    return redirect(url_for("receipt.receipt_page", slug=slug, done="photo", _anchor=f"pin-{pin_id}"), 303)


@blueprint.get(f"{PAGE}/withdraw")
def withdraw_page(slug: str) -> Response | str:
    """What would be deleted, and the one question before."""
    the_map = load_map(slug)
    person = _person(the_map)
    given = given_by(session(), the_map, person.id) if person else None
    if given is None:
        return redirect(url_for("receipt.receipt_page", slug=slug), 303)
    return render_template("receipt/withdraw.html", the_map=the_map, given=given, mark=_mark())


@blueprint.post(f"{PAGE}/withdraw")
def withdraw_everything(slug: str) -> Response:
    """Delete all that the person gave."""
    the_map, person = _author(slug)
    try:
        withdraw(session(), the_map, person)
    except Anonymised:
        session().rollback()
        return _out(slug, "")
    session().commit()
    return _out(slug, "withdrawn")


@blueprint.post(f"{PAGE}/close")
def close(slug: str) -> Response:
    """Forget the code on this device."""
    load_map(slug)
    return _out(slug, "closed")


def _door(the_map: MapRecord, code: str = "", *, failed: bool = False, wait_minutes: int = 0) -> str:
    return render_template(
        "receipt/door.html",
        the_map=the_map,
        code=code,
        failed=failed,
        wait_minutes=wait_minutes,
        said=SAID.get(request.args.get("done", "")),
        code_characters=RECEIPT_CHARACTERS,
    )


def _inside(
    the_map: MapRecord, given: Given, *, typed: Mapping[str, Any] | None = None, problem: str | None = None
) -> str:
    names = place_names(session(), heat_store(), the_map)
    metric = to_metric(the_map.metric_srid)

    def near(lon: float, lat: float) -> str | None:
        x, y = metric(lon, lat)
        return names.near(float(x), float(y)) if names else None

    return render_template(
        "receipt/inside.html",
        the_map=the_map,
        given=given,
        near=near,
        mark=_mark(),
        typed=typed or {},
        problem=problem,
        most_characters=MOST_COMMENT_CHARACTERS,
        said=SAID.get(request.args.get("done", "")),
    )


def _refused(the_map: MapRecord, person: Person, refusal: Refusal, typed: Mapping[str, Any]) -> tuple[str, int]:
    """The page again, with what was typed and what is wrong with it."""
    words = reader_language()
    said = [words.gettext(p.message, p.data) for p in refusal.problems]
    given = given_by(session(), the_map, person.id)
    if given is None:
        raise refusal
    problem = " ".join(said) or words.gettext(refusal.title, refusal.data)
    return _inside(the_map, given, typed=typed, problem=problem), 422


def _author(slug: str) -> tuple[MapRecord, Person]:
    """The map and who has shown a receipt for it, where the form is one of ours; Malformed otherwise."""
    the_map = load_map(slug)
    person = _person(the_map)
    if person is None or not hmac.compare_digest(
        request.form.get("mark", "").encode("utf-8", "replace"), _mark().encode()
    ):
        raise Malformed(Problem("code", N_("The page was open for too long. Please enter your code once more.")))
    return the_map, person


def _person(the_map: MapRecord) -> Person | None:
    """Who has shown a receipt of this map within the last half hour, in this browser."""
    cookie = request.cookies.get(COOKIE)
    if not cookie or the_map.anonymised_at is not None:
        return None
    try:
        map_id, person = _serializer().loads(cookie, max_age=int(OPEN_FOR.total_seconds()))
        return Person(uuid.UUID(person)) if map_id == the_map.id else None
    except (BadData, ValueError, TypeError):
        return None


def _let_in(response: Response, the_map: MapRecord, person: Person) -> None:
    response.set_cookie(
        COOKIE,
        str(_serializer().dumps([the_map.id, person.id.hex])),
        max_age=OPEN_FOR,
        path=_path(the_map.slug),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )


def _out(slug: str, done: str) -> Response:
    response = redirect(url_for("receipt.receipt_page", slug=slug, done=done or None), 303)
    response.delete_cookie(COOKIE, path=_path(slug), httponly=True, samesite="Strict")
    forget_device(response, slug)  # on a shared computer, the next person is somebody else
    return response


def _path(slug: str) -> str:
    return url_for("receipt.receipt_page", slug=slug)


def _mark() -> str:
    """What only our own forms of this visit carry."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, f"receipt form {request.cookies.get(COOKIE, '')}".encode(), hashlib.sha256).hexdigest()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="receipt")


def _attempt(the_map: MapRecord) -> Attempt:
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return attempt(PLACE, the_map.slug, network(request.remote_addr), secret=secret)
