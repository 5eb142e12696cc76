"""What the town says: answers for pins and places."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, redirect, render_template, request, url_for
from shapely import MultiPolygon
from werkzeug.wrappers import Response

from app.db import session
from app.errors import AnswerChanged, InvalidInput, Malformed, Problem, Refusal
from app.i18n import N_
from app.inputs.answer_forms import (
    MOST_AREA_CHARACTERS,
    STATUS_WORDS,
    parse_answer,
    parse_categories_of_place,
    parse_place,
    parse_place_area,
)
from app.models import PinStatus, Role
from app.queries.answers import (
    PlaceRecord,
    Reach,
    TemplateRecord,
    counts_of_places,
    find_place,
    list_places,
    list_templates,
    reach,
)
from app.queries.maps import MapRecord
from app.queries.office import pin_detail
from app.queries.strong_places import area_at, name_of_area, strong_places
from app.security import require
from app.services.answers import (
    add_place,
    answer_pin,
    change_place,
    delete_place,
    take_answer_back,
    take_in,
)
from app.views.heat import heat_store
from app.views.office import blueprint
from app.views.office.access import local_next, office_map
from app.views.office.maps import pin_words
from app.views.office.words import scene
from app.views.reader import reader_language
from gis.geojson import dumps, geometry_json

PLACES = "/maps/<slug>/places"
PLACE = f"{PLACES}/<uuid:place_id>"
SAID = {
    "saved": N_("The answer is there for everybody to read."),
    "taken": N_("The answer now reaches the new pins too."),
    "deleted": N_("The answer has been taken back."),
}
"""What has just been done, by what the address says."""


@dataclass(frozen=True)
class Draft:
    """A form for a place as it is to be shown: what is in its fields, what is wrong, what it would do."""

    name: str = ""
    area: str = ""
    categories: Sequence[str] = ()
    status: str = ""
    answer: str = ""
    seen: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    reach: Reach | None = None


@blueprint.get(PLACES)
def places(slug: str) -> str:
    """The answered places, and the strong ones that still wait for an answer."""
    the_map = office_map(slug)
    records = list_places(session(), the_map.id)
    strong = strong_places(session(), heat_store(), the_map, records) if _may_answer(the_map) else []
    return render_template(
        "office/places.html",
        the_map=the_map,
        records=records,
        counts=counts_of_places(session(), the_map.id),
        strong=strong,
        may_answer=_may_answer(the_map),
        status_words=STATUS_WORDS,
        said=SAID.get(request.args.get("done", "")),
        scene=scene(the_map)
        | {
            "places": [_drawn(record) for record in records],
            "strong": [
                {
                    "id": f"strong-{n}",
                    "name": place.name or "",
                    "category": place.category.key,
                    "area": geometry_json(place.area),
                }
                for n, place in enumerate(strong)
            ],
        },
    )


@blueprint.get(f"{PLACES}/new")
def new_place(slug: str) -> str:
    """The form for a new answer; `?near=lon,lat&category=` begins it around a strong place."""
    the_map = office_map(slug, Role.MODERATOR)
    draft = Draft(status=PinStatus.PLANNED, categories=tuple(the_map.category_by_key))
    near = _near(request.args.get("near"))
    if near is not None:
        category = request.args.get("category")
        known = category if category in the_map.category_by_key else None
        area = area_at(session(), the_map, *near, known)
        draft = replace(
            draft,
            area=dumps(geometry_json(area)),
            categories=(known,) if known else draft.categories,
            name=name_of_area(session(), heat_store(), the_map, area) or "",
            reach=_reach(the_map, area, (known,) if known else (), None),
        )
    return _form(the_map, None, draft)


@blueprint.post(PLACES)
def add_answer(slug: str) -> Response | str | tuple[str, int]:
    """Answer a new place; or, as the pressed button says, only look what it would reach or take ready words."""
    the_map = office_map(slug, Role.MODERATOR)
    return _submitted(the_map, None)


@blueprint.get(PLACE)
def place_page(slug: str, place_id: uuid.UUID) -> str:
    """The form for an answer that is there."""
    the_map = office_map(slug, Role.MODERATOR)
    record = find_place(session(), the_map.id, place_id)
    return _form(the_map, record, _draft_of(the_map, record))


@blueprint.post(PLACE)
def change_answer(slug: str, place_id: uuid.UUID) -> Response | str | tuple[str, int]:
    """Answer a place otherwise, or another area."""
    the_map = office_map(slug, Role.MODERATOR)
    return _submitted(the_map, find_place(session(), the_map.id, place_id))


@blueprint.post(f"{PLACE}/take-in")
def take_in_pins(slug: str, place_id: uuid.UUID) -> Response:
    """Let the answer reach the pins that came since."""
    the_map = office_map(slug, Role.MODERATOR)
    take_in(session(), the_map, place_id, require())
    session().commit()
    return redirect(url_for("office.places", slug=slug, done="taken"), 303)


@blueprint.post(f"{PLACE}/delete")
def delete_answer(slug: str, place_id: uuid.UUID) -> Response:
    """Take the answer for a place back."""
    the_map = office_map(slug, Role.MODERATOR)
    delete_place(session(), the_map, place_id, require())
    session().commit()
    return redirect(url_for("office.places", slug=slug, done="deleted"), 303)


@blueprint.post(f"{PLACES}/reach")
def place_reach(slug: str) -> FlaskResponse:
    """For the script: what an answer for this area would reach, and what the place is called."""
    the_map = office_map(slug, Role.MODERATOR)
    area = parse_place_area(request.form)
    chosen = parse_categories_of_place(request.form.getlist("categories"), the_map.category_by_key)
    found = _reach(the_map, area, chosen, _id(request.form.get("place")))
    words = render_template("office/_reach.html", reach=found, the_map=the_map)
    name = name_of_area(session(), heat_store(), the_map, area)
    return FlaskResponse(current_app.json.dumps({"words": words, "name": name}), mimetype="application/json")


@blueprint.post("/maps/<slug>/pins/<uuid:pin_id>/answer")
def answer(slug: str, pin_id: uuid.UUID) -> Response | str | tuple[str, int]:
    """Answer one pin, take its answer back, or put ready words into the form: as the pressed button says."""
    the_map = office_map(slug, Role.MODERATOR)
    pressed = request.form.get("do", "save")
    typed = {"status": request.form.get("status", ""), "answer": request.form.get("answer", "")}
    if pressed == "insert":
        return _pin_form(the_map, pin_id, _with_ready(the_map, typed), {})
    try:
        if pressed == "clear":
            take_answer_back(session(), the_map, pin_id, require())
        else:
            answer_pin(session(), the_map, pin_id, parse_answer(request.form), require())
    except InvalidInput as refusal:
        return _pin_form(the_map, pin_id, typed, _said(refusal)), 422
    session().commit()
    back = request.form.get("back")
    own_page = url_for("office.pin_page", slug=slug, pin_id=pin_id)
    return redirect(request.script_root + local_next(back) if back else own_page, 303)


@blueprint.app_template_global("ready_answers")
def ready_answers(the_map: MapRecord) -> list[TemplateRecord]:
    """The ready answers of the map's town, for the forms."""
    return list_templates(session(), the_map.town_id)


@blueprint.app_template_global("answer_status_words")
def answer_status_words() -> Mapping[PinStatus, str]:
    """The statuses an answer may have, in words."""
    return STATUS_WORDS


def _submitted(the_map: MapRecord, record: PlaceRecord | None) -> Response | str | tuple[str, int]:
    """What the pressed button of a place's form asks for."""
    pressed = request.form.get("do", "save")
    typed = _typed(the_map)
    if pressed == "insert":
        filled = _with_ready(the_map, {"status": typed.status, "answer": typed.answer})
        reached = _reach_typed(the_map, typed, record)
        return _form(
            the_map, record, replace(typed, status=filled["status"], answer=filled["answer"], reach=reached)
        )
    if pressed == "check":
        return _checked(the_map, record, typed)
    form = {**request.form, "area": typed.area}
    try:
        wanted = parse_place(form, request.form.getlist("categories"), the_map.category_by_key)
        if record is None:
            add_place(session(), the_map, wanted, require())
        else:
            seen = typed.seen or None
            change_place(session(), the_map, record.id, wanted, require(), seen=seen)
    except (InvalidInput, AnswerChanged) as refusal:
        session().rollback()
        reached = _reach_typed(the_map, typed, record)
        return _form(the_map, record, replace(typed, problems=_said(refusal), reach=reached)), 422
    session().commit()
    return redirect(url_for("office.places", slug=the_map.slug, done="saved"), 303)


def _checked(the_map: MapRecord, record: PlaceRecord | None, typed: Draft) -> str | tuple[str, int]:
    """The form with what its area would reach, and a name where none was typed."""
    try:
        area = parse_place_area({"area": typed.area})
    except InvalidInput as refusal:
        return _form(the_map, record, replace(typed, problems=_said(refusal))), 422
    name = typed.name or name_of_area(session(), heat_store(), the_map, area) or ""
    return _form(the_map, record, replace(typed, name=name, reach=_reach_typed(the_map, typed, record)))


def _typed(the_map: MapRecord) -> Draft:
    """The fields as they were sent; a file goes before what stands in the field."""
    area = request.form.get("area", "")
    file = request.files.get("file")
    if file is not None and file.filename:
        area = file.read(MOST_AREA_CHARACTERS + 1).decode("utf-8-sig", "replace").replace("\x00", "")
    known = the_map.category_by_key
    return Draft(
        name=request.form.get("name", ""),
        area=area,
        categories=tuple(key for key in request.form.getlist("categories") if key in known),
        status=request.form.get("status", ""),
        answer=request.form.get("answer", ""),
        seen=request.form.get("seen", ""),
    )


def _draft_of(the_map: MapRecord, record: PlaceRecord) -> Draft:
    return Draft(
        name=record.name,
        area=dumps(geometry_json(record.area)),
        categories=record.categories or tuple(the_map.category_by_key),
        status=record.status,
        answer=record.answer,
        seen=record.mark,
        reach=_reach(the_map, record.area, record.categories, record.id),
    )


def _with_ready(the_map: MapRecord, typed: Mapping[str, str]) -> dict[str, str]:
    """The typed answer with the chosen ready words after it, and their status."""
    chosen = request.form.get("ready", "")
    ready = next((one for one in ready_answers(the_map) if str(one.id) == chosen), None)
    if ready is None:
        return dict(typed)
    words = [part for part in (typed["answer"].strip(), ready.text) if part]
    return {"status": ready.status, "answer": "\n\n".join(words)}


def _form(the_map: MapRecord, record: PlaceRecord | None, draft: Draft) -> str:
    count = counts_of_places(session(), the_map.id).get(record.id) if record else None
    return render_template(
        "office/places_form.html",
        the_map=the_map,
        record=record,
        count=count,
        draft=draft,
        templates=ready_answers(the_map),
        status_words=STATUS_WORDS,
        scene=scene(the_map)
        | {
            "places": [
                _drawn(one) for one in list_places(session(), the_map.id) if record is None or one.id != record.id
            ],
            "reach": url_for("office.place_reach", slug=the_map.slug),
            "place": str(record.id) if record else None,
            "area": _shown_area(draft.area),
        },
    )


def _pin_form(the_map: MapRecord, pin_id: uuid.UUID, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    """The pin's page with the form for its answer as it was sent."""
    detail = pin_detail(session(), the_map, pin_id)
    return render_template(
        "office/pin.html", detail=detail, typed_answer=typed, answer_problems=problems, **pin_words(the_map)
    )


def _reach(the_map: MapRecord, area: MultiPolygon, categories: Sequence[str], place_id: uuid.UUID | None) -> Reach:
    return reach(session(), the_map, area, categories, place_id)


def _reach_typed(the_map: MapRecord, typed: Draft, record: PlaceRecord | None) -> Reach | None:
    """What the typed area would reach, where it is one."""
    try:
        area = parse_place_area({"area": typed.area})
    except InvalidInput:
        return None
    chosen = parse_categories_of_place(typed.categories, the_map.category_by_key)
    return _reach(the_map, area, chosen, record.id if record else None)


def _drawn(record: PlaceRecord) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "name": record.name,
        "status": record.status,
        "area": geometry_json(record.area),
    }


def _shown_area(text: str) -> dict[str, Any] | None:
    """The area of a draft for the map, or None where it is none yet."""
    try:
        return geometry_json(parse_place_area({"area": text}))
    except InvalidInput:
        return None


def _said(refusal: Refusal) -> dict[str, str]:
    """The problems of a refusal in the reader's words, by field; what concerns no field under "form"."""
    words = reader_language()
    found = {p.field: words.gettext(p.message, p.data) for p in refusal.problems}
    return found or {"form": words.gettext(refusal.title)}


def _may_answer(the_map: MapRecord) -> bool:
    return require().may(the_map.town_id, Role.MODERATOR)


def _near(text: str | None) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Malformed(Problem("near", N_("A place is a longitude and a latitude."))) from error
    if not (abs(lon) <= 180 and abs(lat) <= 85):
        raise Malformed(Problem("near", N_("A place is a longitude and a latitude.")))
    return lon, lat


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
